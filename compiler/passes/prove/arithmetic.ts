/**
 * Operations on integers: results that must not leave their dtype, divisors that must not be 0, shift amounts, casts;
 * and what is learned of results that are no polynomials (bits, products that are rounded, wrapped values). Index
 * arithmetic is exempt from overflow: it is mathematical, and checked against the target's limit at dispatch.
 */
import { TRUE, all, any, atMost, equal, not, notEqual, within } from "../../analysis/condition.ts";
import type { Interval } from "../../analysis/interval.ts";
import {
  ALL,
  absoluteInterval,
  addIntervals,
  contains,
  divideIntervals,
  interval,
  maximumInterval,
  minimumInterval,
  moduloIntervals,
  multiplyIntervals,
  negateInterval,
  subtractIntervals,
} from "../../analysis/interval.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { MINUS_ONE, ONE, ZERO, add, asConstant, constant, sub } from "../../analysis/polynomial.ts";
import type { IntDType } from "../../ir/dtype.ts";
import { DTYPES, dtypeRange } from "../../ir/dtype.ts";
import type { Apply, Cast, Expr } from "../../ir/expr.ts";
import { apply, constant as literal, select } from "../../ir/expr.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { OPS, doublingHighMultiply, isCoreOp } from "../../ir/ops.ts";
import { known } from "../../support/invariant.ts";
import type { Bounds } from "./bounds.ts";
import { UNBOUNDED } from "./bounds.ts";
import { refuseCast, refuseDivisor, refuseOverflow, refuseShift } from "./refuse-arithmetic.ts";
import type { Scope } from "./scope.ts";
import type { Place } from "./shared.ts";
import { isHopeless } from "./shared.ts";
import { proveBySizes } from "./extremes.ts";
import { fits, isIntDType, isInteger, typeBounds } from "./integers.ts";

/** The operands have been checked. A divisor that is not 0 on this path only is made harmless on the others. */
export function checkOperation(e: Apply, scope: Scope, place: Place): Expr {
  const first = known(e.args[0], "an operand").type;
  if (!isInteger(first) || !isCoreOp(e.op) || isHopeless(scope.shared)) return e;
  const safe = e.op === "floor_div" || e.op === "floor_mod" ? checkDivisor(e, scope, place) : e;
  if ((e.op === "shl" || e.op === "shr") && isIntDType(first)) checkShift(e, first, scope, place);
  rememberInterval(safe, scope);
  if (!isIntDType(e.type)) return safe;
  if (OPS[e.op].overflow === "prove") checkFits(safe, e.type, scope, place);
  learnResult(safe, e.type, scope);
  return safe;
}

function checkFits(e: Apply, type: IntDType, scope: Scope, place: Place): void {
  const p = scope.poly(e);
  if (!isInRange(p, type, scope)) refuseOverflow(scope, place, { e, value: p, type });
}

function isInRange(p: Poly, type: IntDType, scope: Scope): boolean {
  return isSurelyInRange(p, type, scope) || proveBySizes(scope, fits(p, type)).verdict.proved;
}

/** By intervals alone. */
function isSurelyInRange(p: Poly, type: IntDType, scope: Scope): boolean {
  const { min, max } = dtypeRange(type);
  return contains(interval(min, max), scope.interval(p));
}

const INTERVALS: Partial<Readonly<Record<CoreOp, (a: Interval, b: Interval) => Interval>>> = {
  add: addIntervals,
  sub: subtractIntervals,
  mul: multiplyIntervals,
  neg: negateInterval,
  floor_div: divideIntervals,
  floor_mod: moduloIntervals,
  min: minimumInterval,
  max: maximumInterval,
  abs: absoluteInterval,
};

/** `(x % 5) * (y % 5)` is below 17; as an expanded polynomial nothing shows it. */
function rememberInterval(e: Apply, scope: Scope): void {
  const rule = isCoreOp(e.op) ? INTERVALS[e.op] : undefined;
  if (rule === undefined || !isInteger(e.type)) return;
  const [a, b] = e.args.map((x) => scope.interval(scope.poly(x)));
  scope.remember(scope.poly(e), rule(known(a, "an operand"), b ?? ALL), e.op === "mul");
}

function checkDivisor(e: Apply, scope: Scope, place: Place): Apply {
  const [n, d] = [known(e.args[0], "a dividend"), known(e.args[1], "a divisor")];
  const divisor = scope.poly(d);
  const { verdict, guarded } = scope.prove(notEqual(divisor, ZERO));
  if (!verdict.proved) refuseDivisor(scope, place, d, divisor);
  if (!verdict.proved || !guarded) return e;
  const one = literal(d.type, d.type === "index" ? 1n : 1);
  const positive = scope.holds(atMost(ONE, divisor));
  const harmless = positive
    ? apply("max", d, one)
    : select(apply("eq", d, literal(d.type, d.type === "index" ? 0n : 0)), one, d, false);
  if (!positive) scope.learn(harmless, equal(scope.poly(harmless), divisor), false);
  return apply(e.op, n, harmless);
}

function checkShift(e: Apply, type: IntDType, scope: Scope, place: Place): void {
  const amount = known(e.args[1], "a shift amount");
  if (!isInteger(amount.type)) return;
  const p = scope.poly(amount);
  const bits = DTYPES[type].bits;
  if (!scope.holds(within(p, ZERO, constant(bits)))) refuseShift(scope, place, amount, p, bits);
}

/** The operand has been checked. */
export function checkCast(e: Cast, scope: Scope, place: Place): Expr {
  if (e.arg.type === "bool" && isIntDType(e.type)) {
    const self = scope.poly(e);
    const c = scope.condition(e.arg);
    const which = any([all([c, equal(self, ONE)]), all([not(c), equal(self, ZERO)])]);
    scope.learn(e, which, true, { lower: ZERO, upper: ONE });
    return e;
  }
  if (!isIntDType(e.type)) return e;
  if (!isInteger(e.arg.type)) {
    scope.learn(e, TRUE, true, typeBounds(e.type));
    return e;
  }
  const p = scope.poly(e.arg);
  if (e.mode === "exact" && !isInRange(p, e.type, scope)) refuseCast(scope, place, { e, value: p, type: e.type });
  if (e.mode === "wrap" || e.mode === "bits") learnWrapped(e, p, e.type, scope);
  return e;
}

/**
 * A wrapped value is the value itself where that is in range; else the dtype's range is all that is known. Intervals
 * decide: nothing is refused here, and where a sum shall wrap a search for a proof would be in vain.
 */
function learnWrapped(e: Expr, exact: Poly, type: IntDType, scope: Scope): void {
  if (scope.knows(e)) return;
  scope.learn(e, TRUE, true, typeBounds(type));
  if (isSurelyInRange(exact, type, scope)) learnEqual(e, exact, scope.isBare, scope);
}

type Learn = (e: Apply, args: readonly [Poly, Poly], type: IntDType, scope: Scope) => void;

/** Results that are symbols: what they are, or between what ends. */
const LEARN: Partial<Readonly<Record<CoreOp, Learn>>> = {
  wrapping_add: (e, [a, b], type, scope) => learnWrapped(e, add(a, b), type, scope),
  wrapping_sub: (e, [a, b], type, scope) => learnWrapped(e, sub(a, b), type, scope),
  wrapping_mul: (e, [a, b], type, scope) => learnWrapped(e, scope.shared.polys.atoms.product(a, b), type, scope),
  shl: (e, [x, by], type, scope) =>
    learnWrapped(e, scope.shared.polys.atoms.product(x, powerOfTwo(scope, by)), type, scope),
  // A shift that is too long has no quotient; on this path it is not.
  shr: (e, [x, by], _, scope) =>
    learnEqual(e, scope.shared.polys.atoms.floorDiv(x, powerOfTwo(scope, by)), scope.isBare, scope),
  bit_not: (e, [x], type, scope) =>
    learnEqual(e, sub(DTYPES[type].signed ? MINUS_ONE : constant(dtypeRange(type).max), x), true, scope),
  bit_and: (e, [a, b], type, scope) => learnMasked(e, a, b, type, scope),
  bit_or: (e, [a, b], type, scope) => learnCombinedBits(e, a, b, type, scope),
  bit_xor: (e, [a, b], type, scope) => learnCombinedBits(e, a, b, type, scope),
  popcount: (e, _, type, scope) => scope.learn(e, TRUE, true, { lower: ZERO, upper: constant(DTYPES[type].bits) }),
  doubling_high_multiply: (e, [a, b], _, scope) =>
    scope.learn(e, TRUE, scope.isBare, highProduct(scope.interval(a), scope.interval(b))),
};

function learnResult(e: Apply, type: IntDType, scope: Scope): void {
  if (!isCoreOp(e.op) || scope.knows(e)) return;
  const [a, b] = e.args.map((x) => scope.poly(x));
  LEARN[e.op]?.(e, [known(a, "an operand"), b ?? ZERO], type, scope);
}

function learnEqual(e: Expr, value: Poly, always: boolean, scope: Scope): void {
  scope.learn(e, equal(scope.poly(e), value), always, { lower: value, upper: value });
}

function powerOfTwo(scope: Scope, amount: Poly): Poly {
  return scope.shared.polys.atoms.exponential(2n, amount);
}

/** `bit_and(x, 2^k - 1)` is `x % 2^k`, of negative numbers too; other masks that are not negative bound the result. */
function learnMasked(e: Apply, a: Poly, b: Poly, type: IntDType, scope: Scope): void {
  for (const [x, mask] of [
    [a, asConstant(b)],
    [b, asConstant(a)],
  ] as const) {
    if (mask === null || mask < 0n) continue;
    const isLowBits = (mask & (mask + 1n)) === 0n;
    if (isLowBits) {
      scope.learn(e, equal(scope.poly(e), scope.shared.polys.atoms.mod(x, constant(mask + 1n))), true);
    }
    scope.learn(e, TRUE, true, { lower: ZERO, upper: constant(mask) });
    return;
  }
  scope.learn(e, TRUE, true, typeBounds(type));
  const positive = [a, b].filter((x) => scope.isAtMost(ZERO, x));
  const [first] = positive;
  if (first === undefined) return;
  const most = positive.map((x) => atMost(scope.poly(e), x));
  scope.learn(e, all(most), scope.isBare, { lower: ZERO, upper: first });
}

/** Of two numbers that are not negative, or and xor are at most their sum and below the next power of two. */
function learnCombinedBits(e: Apply, a: Poly, b: Poly, type: IntDType, scope: Scope): void {
  scope.learn(e, TRUE, true, typeBounds(type));
  if (!scope.isAtMost(ZERO, a) || !scope.isAtMost(ZERO, b)) return;
  const [p, q] = [scope.interval(a).upper, scope.interval(b).upper];
  const widest = p === null || q === null ? null : p > q ? p : q;
  const full = widest === null ? null : constant((1n << BigInt(widest.toString(2).length)) - 1n);
  scope.learn(e, atMost(scope.poly(e), add(a, b)), scope.isBare, { lower: ZERO, upper: full });
}

function endsOf({ lower, upper }: Interval): readonly bigint[] {
  return lower === null || upper === null ? [] : [lower, upper];
}

/** The product is greatest and least at the corners of the box, and rounding keeps the order. */
function highProduct(a: Interval, b: Interval): Bounds {
  const corners = endsOf(a).flatMap((x) => endsOf(b).map((y) => doublingHighMultiply(x, y)));
  const [first] = corners;
  if (first === undefined) return UNBOUNDED;
  const box = corners.reduce(
    (hull, x) => interval(x < (hull.lower ?? x) ? x : hull.lower, x > (hull.upper ?? x) ? x : hull.upper),
    interval(first, first),
  );
  return {
    lower: box.lower === null ? null : constant(box.lower),
    upper: box.upper === null ? null : constant(box.upper),
  };
}
