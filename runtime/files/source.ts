/**
 * Where the value of a parameter comes from, as the command line writes it (language reference, §8): `x.npy`,
 * `file.npz:name`, `file.safetensors:name`, a number, `random[:seed]`, `zeros`, `iota`, `-`. Only the text is read here;
 * files are opened by runtime/node/.
 */
import { nearest, quoted, refuse } from "../refuse.ts";
import { FORMAT_NAMES, formatOfPath } from "./format.ts";
import type { FormatName } from "./format.ts";

export type InputSource =
  /** `member` is null for an .npy file, and where an archive is named without one: then it is the parameter's own name. */
  | { readonly kind: "file"; readonly format: FormatName; readonly path: string; readonly member: string | null }
  /** A whole number past 2^53 is a bigint. */
  | { readonly kind: "scalar"; readonly value: number | bigint | boolean }
  | { readonly kind: "random"; readonly seed: number }
  | { readonly kind: "zeros" }
  | { readonly kind: "iota" }
  /** Standard input, in whichever format its bytes show. */
  | { readonly kind: "stdin" };

/** The seed of `random` without one. */
const DEFAULT_SEED = 0;

const WORDS: Readonly<Record<string, InputSource>> = {
  "-": { kind: "stdin" },
  zeros: { kind: "zeros" },
  iota: { kind: "iota" },
  random: { kind: "random", seed: DEFAULT_SEED },
  true: { kind: "scalar", value: true },
  false: { kind: "scalar", value: false },
  inf: { kind: "scalar", value: Infinity },
  "-inf": { kind: "scalar", value: -Infinity },
  nan: { kind: "scalar", value: Number.NaN },
};

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE = /^[+-]?\d+$/;
const FORMS =
  "x.npy, file.npz:name, file.safetensors:name, a number, random, random:7, zeros, iota, or - for standard input";

/** E6101 for text of no such form; nothing is opened. */
export function parseInputSource(text: string): InputSource {
  if (Object.hasOwn(WORDS, text)) return WORDS[text] ?? unknown(text);
  if (text.startsWith("random:")) return { kind: "random", seed: seedOf(text.slice("random:".length)) };
  if (NUMBER.test(text)) return { kind: "scalar", value: numberOf(text) };
  return fileOf(text) ?? unknown(text);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed;
  return refuse("E6101", `${quoted(text)} is no seed; a seed is a whole number in 0..2^53`, {
    help: ["write random:7"],
  });
}

function numberOf(text: string): number | bigint {
  const value = Number(text);
  if (!Number.isFinite(value) && !WHOLE.test(text))
    refuse("E6101", `${quoted(text)} is past the largest number of f64`);
  return WHOLE.test(text) && !Number.isSafeInteger(value) ? BigInt(text.replace("+", "")) : value;
}

/** The first ending of a format that is followed by `:` or by nothing: `C:\w.npz:a.npy:b` is the member `a.npy:b` of `C:\w.npz`. */
function fileOf(text: string): InputSource | null {
  const match = /^(.+?\.(?:npy|npz|safetensors))(?::(.*))?$/is.exec(text);
  const path = match?.[1];
  const format = path === undefined ? null : formatOfPath(path);
  if (path === undefined || format === null) return null;
  const member = match?.[2];
  if (member !== undefined && format === "npy") {
    return refuse("E6101", `${quoted(path)} holds one tensor, which has no name`, { help: [`write ${path}`] });
  }
  if (member === "") {
    return refuse("E6101", `${quoted(text)} names no tensor after the colon`, {
      help: [`write ${path}:name, or ${path} for the parameter's own name`],
    });
  }
  return { kind: "file", format, path, member: member ?? null };
}

function unknown(text: string): never {
  const near = nearest(
    text,
    Object.keys(WORDS).filter((word) => word.length > 2),
  );
  const ending = /\.[a-z0-9]{1,12}$/i.exec(text)?.[0];
  const notes =
    ending === undefined ? [] : [`files can be ${FORMAT_NAMES.map((name) => `.${name}`).join(", ")}, not ${ending}`];
  const help = [near === null ? `write ${FORMS}` : `write ${near}`];
  return refuse("E6101", `${quoted(text)} is no source of values`, { notes, help });
}
