/**
 * asin, acos, atan and atan2. The tangent's argument is brought to 0 .. 1 by atan a = pi/2 - atan 1/a, the sine's and
 * cosine's from above 1/2 to below by asin a = pi/2 - 2 asin √((1 - a)/2), where 1 - a is exact (Cody & Waite 1980). pi and
 * its half come in two parts, the second of which is added to what is smaller.
 */
import type { Arithmetic, ByFormat } from "./arithmetic.ts";
import { polynomial, withSignOf } from "./arithmetic.ts";

/** (atan t / t - 1) / t² in t² on 0 .. 1; relative error of atan 2^-27 (in f64 2^-57). */
const ATAN = {
  f32: [
    -0.33333296, 0.19998454, -0.14263308, 0.10947579, -0.08390611, 0.057746187, -0.03097403, 0.010808299, -0.0017704824,
  ],
  f64: [
    -0.3333333333333305, 0.1999999999994855, -0.14285714282424064, 0.11111111002908447, -0.09090906934299978,
    0.07692279074245621, -0.06666398043367806, 0.05880493164168907, -0.052533683856517445, 0.04721823897054631,
    -0.0421789816194248, 0.03661625944198249, -0.029863789298629782, 0.02193625547224886, -0.013855297278160107,
    0.0071647681718635114, -0.0028687225904289256, 0.0008256457439060669, -0.00015093977594889967,
    1.3103537544740414e-5,
  ],
};
/** (asin s / s - 1) / s² in s² on 0 .. 1/2; relative error of asin 2^-27 (in f64 2^-58). */
const ASIN = {
  f32: [0.16666754, 0.07495277, 0.045471452, 0.024178796, 0.04216216],
  f64: [
    0.1666666666666676, 0.07499999999970997, 0.04464285717430074, 0.030381942726351488, 0.022372214396865025,
    0.017351623457605457, 0.01398067638800427, 0.011400132006143815, 0.010773256442056813, 0.003733258767094796,
    0.021641408405487606, -0.020904939079306312, 0.03256950278732335,
  ],
};
/** pi = PI + PI_LOW. */
const PI = Math.PI;
const PI_LOW = { f32: -8.742277657347586e-8, f64: 1.2246467991473532e-16 } as const satisfies ByFormat<number>;

/** atan t for 0 <= t <= 1. */
function atanWithin<F, I, B>(m: Arithmetic<F, I, B>, t: F): F {
  const square = m.mul(t, t);
  return m.fma(m.mul(t, square), polynomial(m, square, ATAN), t);
}

export function atan<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const large = m.less(m.float(1), a);
  const near = atanWithin(m, m.select(large, m.divide(m.float(1), a), a));
  const far = m.sub(m.float(PI / 2), m.sub(near, m.float(PI_LOW[m.format] / 2)));
  return withSignOf(m, m.select(large, far, near), x);
}

/** The angle of the point (x, y), with the sign of y; a zero's sign says on which side of the axis it is, as in IEEE 754. */
export function atan2<F, I, B>(m: Arithmetic<F, I, B>, y: F, x: F): F {
  const zero = m.float(0);
  const [a, b] = [m.abs(y), m.abs(x)];
  const steep = m.less(b, a);
  const [least, most] = [m.select(steep, b, a), m.select(steep, a, b)];
  // Two infinities count as equal, and of two zeros the first is taken.
  const ratio = m.select(m.equal(least, most), m.float(1), m.divide(least, most));
  const near = atanWithin(m, m.select(m.equal(m.add(least, most), zero), zero, ratio));
  const left = m.lessInt(m.bitsOf(x), m.int(0));
  const base = (value: number): F => m.select(steep, m.float(value / 2), m.select(left, m.float(value), zero));
  const towards = m.either(m.both(steep, m.not(left)), m.both(left, m.not(steep)));
  const signed = m.select(towards, m.sub(zero, near), near);
  return withSignOf(m, m.add(base(PI), m.add(signed, base(PI_LOW[m.format]))), y);
}

/** What is common to asin and acos: asin s with s = |x|, or √((1 - |x|)/2) where |x| is `large`. */
function asinParts<F, I, B>(m: Arithmetic<F, I, B>, x: F) {
  const a = m.abs(x);
  const large = m.less(m.float(0.5), a);
  const square = m.select(large, m.mul(m.sub(m.float(1), a), m.float(0.5)), m.mul(a, a));
  const s = m.select(large, m.sqrt(square), a);
  const curved = m.mul(m.mul(s, square), polynomial(m, square, ASIN));
  return { large, s, curved, asin: m.add(s, curved) };
}

export function asin<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { large, asin: near } = asinParts(m, x);
  const far = m.sub(m.float(PI / 2), m.sub(m.add(near, near), m.float(PI_LOW[m.format] / 2)));
  return withSignOf(m, m.select(large, far, near), x);
}

export function acos<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { large, s, curved, asin: near } = asinParts(m, x);
  const low = m.float(PI_LOW[m.format] / 2);
  const negative = m.less(x, m.float(0));
  // pi/2 - asin x; s is |x|.
  const signed = (part: F): F => m.select(negative, m.sub(m.float(0), part), part);
  const middle = m.sub(m.float(PI / 2), m.add(signed(s), m.sub(signed(curved), low)));
  const twice = m.add(near, near);
  const end = m.select(negative, m.sub(m.float(PI), m.sub(twice, m.float(PI_LOW[m.format]))), twice);
  return m.select(large, end, middle);
}
