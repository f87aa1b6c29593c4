/**
 * Canonical polynomials with exact integer coefficients: the form in which every index, extent and bound is compared.
 * A polynomial is a sorted list of terms; a term is a coefficient and a sorted list of atoms (with repetition); an atom
 * is an opaque id, whether an index, a dim, or a derived value such as a floor quotient, which atoms.ts remembers.
 * Equal polynomials have equal keys, so correlated parts cancel by themselves: `(x + 3) - x` is 3.
 * The classical form of computer algebra (Knuth, TAOCP 4.6; Bachmann, Wang and Zima's chains of recurrences start here).
 */
import { invariant } from "../support/invariant.ts";

/** A coefficient (never 0) times the product of the atoms in `factors`, which are sorted; `key` names the product. */
export type Term = { readonly key: string; readonly factors: readonly string[]; readonly coefficient: bigint };

/** Immutable. Terms are sorted by their key, the constant (key "") first; two polynomials are equal iff their keys are. */
export type Poly = { readonly terms: readonly Term[]; readonly key: string };

/** Stands between atoms in keys; no atom id contains it. */
const TIMES = "\u001f";
const PLUS = "\u001e";

function fromSorted(terms: readonly Term[]): Poly {
  return { terms, key: terms.map((t) => `${t.coefficient}${TIMES}${t.key}`).join(PLUS) };
}

/** The key of the product of sorted atoms. */
export function monomialKey(factors: readonly string[]): string {
  return factors.join(TIMES);
}

export const ZERO: Poly = fromSorted([]);
export const ONE: Poly = constant(1);
export const MINUS_ONE: Poly = constant(-1);

export function constant(value: bigint | number): Poly {
  const coefficient = BigInt(value);
  return coefficient === 0n ? fromSorted([]) : fromSorted([{ key: "", factors: [], coefficient }]);
}

/** The polynomial that is one atom. */
export function atom(id: string): Poly {
  invariant(id !== "" && !id.includes(TIMES) && !id.includes(PLUS), "an atom needs an id without control characters");
  return fromSorted([{ key: id, factors: [id], coefficient: 1n }]);
}

/** `coefficient` times the product of `factors`, in any order. */
export function monomial(coefficient: bigint, factors: readonly string[]): Poly {
  if (coefficient === 0n) return ZERO;
  const sorted = factors.toSorted();
  return fromSorted([{ key: monomialKey(sorted), factors: sorted, coefficient }]);
}

export function add(a: Poly, b: Poly): Poly {
  return addScaled(a, b, 1n);
}

export function sub(a: Poly, b: Poly): Poly {
  return addScaled(a, b, -1n);
}

/** `a + factor * b`, by merging the two sorted lists. */
export function addScaled(a: Poly, b: Poly, factor: bigint): Poly {
  if (factor === 0n || b.terms.length === 0) return a;
  const merged: Term[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a.terms[i];
    const right = b.terms[j];
    if (left === undefined && right === undefined) return fromSorted(merged);
    if (right === undefined || (left !== undefined && left.key < right.key)) {
      if (left !== undefined) merged.push(left);
      i++;
    } else if (left === undefined || right.key < left.key) {
      merged.push({ ...right, coefficient: factor * right.coefficient });
      j++;
    } else {
      const coefficient = left.coefficient + factor * right.coefficient;
      if (coefficient !== 0n) merged.push({ ...left, coefficient });
      i++;
      j++;
    }
  }
}

export function sum(polys: Iterable<Poly>): Poly {
  let total = ZERO;
  for (const p of polys) total = add(total, p);
  return total;
}

export function negate(a: Poly): Poly {
  return scale(a, -1n);
}

export function scale(a: Poly, factor: bigint | number): Poly {
  const f = BigInt(factor);
  if (f === 1n) return a;
  return f === 0n ? ZERO : fromSorted(a.terms.map((t) => ({ ...t, coefficient: f * t.coefficient })));
}

/** The expanded product. Its size is that of both factors multiplied: for text of the user's, see `Atoms.product`. */
export function mul(a: Poly, b: Poly): Poly {
  const scalar = asConstant(b);
  if (scalar !== null) return scale(a, scalar);
  const collected = new Map<string, Term>();
  for (const s of a.terms) {
    for (const t of b.terms) {
      const factors = mergeFactors(s.factors, t.factors);
      const key = monomialKey(factors);
      const coefficient = s.coefficient * t.coefficient + (collected.get(key)?.coefficient ?? 0n);
      collected.set(key, { key, factors, coefficient });
    }
  }
  return fromTerms(collected.values());
}

/** The product of two sorted products. */
export function mergeFactors(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: string[] = [];
  let j = 0;
  for (const left of a) {
    for (let right = b[j]; right !== undefined && right < left; right = b[j]) {
      merged.push(right);
      j++;
    }
    merged.push(left);
  }
  return j < b.length ? merged.concat(b.slice(j)) : merged;
}

/** Terms with distinct keys in any order, some of them possibly 0. */
function fromTerms(terms: Iterable<Term>): Poly {
  const kept = [...terms].filter((t) => t.coefficient !== 0n);
  return fromSorted(kept.toSorted((s, t) => (s.key < t.key ? -1 : 1)));
}

/** The part of a polynomial that a predicate chooses. */
export function filterTerms(a: Poly, keep: (term: Term) => boolean): Poly {
  return fromSorted(a.terms.filter(keep));
}

export function equals(a: Poly, b: Poly): boolean {
  return a.key === b.key;
}

/** The value of a polynomial without atoms, else null. */
export function asConstant(a: Poly): bigint | null {
  const [first, second] = a.terms;
  if (first === undefined) return 0n;
  return second === undefined && first.key === "" ? first.coefficient : null;
}

/** The id of a polynomial that is exactly one atom, else null. */
export function asAtom(a: Poly): string | null {
  const [first, second] = a.terms;
  if (first === undefined || second !== undefined || first.coefficient !== 1n || first.factors.length !== 1)
    return null;
  return first.key;
}

/** The constant term. */
export function constantTerm(a: Poly): bigint {
  const first = a.terms[0];
  return first !== undefined && first.key === "" ? first.coefficient : 0n;
}

/** The polynomial without its constant term. */
export function withoutConstant(a: Poly): Poly {
  return constantTerm(a) === 0n ? a : fromSorted(a.terms.slice(1));
}

/** The ids of the atoms that occur, sorted; definitions are not entered. */
export function atomsOf(a: Poly): readonly string[] {
  const found = new Set<string>();
  for (const t of a.terms) for (const f of t.factors) found.add(f);
  return [...found].toSorted();
}

export function mentions(a: Poly, id: string): boolean {
  return a.terms.some((t) => t.factors.includes(id));
}

/** The greatest number of atoms in a term: 0 for constants, 1 for affine forms. */
export function degree(a: Poly): number {
  return a.terms.reduce((greatest, t) => Math.max(greatest, t.factors.length), 0);
}

/** `a` as `coefficient * id + rest`, neither of which mentions the atom; null where it occurs in a higher power. */
export function splitAffine(a: Poly, id: string): { readonly coefficient: Poly; readonly rest: Poly } | null {
  const inner: Term[] = [];
  const rest: Term[] = [];
  for (const t of a.terms) {
    const at = t.factors.indexOf(id);
    if (at < 0) {
      rest.push(t);
      continue;
    }
    const factors = t.factors.toSpliced(at, 1);
    if (factors.includes(id)) return null;
    inner.push({ ...t, factors, key: monomialKey(factors) });
  }
  return { coefficient: fromTerms(inner), rest: fromSorted(rest) };
}

/** Replaces atoms by polynomials, all at once; definitions of derived atoms are not entered (`Atoms.substitute` does). */
export function substituteAtoms(a: Poly, replacement: (id: string) => Poly | undefined): Poly {
  let changed = false;
  const kept: Term[] = [];
  let result = ZERO;
  for (const t of a.terms) {
    let product: Poly | null = null;
    for (const [at, id] of t.factors.entries()) {
      const by = replacement(id);
      if (by === undefined) {
        if (product !== null) product = mul(product, atom(id));
      } else {
        product = mul(product ?? monomial(t.coefficient, t.factors.slice(0, at)), by);
      }
    }
    if (product === null) kept.push(t);
    else {
      changed = true;
      result = add(result, product);
    }
  }
  return changed ? add(fromSorted(kept), result) : a;
}

/** The value, given the value of each atom. */
export function evaluateWith(a: Poly, valueOf: (id: string) => bigint): bigint {
  let total = 0n;
  for (const t of a.terms) {
    let product = t.coefficient;
    for (const id of t.factors) product *= valueOf(id);
    total += product;
  }
  return total;
}

/** The greatest common divisor of all coefficients, that of the constant left out; 0 for constants. */
export function content(a: Poly): bigint {
  let divisor = 0n;
  for (const t of a.terms) if (t.key !== "") divisor = gcd(divisor, t.coefficient);
  return divisor;
}

export function gcd(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Floor division of integers; the divisor is not 0. */
export function floorQuotient(n: bigint, d: bigint): bigint {
  const q = n / d;
  return n % d !== 0n && n < 0n !== d < 0n ? q - 1n : q;
}

/**
 * Divides every coefficient exactly by `divisor`, the constant rounded down: the strongest integer form of
 * `a >= 0` when `divisor` is the content.
 */
export function divideDown(a: Poly, divisor: bigint): Poly {
  const terms = a.terms.map((t) => ({ ...t, coefficient: floorQuotient(t.coefficient, divisor) }));
  return fromSorted(terms.filter((t) => t.coefficient !== 0n));
}

/** The quotient of two sorted products, or null where the first does not contain the second. */
export function divideFactors(whole: readonly string[], part: readonly string[]): readonly string[] | null {
  const left = [...whole];
  for (const id of part) {
    const at = left.indexOf(id);
    if (at < 0) return null;
    left.splice(at, 1);
  }
  return left;
}

/**
 * Prints like source text: terms that add before those that subtract, of higher degree first, the constant last where
 * that leaves no leading minus: `2*p + H - 1`. `nameOf` gives the text of an atom, in parentheses where a factor needs it.
 */
export function printPoly(a: Poly, nameOf: (id: string) => string): string {
  let text = "";
  for (const [n, t] of a.terms.toSorted((s, u) => printRank(s) - printRank(u)).entries()) {
    if (n === MOST_PRINTED) return `${text} + …`;
    const size = t.coefficient < 0n ? -t.coefficient : t.coefficient;
    const product = t.factors.map(nameOf).join("*");
    const body = product === "" ? `${size}` : size === 1n ? product : `${size}*${product}`;
    if (text === "") text = t.coefficient < 0n ? `-${body}` : body;
    else text += t.coefficient < 0n ? ` - ${body}` : ` + ${body}`;
  }
  return text === "" ? "0" : text;
}

/** Terms; a message is no place for hundreds. */
const MOST_PRINTED = 32;

function printRank(t: Term): number {
  return (t.coefficient < 0n ? 100 : 0) + (t.key === "" ? 50 : 0) - t.factors.length;
}
