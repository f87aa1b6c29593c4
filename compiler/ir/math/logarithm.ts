/**
 * log, log2 and log1p in f32: x = 2^k·(1 + f) with 1 + f in 2/3 .. 4/3 by integer arithmetic on the bits, f exact, and a
 * polynomial in f. Coefficients: minimax fits of relative error 2^-27. The reduction of log1p is that of
 * Juffa's log1pf: 2^-k is formed beside x, so that 1 + x is never rounded where it matters.
 */
import type { Arithmetic } from "./arithmetic.ts";
import { polynomial } from "./arithmetic.ts";
import { LN2_HIGH, LN2_LOW } from "./exponential.ts";

/** (log(1 + f) - f) / f² on |f| <= 1/3. */
const LOG = [-0.5, 0.33333215, -0.24999806, 0.20010427, -0.16680197, 0.14005733, -0.12187449, 0.13984609, -0.12880194];
/** log2(1 + f) / f - 1 on |f| <= 1/3. */
const LOG2 = [
  0.44269505, -0.7213475, 0.48089418, -0.36067322, 0.28880113, -0.2405596, 0.2003933, -0.17687397, 0.20955174,
  -0.18175215,
];
/** The bits of 2/3, rounded up. */
const TWO_THIRDS = 0x3f2aaaab;
const EXPONENT = 0xff800000 | 0;
const SMALLEST_NORMAL = 2 ** -126;

/** x = 2^exponent · significand, for finite x > 0, and a significand from the float of `leastBits` to its double; subnormals are scaled up first. */
export function splitFloat<F, I, B>(
  m: Arithmetic<F, I, B>,
  x: F,
  leastBits: number,
): { readonly exponent: F; readonly significand: F } {
  const subnormal = m.less(x, m.float(SMALLEST_NORMAL));
  const normal = m.select(subnormal, m.mul(x, m.float(2 ** 25)), x);
  const offset = m.subInt(m.bitsOf(normal), m.int(leastBits));
  const significand = m.fromBits(m.addInt(m.bitAnd(offset, m.int(~EXPONENT)), m.int(leastBits)));
  const scaled = m.select(subnormal, m.float(25), m.float(0));
  return { exponent: m.sub(m.toFloat(m.shiftRight(offset, 23)), scaled), significand };
}

/** k·ln 2 + log(1 + f); k·LN2_HIGH is exact. */
function combine<F, I, B>(m: Arithmetic<F, I, B>, k: F, f: F): F {
  const curved = m.mul(m.mul(f, f), polynomial(m, f, LOG));
  return m.fma(k, m.float(LN2_HIGH), m.add(f, m.fma(k, m.float(LN2_LOW), curved)));
}

/** `result` where `pole` < x < inf; x at inf and NaN, -inf at the pole, NaN below it. */
function withLimits<F, I, B>(m: Arithmetic<F, I, B>, x: F, pole: number, result: F): F {
  const at = m.float(pole);
  const outside = m.select(m.equal(x, at), m.float(-Infinity), m.float(Number.NaN));
  const above = m.select(m.less(x, m.float(Infinity)), result, x);
  return m.select(m.lessEqual(x, at), outside, above);
}

export function log<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { exponent, significand } = splitFloat(m, x, TWO_THIRDS);
  return withLimits(m, x, 0, combine(m, exponent, m.sub(significand, m.float(1))));
}

export function log2<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { exponent, significand } = splitFloat(m, x, TWO_THIRDS);
  const fraction = m.sub(significand, m.float(1));
  // The exponent joins the fraction itself, which near 4/3 cancels exactly, not the rounded logarithm.
  const straight = m.add(exponent, fraction);
  return withLimits(m, x, 0, m.fma(fraction, polynomial(m, fraction, LOG2), straight));
}

/** f = 2^-k·x + (2^-k - 1), where k is the exponent of 1 + x; 2^-k may be below the normals, so 2^(2-k) is formed. */
export function log1p<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const offset = m.subInt(m.bitsOf(m.add(x, m.float(1))), m.int(TWO_THIRDS));
  const shift = m.bitAnd(offset, m.int(EXPONENT));
  const scaled = m.fromBits(m.subInt(m.bitsOf(x), shift));
  const fourfold = m.fromBits(m.subInt(m.int(0x40800000), shift));
  const f = m.add(scaled, m.fma(fourfold, m.float(0.25), m.float(-1)));
  const result = combine(m, m.toFloat(m.shiftRight(offset, 23)), f);
  // -0 stays: the sum above would make it +0.
  const zero = m.float(0);
  return withLimits(m, x, -1, m.select(m.equal(x, zero), x, result));
}
