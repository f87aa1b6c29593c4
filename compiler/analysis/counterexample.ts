/**
 * Counterexamples by sampling: a point where every fact holds and a goal does not, for the text of an error. Symbols get
 * values one after the other, dims before indices, small values first; facts whose other symbols have values bound the
 * next one and prune the search. It is deterministic and its number of trials is capped; finding nothing means nothing.
 */
import type { Condition } from "./condition.ts";
import { atLeastZero, holdsAt, not, polysOf } from "./condition.ts";
import type { Facts } from "./facts.ts";
import type { Interval } from "./interval.ts";
import { containsValue, intersect, interval } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import { atom, floorQuotient, splitAffine } from "./polynomial.ts";

/** One symbol and its value. */
export type Assignment = { readonly id: string; readonly value: bigint };

/** A point in a stable order: dims, parameters and data values as the facts name them, then indices. */
export type Counterexample = readonly Assignment[];

/** A condition on the point, and the symbols that must have values before it can be judged. */
type Check = { readonly condition: Condition; readonly symbols: ReadonlySet<string> };

/** Rounds of the search: which values are tried, in which order, and how many trials there are. */
type Round = {
  readonly values: readonly bigint[];
  readonly ends: boolean;
  readonly trials: number;
  readonly seed: number;
};

/** 1 comes before 0: an example with empty tensors is true but teaches little. */
const ROUNDS: readonly Round[] = [
  { values: [1n, 2n], ends: false, trials: 200, seed: 0 },
  { values: [1n, 2n, 3n, 0n, -1n], ends: true, trials: 600, seed: 0 },
  ...Array.from({ length: 12 }, (_, i) => ({
    values: [1n, 2n, 3n, 4n, 5n, 7n, 8n, 0n, -1n, -2n, -3n, 16n],
    ends: true,
    trials: 60,
    seed: i + 1,
  })),
];

/** A point where the facts hold and `goal` is false, or null where none was found. Symbols that play no part are left out. */
export function counterexample(facts: Facts, goal: Condition): Counterexample | null {
  const violated = not(goal);
  const checks = connected(facts, violated);
  const symbols = orderedSymbols(facts, checks);
  for (const round of ROUNDS) {
    const found = new Search(facts, checks, symbols, round).run();
    if (found !== null) return found;
  }
  return null;
}

/** The negated goal and the facts that share symbols with it, directly or through others. */
function connected(facts: Facts, violated: Condition): readonly Check[] {
  const check = (condition: Condition): Check => {
    const symbols = new Set(polysOf(condition).flatMap((p) => facts.atoms.symbolsOf(p)));
    return { condition, symbols };
  };
  let open = [
    ...facts.inequalities.map((f) => check(atLeastZero(f.poly))),
    ...facts.disjunctions.map((d) => check({ kind: "any", of: d.alternatives })),
  ];
  const chosen = [check(violated)];
  for (let i = 0; i < chosen.length; i++) {
    const from = chosen[i];
    if (from === undefined) break;
    const near = open.filter((c) => [...c.symbols].some((id) => from.symbols.has(id)));
    chosen.push(...near);
    open = open.filter((c) => !near.includes(c));
  }
  return chosen;
}

function orderedSymbols(facts: Facts, checks: readonly Check[]): readonly string[] {
  const met = new Set<string>();
  const factOrder = facts.inequalities.flatMap((f) => facts.atoms.symbolsOf(f.poly));
  const wanted = new Set(checks.flatMap((c) => [...c.symbols]));
  for (const id of [...factOrder, ...wanted]) if (wanted.has(id)) met.add(id);
  const all = [...met];
  return [...all.filter((id) => !facts.indexRanges.has(id)), ...all.filter((id) => facts.indexRanges.has(id))];
}

class Search {
  readonly #facts: Facts;
  readonly #symbols: readonly string[];
  readonly #round: Round;
  readonly #point = new Map<string, bigint>();
  /** For each symbol the checks that can be judged once it has a value. */
  readonly #due: readonly (readonly Check[])[];
  /** Those about numbers only. */
  readonly #numeric: readonly Check[];
  #trials: number;
  #random: number;

  constructor(facts: Facts, checks: readonly Check[], symbols: readonly string[], round: Round) {
    this.#facts = facts;
    this.#symbols = symbols;
    this.#round = round;
    this.#trials = round.trials;
    this.#random = round.seed;
    const place = new Map(symbols.map((id, i) => [id, i]));
    const last = (c: Check): number => Math.max(-1, ...[...c.symbols].map((id) => place.get(id) ?? -1));
    this.#due = symbols.map((_, i) => checks.filter((c) => last(c) === i));
    this.#numeric = checks.filter((c) => last(c) === -1);
  }

  run(): Counterexample | null {
    const evaluate = this.#facts.atoms.evaluator(this.#point);
    if (this.#numeric.some((c) => holdsAt(c.condition, evaluate) !== true) || !this.#extend(0)) return null;
    return [...this.#point].map(([id, value]) => ({ id, value }));
  }

  #extend(at: number): boolean {
    const id = this.#symbols[at];
    const due = this.#due[at];
    if (id === undefined || due === undefined) return true;
    for (const value of this.#candidates(id, due)) {
      if (this.#trials-- <= 0) return false;
      this.#point.set(id, value);
      const evaluate = this.#facts.atoms.evaluator(this.#point);
      if (due.every((c) => holdsAt(c.condition, evaluate) === true) && this.#extend(at + 1)) return true;
      this.#point.delete(id);
    }
    return false;
  }

  #candidates(id: string, due: readonly Check[]): readonly bigint[] {
    let allowed: Interval | null = this.#facts.bounds(atom(id));
    for (const c of due) {
      const solved = this.#solve(id, c.condition);
      if (solved === null) return [];
      allowed = allowed === null ? null : intersect(allowed, solved);
    }
    if (allowed === null) return [];
    const { lower, upper } = allowed;
    const ends: bigint[] = [];
    if (lower !== null) ends.push(lower, lower + 1n);
    if (upper !== null) ends.push(upper, upper - 1n);
    const tried = this.#round.ends || lower === upper ? [...this.#round.values, ...ends] : this.#round.values;
    const inside = [...new Set(tried.length === 0 ? ends : tried)].filter((v) => containsValue(allowed, v));
    const values = inside.length > 0 ? inside : ends.filter((v) => containsValue(allowed, v));
    return this.#round.seed === 0 ? values : this.#shuffled(values);
  }

  /** The values of `id` that one condition allows, where it is affine in it; null where it allows none. */
  #solve(id: string, condition: Condition): Interval | null {
    const everything = interval(null, null);
    if (condition.kind !== "atLeastZero" || this.#hides(condition.poly, id)) return everything;
    const split = splitAffine(condition.poly, id);
    if (split === null) return everything;
    const evaluate = this.#facts.atoms.evaluator(this.#point);
    const coefficient = evaluate(split.coefficient);
    const rest = evaluate(split.rest);
    if (coefficient === null || rest === null) return null;
    if (coefficient === 0n) return rest >= 0n ? everything : null;
    return coefficient > 0n
      ? interval(-floorQuotient(rest, coefficient), null)
      : interval(null, floorQuotient(rest, -coefficient));
  }

  /** Whether a derived atom of the polynomial depends on the symbol. */
  #hides(p: Poly, id: string): boolean {
    const { atoms } = this.#facts;
    return p.terms.some((t) =>
      t.factors.some((f) => f !== id && atoms.definition(f) !== null && atoms.symbolsOf(atom(f)).includes(id)),
    );
  }

  /** Fisher and Yates, with a small linear congruential generator: the same on every run. */
  #shuffled(values: readonly bigint[]): readonly bigint[] {
    const keyed = values.map((value) => {
      this.#random = (Math.imul(this.#random, 1103515245) + 12345) & 0x7fffffff;
      return { value, order: this.#random >> 8 };
    });
    return keyed.toSorted((a, b) => a.order - b.order).map((k) => k.value);
  }
}
