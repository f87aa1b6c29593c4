/** Dims as constants, asked for by name in a call, an option or a file name: checked first, in the caller's words. */
import { specialiseByName } from "../compiler/compile.ts";
import type { Kernel } from "../compiler/ir/equations.ts";
import { evaluateCondition } from "../compiler/ir/evaluate-index.ts";
import { freeVariables } from "../compiler/ir/walk.ts";
import { shown } from "./given-values.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";

/** Subscripts are i32. */
const LARGEST_DIM = 2n ** 31n - 1n;

/** A size as the kernel takes it; E6202 unless it is a whole number, E6210 past 2^31. */
export function legalDim(name: string, size: number | bigint): bigint {
  const isWhole = typeof size === "bigint" || Number.isSafeInteger(size);
  if (!isWhole || size < 0)
    refuse("E6202", `${quoted(name)} is a dim, a whole number from 0; it is given ${shown(size)}`);
  if (size > LARGEST_DIM) refuse("E6210", `${name} = ${size} is too large: dims stay below 2^31`);
  return BigInt(size);
}

/** E6202, with the nearest name, for the first name that is no dim of the kernel. */
export function refuseUnknownDims(kernel: Kernel, names: Iterable<string>): void {
  const known = kernel.dims.map((d) => d.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const rest = known.length === 0 ? "it has none" : `its dims are ${listed(known)}`;
    const help = [near === null ? rest : `did you mean ${near}?`];
    refuse("E6202", `${kernel.name} has no dim ${quoted(name)}`, { help });
  }
}

/** The kernel for these dims; E6206 where they contradict a `where` that they decide. */
export function specialiseChecked(kernel: Kernel, dims: ReadonlyMap<string, bigint>): Kernel {
  refuseUnknownDims(kernel, dims.keys());
  const special = specialiseByName(kernel, dims);
  for (const { condition, text } of special.where) {
    if (freeVariables(condition).size > 0 || evaluateCondition(condition, new Map())) continue;
    const notes = [[...dims].map(([name, size]) => `${name} = ${size}`).join(", ")];
    refuse("E6206", `${kernel.name} is defined only where ${text}`, { notes });
  }
  return special;
}
