/**
 * Texts for people: polynomials, conditions and ranges in the words of the source. A value that has no polynomial is
 * called by the text that computes it.
 */
import type { Condition } from "../../analysis/condition.ts";
import type { IndexPolynomials } from "../../analysis/index-polynomial.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, add, asAtom, asConstant, constantTerm, filterTerms, negate } from "../../analysis/polynomial.ts";
import type { Tensor } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import { spanText } from "../../support/source.ts";
import { unreachable } from "../../support/invariant.ts";
import type { Bounds } from "./bounds.ts";
import { isInteger } from "./integers.ts";

/** Longer texts of values are cut: a message is no place for a whole equation. */
const LONGEST_NAME = 48;

export class Names {
  readonly #polys: IndexPolynomials;
  readonly #spans: WeakMap<Expr, Span>;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #origins = new Map<string, string>();

  constructor(polys: IndexPolynomials, spans: WeakMap<Expr, Span>, tensors: ReadonlyMap<string, Tensor>) {
    this.#polys = polys;
    this.#spans = spans;
    this.#tensors = tensors;
  }

  /** Remembers why an index has its range: `from Y's shape`. */
  setOrigin(symbol: string, origin: string): void {
    if (!this.#origins.has(symbol)) this.#origins.set(symbol, origin);
  }

  originOf(symbol: string): string | null {
    return this.#origins.get(symbol) ?? null;
  }

  tensor(id: string): string {
    return this.#tensors.get(id)?.name ?? id;
  }

  symbol(id: string): string {
    const opaque = this.#polys.opaque(id);
    return opaque === null ? this.#polys.nameOf(id) : this.value(opaque.expr);
  }

  /** Where the text of an expression is; conversions that the compiler added have that of their operand. */
  spanOf(e: Expr): Span | undefined {
    return this.#spans.get(e) ?? (e.kind === "cast" ? this.spanOf(e.arg) : undefined);
  }

  /** The source text of an expression, or something close to it. */
  value(e: Expr): string {
    const span = this.spanOf(e);
    const text = span === undefined ? "" : spanText(span).replaceAll(/\s+/g, " ").trim();
    if (text !== "") return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`;
    return this.#spelled(e);
  }

  /** The same as an operand of a comparison. */
  operand(e: Expr): string {
    const text = this.value(e);
    return /[?<>=&|]/.test(text) ? `(${text})` : text;
  }

  /** For expressions that the compiler made: no text of the user's says them. */
  #spelled(e: Expr): string {
    if (e.kind === "read") {
      const at = e.index.map((x) => this.value(x));
      return at.length === 0 ? this.tensor(e.tensor) : `${this.tensor(e.tensor)}[${at.join(", ")}]`;
    }
    if (e.kind === "reduce") return `${e.reducer.name}[${e.axes.map((a) => a.variable.name).join(", ")}](…)`;
    if (e.kind === "var") return e.name;
    if (e.type === "bool") return this.condition(this.#polys.condition(e));
    if (!isInteger(e.type)) return "the value";
    const p = this.#polys.poly(e);
    const id = asAtom(p);
    const opaque = id === null ? null : this.#polys.opaque(id);
    if (opaque === null) return this.poly(p);
    if (opaque.expr.kind === "read" || opaque.expr.kind === "reduce") return this.#spelled(opaque.expr);
    if (opaque.expr.kind === "apply")
      return `${opaque.expr.op}(${opaque.expr.args.map((a) => this.value(a)).join(", ")})`;
    return opaque.expr.kind === "cast" ? `${e.type}(${this.value(opaque.expr.arg)})` : "the chosen value";
  }

  poly(p: Poly): string {
    const text = this.#polys.atoms.print(p, (id) => this.symbol(id));
    return isEnclosed(text) ? text.slice(1, -1) : text;
  }

  /** `lo..hi` of inclusive ends. */
  rangeLabel(id: string, bounds: Bounds): string {
    const name = this.symbol(id);
    const hi = bounds.upper === null ? "" : this.poly(add(bounds.upper, ONE));
    if (bounds.lower === null && bounds.upper === null) return `the value of ${name}`;
    return `${name} in ${bounds.lower === null ? "" : this.poly(bounds.lower)}..${hi}`;
  }

  /** A condition as a user would write it. */
  condition(c: Condition): string {
    switch (c.kind) {
      case "atLeastZero":
        return this.#inequality(c.poly);
      case "zero":
        return this.#comparison(c.poly, "==");
      case "all":
        return c.of.length === 0 ? "true" : c.of.map((part) => this.condition(part)).join(" && ");
      case "any":
        return c.of.length === 0 ? "false" : c.of.map((part) => this.condition(part)).join(" || ");
      case "unknown":
        return "…";
      default:
        return unreachable(c);
    }
  }

  /** `poly >= 0` with what is added on the right and what is subtracted on the left: `R <= H + 2*p`. */
  #inequality(poly: Poly): string {
    const plus = filterTerms(poly, (t) => t.coefficient > 0n);
    const minus = negate(filterTerms(poly, (t) => t.coefficient < 0n));
    const onlyNumberRight = asConstant(plus) !== null;
    if (asConstant(minus) !== null && constantTerm(minus) >= 0n) {
      const least = constantTerm(minus);
      return least === 0n ? `${this.poly(plus)} >= 0` : `${this.poly(plus)} >= ${least}`;
    }
    if (onlyNumberRight) return `${this.poly(minus)} <= ${constantTerm(plus)}`;
    // a - 1 >= b reads better as b < a
    if (constantTerm(minus) === 1n) return `${this.poly(add(minus, negate(ONE)))} < ${this.poly(plus)}`;
    return `${this.poly(minus)} <= ${this.poly(plus)}`;
  }

  #comparison(poly: Poly, sign: string): string {
    const plus = filterTerms(poly, (t) => t.coefficient > 0n);
    const minus = negate(filterTerms(poly, (t) => t.coefficient < 0n));
    const [left, right] = asConstant(plus) !== null ? [minus, plus] : [plus, minus];
    return `${this.poly(left)} ${sign} ${this.poly(right)}`;
  }
}

/** Is the whole text one pair of parentheses? */
function isEnclosed(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    if (depth === 0) return i > 0 && i === text.length - 1;
  }
  return false;
}
