/**
 * exp, exp2, expm1, tanh and sigmoid in f32. All reduce by a multiple of ln 2 in two parts (Cody & Waite 1980): the
 * leading part has 15 bits, so its product with the multiplier is exact and no fused multiply-add is needed.
 *
 * Results below the normals and overflow come from scaling twice: the reduction is by an even multiple 2h, so
 * |r| <= ln 2 and the result is p(r)·2^h·2^h, where 2^h is always normal and only the last product rounds. One degree
 * more in p is cheaper than telling the cases apart. Coefficients: minimax fits, rounded to f32 one after the other, of
 * relative error 2^-26 and below.
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atLeast, atMost, polynomial, powerOfTwo, withSignOf } from "./arithmetic.ts";

/** ln 2 = LN2_HIGH + LN2_LOW; the first has 15 bits. */
export const LN2_HIGH = 0.693145751953125;
export const LN2_LOW = 1.4286068e-6;

/** On |r| <= ln 2, relative error 2^-26. */
const EXP = [1, 1, 0.50000036, 0.16666616, 0.04166121, 0.008335999, 0.001410528, 0.00019623597];
/** On |r| <= 1, relative error 2^-26. */
const EXP2 = [1, 0.69314724, 0.24022669, 0.055503663, 0.00961684, 0.0013341657, 0.00015645806, 1.4919718e-5];
/** On |r| <= ln 2 / 2, relative error 2^-28. */
const EXP_NARROW = [1, 1, 0.49999994, 0.16666521, 0.04166829, 0.008368704, 0.0013818945];
/** (e^r - 1 - r) / r² on |r| <= ln 2 / 2; relative error of e^r - 1 2^-26. */
const EXPM1 = [0.49999997, 0.16666545, 0.041667446, 0.008366451, 0.0013869709];
/** (tanh x / x - 1) / x² in x², |x| <= 0.26; relative error of tanh 2^-27. */
const TANH = [-0.3333321, 0.13322335, -0.051180605];

/** x between -104 (below: 0) and 89 (above: inf), or NaN. */
function expWithin<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  // A little less, so that r > -ln 2: below p = 1/2 the units of the result would be half as large.
  const h = m.round(m.fma(x, m.float(Math.LOG2E / 2), m.float(-(2 ** -16))));
  const r = m.fma(h, m.float(-2 * LN2_LOW), m.fma(h, m.float(-2 * LN2_HIGH), x));
  return scaleTwice(m, polynomial(m, r, EXP), h);
}

/** p · 2^(2h), rounded once. */
function scaleTwice<F, I, B>(m: Arithmetic<F, I, B>, p: F, h: F): F {
  const scale = powerOfTwo(m, h);
  return m.mul(m.mul(p, scale), scale);
}

export function exp<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return expWithin(m, atMost(m, atLeast(m, x, -104), 89));
}

export function exp2<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const y = atMost(m, atLeast(m, x, -151), 129);
  const h = m.round(m.mul(y, m.float(0.5)));
  return exp2OfParts(m, h, m.fma(h, m.float(-2), y));
}

/** 2^(2h + r), |r| <= 1, for a whole h in -76..65. */
export function exp2OfParts<F, I, B>(m: Arithmetic<F, I, B>, h: F, r: F): F {
  return scaleTwice(m, polynomial(m, r, EXP2), h);
}

/**
 * 2^n·(e^r - 1) + (2^n - 1). Near x = ln 2 / 2 the two cancel by half, so what r lost in rounding is kept (`lost`); at half
 * the scale 2^128 stays finite. Tiny x, of which half may not be a float, are their own result.
 */
export function expm1<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const y = atMost(m, atLeast(m, x, -18), 89);
  const n = m.round(m.mul(y, m.float(Math.LOG2E)));
  const high = m.fma(n, m.float(-LN2_HIGH), y);
  const low = m.mul(n, m.float(LN2_LOW));
  const r = m.sub(high, low);
  const lost = m.sub(m.sub(high, r), low);
  const curved = m.fma(m.mul(r, r), polynomial(m, r, EXPM1), lost);
  const half = powerOfTwo(m, n, -1);
  const straight = m.fma(half, r, m.sub(half, m.float(0.5)));
  const result = m.mul(m.fma(half, curved, straight), m.float(2));
  return m.select(m.less(m.abs(x), m.float(2 ** -25)), x, result);
}

/** Small |x|: an odd polynomial. Above: t / (t + 2) with t = e^2|x| - 1, where both divisions' operands round little. */
export function tanh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const square = m.mul(a, a);
  const near = m.fma(m.mul(square, a), polynomial(m, square, TANH), a);
  // From 9.02 on tanh rounds to 1, and so does the quotient at 10.
  const y = atMost(m, m.mul(a, m.float(2)), 20);
  const n = m.round(m.mul(y, m.float(Math.LOG2E)));
  const r = m.fma(n, m.float(-Math.LN2), y);
  const p = m.fma(m.mul(r, r), polynomial(m, r, EXPM1), r);
  const scale = powerOfTwo(m, n);
  const t = m.fma(scale, p, m.sub(scale, m.float(1)));
  const far = m.divide(t, m.add(t, m.float(2)));
  return withSignOf(m, m.select(m.less(a, m.float(0.26)), near, far), x);
}

/**
 * With e = e^-|x| and q = e / (1 + e): e - e·q where x is negative (e / (1 + e) would double the error of 1 + e
 * below a power of two), else 1 - q.
 */
export function sigmoid<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const e = expOfNegative(m, atLeast(m, m.sub(m.float(0), m.abs(x)), -104));
  const one = m.float(1);
  const first = m.select(m.less(x, m.float(0)), e, one);
  return m.sub(first, m.mul(first, m.divide(e, m.add(one, e))));
}

/**
 * e^x for -104 <= x <= 0, more exact than exp: |r| <= ln 2 / 2, and the result is p·2^h·2^(n - h) with h about n / 2. In
 * integers, n + 254 = 2h or 2h + 1, and each half is the exponent field of its factor.
 */
function expOfNegative<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const n = m.round(m.mul(x, m.float(Math.LOG2E)));
  const r = m.fma(n, m.float(-LN2_LOW), m.fma(n, m.float(-LN2_HIGH), x));
  const p = polynomial(m, r, EXP_NARROW);
  const exponent = m.bitsOf(m.add(n, m.float(12582912 + 254)));
  const half = m.shiftRight(exponent, 1);
  const first = m.fromBits(m.shiftLeft(half, 23));
  const second = m.fromBits(m.shiftLeft(m.subInt(exponent, half), 23));
  return m.mul(m.mul(p, first), second);
}
