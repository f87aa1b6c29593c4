/**
 * References for f64: the transcendental functions of finite operands to a relative error below 2^-100, which is 2^-47 ulp.
 * Series in fixed point after a reduction by identities; logarithms and arc tangents by one Newton step from a double; small
 * arguments by series that keep their relative precision. Checked against identities and known digits in
 * test/unit/precise-math.test.ts.
 */
import type { DerivedOp } from "../../compiler/ir/derived-ops.ts";
import type { BigFloat } from "./big-float.ts";
import {
  abs,
  add,
  big,
  divide,
  exponentOf,
  fixed,
  mul,
  neg,
  PRECISION,
  scale,
  sqrt,
  sub,
  toNumber,
} from "./big-float.ts";

const P = BigInt(PRECISION);
const ONE = 1n << P;
const unit = (m: bigint): BigFloat => ({ m, e: -PRECISION });
const one = big(1);

/** Bits of the constants: an f64 reduced by pi / 2 needs 1024 before the point of x / pi, and as many of pi. */
const LONG = 1500n;

function arctanInverse(n: bigint): bigint {
  let [term, sum, k] = [(1n << LONG) / n, 0n, 1n];
  for (; term !== 0n; term /= n * n, k += 2n) sum += k % 4n === 1n ? term / k : -(term / k);
  return sum;
}

function arctanhInverse(n: bigint): bigint {
  let [term, sum, k] = [(1n << LONG) / n, 0n, 1n];
  for (; term !== 0n; term /= n * n, k += 2n) sum += term / k;
  return sum;
}

/** Machin's formula, and 2·atanh(1/3). */
const LONG_PI = 4n * (4n * arctanInverse(5n) - arctanInverse(239n));
const PI: BigFloat = { m: LONG_PI >> (LONG - 300n), e: -300 };
const LN2: BigFloat = { m: (2n * arctanhInverse(3n)) >> (LONG - 300n), e: -300 };

/** Does a series of a few terms have all bits? */
const isTiny = (x: BigFloat): boolean => x.m === 0n || exponentOf(x) < -24;

/** x·(c0 + c1·x^step + c2·x^2step + …), the coefficients as quotients; for tiny x. */
function tinySeries(x: BigFloat, step: 1 | 2, coefficients: readonly (readonly [number, number])[]): BigFloat {
  const power = step === 1 ? x : mul(x, x);
  let sum = big(0);
  for (const [p, q] of coefficients.toReversed()) sum = add(mul(sum, power), divide(big(p), big(q)));
  return mul(x, sum);
}

/** e^x of |x| < 2^12: e^(r / 256) by its series, and eight squarings. */
export function exp(x: BigFloat): BigFloat {
  const n = Math.round(toNumber(x) / Math.LN2);
  const r = sub(x, mul(LN2, big(n)));
  const small = fixed(r, PRECISION + 24);
  const bits = P + 32n;
  let [term, sum] = [1n << bits, 1n << bits];
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    term = ((term * small) >> bits) / k;
    sum += term;
  }
  for (let k = 0; k < 8; k++) sum = (sum * sum) >> bits;
  return { m: sum, e: n - PRECISION - 32 };
}

export function expm1(x: BigFloat): BigFloat {
  if (!isTiny(x)) return sub(exp(x), one);
  return tinySeries(
    x,
    1,
    [1, 2, 6, 24, 120, 720, 5040].map((q) => [1, q]),
  );
}

/** ln x for x > 0. */
export function log(x: BigFloat): BigFloat {
  const near = exponentOf(x);
  const k = toNumber(scale(x, -near)) > 1.42 ? near + 1 : near;
  const f = scale(x, -k);
  const guess = big(Math.log(toNumber(f)));
  const t = sub(mul(f, exp(neg(guess))), one);
  const step = sub(t, sub(scale(mul(t, t), -1), divide(mul(mul(t, t), t), big(3))));
  return add(mul(LN2, big(k)), add(guess, step));
}

export function log1p(x: BigFloat): BigFloat {
  if (!isTiny(x)) return log(add(one, x));
  return tinySeries(
    x,
    1,
    [1, -2, 3, -4, 5, -6, 7].map((q) => [1, q]),
  );
}

/** Sine and cosine of r in fixed point, |r| < 1; the sine divided by r. */
function sinOverAndCos(r: bigint): { readonly sinOver: bigint; readonly cos: bigint } {
  const square = (r * r) >> P;
  let [sinOver, cos, term] = [ONE, ONE, ONE];
  for (let k = 1n; term !== 0n && term !== -1n; k += 2n) {
    term = -((term * square) >> P) / (k * (k + 1n));
    cos += term;
    sinOver += term / (k + 2n);
  }
  return { sinOver, cos };
}

/** Sine and cosine of any x. */
export function sinCos(x: BigFloat): { readonly sin: BigFloat; readonly cos: BigFloat } {
  const large = exponentOf(x) > 40;
  const [pi, bits] = large ? [LONG_PI, LONG] : [LONG_PI >> (LONG - 400n), 400n];
  const whole = large || exponentOf(x) > -40 ? fixed(x, Number(bits)) : 0n;
  const quarters = (4n * whole + pi) / (2n * pi) - (4n * whole + pi < 0n ? 1n : 0n);
  const r = quarters === 0n ? x : { m: 2n * whole - quarters * pi, e: -Number(bits) - 1 };
  const { sinOver, cos: c } = sinOverAndCos(fixed(r, PRECISION));
  const [s0, c0] = [mul(r, unit(sinOver)), unit(c)];
  const quadrant = Number(((quarters % 4n) + 4n) % 4n);
  const [sin, cos] = quadrant % 2 === 0 ? [s0, c0] : [c0, s0];
  return { sin: quadrant >= 2 ? neg(sin) : sin, cos: quadrant === 1 || quadrant === 2 ? neg(cos) : cos };
}

export function atan(x: BigFloat): BigFloat {
  if (x.m < 0n) return neg(atan(neg(x)));
  if (isTiny(x))
    return tinySeries(
      x,
      2,
      [1, -3, 5, -7, 9].map((q) => [1, q]),
    );
  if (toNumber(x) > 1) return sub(scale(PI, -1), atan(divide(one, x)));
  const guess = big(Math.atan(toNumber(x)));
  const { sin, cos } = sinCos(guess);
  const t = divide(sub(mul(x, cos), sin), add(cos, mul(x, sin)));
  return add(guess, sub(t, divide(mul(mul(t, t), t), big(3))));
}

function atan2(y: BigFloat, x: BigFloat): BigFloat {
  if (x.m === 0n) return y.m < 0n ? neg(scale(PI, -1)) : scale(PI, -1);
  const near = atan(divide(abs(y), abs(x)));
  const angle = x.m < 0n ? sub(PI, near) : near;
  return y.m < 0n ? neg(angle) : angle;
}

/** √(1 - x²) for |x| <= 1. */
const otherSide = (x: BigFloat): BigFloat => sqrt(mul(sub(one, x), add(one, x)));

/** By its Maclaurin series, whose terms are below 2^70; from 7 on 1 to 2^-70. */
export function erf(x: BigFloat): BigFloat {
  if (exponentOf(x) > 4 || Math.abs(toNumber(x)) > 7) return x.m < 0n ? big(-1) : one;
  const bits = P + 90n;
  const square = fixed(mul(x, x), Number(bits));
  let [term, sum] = [1n << bits, 1n << bits];
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = -((term * square) >> bits) / n;
    sum += term / (2n * n + 1n);
  }
  return divide(scale(mul(x, { m: sum, e: -Number(bits) }), 1), sqrt(PI));
}

function sinh(x: BigFloat): BigFloat {
  if (isTiny(x))
    return tinySeries(
      x,
      2,
      [1, 6, 120, 5040].map((q) => [1, q]),
    );
  return scale(sub(exp(x), exp(neg(x))), -1);
}

function tanh(x: BigFloat): BigFloat {
  if (exponentOf(x) > 6) return x.m < 0n ? big(-1) : one;
  const t = expm1(scale(x, 1));
  return divide(t, add(t, big(2)));
}

function asinh(x: BigFloat): BigFloat {
  if (x.m < 0n) return neg(asinh(neg(x)));
  if (isTiny(x))
    return tinySeries(x, 2, [
      [1, 1],
      [-1, 6],
      [3, 40],
      [-15, 336],
      [105, 3456],
    ]);
  return log(add(x, sqrt(add(mul(x, x), one))));
}

function atanh(x: BigFloat): BigFloat {
  if (isTiny(x))
    return tinySeries(
      x,
      2,
      [1, 3, 5, 7, 9].map((q) => [1, q]),
    );
  return scale(log(divide(add(one, x), sub(one, x))), -1);
}

function exp2(x: BigFloat): BigFloat {
  const n = Math.round(toNumber(x));
  return scale(exp(mul(sub(x, big(n)), LN2)), n);
}

/** |x|^y; y·ln|x| is in the range of exp. */
function pow(x: BigFloat, y: BigFloat): BigFloat {
  return exp(mul(y, log(abs(x))));
}

const tooLarge: BigFloat = { m: 1n, e: 5000 };
const tooSmall: BigFloat = { m: 1n, e: -5000 };

/** What `f` gives where the result is within 2^±2000, else something of that side. */
function bounded(estimate: number, f: () => BigFloat): BigFloat {
  if (estimate > 2000) return tooLarge;
  return estimate < -2000 ? tooSmall : f();
}

/**
 * The function of finite operands where it has a finite, true value that is not 0; pow's sign is not given. fmod is exact in
 * JavaScript, and so is in no need of this.
 */
export const PRECISE: Readonly<Record<Exclude<DerivedOp, "fmod">, (x: BigFloat, y: BigFloat) => BigFloat>> = {
  exp: (x) => bounded(toNumber(x), () => exp(x)),
  exp2: (x) => bounded(toNumber(x), () => exp2(x)),
  expm1: (x) => (toNumber(x) < -200 ? big(-1) : bounded(toNumber(x), () => expm1(x))),
  log,
  log2: (x) => divide(log(x), LN2),
  log1p,
  tanh,
  sigmoid: (x) =>
    bounded(Math.min(toNumber(x), 0), () => divide(one, add(one, exp(toNumber(x) > 1000 ? big(-1000) : neg(x))))),
  erf,
  rsqrt: (x) => divide(one, sqrt(x)),
  sin: (x) => sinCos(x).sin,
  cos: (x) => sinCos(x).cos,
  tan: (x) => divide(sinCos(x).sin, sinCos(x).cos),
  asin: (x) => (abs(x).m === 0n ? x : toNumber(abs(x)) === 1 ? mul(x, scale(PI, -1)) : atan(divide(x, otherSide(x)))),
  acos: (x) => atan2(otherSide(x), x),
  atan,
  atan2,
  sinh: (x) => {
    const magnitude = bounded(toNumber(abs(x)), () => sinh(abs(x)));
    return x.m < 0n ? neg(magnitude) : magnitude;
  },
  cosh: (x) => bounded(toNumber(abs(x)), () => scale(add(exp(x), exp(neg(x))), -1)),
  asinh,
  acosh: (x) => log(add(x, sqrt(mul(sub(x, one), add(x, one))))),
  atanh,
  pow: (x, y) => bounded(toNumber(mul(y, log(abs(x)))), () => pow(x, y)),
};
