/**
 * Rows multiplied by products of atoms that are not negative, so that linear steps can compare what the rows say of
 * products: from `i <= M - 1` comes `i*N <= M*N - N`. Only products that lead from a row to a monomial that is mentioned
 * somewhere are made, those first that mention the fewest new ones, since each of these is one more unknown
 * (reformulation-linearisation: Sherali and Adams, 1990).
 */
import type { Gathered, Row } from "./constraints.ts";
import { distinct } from "./equalities.ts";
import type { Facts } from "./facts.ts";
import { factsBehind } from "./facts.ts";
import type { Interval } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import { atom, constant, degree, mergeFactors, monomialKey, mul, sub } from "./polynomial.ts";
import type { WorkBudget } from "./work-budget.ts";

/** How far multiplication goes. */
export type ProductLimits = {
  /** Multiplies by `a - L` for `a >= L` instead of `a`: stronger, with longer rows. */
  readonly shifted: boolean;
  /** Of one round. */
  readonly mostProducts: number;
  /** Products that mention more products of their own are not made. */
  readonly mostFresh: number;
  readonly productRounds: number;
};

/** A product that could be made: a row times atoms, none of them negative. */
type Candidate = { readonly row: Row; readonly by: readonly string[]; readonly key: string; readonly fresh: number };

/** Products of more atoms are not made. */
const HIGHEST_DEGREE = 4;
/** Atoms with bounds further below 0 are not multiplied by. */
const LOWEST_SHIFT = -(1n << 10n);
/** Units of work for a term that is looked at, and for one that is made. */
const LOOK_UNITS = 40;
const MAKE_UNITS = 100;

export function multiplyRows(
  facts: Facts,
  { rows, bounds }: Gathered,
  limits: ProductLimits,
  budget: WorkBudget,
): readonly Row[] {
  const search = new ProductSearch(bounds, limits, budget);
  const made: Row[] = [];
  for (const r of rows) search.mention(r.poly);
  for (let round = 0; round < limits.productRounds; round++) {
    const candidates = search.candidates([...rows, ...made]);
    const best = candidates.toSorted((x, y) => x.fresh - y.fresh).slice(0, limits.mostProducts);
    for (const candidate of best) {
      const poly = search.make(candidate);
      if (poly === null) return distinct(made);
      const { row, by } = candidate;
      made.push({ poly, because: () => [...row.because(), ...by.flatMap((id) => factsBehind(facts, atom(id)))] });
    }
  }
  return distinct(made);
}

class ProductSearch {
  readonly #bounds: ReadonlyMap<string, Interval>;
  readonly #limits: ProductLimits;
  readonly #budget: WorkBudget;
  /** Products that rows mention, by key. */
  readonly #mentioned = new Map<string, readonly string[]>();
  /** For the key of a part of a mentioned product, what it lacks: cofactors by their key. */
  readonly #lacking = new Map<string, Map<string, readonly string[]>>();
  readonly #done = new Set<string>();

  constructor(bounds: ReadonlyMap<string, Interval>, limits: ProductLimits, budget: WorkBudget) {
    this.#bounds = bounds;
    this.#limits = limits;
    this.#budget = budget;
  }

  mention(p: Poly): void {
    for (const t of p.terms) {
      if (t.factors.length < 2 || this.#mentioned.has(t.key)) continue;
      this.#mentioned.set(t.key, t.factors);
      if (t.factors.length <= HIGHEST_DEGREE) this.#addParts(t.factors);
    }
  }

  /** Each way to split a product into a part and a cofactor, neither of them 1. */
  #addParts(factors: readonly string[]): void {
    for (let chosen = 1; chosen < (1 << factors.length) - 1; chosen++) {
      const part = factors.filter((_, i) => (chosen & (1 << i)) !== 0);
      const by = factors.filter((_, i) => (chosen & (1 << i)) === 0);
      if (!by.every((id) => this.#mayMultiply(id))) continue;
      const key = monomialKey(part);
      const cofactors = this.#lacking.get(key) ?? new Map<string, readonly string[]>();
      this.#lacking.set(key, cofactors.set(monomialKey(by), by));
    }
  }

  #mayMultiply(id: string): boolean {
    const lower = this.#bounds.get(id)?.lower ?? null;
    return lower !== null && lower >= (this.#limits.shifted ? LOWEST_SHIFT : 0n);
  }

  candidates(rows: readonly Row[]): readonly Candidate[] {
    const found: Candidate[] = [];
    for (const row of rows) {
      const cofactors = new Map<string, readonly string[]>();
      for (const t of row.poly.terms) {
        for (const [key, by] of this.#lacking.get(t.key) ?? []) if (t.key !== "") cofactors.set(key, by);
      }
      for (const [byKey, by] of cofactors) {
        const key = `${byKey} ${row.poly.key}`;
        if (this.#done.has(key) || degree(row.poly) + by.length > HIGHEST_DEGREE) continue;
        if (!this.#budget.spend(row.poly.terms.length * LOOK_UNITS)) return found;
        const fresh = this.#countFresh(row.poly, by);
        if (fresh <= this.#limits.mostFresh) found.push({ row, by, key, fresh });
      }
    }
    return found;
  }

  /** How many products a multiplied row would mention that no row does. */
  #countFresh(p: Poly, by: readonly string[]): number {
    let fresh = 0;
    for (const t of p.terms) {
      const factors = mergeFactors(t.factors, by);
      if (factors.length > 1 && !this.#mentioned.has(monomialKey(factors))) fresh++;
    }
    return fresh;
  }

  /** Null when the budget is used up. */
  make({ row, by, key }: Candidate): Poly | null {
    if (!this.#budget.spend(row.poly.terms.length * MAKE_UNITS * (this.#limits.shifted ? 2 ** by.length : 1)))
      return null;
    this.#done.add(key);
    const product = by.reduce((p, id) => mul(p, this.#cofactor(id)), row.poly);
    this.mention(product);
    return product;
  }

  #cofactor(id: string): Poly {
    return this.#limits.shifted ? sub(atom(id), constant(this.#bounds.get(id)?.lower ?? 0n)) : atom(id);
  }
}
