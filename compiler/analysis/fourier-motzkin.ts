/**
 * Shows that integer inequalities contradict each other, by Fourier-Motzkin elimination over monomials: each product of
 * atoms counts as a variable of its own. Rows are made integer as in Pugh's Omega test (integer-rows.ts); and where every
 * product of a row has a positive atom in common, that atom is divided out and the quotient rounded: `h*(g - q) >= 1`
 * gives `g - q >= 1`, which no linear step could do. Rows past the work allowed are dropped: losing one is sound.
 */
import type { Origin } from "./integer-rows.ts";
import { IntegerRows } from "./integer-rows.ts";
import { Columns, MOST_COLUMNS } from "./monomial-columns.ts";
import type { Poly } from "./polynomial.ts";
import type { WorkBudget } from "./work-budget.ts";

/** Rows alive at once; past it the longest are dropped. */
const MOST_ROWS = 500;
/** Units of work to prepare a column, and to combine two rows beside their cells. */
const COLUMN_UNITS = 500;
const STEP_UNITS = 50;
/** Outweighs every difference in growth. */
const FREE_FIRST = 1e9;
/** Discoveries that are handed back: short ones, for products of long rows lead nowhere. */
const LONGEST_DISCOVERY = 3;
const MOST_DISCOVERIES = 12;

/** A consequence that needed the integers, not just linear steps: worth multiplying in its turn. */
export type Discovery = { readonly poly: Poly; readonly origin: Origin };

export type Outcome =
  | { readonly refuted: true; readonly origin: Origin }
  | { readonly refuted: false; readonly discoveries: readonly Discovery[] };

/**
 * Looks for a contradiction between rows, each of which says `poly >= 0`.
 * `atLeast` gives a lower bound of an atom where one is known; those of at least 1 may be divided out.
 */
export function refute(rows: readonly Poly[], atLeast: (id: string) => bigint | null, budget: WorkBudget): Outcome {
  const columns = new Columns(rows, atLeast);
  const tooMany = columns.count > MOST_COLUMNS;
  if (tooMany) budget.exceeded = true;
  if (tooMany || !budget.spend(columns.count * COLUMN_UNITS)) return { refuted: false, discoveries: [] };
  return new Elimination(columns, budget).run(rows);
}

class Elimination {
  readonly #columns: Columns;
  readonly #budget: WorkBudget;
  readonly #rows: IntegerRows;
  readonly #eliminated: boolean[];

  constructor(columns: Columns, budget: WorkBudget) {
    this.#columns = columns;
    this.#budget = budget;
    this.#rows = new IntegerRows(columns);
    this.#eliminated = Array.from({ length: columns.count }, () => false);
  }

  run(inputs: readonly Poly[]): Outcome {
    const rows = this.#rows;
    for (const [i, input] of inputs.entries()) {
      if (rows.stagePoly(input)) this.#commit(-1, -1, i);
      else this.#budget.exceeded = true;
      if (rows.contradiction !== null) return { refuted: true, origin: rows.origin(rows.contradiction) };
    }
    for (let column = this.#nextColumn(); column !== null; column = this.#nextColumn()) {
      this.#eliminate(column);
      if (rows.contradiction !== null) return { refuted: true, origin: rows.origin(rows.contradiction) };
    }
    return { refuted: false, discoveries: this.#discoveries() };
  }

  /** Commits the staged row, and what dividing it gives. */
  #commit(left: number, right: number, source: number): void {
    const row = this.#rows.commit(left, right, source);
    if (row === null) return;
    const shared = this.#rows.sharedAtoms(row);
    for (let i = 0; i < this.#columns.positive.length && this.#rows.contradiction === null; i++) {
      if ((shared & (1 << i)) === 0 || !this.#budget.spend(this.#rows.width)) continue;
      if (this.#rows.stageQuotient(row, i, (c) => this.#eliminated[c] === true)) this.#commit(row, -1, -2 - i);
    }
  }

  /**
   * The column whose elimination makes the fewest rows, of those that divide no other column that is left: what is known
   * of atoms alone must still be there when products of theirs have been divided. Atoms that stand in no product at all
   * come first, for without them what rows say about the others shows. Null when nothing is left, or no budget.
   */
  #nextColumn(): number | null {
    const { above, below, alive } = this.#rows.countSigns();
    if (!this.#budget.spend(alive * this.#rows.width)) return null;
    const live = (c: number): boolean => (above[c] ?? 0) + (below[c] ?? 0) > 0;
    let best: number | null = null;
    let least = Infinity;
    for (let c = 0; c < this.#rows.width; c++) {
      const multiples = this.#columns.multiples(c);
      if (!live(c) || multiples.some(live)) continue;
      const up = above[c] ?? 0;
      const down = below[c] ?? 0;
      const free = this.#columns.factors(c).length === 1 && multiples.length === 0;
      const growth = up * down - up - down - (free ? FREE_FIRST : 0);
      if (growth < least) {
        least = growth;
        best = c;
      }
    }
    return best;
  }

  #eliminate(column: number): void {
    const rows = this.#rows;
    this.#eliminated[column] = true;
    const above: number[] = [];
    const below: number[] = [];
    for (let row = 0; row < rows.count; row++) {
      const value = rows.isAlive(row) ? rows.cell(row, column) : 0;
      if (value === 0) continue;
      (value > 0 ? above : below).push(row);
      rows.retire(row);
    }
    const pair = this.#equality(above, below);
    for (const a of above) {
      for (const b of below) {
        if (pair !== null && a !== pair[0] && b !== pair[1]) continue; // the equality says it all
        if (!this.#budget.spend(rows.width + STEP_UNITS)) return;
        this.#budget.steps++;
        if (rows.stageCombination(a, b, column)) this.#commit(a, b, -1);
        else this.#budget.exceeded = true;
        if (rows.contradiction !== null) return;
      }
    }
    this.#dropLongest();
  }

  /** Two opposite rows that together say `form == 0`: the unknown can be replaced in every other row. */
  #equality(above: readonly number[], below: readonly number[]): readonly [number, number] | null {
    const among = new Set(below);
    for (const a of above) {
      const b = this.#rows.opposite(a, among);
      if (b !== null) return [a, b];
    }
    return null;
  }

  /** Keeps the number of rows down by giving up those that say least at a time: the longest. */
  #dropLongest(): void {
    const rows = this.#rows;
    const alive: number[] = [];
    for (let row = 0; row < rows.count; row++) if (rows.isAlive(row)) alive.push(row);
    if (alive.length <= MOST_ROWS) return;
    this.#budget.exceeded = true;
    const byLength = alive.toSorted((a, b) => rows.length(a) - rows.length(b) || a - b);
    for (const row of byLength.slice(MOST_ROWS)) rows.retire(row);
  }

  /** The shortest rows that rounding or division made. */
  #discoveries(): readonly Discovery[] {
    const rows = this.#rows;
    const found: number[] = [];
    for (let row = 0; row < rows.count; row++) {
      if (rows.isIntegral(row) && rows.length(row) <= LONGEST_DISCOVERY && !this.#isSign(row)) found.push(row);
    }
    const best = found.toSorted((a, b) => rows.length(a) - rows.length(b) || a - b).slice(0, MOST_DISCOVERIES);
    return best.map((row) => ({ poly: rows.poly(row), origin: rows.origin([row]) }));
  }

  /** Whether a row says of one product no more than that it is at least some number. */
  #isSign(row: number): boolean {
    if (this.#rows.length(row) !== 1) return false;
    for (let c = 0; c < this.#rows.width; c++) {
      if (this.#rows.cell(row, c) !== 0) return this.#columns.factors(c).length > 1;
    }
    return true;
  }
}
