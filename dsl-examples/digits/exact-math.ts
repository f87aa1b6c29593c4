/**
 * exp and log from + − * / alone. IEEE 754 rounds those exactly, so results have the same bits on every engine, which
 * Math.exp and Math.log do not promise; recorded losses can therefore be replayed bit for bit. Error: a few ulp.
 */

const LN2_HIGH = 0.69314718036912381649; // ln 2 in its first 33 bits: n * LN2_HIGH is exact for |n| < 2^20
const LN2_LOW = 1.90821492927058770002e-10;

/** e to the x. Below −700 the result is 0; x is at most 700. */
export function exactExp(x: number): number {
  if (x < -700) return 0;
  const n = Math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW; // |r| <= 0.35
  let series = 1;
  for (let k = 14; k >= 1; k--) series = 1 + (r / k) * series;
  for (let k = 0; k < n; k++) series *= 2;
  for (let k = 0; k > n; k--) series /= 2;
  return series;
}

/** The natural logarithm of a finite x > 0. */
export function exactLog(x: number): number {
  let mantissa = x;
  let n = 0;
  for (; mantissa > 1.5; n++) mantissa /= 2;
  for (; mantissa < 0.75; n--) mantissa *= 2;
  // ln m = 2 atanh(s) with s = (m − 1)/(m + 1), |s| <= 0.2
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let k = 25; k >= 1; k -= 2) series = 1 / k + square * series;
  return n * LN2_HIGH + (2 * s * series + n * LN2_LOW);
}
