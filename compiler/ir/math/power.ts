/**
 * rsqrt and pow. pow is 2^(y·log2|x|) with the logarithm as an unevaluated sum of two floats, good to about 2^-29
 * of itself (in f64 2^-66): y may multiply it by as much as it takes to reach 128, so its relative error is what counts. Products
 * are made exact by cutting factors to 12 bits, in f64 26 (the scheme of e_powf in FreeBSD's msun, without its table).
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atLeast, atMost, LAYOUTS, leadingBits, polynomial, signBit } from "./arithmetic.ts";
import { EXP2_RANGE, exp2OfParts } from "./exponential.ts";
import { splitFloat } from "./logarithm.ts";

/** 2 / ln 2 = SCALE_HIGH + SCALE_LOW; the first has 12 bits, in f64 26. */
const SCALE_HIGH = { f32: 2.884765625, f64: 2.8853901028633118 };
const SCALE_LOW = { f32: 0.0006244568, f64: -2.1085384952858276e-8 };
const SCALE = { f32: 2.8853901, f64: 2.8853900817779268 };
/** log2 1.5 = LOG2_THREE_HALVES_HIGH + …_LOW; the first has 10 bits, in f64 25. */
const LOG2_THREE_HALVES_HIGH = { f32: 0.5849609375, f64: 0.5849624872207642 };
const LOG2_THREE_HALVES_LOW = { f32: 1.5632212e-6, f64: 1.350039202129749e-8 };
/** The bits of √3 / 2. */
const HALF_ROOT_THREE = { f32: 0x3f5db3d7, f64: 0x3febb67ae8584caan };
/** (atanh(s) / s - 1) / s² in s², on |s| <= 0.1025; in f64 (atanh(s) / s - 1 - s²/3) / s⁴, as s³/3 is added apart. */
const ATANH = {
  f32: [0.33333334, 0.19998997, 0.14488198],
  f64: [
    0.2, 0.14285714285712967, 0.1111111111193134, 0.09090908831095375, 0.07692353741911641, 0.06662044516778129,
    0.06127346467769124,
  ],
};
/** 2 / (3 ln 2) = CUBE_HIGH + CUBE_LOW; the first has 26 bits. */
const CUBE_HIGH = 0.9617967009544373;
const CUBE_LOW = -7.028461650952758e-9;
/** Past this every power is 0, 1 or infinite: |log2| of a float that is not 1 is at least 2^-24, in f64 2^-53. */
const LARGEST_EXPONENT = { f32: 2 ** 33, f64: 2 ** 64 };

/** The value is high + low; high has 12 bits, in f64 26. */
type Double<F> = { readonly high: F; readonly low: F };

export function rsqrt<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return m.divide(m.float(1), m.sqrt(x));
}

/**
 * log2 of a finite x > 0, with a significand c in √3/2 .. √3: exponent + log2(centre) + 2/ln 2·atanh(s), where the centre is
 * 1 or 3/2 and s = (c - centre) / (c + centre), |s| < 0.102: so the part of atanh that is only rounded once is small.
 */
function log2Double<F, I, B>(m: Arithmetic<F, I, B>, x: F): Double<F> {
  const { exponent, significand } = splitFloat(m, x, HALF_ROOT_THREE[m.format]);
  const low = m.less(significand, m.float(Math.sqrt(1.5)));
  const choose = (ifOne: number, ifThreeHalves: number): F => m.select(low, m.float(ifOne), m.float(ifThreeHalves));
  const centre = choose(1, 1.5);
  const numerator = m.sub(significand, centre);
  const denominator = m.add(significand, centre);
  const inverse = m.divide(m.float(1), denominator);
  const s = m.mul(numerator, inverse);
  const high = leadingBits(m, s);
  // What high misses: (numerator - high·(c + centre)) / (c + centre), the sum being its leading bits and an exact rest.
  const cut = leadingBits(m, denominator);
  const uncut = m.sub(significand, m.sub(cut, centre));
  const missing = m.sub(m.sub(numerator, m.mul(high, cut)), m.mul(high, uncut));
  const square = m.mul(s, s);
  const cube = m.mul(s, square);
  const third = m.format === "f64" ? thirdOfCube(m, high, m.mul(missing, inverse), s) : null;
  const curved = m.mul(third === null ? cube : m.mul(cube, square), polynomial(m, square, ATANH));
  const straight = m.fma(high, m.float(SCALE_LOW[m.format]), choose(0, LOG2_THREE_HALVES_LOW[m.format]));
  const linear = m.fma(m.fma(missing, inverse, curved), m.float(SCALE[m.format]), straight);
  const rest = third === null ? linear : m.add(third.low, linear);
  // The terms are exact, and each is smaller than what is before it or that is 0, so the error of the sum is exact too.
  const whole = m.add(exponent, choose(0, LOG2_THREE_HALVES_HIGH[m.format]));
  const leading = m.mul(high, m.float(SCALE_HIGH[m.format]));
  const first = m.add(whole, leading);
  const firstTail = m.add(m.sub(leading, m.sub(first, whole)), rest);
  const sum = third === null ? first : m.add(first, third.high);
  const tail = third === null ? firstTail : m.add(m.sub(third.high, m.sub(sum, first)), firstTail);
  const cutSum = leadingBits(m, m.add(sum, tail));
  return { high: cutSum, low: m.add(m.sub(sum, cutSum), tail) };
}

/** 2/ln 2·s³/3 to twice the precision, s = high + low: `high` of the result has no error. */
function thirdOfCube<F, I, B>(m: Arithmetic<F, I, B>, high: F, low: F, s: F): Double<F> {
  const square = m.mul(high, high);
  const cut = leadingBits(m, square);
  const product = m.mul(cut, high);
  const cutProduct = leadingBits(m, product);
  const cubeHigh = m.float(CUBE_HIGH);
  // s³ - product = high·(square - cut) + low·(high·(s + high) + s²)
  const missing = m.fma(low, m.fma(high, m.add(s, high), m.mul(s, s)), m.mul(high, m.sub(square, cut)));
  const rest = m.fma(
    m.add(m.sub(product, cutProduct), missing),
    cubeHigh,
    m.mul(m.add(product, missing), m.float(CUBE_LOW)),
  );
  return { high: m.mul(cutProduct, cubeHigh), low: rest };
}

/** x^y and y·log2 x of finite x > 0; the power is right where the exponent is in EXP2_RANGE. */
function finitePower<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): { readonly power: F; readonly exponent: F } {
  const log = log2Double(m, x);
  const largest = LARGEST_EXPONENT[m.format];
  const bounded = atMost(m, atLeast(m, y, -largest), largest);
  const cut = leadingBits(m, bounded);
  const high = m.mul(cut, log.high);
  const low = m.fma(bounded, log.low, m.mul(m.sub(bounded, cut), log.high));
  const exponent = m.add(high, low);
  const h = m.round(m.mul(exponent, m.float(0.5)));
  return { power: exp2OfParts(m, h, m.add(m.fma(h, m.float(-2), high), low)), exponent };
}

/** IEEE 754's pow: x^0 and 1^y are 1 even for NaN, (-1)^±inf is 1, odd integers keep the sign of zeros and infinities. */
export function pow<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): F {
  const [zero, one, infinity] = [m.float(0), m.float(1), m.float(Infinity)];
  const a = m.abs(x);
  const finite = finitePower(m, a, y);
  const isZero = m.equal(a, zero);
  const atEdge = m.either(isZero, m.equal(a, infinity));
  const logAtEdge = m.select(isZero, m.float(-Infinity), infinity);
  const exponent = m.select(atEdge, m.mul(y, logAtEdge), finite.exponent);
  const [least, most] = EXP2_RANGE[m.format];
  const small = m.select(m.less(exponent, m.float(least)), zero, finite.power);
  const unsigned = m.select(m.less(m.float(most), exponent), infinity, small);

  const half = m.mul(y, m.float(0.5));
  const isWhole = m.equal(m.floor(y), y);
  const isOdd = m.both(isWhole, m.not(m.equal(m.floor(half), half)));
  const sign = m.selectInt(isOdd, signBit(m, x), m.int(0));
  const signed = m.fromBits(m.bitOr(m.bitsOf(unsigned), sign));

  const noRoot = m.both(m.less(x, zero), m.not(m.either(isWhole, atEdge)));
  const isNaN = m.lessInt(m.int(LAYOUTS[m.format].infinity), m.bitsOf(a));
  const defined = m.select(m.either(noRoot, isNaN), m.float(Number.NaN), signed);
  return m.select(m.either(m.equal(y, zero), m.equal(x, one)), one, defined);
}
