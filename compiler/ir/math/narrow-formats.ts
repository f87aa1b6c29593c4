/**
 * f16 and bf16 in terms of f32 and 32-bit integers, for every target: bits to value, value to bits, and rounding a value
 * that stays in an f32. No step makes or reads an f32 below the normals, which GPUs may flush to zero: f16's own
 * subnormals are normal in f32.
 *
 * The rounding of f16 is one addition: |x| + M with M = 2^(e+13), where e is the exponent of x but at least that of the
 * smallest normal f16, has the units in the last place of the f16 result, so the hardware rounds (to nearest, ties to
 * even, carrying into the exponent); what the sum has over M, in units, is the significand. After F. Giesen's float_to_half.
 */
import type { Arithmetic } from "./arithmetic.ts";

export type NarrowFloat = "f16" | "bf16";

type Format = {
  /** The f32 of a bit pattern in the low 16 bits; the others are ignored. */
  readonly decode: <F, I, B>(m: Arithmetic<F, I, B>, bits: I) => F;
  /** The bit pattern, in 0..65536, of the nearest value; every NaN becomes a quiet one. */
  readonly encode: <F, I, B>(m: Arithmetic<F, I, B>, x: F) => I;
  /** The nearest value, as an f32. */
  readonly round: <F, I, B>(m: Arithmetic<F, I, B>, x: F) => F;
};

const SIGN = 0x80000000 | 0;
const INFINITY_BITS = 0x7f800000;
/** Exponent fields of f32: of 2^-14, the smallest normal f16, and of 2^13. */
const SMALLEST_F16 = (127 - 14) << 23;
const THIRTEEN = 13 << 23;
/** 65520, from where on f16 rounds to infinity. */
const F16_OVERFLOW = 0x477ff000;

/** |x|, and |x| + M and M themselves; see the head of this file. */
function addUnits<F, I, B>(m: Arithmetic<F, I, B>, x: F) {
  const bits = m.bitAnd(m.bitsOf(x), m.int(~SIGN));
  const exponent = m.maxInt(m.bitAnd(bits, m.int(INFINITY_BITS)), m.int(SMALLEST_F16));
  const unit = m.addInt(exponent, m.int(THIRTEEN));
  const sum = m.add(m.fromBits(bits), m.fromBits(unit));
  const inRange = m.lessInt(bits, m.int(F16_OVERFLOW));
  return { bits, exponent, unit, sum, inRange };
}

function roundF16<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { bits, unit, sum, inRange } = addUnits(m, x);
  const rounded = m.bitsOf(m.sub(sum, m.fromBits(unit)));
  // The greater pattern of infinity and a NaN is the NaN.
  const magnitude = m.selectInt(inRange, rounded, m.maxInt(bits, m.int(INFINITY_BITS)));
  return m.fromBits(m.bitOr(magnitude, m.bitAnd(m.bitsOf(x), m.int(SIGN))));
}

function encodeF16<F, I, B>(m: Arithmetic<F, I, B>, x: F): I {
  const { bits, exponent, unit, sum, inRange } = addUnits(m, x);
  // The significand's leading one counts as one exponent; below the normals there is none.
  const fields = m.shiftRight(m.subInt(exponent, m.int(SMALLEST_F16)), 13);
  const finite = m.addInt(fields, m.subInt(m.bitsOf(sum), unit));
  const special = m.selectInt(m.lessInt(m.int(INFINITY_BITS), bits), m.int(0x7e00), m.int(0x7c00));
  const sign = m.bitAnd(m.shiftRightLogical(m.bitsOf(x), 16), m.int(0x8000));
  return m.bitOr(m.selectInt(inRange, finite, special), sign);
}

function decodeF16<F, I, B>(m: Arithmetic<F, I, B>, bits: I): F {
  const rebias = m.int(112 << 23);
  const magnitude = m.shiftLeft(m.bitAnd(bits, m.int(0x7fff)), 13);
  const normal = m.addInt(magnitude, rebias);
  const finite = m.selectInt(m.lessInt(magnitude, m.int(0x7c00 << 13)), normal, m.addInt(normal, rebias));
  // With the exponent of 2^-14 in front, the significand lacks only that leading one.
  const leading = m.fromBits(m.addInt(magnitude, m.int(SMALLEST_F16)));
  const subnormal = m.bitsOf(m.sub(leading, m.float(2 ** -14)));
  const unsigned = m.selectInt(m.lessInt(magnitude, m.int(1 << 23)), subnormal, finite);
  return m.fromBits(m.bitOr(unsigned, m.shiftLeft(m.bitAnd(bits, m.int(0x8000)), 16)));
}

/** The pattern of x, rounded to nearest even in its upper half; the lower half is to be dropped. */
function roundUpperHalf<F, I, B>(m: Arithmetic<F, I, B>, x: F) {
  const bits = m.bitsOf(x);
  const odd = m.bitAnd(m.shiftRightLogical(bits, 16), m.int(1));
  const isNaN = m.lessInt(m.int(INFINITY_BITS), m.bitAnd(bits, m.int(~SIGN)));
  return { bits, isNaN, rounded: m.addInt(m.addInt(bits, m.int(0x7fff)), odd) };
}

function roundBf16<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { isNaN, rounded } = roundUpperHalf(m, x);
  return m.select(isNaN, x, m.fromBits(m.bitAnd(rounded, m.int(~0xffff))));
}

function encodeBf16<F, I, B>(m: Arithmetic<F, I, B>, x: F): I {
  const { bits, isNaN, rounded } = roundUpperHalf(m, x);
  const quiet = m.bitOr(bits, m.int(0x400000));
  return m.shiftRightLogical(m.selectInt(isNaN, quiet, rounded), 16);
}

export const NARROW_FORMATS = {
  f16: { decode: decodeF16, encode: encodeF16, round: roundF16 },
  bf16: { decode: (m, bits) => m.fromBits(m.shiftLeft(bits, 16)), encode: encodeBf16, round: roundBf16 },
} as const satisfies Readonly<Record<NarrowFloat, Format>>;

export function isNarrowFloat(dtype: string): dtype is NarrowFloat {
  return Object.hasOwn(NARROW_FORMATS, dtype);
}
