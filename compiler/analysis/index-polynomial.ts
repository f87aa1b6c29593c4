/**
 * The one place where expressions of the equations become polynomials and conditions for the prover. Index and integer
 * arithmetic is taken as exact: that it does not overflow is proved apart, for every operation that may not wrap. What
 * has no polynomial (a value read from data, a branch, bits) is an opaque symbol, shared by equal expressions, together
 * with what is known about it: its range type, its dtype, or which branch gave it. Those facts hold wherever the value
 * is used, and `withOpaque` adds them to a scope's.
 */
import type { DType } from "../ir/dtype.ts";
import { DTYPES, isFloat } from "../ir/dtype.ts";
import type { Apply, Cast, Expr, Op, Read, Reduce, Select, Var } from "../ir/expr.ts";
import { add, apply, cast, index, maximum, minimum, mul, sub } from "../ir/expr.ts";
import { expressionKey, some } from "../ir/walk.ts";
import { invariant, known as present, unreachable } from "../support/invariant.ts";
import { Atoms, NOTHING_KNOWN } from "./atoms.ts";
import type { Condition } from "./condition.ts";
import { FALSE, TRUE, UNKNOWN, all, any, atMost, equal, less, not, notEqual, polysOf, within } from "./condition.ts";
import type { Definition } from "./definition.ts";
import type { Facts } from "./facts.ts";
import type { Known } from "./floor-division.ts";
import type { Poly, Term } from "./polynomial.ts";
import * as polynomial from "./polynomial.ts";

/** What a caller knows about values that are read: the range of a tensor's elements, or null for the dtype's. */
export type RangesOfTensors = (tensor: string) => { readonly lo: Expr; readonly hi: Expr } | null;

type Operands = { readonly atoms: Atoms; readonly known: Known; readonly a: Poly; readonly b: Poly };

/** Operations with a polynomial meaning; null where these operands have none. For one operand, `b` is `a`. */
const ARITHMETIC: Readonly<Partial<Record<Op, (o: Operands) => Poly | null>>> = {
  add: ({ a, b }) => polynomial.add(a, b),
  sub: ({ a, b }) => polynomial.sub(a, b),
  mul: ({ atoms, a, b }) => atoms.product(a, b),
  neg: ({ a }) => polynomial.negate(a),
  floor_div: ({ atoms, known, a, b }) => atoms.floorDiv(a, b, known),
  floor_mod: ({ atoms, known, a, b }) => atoms.mod(a, b, known),
  min: ({ atoms, known, a, b }) => atoms.min(a, b, known),
  max: ({ atoms, known, a, b }) => atoms.max(a, b, known),
  abs: ({ atoms, known, a }) => atoms.abs(a, known),
  shr: ({ atoms, known, a, b }) => {
    const by = polynomial.asConstant(b);
    return by !== null && by >= 0n && by < 64n ? atoms.floorDiv(a, polynomial.constant(1n << by), known) : null;
  },
};

type Opaque = { readonly id: string; readonly expr: Expr; readonly meaning: Condition };

/** One per kernel: polynomials of different instances do not mix. */
export class IndexPolynomials {
  readonly atoms = new Atoms();
  readonly #ranges: RangesOfTensors;
  readonly #opaque = new Map<string, Opaque>();
  readonly #opaqueById = new Map<string, Opaque>();
  readonly #variables = new Map<string, Var>();
  readonly #bound = new Map<string, Expr>();
  readonly #included = new WeakMap<Facts, ReadonlySet<string>>();

  constructor(ranges: RangesOfTensors = () => null) {
    this.#ranges = ranges;
  }

  /** Lets a variable of `let` stand for its value from now on (ids are unique in a kernel). */
  bind(variable: Var, value: Expr): void {
    this.#bound.set(variable.id, value);
  }

  /** The value of an expression of type "index" or of an integer dtype; `known` simplifies divisions and minima. */
  poly(e: Expr, known: Known = NOTHING_KNOWN): Poly {
    invariant(e.type !== "bool" && (e.type === "index" || !isFloat(e.type)), () => `no polynomial of type ${e.type}`);
    switch (e.kind) {
      case "const":
        return polynomial.constant(BigInt(e.value));
      case "var":
        return this.#variable(e, known);
      case "apply":
        return this.#apply(e, known);
      case "cast":
        return this.#cast(e, known);
      case "let":
        this.bind(e.variable, e.value);
        return this.poly(e.body, known);
      case "select":
      case "read":
      case "reduce":
        return this.#symbolFor(e);
      default:
        return unreachable(e);
    }
  }

  /** A bool expression as a condition; what is not about integers is unknown. */
  condition(e: Expr, known: Known = NOTHING_KNOWN): Condition {
    invariant(e.type === "bool", () => `a condition of type ${e.type}`);
    switch (e.kind) {
      case "const":
        return e.value === true ? TRUE : FALSE;
      case "var": {
        const value = this.#bound.get(e.id);
        return value === undefined ? UNKNOWN : this.condition(value, known);
      }
      case "let":
        this.bind(e.variable, e.value);
        return this.condition(e.body, known);
      case "select": {
        const c = this.condition(e.cond, known);
        return any([all([c, this.condition(e.yes, known)]), all([not(c), this.condition(e.no, known)])]);
      }
      case "apply":
        return this.#comparison(e, known);
      case "cast":
      case "read":
      case "reduce":
        return UNKNOWN;
      default:
        return unreachable(e);
    }
  }

  /** `facts`, and what is known about the opaque values that these polynomials and conditions mention, transitively. */
  withOpaque(facts: Facts, ...of: readonly (Poly | Condition)[]): Facts {
    const included = new Set(this.#included.get(facts));
    const before = included.size;
    let result = facts;
    const include = (p: Poly): void => {
      for (const id of this.atoms.symbolsOf(p)) {
        const opaque = this.#opaqueById.get(id);
        if (opaque === undefined || included.has(id)) continue;
        included.add(id);
        for (const q of polysOf(opaque.meaning)) include(q);
        result = result.assume(opaque.meaning, `the range of ${this.nameOf(id)}`);
      }
    };
    for (const part of of) for (const p of "terms" in part ? [part] : polysOf(part)) include(p);
    if (included.size > before) this.#included.set(result, included);
    return result;
  }

  /** The expression that an opaque symbol stands for and what is known of its value; null for other symbols. */
  opaque(id: string): { readonly expr: Expr; readonly meaning: Condition } | null {
    return this.#opaqueById.get(id) ?? null;
  }

  /** A symbol's name for people. */
  nameOf(id: string): string {
    const opaque = this.#opaqueById.get(id);
    if (opaque === undefined) return this.#variables.get(id)?.name ?? id;
    return describe(opaque.expr);
  }

  print(p: Poly): string {
    return this.atoms.print(p, (id) => this.nameOf(id));
  }

  /** An index expression of this value; null where a power with a symbolic exponent occurs. */
  expr(p: Poly): Expr | null {
    let total: Expr | null = null;
    // A leading minus reads badly (`-p + H`), so terms that add come first.
    const ordered = [...p.terms.filter((t) => t.coefficient > 0n), ...p.terms.filter((t) => t.coefficient < 0n)];
    for (const t of ordered.toSorted((a, b) => Number(a.factors.length === 0) - Number(b.factors.length === 0))) {
      const magnitude = this.#termExpr(t);
      if (magnitude === null) return null;
      if (total === null) total = t.coefficient < 0n ? apply("neg", magnitude) : magnitude;
      else total = t.coefficient < 0n ? sub(total, magnitude) : add(total, magnitude);
    }
    return total ?? index(0);
  }

  /** The absolute value of a term. */
  #termExpr(t: Term): Expr | null {
    const size = t.coefficient < 0n ? -t.coefficient : t.coefficient;
    let product: Expr | null = null;
    for (const id of t.factors) {
      const factor = this.#atomExpr(id);
      if (factor === null) return null;
      product = product === null ? factor : mul(product, factor);
    }
    if (product === null) return index(size);
    return size === 1n ? product : mul(product, index(size));
  }

  #atomExpr(id: string): Expr | null {
    const d = this.atoms.definition(id);
    if (d !== null) return this.#definitionExpr(d);
    const opaque = this.#opaqueById.get(id);
    if (opaque !== undefined) return cast("index", "exact", opaque.expr);
    return cast("index", "exact", present(this.#variables.get(id), `the variable ${id}`));
  }

  #definitionExpr(d: Definition): Expr | null {
    if (d.kind === "exponential") return null;
    const [p, q] = d.kind === "quotient" ? [d.numerator, d.divisor] : [d.left, d.right];
    const a = this.expr(p);
    const b = this.expr(q);
    if (a === null || b === null) return null;
    switch (d.kind) {
      case "quotient":
        return apply("floor_div", a, b);
      case "minimum":
        return minimum(a, b);
      case "maximum":
        return maximum(a, b);
      case "product":
        return mul(a, b);
      default:
        return unreachable(d);
    }
  }

  #variable(e: Var, known: Known): Poly {
    const value = this.#bound.get(e.id);
    if (value !== undefined) return this.poly(value, known);
    this.#variables.set(e.id, e);
    return this.atoms.symbol(e.id);
  }

  #apply(e: Apply, known: Known): Poly {
    const meaning = ARITHMETIC[e.op];
    if (meaning === undefined) return this.#symbolFor(e);
    const [a, b] = e.args.map((x) => this.poly(x, known));
    const first = present(a, "an operand");
    return meaning({ atoms: this.atoms, known, a: first, b: b ?? first }) ?? this.#symbolFor(e);
  }

  #cast(e: Cast, known: Known): Poly {
    const from = e.arg.type;
    if (from === "bool" || (from !== "index" && isFloat(from))) return this.#symbolFor(e);
    if (e.mode === "exact" || e.type === "index") return this.poly(e.arg, known);
    if (e.mode !== "saturate") return this.#symbolFor(e);
    const { lo, hi } = dtypeBounds(e.type);
    return this.atoms.clamp(this.poly(e.arg, known), lo, hi, known);
  }

  #comparison(e: Apply, known: Known): Condition {
    const [a, b] = e.args;
    const left = present(a, "an operand");
    if (e.op === "not") return not(this.condition(left, known));
    const right = present(b, "the second operand");
    if (e.op === "and") return all([this.condition(left, known), this.condition(right, known)]);
    if (e.op === "or") return any([this.condition(left, known), this.condition(right, known)]);
    if (left.type === "bool" || (left.type !== "index" && isFloat(left.type))) return UNKNOWN;
    const [p, q] = [this.poly(left, known), this.poly(right, known)];
    if (e.op === "eq") return equal(p, q);
    if (e.op === "ne") return notEqual(p, q);
    if (e.op === "lt") return less(p, q);
    if (e.op === "le") return atMost(p, q);
    return UNKNOWN;
  }

  #symbolFor(e: Expr): Poly {
    const key = expressionKey(e);
    let opaque = this.#opaque.get(key);
    if (opaque === undefined) {
      const id = `@${this.#opaque.size + 1}`;
      opaque = { id, expr: e, meaning: UNKNOWN };
      this.#opaque.set(key, opaque); // before its meaning, which may be asked for it again
      opaque = { id, expr: e, meaning: this.#meaning(e, this.atoms.symbol(id)) };
      this.#opaque.set(key, opaque);
      this.#opaqueById.set(id, opaque);
    }
    return this.atoms.symbol(opaque.id);
  }

  #meaning(e: Expr, self: Poly): Condition {
    switch (e.kind) {
      case "select":
        return this.#branches(e, self);
      case "read":
        return this.#element(e, self);
      case "reduce":
        return all([inDType(e.type, self), this.#position(e, self)]);
      case "apply":
        if (e.op === "popcount") return within(self, polynomial.ZERO, polynomial.constant(65));
        return e.type === "index" ? TRUE : all([inDType(e.type, self), this.#masked(e, self)]);
      case "cast":
        if (e.type === "index") return TRUE;
        return e.arg.type === "bool" ? within(self, polynomial.ZERO, polynomial.constant(2)) : inDType(e.type, self);
      case "const":
      case "var":
      case "let":
        return TRUE;
      default:
        return unreachable(e);
    }
  }

  #branches(e: Select, self: Poly): Condition {
    const c = this.condition(e.cond);
    // What is unknown is dropped from either alternative, not the alternative itself.
    return any([all([given(c), equal(self, this.poly(e.yes))]), all([given(not(c)), equal(self, this.poly(e.no))])]);
  }

  #element(e: Read, self: Poly): Condition {
    const range = this.#ranges(e.tensor);
    const declared = range === null ? TRUE : within(self, this.poly(range.lo), this.poly(range.hi));
    if (e.pad?.kind !== "value") return all([inDType(e.type, self), declared]);
    const outside = equal(self, this.poly(e.pad.value));
    return all([inDType(e.type, self), any([declared, outside])]);
  }

  /** The position of argmax: a row-major number of a point of its box, or -1 where there was none. */
  #position(e: Reduce, self: Poly): Condition {
    if (e.reducer.kind !== "builtin" || e.component !== 1) return TRUE;
    // A bound that is itself bound by the reduction, or read from data, says nothing outside it.
    const inner = new Set(e.axes.map((a) => a.variable.id));
    const closed = (x: Expr): boolean => !some(x, (n) => n.kind === "var" && inner.has(n.id));
    if (!e.axes.every((a) => closed(a.lo) && closed(a.hi))) return atMost(polynomial.MINUS_ONE, self);
    const extents = e.axes.map((a) => polynomial.sub(this.poly(a.hi), this.poly(a.lo)));
    const points = extents.reduce((n, extent) => this.atoms.product(n, extent), polynomial.ONE);
    const filled = all([...extents.map((x) => atMost(polynomial.ONE, x)), within(self, polynomial.ZERO, points)]);
    const none = equal(self, polynomial.MINUS_ONE);
    if (e.guard !== null) return any([filled, none]);
    return any([filled, ...extents.map((x) => all([none, atMost(x, polynomial.ZERO)]))]);
  }

  /** `bit_and(x, m)` for a constant m that is not negative lies in 0..m+1. */
  #masked(e: Apply, self: Poly): Condition {
    if (e.op !== "bit_and") return TRUE;
    const mask = e.args.map((a) => (a.kind === "const" ? BigInt(a.value) : -1n)).find((m) => m >= 0n);
    return mask === undefined ? TRUE : within(self, polynomial.ZERO, polynomial.constant(mask + 1n));
  }
}

/** The condition without its unknown parts: weaker, so it may be assumed. */
function given(c: Condition): Condition {
  if (c.kind === "unknown") return TRUE;
  if (c.kind === "all") return all(c.of.map(given));
  return c.kind === "any" && c.of.some((part) => part.kind === "unknown") ? TRUE : c;
}

function dtypeBounds(type: Expr["type"]): { readonly lo: Poly; readonly hi: Poly } {
  invariant(type !== "index" && !isFloat(type), () => `the range of ${type}`);
  const { min, max } = DTYPES[type];
  return { lo: polynomial.constant(min), hi: polynomial.constant(max) };
}

function inDType(type: DType | "index", p: Poly): Condition {
  if (type === "index" || isFloat(type)) return TRUE;
  const { lo, hi } = dtypeBounds(type);
  return all([atMost(lo, p), atMost(p, hi)]);
}

function describe(e: Expr): string {
  switch (e.kind) {
    case "read":
      return `an element of ${e.tensor}`;
    case "reduce":
      return `${e.reducer.name}[…]`;
    case "select":
      return "the chosen branch";
    case "apply":
      return `${e.op}(…)`;
    case "cast":
      return `${e.type}(…)`;
    case "var":
    case "const":
    case "let":
      return e.kind;
    default:
      return unreachable(e);
  }
}
