/** Bounds of values that may be either of two. */
import type { Poly } from "../../analysis/polynomial.ts";
import type { Bounds } from "./bounds.ts";
import type { Scope } from "./scope.ts";

/** The greater of two values: one of them where it is known which, else their maximum. */
export function greater(scope: Scope, a: Poly, b: Poly): Poly {
  if (scope.isAtMost(a, b)) return b;
  return scope.isAtMost(b, a) ? a : scope.shared.polys.atoms.max(a, b);
}

export function lesser(scope: Scope, a: Poly, b: Poly): Poly {
  if (scope.isAtMost(a, b)) return a;
  return scope.isAtMost(b, a) ? b : scope.shared.polys.atoms.min(a, b);
}

/** Bounds of a value that is bounded by one or the other. */
export function joinBounds(scope: Scope, a: Bounds, b: Bounds): Bounds {
  return {
    lower: a.lower === null || b.lower === null ? null : lesser(scope, a.lower, b.lower),
    upper: a.upper === null || b.upper === null ? null : greater(scope, a.upper, b.upper),
  };
}
