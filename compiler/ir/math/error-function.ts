/**
 * erf in f32. Small |x|: x + x·q(x²). Above: 1 - 2^g(|x|), where g is a polynomial fit of log2(erfc), whose error counts
 * only as much as erfc is smaller than erf (the form of Juffa's erff).
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atMost, polynomial, powerOfTwo, withSignOf } from "./arithmetic.ts";

const SMALL = 0.875;
/** erf(x) / x - 1 in x² on |x| <= 0.875; relative error of erf 2^-26. */
const NEAR = [0.12837915, -0.37612537, 0.11282363, -0.026788866, 0.0050289314, -0.0006188285];
/** log2(erfc(x)) on 0.875 .. 4; error of erf 2^-29. */
const LOG2_ERFC = [-0.00019184213, -1.6272715, -0.9186113, -0.15051849, 0.032348353, -0.0044619525, 0.00029005003];
/** 2^r on |r| <= 1/2, relative error 2^-23, which is multiplied by erfc / erf < 0.28. */
const EXP2 = [1, 0.69314701, 0.24022245, 0.05550711, 0.009671392, 0.0013269703];

export function erf<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const near = m.fma(x, polynomial(m, m.mul(x, x), NEAR), x);
  // From 3.92 on erf rounds to 1.
  const g = polynomial(m, atMost(m, a, 4), LOG2_ERFC);
  const n = m.round(g);
  const erfc = m.mul(polynomial(m, m.sub(g, n), EXP2), powerOfTwo(m, n));
  const far = withSignOf(m, m.sub(m.float(1), erfc), x);
  return m.select(m.less(a, m.float(SMALL)), near, far);
}
