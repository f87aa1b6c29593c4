/**
 * What refusals say beyond the goal: the ranges of what it mentions, a point where it fails, a `where` that would make it
 * true. Nothing is offered that was not checked: a counterexample is a point at which every fact holds and the goal does
 * not, and a `where` is one with which the prover succeeds and that some point still satisfies.
 */
import type { Condition } from "../../analysis/condition.ts";
import { all, atLeastZero, atMost, holdsAt, not, polysOf } from "../../analysis/condition.ts";
import { counterexample } from "../../analysis/counterexample.ts";
import type { Facts } from "../../analysis/facts.ts";
import { DIM_LIMIT } from "../../analysis/facts.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { asConstant, constant, constantTerm, content, degree, divideDown, negate } from "../../analysis/polynomial.ts";
import { proveCondition } from "../../analysis/prover.ts";
import { extremeOver } from "./extremes.ts";
import type { Scope } from "./scope.ts";

/** Longer conditions are no help to read. */
const LONGEST_WHERE = 80;

/** `y in 0..H - 2, r in 0..R`: where the indices and values of the polynomials come from, transitively; null: none. */
export function rangesNote(scope: Scope, polys: readonly Poly[]): string | null {
  const { atoms } = scope.shared.polys;
  const labels: string[] = [];
  const seen = new Set<string>();
  const visit = (p: Poly): void => {
    for (const id of atoms.symbolsOf(p)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const range = scope.facts.indexRanges.get(id);
      const bounds = scope.boundsOf(id);
      if (range === undefined && bounds.lower === null && bounds.upper === null) continue;
      const origin = scope.shared.names.originOf(id);
      labels.push(scope.shared.names.rangeLabel(id, bounds) + (origin === null ? "" : ` (${origin})`));
      for (const end of [bounds.lower, bounds.upper]) if (end !== null) visit(end);
    }
  };
  for (const p of polys) visit(p);
  return labels.length === 0 ? null : labels.join(", ");
}

/** A point where the goal fails, as ` H=3, y=0`, and the value there; null where none was found that could really occur. */
export function failure(
  scope: Scope,
  goal: Condition,
  value: Poly,
): { readonly at: string; readonly value: bigint } | null {
  const { polys, names } = scope.shared;
  if (!scope.isExact) return null;
  const point = counterexample(scope.facts, goal);
  if (point === null || point.length === 0) return null; // at every point: there is nothing to name
  const env = new Map(point.map(({ id, value: v }) => [id, v]));
  const mentioned = [...polysOf(goal), value].flatMap((p) => polys.atoms.symbolsOf(p));
  if (mentioned.some((id) => !env.has(id)) || !canOccur(scope, [...env.keys()])) return null;
  const evaluate = polys.atoms.evaluator(env);
  const there = evaluate(value);
  if (there === null || holdsAt(goal, evaluate) !== false) return null;
  return { at: point.map(({ id, value: v }) => `${names.symbol(id)}=${v}`).join(", "), value: there };
}

/** Values of parameters can be chosen, one at a time; computed ones (sums, other stages) only look free. */
function canOccur(scope: Scope, symbols: readonly string[]): boolean {
  const tensors = new Set<string>();
  return symbols.every((id) => {
    const opaque = scope.shared.polys.opaque(id);
    if (opaque === null) return true;
    const { expr } = opaque;
    if (expr.kind !== "read" || expr.pad !== null || !scope.shared.params.has(expr.tensor)) return false;
    const first = !tensors.has(expr.tensor);
    tensors.add(expr.tensor);
    return first;
  });
}

/**
 * A condition over dims with which every goal would hold, as text; null where none is found. First each goal's worst
 * case over indices and data is asked to hold, then single dims are bounded by numbers.
 */
export function whereFor(scope: Scope, goals: readonly Poly[]): string | null {
  const missing = goals.filter((g) => !scope.holds(atLeastZero(g)));
  const worst = missing.map((g) => extremeOver(scope, g, "lower", (id) => scope.shared.dims.has(id)));
  const usable = worst.filter((p) => p !== null);
  const parts = usable.map((p) => strict(scope.facts, p));
  const { atoms } = scope.shared.polys;
  // `N <= 46341` says more than `N*N <= N + 2147483647`.
  const isCurved = usable.some((p) => degree(p) > 1 && atoms.symbolsOf(p).length === 1);
  const number = isCurved ? boundOfOneDim(scope, missing) : null;
  if (number !== null) return number;
  // One part often implies the other: `p == 0` brings both ends of a convolution inside.
  for (const condition of [...parts, all(parts)]) {
    const text = textOf(scope, condition);
    if (text !== null && suffices(scope, condition, goals)) return text;
  }
  return isCurved ? null : boundOfOneDim(scope, missing);
}

/** The way out that a condition is, in the words of the language. */
export function addWhere(where: string): string {
  return `add where ${where} to the kernel`;
}

/** `p >= 0`, or `p == 0` where it is known not to be above. */
function strict(facts: Facts, poly: Poly): Condition {
  const p = content(poly) > 1n ? divideDown(poly, content(poly)) : poly;
  // That a dim is its greatest value is no condition to offer.
  const isEqual = constantTerm(p) > 1n - DIM_LIMIT && proveCondition(facts, atLeastZero(negate(p))).proved;
  return isEqual ? { kind: "zero", poly: p } : atLeastZero(p);
}

/** With the condition the goals are proved, and they can hold at all. */
function suffices(scope: Scope, condition: Condition, goals: readonly Poly[]): boolean {
  if (polysOf(condition).some((p) => asConstant(p) !== null)) return false; // says nothing, or what cannot be
  const goal = all(goals.map(atLeastZero));
  const assumed = scope.facts.assume(condition, "the suggested condition");
  if (leavesOneElement(scope, condition, assumed)) return false;
  return proveCondition(assumed, goal).proved && counterexample(assumed, not(goal)) !== null;
}

/** Is there a size that the condition keeps from being more than 1? True, but of no use to anyone. */
function leavesOneElement(scope: Scope, condition: Condition, assumed: Facts): boolean {
  const { dims, polys } = scope.shared;
  const mentioned = new Set(polysOf(condition).flatMap((p) => polys.atoms.symbolsOf(p)));
  return [...mentioned].some((id) => {
    const single = atMost(polys.atoms.symbol(id), constant(1n));
    return dims.has(id) && proveCondition(assumed, single).proved && !proveCondition(scope.facts, single).proved;
  });
}

function textOf(scope: Scope, c: Condition): string | null {
  const parts = c.kind === "all" ? c.of : [c];
  const text = [...new Set(parts.map((part) => scope.shared.names.condition(part)))].join(", ");
  return text === "" || text.length > LONGEST_WHERE ? null : text;
}

/** `N <= 46341`: the greatest number that the prover accepts for a dim. */
function boundOfOneDim(scope: Scope, goals: readonly Poly[]): string | null {
  const { dims, polys, names } = scope.shared;
  const ends = goals.map((g) => extremeOver(scope, g, "lower", (id) => dims.has(id)) ?? g);
  const mentioned = new Set(ends.flatMap((p) => polys.atoms.symbolsOf(p)).filter((id) => dims.has(id)));
  for (const id of mentioned) {
    const dim = polys.atoms.symbol(id);
    const enough = (most: bigint): boolean => suffices(scope, atMost(dim, constant(most)), goals);
    const { lower } = scope.interval(dim);
    const least = lower === null || lower < 2n ? 2n : lower;
    if (!enough(least)) continue;
    let [good, bad] = [least, DIM_LIMIT];
    while (bad - good > 1n) {
      const middle = (good + bad) / 2n;
      if (enough(middle)) good = middle;
      else bad = middle;
    }
    return `${names.poly(dim)} <= ${good}`;
  }
  return null;
}

/** `-300..300`, both ends reached or exceeded by no value: an interval, in the language's half-open form. */
export function intervalText(scope: Scope, p: Poly): string {
  const { lower, upper } = scope.interval(p);
  return `${lower ?? ""}..${upper === null ? "" : upper + 1n}`;
}
