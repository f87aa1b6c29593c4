/**
 * One stage: its bodies in the scope of its axes, its initial slices in their own, and the range of what it computes.
 * An integer tensor's values are bounded over dims, so that a gather through it is proved by what its readers know.
 */
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, add } from "../../analysis/polynomial.ts";
import type { Claim } from "../../ir/claims.ts";
import type { InitialSlices, Stage, StageOutput, Tensor } from "../../ir/equations.ts";
import type { Axis, Expr } from "../../ir/expr.ts";
import { mapAxis } from "../../ir/walk.ts";
import type { Bounds } from "./bounds.ts";
import { checkExpression } from "./check-expression.ts";
import { checkClaim } from "./claims.ts";
import { boundsOver } from "./extremes.ts";
import { noteOrigin } from "./origins.ts";
import { learnPartitions } from "./partitions.ts";
import { checkInit } from "./recurrences.ts";
import type { Scope } from "./scope.ts";
import type { Group, Place } from "./shared.ts";
import { isIntDType } from "./integers.ts";
import { joinBounds } from "./value-bounds.ts";

/** The stage with its reads marked and its values bounded; `scope` knows dims only. */
export function checkStage(stage: Stage, group: Group | null, claims: readonly Claim[], scope: Scope): Stage {
  const place: Place = { span: stage.span, group };
  const bodies = stage.outputs.map((o) => o.body);
  const { axes, inside } = enterAxes(stage.axes, bodies, scope, place);
  const outputs = stage.outputs.map((o) => {
    const checked = checkOutput(o, inside, claims, scope, place);
    learnPartitions(checked, axes, scope);
    return checked;
  });
  return { ...stage, axes, outputs };
}

function enterAxes(
  axes: readonly Axis[],
  bodies: readonly Expr[],
  scope: Scope,
  place: Place,
): { readonly axes: readonly Axis[]; readonly inside: Scope } {
  let inside = scope;
  const checked = axes.map((axis) => {
    const result = mapAxis(axis, (bound) => checkExpression(bound, inside, place));
    noteOrigin(result, bodies, scope);
    inside = inside.enter(result);
    return result;
  });
  return { axes: checked, inside };
}

function checkOutput(o: StageOutput, inside: Scope, claims: readonly Claim[], scope: Scope, place: Place): StageOutput {
  const { tensor } = o;
  const ofTensor = claims.filter((c) => c.tensor === tensor.id);
  const body = checkExpression(o.body, inside, place);
  scope.shared.refused.store(tensor.id, body);
  const ranges = [finish(body, inside, tensor, ofTensor, scope)];
  const init = o.init.map((slices): InitialSlices => {
    const start: Place = { ...place, group: place.group === null ? null : { ...place.group, now: null } };
    const entered = enterAxes(slices.axes, [slices.body], scope, start);
    const value = checkExpression(slices.body, entered.inside, start);
    scope.shared.refused.store(tensor.id, value);
    ranges.push(finish(value, entered.inside, tensor, ofTensor, scope));
    return { axes: entered.axes, body: value };
  });
  const checked = { ...o, body, init };
  if (place.group !== null) checkInit(checked, place.group.time, scope, place);
  const values = valuesOf(tensor, ranges, ofTensor, scope);
  const result = { ...checked, tensor: { ...tensor, values } };
  scope.shared.tensors.set(tensor.id, result.tensor);
  return result;
}

/** Proves the claims of one body and bounds its value over dims. */
function finish(body: Expr, inside: Scope, tensor: Tensor, claims: readonly Claim[], scope: Scope): Bounds | null {
  if (!isIntDType(tensor.dtype)) return null;
  const value: Poly = inside.poly(body);
  const { refused } = scope.shared;
  if (!refused.has(body)) for (const claim of claims) checkClaim(claim, tensor, value, inside);
  return boundsOver(inside, value, (id) => scope.shared.dims.has(id));
}

/** A declared range, as it was declared; else what the bodies give, where that says more than the dtype. */
function valuesOf(
  tensor: Tensor,
  ranges: readonly (Bounds | null)[],
  claims: readonly Claim[],
  scope: Scope,
): Tensor["values"] {
  const [claim] = claims;
  if (claim !== undefined) return { lo: claim.lo, hi: claim.hi };
  const found = ranges.filter((r) => r !== null);
  const [first, ...rest] = found;
  if (!isIntDType(tensor.dtype) || first === undefined) return null;
  const { lower, upper } = rest.reduce((hull, r) => joinBounds(scope, hull, r), first);
  if (lower === null || upper === null) return null;
  const { polys } = scope.shared;
  const [lo, hi] = [polys.expr(lower), polys.expr(add(upper, ONE))];
  return lo === null || hi === null ? null : { lo, hi };
}
