/**
 * Sizes and inputs for trying a kernel: dims that satisfy its `where`, biased to the awkward ones, and random tensors within
 * the declared ranges. Deterministic in the seed.
 */
import type { Kernel } from "../compiler/ir/equations.ts";
import { stagesOf } from "../compiler/ir/equations.ts";
import { evaluateCondition, evaluateIndex, evaluateShape } from "../compiler/ir/evaluate-index.ts";
import type { Axis, Expr } from "../compiler/ir/expr.ts";
import { less, sub } from "../compiler/ir/expr.ts";
import { children, some } from "../compiler/ir/walk.ts";
import { makeRandom } from "../compiler/support/shuffle.ts";
import { refuse } from "./refuse.ts";
import { solveDims } from "./solve-dims.ts";
import { Tensor } from "./tensor.ts";

const SIZES = [1, 2, 3, 5, 4, 7, 8, 9, 13, 6, 17] as const;

/** More draws than this without a hit: the conditions are too narrow for blind luck. */
const ATTEMPTS = 2000;

/** So many solutions of a search are compared. */
const SOLUTIONS = 6;

/** Points (of all stages, reductions included) that the reference computes in about a second. */
const AFFORDABLE = 1_000_000;

/**
 * By the dim's id: legal sizes that the reference can afford, or the cheapest that were drawn. E6206 where no draw satisfies
 * the `where` conditions.
 */
export function drawDims(kernel: Kernel, seed: number): ReadonlyMap<string, bigint> {
  const { data } = Tensor.random([ATTEMPTS, kernel.dims.length], { dtype: "i32", seed, range: [0, SIZES.length] });
  let best: ReadonlyMap<string, bigint> | null = null;
  let least = Infinity;
  for (let n = 0; n < ATTEMPTS; n++) {
    if (best !== null && (n > 50 || least <= AFFORDABLE)) break;
    const sizes = data.subarray(n * kernel.dims.length, (n + 1) * kernel.dims.length);
    const dims = new Map(kernel.dims.map((d, k) => [d.id, BigInt(SIZES[sizes[k] ?? 0] ?? 1)] as const));
    if (!isLegal(kernel, dims)) continue;
    const work = pointsOf(kernel, dims);
    if (work < least) [best, least] = [dims, work];
  }
  return (
    best ??
    solvedDims(kernel, seed) ??
    refuse("E6206", `no dims were found that satisfy the where conditions of ${kernel.name}`)
  );
}

/** The cheapest of a few sizes that a search finds; null where it finds none. */
function solvedDims(kernel: Kernel, seed: number): ReadonlyMap<string, bigint> | null {
  const ranges = kernel.params.flatMap((p) => (p.values === null ? [] : [less(p.values.lo, p.values.hi)]));
  const conditions = [...kernel.where.map((w) => w.condition), ...ranges];
  const ids = kernel.dims.map((d) => d.id);
  const solutions = solveDims(conditions, ids, SOLUTIONS, makeRandom(seed)).filter((dims) => isLegal(kernel, dims));
  const costs = solutions.map((dims) => pointsOf(kernel, dims));
  return solutions[costs.indexOf(Math.min(...costs))] ?? null;
}

/** Do these dims satisfy `where`, and can every range type be drawn from? */
export function isLegal(kernel: Kernel, dims: ReadonlyMap<string, bigint>): boolean {
  if (!kernel.where.every((w) => evaluateCondition(w.condition, dims))) return false;
  // A range type without values cannot be drawn from.
  return kernel.params.every((p) => {
    if (p.values === null) return true;
    const empty = evaluateIndex(p.values.hi, dims) <= evaluateIndex(p.values.lo, dims);
    return !empty || evaluateShape(p.dims, dims).includes(0);
  });
}

/** By the parameter's name. */
export function drawInputs(
  kernel: Kernel,
  dims: ReadonlyMap<string, bigint>,
  seed: number,
): ReadonlyMap<string, Tensor> {
  return new Map(
    kernel.params.map((p, n) => {
      const shape = evaluateShape(p.dims, dims);
      const options = { dtype: p.dtype, seed: seed * 1009 + n };
      if (p.values === null || shape.includes(0)) return [p.name, Tensor.random(shape, options)] as const;
      const range = [evaluateIndex(p.values.lo, dims), evaluateIndex(p.values.hi, dims)] as const;
      return [p.name, Tensor.random(shape, { ...options, range })] as const;
    }),
  );
}

/** How many points all stages and the reductions in them have; data-dependent extents count as one. */
export function pointsOf(kernel: Kernel, dims: ReadonlyMap<string, bigint>): number {
  const extent = (axes: readonly Axis[]): number =>
    axes.reduce((n, a) => n * (isOverDims(a, dims) ? Math.max(0, Number(evaluateIndex(sub(a.hi, a.lo), dims))) : 1), 1);
  const inside = (e: Expr): number => {
    const here = children(e).reduce((sum, c) => sum + inside(c), 1);
    return e.kind === "reduce" ? extent(e.axes) * here : here;
  };
  return stagesOf(kernel).reduce(
    (sum, s) => sum + extent(s.axes) * s.outputs.reduce((n, o) => n + inside(o.body), 0),
    0,
  );
}

function isOverDims(a: Axis, dims: ReadonlyMap<string, bigint>): boolean {
  return [a.lo, a.hi].every((e) => !some(e, (n) => n.kind === "read" || (n.kind === "var" && !dims.has(n.id))));
}
