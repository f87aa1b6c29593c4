/**
 * A file of named tensors (.npz, .safetensors): opening it checks its table of contents, a tensor is decoded when it is
 * asked for. So a file may hold an element type that Einkorn has not, as long as nobody reads that tensor.
 */
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import type { Tensor } from "../tensor.ts";

export type TensorArchive = {
  /** Its path, as messages name it. */
  readonly file: string;
  /** In the order of the file. */
  readonly names: readonly string[];
  /** Decodes one tensor into new memory; E6105 if there is none of that name. */
  readonly read: (name: string) => Tensor;
};

/** E6105, with the nearest name or the list of what there is. */
export function noSuchTensor(file: string, name: string, names: readonly string[]): never {
  const near = nearest(name, names);
  const there = names.length === 0 ? "it holds none" : `it holds ${listed(names.map(quoted))}`;
  const help = near === null ? [] : [`write ${file}:${near}`];
  return refuse("E6105", `${file} holds no tensor ${quoted(name)}`, { notes: [there], help });
}
