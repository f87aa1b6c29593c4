/**
 * Linear reasoning about a goal: gathers what bears on it, makes it as linear as it will be, and asks Fourier-Motzkin
 * elimination for a contradiction with the goal's negation. Two steps make products tractable: equalities are used up by
 * substitution (`C == g*CG` removes C from every product); and rows, the negated goal among them, are multiplied by
 * atoms known not to be negative where that gives products which others mention (the reformulation-linearisation of
 * Sherali and Adams, 1990). A cheap attempt comes first; a wider one follows where it fails.
 */
import type { Fact } from "./condition.ts";
import type { Gathered, Lemma, Reach, Row } from "./constraints.ts";
import { gather, productRows } from "./constraints.ts";
import type { Facts } from "./facts.ts";
import { factsBehind } from "./facts.ts";
import type { Origin } from "./fourier-motzkin.ts";
import { WorkBudget, refute } from "./fourier-motzkin.ts";
import type { Interval } from "./interval.ts";
import { negateInterval } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import {
  MINUS_ONE,
  asConstant,
  atom,
  constant,
  content,
  degree,
  divideDown,
  divideFactors,
  monomialKey,
  mul,
  negate,
  splitAffine,
  sub,
  substituteAtoms,
} from "./polynomial.ts";

/** One attempt: what it takes in and how far it multiplies. */
type Attempt = Reach & {
  /** Multiplies by `a - L` for `a >= L` instead of `a`: stronger, with longer rows. */
  readonly shifted: boolean;
  readonly mostProducts: number;
  /** Products that mention more products of their own are not made. */
  readonly mostFresh: number;
  readonly productRounds: number;
  /** Eliminations: the first without products, the others with what those before them discovered. */
  readonly rounds: number;
};

const NARROW: Attempt = {
  hops: 2,
  mostFacts: 24,
  largestBound: 1n << 20n,
  shifted: false,
  mostProducts: 24,
  mostFresh: 1,
  productRounds: 2,
  rounds: 3,
};

const ATTEMPTS: readonly Attempt[] = [
  NARROW,
  { ...NARROW, largestBound: 1n << 50n, rounds: 1 },
  { ...NARROW, hops: 4, mostFacts: 60, shifted: true, mostProducts: 48, mostFresh: 2, rounds: 3 },
];

/** Work for the lemmas that definitions need; each is looked for once in a scope. */
const LEMMA_CELLS = 200_000;
/** Atoms with bounds further below 0 are not multiplied by. */
const LOWEST_SHIFT = -(1n << 10n);
/** Products of more atoms are not made. */
const HIGHEST_DEGREE = 4;
/** Rows that substitution would make longer than this are left as they are. */
const LONGEST_ROW = 48;

/** The facts from which `goal >= 0` follows, or null where that was not found. */
export function proveLinear(facts: Facts, goal: Poly, budget: WorkBudget): readonly Fact[] | null {
  for (const attempt of ATTEMPTS) {
    const used = tryLinear(facts, goal, attempt, budget);
    if (used !== null) return used;
  }
  return null;
}

function tryLinear(facts: Facts, goal: Poly, attempt: Attempt, budget: WorkBudget): readonly Fact[] | null {
  const { rows: gathered, bounds: given } = gather(facts, goal, attempt, lemmaIn(facts));
  const negated: Row = { poly: sub(MINUS_ONE, goal), because: () => [] };
  const { rows: positive, bounds } = turnNegativeAtoms({ rows: [negated, ...gathered], bounds: given });
  let linear = useEqualities(positive);
  for (let round = 0; round < attempt.rounds; round++) {
    const products = round === 0 ? [] : multiply(facts, { rows: linear, bounds }, attempt);
    const withProducts = [...linear, ...products];
    const rows = [...withProducts, ...productRows(facts, { rows: withProducts, bounds }, attempt)];
    const because = ({ rows: used, divided }: Origin): readonly Fact[] => [
      ...used.flatMap((i) => rows[i]?.because() ?? []),
      ...divided.flatMap((id) => factsBehind(facts, atom(id))),
    ];
    const outcome = refute(
      rows.map((r) => r.poly),
      (id) => bounds.get(id)?.lower ?? null,
      budget,
    );
    if (outcome.refuted) return because(outcome.origin);
    const found = outcome.discoveries.map((d): Row => ({ poly: d.poly, because: () => because(d.origin) }));
    const more = distinct([...linear, ...found]);
    if (round > 0 && more.length === linear.length) return null;
    linear = more;
  }
  return null;
}

/** Writes -a for every atom a that is never positive: then all that has a sign is positive, and one rule serves. */
function turnNegativeAtoms({ rows, bounds }: Gathered): Gathered {
  const turned = new Map(bounds);
  for (const [id, { lower, upper }] of bounds) {
    const negative = upper !== null && upper <= 0n && (lower === null || lower < 0n);
    if (negative) turned.set(id, negateInterval({ lower, upper }));
  }
  const turn = (id: string): Poly | undefined => (turned.get(id) === bounds.get(id) ? undefined : negate(atom(id)));
  return { rows: rows.map((r) => ({ poly: substituteAtoms(r.poly, turn), because: r.because })), bounds: turned };
}

/** Lemmas about definitions: by bounds where these say it, else by one narrow attempt of its own. */
function lemmaIn(facts: Facts): Lemma {
  return (p) => {
    const number = asConstant(p);
    if (number !== null) return number >= 0n ? [] : null;
    return facts.lemma(p, () => {
      const fact = facts.factFor(p);
      if (fact !== null) return [fact];
      if ((facts.bounds(p).lower ?? -1n) >= 0n) return factsBehind(facts, p);
      return tryLinear(facts, p, NARROW, new WorkBudget(LEMMA_CELLS));
    });
  };
}

/** Removes an atom for each equality (a row and its opposite) that has one with coefficient 1 or -1. */
function useEqualities(rows: readonly Row[]): readonly Row[] {
  let current = distinct(rows);
  for (let guard = 0; guard < rows.length; guard++) {
    const byKey = new Map(current.map((r) => [r.poly.key, r]));
    let next: readonly Row[] | null = null;
    for (const row of current) {
      const opposite = byKey.get(negate(row.poly).key);
      if (opposite === undefined) continue;
      next = substituteBy(current, row, opposite);
      if (next !== null) break;
    }
    if (next === null) return current;
    current = next;
  }
  return current;
}

function substituteBy(rows: readonly Row[], row: Row, opposite: Row): readonly Row[] | null {
  for (const t of row.poly.terms) {
    const [id] = t.factors;
    if (id === undefined || t.factors.length !== 1 || (t.coefficient !== 1n && t.coefficient !== -1n)) continue;
    const split = splitAffine(row.poly, id);
    if (split === null || asConstant(split.coefficient) === null) continue;
    const value = t.coefficient === 1n ? negate(split.rest) : split.rest;
    const replaced = rows.map((r): Row => {
      const poly = substituteAtoms(r.poly, (a) => (a === id ? value : undefined));
      return poly === r.poly ? r : { poly, because: () => [...r.because(), ...row.because(), ...opposite.because()] };
    });
    if (replaced.every((r) => r.poly.terms.length <= LONGEST_ROW)) return distinct(replaced);
  }
  return null;
}

/** Each row once, in its strongest integer form; those that say nothing are left out. */
function distinct(rows: readonly Row[]): readonly Row[] {
  const kept = new Map<string, Row>();
  for (const { poly, because } of rows) {
    const number = asConstant(poly);
    if (number !== null && number >= 0n) continue;
    const divisor = content(poly);
    const strongest = divisor <= 1n ? poly : divideDown(poly, divisor);
    if (!kept.has(strongest.key)) kept.set(strongest.key, { poly: strongest, because });
  }
  return [...kept.values()];
}

/** A product that could be made: a row times atoms, none of them negative. */
type Candidate = {
  readonly row: Row;
  readonly by: readonly string[];
  readonly poly: Poly;
  readonly fresh: number;
  readonly key: string;
};

/**
 * Rows times products of atoms that are not negative, where one of the row's own products becomes one that is mentioned;
 * those first that mention the fewest new ones, since each of these is one more unknown.
 */
function multiply(facts: Facts, { rows, bounds }: Gathered, attempt: Attempt): readonly Row[] {
  const mentioned = new Map<string, readonly string[]>();
  const mention = (p: Poly): void => {
    for (const t of p.terms) if (t.factors.length > 1) mentioned.set(t.key, t.factors);
  };
  for (const r of rows) mention(r.poly);
  const made: Row[] = [];
  const done = new Set<string>();
  const lowest = attempt.shifted ? LOWEST_SHIFT : 0n;
  for (let round = 0; round < attempt.productRounds; round++) {
    const targets = [...mentioned.values()];
    const candidates: Candidate[] = [];
    for (const row of [...rows, ...made]) {
      for (const [key, by] of usefulCofactors(row.poly, targets)) {
        if (done.has(`${key} ${row.poly.key}`) || by.some((id) => (bounds.get(id)?.lower ?? lowest - 1n) < lowest))
          continue;
        const poly = by.reduce((p, id) => mul(p, cofactor(id, attempt.shifted, bounds)), row.poly);
        const fresh = poly.terms.filter((t) => t.factors.length > 1 && !mentioned.has(t.key)).length;
        if (fresh <= attempt.mostFresh && degree(poly) <= HIGHEST_DEGREE)
          candidates.push({ row, by, poly, fresh, key: `${key} ${row.poly.key}` });
      }
    }
    const best = candidates.toSorted((x, y) => x.fresh - y.fresh).slice(0, attempt.mostProducts);
    for (const { row, by, poly, key } of best) {
      done.add(key);
      made.push({ poly, because: () => [...row.because(), ...by.flatMap((id) => factsBehind(facts, atom(id)))] });
      mention(poly);
    }
  }
  return distinct(made);
}

/** `a`, or `a - L` where a is at least L. */
function cofactor(id: string, shifted: boolean, bounds: ReadonlyMap<string, Interval>): Poly {
  return shifted ? sub(atom(id), constant(bounds.get(id)?.lower ?? 0n)) : atom(id);
}

/** The products of atoms by which one of the row's products becomes a target. */
function usefulCofactors(row: Poly, targets: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const t of row.terms) {
    if (t.key === "") continue;
    for (const target of targets) {
      const rest = divideFactors(target, t.factors);
      if (rest !== null && rest.length > 0) found.set(monomialKey(rest), rest);
    }
  }
  return found;
}
