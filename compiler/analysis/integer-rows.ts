/**
 * Inequalities `row >= 0` as rows of a matrix over monomial columns, each kept in its strongest integer form: divided by
 * its content, the constant rounded down. Of rows with one form only the strongest is kept; two of opposite forms that
 * leave no room between them are a contradiction. Coefficients are doubles below 2**52, so exact; a row that would pass
 * that is dropped, for losing a consequence is sound.
 */
import { invariant, known } from "../support/invariant.ts";
import type { Columns } from "./monomial-columns.ts";
import type { Poly } from "./polynomial.ts";
import { add, constant as constantPoly, monomial } from "./polynomial.ts";

/** Every coefficient stays exact in a double below this. */
const LARGEST = 2 ** 52;
const LARGEST_SMALL = 2 ** 31 - 1;

/** What something was derived from: rows, by their index, and the positive atoms that were divided out on the way. */
export type Origin = { readonly rows: readonly number[]; readonly divided: readonly string[] };

/** Row r occupies `cells[r * stride …]`: its coefficients, then its constant. A row is first staged, then committed. */
export class IntegerRows {
  /** The number of columns. */
  readonly width: number;
  readonly #columns: Columns;
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
  /** Rows that cannot hold together, once there are some. */
  contradiction: readonly number[] | null = null;

  constructor(columns: Columns) {
    this.#columns = columns;
    this.width = columns.count;
    this.#stride = this.width + 1;
    this.#cells = new Float64Array(this.#stride * 128);
  }

  get count(): number {
    return this.#count;
  }

  cell(row: number, column: number): number {
    return this.#cells[row * this.#stride + column] ?? 0;
  }

  constant(row: number): number {
    return this.cell(row, this.width);
  }

  isAlive(row: number): boolean {
    return this.#alive[row] === true;
  }

  retire(row: number): void {
    this.#alive[row] = false;
  }

  /** The number of coefficients that are not 0. */
  length(row: number): number {
    return this.#length[row] ?? 0;
  }

  /** Whether a row came from rounding, or from dividing a row that was itself derived: not from linear steps alone. */
  isIntegral(row: number): boolean {
    const source = this.#source[row] ?? -1;
    const parent = this.#source[this.#left[row] ?? -1] ?? -1;
    if (source < -1) return parent < 0; // dividing an input row may only undo a product
    return source === -1 && this.#rounded[row] === true;
  }

  /** False where a coefficient is too large. */
  stagePoly(p: Poly): boolean {
    const at = this.#stageEmpty();
    for (const t of p.terms) {
      const value = Number(t.coefficient);
      if (!(Math.abs(value) < LARGEST)) return false;
      this.#cells[at + (t.key === "" ? this.width : this.#columns.of(t.key))] = value;
    }
    return true;
  }

  /** The sum of multiples of two rows in which a column cancels; false where a coefficient would be too large. */
  stageCombination(a: number, b: number, column: number): boolean {
    const at = this.#nextOffset();
    const cells = this.#cells;
    const up = Math.abs(this.cell(a, column));
    const down = Math.abs(this.cell(b, column));
    const shared = gcdOf(up, down);
    const [timesA, timesB] = [down / shared, up / shared];
    const x = a * this.#stride;
    const y = b * this.#stride;
    for (let i = 0; i < this.#stride; i++) {
      const left = timesA * (cells[x + i] ?? 0);
      const right = timesB * (cells[y + i] ?? 0);
      const value = left + right;
      if (!(Math.abs(left) < LARGEST && Math.abs(right) < LARGEST && Math.abs(value) < LARGEST)) return false;
      cells[at + i] = value;
    }
    return true;
  }

  /** A row divided by positive atom `i`, which all of its products contain; false where a column may not come back. */
  stageQuotient(row: number, i: number, isGone: (column: number) => boolean): boolean {
    const { quotients, positive } = this.#columns;
    const atLeast = positive[i]?.atLeast ?? 1;
    const constant = this.constant(row);
    // a*P + k >= 0 with a >= L gives P >= 1 for k < 0, else P >= -(k div L).
    let rounded = constant < 0 ? -1 : (constant - (constant % atLeast)) / atLeast;
    const at = this.#stageEmpty();
    for (let c = 0; c < this.width; c++) {
      const value = this.cell(row, c);
      if (value === 0) continue;
      const quotient = quotients[c * positive.length + i] ?? -1;
      if (quotient < 0) rounded += value;
      else if (isGone(quotient)) return false;
      else this.#cells[at + quotient] = value;
    }
    this.#cells[at + this.width] = rounded;
    return true;
  }

  #stageEmpty(): number {
    const at = this.#nextOffset();
    this.#cells.fill(0, at, at + this.#stride);
    return at;
  }

  #nextOffset(): number {
    const at = this.#count * this.#stride;
    if (at + this.#stride > this.#cells.length) {
      const larger = new Float64Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return at;
  }

  /** Keeps the staged row unless it says nothing or a stronger one is there; null then, and on a contradiction. */
  commit(left: number, right: number, source: number): number | null {
    const row = this.#count;
    const length = this.#normalise(row);
    const constant = this.constant(row);
    if (length === 0 && constant >= 0) return null;
    this.#left[row] = left;
    this.#right[row] = right;
    this.#source[row] = source;
    this.#length[row] = length;
    this.#alive[row] = false;
    if (length === 0) this.contradiction = [row];
    else if (!this.#register(row, constant)) return null;
    this.#count++;
    if (this.contradiction !== null) return null;
    this.#alive[row] = true;
    return row;
  }

  /** Divides by the content, rounding the constant down; returns the number of coefficients that are not 0. */
  #normalise(row: number): number {
    const at = row * this.#stride;
    const end = at + this.width;
    const cells = this.#cells;
    let divisor = 0;
    let length = 0;
    for (let i = at; i < end; i++) {
      const value = cells[i] ?? 0;
      if (value === 0) continue;
      length++;
      if (divisor !== 1) divisor = gcdOf(Math.abs(value), divisor);
    }
    this.#rounded[row] = false;
    if (divisor > 1) {
      for (let i = at; i < end; i++) cells[i] = (cells[i] ?? 0) / divisor;
      const constant = cells[end] ?? 0;
      const rest = constant % divisor; // exact, where Math.floor(constant / divisor) may round up
      this.#rounded[row] = rest !== 0;
      cells[end] = (constant - rest - (rest < 0 ? divisor : 0)) / divisor;
    }
    return length;
  }

  /** False where the row adds nothing. Retires a weaker row of the same form; notices a contradicting opposite. */
  #register(row: number, constant: number): boolean {
    const hash = this.#hash(row);
    this.#hashes[row] = hash;
    const others = this.#byForm.get(hash) ?? [];
    this.#byForm.set(hash, others);
    for (const other of others) {
      if (!this.isAlive(other)) continue;
      const sign = this.#compareForms(row, other);
      if (sign === -1 && constant + this.constant(other) < 0) this.contradiction = [row, other];
      if (sign !== 1) continue;
      if (this.constant(other) <= constant) return false;
      this.retire(other);
    }
    others.push(row);
    return true;
  }

  /** A row of opposite form and constant that `among` holds: together they say that the form is that constant. */
  opposite(row: number, among: ReadonlySet<number>): number | null {
    const constant = this.constant(row);
    for (const other of this.#byForm.get(this.#hashes[row] ?? 0) ?? []) {
      const equal = among.has(other) && this.constant(other) === -constant;
      if (equal && this.#compareForms(row, other) === -1) return other;
    }
    return null;
  }

  #hash(row: number): number {
    const at = row * this.#stride;
    let hash = 0;
    let sign = 0;
    for (let i = 0; i < this.width; i++) {
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
    for (let i = 0; i < this.width; i++) {
      const u = cells[x + i] ?? 0;
      const v = cells[y + i] ?? 0;
      if (u === 0 && v === 0) continue;
      if (sign === 0) sign = u === v ? 1 : -1;
      if (u !== sign * v) return 0;
    }
    return sign;
  }

  /** The positive atoms that all products of a row contain, a bit for each. */
  sharedAtoms(row: number): number {
    const { masks } = this.#columns;
    const cells = this.#cells;
    const at = row * this.#stride;
    let shared = -1;
    for (let c = 0; c < this.width && shared !== 0; c++) if (cells[at + c] !== 0) shared &= masks[c] ?? 0;
    return shared;
  }

  /** How many rows have each column with either sign. */
  countSigns(): { readonly above: Int32Array; readonly below: Int32Array; readonly alive: number } {
    const cells = this.#cells;
    const above = new Int32Array(this.width);
    const below = new Int32Array(this.width);
    let alive = 0;
    for (let row = 0; row < this.#count; row++) {
      if (!this.isAlive(row)) continue;
      alive++;
      const at = row * this.#stride;
      for (let c = 0; c < this.width; c++) {
        const value = cells[at + c] ?? 0;
        if (value > 0) above[c] = (above[c] ?? 0) + 1;
        else if (value < 0) below[c] = (below[c] ?? 0) + 1;
      }
    }
    return { above, below, alive };
  }

  poly(row: number): Poly {
    let poly = constantPoly(this.constant(row));
    for (let c = 0; c < this.width; c++) {
      const value = this.cell(row, c);
      if (value !== 0) poly = add(poly, monomial(BigInt(value), this.#columns.factors(c)));
    }
    return poly;
  }

  /** The input rows that rows were combined from, and the atoms divided out between. */
  origin(rows: readonly number[]): Origin {
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
