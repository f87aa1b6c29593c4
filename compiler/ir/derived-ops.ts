/**
 * THE table of operations that are spelled through core ones: one row is all of a derived operation. `reference` is its
 * meaning on doubles, which the interpreters use (rounded once to the dtype); `expand` is what targets run (math/), so that
 * a transcendental is ordinary vectorised arithmetic everywhere and never a scalar call. passes/math/ puts it in the
 * place of the operation, and test/unit/math-accuracy.test.ts holds it to the row's `ulps`.
 */
import type { FloatDType } from "./dtype.ts";
import type { Expansion } from "./math/arithmetic.ts";
import { erf } from "./math/error-function.ts";
import { exp, exp2, expm1, sigmoid, tanh } from "./math/exponential.ts";
import { log, log1p, log2 } from "./math/logarithm.ts";
import { pow, rsqrt } from "./math/power.ts";
import { cos, sin } from "./math/trigonometric.ts";

export type DerivedRow = {
  readonly arity: 1 | 2;
  /** The meaning on doubles, within 2^-40 of the true value. */
  readonly reference: (a: number, b: number) => number;
  /** The meaning in f32, to within `ulps` of the true value for all operands; special values as IEEE 754 has them. */
  readonly expand: Expansion;
  readonly ulps: number;
  /** Does the expansion hold in f64 as it stands? */
  readonly inF64: boolean;
};

/** erf to ~1e-15 by its Maclaurin series (|x| < 3) and continued fraction of erfc (elsewhere). Source: Abramowitz & Stegun 7.1.6, 7.1.14. */
export function erfReference(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * sum; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    const r = (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
    return x < 0 || Object.is(x, -0) ? -r : r;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  const r = 1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
  return x < 0 ? -r : r;
}

/** IEEE 754's pow. JavaScript differs where the base is 1, or -1 with an infinite exponent: it gives NaN. */
function powReference(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

const unary = (reference: (a: number) => number, expand: Expansion): DerivedRow => ({
  arity: 1,
  reference,
  expand,
  ulps: 2,
  inF64: false,
});

export const DERIVED_OPS = {
  exp: unary(Math.exp, exp),
  exp2: unary((x) => 2 ** x, exp2),
  log: unary(Math.log, log),
  log2: unary(Math.log2, log2),
  log1p: unary(Math.log1p, log1p),
  expm1: unary(Math.expm1, expm1),
  tanh: unary(Math.tanh, tanh),
  sigmoid: unary((x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))), sigmoid),
  erf: unary(erfReference, erf),
  rsqrt: { ...unary((x) => 1 / Math.sqrt(x), rsqrt), inF64: true },
  sin: unary(Math.sin, sin),
  cos: unary(Math.cos, cos),
  pow: { arity: 2, reference: powReference, expand: pow, ulps: 4, inF64: false },
} as const satisfies Record<string, DerivedRow>;

export type DerivedOp = keyof typeof DERIVED_OPS;

/** Every derived operation, in the table's order. */
export const DERIVED_NAMES: readonly DerivedOp[] = Object.keys(DERIVED_OPS).filter(isDerivedOp);

/** Has this word a row in {@link DERIVED_OPS}? */
export function isDerivedOp(word: string): word is DerivedOp {
  return Object.hasOwn(DERIVED_OPS, word);
}

/** Has this operation an expansion in the dtype? f16 and bf16 compute in f32; most have none in f64 yet. */
export function supportsMath(op: DerivedOp, dtype: FloatDType): boolean {
  return dtype !== "f64" || DERIVED_OPS[op].inF64;
}
