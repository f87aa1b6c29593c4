/**
 * sinh, cosh and the inverse hyperbolic functions. The first two are e^a/2 ± e^-a/2, formed from half the exponential so that
 * nothing overflows before the result does; small sines are an odd polynomial. The inverses are log1p of what keeps
 * small arguments: asinh a = log1p(a + a²/(1 + √(a² + 1))), acosh x = log1p(t + √(t(t + 2))) with t = x - 1, atanh a =
 * log1p(2a/(1 - a))/2. Where squares would overflow, the logarithm is that of 2a.
 */
import type { Arithmetic, ByFormat } from "./arithmetic.ts";
import { polynomial, withSignOf } from "./arithmetic.ts";
import { halfExp } from "./exponential.ts";
import { log1p } from "./logarithm.ts";

/** (sinh x / x - 1) / x² in x² on |x| <= 1; relative error of sinh 2^-31 (in f64 2^-56). */
const SINH = {
  f32: [0.16666667, 0.008333316, 0.0001984142, 2.7915382e-6],
  f64: [
    0.16666666666666669, 0.008333333333333135, 0.00019841269841439825, 2.7557319154765e-6, 2.505212347771688e-8,
    1.6057234854770674e-10, 7.7594627494049e-13,
  ],
};
/** Its square is finite, and beside it 1 does not count, neither in a logarithm. */
const LARGE = { f32: 2 ** 30, f64: 2 ** 60 } as const satisfies ByFormat<number>;

/** e^a / 2 and e^-a / 2. */
function halves<F, I, B>(m: Arithmetic<F, I, B>, a: F): { readonly growing: F; readonly shrinking: F } {
  const growing = halfExp(m, a);
  return { growing, shrinking: m.divide(m.float(0.25), growing) };
}

export function sinh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const square = m.mul(a, a);
  const near = m.fma(m.mul(a, square), polynomial(m, square, SINH), a);
  const { growing, shrinking } = halves(m, a);
  return withSignOf(m, m.select(m.less(a, m.float(1)), near, m.sub(growing, shrinking)), x);
}

export function cosh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const { growing, shrinking } = halves(m, m.abs(x));
  return m.add(growing, shrinking);
}

/** log1p(u), or log 2a where a is large. */
function logOf<F, I, B>(m: Arithmetic<F, I, B>, a: F, u: F): F {
  const large = m.less(m.float(LARGE[m.format]), a);
  const log = log1p(m, m.select(large, a, u));
  return m.add(log, m.select(large, m.float(Math.LN2), m.float(0)));
}

export function asinh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const square = m.mul(a, a);
  const root = m.sqrt(m.add(square, m.float(1)));
  const u = m.add(a, m.divide(square, m.add(root, m.float(1))));
  return withSignOf(m, logOf(m, a, u), x);
}

export function acosh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const t = m.sub(x, m.float(1));
  const u = m.add(t, m.sqrt(m.mul(t, m.add(t, m.float(2)))));
  return m.select(m.less(x, m.float(1)), m.float(Number.NaN), logOf(m, x, u));
}

export function atanh<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const u = m.divide(m.add(a, a), m.sub(m.float(1), a));
  return withSignOf(m, m.mul(m.float(0.5), log1p(m, u)), x);
}
