/** Claimed ranges: what a `let`, an output or the parameter of a called kernel says of values is proved, not believed. */
import type { Condition } from "../../analysis/condition.ts";
import { TRUE, within } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { MINUS_ONE, add, sub } from "../../analysis/polynomial.ts";
import type { Claim } from "../../ir/claims.ts";
import type { Tensor } from "../../ir/equations.ts";
import { constant, read } from "../../ir/expr.ts";
import { known } from "../../support/invariant.ts";
import { UNBOUNDED } from "./bounds.ts";
import { proveAtCorners } from "./extremes.ts";
import { addWhere, failure, rangesNote, whereFor } from "./explain.ts";
import { rangeHelp, report } from "./refuse-arithmetic.ts";
import type { Scope } from "./scope.ts";
import { isIntDType } from "./integers.ts";

/** `value` is what the tensor, or a variable, holds at one point, which is in the range or refused; `scope` is that of the body that computes it. */
export function checkClaim(claim: Claim, tensor: Pick<Tensor, "id" | "name">, value: Poly, scope: Scope): boolean {
  const [lo, hi] = [scope.poly(claim.lo), scope.poly(claim.hi)];
  const goal: Condition = within(value, lo, hi);
  if (proveAtCorners(scope, goal).verdict.proved) return true;
  const { names, refused } = scope.shared;
  refused.addTensor(tensor.id);
  const found = failure(scope, goal, value);
  const where = whereFor(scope, [sub(value, lo), add(sub(hi, value), MINUS_ONE)]);
  report(scope, { span: claim.span, group: null }, "E2106", {
    message: `values of ${tensor.name} may leave the range that is claimed here`,
    label: `needs ${names.poly(lo)} <= ${names.poly(value)} < ${names.poly(hi)}`,
    notes: [
      claim.why,
      rangesNote(scope, [value]),
      found === null ? null : `counterexample: ${found.at} gives the value ${found.value}`,
    ],
    help: [
      where === null ? rangeHelp(scope, [value], `${names.poly(lo)}..${names.poly(hi)}`) : addWhere(where),
      "widen the range, or clamp the value",
    ],
  });
  return false;
}

/** A claim about the argument of a call that is a parameter itself: its declared range must imply the claimed one. */
export function checkParameterClaim(claim: Claim, param: Tensor, scope: Scope): void {
  if (!isIntDType(param.dtype)) return;
  // Any element: a read at subscripts of which nothing is known.
  const element = read(
    param.dtype,
    param.id,
    param.dims.map(() => constant("index", 0n)),
  );
  scope.shared.spans.set(element, claim.span); // in messages it is called by the argument
  const inside = scope.assumeAlways(TRUE, "an element");
  const opaque = scope.shared.polys.opaque(known(inside.symbolOf(element), "an element"));
  const range = param.values;
  const bounds =
    range === null ? UNBOUNDED : { lower: scope.poly(range.lo), upper: add(scope.poly(range.hi), MINUS_ONE) };
  inside.learn(element, opaque?.meaning ?? TRUE, true, bounds);
  checkClaim(claim, param, inside.poly(element), inside);
}
