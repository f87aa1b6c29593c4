/**
 * The greatest and least value of a polynomial over a box of index ranges, as a polynomial in what is left: the corner of
 * the box where every index pushes the value the same way. Region inference asks it for the box that a tile reads. A
 * value is returned only where monotonicity is proved for each index in turn, innermost first; it then bounds the
 * polynomial wherever the facts hold, and is attained where every range is non-empty at the corner of the outer ones.
 */
import { unreachable } from "../support/invariant.ts";
import type { Definition } from "./definition.ts";
import type { Facts, IndexRange } from "./facts.ts";
import type { Poly } from "./polynomial.ts";
import { MINUS_ONE, add, atom, atomsOf, mentions, negate, splitAffine } from "./polynomial.ts";
import { prove } from "./prover.ts";

/** An index and the range that it runs over. */
export type BoxAxis = { readonly id: string; readonly range: IndexRange };

/** How a value moves when an index grows: never down, never up, not at all. */
type Direction = "up" | "down" | "flat";

/** The axes of the facts' own index ranges, for `ids` in the order in which to eliminate them: innermost first. */
export function boxOf(facts: Facts, ids: readonly string[]): readonly BoxAxis[] {
  return ids.flatMap((id) => {
    const range = facts.indexRanges.get(id);
    return range === undefined ? [] : [{ id, range }];
  });
}

/**
 * The greatest value of `p` while the axes run over their ranges (each of which may depend on later axes of the list);
 * null where no corner is proved to be greatest.
 */
export function greatestOver(facts: Facts, p: Poly, axes: readonly BoxAxis[]): Poly | null {
  return extremeOver(facts, p, axes, "up");
}

/** The least value, likewise. */
export function leastOver(facts: Facts, p: Poly, axes: readonly BoxAxis[]): Poly | null {
  return extremeOver(facts, p, axes, "down");
}

function extremeOver(facts: Facts, p: Poly, axes: readonly BoxAxis[], towards: "up" | "down"): Poly | null {
  let value = p;
  for (const { id, range } of axes) {
    const direction = directionIn(facts, value, id);
    if (direction === null) return null;
    if (direction === "flat") continue;
    const corner = direction === towards ? add(range.hi, MINUS_ONE) : range.lo;
    value = facts.atoms.substitute(value, new Map([[id, corner]]), facts);
  }
  return value;
}

/** The direction of `p` in `id`, through definitions; null where it is not proved to have one. */
function directionIn(facts: Facts, p: Poly, id: string): Direction | null {
  let total: Direction = "flat";
  const moving = atomsOf(p).filter((a) => a === id || dependsOn(facts, a, id));
  for (const a of moving) {
    const split = splitAffine(p, a);
    // In x*(x div 2) both factors move: the sum over atoms of their own directions says nothing.
    if (split === null || moving.some((other) => mentions(split.coefficient, other))) return null;
    const own = a === id ? "up" : definitionDirection(facts, a, id);
    const sign = signOf(facts, split.coefficient);
    if (own === null || sign === null) return null;
    const joined = join(total, sign > 0 ? own : opposite(own));
    if (joined === null) return null;
    total = joined;
  }
  return total;
}

function dependsOn(facts: Facts, a: string, id: string): boolean {
  return facts.atoms.definition(a) !== null && facts.atoms.symbolsOf(atom(a)).includes(id);
}

function definitionDirection(facts: Facts, a: string, id: string): Direction | null {
  const definition: Definition | null = facts.atoms.definition(a);
  if (definition === null) return null;
  switch (definition.kind) {
    case "quotient": {
      if (facts.atoms.symbolsOf(definition.divisor).includes(id)) return null;
      const inner = directionIn(facts, definition.numerator, id);
      const sign = signOf(facts, definition.divisor);
      return inner === null || sign === null ? null : sign > 0 ? inner : opposite(inner);
    }
    case "minimum":
    case "maximum": {
      const left = directionIn(facts, definition.left, id);
      const right = directionIn(facts, definition.right, id);
      return left === null || right === null ? null : join(left, right);
    }
    case "exponential":
      return directionIn(facts, definition.exponent, id);
    case "product":
      return null;
    default:
      return unreachable(definition);
  }
}

/** 1 where `p >= 0` is proved, -1 where `p <= 0` is. */
function signOf(facts: Facts, p: Poly): 1 | -1 | null {
  if (prove(facts, p).proved) return 1;
  return prove(facts, negate(p)).proved ? -1 : null;
}

function opposite(d: Direction): Direction {
  return d === "flat" ? "flat" : d === "up" ? "down" : "up";
}

function join(a: Direction, b: Direction): Direction | null {
  if (a === "flat") return b;
  return b === "flat" || a === b ? a : null;
}
