/**
 * erf. Small |x|: x + x·q(x²). Above: 1 - 2^g(|x|), where g is a polynomial fit of log2(erfc), whose error counts
 * only as much as erfc is smaller than erf (the form of Juffa's erff).
 */
import type { Arithmetic } from "./arithmetic.ts";
import { atMost, polynomial, powerOfTwo, withSignOf } from "./arithmetic.ts";

const SMALL = 0.875;
/** erf(x) / x - 1 in x² on |x| <= 0.875; relative error of erf 2^-26, in f64 2^-55. */
const NEAR = {
  f32: [0.12837915, -0.37612537, 0.11282363, -0.026788866, 0.0050289314, -0.0006188285],
  f64: [
    0.1283791670955126, -0.3761263890318374, 0.1128379167095436, -0.026866170644944072, 0.0052239776230748654,
    -0.0008548326846629222, 0.00012055324597344602, -1.492538807052157e-5, 1.6456621204064915e-6,
    -1.6289374933065227e-7, 1.4123504911218092e-8, -8.668002684708496e-10,
  ],
};
/** log2(erfc(x)) on 0.875 .. 4 (5.95); error of erf 2^-29, in f64 2^-58. */
const LOG2_ERFC = {
  f32: [-0.00019184213, -1.6272715, -0.9186113, -0.15051849, 0.032348353, -0.0044619525, 0.00029005003],
  f64: [
    1.6053849720497767e-8, -1.6279072443150482, -0.9184468189698654, -0.14827499091591562, 0.027611898906667442,
    0.0002693399243841979, -0.00239380441076062, 0.0007816741145151716, 3.6267472094548286e-5, -0.00015623428966406476,
    8.69310472911479e-5, -2.9519799274917e-5, 6.5196281598271035e-6, -6.40311522762426e-7, -1.7013024745548813e-7,
    1.0375288934252715e-7, -2.9606698273790736e-8, 5.833338309550076e-9, -8.51729488648693e-10, 9.296110076224692e-11,
    -7.420514661239953e-12, 4.1076247331699575e-13, -1.4120877432609822e-14, 2.27306357490472e-16,
  ],
};
/** 2^r on |r| <= 1/2, relative error 2^-23 (2^-54), which is multiplied by erfc / erf < 0.28. */
const EXP2 = {
  f32: [1, 0.69314701, 0.24022245, 0.05550711, 0.009671392, 0.0013269703],
  f64: [
    1,
    Math.LN2,
    0.24022650695910133,
    0.05550410866481954,
    0.009618129107593736,
    0.0013333558146874727,
    0.00015403530457518835,
    1.5252733412140717e-5,
    1.3215435106247474e-6,
    1.0178229258049394e-7,
    7.073810155099862e-9,
    4.4307278984014654e-10,
  ],
};
/** From here on erf rounds to 1. */
const ONE = { f32: 4, f64: 5.95 };

export function erf<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const a = m.abs(x);
  const near = m.fma(x, polynomial(m, m.mul(x, x), NEAR), x);
  const g = polynomial(m, atMost(m, a, ONE[m.format]), LOG2_ERFC);
  const n = m.round(g);
  const erfc = m.mul(polynomial(m, m.sub(g, n), EXP2), powerOfTwo(m, n));
  const far = withSignOf(m, m.sub(m.float(1), erfc), x);
  return m.select(m.less(a, m.float(SMALL)), near, far);
}
