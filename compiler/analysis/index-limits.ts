/**
 * What every index expression of a kernel can reach, by interval arithmetic over the axes. Machine code computes indices
 * in 32 bits, so a call whose dims let one leave them is refused before it runs. The ends are found once, for open dims: the
 * library evaluates them here, wrappers of ahead-of-time builds are given them as code. Correlated terms are not cancelled:
 * the answer may be too careful, never too bold.
 */
import type { Kernel, Tensor } from "../ir/equations.ts";
import { stagesOf, tensorsOf } from "../ir/equations.ts";
import { evaluateIndex } from "../ir/evaluate-index.ts";
import type { Axis, Expr, Read } from "../ir/expr.ts";
import { index, sub } from "../ir/expr.ts";
import { children } from "../ir/walk.ts";
import { known } from "../support/invariant.ts";
import type { Span } from "../support/source.ts";
import type { Step } from "./index-ends.ts";
import { INDEX_RANGE, IndexEnds, keyOf } from "./index-ends.ts";
import { containsValue } from "./interval.ts";

export type IndexLimits = {
  /** What `ends` are made of. */
  readonly steps: readonly Step[];
  /** What must lie in {@link INDEX_RANGE}: steps, or constants that never do. `span`: of the stage. */
  readonly ends: readonly { readonly value: Expr; readonly span: Span }[];
};

const found = new WeakMap<Kernel, IndexLimits>();

/** The ends of index expressions that leave 32 bits for some dims in 0..2^31. */
export function indexLimits(kernel: Kernel): IndexLimits {
  const old = found.get(kernel);
  if (old !== undefined) return old;
  const limits = findLimits(kernel);
  found.set(kernel, limits);
  return limits;
}

/** The first index that leaves 32 bits whatever the dims, and in which stage; null if there is none. */
export function indexAlwaysPast(kernel: Kernel): { readonly value: bigint; readonly span: Span } | null {
  for (const { value, span } of indexLimits(kernel).ends) {
    if (value.kind === "const") return { value: BigInt(value.value), span };
  }
  return null;
}

/** What to do about it. */
export const INDEX_ADVICE: readonly string[] = [
  "keep subscripts and what is computed from indices between -2^31 and 2^31 - 1",
  "make a value of the index before the arithmetic: i64(i), f32(i)",
];

/** The first value outside 32 bits that an index expression may take at these dims (by id); null if there is none. */
export function indexPastLimit(kernel: Kernel, dims: ReadonlyMap<string, bigint>): bigint | null {
  const { steps, ends } = indexLimits(kernel);
  const values = new Map(dims);
  for (const s of steps) values.set(s.variable.id, evaluateIndex(s.value, values));
  return ends.map((e) => evaluateIndex(e.value, values)).find((v) => !containsValue(INDEX_RANGE, v)) ?? null;
}

function findLimits(kernel: Kernel): IndexLimits {
  const walk = new LimitWalk(kernel);
  for (const stage of stagesOf(kernel)) {
    walk.span = stage.span;
    walk.axes(stage.axes);
    for (const output of stage.outputs) {
      walk.visit(output.body);
      for (const slices of output.init) {
        walk.axes(slices.axes);
        walk.visit(slices.body);
      }
    }
  }
  return walk.limits();
}

type Range = { readonly lo: Expr; readonly hi: Expr };

const ONE = index(1);
const ANY: Range = { lo: index(known(INDEX_RANGE.lower, "an end")), hi: index(known(INDEX_RANGE.upper, "an end")) };

class LimitWalk {
  span: Span;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #ends: IndexEnds;
  readonly #ranges: Map<string, Range>;
  readonly #limited = new Map<string, { readonly value: Expr; readonly span: Span }>();

  constructor(kernel: Kernel) {
    this.span = kernel.span;
    this.#tensors = tensorsOf(kernel);
    this.#ends = new IndexEnds(kernel.dims);
    this.#ranges = new Map(kernel.dims.map((d) => [d.id, { lo: d, hi: d }]));
  }

  limits(): IndexLimits {
    const ends = [...this.#limited.values()];
    return { steps: this.#ends.stepsFor(ends.map((e) => e.value)), ends };
  }

  /** Variables of a domain; an empty one is never run, so its bounds may be turned around. */
  axes(list: readonly Axis[]): void {
    for (const a of list) {
      const [{ lo }, { hi }] = [this.#rangeOf(a.lo), this.#rangeOf(a.hi)];
      this.#ranges.set(a.variable.id, { lo, hi: this.#ends.max(this.#ends.apply("sub", hi, ONE), lo) });
    }
  }

  /** Every index expression inside. */
  visit(e: Expr): void {
    if (e.type === "index") {
      this.#rangeOf(e);
      return;
    }
    if (e.kind === "let" && e.variable.type === "index") this.#ranges.set(e.variable.id, this.#rangeOf(e.value));
    if (e.kind === "reduce") this.axes(e.axes);
    if (e.kind === "read" && e.pad !== null) this.#moves(e, e.pad.kind);
    for (const c of children(e)) this.visit(c);
  }

  /** What `wrap` and `mirror` compute on the way into the tensor; see passes/expand-pads.ts. */
  #moves(e: Read, kind: "value" | "edge" | "wrap" | "mirror"): void {
    if (kind !== "wrap" && kind !== "mirror") return;
    const { dims } = known(this.#tensors.get(e.tensor), "the tensor of a read");
    for (const [n, at] of e.index.entries()) {
      const { lo, hi } = known(dims[n], "a dim");
      const last = this.#rangeOf(sub(sub(hi, ONE), lo));
      this.#rangeOf(sub(at, lo));
      if (kind === "mirror") this.#limit({ lo: last.lo, hi: this.#ends.apply("mul", index(2), last.hi) });
    }
  }

  #rangeOf(e: Expr): Range {
    const range = this.#compute(e);
    if (e.type === "index") this.#limit(range);
    return range;
  }

  #limit({ lo, hi }: Range): void {
    for (const value of [hi, lo]) {
      const key = keyOf(value);
      if (this.#ends.mayPass(value) && !this.#limited.has(key)) this.#limited.set(key, { value, span: this.span });
    }
  }

  #compute(e: Expr): Range {
    if (e.kind === "const" && typeof e.value === "bigint") return { lo: e, hi: e };
    if (e.kind === "var") return this.#ranges.get(e.id) ?? ANY;
    if (e.kind === "apply" && e.type === "index") {
      const [a = ANY, b = ANY] = e.args.map((x) => this.#rangeOf(x));
      return rangeOfApply(this.#ends, e.op, a, b);
    }
    if (e.kind === "select") {
      this.visit(e.cond);
      return this.#hull(this.#rangeOf(e.yes), this.#rangeOf(e.no));
    }
    if (e.kind === "let") {
      this.#ranges.set(e.variable.id, e.variable.type === "index" ? this.#rangeOf(e.value) : ANY);
      return this.#rangeOf(e.body);
    }
    if (e.kind === "cast" && e.arg.kind === "read") {
      this.visit(e.arg);
      return this.#elements(e.arg);
    }
    // What else is read from data is proved to lie in the dim that it indexes.
    for (const c of children(e)) this.visit(c);
    return ANY;
  }

  /** The range type of the tensor, or what the pad gives. */
  #elements({ tensor, pad }: Read): Range {
    const values = this.#tensors.get(tensor)?.values ?? null;
    if (values === null) return ANY;
    // The upper end itself is no value, so it may lie one past 32 bits.
    const inside = {
      lo: this.#compute(values.lo).lo,
      hi: this.#ends.apply("sub", this.#compute(values.hi).hi, ONE),
    };
    if (pad?.kind !== "value") return inside;
    if (pad.value.kind !== "const" || typeof pad.value.value === "boolean") return ANY;
    const value = index(pad.value.value);
    return this.#hull(inside, { lo: value, hi: value });
  }

  #hull(a: Range, b: Range): Range {
    return { lo: this.#ends.min(a.lo, b.lo), hi: this.#ends.max(a.hi, b.hi) };
  }
}

function rangeOfApply(ends: IndexEnds, op: string, a: Range, b: Range): Range {
  switch (op) {
    case "add":
      return { lo: ends.apply("add", a.lo, b.lo), hi: ends.apply("add", a.hi, b.hi) };
    case "sub":
      return { lo: ends.apply("sub", a.lo, b.hi), hi: ends.apply("sub", a.hi, b.lo) };
    case "neg":
      return { lo: ends.negate(a.hi), hi: ends.negate(a.lo) };
    case "mul":
      return corners(ends, "mul", a, b);
    case "min":
      return { lo: ends.min(a.lo, b.lo), hi: ends.min(a.hi, b.hi) };
    case "max":
      return { lo: ends.max(a.lo, b.lo), hi: ends.max(a.hi, b.hi) };
    case "floor_div": {
      const positive = corners(ends, "floor_div", a, { lo: ends.max(b.lo, ONE), hi: ends.max(b.hi, ONE) });
      const [low, high] = [ends.negate(a.lo), ends.negate(a.hi)];
      return {
        lo: ends.ifPositive(b.lo, positive.lo, ends.min(a.lo, low, high)),
        hi: ends.ifPositive(b.lo, positive.hi, ends.max(a.hi, low, high)),
      };
    }
    case "floor_mod": {
      const zero = index(0);
      return {
        lo: ends.ifPositive(b.lo, zero, ends.min(b.lo, zero)),
        hi: ends.ifPositive(b.lo, ends.apply("sub", b.hi, ONE), ends.max(b.hi, zero)),
      };
    }
    case "abs":
      return { lo: index(0), hi: ends.max(a.hi, ends.negate(a.lo)) };
    default:
      return ANY;
  }
}

/** A result that is monotone in each operand has its ends at their ends. */
function corners(ends: IndexEnds, op: "mul" | "floor_div", a: Range, b: Range): Range {
  const [first, ...rest] = [a.lo, a.hi].flatMap((x) => [ends.apply(op, x, b.lo), ends.apply(op, x, b.hi)]);
  const one = known(first, "a corner");
  return { lo: ends.min(one, ...rest), hi: ends.max(one, ...rest) };
}
