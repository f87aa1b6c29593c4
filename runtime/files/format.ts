/**
 * The file formats as one table: how a format is told by a path's ending and by its first bytes, and how it is opened. An
 * .npy file is one tensor; the others are archives of named ones.
 */
import { quoted, refuse } from "../refuse.ts";
import type { Tensor } from "../tensor.ts";
import type { TensorArchive } from "./archive.ts";
import { isNpy, readNpy, writeNpy } from "./npy.ts";
import { openNpz, writeNpz } from "./npz.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { isZip } from "./zip.ts";

export type OpenFile =
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  | { readonly kind: "archive"; readonly archive: TensorArchive };

type Format = {
  /** Do a file's first bytes look like it? `.safetensors` has no mark of its own: it starts with a size and then `{`. */
  readonly starts: (bytes: Uint8Array) => boolean;
  readonly open: (bytes: Uint8Array, file: string) => OpenFile;
  /** One file of all these tensors, which are on the CPU. */
  readonly write: (tensors: ReadonlyMap<string, Tensor>) => Uint8Array;
};

const archive = (opened: TensorArchive): OpenFile => ({ kind: "archive", archive: opened });

/** The key is the path's ending, without its dot. */
export const FORMATS = {
  npy: {
    starts: isNpy,
    open: (bytes, file) => ({ kind: "tensor", tensor: readNpy(bytes, file) }),
    write: (tensors) => {
      const [tensor, ...more] = tensors.values();
      if (tensor !== undefined && more.length === 0) return writeNpy(tensor);
      const help = ["write an .npz or .safetensors file, which holds several"];
      return refuse("E6103", `an .npy file holds one tensor, and there are ${tensors.size}`, { help });
    },
  },
  npz: { starts: isZip, open: (bytes, file) => archive(openNpz(bytes, file)), write: (tensors) => writeNpz(tensors) },
  safetensors: {
    starts: (bytes) => bytes[8] === 0x7b,
    open: (bytes, file) => archive(openSafetensors(bytes, file)),
    write: (tensors) => writeSafetensors(tensors),
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES: readonly FormatName[] = ["npy", "npz", "safetensors"];

/** The format that a path's ending names, capitals or not; null for any other. */
export function formatOfPath(path: string): FormatName | null {
  return FORMAT_NAMES.find((format) => path.toLowerCase().endsWith(`.${format}`)) ?? null;
}

/** The format that the bytes show, for standard input, which has no name; E6102 where they show none. */
export function formatOfBytes(bytes: Uint8Array, file: string): FormatName {
  const format = FORMAT_NAMES.find((name) => FORMATS[name].starts(bytes));
  const start = [...bytes.subarray(0, 8)].map((byte) => String.fromCodePoint(byte)).join("");
  return format ?? refuse("E6102", `${file} is no .npy, .npz or .safetensors file: it starts with ${quoted(start)}`);
}
