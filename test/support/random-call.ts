/** Sizes and inputs for a random kernel: 0, 1, primes and the neighbours of vector widths; values at the ends of their ranges. */
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { evaluateCondition, evaluateIndex, evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import type { Axis, ConstValue, Expr } from "../../compiler/ir/expr.ts";
import { sub } from "../../compiler/ir/expr.ts";
import { children, some } from "../../compiler/ir/walk.ts";
import type { Dims, Inputs } from "./agreement.ts";
import { Random } from "./random-goals.ts";

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17, 19, 23] as const;

/** Legal sizes whose work stays below `budget` points, or the cheapest found; null where none is legal. */
export function drawSizes(kernel: Kernel, seed: number, budget: number): Dims | null {
  const random = new Random(seed * 7919 + 13);
  let best: Dims | null = null;
  let least = Infinity;
  for (let n = 0; n < 300; n++) {
    // Large sizes are tried first, so that a cheap kernel is not always small.
    const top = n < 20 ? SIZES.length : Math.max(4, SIZES.length - Math.floor(n / 12));
    const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(SIZES[random.int(0, top)] ?? 1)] as const));
    if (!isLegal(kernel, dims)) continue;
    const work = workOf(kernel, dims);
    if (work <= budget) return dims;
    if (work < least) [best, least] = [dims, work];
  }
  return best;
}

export function isLegal(kernel: Kernel, dims: Dims): boolean {
  if (!kernel.where.every((w) => evaluateCondition(w.condition, dims))) return false;
  return kernel.params.every((p) => {
    const isEmpty = p.values !== null && evaluateIndex(p.values.hi, dims) <= evaluateIndex(p.values.lo, dims);
    return !isEmpty || evaluateShape(p.dims, dims).includes(0);
  });
}

/** Points of all stages and of the reductions in them. */
export function workOf(kernel: Kernel, dims: Dims): number {
  const isOpen = (e: Expr): boolean => some(e, (n) => n.kind === "read" || (n.kind === "var" && !dims.has(n.id)));
  const extent = (axes: readonly Axis[]): number =>
    axes.reduce(
      (n, a) => n * (isOpen(a.lo) || isOpen(a.hi) ? 4 : Math.max(0, Number(evaluateIndex(sub(a.hi, a.lo), dims)))),
      1,
    );
  const inside = (e: Expr): number => {
    const here = children(e).reduce((sum, c) => sum + inside(c), 1);
    return e.kind === "reduce" ? extent(e.axes) * here : here;
  };
  return stagesOf(kernel).reduce(
    (sum, s) => sum + extent(s.axes) * s.outputs.reduce((n, o) => n + inside(o.body), 0),
    0,
  );
}

/** By the parameter's id; `special`: names of those that get NaN, infinities and -0 among their values. */
export function drawInputs(kernel: Kernel, dims: Dims, seed: number, special: ReadonlySet<string>): Inputs {
  return new Map(
    kernel.params.map((p, n) => {
      const shape = evaluateShape(p.dims, dims);
      const random = new Random(seed * 104729 + n * 31);
      const count = shape.reduce((a, b) => a * b, 1);
      const range = count === 0 || p.values === null ? null : rangeOf(p, dims);
      const make = (): ConstValue => draw(p.dtype, range, special.has(p.name), random);
      return [p.id, { dtype: p.dtype, shape, data: Array.from({ length: count }, make) }] as const;
    }),
  );
}

function rangeOf(p: Tensor, dims: Dims): { readonly lo: bigint; readonly hi: bigint } | null {
  if (p.values === null) return null;
  return { lo: evaluateIndex(p.values.lo, dims), hi: evaluateIndex(p.values.hi, dims) - 1n };
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, 1, -1] as const;

function draw(
  dtype: DType,
  range: { readonly lo: bigint; readonly hi: bigint } | null,
  special: boolean,
  random: Random,
): ConstValue {
  const row = DTYPES[dtype];
  if (row.kind === "bool") return random.next() < 0.5;
  if (row.kind === "float") {
    if (special && random.next() < 0.3) return random.pick(SPECIAL);
    // Half of the values are on a coarse grid, so that equal ones meet.
    const x = random.next() * 4 - 2;
    return roundToDType(dtype, random.next() < 0.5 ? Math.round(x * 4) / 4 : x);
  }
  const { lo, hi } = range ?? { lo: row.min, hi: row.max };
  return roundToDType(dtype, integer(lo, hi, random));
}

/** An end of the range, a value near 0, or any. */
function integer(lo: bigint, hi: bigint, random: Random): bigint {
  const choice = random.next();
  if (choice < 0.1) return lo;
  if (choice < 0.2) return hi;
  const small = BigInt(random.int(-4, 9));
  if (choice < 0.5 && small >= lo && small <= hi) return small;
  const width = hi - lo + 1n;
  const bits = (BigInt(Math.floor(random.next() * 2 ** 32)) << 32n) | BigInt(Math.floor(random.next() * 2 ** 32));
  return lo + (bits % width);
}
