/**
 * Index arithmetic at concrete dims: what every index expression of a kernel can reach, by interval arithmetic over the
 * axes. Machine code computes indices in 32 bits, so a call whose dims let one leave them is refused before it runs.
 * Correlated terms are not cancelled: the answer may be too careful, never too bold.
 */
import type { Kernel, Tensor } from "../ir/equations.ts";
import { stagesOf, tensorsOf } from "../ir/equations.ts";
import type { Axis, Expr } from "../ir/expr.ts";
import { floorDiv } from "../ir/ops.ts";
import { children } from "../ir/walk.ts";

type Range = { readonly lo: bigint; readonly hi: bigint };

const LEAST = -(2n ** 31n);
const GREATEST = 2n ** 31n - 1n;
const ANY: Range = { lo: LEAST, hi: GREATEST };

/** The first value outside 32 bits that an index expression may take at these dims (by id); null if there is none. */
export function indexPastLimit(kernel: Kernel, dims: ReadonlyMap<string, bigint>): bigint | null {
  const tensors = tensorsOf(kernel);
  const walk = new LimitWalk(tensors, dims);
  for (const stage of stagesOf(kernel)) {
    walk.axes(stage.axes);
    for (const output of stage.outputs) {
      walk.visit(output.body);
      for (const slices of output.init) {
        walk.axes(slices.axes);
        walk.visit(slices.body);
      }
    }
  }
  return walk.past;
}

class LimitWalk {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #ranges: Map<string, Range>;
  #past: bigint | null = null;

  constructor(tensors: ReadonlyMap<string, Tensor>, dims: ReadonlyMap<string, bigint>) {
    this.#tensors = tensors;
    this.#ranges = new Map([...dims].map(([id, v]) => [id, { lo: v, hi: v }]));
  }

  get past(): bigint | null {
    return this.#past;
  }

  /** Variables of a domain; an empty one is never run, so its bounds may be turned around. */
  axes(list: readonly Axis[]): void {
    for (const a of list) {
      const [lo, hi] = [this.#rangeOf(a.lo), this.#rangeOf(a.hi)];
      this.#ranges.set(a.variable.id, { lo: lo.lo, hi: hi.hi - 1n < lo.lo ? lo.lo : hi.hi - 1n });
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
    for (const c of children(e)) this.visit(c);
  }

  #rangeOf(e: Expr): Range {
    const range = this.#compute(e);
    if (e.type === "index" && (range.lo < LEAST || range.hi > GREATEST)) {
      this.#past ??= range.hi > GREATEST ? range.hi : range.lo;
    }
    return range;
  }

  #compute(e: Expr): Range {
    if (e.kind === "const" && typeof e.value === "bigint") return { lo: e.value, hi: e.value };
    if (e.kind === "var") return this.#ranges.get(e.id) ?? ANY;
    if (e.kind === "apply" && e.type === "index")
      return applied(
        e.op,
        e.args.map((a) => this.#rangeOf(a)),
      );
    if (e.kind === "select") {
      this.visit(e.cond);
      const [yes, no] = [this.#rangeOf(e.yes), this.#rangeOf(e.no)];
      return { lo: least(yes.lo, no.lo), hi: greatest(yes.hi, no.hi) };
    }
    if (e.kind === "let") {
      this.#ranges.set(e.variable.id, e.variable.type === "index" ? this.#rangeOf(e.value) : ANY);
      return this.#rangeOf(e.body);
    }
    if (e.kind === "cast" && e.arg.kind === "read") {
      this.visit(e.arg);
      const values = this.#tensors.get(e.arg.tensor)?.values ?? null;
      return values === null ? ANY : { lo: this.#rangeOf(values.lo).lo, hi: this.#rangeOf(values.hi).hi - 1n };
    }
    // What else is read from data is proved to lie in the dim that it indexes.
    for (const c of children(e)) this.visit(c);
    return ANY;
  }
}

const least = (...list: readonly bigint[]): bigint => list.reduce((a, b) => (b < a ? b : a));
const greatest = (...list: readonly bigint[]): bigint => list.reduce((a, b) => (b > a ? b : a));

function applied(op: string, args: readonly Range[]): Range {
  const [a = ANY, b = ANY] = args;
  switch (op) {
    case "add":
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case "sub":
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case "neg":
      return { lo: -a.hi, hi: -a.lo };
    case "mul": {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return { lo: least(...corners), hi: greatest(...corners) };
    }
    case "min":
      return { lo: least(a.lo, b.lo), hi: least(a.hi, b.hi) };
    case "max":
      return { lo: greatest(a.lo, b.lo), hi: greatest(a.hi, b.hi) };
    case "floor_div": {
      if (b.lo <= 0n) return { lo: least(a.lo, -a.hi, -a.lo), hi: greatest(a.hi, -a.lo, -a.hi) };
      const corners = [floorDiv(a.lo, b.lo), floorDiv(a.lo, b.hi), floorDiv(a.hi, b.lo), floorDiv(a.hi, b.hi)];
      return { lo: least(...corners), hi: greatest(...corners) };
    }
    case "floor_mod":
      return b.lo > 0n ? { lo: 0n, hi: b.hi - 1n } : { lo: least(b.lo, 0n), hi: greatest(b.hi, 0n) };
    case "abs":
      return { lo: 0n, hi: greatest(a.hi, -a.lo) };
    default:
      return ANY;
  }
}
