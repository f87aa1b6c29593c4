/**
 * The least and the greatest value of an index expression over a box of axes, as expressions over dims: what region
 * inference asks ("how far outside X does this window reach?"). Linear arithmetic, floor division and minima are followed
 * monotonically; correlated terms are not cancelled, so the box may be larger than needed, never smaller.
 */
import type { Axis, Expr } from "../ir/expr.ts";
import { unreachable } from "../support/invariant.ts";
import { add, apply, index, maximum, minimum, mul, sub } from "../ir/expr.ts";

/** Both ends are reached or exceeded: `lo <= e <= hi`. */
export type IndexBounds = { readonly lo: Expr; readonly hi: Expr };

export type AxisRanges = ReadonlyMap<string, Axis>;

/** Null where the expression is not monotone in what varies, or depends on a tensor's values. */
export function indexBounds(e: Expr, ranges: AxisRanges): IndexBounds | null {
  switch (e.kind) {
    case "const":
      return { lo: e, hi: e };
    case "var":
      return boundsOfVariable(e, ranges);
    case "apply":
      return boundsOfApply(e.op, e.args, ranges);
    case "select": {
      const yes = indexBounds(e.yes, ranges);
      const no = indexBounds(e.no, ranges);
      return yes && no ? { lo: minimum(yes.lo, no.lo), hi: maximum(yes.hi, no.hi) } : null;
    }
    case "read":
    case "cast":
    case "let":
    case "reduce":
      return null;
    default:
      return unreachable(e);
  }
}

function boundsOfVariable(e: Expr & { kind: "var" }, ranges: AxisRanges): IndexBounds | null {
  const axis = ranges.get(e.id);
  if (axis === undefined) return { lo: e, hi: e };
  const lo = indexBounds(axis.lo, ranges);
  const hi = indexBounds(axis.hi, ranges);
  return lo && hi ? { lo: lo.lo, hi: sub(hi.hi, index(1)) } : null;
}

function boundsOfApply(op: string, args: readonly Expr[], ranges: AxisRanges): IndexBounds | null {
  const bounds = args.map((a) => indexBounds(a, ranges));
  const [a, b] = bounds;
  if (!a) return null;
  if (op === "neg") return { lo: apply("neg", a.hi), hi: apply("neg", a.lo) };
  if (!b) return null;
  if (op === "add") return { lo: add(a.lo, b.lo), hi: add(a.hi, b.hi) };
  if (op === "sub") return { lo: sub(a.lo, b.hi), hi: sub(a.hi, b.lo) };
  if (op === "min") return { lo: minimum(a.lo, b.lo), hi: minimum(a.hi, b.hi) };
  if (op === "max") return { lo: maximum(a.lo, b.lo), hi: maximum(a.hi, b.hi) };
  if (op === "mul") return scaled(a, b) ?? scaled(b, a);
  if (b.lo !== b.hi || !isPositiveConstant(b.lo)) return null;
  if (op === "floor_div") return { lo: apply("floor_div", a.lo, b.lo), hi: apply("floor_div", a.hi, b.lo) };
  if (op === "floor_mod") return { lo: index(0), hi: sub(b.lo, index(1)) };
  return null;
}

/** A factor that does not vary and whose sign is known: a constant, or a dim (never negative). */
function scaled(a: IndexBounds, factor: IndexBounds): IndexBounds | null {
  const by = factor.lo;
  if (factor.lo !== factor.hi) return null;
  if (by.kind === "var") return { lo: mul(a.lo, by), hi: mul(a.hi, by) };
  if (by.kind !== "const" || typeof by.value !== "bigint") return null;
  const [lo, hi] = by.value >= 0n ? [a.lo, a.hi] : [a.hi, a.lo];
  return { lo: mul(lo, by), hi: mul(hi, by) };
}

function isPositiveConstant(e: Expr): boolean {
  return e.kind === "const" && typeof e.value === "bigint" && e.value > 0n;
}
