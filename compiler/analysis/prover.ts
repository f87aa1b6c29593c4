/**
 * The prover: does an inequality between integers follow from what is known at a place? It answers in steps of rising
 * cost: a number; one fact; intervals; and linear reasoning over monomials (linear.ts), alone and under case
 * distinctions. "Proved" is never wrong; "not proved" may mean that the work was capped. No SMT solver: all of it is
 * deterministic, and small enough to run in a browser tab at every key stroke.
 */
import type { Condition } from "./condition.ts";
import { all, atMost, equal, less, not, notEqual, within } from "./condition.ts";
import { unreachable } from "../support/invariant.ts";
import { distinctions } from "./distinctions.ts";
import type { Disjunction, Facts } from "./facts.ts";
import { factsBehind, labelsOf } from "./facts.ts";
import { proveLinear } from "./linear.ts";
import type { Poly } from "./polynomial.ts";
import { MINUS_ONE, asConstant, negate } from "./polynomial.ts";
import { WorkBudget } from "./work-budget.ts";

/** How a goal was proved, cheapest first. */
export type Method = "constant" | "fact" | "interval" | "linear" | "cases" | "contradiction";

export type Proof = {
  readonly proved: true;
  readonly method: Method;
  /** Labels of the facts that were used, in the order in which they were assumed; definitions are not listed. */
  readonly facts: readonly string[];
  /** Rows combined by linear reasoning: a measure of the work. */
  readonly steps: number;
};

export type Refusal = {
  readonly proved: false;
  /** `cap`: the work allowed was used up, so a longer search might have succeeded. */
  readonly reason: "unknown" | "cap";
};

export type Verdict = Proof | Refusal;

/** Work for one query. */
const QUERY_UNITS = 400_000;
/** Case distinctions one inside the other. */
const MOST_DISTINCTIONS = 4;

/** What searches came to, by the key of the goal: facts do not change, so a goal is searched for once. */
const VERDICTS = new WeakMap<Facts, Map<string, Verdict>>();

/** Does `goal >= 0` hold wherever the facts do? */
export function prove(facts: Facts, goal: Poly): Verdict {
  const cheap = proveCheaply(facts, goal);
  if (cheap !== null) return cheap;
  let verdicts = VERDICTS.get(facts);
  if (verdicts === undefined) {
    verdicts = new Map();
    VERDICTS.set(facts, verdicts);
  }
  let verdict = verdicts.get(goal.key);
  if (verdict === undefined) {
    verdict = search(facts, goal);
    verdicts.set(goal.key, verdict);
  }
  return verdict;
}

function search(facts: Facts, goal: Poly): Verdict {
  const budget = new WorkBudget(QUERY_UNITS);
  const direct = proveByRows(facts, goal, budget);
  if (direct !== null) return direct;
  const cases = proveByCases(facts, goal, distinctions(facts, goal).slice(0, MOST_DISTINCTIONS), budget);
  return cases ?? { proved: false, reason: budget.exceeded ? "cap" : "unknown" };
}

function proveDirectly(facts: Facts, goal: Poly, budget: WorkBudget): Proof | null {
  return proveCheaply(facts, goal) ?? proveByRows(facts, goal, budget);
}

function proveByRows(facts: Facts, goal: Poly, budget: WorkBudget): Proof | null {
  const used = proveLinear(facts, goal, budget);
  if (used === null) return null;
  return { proved: true, method: "linear", facts: labelsOf(facts, used), steps: budget.steps };
}

/** Proves the goal under each alternative of the first distinction, and there by the others if need be. */
function proveByCases(
  facts: Facts,
  goal: Poly,
  [first, ...others]: readonly Disjunction[],
  budget: WorkBudget,
): Proof | null {
  if (first === undefined) return null;
  const labels = new Set(first.label === "" ? [] : [first.label]);
  for (const alternative of first.alternatives) {
    const inside = facts.assume(alternative, first.label);
    const proof = proveDirectly(inside, goal, budget) ?? proveByCases(inside, goal, others, budget);
    if (proof === null) return null;
    for (const label of proof.facts) labels.add(label);
  }
  return { proved: true, method: "cases", facts: [...labels], steps: budget.steps };
}

/** By a number, one fact, or intervals; null where these do not answer. */
function proveCheaply(facts: Facts, goal: Poly): Proof | null {
  const number = asConstant(goal);
  if (number !== null && number >= 0n) return { proved: true, method: "constant", facts: [], steps: 0 };
  const { contradictory } = facts.ranges;
  if (contradictory !== null) return { proved: true, method: "contradiction", facts: [contradictory.label], steps: 0 };
  const fact = facts.factFor(goal);
  if (fact !== null) return { proved: true, method: "fact", facts: [fact.label], steps: 0 };
  const { lower } = facts.bounds(goal);
  if (lower === null || lower < 0n) return null;
  return { proved: true, method: "interval", facts: labelsOf(facts, factsBehind(facts, goal)), steps: 0 };
}

/** Does a condition hold wherever the facts do? A disjunction holds if one part does where the others do not. */
export function proveCondition(facts: Facts, condition: Condition): Verdict {
  switch (condition.kind) {
    case "atLeastZero":
      return prove(facts, condition.poly);
    case "zero":
      return both([() => prove(facts, condition.poly), () => prove(facts, negate(condition.poly))]);
    case "all":
      return both(condition.of.map((part) => () => proveCondition(facts, part)));
    case "any":
      return proveAny(facts, condition.of);
    case "unknown":
      return proveContradiction(facts);
    default:
      return unreachable(condition);
  }
}

/** The last part is the goal, under the negation of the others; what is unknown is left out. */
function proveAny(facts: Facts, parts: readonly Condition[]): Verdict {
  const usable = parts.filter((c) => c.kind !== "unknown");
  const goal = usable.at(-1);
  if (goal === undefined) return proveContradiction(facts);
  const rest = usable.slice(0, -1).map(not);
  return proveCondition(facts.assume(all(rest), "the other alternative fails"), goal);
}

/** All of them proved: the dearest method, the facts of all. */
function both(verdicts: readonly (() => Verdict)[]): Verdict {
  let method: Method = "constant";
  let steps = 0;
  const labels = new Set<string>();
  for (const verdict of verdicts) {
    const v = verdict();
    if (!v.proved) return v;
    if (METHOD_RANK[v.method] > METHOD_RANK[method]) method = v.method;
    steps += v.steps;
    for (const label of v.facts) labels.add(label);
  }
  return { proved: true, method, facts: [...labels], steps };
}

const METHOD_RANK = {
  constant: 0,
  fact: 1,
  interval: 2,
  linear: 3,
  cases: 4,
  contradiction: 5,
} as const satisfies Record<Method, number>;

/** `a <= b`. */
export function proveAtMost(facts: Facts, a: Poly, b: Poly): Verdict {
  return proveCondition(facts, atMost(a, b));
}

/** `a < b`. */
export function proveLess(facts: Facts, a: Poly, b: Poly): Verdict {
  return proveCondition(facts, less(a, b));
}

/** `a == b`. */
export function proveEqual(facts: Facts, a: Poly, b: Poly): Verdict {
  return proveCondition(facts, equal(a, b));
}

/** `a != b`. */
export function proveNotEqual(facts: Facts, a: Poly, b: Poly): Verdict {
  return proveCondition(facts, notEqual(a, b));
}

/** `lo <= x < hi`: what an access needs of each subscript. */
export function proveWithin(facts: Facts, x: Poly, lo: Poly, hi: Poly): Verdict {
  return proveCondition(facts, within(x, lo, hi));
}

/** That the facts cannot hold together: the place is never reached, or the domain is empty. */
export function proveContradiction(facts: Facts): Verdict {
  return prove(facts, MINUS_ONE);
}
