/**
 * The rules that bring floor quotients into canonical form, as data: each is named by its equation, holds for all
 * integers wherever the divisors are not 0 and its side condition is known, and makes the numerator or the divisor
 * smaller, so that rewriting ends. `n % d` is `n - d * (n div d)`, so the rules for remainders need not be written:
 * `(a*d + b) % d = b % d` and `(n % (a*b)) % b = n % b` are what is left when these have been applied.
 * Division by 0 has no value here; that divisors are not 0 is proved where a division is written, not where it is used.
 */
import type { Interval } from "./interval.ts";
import type { Poly, Term } from "./polynomial.ts";
import {
  ZERO,
  add,
  addScaled,
  asAtom,
  asConstant,
  constant,
  constantTerm,
  divideFactors,
  filterTerms,
  floorQuotient,
  gcd,
  monomial,
  mul,
  negate,
  scale,
  sub,
  withoutConstant,
} from "./polynomial.ts";

/** What may be asked while a quotient is built: cheap, sound answers about polynomials. */
export type Known = {
  /** An interval that holds every value of the polynomial. */
  readonly bounds: (p: Poly) => Interval;
  /** True only where `p >= 0` follows. */
  readonly holds: (p: Poly) => boolean;
};

/** What rules may use: what is known, what quotients were built before, and the construction of a smaller quotient. */
export type DivisionContext = {
  readonly known: Known;
  readonly quotient: (id: string) => { readonly numerator: Poly; readonly divisor: Poly } | null;
  readonly again: (n: Poly, d: Poly) => Poly;
};

export type DivisionRule = {
  /** The equation, and after `for` its side condition. */
  readonly name: string;
  /** The right-hand side, or null where the left does not match or the side condition is not known. */
  readonly apply: (n: Poly, d: Poly, context: DivisionContext) => Poly | null;
};

export const DIVISION_RULES: readonly DivisionRule[] = [
  { name: "n div 1 = n", apply: (n, d) => (asConstant(d) === 1n ? n : null) },
  { name: "0 div d = 0", apply: (n) => (asConstant(n) === 0n ? ZERO : null) },
  { name: "m div k is known for two numbers", apply: divideNumbers },
  { name: "n div (-d) = (-n) div d for d > 0", apply: makeDivisorPositive },
  { name: "(a*d + b) div d = a + b div d", apply: takeOutMultiples },
  { name: "(a*n) div (a*d) = n div d", apply: cancelCommonFactors },
  { name: "(a*n + b) div (a*d) = n div d for 0 <= b < a, d > 0", apply: dropSmallRemainder },
  { name: "(n div a + c) div b = (n + a*c) div (a*b) for b > 0", apply: mergeNested },
  { name: "n div d = c for c*d <= n < (c + 1)*d", apply: divideWithinOneStep },
];

function divideNumbers(n: Poly, d: Poly): Poly | null {
  const m = asConstant(n);
  const k = asConstant(d);
  return m === null || k === null || k === 0n ? null : constant(floorQuotient(m, k));
}

function makeDivisorPositive(n: Poly, d: Poly, { known, again }: DivisionContext): Poly | null {
  const { upper } = known.bounds(d);
  return upper !== null && upper < 0n ? again(negate(n), negate(d)) : null;
}

/** Polynomial long division: by the number, or by the greatest term (degree first, then key) of a symbolic divisor. */
function takeOutMultiples(n: Poly, d: Poly, { again }: DivisionContext): Poly | null {
  const number = asConstant(d);
  if (number === 0n) return null;
  const { quotient, remainder } = number === null ? longDivision(n, d) : divideCoefficients(n, number);
  return quotient.terms.length === 0 ? null : add(quotient, again(remainder, d));
}

/** Coefficients are divided towards 0, so that `x - y` stays as it is; the constant downwards, so that it ends in 0..d. */
function divideCoefficients(n: Poly, d: bigint): { readonly quotient: Poly; readonly remainder: Poly } {
  let quotient = constant(floorQuotient(constantTerm(n), d));
  for (const t of n.terms) if (t.key !== "") quotient = add(quotient, monomial(t.coefficient / d, t.factors));
  return { quotient, remainder: addScaled(n, quotient, -d) };
}

function longDivision(n: Poly, d: Poly): { readonly quotient: Poly; readonly remainder: Poly } {
  const leading = greatestTerm(d);
  let quotient = ZERO;
  let remainder = n;
  let rest = n;
  for (let t = greatestTermOrNull(rest); t !== null; t = greatestTermOrNull(rest)) {
    const factors = divideFactors(t.factors, leading.factors);
    const step = factors === null ? ZERO : monomial(t.coefficient / leading.coefficient, factors);
    const exact = d.terms.length === 1 || t.coefficient % leading.coefficient === 0n;
    if (step.terms.length > 0 && exact) {
      quotient = add(quotient, step);
      remainder = sub(remainder, mul(step, d));
      rest = sub(rest, mul(step, d));
    }
    const done = t.key;
    rest = filterTerms(rest, (u) => u.key !== done);
  }
  return { quotient, remainder };
}

function greatestTermOrNull(p: Poly): Term | null {
  let greatest: Term | null = null;
  for (const t of p.terms) if (greatest === null || isGreater(t, greatest)) greatest = t;
  return greatest;
}

function greatestTerm(p: Poly): Term {
  return greatestTermOrNull(p) ?? { key: "", factors: [], coefficient: 1n };
}

function isGreater(s: Term, t: Term): boolean {
  return s.factors.length === t.factors.length ? s.key > t.key : s.factors.length > t.factors.length;
}

/** Numbers and atoms that divide every term of both; the divisor is not 0, so neither are its factors. */
function cancelCommonFactors(n: Poly, d: Poly, { again }: DivisionContext): Poly | null {
  let number = 0n;
  for (const t of [...n.terms, ...d.terms]) number = gcd(number, t.coefficient);
  const shared = (d.terms[0]?.factors ?? []).reduce<readonly string[]>((common, id) => {
    const more = [...common, id].toSorted();
    return [...n.terms, ...d.terms].every((t) => divideFactors(t.factors, more) !== null) ? more : common;
  }, []);
  if (number === 1n && shared.length === 0) return null;
  const cancel = (p: Poly): Poly =>
    p.terms.reduce((total, t) => {
      const factors = divideFactors(t.factors, shared) ?? [];
      return add(total, monomial(t.coefficient / number, factors));
    }, ZERO);
  return again(cancel(n), cancel(d));
}

/** `(4*i + j) div 16 = i div 4` where j in 0..4; the part that stays is chosen by the divisors of the divisor's number. */
function dropSmallRemainder(n: Poly, d: Poly, { known, again }: DivisionContext): Poly | null {
  const number = d.terms.reduce((divisor, t) => gcd(divisor, t.coefficient), 0n);
  if ((known.bounds(d).lower ?? 0n) < 1n) return null; // 1 div -2 is -1, yet 0 div -1 is 0
  const tried = new Set<bigint>();
  for (const t of n.terms) {
    const a = gcd(number, t.coefficient);
    if (t.key === "" || a <= 1n || tried.has(a)) continue;
    tried.add(a);
    const small = filterTerms(n, (u) => u.coefficient % a !== 0n);
    const { lower, upper } = known.bounds(small);
    if (small.terms.length === 0 || lower === null || upper === null || lower < 0n || upper >= a) continue;
    const exact = sub(n, small);
    return again(divideExactly(exact, a), divideExactly(d, a));
  }
  return null;
}

function divideExactly(p: Poly, by: bigint): Poly {
  return p.terms.reduce((total, t) => add(total, monomial(t.coefficient / by, t.factors)), ZERO);
}

/** Only for numbers a and b: with symbolic ones the two steps are the easier form to reason about. */
function mergeNested(n: Poly, d: Poly, { quotient, again }: DivisionContext): Poly | null {
  const b = asConstant(d);
  const id = asAtom(withoutConstant(n));
  const inner = id === null ? null : quotient(id);
  if (b === null || b <= 0n || inner === null) return null;
  const a = asConstant(inner.divisor);
  return a === null ? null : again(addScaled(inner.numerator, constant(constantTerm(n)), a), scale(inner.divisor, b));
}

/** With a number for a divisor both ends of an interval decide; a symbolic one is compared for c = 0 and c = -1. */
function divideWithinOneStep(n: Poly, d: Poly, { known }: DivisionContext): Poly | null {
  const number = asConstant(d);
  if (number !== null) {
    const { lower, upper } = known.bounds(n);
    if (number <= 0n || lower === null || upper === null) return null;
    const c = floorQuotient(lower, number);
    return c === floorQuotient(upper, number) ? constant(c) : null;
  }
  for (const c of [0n, -1n]) {
    const above = addScaled(n, d, -c);
    if (known.holds(above) && known.holds(sub(sub(d, constant(1)), above))) return constant(c);
  }
  return null;
}
