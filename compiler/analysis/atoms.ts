/**
 * The atoms of one compilation and what the derived ones mean. A symbol (an index, a dim, a value read from data) is an
 * atom that stands for itself; quotients, minima, maxima, powers of a number and products too large to expand are atoms
 * with a definition. Equal definitions share one atom (hash-consing, Ershov 1958), so `(x div 2) - (x div 2)` is 0, and
 * work on definitions stays linear in their number however often they are nested.
 */
import { invariant, known as present, unreachable } from "../support/invariant.ts";
import type { Definition } from "./definition.ts";
import { definitionKey, definitionValue, intervalOf, operands } from "./definition.ts";
import type { DivisionContext, Known } from "./floor-division.ts";
import { DIVISION_RULES } from "./floor-division.ts";
import { ALL } from "./interval.ts";
import type { Poly, Term } from "./polynomial.ts";
import {
  add,
  asConstant,
  atom,
  atomsOf,
  constant,
  constantTerm,
  degree,
  divideFactors,
  evaluateWith,
  monomial,
  mul,
  negate,
  printPoly,
  scale,
  sub,
  substituteAtoms,
  withoutConstant,
} from "./polynomial.ts";

/** Products past these sizes stay one atom: `(i + j + k + l) ** 40` has 12 341 terms. */
const MOST_TERMS = 256;
const HIGHEST_DEGREE = 16;
const LONGEST_COEFFICIENT = 1n << 4096n;
const LONGEST_SHIFT = 64n;
/** Polynomials inside each other that one text shows: the rest is cut, for nobody reads it, and it may double at each level. */
const MOST_PRINTED = 40;

/** What is known where nothing has been assumed: the values of numbers. */
export const NOTHING_KNOWN: Known = {
  bounds: (p) => intervalOf(p, () => ALL),
  holds: (p) => (intervalOf(p, () => ALL).lower ?? -1n) >= 0n,
};

/** Collects definitions; polynomials that mention derived atoms have meaning only beside the table that made them. */
export class Atoms {
  readonly #definitions = new Map<string, Definition>();
  readonly #ids = new Map<string, string>();

  /** A symbol: its id is the caller's, distinct from every other, and does not start with `#`. */
  symbol(id: string): Poly {
    invariant(!id.startsWith("#"), "ids that start with # are those of derived atoms");
    return atom(id);
  }

  /** What a derived atom means; null for symbols. */
  definition(id: string): Definition | null {
    return this.#definitions.get(id) ?? null;
  }

  /**
   * `n div d`, rounded down, in canonical form. `d` is not 0 wherever the value is used. With `known`, rules whose side
   * condition follows from it apply too: the result is then equal only where those facts hold.
   */
  floorDiv(n: Poly, d: Poly, known: Known = NOTHING_KNOWN): Poly {
    const context: DivisionContext = {
      known,
      quotient: (id) => {
        const found = this.definition(id);
        return found !== null && found.kind === "quotient" ? found : null;
      },
      again: (numerator, divisor) => this.floorDiv(numerator, divisor, known),
    };
    for (const rule of DIVISION_RULES) {
      const result = rule.apply(n, d, context);
      if (result !== null) return result;
    }
    return this.#derived({ kind: "quotient", numerator: n, divisor: d });
  }

  /** `n % d`: `n - d * (n div d)`, with the sign of the divisor. */
  mod(n: Poly, d: Poly, known: Known = NOTHING_KNOWN): Poly {
    return sub(n, this.product(d, this.floorDiv(n, d, known)));
  }

  min(a: Poly, b: Poly, known: Known = NOTHING_KNOWN): Poly {
    if (known.holds(sub(b, a))) return a;
    if (known.holds(sub(a, b))) return b;
    return this.#derived({ kind: "minimum", left: a, right: b });
  }

  max(a: Poly, b: Poly, known: Known = NOTHING_KNOWN): Poly {
    if (known.holds(sub(a, b))) return a;
    if (known.holds(sub(b, a))) return b;
    return this.#derived({ kind: "maximum", left: a, right: b });
  }

  /** `min(max(x, lo), hi)`. */
  clamp(x: Poly, lo: Poly, hi: Poly, known: Known = NOTHING_KNOWN): Poly {
    return this.min(this.max(x, lo, known), hi, known);
  }

  abs(x: Poly, known: Known = NOTHING_KNOWN): Poly {
    return this.max(x, negate(x), known);
  }

  /** `a * b`, expanded where that stays small, else one atom. */
  product(a: Poly, b: Poly): Poly {
    const small = a.terms.length * b.terms.length <= MOST_TERMS && degree(a) + degree(b) <= HIGHEST_DEGREE;
    if (a.terms.length <= 1 || b.terms.length <= 1 || small) {
      const expanded = mul(a, b);
      if (degree(expanded) <= HIGHEST_DEGREE && expanded.terms.every((t) => isShort(t.coefficient))) return expanded;
    }
    return this.#derived({ kind: "product", left: a, right: b });
  }

  /** `a ** exponent` for a natural number. */
  power(a: Poly, exponent: number): Poly {
    let result = constant(1);
    for (let bits = exponent, square = a; bits > 0; bits = Math.floor(bits / 2)) {
      if (bits % 2 === 1) result = this.product(result, square);
      if (bits > 1) square = this.product(square, square);
    }
    return result;
  }

  /**
   * `base ** exponent` for a base of at least 2 and a symbolic exponent that is not negative wherever the value is used:
   * what shifts by `s` multiply by. `2 ** (s + 1)` is `2 * 2 ** s` where `s >= 0` is known (at s = -1 only the former
   * has a value).
   */
  exponential(base: bigint, exponent: Poly, known: Known = NOTHING_KNOWN): Poly {
    invariant(base >= 2n, "a base of at least 2");
    const shift = constantTerm(exponent);
    const symbolic = withoutConstant(exponent);
    const splits = shift >= 0n && shift <= LONGEST_SHIFT && known.holds(symbolic);
    if (!splits) return this.#derived({ kind: "exponential", base, exponent });
    if (asConstant(symbolic) !== null) return constant(base ** shift);
    return scale(this.#derived({ kind: "exponential", base, exponent: symbolic }), base ** shift);
  }

  #derived(definition: Definition): Poly {
    const key = definitionKey(definition);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = `#${this.#ids.size + 1}`;
      this.#ids.set(key, id);
      this.#definitions.set(id, definition);
    }
    return atom(id);
  }

  /** The symbols that a polynomial depends on, definitions entered; sorted. */
  symbolsOf(p: Poly): readonly string[] {
    const seen = new Set<string>();
    const visit = (q: Poly): void => {
      for (const id of atomsOf(q)) {
        if (seen.has(id)) continue;
        seen.add(id);
        const definition = this.definition(id);
        if (definition !== null) for (const part of operands(definition)) visit(part);
      }
    };
    visit(p);
    return [...seen].filter((id) => this.definition(id) === null).toSorted();
  }

  /** Replaces symbols everywhere, definitions entered and rebuilt. */
  substitute(p: Poly, by: ReadonlyMap<string, Poly>, known: Known = NOTHING_KNOWN): Poly {
    const rebuilt = new Map<string, Poly>();
    const replacement = (id: string): Poly | undefined => {
      const definition = this.definition(id);
      if (definition === null) return by.get(id);
      let result = rebuilt.get(id);
      if (result === undefined) {
        result = this.#rebuild(definition, (q) => substituteAtoms(q, replacement), known);
        rebuilt.set(id, result);
      }
      return result;
    };
    return substituteAtoms(p, replacement);
  }

  #rebuild(d: Definition, inner: (q: Poly) => Poly, known: Known): Poly {
    switch (d.kind) {
      case "quotient":
        return this.floorDiv(inner(d.numerator), inner(d.divisor), known);
      case "minimum":
        return this.min(inner(d.left), inner(d.right), known);
      case "maximum":
        return this.max(inner(d.left), inner(d.right), known);
      case "product":
        return this.product(inner(d.left), inner(d.right));
      case "exponential":
        return this.exponential(d.base, inner(d.exponent), known);
      default:
        return unreachable(d);
    }
  }

  /** The value, given that of every symbol; null where it has none (division by 0, a negative exponent). */
  evaluate(p: Poly, env: ReadonlyMap<string, bigint>): bigint | null {
    return this.evaluator(env)(p);
  }

  /** Evaluates many polynomials at one point; the value of a derived atom is computed once. */
  evaluator(env: ReadonlyMap<string, bigint>): (p: Poly) => bigint | null {
    const values = new Map<string, bigint | null>();
    const valueOf = (id: string): bigint | null => {
      const definition = this.definition(id);
      if (definition === null) return present(env.get(id), `the value of ${id}`);
      let value = values.get(id);
      if (value === undefined) {
        value = definitionValue(definition, evaluate);
        values.set(id, value);
      }
      return value;
    };
    const evaluate = (p: Poly): bigint | null => {
      const ofAtoms = new Map<string, bigint>();
      for (const id of atomsOf(p)) {
        const value = valueOf(id);
        if (value === null) return null;
        ofAtoms.set(id, value);
      }
      return evaluateWith(p, (id) => present(ofAtoms.get(id), id));
    };
    return evaluate;
  }

  /** Prints like source text; `nameOf` gives the name of a symbol. `n - d*(n div d)` is printed as `n % d`. */
  print(p: Poly, nameOf: (symbol: string) => string = (id) => id): string {
    return this.#print(p, nameOf, { left: MOST_PRINTED });
  }

  #print(p: Poly, nameOf: (symbol: string) => string, room: { left: number }): string {
    if (room.left-- <= 0) return "…";
    const remainders = new Map<string, string>();
    const inner = (q: Poly): string => this.#print(q, nameOf, room);
    const shown = this.#withRemainders(p, remainders, inner);
    return printPoly(shown, (id) => remainders.get(id) ?? this.#printAtom(id, nameOf, inner));
  }

  #printAtom(id: string, nameOf: (symbol: string) => string, inner: (q: Poly) => string): string {
    const d = this.definition(id);
    if (d === null) return nameOf(id);
    switch (d.kind) {
      case "quotient":
        return `(${operandText(d.numerator, inner)} div ${operandText(d.divisor, inner)})`;
      case "minimum":
        return `min(${inner(d.left)}, ${inner(d.right)})`;
      case "maximum":
        return `max(${inner(d.left)}, ${inner(d.right)})`;
      case "product":
        return `(${inner(d.left)})*(${inner(d.right)})`;
      case "exponential":
        return `${d.base}**${operandText(d.exponent, inner)}`;
      default:
        return unreachable(d);
    }
  }

  /** Replaces each `c*n - c*d*(n div d)` by `c` times an atom that prints as `n % d`. */
  #withRemainders(p: Poly, remainders: Map<string, string>, inner: (q: Poly) => string): Poly {
    let shown = p;
    for (const id of atomsOf(p)) {
      const d = this.definition(id);
      if (d === null || d.kind !== "quotient") continue;
      const coefficient = remainderCoefficient(shown, id, d.numerator, d.divisor);
      if (coefficient === null) continue;
      const name = `%${id}`;
      remainders.set(name, `(${operandText(d.numerator, inner)} % ${operandText(d.divisor, inner)})`);
      shown = add(
        sub(shown, mul(coefficient, sub(d.numerator, mul(d.divisor, atom(id))))),
        mul(coefficient, atom(name)),
      );
    }
    return shown;
  }
}

/** The number c such that p contains `c*n - c*d*q` term by term, where q is the atom `id`; null where there is none. */
function remainderCoefficient(p: Poly, id: string, n: Poly, d: Poly): Poly | null {
  const pattern = sub(n, mul(d, atom(id)));
  const lead = pattern.terms.find((t) => t.factors.includes(id));
  if (lead === undefined) return null;
  for (const t of p.terms) {
    const factors = divideFactors(t.factors, lead.factors);
    if (factors === null || t.coefficient % lead.coefficient !== 0n) continue;
    const c = monomial(t.coefficient / lead.coefficient, factors);
    const wanted = mul(c, pattern);
    if (wanted.terms.every((w) => sameTerm(p, w))) return c;
  }
  return null;
}

function sameTerm(p: Poly, wanted: Term): boolean {
  return p.terms.some((t) => t.key === wanted.key && t.coefficient === wanted.coefficient);
}

function operandText(p: Poly, print: (q: Poly) => string): string {
  const text = print(p);
  const simple =
    p.terms.length <= 1 && (p.terms[0]?.factors.length ?? 0) <= 1 && /^[\w.]+(\[[^[\]]*\])?$|^\(.*\)$|^\d+$/.test(text);
  return simple ? text : `(${text})`;
}

function isShort(coefficient: bigint): boolean {
  return coefficient < LONGEST_COEFFICIENT && -coefficient < LONGEST_COEFFICIENT;
}
