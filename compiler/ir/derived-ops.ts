/**
 * Operations that are spelled through core ones, one row each. `reference` is their meaning on doubles, which the
 * interpreter of equations uses (rounded once to the dtype); the expansion that targets run is in passes/math/, keyed by
 * the same names, so that a transcendental is ordinary vectorised arithmetic everywhere and never a scalar call.
 */

export type DerivedRow = {
  readonly arity: 1 | 2;
  /** The meaning on doubles, within 2^-40 of the true value. */
  readonly reference: (a: number, b: number) => number;
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

const unary = (reference: (a: number) => number): DerivedRow => ({ arity: 1, reference });

export const DERIVED_OPS = {
  exp: unary(Math.exp),
  exp2: unary((x) => 2 ** x),
  log: unary(Math.log),
  log2: unary(Math.log2),
  log1p: unary(Math.log1p),
  expm1: unary(Math.expm1),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))),
  erf: unary(erfReference),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  pow: { arity: 2, reference: (a, b) => a ** b },
} as const satisfies Record<string, DerivedRow>;

export type DerivedOp = keyof typeof DERIVED_OPS;
