/**
 * Cutting statements that step one accumulator into blocks of at most so many steps: what is short is a block as it is,
 * and the innermost loop that is not is cut in two, with constant bounds where its own are constant.
 */
import type { Expr } from "../ir/expr.ts";
import { add, apply, index, sub, variable } from "../ir/expr.ts";
import type { For, Stmt } from "../ir/loops.ts";
import { mapStatements, sequence, substituteIn } from "../ir/walk-loops.ts";
import { unreachable } from "../support/invariant.ts";
import { constantValue, extentOf, plus, scale } from "./blocks.ts";
import type { FreshId } from "./rename-bound.ts";
import { renameBound } from "./rename-bound.ts";
import type { IsStep } from "./step-bound.ts";
import { mostSteps } from "./step-bound.ts";

/** What is done with the statement of a block. */
type Around = (block: Stmt) => Stmt;

export class SumBlocks {
  readonly #size: number;
  readonly #isStep: IsStep;
  readonly #fresh: FreshId;

  /** `size`: the most steps in a block, of those that `isStep` holds of. */
  constructor(of: { readonly size: number; readonly isStep: IsStep; readonly fresh: FreshId }) {
    this.#size = of.size;
    this.#isStep = of.isStep;
    this.#fresh = of.fresh;
  }

  /** Where sizes decide whether `s` is more than one block: the condition that it is; null where it always is. */
  areSeveral(s: Stmt): Expr | null {
    if (s.kind !== "for" || s.loop.kind !== "serial" || this.#steps(s.body) > this.#size) return null;
    const extent = extentOf(s);
    return constantValue(extent) === null ? apply("lt", index(this.#width(s)), extent) : null;
  }

  /** The same steps, with `around` around each block. */
  cut(s: Stmt, around: Around): Stmt {
    const steps = this.#steps(s);
    if (steps === 0) return s;
    if (steps <= this.#size) return around(s);
    switch (s.kind) {
      case "for":
        if (s.loop.kind !== "serial" || this.#steps(s.body) > this.#size)
          return { ...s, body: this.cut(s.body, around) };
        return this.#split(s, around);
      case "seq":
        return sequence(this.#bundles(s.body).map((b) => this.cut(b, around)));
      case "alloc":
      case "if":
        return mapStatements(s, (inner) => this.cut(inner, around));
      case "store":
      case "accum":
        return s;
      default:
        return unreachable(s);
    }
  }

  #steps(s: Stmt): number {
    return mostSteps(s, this.#isStep);
  }

  /** Iterations of the loop in one block. */
  #width(s: For): number {
    return Math.max(1, Math.floor(this.#size / Math.max(1, this.#steps(s.body))));
  }

  /** Neighbours that fit into one block, together. */
  #bundles(list: readonly Stmt[]): readonly Stmt[] {
    const bundles: Stmt[] = [];
    for (const s of list) {
      const last = bundles.at(-1);
      if (last !== undefined && this.#steps(last) > 0 && this.#steps(last) + this.#steps(s) <= this.#size)
        bundles[bundles.length - 1] = sequence([last, s]);
      else bundles.push(s);
    }
    return bundles;
  }

  #split(s: For, around: Around): Stmt {
    const most = this.#width(s);
    const extent = extentOf(s);
    const trips = constantValue(extent);
    if (most === 1) return { ...s, body: around(s.body) };
    if (trips === null) return this.#splitAtRunTime(s, extent, most, around);
    const width = evenWidth(trips, most);
    const full = Math.floor(trips / width);
    const swept = this.#overBlocks(s, index(full), width, () => index(width), around);
    if (full * width === trips) return swept;
    const rest: For = { ...s, lo: plus(s.lo, index(full * width)) };
    return sequence([swept, renameBound(around(rest), this.#fresh)]);
  }

  /** The last block may be shorter. Their number is rounded up without leaving 32 bits. */
  #splitAtRunTime(s: For, extent: Expr, most: number, around: Around): Stmt {
    const blocks = add(apply("floor_div", sub(extent, index(1)), index(most)), index(1));
    const trips = (first: Expr): Expr => apply("min", sub(extent, first), index(most));
    return this.#overBlocks(s, blocks, most, trips, around);
  }

  /** Bounds of the loop in a block are constants, or a minimum that says the most. */
  #overBlocks(s: For, blocks: Expr, width: number, trips: (first: Expr) => Expr, around: Around): Stmt {
    const block = variable("index", this.#fresh("b"), `${s.variable.name}.block`);
    const first = scale(block, width);
    const inner = variable("index", this.#fresh("k"), s.variable.name);
    const body = substituteIn(s.body, s.variable, plus(plus(s.lo, first), inner));
    const loop: For = { ...s, variable: inner, lo: index(0), hi: trips(first), body };
    return { ...s, variable: block, lo: index(0), hi: blocks, body: around(loop) };
  }
}

/** The widest even cut that leaves nothing over, down to half of the most; else blocks of about the same width. */
function evenWidth(trips: number, most: number): number {
  for (let width = most; 2 * width > most; width--) if (trips % width === 0) return width;
  return Math.ceil(trips / Math.ceil(trips / most));
}
