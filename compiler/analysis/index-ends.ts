/**
 * Arithmetic on the ends of index ranges while the dims are open: each result is a constant, a dim, or a named step over
 * earlier ones, so that what is shared is computed once. Whoever knows the dims later evaluates the steps in order, exactly.
 * Beside each end stands the interval that holds for all dims in 0..2^31; it decides most choices here and now.
 */
import type { Apply, Expr, Var } from "../ir/expr.ts";
import { apply, index, lessEqual, select, variable } from "../ir/expr.ts";
import { evaluateIndex } from "../ir/evaluate-index.ts";
import { visit } from "../ir/walk.ts";
import { known, unreachable } from "../support/invariant.ts";
import type { Interval } from "./interval.ts";
import {
  addIntervals,
  contains,
  interval,
  maximumInterval,
  minimumInterval,
  divideIntervals,
  multiplyIntervals,
  negateInterval,
  point,
  subtractIntervals,
  union,
} from "./interval.ts";

/** `value` mentions dims and the variables of earlier steps. */
export type Step = { readonly variable: Var; readonly value: Expr };

/** What 32 bits hold. */
export const INDEX_RANGE = interval(-(2n ** 31n), 2n ** 31n - 1n);

/** Operations on ends; a divisor is at least 1. */
const INTERVALS = {
  add: addIntervals,
  sub: subtractIntervals,
  mul: multiplyIntervals,
  min: minimumInterval,
  max: maximumInterval,
  floor_div: divideIntervals,
} as const satisfies Partial<Record<Apply["op"], (a: Interval, b: Interval) => Interval>>;

export type EndOp = keyof typeof INTERVALS;

export class IndexEnds {
  readonly #steps: Step[] = [];
  readonly #shared = new Map<string, Expr>();
  readonly #always = new Map<string, Interval>();

  constructor(dims: readonly Var[]) {
    for (const d of dims) this.#always.set(d.id, interval(0n, 2n ** 31n - 1n));
  }

  /** Where a constant, a dim or a step lies whatever the dims. */
  always(e: Expr): Interval {
    if (e.kind === "const" && typeof e.value === "bigint") return point(e.value);
    return known(e.kind === "var" ? this.#always.get(e.id) : undefined, "an end");
  }

  apply(op: EndOp, a: Expr, b: Expr): Expr {
    const [left, right] = [this.always(a), this.always(b)];
    const simpler = simplified(op, a, b, left, right);
    return simpler ?? this.#share(`${op} ${keyOf(a)} ${keyOf(b)}`, apply(op, a, b), INTERVALS[op](left, right));
  }

  negate(a: Expr): Expr {
    return this.#share(`neg ${keyOf(a)}`, apply("neg", a), negateInterval(this.always(a)));
  }

  min(first: Expr, ...rest: readonly Expr[]): Expr {
    return rest.reduce((a, b) => this.apply("min", a, b), first);
  }

  max(first: Expr, ...rest: readonly Expr[]): Expr {
    return rest.reduce((a, b) => this.apply("max", a, b), first);
  }

  /** `a > 0 ? yes : no` */
  ifPositive(a: Expr, yes: Expr, no: Expr): Expr {
    const { lower, upper } = this.always(a);
    if (lower !== null && lower > 0n) return yes;
    if (keyOf(yes) === keyOf(no) || (upper !== null && upper <= 0n)) return no;
    const key = `select ${keyOf(a)} ${keyOf(yes)} ${keyOf(no)}`;
    return this.#share(key, select(lessEqual(a, index(0)), no, yes), union(this.always(yes), this.always(no)));
  }

  /** May the end leave 32 bits for some dims? */
  mayPass(e: Expr): boolean {
    return !contains(INDEX_RANGE, this.always(e));
  }

  /** The steps that some of `ends` need, in order. */
  stepsFor(ends: readonly Expr[]): readonly Step[] {
    const needed = new Set(ends.map(keyOf));
    for (const { variable: v, value } of this.#steps.toReversed()) {
      if (needed.has(v.id)) visit(value, (e) => needed.add(keyOf(e)));
    }
    return this.#steps.filter((s) => needed.has(s.variable.id));
  }

  #share(key: string, value: Expr, always: Interval): Expr {
    if (always.lower !== null && always.lower === always.upper) return index(always.lower);
    const old = this.#shared.get(key);
    if (old !== undefined) return old;
    // No dim has a blank in its id.
    const made = variable("index", `end ${this.#steps.length}`, `end${this.#steps.length}`);
    this.#steps.push({ variable: made, value });
    this.#shared.set(key, made);
    this.#always.set(made.id, always);
    return made;
  }
}

/** What tells constants, dims and steps apart. */
export function keyOf(e: Expr): string {
  return e.kind === "const" ? `= ${e.value}` : e.kind === "var" ? e.id : "";
}

/** The result where it needs no step. */
function simplified(op: EndOp, a: Expr, b: Expr, left: Interval, right: Interval): Expr | null {
  if (a.kind === "const" && b.kind === "const") return index(evaluateIndex(apply(op, a, b), new Map()));
  switch (op) {
    case "add":
      return isPoint(left, 0n) ? b : isPoint(right, 0n) ? a : null;
    case "sub":
      return isPoint(right, 0n) ? a : null;
    case "mul":
      return isPoint(left, 1n) ? b : isPoint(right, 1n) ? a : null;
    case "floor_div":
      return isPoint(right, 1n) ? a : null;
    case "min":
      return isBelow(left, right) || keyOf(a) === keyOf(b) ? a : isBelow(right, left) ? b : null;
    case "max":
      return isBelow(right, left) || keyOf(a) === keyOf(b) ? a : isBelow(left, right) ? b : null;
    default:
      return unreachable(op);
  }
}

const isPoint = (a: Interval, value: bigint): boolean => a.lower === value && a.upper === value;

const isBelow = (a: Interval, b: Interval): boolean => a.upper !== null && b.lower !== null && a.upper <= b.lower;
