/**
 * fmod, exact for all operands: |x| = X·2^d·2^e and |y| = Y·2^e with whole X and Y of full width, and X·2^d modulo Y is computed
 * by multiplying the remainder by 2^20 (in f64 2^48) at a time. A step estimates the quotient in floats, rounded to an
 * integer; the new remainder is small, so 32 (64) bits of its wrapped products are all of it. What the estimate is wrong by
 * leaves it below Y in magnitude.
 */
import type { Arithmetic, ByFormat } from "./arithmetic.ts";
import { LAYOUTS, powerOfTwo, withSignOf } from "./arithmetic.ts";
import { splitFloat } from "./logarithm.ts";

type Steps = {
  /** Bits per step, and how many steps after the first take d to 0: d is at most 276, in f64 2097. */
  readonly bits: number;
  readonly count: number;
  readonly one: number | bigint;
  readonly fractionMask: number | bigint;
  readonly leadingOne: number | bigint;
};
const STEPS = {
  f32: { bits: 20, count: 13, one: 0x3f800000, fractionMask: 0x7fffff, leadingOne: 0x800000 },
  f64: { bits: 48, count: 43, one: 0x3ffn << 52n, fractionMask: (1n << 52n) - 1n, leadingOne: 1n << 52n },
} as const satisfies ByFormat<Steps>;

export function fmod<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): F {
  const [a, b] = [m.abs(x), m.abs(y)];
  const magnitude = remainder(m, a, b);
  const isDefined = m.both(m.less(a, m.float(Infinity)), m.less(m.float(0), b));
  const reduced = m.select(isDefined, withSignOf(m, magnitude, x), m.float(Number.NaN));
  return m.select(m.less(a, b), x, reduced);
}

/** a modulo b for finite a >= b > 0. */
function remainder<F, I, B>(m: Arithmetic<F, I, B>, a: F, b: F): F {
  const { bits, count, one, fractionMask, leadingOne } = STEPS[m.format];
  const { fraction, shifter } = LAYOUTS[m.format];
  const wholeOf = (significand: F): I =>
    m.bitOr(m.bitAnd(m.bitsOf(significand), m.int(fractionMask)), m.int(leadingOne));
  const [first, second] = [splitFloat(m, a, one), splitFloat(m, b, one)];
  const divisor = wholeOf(second.significand);
  const inverse = m.divide(m.float(2 ** -fraction), second.significand);
  const shifterBits = m.bitsOf(m.float(shifter));
  /** rest·2^n modulo the divisor, between -divisor and divisor; `scale` is 2^n, `scaled` rest·2^n less its high bits. */
  const step = (rest: I, scale: F, scaled: I): I => {
    const estimate = m.mul(m.toFloat(rest), m.mul(inverse, scale));
    const quotient = m.subInt(m.bitsOf(m.add(estimate, m.float(shifter))), shifterBits);
    return m.subInt(scaled, m.mulInt(quotient, divisor));
  };
  const distance = m.sub(first.exponent, second.exponent);
  const steps = m.floor(m.mul(m.add(distance, m.float(0.5)), m.float(1 / bits)));
  const scale = powerOfTwo(m, m.sub(distance, m.mul(steps, m.float(bits))));
  // 2^n stands in the low bits of its sum with 2^23, or 2^52.
  const factor = m.bitAnd(m.bitsOf(m.add(scale, m.float(2 ** fraction))), m.int(fractionMask));
  const start = wholeOf(first.significand);
  let rest = step(start, scale, m.mulInt(start, factor));
  for (let n = 0; n < count; n++) {
    const next = step(rest, m.float(2 ** bits), m.shiftLeft(rest, bits));
    rest = m.selectInt(m.less(m.float(n), steps), next, rest);
  }
  const natural = m.selectInt(m.lessInt(rest, m.int(0)), m.addInt(rest, divisor), rest);
  // Two factors, as 2 to this exponent may be below the normals.
  const exponent = m.sub(second.exponent, m.float(fraction));
  const half = m.floor(m.mul(exponent, m.float(0.5)));
  return m.mul(m.mul(m.toFloat(natural), powerOfTwo(m, half)), powerOfTwo(m, m.sub(exponent, half)));
}
