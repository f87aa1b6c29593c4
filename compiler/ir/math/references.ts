/**
 * Meanings on doubles of what JavaScript has not: within 2 ulp of f64 of the true value. The interpreters round them once
 * to the dtype; test/support/precise-math.ts checks them.
 */

/** e^(-a²) without the rounding error of the square, by which the exponential would multiply it. */
function expOfMinusSquare(a: number): number {
  // Both halves have at most 27 bits, so their products are exact.
  const high = Math.fround(a);
  const low = a - high;
  return Math.exp(-high * high) * Math.exp(-low * (a + high));
}

/** erfc for a >= 1 by its continued fraction. Source: Abramowitz & Stegun 7.1.14. */
function erfcOfLarge(a: number): number {
  let fraction = 0;
  for (let n = Math.ceil(20 + 200 / (a * a)); n >= 1; n--) fraction = n / 2 / (a + fraction);
  return expOfMinusSquare(a) / (Math.sqrt(Math.PI) * (a + fraction));
}

/** The Maclaurin series of erf, for 0 <= a < 1 (Abramowitz & Stegun 7.1.5), the smallest terms first. */
function erfOfSmall(a: number): number {
  const square = a * a;
  let sum = 0;
  let term = 1;
  const terms: number[] = [];
  for (let n = 0; Math.abs(term) > 1e-19; term *= -square / ++n) terms.push(term / (2 * n + 1));
  for (const t of terms.slice(1).toReversed()) sum += t;
  // 2 / √pi in two parts, and the leading term 1 apart.
  return a * 1.1283791670955126 + a * (1.533545961316588e-17 + 1.1283791670955126 * sum);
}

/** The error function, odd, 1 from 6 on. */
export function erfReference(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  const r = a > 6 ? 1 : a < 1 ? erfOfSmall(a) : 1 - erfcOfLarge(a);
  return x < 0 || Object.is(x, -0) ? -r : r;
}

/** IEEE 754's pow. JavaScript differs where the base is 1, or -1 with an infinite exponent: it gives NaN. */
export function powReference(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

/** 1 / (1 + e^-x). */
export function sigmoidReference(x: number): number {
  const e = Math.exp(-Math.abs(x));
  const q = e / (1 + e);
  return x < 0 ? q : 1 - q;
}
