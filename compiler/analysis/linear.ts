/**
 * Linear reasoning about a goal: gathers what bears on it, makes it as linear as it will be, and asks Fourier-Motzkin
 * elimination for a contradiction with the goal's negation. Two steps make products tractable: equalities are used up by
 * substitution (equalities.ts), and rows, the negated goal among them, are multiplied by atoms that are not negative
 * (products.ts). A cheap attempt comes first; wider ones follow where it fails.
 */
import type { Fact } from "./condition.ts";
import type { Gathered, Lemma, Reach, Row } from "./constraints.ts";
import { gather, productRows } from "./constraints.ts";
import { distinct, useEqualities } from "./equalities.ts";
import type { Facts } from "./facts.ts";
import { factsBehind } from "./facts.ts";
import { refute } from "./fourier-motzkin.ts";
import type { Origin } from "./integer-rows.ts";
import { negateInterval } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import { MINUS_ONE, asConstant, atom, negate, sub, substituteAtoms } from "./polynomial.ts";
import type { ProductLimits } from "./products.ts";
import { multiplyRows } from "./products.ts";
import type { WorkBudget } from "./work-budget.ts";

/** One attempt: what it takes in and how far it multiplies. */
type Attempt = Reach &
  ProductLimits & {
    /** Eliminations: the first without products, the others with what those before them discovered. */
    readonly rounds: number;
  };

const NARROW: Attempt = {
  hops: 2,
  mostFacts: 24,
  mostNew: 8,
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
  { ...NARROW, hops: 4, mostFacts: 60, mostNew: 24, shifted: true, mostProducts: 48, mostFresh: 2, rounds: 3 },
];

/** Work for one of the lemmas that definitions need. */
const LEMMA_UNITS = 100_000;
/** Units of work to take in a row. */
const ROW_UNITS = 300;

/** The facts from which `goal >= 0` follows, or null where that was not found. */
export function proveLinear(facts: Facts, goal: Poly, budget: WorkBudget): readonly Fact[] | null {
  for (const attempt of ATTEMPTS) {
    const used = tryLinear(facts, goal, attempt, budget);
    if (used !== null) return used;
  }
  return null;
}

function tryLinear(facts: Facts, goal: Poly, attempt: Attempt, budget: WorkBudget): readonly Fact[] | null {
  const { rows: gathered, bounds: given } = gather(facts, goal, attempt, lemmaIn(facts, budget));
  if (!budget.spend(gathered.length * ROW_UNITS)) return null;
  const negated: Row = { poly: sub(MINUS_ONE, goal), because: () => [] };
  const { rows: positive, bounds } = turnNegativeAtoms({ rows: [negated, ...gathered], bounds: given });
  let linear = useEqualities(positive, budget);
  for (let round = 0; round < attempt.rounds; round++) {
    const products = round === 0 ? [] : multiplyRows(facts, { rows: linear, bounds }, attempt, budget);
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
function lemmaIn(facts: Facts, budget: WorkBudget): Lemma {
  return (p) => {
    const number = asConstant(p);
    if (number !== null) return number >= 0n ? [] : null;
    const fact = facts.factFor(p);
    if (fact !== null) return [fact];
    if ((facts.bounds(p).lower ?? -1n) >= 0n) return factsBehind(facts, p);
    if (budget.left < LEMMA_UNITS) return null; // not looked for, so not remembered as not found
    return facts.lemma(p, () => budget.within(LEMMA_UNITS, (part) => tryLinear(facts, p, NARROW, part)));
  };
}
