/**
 * The unknowns of linear reasoning over products: each product of atoms is a column of its own. Columns are closed under
 * division by positive atoms, so that a row whose products have such an atom in common can be divided by it.
 */
import { known } from "../support/invariant.ts";
import type { Poly } from "./polynomial.ts";
import { divideFactors, monomialKey } from "./polynomial.ts";

/** Past this there is no elimination. */
export const MOST_COLUMNS = 160;
/** Atoms that can be divided out, one bit each. */
const MOST_POSITIVE = 30;

/** Which monomial is which column, closed under division by positive atoms. */
export class Columns {
  readonly #index = new Map<string, number>();
  readonly #factors: (readonly string[])[] = [];
  readonly positive: readonly { readonly id: string; readonly atLeast: number }[];
  /** Bit i of a column: its product contains positive atom i. */
  readonly masks: readonly number[];
  /** `quotients[column * positive.length + i]`: the column without positive atom i, -1 for the constant. */
  readonly quotients: Int16Array;

  readonly #multiples: readonly (readonly number[])[];

  constructor(rows: readonly Poly[], atLeast: (id: string) => bigint | null) {
    const ids = new Set<string>();
    for (const row of rows) {
      for (const t of row.terms) {
        if (t.key !== "") this.#add(t.key, t.factors);
        for (const id of t.factors) ids.add(id);
      }
    }
    this.positive = [...ids].toSorted().flatMap((id) => {
      const bound = atLeast(id);
      return bound === null || bound < 1n || bound > 2n ** 31n ? [] : [{ id, atLeast: Number(bound) }];
    });
    this.positive = this.positive.slice(0, MOST_POSITIVE);
    for (let c = 0; c < this.#factors.length && c <= MOST_COLUMNS; c++) this.#addQuotients(this.factors(c));
    this.masks = this.#factors.map((factors) =>
      this.positive.reduce((mask, p, i) => (factors.includes(p.id) ? mask | (1 << i) : mask), 0),
    );
    this.#multiples = this.#findMultiples();
    this.quotients = new Int16Array(this.count * this.positive.length).fill(-1);
    for (let c = 0; c < this.count; c++) {
      for (const [i, { id }] of this.positive.entries()) {
        const quotient = divideFactors(this.factors(c), [id]);
        if (quotient !== null)
          this.quotients[c * this.positive.length + i] = this.#index.get(monomialKey(quotient)) ?? -1;
      }
    }
  }

  get count(): number {
    return this.#factors.length;
  }

  /** The other columns that a column divides. */
  multiples(column: number): readonly number[] {
    return known(this.#multiples[column], "a column");
  }

  factors(column: number): readonly string[] {
    return known(this.#factors[column], "a column");
  }

  of(key: string): number {
    return known(this.#index.get(key), "the column of a monomial");
  }

  /** Short products only: those of more atoms count as multiples of nothing. */
  #findMultiples(): readonly (readonly number[])[] {
    const multiples = this.#factors.map((): number[] => []);
    for (const [whole, factors] of this.#factors.entries()) {
      const subsets = factors.length > 6 ? 0 : 1 << factors.length;
      for (let chosen = 1; chosen < subsets - 1; chosen++) {
        const part = this.#index.get(monomialKey(factors.filter((_, i) => (chosen & (1 << i)) !== 0)));
        const of = part === undefined ? undefined : multiples[part];
        if (of !== undefined && !of.includes(whole)) of.push(whole);
      }
    }
    return multiples;
  }

  #add(key: string, factors: readonly string[]): void {
    if (this.#index.has(key)) return;
    this.#index.set(key, this.#factors.length);
    this.#factors.push(factors);
  }

  #addQuotients(factors: readonly string[]): void {
    if (factors.length < 2) return;
    for (const { id } of this.positive) {
      const quotient = divideFactors(factors, [id]);
      if (quotient !== null) this.#add(monomialKey(quotient), quotient);
    }
  }
}
