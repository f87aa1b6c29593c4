/**
 * log, log2 and log1p: x = 2^k·(1 + f) with 1 + f in 2/3 .. 4/3 by integer arithmetic on the bits, f exact, and a
 * polynomial in f. Coefficients: minimax fits of relative error 2^-27 (in f64 2^-54). The reduction of log1p is that of
 * Juffa's log1pf: 2^-k is formed beside x, so that 1 + x is never rounded where it matters.
 */
import type { Arithmetic } from "./arithmetic.ts";
import { LAYOUTS, polynomial } from "./arithmetic.ts";
import { LN2_HIGH, LN2_LOW } from "./exponential.ts";

/** (log(1 + f) - f) / f² on |f| <= 1/3. */
const LOG = {
  f32: [-0.5, 0.33333215, -0.24999806, 0.20010427, -0.16680197, 0.14005733, -0.12187449, 0.13984609, -0.12880194],
  f64: [
    -0.5, 0.3333333333333315, -0.25000000000014017, 0.20000000000078996, -0.16666666662801033, 0.1428571427391698,
    -0.12500000398586697, 0.11111111984061162, -0.09999978926397883, 0.09090872023754785, -0.08333980379848789,
    0.07693278174418576, -0.07130682289614028, 0.06650514713427046, -0.06391772787992706, 0.06052796949260683,
    -0.045697339710573236, 0.04171206704811847, -0.08631803013507142, 0.0850703656359248,
  ],
};
/** log2(1 + f) / f - 1 on |f| <= 1/3. */
const LOG2 = {
  f32: [
    0.44269505, -0.7213475, 0.48089418, -0.36067322, 0.28880113, -0.2405596, 0.2003933, -0.17687397, 0.20955174,
    -0.18175215,
  ],
  f64: [
    0.4426950408889634, -0.721347520444481, 0.48089834696298295, -0.36067376022268344, 0.28853900817935596,
    -0.24044917339605662, 0.2060992913476038, -0.18033688766136927, 0.16029946343207097, -0.1442691382114068,
    0.13115350535754428, -0.12023520621894937, 0.11099154890834188, -0.10285755727509968, 0.0959349164979588,
    -0.09234063117016279, 0.08740723260727724, -0.0653865773419968, 0.059842467534688866, -0.12550909046898542,
    0.12330543704246176,
  ],
};
/** The bits of 2/3, rounded up. */
const TWO_THIRDS = { f32: 0x3f2aaaab, f64: 0x3fe5555555555556n };
/** The sign and the exponent field. */
const EXPONENT = { f32: 0xff800000 | 0, f64: 0xfffn << 52n };
const SIGNIFICAND = { f32: 0x7fffff, f64: (1n << 52n) - 1n };
/** The bits of 4. */
const FOUR = { f32: 0x40800000, f64: 0x401n << 52n };

/** x = 2^exponent · significand, for finite x > 0, and a significand from the float of `leastBits` to its double; subnormals are scaled up first. */
export function splitFloat<F, I, B>(
  m: Arithmetic<F, I, B>,
  x: F,
  leastBits: number | bigint,
): { readonly exponent: F; readonly significand: F } {
  const { smallestNormal, rescue, fraction } = LAYOUTS[m.format];
  const subnormal = m.less(x, m.float(smallestNormal));
  const normal = m.select(subnormal, m.mul(x, m.float(2 ** rescue)), x);
  const offset = m.subInt(m.bitsOf(normal), m.int(leastBits));
  const significand = m.fromBits(m.addInt(m.bitAnd(offset, m.int(SIGNIFICAND[m.format])), m.int(leastBits)));
  const scaled = m.select(subnormal, m.float(rescue), m.float(0));
  return { exponent: m.sub(m.toFloat(m.shiftRight(offset, fraction)), scaled), significand };
}

/** k·ln 2 + log(1 + f); k·LN2_HIGH is exact. */
function combine<F, I, B>(m: Arithmetic<F, I, B>, k: F, f: F): F {
  const curved = m.mul(m.mul(f, f), polynomial(m, f, LOG));
  return m.fma(k, m.float(LN2_HIGH[m.format]), m.add(f, m.fma(k, m.float(LN2_LOW[m.format]), curved)));
}

/** `result` where `pole` < x < inf; x at inf and NaN, -inf at the pole, NaN below it. */
function withLimits<F, I, B>(m: Arithmetic<F, I, B>, x: F, pole: number, result: F): F {
  const at = m.float(pole);
  const outside = m.select(m.equal(x, at), m.float(-Infinity), m.float(Number.NaN));
  const above = m.select(m.less(x, m.float(Infinity)), result, x);
  return m.select(m.lessEqual(x, at), outside, above);
}

export function log<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { exponent, significand } = splitFloat(m, x, TWO_THIRDS[m.format]);
  return withLimits(m, x, 0, combine(m, exponent, m.sub(significand, m.float(1))));
}

export function log2<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { exponent, significand } = splitFloat(m, x, TWO_THIRDS[m.format]);
  const fraction = m.sub(significand, m.float(1));
  // The exponent joins the fraction itself, which near 4/3 cancels exactly, not the rounded logarithm.
  const straight = m.add(exponent, fraction);
  return withLimits(m, x, 0, m.fma(fraction, polynomial(m, fraction, LOG2), straight));
}

/** f = 2^-k·x + (2^-k - 1), where k is the exponent of 1 + x; 2^-k may be below the normals, so 2^(2-k) is formed. */
export function log1p<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const offset = m.subInt(m.bitsOf(m.add(x, m.float(1))), m.int(TWO_THIRDS[m.format]));
  const shift = m.bitAnd(offset, m.int(EXPONENT[m.format]));
  const scaled = m.fromBits(m.subInt(m.bitsOf(x), shift));
  const fourfold = m.fromBits(m.subInt(m.int(FOUR[m.format]), shift));
  const f = m.add(scaled, m.fma(fourfold, m.float(0.25), m.float(-1)));
  const result = combine(m, m.toFloat(m.shiftRight(offset, LAYOUTS[m.format].fraction)), f);
  // -0 stays: the sum above would make it +0.
  const zero = m.float(0);
  return withLimits(m, x, -1, m.select(m.equal(x, zero), x, result));
}
