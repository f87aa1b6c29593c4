/**
 * rsqrt and pow in f32. pow is 2^(y·log2|x|) with the logarithm as an unevaluated sum of two floats, good to about 2^-29
 * of itself: y may multiply it by as much as it takes to reach 128, so its relative error is what counts. Products
 * are made exact by cutting factors to 12 bits (the scheme of e_powf in FreeBSD's msun, without its table).
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atLeast, atMost, leadingBits, polynomial, signBit } from "./arithmetic.ts";
import { exp2OfParts } from "./exponential.ts";
import { splitFloat } from "./logarithm.ts";

/** 2 / ln 2 = SCALE_HIGH + SCALE_LOW; the first has 12 bits. */
const SCALE_HIGH = 2.884765625;
const SCALE_LOW = 0.0006244568;
const SCALE = 2.8853901;
/** log2 1.5 = LOG2_THREE_HALVES_HIGH + …_LOW; the first has 10 bits. */
const LOG2_THREE_HALVES_HIGH = 0.5849609375;
const LOG2_THREE_HALVES_LOW = 1.5632212e-6;
/** The bits of √3 / 2. */
const HALF_ROOT_THREE = 0x3f5db3d7;
/** (atanh(s) / s - 1) / s² in s², on |s| <= 0.1025. */
const ATANH = [0.33333334, 0.19998997, 0.14488198];
/** Past this every power is 0, 1 or infinite: |log2| of a float that is not 1 is at least 2^-24. */
const LARGEST_EXPONENT = 2 ** 33;

/** The value is high + low; high has 12 bits. */
type Double<F> = { readonly high: F; readonly low: F };

export function rsqrt<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return m.divide(m.float(1), m.sqrt(x));
}

/**
 * log2 of a finite x > 0, with a significand c in √3/2 .. √3: exponent + log2(centre) + 2/ln 2·atanh(s), where the centre is
 * 1 or 3/2 and s = (c - centre) / (c + centre), |s| < 0.102: so the part of atanh that is only rounded once is small.
 */
function log2Double<F, I, B>(m: Arithmetic<F, I, B>, x: F): Double<F> {
  const { exponent, significand } = splitFloat(m, x, HALF_ROOT_THREE);
  const low = m.less(significand, m.float(1.2247449));
  const choose = (ifOne: number, ifThreeHalves: number): F => m.select(low, m.float(ifOne), m.float(ifThreeHalves));
  const centre = choose(1, 1.5);
  const numerator = m.sub(significand, centre);
  const denominator = m.add(significand, centre);
  const inverse = m.divide(m.float(1), denominator);
  const s = m.mul(numerator, inverse);
  const high = leadingBits(m, s);
  // What high misses: (numerator - high·(c + centre)) / (c + centre), the sum being its 12 leading bits and an exact rest.
  const cut = leadingBits(m, denominator);
  const uncut = m.sub(significand, m.sub(cut, centre));
  const missing = m.sub(m.sub(numerator, m.mul(high, cut)), m.mul(high, uncut));
  const square = m.mul(s, s);
  const curved = m.mul(m.mul(s, square), polynomial(m, square, ATANH));
  const straight = m.fma(high, m.float(SCALE_LOW), choose(0, LOG2_THREE_HALVES_LOW));
  const rest = m.fma(m.fma(missing, inverse, curved), m.float(SCALE), straight);
  // Both terms are exact, and the first is 0 or larger than the second, so the error of the sum is exact too.
  const whole = m.add(exponent, choose(0, LOG2_THREE_HALVES_HIGH));
  const leading = m.mul(high, m.float(SCALE_HIGH));
  const sum = m.add(whole, leading);
  const tail = m.add(m.sub(leading, m.sub(sum, whole)), rest);
  const cutSum = leadingBits(m, m.add(sum, tail));
  return { high: cutSum, low: m.add(m.sub(sum, cutSum), tail) };
}

/** x^y and y·log2 x of finite x > 0; the power is right where the exponent is in -151..129. */
function finitePower<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): { readonly power: F; readonly exponent: F } {
  const log = log2Double(m, x);
  const bounded = atMost(m, atLeast(m, y, -LARGEST_EXPONENT), LARGEST_EXPONENT);
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
  const small = m.select(m.less(exponent, m.float(-151)), zero, finite.power);
  const unsigned = m.select(m.less(m.float(129), exponent), infinity, small);

  const half = m.mul(y, m.float(0.5));
  const isWhole = m.equal(m.floor(y), y);
  const isOdd = m.both(isWhole, m.not(m.equal(m.floor(half), half)));
  const sign = m.selectInt(isOdd, signBit(m, x), m.int(0));
  const signed = m.fromBits(m.bitOr(m.bitsOf(unsigned), sign));

  const noRoot = m.both(m.less(x, zero), m.not(m.either(isWhole, atEdge)));
  const isNaN = m.lessInt(m.int(0x7f800000), m.bitsOf(a));
  const defined = m.select(m.either(noRoot, isNaN), m.float(Number.NaN), signed);
  return m.select(m.either(m.equal(y, zero), m.equal(x, one)), one, defined);
}
