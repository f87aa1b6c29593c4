/**
 * What is known at one place of a body, twice: `facts` with the conditions of the path that leads there (branches,
 * guards, the other side of && and ||), `bare` without them. A goal that needs the path is true only where the path is
 * taken, which is what the `guarded` of a read says.
 *
 * Values without a polynomial (read from data, summed, chosen by a branch) are symbols. What is known of a symbol is
 * learned where its expression is evaluated, and holds there and further inside only: `i < N ? ids[i] : 0` must not teach
 * the code around it that `ids` has an element, or an empty `ids` would prove everything. A child scope starts from what
 * its parent knows and gives nothing back by itself.
 */
import type { Condition } from "../../analysis/condition.ts";
import { TRUE, all, atMost, polysOf } from "../../analysis/condition.ts";
import type { Facts } from "../../analysis/facts.ts";
import type { Interval } from "../../analysis/interval.ts";
import { intersect, sameInterval } from "../../analysis/interval.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, asAtom, asConstant, constant, sub } from "../../analysis/polynomial.ts";
import type { Verdict } from "../../analysis/prover.ts";
import { proveCondition } from "../../analysis/prover.ts";
import type { Axis, Expr, Var } from "../../ir/expr.ts";
import type { Bounds } from "./bounds.ts";
import { UNBOUNDED } from "./bounds.ts";
import type { Shared } from "./shared.ts";

/** How a condition was proved; `guarded`: only with the conditions of the path. */
export type Outcome = { readonly verdict: Verdict; readonly guarded: boolean };

/** What is known of one symbol. */
type Learned = { readonly condition: Condition; readonly bounds: Bounds };

const NOTHING: Learned = { condition: TRUE, bounds: UNBOUNDED };

export class Scope {
  readonly shared: Shared;
  /** What the walk made of expressions in this scope: a shared node is checked once in each. */
  readonly checked = new WeakMap<Expr, Expr>();
  /** False where a condition of the path is not one of integers: a point that satisfies the facts may not occur. */
  readonly isExact: boolean;
  #facts: Facts;
  #bare: Facts;
  /** By symbol, in the order in which they were met. */
  readonly #learned: Map<string, Learned>;
  /** By the key of a polynomial: what interval arithmetic on the operands found and its expanded form has lost. */
  readonly #intervals: Map<string, Interval>;

  private constructor(
    shared: Shared,
    facts: Facts,
    bare: Facts,
    learned: ReadonlyMap<string, Learned>,
    intervals: ReadonlyMap<string, Interval>,
    isExact: boolean,
  ) {
    this.shared = shared;
    this.isExact = isExact;
    this.#facts = facts;
    this.#bare = bare;
    this.#learned = new Map(learned);
    this.#intervals = new Map(intervals);
  }

  /** The outermost scope: what is known of dims. */
  static of(shared: Shared, facts: Facts): Scope {
    return new Scope(shared, facts, facts, new Map(), new Map(), true);
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** True where no condition of a path is known. */
  get isBare(): boolean {
    return this.#facts === this.#bare;
  }

  /** The value of an integer or index expression that has been checked in this scope. */
  poly(e: Expr): Poly {
    return this.shared.polys.poly(e, this.#bare);
  }

  /** A checked bool expression. */
  condition(e: Expr): Condition {
    return this.shared.polys.condition(e, this.#bare);
  }

  /** A scope in which the condition of a path holds. */
  assume(condition: Condition, label: string): Scope {
    const child = this.#child(!hasUnknown(condition));
    child.#facts = this.#facts.assume(condition, label);
    return child;
  }

  /** A scope in which a fact holds on every path. */
  assumeAlways(condition: Condition, label: string): Scope {
    const child = this.#child();
    child.#add(condition, label, true);
    return child;
  }

  /** A scope inside an axis: there its range is not empty. The bounds have been checked here. */
  enter(axis: Axis): Scope {
    const { id, name } = axis.variable;
    const [lo, hi] = [this.poly(axis.lo), this.poly(axis.hi)];
    const label = `${name} in ${this.shared.names.poly(lo)}..${this.shared.names.poly(hi)}`;
    this.poly(axis.variable); // so that it has a name
    const child = this.#child();
    child.#facts = this.#facts.assumeRange(id, lo, hi, label);
    child.#bare = this.isBare ? child.#facts : this.#bare.assumeRange(id, lo, hi, label);
    child.#learned.set(id, { condition: TRUE, bounds: { lower: lo, upper: sub(hi, ONE) } });
    return child;
  }

  /** From now on a `let` variable stands for its checked value. */
  bind(variable: Var, value: Expr): void {
    this.shared.polys.bind(variable, value);
  }

  /**
   * Adds what is known of the value of `e`, where that is one symbol; for others there is nothing to add. `always`: it
   * holds whether or not the path is taken.
   */
  learn(e: Expr, condition: Condition, always: boolean, bounds: Bounds = UNBOUNDED): void {
    const id = this.symbolOf(e);
    if (id === null) return;
    const self = this.shared.polys.atoms.symbol(id);
    const ends: Condition[] = [];
    if (bounds.lower !== null) ends.push(atMost(bounds.lower, self));
    if (bounds.upper !== null) ends.push(atMost(self, bounds.upper));
    const known = all([condition, ...ends]);
    const old = this.#learned.get(id) ?? NOTHING;
    const merged = { lower: bounds.lower ?? old.bounds.lower, upper: bounds.upper ?? old.bounds.upper };
    this.#learned.set(id, { condition: all([old.condition, known]), bounds: merged });
    this.#add(known, this.shared.names.rangeLabel(id, merged), always);
  }

  /** Every value of the polynomial here lies in it. */
  interval(p: Poly): Interval {
    const box = this.#facts.bounds(p);
    const remembered = this.#intervals.get(p.key);
    return remembered === undefined ? box : (intersect(box, remembered) ?? box);
  }

  /** Adds what is known of a value that is no symbol. The prover learns it where `asFact` says so. */
  remember(p: Poly, found: Interval, asFact: boolean): void {
    const old = this.interval(p);
    const both = intersect(old, found);
    if (both === null || sameInterval(both, old)) return;
    this.#intervals.set(p.key, both);
    if (!asFact) return;
    const ends: Condition[] = [];
    if (both.lower !== null) ends.push(atMost(constant(both.lower), p));
    if (both.upper !== null) ends.push(atMost(p, constant(both.upper)));
    this.#add(all(ends), `the factors of ${this.shared.names.poly(p)}`, false);
  }

  /** Has the value of `e` been met: it is no symbol, or what is known of that has been learned? */
  knows(e: Expr): boolean {
    const id = this.symbolOf(e);
    return id === null || this.#learned.has(id);
  }

  /** The symbol that stands for the value of `e`; null where that is computed from others. */
  symbolOf(e: Expr): string | null {
    const id = asAtom(this.poly(e));
    return id === null || this.shared.polys.opaque(id) === null ? null : id;
  }

  /** Ends of a symbol over symbols met before it. */
  boundsOf(id: string): Bounds {
    return this.#learned.get(id)?.bounds ?? UNBOUNDED;
  }

  /** Was the symbol met here or further outside? Dims are met by no scope: they are always there. */
  hasMet(id: string): boolean {
    return this.#learned.has(id);
  }

  /** The symbols met, first ones first. */
  get met(): readonly string[] {
    return [...this.#learned.keys()];
  }

  /** What this scope knows of the symbols of `p` and `outer` does not: what a branch's value may rely on. */
  knowledgeBeyond(outer: Scope, p: Poly): Condition {
    const found: Condition[] = [];
    const seen = new Set<string>();
    const visit = (q: Poly): void => {
      for (const id of this.shared.polys.atoms.symbolsOf(q)) {
        const learned = this.#learned.get(id);
        if (learned === undefined || seen.has(id) || outer.hasMet(id)) continue;
        seen.add(id);
        found.push(learned.condition);
        for (const inner of polysOf(learned.condition)) visit(inner);
      }
    };
    visit(p);
    return all(found);
  }

  /** Does the condition hold: on every path, or at least on the one that leads here? */
  prove(condition: Condition): Outcome {
    const verdict = proveCondition(this.#bare, condition);
    if (verdict.proved || this.isBare) return { verdict, guarded: false };
    return { verdict: proveCondition(this.#facts, condition), guarded: true };
  }

  /** Is `a <= b` known here? Numbers are compared, not asked for a contradiction. */
  isAtMost(a: Poly, b: Poly): boolean {
    const difference = asConstant(sub(b, a));
    return difference === null ? this.holds(atMost(a, b)) : difference >= 0n;
  }

  /** Does it hold, with all that is known here? */
  holds(condition: Condition): boolean {
    return this.prove(condition).verdict.proved;
  }

  /** Would the goals hold if the condition did? */
  holdsWith(condition: Condition, goals: readonly Condition[]): boolean {
    return proveCondition(this.#facts.assume(condition, "the suggested condition"), all(goals)).proved;
  }

  #child(isExact = true): Scope {
    return new Scope(this.shared, this.#facts, this.#bare, this.#learned, this.#intervals, this.isExact && isExact);
  }

  #add(condition: Condition, label: string, always: boolean): void {
    const together = this.isBare;
    this.#facts = this.#facts.assume(condition, label);
    if (together) this.#bare = this.#facts;
    else if (always) this.#bare = this.#bare.assume(condition, label);
  }
}

function hasUnknown(c: Condition): boolean {
  return c.kind === "unknown" || ((c.kind === "all" || c.kind === "any") && c.of.some(hasUnknown));
}
