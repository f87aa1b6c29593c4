/**
 * exp, exp2, expm1, tanh and sigmoid. All reduce by a multiple of ln 2 in two parts (Cody & Waite 1980): the
 * leading part has 15 bits (in f64 42), so its product with the multiplier is exact and no fused multiply-add is needed.
 *
 * Results below the normals and overflow come from scaling twice: the reduction is by an even multiple 2h, so
 * |r| <= ln 2 and the result is p(r)·2^h·2^h, where 2^h is always normal and only the last product rounds. One degree
 * more in p is cheaper than telling the cases apart. Coefficients: minimax fits, rounded one after the other, of relative
 * error 2^-26 (in f64 2^-55) and below.
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atLeast, atMost, LAYOUTS, polynomial, powerOfTwo, withSignOf } from "./arithmetic.ts";

/** ln 2 = LN2_HIGH + LN2_LOW; the first has 15 bits, in f64 42. */
export const LN2_HIGH = { f32: 0.693145751953125, f64: 0.6931471805598903 };
export const LN2_LOW = { f32: 1.4286068e-6, f64: 5.497923018708371e-14 };

/** On |r| <= ln 2, relative error 2^-26. */
const EXP = {
  f32: [1, 1, 0.50000036, 0.16666616, 0.04166121, 0.008335999, 0.001410528, 0.00019623597],
  f64: [
    1, 1, 0.5, 0.16666666666666655, 0.041666666666666866, 0.008333333333337765, 0.0013888888888848444,
    0.0001984126983595046, 2.4801587331260306e-5, 2.755732226530953e-6, 2.7557309417968165e-7, 2.505121068315358e-8,
    2.0878156989097782e-9, 1.6191098198951815e-10, 1.1427783216452972e-11,
  ],
};
/** On |r| <= 1, relative error 2^-26. */
const EXP2 = {
  f32: [1, 0.69314724, 0.24022669, 0.055503663, 0.00961684, 0.0013341657, 0.00015645806, 1.4919718e-5],
  f64: [
    1,
    Math.LN2,
    0.2402265069591007,
    0.055504108664821486,
    0.00961812910762862,
    0.0013333558146438724,
    0.00015403530393289595,
    1.5252733798987345e-5,
    1.321548681679778e-6,
    1.0178087284772131e-7,
    7.0549078126278415e-9,
    4.44536743600543e-10,
    2.5680936697331732e-11,
    1.3807480087642205e-12,
    6.734843394636303e-14,
  ],
};
/** On |r| <= ln 2 / 2, relative error 2^-28. */
const EXP_NARROW = {
  f32: [1, 1, 0.49999994, 0.16666521, 0.04166829, 0.008368704, 0.0013818945],
  f64: [
    1, 1, 0.5, 0.16666666666666677, 0.04166666666666668, 0.008333333333321431, 0.0013888888888876746,
    0.00019841269886564238, 2.480158734202322e-5, 2.7557243817979766e-6, 2.755725802521735e-7, 2.510915989089397e-8,
    2.091985517482232e-9,
  ],
};
/** (e^r - 1 - r) / r² on |r| <= ln 2 / 2; relative error of e^r - 1 2^-26. */
const EXPM1 = {
  f32: [0.49999997, 0.16666545, 0.041667446, 0.008366451, 0.0013869709],
  f64: [
    0.5, 0.16666666666666677, 0.04166666666666668, 0.008333333333321431, 0.0013888888888876746, 0.00019841269886564238,
    2.480158734202322e-5, 2.7557243817979766e-6, 2.755725802521735e-7, 2.510915989089397e-8, 2.091985517482232e-9,
  ],
};
/** (tanh x / x - 1) / x² in x², |x| <= 0.26; relative error of tanh 2^-27. */
const TANH = {
  f32: [-0.3333321, 0.13322335, -0.051180605],
  f64: [
    -0.33333333333333326, 0.13333333333329542, -0.05396825396206979, 0.021869488046582498, -0.008863214029756136,
    0.003591576053722826, -0.0014475702671736602, 0.0005226828315169647,
  ],
};

/** Below the first, the power of e rounds to 0, above the second to infinity; for 2 likewise. */
const EXP_RANGE = { f32: [-104, 89], f64: [-746, 710] } as const;
export const EXP2_RANGE = { f32: [-151, 129], f64: [-1076, 1025] } as const;
/** Below it, e^x - 1 rounds to -1; below the second, |e^x - 1| to x. */
const EXPM1_LEAST = { f32: -18, f64: -38 };
const EXPM1_TINY = { f32: 2 ** -25, f64: 2 ** -54 };
/** tanh of half of it rounds to 1. */
const TANH_ONE = { f32: 20, f64: 40 };

/** e^x = p·2^(2h) for x in EXP_RANGE, or NaN. */
function expParts<F, I, B>(m: Arithmetic<F, I, B>, x: F): { readonly p: F; readonly h: F } {
  // A little less, so that r > -ln 2: below p = 1/2 the units of the result would be half as large.
  const h = m.round(m.fma(x, m.float(Math.LOG2E / 2), m.float(-(2 ** -16))));
  const r = m.fma(h, m.float(-2 * LN2_LOW[m.format]), m.fma(h, m.float(-2 * LN2_HIGH[m.format]), x));
  return { p: polynomial(m, r, EXP), h };
}

/** p · 2^(2h), rounded once. */
function scaleTwice<F, I, B>(m: Arithmetic<F, I, B>, p: F, h: F): F {
  const scale = powerOfTwo(m, h);
  return m.mul(m.mul(p, scale), scale);
}

export function exp<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const [least, most] = EXP_RANGE[m.format];
  const { p, h } = expParts(m, atMost(m, atLeast(m, x, least), most));
  return scaleTwice(m, p, h);
}

/** e^x / 2 for x >= 0, finite where e^x is no longer. */
export function halfExp<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { p, h } = expParts(m, atMost(m, x, EXP_RANGE[m.format][1] + 1));
  const scale = powerOfTwo(m, h);
  return m.mul(m.mul(p, scale), m.mul(scale, m.float(0.5)));
}

export function exp2<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const [least, most] = EXP2_RANGE[m.format];
  const y = atMost(m, atLeast(m, x, least), most);
  const h = m.round(m.mul(y, m.float(0.5)));
  return exp2OfParts(m, h, m.fma(h, m.float(-2), y));
}

/** 2^(2h + r), |r| <= 1, for a whole h; the power is in EXP2_RANGE. */
export function exp2OfParts<F, I, B>(m: Arithmetic<F, I, B>, h: F, r: F): F {
  return scaleTwice(m, polynomial(m, r, EXP2), h);
}

/**
 * 2^n·(e^r - 1) + (2^n - 1). Near x = ln 2 / 2 the two cancel by half, so what r lost in rounding is kept (`lost`); at half
 * the scale 2^128 stays finite. Tiny x, of which half may not be a float, are their own result.
 */
export function expm1<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const y = atMost(m, atLeast(m, x, EXPM1_LEAST[m.format]), EXP_RANGE[m.format][1]);
  const n = m.round(m.mul(y, m.float(Math.LOG2E)));
  const high = m.fma(n, m.float(-LN2_HIGH[m.format]), y);
  const low = m.mul(n, m.float(LN2_LOW[m.format]));
  const r = m.sub(high, low);
  const lost = m.sub(m.sub(high, r), low);
  const curved = m.fma(m.mul(r, r), polynomial(m, r, EXPM1), lost);
  const half = powerOfTwo(m, n, -1);
  const straight = m.fma(half, r, m.sub(half, m.float(0.5)));
  const result = m.mul(m.fma(half, curved, straight), m.float(2));
  return m.select(m.less(m.abs(x), m.float(EXPM1_TINY[m.format])), x, result);
}

/** Small |x|: an odd polynomial. Above: t / (t + 2) with t = e^2|x| - 1, where both divisions' operands round little. */
export function tanh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const square = m.mul(a, a);
  const near = m.fma(m.mul(square, a), polynomial(m, square, TANH), a);
  const y = atMost(m, m.mul(a, m.float(2)), TANH_ONE[m.format]);
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
  const e = expOfNegative(m, atLeast(m, m.sub(m.float(0), m.abs(x)), EXP_RANGE[m.format][0]));
  const one = m.float(1);
  const first = m.select(m.less(x, m.float(0)), e, one);
  return m.sub(first, m.mul(first, m.divide(e, m.add(one, e))));
}

/**
 * e^x for x <= 0 in EXP_RANGE, more exact than exp: |r| <= ln 2 / 2, and the result is p·2^h·2^(n - h) with h about n / 2. In
 * integers, n + 2·bias = 2h or 2h + 1, and each half is the exponent field of its factor.
 */
function expOfNegative<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const n = m.round(m.mul(x, m.float(Math.LOG2E)));
  const r = m.fma(n, m.float(-LN2_LOW[m.format]), m.fma(n, m.float(-LN2_HIGH[m.format]), x));
  const p = polynomial(m, r, EXP_NARROW);
  const { shifter, bias, fraction } = LAYOUTS[m.format];
  const exponent = m.bitsOf(m.add(n, m.float(shifter + 2 * bias)));
  const half = m.shiftRight(exponent, 1);
  const first = m.fromBits(m.shiftLeft(half, fraction));
  const second = m.fromBits(m.shiftLeft(m.subInt(exponent, half), fraction));
  return m.mul(m.mul(p, first), second);
}
