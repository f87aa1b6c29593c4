/**
 * What derived atoms stand for: floor quotients, minima, maxima, powers of a number, and products too large to
 * expand; with what each kind means, as a value and as an interval. The facts that each gives to linear reasoning are in
 * constraints.ts, its case distinctions in distinctions.ts.
 */
import { known as present, unreachable } from "../support/invariant.ts";
import type { Interval } from "./interval.ts";
import {
  addIntervals,
  divideIntervals,
  interval,
  maximumInterval,
  minimumInterval,
  multiplyIntervals,
  point,
  powerInterval,
  scaleInterval,
} from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import { floorQuotient } from "./polynomial.ts";

/** What a derived atom stands for. */
export type Definition =
  | { readonly kind: "quotient"; readonly numerator: Poly; readonly divisor: Poly }
  | { readonly kind: "minimum"; readonly left: Poly; readonly right: Poly }
  | { readonly kind: "maximum"; readonly left: Poly; readonly right: Poly }
  /** Not expanded, because the expansion would be too large. */
  | { readonly kind: "product"; readonly left: Poly; readonly right: Poly }
  /** `base ** exponent`, base at least 2; it has no value where the exponent is negative. */
  | { readonly kind: "exponential"; readonly base: bigint; readonly exponent: Poly };

/** The polynomials that a definition is made of. */
export function operands(d: Definition): readonly Poly[] {
  switch (d.kind) {
    case "quotient":
      return [d.numerator, d.divisor];
    case "minimum":
    case "maximum":
    case "product":
      return [d.left, d.right];
    case "exponential":
      return [d.exponent];
    default:
      return unreachable(d);
  }
}

/** Equal for equal definitions: of a minimum, a maximum and a product the order of the sides does not matter. */
export function definitionKey(d: Definition): string {
  const parts = operands(d).map((p) => p.key);
  const ordered = d.kind === "quotient" ? parts : parts.toSorted();
  return [d.kind, d.kind === "exponential" ? `${d.base}` : "", ...ordered].join("\u001d");
}

/** The highest power that is computed. */
const LARGEST_EXPONENT = 4096n;

/** The value, given that of polynomials; null where it has none. */
export function definitionValue(d: Definition, evaluate: (p: Poly) => bigint | null): bigint | null {
  switch (d.kind) {
    case "quotient":
      return ofBoth(evaluate(d.numerator), evaluate(d.divisor), (n, by) => (by === 0n ? null : floorQuotient(n, by)));
    case "minimum":
      return ofBoth(evaluate(d.left), evaluate(d.right), (a, b) => (a < b ? a : b));
    case "maximum":
      return ofBoth(evaluate(d.left), evaluate(d.right), (a, b) => (a > b ? a : b));
    case "product":
      return ofBoth(evaluate(d.left), evaluate(d.right), (a, b) => a * b);
    case "exponential": {
      const exponent = evaluate(d.exponent);
      return exponent === null || exponent < 0n || exponent > LARGEST_EXPONENT ? null : d.base ** exponent;
    }
    default:
      return unreachable(d);
  }
}

function ofBoth(a: bigint | null, b: bigint | null, f: (a: bigint, b: bigint) => bigint | null): bigint | null {
  return a === null || b === null ? null : f(a, b);
}

/** An interval that holds every value of a polynomial, given one for each atom; powers of one atom are taken together. */
export function intervalOf(p: Poly, boundsOf: (id: string) => Interval): Interval {
  let total = point(0n);
  for (const t of p.terms)
    total = addIntervals(total, scaleInterval(productInterval(t.factors, boundsOf), t.coefficient));
  return total;
}

function productInterval(factors: readonly string[], boundsOf: (id: string) => Interval): Interval {
  let product = point(1n);
  for (let i = 0; i < factors.length;) {
    const id = present(factors[i], "a factor");
    let next = i + 1;
    while (factors[next] === id) next++;
    product = multiplyIntervals(product, powerInterval(boundsOf(id), next - i));
    i = next;
  }
  return product;
}

/** An interval that holds every value of the atom, given one for each polynomial. */
export function definitionInterval(d: Definition, bounds: (p: Poly) => Interval): Interval {
  switch (d.kind) {
    case "quotient":
      return divideIntervals(bounds(d.numerator), bounds(d.divisor));
    case "minimum":
      return minimumInterval(bounds(d.left), bounds(d.right));
    case "maximum":
      return maximumInterval(bounds(d.left), bounds(d.right));
    case "product":
      return multiplyIntervals(bounds(d.left), bounds(d.right));
    case "exponential":
      return exponentialInterval(d.base, bounds(d.exponent));
    default:
      return unreachable(d);
  }
}

/** Where the exponent is negative there is no value, so the lower end is at least 1. */
function exponentialInterval(base: bigint, exponent: Interval): Interval {
  const least = exponent.lower === null || exponent.lower < 0n ? 0n : exponent.lower;
  const most = exponent.upper;
  return interval(least > 128n ? 1n : base ** least, most === null || most > 128n || most < 0n ? null : base ** most);
}
