/**
 * Conditions over integers, as guards, `where` clauses and branches state them, in negation normal form. What cannot be
 * put into integers (a comparison of floats, a mask read from data) is `unknown`: assuming it assumes nothing, and it is
 * never proved; so a condition may be translated part by part, and negated, without losing soundness.
 */
import { unreachable } from "../support/invariant.ts";
import type { Poly } from "./polynomial.ts";
import { MINUS_ONE, ONE, add, negate, sub } from "./polynomial.ts";

export type Condition =
  /** `poly >= 0`. */
  | { readonly kind: "atLeastZero"; readonly poly: Poly }
  /** `poly == 0`. */
  | { readonly kind: "zero"; readonly poly: Poly }
  /** Each of them; true when there is none. */
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  /** At least one of them; false when there is none. */
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "unknown" };

export const TRUE: Condition = { kind: "all", of: [] };
export const FALSE: Condition = { kind: "any", of: [] };
export const UNKNOWN: Condition = { kind: "unknown" };

export function atLeastZero(poly: Poly): Condition {
  return { kind: "atLeastZero", poly };
}

/** `a <= b`. */
export function atMost(a: Poly, b: Poly): Condition {
  return atLeastZero(sub(b, a));
}

/** `a < b`. */
export function less(a: Poly, b: Poly): Condition {
  return atLeastZero(add(sub(b, a), MINUS_ONE));
}

/** `a == b`. */
export function equal(a: Poly, b: Poly): Condition {
  return { kind: "zero", poly: sub(a, b) };
}

/** `a != b`: less or greater. */
export function notEqual(a: Poly, b: Poly): Condition {
  return any([less(a, b), less(b, a)]);
}

/** `lo <= x < hi`. */
export function within(x: Poly, lo: Poly, hi: Poly): Condition {
  return all([atMost(lo, x), less(x, hi)]);
}

/** `a && b && …`. */
export function all(of: readonly Condition[]): Condition {
  const parts = of.flatMap((c) => (c.kind === "all" ? c.of : [c]));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: "all", of: parts };
}

/** `a || b || …`. */
export function any(of: readonly Condition[]): Condition {
  const parts = of.flatMap((c) => (c.kind === "any" ? c.of : [c]));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: "any", of: parts };
}

/** `!c`. */
export function not(c: Condition): Condition {
  switch (c.kind) {
    case "atLeastZero":
      return atLeastZero(sub(MINUS_ONE, c.poly));
    case "zero":
      return any([atLeastZero(sub(c.poly, ONE)), atLeastZero(sub(negate(c.poly), ONE))]);
    case "all":
      return any(c.of.map(not));
    case "any":
      return all(c.of.map(not));
    case "unknown":
      return c;
    default:
      return unreachable(c);
  }
}

/** Every polynomial of a condition. */
export function polysOf(c: Condition): readonly Poly[] {
  switch (c.kind) {
    case "atLeastZero":
    case "zero":
      return [c.poly];
    case "all":
    case "any":
      return c.of.flatMap(polysOf);
    case "unknown":
      return [];
    default:
      return unreachable(c);
  }
}

/** Prints like source text, given the text of polynomials. */
export function printCondition(c: Condition, print: (p: Poly) => string): string {
  switch (c.kind) {
    case "atLeastZero":
      return `${print(c.poly)} >= 0`;
    case "zero":
      return `${print(c.poly)} == 0`;
    case "all":
      return c.of.length === 0 ? "true" : c.of.map((part) => printPart(part, print)).join(" && ");
    case "any":
      return c.of.length === 0 ? "false" : c.of.map((part) => printPart(part, print)).join(" || ");
    case "unknown":
      return "?";
    default:
      return unreachable(c);
  }
}

function printPart(c: Condition, print: (p: Poly) => string): string {
  const text = printCondition(c, print);
  return (c.kind === "all" || c.kind === "any") && c.of.length > 1 ? `(${text})` : text;
}

/** Whether a condition holds at a point; null where it is unknown or a polynomial has no value there. */
export function holdsAt(c: Condition, evaluate: (p: Poly) => bigint | null): boolean | null {
  switch (c.kind) {
    case "atLeastZero": {
      const value = evaluate(c.poly);
      return value === null ? null : value >= 0n;
    }
    case "zero": {
      const value = evaluate(c.poly);
      return value === null ? null : value === 0n;
    }
    case "all":
      return combine(c.of, evaluate, false);
    case "any":
      return combine(c.of, evaluate, true);
    case "unknown":
      return null;
    default:
      return unreachable(c);
  }
}

/** One part equal to `decisive` decides; one that is unknown leaves the rest open. */
function combine(of: readonly Condition[], evaluate: (p: Poly) => bigint | null, decisive: boolean): boolean | null {
  let open = false;
  for (const part of of) {
    const value = holdsAt(part, evaluate);
    if (value === decisive) return decisive;
    if (value === null) open = true;
  }
  return open ? null : !decisive;
}

/** `poly >= 0`, divided by its content, and where it comes from, in words for the user: `where R <= H + 2*p`. */
export type Fact = { readonly poly: Poly; readonly label: string };
