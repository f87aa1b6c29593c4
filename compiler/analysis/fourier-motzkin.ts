/**
 * Shows that integer inequalities contradict each other, by Fourier-Motzkin elimination over monomials: each product of
 * atoms counts as a variable of its own. Rows are kept in their strongest integer form (divided by the content, constant
 * rounded down), as in Pugh's Omega test; and where every product of a row has a positive atom in common, that atom is
 * divided out and the quotient rounded (`h*(g - q) >= 1` gives `g - q >= 1`), which no linear step could do.
 * Coefficients are doubles below 2**52, so exact; a row that would pass that, or the work allowed, is dropped: losing a
 * consequence is sound.
 */
import { invariant, known } from "../support/invariant.ts";
import type { Poly } from "./polynomial.ts";
import type { WorkBudget } from "./work-budget.ts";
import { add, constant as constantPoly, divideFactors, monomial, monomialKey } from "./polynomial.ts";

/** Every coefficient stays exact in a double below this. */
const LARGEST = 2 ** 52;
const LARGEST_SMALL = 2 ** 31 - 1;
/** Rows alive at once; past it the longest are dropped. */
const MOST_ROWS = 500;
const MOST_COLUMNS = 160;
/** Units of work to prepare a column. */
const COLUMN_UNITS = 500;
/** Units of work to combine two rows, beside their cells. */
const STEP_UNITS = 50;
/** Atoms that can be divided out, one bit each. */
const MOST_POSITIVE = 30;

/** What something was derived from: rows, by their index, and the positive atoms that were divided out on the way. */
export type Origin = { readonly rows: readonly number[]; readonly divided: readonly string[] };

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
  if (columns.count > MOST_COLUMNS) budget.exceeded = true;
  if (columns.count > MOST_COLUMNS || !budget.spend(columns.count * COLUMN_UNITS))
    return { refuted: false, discoveries: [] };
  return new Elimination(columns, budget).run(rows);
}

/** Which monomial is which column, closed under division by positive atoms. */
class Columns {
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

/** Outweighs every difference in growth. */
const FREE_FIRST = 1e9;
/** Discoveries that are handed back: short ones, for products of long rows lead nowhere. */
const LONGEST_DISCOVERY = 3;
const MOST_DISCOVERIES = 12;

/** One run. Row r occupies `cells[r * stride …]`: its coefficients, then its constant. */
class Elimination {
  readonly #columns: Columns;
  readonly #budget: WorkBudget;
  readonly #stride: number;
  #cells: Float64Array;
  #count = 0;
  /** The rows that a row was combined from, -1 where there is none. */
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  /** An input row: its index; a row from which positive atom i was divided out: -2 - i; else -1. */
  readonly #source: number[] = [];
  readonly #alive: boolean[] = [];
  readonly #length: number[] = [];
  /** Whether making a row integer made it stronger. */
  readonly #rounded: boolean[] = [];
  /** Rows by the hash of their form, sign ignored: equal and opposite forms meet. */
  readonly #byForm = new Map<number, number[]>();
  readonly #hashes: number[] = [];
  readonly #eliminated: boolean[];
  /** Set when two rows contradict each other, or one itself. */
  #contradiction: readonly number[] | null = null;

  constructor(columns: Columns, budget: WorkBudget) {
    this.#columns = columns;
    this.#budget = budget;
    this.#stride = columns.count + 1;
    this.#cells = new Float64Array(this.#stride * 128);
    this.#eliminated = Array.from({ length: columns.count }, () => false);
  }

  run(rows: readonly Poly[]): Outcome {
    for (const [i, row] of rows.entries()) {
      if (!this.#load(row)) continue;
      this.#commit(-1, -1, i);
      if (this.#contradiction !== null) return { refuted: true, origin: this.#origin(this.#contradiction) };
    }
    for (;;) {
      const column = this.#cheapestColumn();
      if (column < 0) break;
      this.#eliminate(column);
      if (this.#contradiction !== null) return { refuted: true, origin: this.#origin(this.#contradiction) };
      if (this.#budget.exceeded && this.#budget.left < this.#stride) break;
    }
    return { refuted: false, discoveries: this.#discoveries() };
  }

  /** Writes a polynomial into the next free row. */
  #load(row: Poly): boolean {
    const at = this.#nextRow();
    this.#cells.fill(0, at, at + this.#stride);
    for (const t of row.terms) {
      const value = Number(t.coefficient);
      if (!(Math.abs(value) < LARGEST)) return false;
      this.#cells[at + (t.key === "" ? this.#stride - 1 : this.#columns.of(t.key))] = value;
    }
    return true;
  }

  /** The offset of the next free row. */
  #nextRow(): number {
    const at = this.#count * this.#stride;
    if (at + this.#stride > this.#cells.length) {
      const larger = new Float64Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return at;
  }

  #cell(row: number, column: number): number {
    return this.#cells[row * this.#stride + column] ?? 0;
  }

  /** Normalises the row just written and keeps it unless an equal or stronger one is there. */
  #commit(left: number, right: number, source: number): void {
    const row = this.#count;
    const length = this.#normalise(row);
    const constant = this.#cell(row, this.#stride - 1);
    if (length === 0 && constant >= 0) return;
    this.#left[row] = left;
    this.#right[row] = right;
    this.#source[row] = source;
    this.#length[row] = length;
    if (length === 0) {
      this.#contradiction = [row];
      this.#alive[row] = false;
      this.#count++;
      return;
    }
    if (!this.#register(row, constant)) return;
    this.#alive[row] = true;
    this.#count++;
    this.#divideOut(row, constant);
  }

  /** Divides by the content, rounding the constant down; returns the number of coefficients that are not 0. */
  #normalise(row: number): number {
    this.#rounded[row] = false;
    const at = row * this.#stride;
    const end = at + this.#stride - 1;
    const cells = this.#cells;
    let divisor = 0;
    let length = 0;
    for (let i = at; i < end; i++) {
      const value = cells[i] ?? 0;
      if (value === 0) continue;
      length++;
      if (divisor !== 1) divisor = gcdOf(Math.abs(value), divisor);
    }
    if (divisor > 1) {
      for (let i = at; i < end; i++) cells[i] = (cells[i] ?? 0) / divisor;
      const constant = cells[end] ?? 0;
      const rest = constant % divisor; // exact, where Math.floor(constant / divisor) may round up
      this.#rounded[row] = rest !== 0;
      cells[end] = (constant - rest - (rest < 0 ? divisor : 0)) / divisor;
    }
    return length;
  }

  /** False where the row adds nothing. Replaces a weaker row of the same form; notices a contradicting opposite. */
  #register(row: number, constant: number): boolean {
    const hash = this.#hash(row);
    this.#hashes[row] = hash;
    const others = this.#byForm.get(hash);
    if (others === undefined) {
      this.#byForm.set(hash, [row]);
      return true;
    }
    for (const [i, other] of others.entries()) {
      if (this.#alive[other] !== true) continue;
      const sign = this.#compareForms(row, other);
      const theirs = this.#cell(other, this.#stride - 1);
      if (sign === -1 && constant + theirs < 0) {
        this.#alive[row] = true;
        this.#count++;
        this.#contradiction = [row, other];
        return false;
      }
      if (sign !== 1) continue;
      if (theirs <= constant) return false;
      this.#alive[other] = false;
      others[i] = row;
      return true;
    }
    others.push(row);
    return true;
  }

  #hash(row: number): number {
    const at = row * this.#stride;
    let hash = 0;
    let sign = 0;
    for (let i = 0; i < this.#stride - 1; i++) {
      const value = this.#cells[at + i] ?? 0;
      if (value === 0) continue;
      if (sign === 0) sign = value > 0 ? 1 : -1;
      hash = Math.imul(hash ^ ((sign * value) | 0) ^ (i << 20), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  /** 1 for equal forms, -1 for opposite ones, else 0. */
  #compareForms(a: number, b: number): number {
    const x = a * this.#stride;
    const y = b * this.#stride;
    const cells = this.#cells;
    let sign = 0;
    for (let i = 0; i < this.#stride - 1; i++) {
      const u = cells[x + i] ?? 0;
      const v = cells[y + i] ?? 0;
      if (u === 0 && v === 0) continue;
      if (sign === 0) sign = u === v ? 1 : -1;
      if (u !== sign * v) return 0;
    }
    return sign;
  }

  /** Where positive atoms divide every product of a row: `a*P + k >= 0` gives `P >= 1` for k < 0, else `P >= -(k div a)`. */
  #divideOut(row: number, constant: number): void {
    const { masks, quotients, positive } = this.#columns;
    let mask = -1;
    for (let c = 0; c < this.#stride - 1 && mask !== 0; c++) if (this.#cell(row, c) !== 0) mask &= masks[c] ?? 0;
    for (let i = 0; mask !== 0 && i < positive.length; i++) {
      if ((mask & (1 << i)) === 0) continue;
      const at = this.#nextRow();
      this.#cells.fill(0, at, at + this.#stride);
      const atLeast = positive[i]?.atLeast ?? 1;
      let constantTerm = constant < 0 ? -1 : (constant - (constant % atLeast)) / atLeast;
      let possible = true;
      for (let c = 0; c < this.#stride - 1; c++) {
        const value = this.#cell(row, c);
        if (value === 0) continue;
        const quotient = quotients[c * positive.length + i] ?? -1;
        if (quotient < 0) constantTerm += value;
        else if (this.#eliminated[quotient] === true) possible = false;
        else this.#cells[at + quotient] = value;
      }
      this.#cells[at + this.#stride - 1] = constantTerm;
      if (possible && this.#budget.spend(this.#stride)) this.#commit(row, -1, -2 - i);
      if (this.#contradiction !== null) return;
    }
  }

  /**
   * The column whose elimination makes the fewest rows, of those that divide no other column that is left: what is known
   * of atoms alone must still be there when products of theirs have been divided.
   */
  #cheapestColumn(): number {
    const width = this.#stride - 1;
    const above = new Int32Array(width);
    const below = new Int32Array(width);
    let alive = 0;
    for (let row = 0; row < this.#count; row++) {
      if (this.#alive[row] !== true) continue;
      alive++;
      for (let c = 0; c < width; c++) {
        const value = this.#cell(row, c);
        if (value > 0) above[c] = (above[c] ?? 0) + 1;
        else if (value < 0) below[c] = (below[c] ?? 0) + 1;
      }
    }
    if (!this.#budget.spend(alive * this.#stride)) return -1;
    const live = (c: number): boolean => (above[c] ?? 0) + (below[c] ?? 0) > 0;
    let best = -1;
    let least = Infinity;
    for (let c = 0; c < width; c++) {
      if (!live(c) || this.#columns.multiples(c).some(live)) continue;
      const up = above[c] ?? 0;
      const down = below[c] ?? 0;
      const free = this.#columns.factors(c).length === 1 && this.#columns.multiples(c).length === 0;
      const growth = up * down - up - down - (free ? FREE_FIRST : 0);
      if (growth < least) {
        least = growth;
        best = c;
      }
    }
    return best;
  }

  #eliminate(column: number): void {
    this.#eliminated[column] = true;
    const above: number[] = [];
    const below: number[] = [];
    for (let row = 0; row < this.#count; row++) {
      if (this.#alive[row] !== true) continue;
      const value = this.#cell(row, column);
      if (value === 0) continue;
      (value > 0 ? above : below).push(row);
      this.#alive[row] = false;
    }
    const pair = this.#equality(above, below);
    for (const a of above) {
      for (const b of below) {
        if (pair !== null && a !== pair[0] && b !== pair[1]) continue; // the equality says it all
        if (!this.#combine(a, b, column)) return;
        if (this.#contradiction !== null) return;
      }
    }
    this.#dropLongest();
  }

  /** Two opposite rows that together say `form == 0`: the unknown can be replaced in every other row. */
  #equality(above: readonly number[], below: readonly number[]): readonly [number, number] | null {
    const negative = new Set(below);
    for (const a of above) {
      const constant = this.#cell(a, this.#stride - 1);
      for (const b of this.#byForm.get(this.#hashes[a] ?? 0) ?? []) {
        const opposite = negative.has(b) && this.#cell(b, this.#stride - 1) === -constant;
        if (opposite && this.#compareForms(a, b) === -1) return [a, b];
      }
    }
    return null;
  }

  /** False when the budget is used up. */
  #combine(a: number, b: number, column: number): boolean {
    if (!this.#budget.spend(this.#stride + STEP_UNITS)) return false;
    this.#budget.steps++;
    const at = this.#nextRow();
    const cells = this.#cells;
    const up = this.#cell(a, column);
    const down = -this.#cell(b, column);
    const shared = gcdOf(up, down);
    const [timesA, timesB] = [down / shared, up / shared];
    const x = a * this.#stride;
    const y = b * this.#stride;
    for (let i = 0; i < this.#stride; i++) {
      const left = timesA * (cells[x + i] ?? 0);
      const right = timesB * (cells[y + i] ?? 0);
      const value = left + right;
      if (!(Math.abs(left) < LARGEST && Math.abs(right) < LARGEST && Math.abs(value) < LARGEST)) {
        this.#budget.exceeded = true;
        return true;
      }
      cells[at + i] = value;
    }
    this.#commit(a, b, -1);
    return true;
  }

  /** Keeps the number of rows down by giving up those that say least at a time: the longest. */
  #dropLongest(): void {
    const alive: number[] = [];
    for (let row = 0; row < this.#count; row++) if (this.#alive[row] === true) alive.push(row);
    if (alive.length <= MOST_ROWS) return;
    this.#budget.exceeded = true;
    const byLength = alive.toSorted((a, b) => (this.#length[a] ?? 0) - (this.#length[b] ?? 0) || a - b);
    for (const row of byLength.slice(MOST_ROWS)) this.#alive[row] = false;
  }

  /** The shortest rows that rounding or division made. */
  #discoveries(): readonly Discovery[] {
    const found: number[] = [];
    for (let row = 0; row < this.#count; row++) {
      const source = this.#source[row] ?? -1;
      const parent = this.#source[this.#left[row] ?? -1] ?? -1;
      const divided = source < -1 && parent < 0; // dividing an input row may only undo a product
      const integral = divided || (source === -1 && this.#rounded[row] === true);
      if (integral && (this.#length[row] ?? 0) <= LONGEST_DISCOVERY && !this.#isSign(row)) found.push(row);
    }
    const best = found.toSorted((a, b) => (this.#length[a] ?? 0) - (this.#length[b] ?? 0) || a - b);
    return best.slice(0, MOST_DISCOVERIES).map((row) => ({ poly: this.#poly(row), origin: this.#origin([row]) }));
  }

  /** Whether a row says of one product no more than that it is at least some number. */
  #isSign(row: number): boolean {
    if (this.#length[row] !== 1) return false;
    for (let c = 0; c < this.#stride - 1; c++) if (this.#cell(row, c) !== 0) return this.#columns.factors(c).length > 1;
    return true;
  }

  #poly(row: number): Poly {
    let poly = constantPoly(this.#cell(row, this.#stride - 1));
    for (let c = 0; c < this.#stride - 1; c++) {
      const value = this.#cell(row, c);
      if (value !== 0) poly = add(poly, monomial(BigInt(value), this.#columns.factors(c)));
    }
    return poly;
  }

  /** The input rows that rows were combined from, and the atoms divided out between. */
  #origin(rows: readonly number[]): Origin {
    const seen = new Set<number>();
    const inputs = new Set<number>();
    const divided = new Set<string>();
    const open = [...rows];
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      if (seen.has(row)) continue;
      seen.add(row);
      const source = this.#source[row] ?? -1;
      if (source >= 0) inputs.add(source);
      if (source < -1) divided.add(known(this.#columns.positive[-2 - source], "a positive atom").id);
      for (const parent of [this.#left[row] ?? -1, this.#right[row] ?? -1]) if (parent >= 0) open.push(parent);
    }
    invariant(inputs.size > 0, "a contradiction without rows");
    return { rows: [...inputs].toSorted((a, b) => a - b), divided: [...divided].toSorted() };
  }
}

function gcdOf(a: number, b: number): number {
  if (a <= LARGEST_SMALL && b <= LARGEST_SMALL) return smallGcd(a | 0, b | 0);
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** On 32-bit integers, where a remainder costs a tenth of that of doubles. */
function smallGcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) {
    const rest = (x % y) | 0;
    x = y;
    y = rest;
  }
  return x;
}
