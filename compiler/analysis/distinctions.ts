/**
 * The case distinctions that may help with a goal, most promising first: minima and maxima that the goal is made of (each
 * equals one of its sides), then alternatives that were assumed and share atoms with it, then minima and maxima in facts
 * near it.
 */
import { unreachable } from "../support/invariant.ts";
import { operands } from "./definition.ts";
import type { Condition } from "./condition.ts";
import { all, atMost, equal, polysOf } from "./condition.ts";
import type { Disjunction, Facts } from "./facts.ts";
import type { Poly } from "./polynomial.ts";
import { atom, atomsOf } from "./polynomial.ts";

/** Distinctions that definitions give have no label: they are not the user's. */
export function distinctions(facts: Facts, goal: Poly): readonly Disjunction[] {
  const own = closure(facts, [goal]);
  const fromGoal = definedChoices(facts, own);
  const near = facts.inequalities.filter((f) => atomsOf(f.poly).some((id) => own.has(id)));
  const around = closure(facts, [goal, ...near.map((f) => f.poly)]);
  const assumed = facts.disjunctions
    .map((d) => ({ d, atoms: closure(facts, d.alternatives.flatMap(polysOf)) }))
    .filter(({ atoms }) => [...atoms].some((id) => around.has(id)));
  const close = assumed.filter(({ atoms }) => [...atoms].some((id) => own.has(id))).map(({ d }) => d);
  const further = assumed.map(({ d }) => d).filter((d) => !close.includes(d));
  const others = new Set([...around].filter((id) => !own.has(id)));
  return [...fromGoal, ...close, ...definedChoices(facts, others), ...further];
}

/** The atoms of polynomials, definitions entered; outer ones first. */
function closure(facts: Facts, polys: readonly Poly[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (p: Poly): void => {
    for (const id of atomsOf(p)) {
      if (found.has(id)) continue;
      found.add(id);
      const definition = facts.atoms.definition(id);
      if (definition !== null) for (const part of operands(definition)) visit(part);
    }
  };
  for (const p of polys) visit(p);
  return found;
}

function definedChoices(facts: Facts, ids: ReadonlySet<string>): readonly Disjunction[] {
  return [...ids].flatMap((id) => {
    const d = facts.atoms.definition(id);
    const is = (side: Poly, when: Condition): Condition => all([equal(atom(id), side), when]);
    switch (d?.kind) {
      case "minimum":
        return [
          { alternatives: [is(d.left, atMost(d.left, d.right)), is(d.right, atMost(d.right, d.left))], label: "" },
        ];
      case "maximum":
        return [
          { alternatives: [is(d.left, atMost(d.right, d.left)), is(d.right, atMost(d.left, d.right))], label: "" },
        ];
      case "quotient":
      case "product":
      case "exponential":
      case undefined:
        return [];
      default:
        return unreachable(d);
    }
  });
}
