/**
 * What bears on a goal, as rows `poly >= 0` over atoms that need no definition any more: the facts that share atoms with
 * it (directly, or through a few others), the bounds of those atoms, and what definitions say as inequalities. A quotient
 * `q = n div d` with positive d gives `d*q <= n <= d*q + d - 1`; a minimum is at most each side, a maximum at least.
 */
import { unreachable } from "../support/invariant.ts";
import { intervalOf, operands } from "./definition.ts";
import type { Fact } from "./condition.ts";
import type { Facts } from "./facts.ts";
import { factsBehind } from "./facts.ts";
import type { Interval } from "./interval.ts";
import { ALL } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import { MINUS_ONE, add, addScaled, asConstant, atom, atomsOf, constant, monomial, mul, sub } from "./polynomial.ts";

/** `poly >= 0`, and the facts that it rests on (asked for only when a proof is written down). */
export type Row = { readonly poly: Poly; readonly because: () => readonly Fact[] };

/** How much of what is known a search takes in. */
export type Reach = {
  /** How many facts may lie between the goal and a fact that is used. */
  readonly hops: number;
  readonly mostFacts: number;
  /** How many of them may bring new atoms, at each distance. */
  readonly mostNew: number;
  /** Bounds of atoms beyond this size are left out: they are limits of dtypes, seldom of use in a linear argument. */
  readonly largestBound: bigint;
};

/** Asks whether `p >= 0` follows, to interpret a definition: the facts used, or null where it is not proved. */
export type Lemma = (p: Poly) => readonly Fact[] | null;

/** Rows, and the bounds of their atoms. */
export type Gathered = { readonly rows: readonly Row[]; readonly bounds: ReadonlyMap<string, Interval> };

const NO_FACTS = (): readonly Fact[] => [];

/** Rows for a goal; a goal without atoms (a contradiction is looked for) takes in every fact. */
export function gather(facts: Facts, goal: Poly, reach: Reach, lemma: Lemma): Gathered {
  const { chosen, atoms, defined } = new Neighbourhood(facts, reach).around(goal);
  const rows: Row[] = chosen.map((fact) => ({ poly: fact.poly, because: () => [fact] }));
  const limits: Row[] = [];
  const bounds = new Map<string, Interval>();
  for (const id of atoms) {
    if (defined.has(id)) rows.push(...definitionRows(facts, id, lemma));
    limits.push(...boundRows(facts, id, reach));
    const { lower, upper } = facts.ranges.of(id).interval;
    const natural = (lower === null || lower < 0n) && defined.has(id) && isKnownQuotient(facts, id, lemma);
    bounds.set(id, { lower: natural ? 0n : lower, upper });
  }
  return { rows: [...rows, ...limits], bounds };
}

/**
 * The facts and atoms within some steps of a goal. A step leads from an atom to its definition or to a fact that mentions
 * it; few facts that bring new atoms are followed, so that in a chain of a hundred layers only the near ones count.
 */
class Neighbourhood {
  readonly #facts: Facts;
  readonly #reach: Reach;
  readonly #atoms = new Set<string>();
  readonly #defined = new Set<string>();
  readonly #chosen = new Set<Fact>();

  constructor(facts: Facts, reach: Reach) {
    this.#facts = facts;
    this.#reach = reach;
  }

  around(goal: Poly): {
    readonly chosen: readonly Fact[];
    readonly atoms: ReadonlySet<string>;
    readonly defined: ReadonlySet<string>;
  } {
    const { inequalities } = this.#facts;
    const everything = asConstant(goal) !== null;
    if (everything) for (const fact of inequalities) this.#meet(fact.poly, 1);
    this.#meet(goal, 0);
    let open = inequalities.filter((f) => !isBound(f.poly));
    for (let hop = 0; hop < this.#reach.hops; hop++) {
      const next = this.#nearest(open.filter((f) => atomsOf(f.poly).some((id) => this.#atoms.has(id))));
      for (const fact of next.slice(0, this.#reach.mostFacts - this.#chosen.size)) {
        this.#chosen.add(fact);
        this.#meet(fact.poly, hop + 1);
      }
      if (next.length === 0 || this.#chosen.size >= this.#reach.mostFacts) break;
      open = open.filter((f) => !this.#chosen.has(f));
    }
    return { chosen: inequalities.filter((f) => this.#chosen.has(f)), atoms: this.#atoms, defined: this.#defined };
  }

  /** Facts about atoms met already; then a few that bring new ones, those of inner scopes first. */
  #nearest(touching: readonly Fact[]): readonly Fact[] {
    const isNew = (f: Fact): boolean => atomsOf(f.poly).some((id) => !this.#atoms.has(id));
    const further = touching.filter(isNew).toReversed().slice(0, this.#reach.mostNew);
    return [...touching.filter((f) => !isNew(f)), ...further];
  }

  /** Takes in the atoms of a polynomial, and as far as the reach goes those of their definitions. */
  #meet(p: Poly, steps: number): void {
    for (const id of atomsOf(p)) {
      this.#atoms.add(id);
      const definition = this.#facts.atoms.definition(id);
      if (definition === null || this.#defined.has(id) || steps > this.#reach.hops) continue;
      this.#defined.add(id);
      for (const part of operands(definition)) this.#meet(part, steps + 1);
    }
  }
}

/** A fact about one atom alone, which its interval says already. */
function isBound(p: Poly): boolean {
  const [first, second, third] = p.terms;
  if (first === undefined || third !== undefined) return false;
  const only = second === undefined ? first : first.key === "" ? second : null;
  return only !== null && only.factors.length === 1;
}

function boundRows(facts: Facts, id: string, reach: Reach): readonly Row[] {
  return intervalRows(atom(id), facts.ranges.of(id).interval, reach, () => factsBehind(facts, atom(id)));
}

/** What an interval says of a polynomial. */
function intervalRows(
  p: Poly,
  { lower, upper }: Interval,
  reach: Reach,
  because: () => readonly Fact[],
): readonly Row[] {
  const rows: Row[] = [];
  const small = (end: bigint): boolean => end <= reach.largestBound && -end <= reach.largestBound;
  if (lower !== null && small(lower)) rows.push({ poly: sub(p, constant(lower)), because });
  if (upper !== null && small(upper)) rows.push({ poly: sub(constant(upper), p), because });
  return rows;
}

/** Bounds of the products that occur in rows, as far as those of their atoms give them: squares are not negative. */
export function productRows(facts: Facts, { rows, bounds }: Gathered, reach: Reach): readonly Row[] {
  const seen = new Set<string>();
  const found: Row[] = [];
  for (const { poly } of rows) {
    for (const t of poly.terms) {
      if (t.factors.length < 2 || seen.has(t.key)) continue;
      seen.add(t.key);
      const product = monomial(1n, t.factors);
      const range = intervalOf(product, (id) => bounds.get(id) ?? ALL);
      found.push(...intervalRows(product, range, reach, () => factsBehind(facts, product)));
    }
  }
  return found;
}

function byDefinition(poly: Poly): Row {
  return { poly, because: NO_FACTS };
}

function definitionRows(facts: Facts, id: string, lemma: Lemma): readonly Row[] {
  const definition = facts.atoms.definition(id);
  if (definition === null) return [];
  const value = atom(id);
  switch (definition.kind) {
    case "quotient":
      return quotientRows(value, definition.numerator, definition.divisor, lemma);
    case "minimum":
      return [byDefinition(sub(definition.left, value)), byDefinition(sub(definition.right, value))];
    case "maximum":
      return [byDefinition(sub(value, definition.left)), byDefinition(sub(value, definition.right))];
    case "product":
    case "exponential":
      return [];
    default:
      return unreachable(definition);
  }
}

function quotientRows(q: Poly, n: Poly, d: Poly, lemma: Lemma): readonly Row[] {
  const positive = lemma(add(d, MINUS_ONE));
  if (positive === null) return [];
  const because = (): readonly Fact[] => positive;
  const rest = sub(n, mul(d, q)); // 0 <= rest < d
  const rows: Row[] = [
    { poly: rest, because },
    { poly: addScaled(add(d, MINUS_ONE), rest, -1n), because },
  ];
  const natural = asConstant(d) === null ? lemma(n) : null; // for a number this is one step of elimination
  if (natural !== null) rows.push({ poly: q, because: () => [...positive, ...natural] });
  return rows;
}

/** Whether an atom is a quotient that is shown not to be negative, though its interval does not say so. */
function isKnownQuotient(facts: Facts, id: string, lemma: Lemma): boolean {
  const definition = facts.atoms.definition(id);
  if (definition === null || definition.kind !== "quotient") return false;
  return lemma(add(definition.divisor, MINUS_ONE)) !== null && lemma(definition.numerator) !== null;
}
