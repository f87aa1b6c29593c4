/**
 * Linear reasoning about a goal: gathers what bears on it, makes it as linear as it will be, and asks Fourier-Motzkin
 * elimination for a contradiction with the goal's negation. Two steps make products tractable: equalities are used up by
 * substitution (`C == g*CG` removes C from every product); and rows, the negated goal among them, are multiplied by
 * atoms known not to be negative where that gives products which others mention (the reformulation-linearisation of
 * Sherali and Adams, 1990). A cheap attempt comes first; a wider one follows where it fails.
 */
import type { Fact } from "./condition.ts";
import type { Lemma, Reach, Row } from "./constraints.ts";
import { gather, productRows } from "./constraints.ts";
import type { Facts } from "./facts.ts";
import { factsBehind } from "./facts.ts";
import { WorkBudget, refute } from "./fourier-motzkin.ts";
import type { Poly } from "./polynomial.ts";
import {
  MINUS_ONE,
  add,
  asConstant,
  atom,
  constant,
  content,
  divideDown,
  divideFactors,
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
};

const ATTEMPTS: readonly Attempt[] = [
  { hops: 2, mostFacts: 24, largestBound: 1n << 20n, shifted: false, mostProducts: 60 },
  { hops: 4, mostFacts: 60, largestBound: 1n << 50n, shifted: true, mostProducts: 120 },
];

/** Work for the lemmas that definitions need; each is looked for once in a scope. */
const LEMMA_CELLS = 200_000;
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
  const { rows: gathered, atLeast } = gather(facts, goal, attempt, lemmaIn(facts));
  const negated: Row = { poly: sub(MINUS_ONE, goal), because: () => [] };
  const linear = useEqualities([negated, ...gathered]);
  const products = multiply(linear, atLeast, attempt);
  const rows = [...linear, ...products, ...productRows(facts, [...linear, ...products], attempt)];
  const refutation = refute(
    rows.map((r) => r.poly),
    (id) => atLeast.get(id) ?? null,
    budget,
  );
  if (refutation === null) return null;
  const used = refutation.rows.flatMap((i) => rows[i]?.because() ?? []);
  return [...used, ...refutation.divided.flatMap((id) => factsBehind(facts, atom(id)))];
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
      const [narrow] = ATTEMPTS;
      return narrow === undefined ? null : tryLinear(facts, p, narrow, new WorkBudget(LEMMA_CELLS));
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

/** Rows times atoms that are not negative, as long as a product divides one that is already mentioned. */
function multiply(rows: readonly Row[], atLeast: ReadonlyMap<string, bigint>, attempt: Attempt): readonly Row[] {
  const mentioned = new Map<string, readonly string[]>();
  const mention = (p: Poly): void => {
    for (const t of p.terms) {
      if (t.factors.length > 1 && t.factors.length <= HIGHEST_DEGREE) mentioned.set(t.key, t.factors);
    }
  };
  for (const r of rows) mention(r.poly);
  const made: Row[] = [];
  const done = new Set<string>();
  for (let round = 0; round < 2; round++) {
    const targets = [...mentioned.values()];
    for (const row of [...rows, ...made]) {
      for (const id of usefulCofactors(row.poly, targets)) {
        const least = atLeast.get(id);
        const key = `${id} ${row.poly.key}`;
        if (least === undefined || (least < 0n && !attempt.shifted) || done.has(key)) continue;
        done.add(key);
        const cofactor = attempt.shifted ? add(atom(id), constant(-least)) : atom(id);
        made.push({ poly: mul(row.poly, cofactor), because: row.because });
        if (made.length >= attempt.mostProducts) return distinct(made);
      }
    }
    for (const r of made) mention(r.poly);
  }
  return distinct(made);
}

/** The atoms by which one of the row's products becomes a divisor of a target. */
function usefulCofactors(row: Poly, targets: readonly (readonly string[])[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const t of row.terms) {
    if (t.key === "") continue;
    for (const target of targets) {
      const rest = divideFactors(target, t.factors);
      if (rest !== null) for (const id of rest) found.add(id);
    }
  }
  return found;
}
