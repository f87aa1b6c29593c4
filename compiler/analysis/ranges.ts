/**
 * Intervals for atoms, found from inequalities by interval propagation (Davis 1987): each fact, solved for each atom
 * that occurs in it linearly, may narrow that atom; each definition may narrow its own. It stops after a few rounds,
 * since `x < y, y < x` would creep for ever, and every state on the way is sound. Each bound remembers the fact that
 * gave it, for `check --json`.
 */
import type { Atoms } from "./atoms.ts";
import type { Fact } from "./condition.ts";
import { definitionInterval, intervalOf, operands } from "./definition.ts";
import type { Interval } from "./interval.ts";
import { ALL, addIntervals, intersect, interval, sameInterval, scaleInterval } from "./interval.ts";
import type { Poly, Term } from "./polynomial.ts";
import { asConstant, atomsOf, floorQuotient } from "./polynomial.ts";

/** An interval, and for each end the fact that set it (null: none, or a definition). */
export type AtomRange = {
  readonly interval: Interval;
  readonly lowerFrom: Fact | null;
  readonly upperFrom: Fact | null;
};

export type AtomRanges = {
  /** Every integer for atoms without a bound. */
  readonly of: (id: string) => AtomRange;
  /** The facts contradict each other: no point satisfies them. */
  readonly contradictory: Fact | null;
  readonly known: ReadonlyMap<string, AtomRange>;
};

const UNBOUNDED: AtomRange = { interval: ALL, lowerFrom: null, upperFrom: null };

export const EMPTY_RANGES: AtomRanges = { of: () => UNBOUNDED, contradictory: null, known: new Map() };

const ROUNDS = 6;

/** Starts from ranges that are known to hold. */
export function findRanges(atoms: Atoms, facts: readonly Fact[], start: AtomRanges): AtomRanges {
  const search = new Search(atoms, start);
  const contradictory = start.contradictory ?? search.run(facts);
  const known = search.found;
  // Atoms that no fact mentions (a quotient made for a goal) get their range from their definition, once.
  const of = (id: string): AtomRange => known.get(id) ?? search.fromDefinition(id);
  return { of, contradictory, known };
}

class Search {
  readonly found: Map<string, AtomRange>;
  readonly #atoms: Atoms;

  constructor(atoms: Atoms, start: AtomRanges) {
    this.#atoms = atoms;
    // What followed from a definition alone is found again: facts that came since may give more.
    const kept = [...start.known].filter(
      ([id, r]) => r.lowerFrom !== null || r.upperFrom !== null || !isDerived(atoms, id),
    );
    this.found = new Map(kept);
  }

  /** Returns the fact that no point can satisfy, if there is one. */
  run(facts: readonly Fact[]): Fact | null {
    const derived = this.#derivedIn(facts);
    for (let round = 0; round < ROUNDS; round++) {
      let changed = false;
      for (const id of derived) if (this.#narrow(id, this.#definitionInterval(id), null) === true) changed = true;
      for (const fact of facts) {
        const outcome = this.#apply(fact);
        if (outcome === null) return fact;
        changed ||= outcome;
      }
      if (!changed) return null;
    }
    return null;
  }

  /** The range of an atom that was not met in the facts. */
  fromDefinition(id: string): AtomRange {
    if (this.#atoms.definition(id) === null) return UNBOUNDED;
    const range = { interval: this.#definitionInterval(id), lowerFrom: null, upperFrom: null };
    this.found.set(id, range);
    return range;
  }

  /** The derived atoms that facts mention, inner ones first. */
  #derivedIn(facts: readonly Fact[]): readonly string[] {
    const order = new Set<string>();
    const visit = (p: Poly): void => {
      for (const id of atomsOf(p)) {
        const definition = this.#atoms.definition(id);
        if (definition === null || order.has(id)) continue;
        for (const part of operands(definition)) visit(part);
        order.add(id);
      }
    };
    for (const fact of facts) visit(fact.poly);
    return [...order];
  }

  #boundsOf = (id: string): Interval => (this.found.get(id) ?? this.fromDefinition(id)).interval;

  /** Solves a fact for each atom that stands alone in a term. Null: the fact cannot hold. */
  #apply(fact: Fact): boolean | null {
    const number = asConstant(fact.poly);
    if (number !== null) return number >= 0n ? false : null;
    let changed = false;
    for (const t of fact.poly.terms) {
      const id = t.factors[0];
      if (id === undefined || t.factors.length > 1) continue;
      const rest = this.#restUpper(fact.poly, t);
      if (rest === null) continue;
      const outcome = this.#narrow(id, solve(t.coefficient, rest), fact);
      if (outcome === null) return null;
      changed ||= outcome;
    }
    return changed;
  }

  /** The greatest value of the fact's other terms. */
  #restUpper(p: Poly, without: Term): bigint | null {
    let total: Interval = interval(0n, 0n);
    for (const t of p.terms) {
      if (t.key === without.key) continue;
      const one = { terms: [{ ...t, coefficient: 1n }], key: "" };
      total = addIntervals(total, scaleInterval(intervalOf(one, this.#boundsOf), t.coefficient));
    }
    return total.upper;
  }

  #narrow(id: string, to: Interval, by: Fact | null): boolean | null {
    const old = this.found.get(id) ?? UNBOUNDED;
    const both = intersect(old.interval, to);
    if (both === null) return null;
    if (sameInterval(both, old.interval)) return false;
    this.found.set(id, {
      interval: both,
      lowerFrom: both.lower === old.interval.lower ? old.lowerFrom : by,
      upperFrom: both.upper === old.interval.upper ? old.upperFrom : by,
    });
    return true;
  }

  #definitionInterval(id: string): Interval {
    const definition = this.#atoms.definition(id);
    return definition === null ? ALL : definitionInterval(definition, (p) => intervalOf(p, this.#boundsOf));
  }
}

function isDerived(atoms: Atoms, id: string): boolean {
  return atoms.definition(id) !== null;
}

/** `coefficient * x + rest >= 0` for some rest at most `rest`, solved for x. */
function solve(coefficient: bigint, rest: bigint): Interval {
  return coefficient > 0n
    ? interval(-floorQuotient(rest, coefficient), null)
    : interval(null, floorQuotient(rest, -coefficient));
}
