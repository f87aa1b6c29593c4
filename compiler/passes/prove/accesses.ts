/**
 * One read: each subscript is proved in the range of its dim, or the read's pad answers for it. `edge`, `wrap` and
 * `mirror` still need something to read: at least one element, two for `mirror`, whose period is `2*(n - 1)`. The time
 * axis of a recurrence is proved even under a pad: what is not computed yet is not outside, it is wrong.
 */
import type { Condition } from "../../analysis/condition.ts";
import { TRUE, all, atMost, less } from "../../analysis/condition.ts";
import { constant, sub } from "../../analysis/polynomial.ts";
import type { Verdict } from "../../analysis/prover.ts";
import type { Tensor } from "../../ir/equations.ts";
import type { Expr, Pad, Read } from "../../ir/expr.ts";
import { read } from "../../ir/expr.ts";
import { known } from "../../support/invariant.ts";
import type { Bounds } from "./bounds.ts";
import { UNBOUNDED } from "./bounds.ts";
import { boundsOver, proveAtCorners } from "./extremes.ts";
import type { AccessMethod } from "./proof.ts";
import { checkTime } from "./recurrences.ts";
import { refuseAccess, refuseEmptyPad, warnNoHalo } from "./refuse-access.ts";
import type { Outcome, Scope } from "./scope.ts";
import type { Place, Subscript } from "./shared.ts";
import { isHopeless } from "./shared.ts";
import { isInteger } from "./integers.ts";
import { joinBounds } from "./value-bounds.ts";

/** `0 <= y*s + r - p < H` */
function goalText(scope: Scope, s: Subscript): string {
  const { names } = scope.shared;
  return `${names.poly(s.lo)} <= ${names.operand(s.expr)} < ${names.poly(s.hi)}`;
}

/** `checked` has checked subscripts; `original` is the user's node, which stays if nothing changes. */
export function proveRead(checked: Read, original: Read, scope: Scope, place: Place): Read {
  if (isHopeless(scope.shared)) return checked;
  const { tensors, spans } = scope.shared;
  const own = spans.get(original);
  const tensor = known(tensors.get(checked.tensor), `the tensor ${checked.tensor}`);
  const subscripts = checked.index.map((expr, dim): Subscript => {
    const range = known(tensor.dims[dim], "a dim");
    return { tensor, dim, expr, value: scope.poly(expr), lo: scope.poly(range.lo), hi: scope.poly(range.hi) };
  });
  let guarded = false;
  let pad: Pad | null = null;
  for (const s of subscripts) {
    const isTime = place.group !== null && place.group.time === s.dim && place.group.members.has(tensor.id);
    if (isTime) checkTime(s, scope, place);
    const outcome = proveInside(s, scope);
    // Under a pad a subscript that is inside on this path only may as well be padded, but for the time axis.
    if (outcome.verdict.proved && (checked.pad === null || isTime || !outcome.guarded)) {
      record(scope, place, s, outcome.verdict.method, outcome.verdict, outcome.guarded);
      guarded ||= outcome.guarded;
    } else if (checked.pad !== null && !isTime) {
      pad = checked.pad;
      const onPath = checkPadded(s, checked.pad, scope, place);
      guarded ||= onPath;
      if (!outcome.verdict.proved) warnNoHalo(s, scope, place);
      record(scope, place, s, "pad", null, onPath);
    } else if (!outcome.verdict.proved) {
      refuseAccess(s, subscripts, scope, place);
    }
  }
  const result = sameRead(checked, original, pad, guarded)
    ? original
    : read(checked.type, checked.tensor, checked.index, { pad: withPad(checked.pad, pad), guarded });
  if (own !== undefined && !spans.has(result)) spans.set(result, own);
  learnElement(result, tensor, scope);
  return result;
}

/** A pad that no dim needs is dropped: the read is an ordinary one. */
function withPad(written: Pad | null, needed: Pad | null): Pad | null {
  return needed === null ? null : written;
}

function sameRead(checked: Read, original: Read, pad: Pad | null, guarded: boolean): boolean {
  const samePad = pad === null ? original.pad === null : samePads(pad, original.pad);
  return samePad && guarded === original.guarded && checked.index.every((x, i) => x === original.index[i]);
}

function samePads(a: Pad, b: Pad | null): boolean {
  return b !== null && a.kind === b.kind && (a.kind !== "value" || (b.kind === "value" && a.value === b.value));
}

/** The two sides, which may be proved in different ways. */
function proveInside(s: Subscript, scope: Scope): Outcome {
  return proveAtCorners(scope, inside(s));
}

function inside(s: Subscript): Condition {
  return all([atMost(s.lo, s.value), less(s.value, s.hi)]);
}

/** Is there something to read, and only on this path? */
function checkPadded(s: Subscript, pad: Pad, scope: Scope, place: Place): boolean {
  if (pad.kind === "value") return false;
  const least = pad.kind === "mirror" ? 2n : 1n;
  const { verdict, guarded } = scope.prove(atMost(constant(least), sub(s.hi, s.lo)));
  if (!verdict.proved) refuseEmptyPad(s, pad.kind, least, scope, place);
  return guarded;
}

function record(
  scope: Scope,
  place: Place,
  s: Subscript,
  method: AccessMethod,
  verdict: Verdict | null,
  guarded: boolean,
): void {
  const facts = verdict?.proved === true ? verdict.facts : [];
  const goal = goalText(scope, s);
  scope.shared.proofs.push({ tensor: s.tensor.name, span: place.span, dim: s.dim, goal, method, facts, guarded });
}

/** The element lies in the range of its tensor, or is what the pad gives. */
function learnElement(e: Read, tensor: Tensor, scope: Scope): void {
  if (!isInteger(e.type) || scope.knows(e)) return;
  const opaque = scope.shared.polys.opaque(known(scope.symbolOf(e), "the symbol of a read"));
  const bounds = e.pad?.kind === "value" ? paddedBounds(e.pad.value, tensor, scope) : elementBounds(tensor, scope);
  scope.learn(e, opaque?.meaning ?? TRUE, !e.guarded, bounds);
  if (e.pad?.kind === "value") learnThatRangeIsFilled(e, tensor, scope);
}

function elementBounds({ values }: Tensor, scope: Scope): Bounds {
  return values === null ? UNBOUNDED : { lower: scope.poly(values.lo), upper: sub(scope.poly(values.hi), constant(1)) };
}

/** The hull of the range and the pad's value, over dims alone: which of the two it is stands in the read's meaning. */
function paddedBounds(value: Expr, tensor: Tensor, scope: Scope): Bounds {
  if (tensor.values === null) return UNBOUNDED;
  const isDim = (id: string): boolean => scope.shared.dims.has(id);
  return joinBounds(scope, elementBounds(tensor, scope), boundsOver(scope, scope.poly(value), isDim));
}

/**
 * A parameter that has elements has a range type that they can be in: `ids: i32[N] in 0..V` with 0 < N gives 0 < V. Calls
 * check it; for other tensors it would be what is to be proved.
 */
function learnThatRangeIsFilled(e: Read, { id, dims, values }: Tensor, scope: Scope): void {
  if (values === null || !scope.shared.params.has(id)) return;
  const filled = scope.prove(all(dims.map((d) => less(scope.poly(d.lo), scope.poly(d.hi)))));
  if (filled.verdict.proved) scope.learn(e, less(scope.poly(values.lo), scope.poly(values.hi)), !filled.guarded);
}
