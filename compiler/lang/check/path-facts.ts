/**
 * The reads of an expression, each with what holds where it stands: ranges of the reduction indices around it, guards,
 * branches, and the left-hand side of `&&` and `||`. Recurrences are recognised with it.
 */
import type { Facts } from "../../analysis/facts.ts";
import type { IndexPolynomials } from "../../analysis/index-polynomial.ts";
import { not } from "../../analysis/condition.ts";
import type { Axis, Expr, Read } from "../../ir/expr.ts";
import { children } from "../../ir/walk.ts";

export type ReadVisitor = (read: Read, facts: Facts) => void;

/** `facts`, and that the axes' domain is not empty. */
export function withAxes(polys: IndexPolynomials, facts: Facts, axes: readonly Axis[]): Facts {
  let inside = facts;
  for (const a of axes) {
    const [lo, hi] = [polys.poly(a.lo, inside), polys.poly(a.hi, inside)];
    polys.poly(a.variable);
    inside = polys.withOpaque(inside, lo, hi).assumeRange(a.variable.id, lo, hi, `the range of ${a.variable.name}`);
  }
  return inside;
}

/** Calls `visit` for every read that `interesting` accepts. */
export function visitReads(
  polys: IndexPolynomials,
  e: Expr,
  facts: Facts,
  interesting: (r: Read) => boolean,
  visit: ReadVisitor,
): void {
  const assume = (condition: Expr, negated: boolean): Facts => {
    const c = polys.condition(condition, facts);
    const meant = negated ? not(c) : c;
    return polys.withOpaque(facts, meant).assume(meant, "the condition around");
  };
  const go = (x: Expr, here: Facts): void => visitReads(polys, x, here, interesting, visit);
  if (e.kind === "read" && interesting(e)) visit(e, facts);
  if (e.kind === "select" && e.lazy) {
    go(e.cond, facts);
    go(e.yes, assume(e.cond, false));
    go(e.no, assume(e.cond, true));
  } else if (e.kind === "apply" && (e.op === "and" || e.op === "or")) {
    const [a, b] = e.args;
    if (a === undefined || b === undefined) return;
    go(a, facts);
    go(b, assume(a, e.op === "or"));
  } else if (e.kind === "let") {
    go(e.value, facts);
    polys.bind(e.variable, e.value);
    go(e.body, facts);
  } else if (e.kind === "reduce") {
    const inside = withAxes(polys, facts, e.axes);
    for (const a of e.axes) for (const bound of [a.lo, a.hi]) go(bound, facts);
    if (e.guard !== null) go(e.guard, inside);
    const guard = e.guard === null ? null : polys.condition(e.guard, inside);
    const guarded = guard === null ? inside : polys.withOpaque(inside, guard).assume(guard, "the guard");
    for (const a of e.args) go(a, guarded);
  } else for (const child of children(e)) go(child, facts);
}
