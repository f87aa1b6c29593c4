/**
 * Counts that share their points: each point of `h[v] = sum[p | x[p] == v](1)` is counted for one v at most, so that the
 * elements of h along v add up to no more than there are points, however many v there are. A cumulative histogram fits
 * its dtype by this.
 */
import type { Poly } from "../../analysis/polynomial.ts";
import type { StageOutput } from "../../ir/equations.ts";
import type { Axis, Expr, Read, Reduce } from "../../ir/expr.ts";
import { some } from "../../ir/walk.ts";
import { boundsOver } from "./extremes.ts";
import { isInteger } from "./integers.ts";
import type { Scope } from "./scope.ts";

/** Conversions between integers keep the value. */
function withoutConversions(e: Expr): Expr {
  return e.kind === "cast" && e.mode === "exact" && isInteger(e.arg.type) ? withoutConversions(e.arg) : e;
}

function mentions(e: Expr, id: string): boolean {
  return some(e, (n) => n.kind === "var" && n.id === id);
}

/** Remembers what a sum of values that are not below 0 comes to at most. */
export function learnTotal(sum: Reduce, greatest: Poly, scope: Scope): void {
  const { totals, dims } = scope.shared;
  const most = boundsOver(scope, greatest, (id) => dims.has(id)).upper;
  if (most !== null) totals.set(sum, most);
}

/** Remembers of what a stage computes along which dims its elements share their points. */
export function learnPartitions(o: StageOutput, axes: readonly Axis[], scope: Scope): void {
  const { partitions, totals } = scope.shared;
  const sum = withoutConversions(o.body);
  const total = sum.kind === "reduce" ? totals.get(sum) : undefined;
  if (sum.kind !== "reduce" || total === undefined || o.init.length > 0) return;
  const along = axes.flatMap((a, dim) => (sharesPoints(sum, a) ? [{ dim, total }] : []));
  if (along.length > 0) partitions.set(o.tensor.id, along);
}

/** Does a point count for one value of the index at most: where something of the point alone equals it? */
function sharesPoints(sum: Reduce, { variable: { id } }: Axis): boolean {
  if (sum.axes.some((a) => mentions(a.lo, id) || mentions(a.hi, id))) return false;
  const conditions = [sum.guard, ...sum.args].flatMap((e) => (e === null ? [] : conjuncts(e)));
  return conditions.some((c) => {
    if (c.kind !== "apply" || c.op !== "eq") return false;
    const [a, b] = c.args.map(withoutConversions);
    if (a === undefined || b === undefined) return false;
    const isIndex = (e: Expr): boolean => e.kind === "var" && e.id === id;
    return (isIndex(a) && !mentions(b, id)) || (isIndex(b) && !mentions(a, id));
  });
}

/** What holds wherever the value is not 0: the parts of a condition, of a counted condition, of `c ? x : 0`. */
function conjuncts(e: Expr): readonly Expr[] {
  if (e.kind === "apply" && e.op === "and") return e.args.flatMap(conjuncts);
  if (e.kind === "cast" && e.arg.type === "bool") return conjuncts(e.arg);
  if (e.kind === "select" && e.no.kind === "const" && Number(e.no.value) === 0) return conjuncts(e.cond);
  return e.type === "bool" ? [e] : [];
}

/** The most that a sum over such elements comes to; null where it is none. `extents` are those of its axes. */
export function sharedTotal(sum: Reduce, extents: readonly Poly[], scope: Scope): Poly | null {
  const element = sum.args[0] === undefined ? null : withoutConversions(sum.args[0]);
  if (element === null || element.kind !== "read" || element.pad !== null) return null;
  for (const { dim, total } of scope.shared.partitions.get(element.tensor) ?? []) {
    const along = sum.axes.findIndex((a) => isAlong(element, dim, a, sum.axes));
    if (along < 0) continue;
    const times = extents.filter((_, n) => n !== along);
    return times.reduce((n, extent) => scope.shared.polys.atoms.product(n, extent), total);
  }
  return null;
}

/** Does the axis run along the dim, each element once, while all else stands still? */
function isAlong(element: Read, dim: number, axis: Axis, axes: readonly Axis[]): boolean {
  const { id } = axis.variable;
  const at = element.index[dim];
  if (at?.kind !== "var" || at.id !== id) return false;
  const others = element.index.filter((_, n) => n !== dim);
  const bounds = axes.filter((a) => a !== axis).flatMap((a) => [a.lo, a.hi]);
  return ![...others, ...bounds].some((e) => mentions(e, id));
}
