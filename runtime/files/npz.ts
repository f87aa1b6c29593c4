/**
 * The .npz format: a zip archive of .npy files, as numpy.savez and numpy.savez_compressed write it. The tensor `w` is the
 * member `w.npy`; other members are not tensors and are passed over.
 */
import { refuse } from "../refuse.ts";
import type { Tensor } from "../tensor.ts";
import { noSuchTensor } from "./archive.ts";
import type { TensorArchive } from "./archive.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { unpackMember, zipMembers, zipOf } from "./zip.ts";

/** How many bytes all compressed members that are read from one archive may inflate to together: 1 GiB. */
const INFLATED_LIMIT = 2 ** 30;
/** 4 GiB less room for headers: what 32-bit offsets reach. */
const LARGEST_ARCHIVE = 2 ** 32 - 2 ** 24;
const SUFFIX = ".npy";

/** Checks the table of contents. The archive keeps `bytes` and inflates a tensor when it is read. */
export function openNpz(bytes: Uint8Array, file: string, inflatedLimit = INFLATED_LIMIT): TensorArchive {
  const tensors = zipMembers(bytes, file).filter((member) => member.name.endsWith(SUFFIX));
  const byName = new Map(tensors.map((member) => [member.name.slice(0, -SUFFIX.length), member]));
  const names = [...byName.keys()];
  let left = inflatedLimit;
  const read = (name: string): Tensor => {
    const member = byName.get(name) ?? noSuchTensor(file, name, names);
    const content = unpackMember(bytes, member, left, file);
    if (member.deflated) left -= content.length;
    return readNpy(content, `${file}:${name}`);
  };
  return { file, names, read };
}

/** The whole file, members in the map's order, deflated or stored; equal tensors give equal bytes. The tensors are on the CPU. */
export function writeNpz(
  tensors: ReadonlyMap<string, Tensor>,
  options: { readonly deflate?: boolean } = {},
): Uint8Array {
  const members = new Map<string, Uint8Array>();
  for (const [name, tensor] of tensors) {
    if (name === "") refuse("E6105", "a tensor in an .npz file needs a name");
    members.set(`${name}${SUFFIX}`, writeNpy(tensor));
  }
  const bytes = [...members.values()].reduce((sum, member) => sum + member.length, 0);
  if (bytes > LARGEST_ARCHIVE) {
    const help = ["write a .safetensors file, which has no such limit"];
    refuse("E6122", `the tensors are ${bytes} bytes; a zip archive without zip64 holds ${LARGEST_ARCHIVE}`, { help });
  }
  return zipOf(members, options.deflate ?? false);
}
