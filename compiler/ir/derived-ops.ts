/**
 * THE table of operations that are spelled through core ones: one row is all of a derived operation. `reference` is its
 * meaning on doubles, which the interpreters use (rounded once to the dtype); `expand` is what targets run (math/), so that
 * a transcendental is ordinary vectorised arithmetic everywhere and never a scalar call. passes/math/ puts it in the
 * place of the operation, and test/unit/math-accuracy.test.ts holds it to the row's `ulps`.
 */
import type { FloatDType } from "./dtype.ts";
import type { ByFormat, Expansion } from "./math/arithmetic.ts";
import { erf } from "./math/error-function.ts";
import { exp, exp2, expm1, sigmoid, tanh } from "./math/exponential.ts";
import { acosh, asinh, atanh, cosh, sinh } from "./math/hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./math/inverse-trigonometric.ts";
import { log, log1p, log2 } from "./math/logarithm.ts";
import { pow, rsqrt } from "./math/power.ts";
import { erfReference, powReference, sigmoidReference } from "./math/references.ts";
import { fmod } from "./math/remainder.ts";
import { cos, sin, tan } from "./math/trigonometric.ts";

export type DerivedRow = {
  readonly arity: 1 | 2;
  /** The meaning on doubles, within 2 ulp of f64 of the true value. */
  readonly reference: (a: number, b: number) => number;
  /** The meaning in f32 and in f64; special values as IEEE 754 has them. */
  readonly expand: Expansion;
  /** Largest distance of `expand` from the true value, for all operands, in ulps of the format; 0: exact. */
  readonly ulps: ByFormat<number>;
};

const within = (ulps: number, inF64: number, reference: (a: number) => number, expand: Expansion): DerivedRow => ({
  arity: 1,
  reference,
  expand,
  ulps: { f32: ulps, f64: inF64 },
});

export const DERIVED_OPS = {
  exp: within(2, 2, Math.exp, exp),
  exp2: within(2, 2, (x) => 2 ** x, exp2),
  log: within(2, 2, Math.log, log),
  log2: within(2, 2, Math.log2, log2),
  log1p: within(2, 2, Math.log1p, log1p),
  expm1: within(2, 2, Math.expm1, expm1),
  tanh: within(2, 2, Math.tanh, tanh),
  sigmoid: within(2, 2, sigmoidReference, sigmoid),
  erf: within(2, 2, erfReference, erf),
  rsqrt: within(2, 2, (x) => 1 / Math.sqrt(x), rsqrt),
  sin: within(2, 2, Math.sin, sin),
  cos: within(2, 2, Math.cos, cos),
  tan: within(4, 4, Math.tan, tan),
  asin: within(4, 4, Math.asin, asin),
  acos: within(2, 2, Math.acos, acos),
  atan: within(2, 2, Math.atan, atan),
  atan2: { ...within(2, 2, Number, atan2), arity: 2, reference: Math.atan2 },
  sinh: within(4, 4, Math.sinh, sinh),
  cosh: within(2, 2, Math.cosh, cosh),
  asinh: within(4, 4, Math.asinh, asinh),
  acosh: within(4, 4, Math.acosh, acosh),
  atanh: within(4, 4, Math.atanh, atanh),
  pow: { ...within(4, 4, Number, pow), arity: 2, reference: powReference },
  fmod: { ...within(0, 0, Number, fmod), arity: 2, reference: (a, b) => a % b },
} as const satisfies Record<string, DerivedRow>;

export type DerivedOp = keyof typeof DERIVED_OPS;

/** Every derived operation, in the table's order. */
export const DERIVED_NAMES: readonly DerivedOp[] = Object.keys(DERIVED_OPS).filter(isDerivedOp);

/** Has this word a row in {@link DERIVED_OPS}? */
export function isDerivedOp(word: string): word is DerivedOp {
  return Object.hasOwn(DERIVED_OPS, word);
}

/** How far `reference` may be from the true value, in ulps of f64. */
export const REFERENCE_ULPS = 2;

/** How far a result in `dtype` may be from the true value, in its ulps; f16 and bf16 round what f32 gives. */
export function ulpsOf(op: DerivedOp, dtype: FloatDType): number {
  return dtype === "f32" || dtype === "f64" ? DERIVED_OPS[op].ulps[dtype] : 1;
}
