/**
 * `--dim` and `--set` against the kernels that a command is for, before anything is compiled: names that no kernel has,
 * names that belong to the other option, and values of another kind than the generic's.
 */
import type { GivenGeneric } from "../../compiler/compile.ts";
import { isDType, isFloat, isInt } from "../../compiler/ir/dtype.ts";
import { kernelCalled, sizeNamesOf } from "../../compiler/lang/check-program.ts";
import { known } from "../../compiler/support/invariant.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import type { ProgramFile } from "./program-file.ts";

/** Kinds of generics that are sizes of a call. */
const DIM = "dim";

/** What values a kind of generic takes, in words; a kind that is not here was refused with the program. */
const KINDS: Readonly<Record<string, { readonly text: string; readonly takes: (v: GivenGeneric) => boolean }>> = {
  int: { text: "a whole number", takes: (v) => typeof v === "bigint" },
  float: { text: "a number", takes: (v) => typeof v === "bigint" || typeof v === "number" },
  bool: { text: "true or false", takes: (v) => typeof v === "boolean" },
  dim: { text: "a size, a whole number from 0 to 2^31 - 1", takes: (v) => typeof v === "bigint" && isSize(v) },
  dtype: { text: "a dtype, such as f32", takes: (v) => typeof v === "string" && isDType(v) },
  anyfloat: { text: "a float dtype, such as f32", takes: (v) => typeof v === "string" && isDType(v) && isFloat(v) },
  anyint: { text: "an integer dtype, such as i32", takes: (v) => typeof v === "string" && isDType(v) && isInt(v) },
};

function isSize(value: bigint): boolean {
  return value >= 0n && value < 2n ** 31n;
}

type Declared = {
  /** Kinds of the generics by name. */
  readonly kinds: ReadonlyMap<string, string>;
  /** What `--dim` may name. */
  readonly dims: readonly string[];
};

function declaredBy({ program }: ProgramFile, names: readonly string[]): Declared {
  const nodes = names.map((name) => known(kernelCalled(program, name), "the kernel").node);
  const kinds = new Map(nodes.flatMap((n) => n.generics.map((g) => [g.name.text, g.sort.text] as const)));
  const sizes = new Set(nodes.flatMap((n) => sizeNamesOf(n)));
  return { kinds, dims: [...sizes].filter((name) => (kinds.get(name) ?? DIM) === DIM) };
}

/** E6202 for a name that none of the kernels has, E6402 for a value of another kind. */
export function checkGivenSizes(
  file: ProgramFile,
  names: readonly string[],
  dims: ReadonlyMap<string, bigint>,
  generics: ReadonlyMap<string, GivenGeneric>,
): void {
  const declared = declaredBy(file, names);
  const what = `${listed(names)} ${names.length === 1 ? "has" : "have"} no`;
  for (const [name, size] of dims) {
    if (declared.dims.includes(name)) continue;
    const isGeneric = declared.kinds.has(name);
    const help = isGeneric ? `it is a generic: give --set ${name}=${size}` : wayOut(name, declared.dims);
    refuse("E6202", `${what} dim ${quoted(name)}`, { help: [help] });
  }
  for (const [name, value] of generics) {
    const kind = declared.kinds.get(name);
    if (kind === undefined) {
      const isDim = declared.dims.includes(name);
      const help = isDim ? `it is a dim: give --dim ${name}=…` : wayOut(name, [...declared.kinds.keys()]);
      refuse("E6202", `${what} generic ${quoted(name)}`, { help: [help] });
    }
    const row = KINDS[kind];
    if (row === undefined || row.takes(value)) continue;
    refuse("E6402", `--set ${name}=${quoted(String(value))}: ${name} is of kind ${kind}, ${row.text}`);
  }
}

function wayOut(name: string, there: readonly string[]): string {
  const near = nearest(name, there);
  if (near !== null) return `did you mean ${near}?`;
  return there.length === 0 ? "there are none" : `there ${there.length === 1 ? "is" : "are"} ${listed(there)}`;
}

/** Those that the kernel has: with several kernels, an option may be for some of them. */
export function genericsOfKernel(
  file: ProgramFile,
  name: string,
  generics: ReadonlyMap<string, GivenGeneric>,
): ReadonlyMap<string, GivenGeneric> {
  const { kinds } = declaredBy(file, [name]);
  return new Map([...generics].filter(([g]) => kinds.has(g)));
}
