/**
 * What a kernel costs by its equations: how many operations on values each stage takes, and how many bytes must at least
 * cross memory. Asked before the passes it is the cost of what is written, after them that of what is computed. Sizes may be open; then the counts are expressions over the dims.
 *
 * Counted is every arithmetic operation, comparison and function of numbers, each as one; arithmetic of indices, casts,
 * conditions made of conditions and reads are free. A step of a reduction is its argument and one operation to take it in
 * (for a user's reducer, those of `lift` and `combine`). All points are counted, those that a guard leaves out too, and both
 * sides of a choice; a range that depends on other indices is counted as its longest. Where any of that makes the count too
 * large, it is said to be an upper bound.
 */
import { DTYPES } from "../ir/dtype.ts";
import type { Kernel, Stage, Tensor } from "../ir/equations.ts";
import { stagesOf } from "../ir/equations.ts";
import type { Axis, Expr, Reduce, ScalarType } from "../ir/expr.ts";
import { add, apply, index, maximum, minimum, mul, sub } from "../ir/expr.ts";
import { children, freeVariables, reducerExpressions } from "../ir/walk.ts";
import { unreachable } from "../support/invariant.ts";

/** A number as an index expression over dims; null where it depends on data. `isExact` is false for an upper bound. */
export type Count = { readonly value: Expr | null; readonly isExact: boolean };

export type StageCost = { readonly stage: string; readonly points: Count; readonly operations: Count };

export type KernelCost = {
  /** In the order of the kernel; members of a recurrence one by one. */
  readonly stages: readonly StageCost[];
  readonly operations: Count;
  /** Bytes of all parameters, and of all outputs: what a kernel that keeps everything else in registers reads and writes. */
  readonly bytesIn: Expr;
  readonly bytesOut: Expr;
};

const NOTHING: Count = { value: index(0), isExact: true };

export function costOf(kernel: Kernel): KernelCost {
  const bounds = new Bounds(new Set(kernel.dims.map((d) => d.id)));
  const stages = stagesOf(kernel).map((s) => stageCost(s, bounds));
  const outputs = kernel.outputs.map((o) => ({ dtype: typeOf(kernel, o.tensor), dims: o.dims }));
  return {
    stages,
    operations: sum(stages.map((s) => s.operations)),
    bytesIn: bytesOf(kernel.params),
    bytesOut: bytesOf(outputs),
  };
}

function typeOf(kernel: Kernel, id: string): Tensor["dtype"] {
  const made = stagesOf(kernel).flatMap((s) => s.outputs.map((o) => o.tensor));
  return [...made, ...kernel.params].find((t) => t.id === id)?.dtype ?? "f32";
}

function bytesOf(tensors: readonly Pick<Tensor, "dtype" | "dims">[]): Expr {
  return tensors.map(sizeInBytes).reduce(add, index(0));
}

function sizeInBytes({ dtype, dims }: Pick<Tensor, "dtype" | "dims">): Expr {
  const { storageBits } = DTYPES[dtype];
  const isPacked = storageBits < 8;
  const unit = index(isPacked ? storageBits : storageBits / 8);
  const count = dims.reduce<Expr>((size, d) => mul(size, sub(d.hi, d.lo)), unit);
  return isPacked ? apply("floor_div", add(count, index(7)), index(8)) : count;
}

// Counts

/** Constants in it are added up, so that nested sums read as one. */
function sum(counts: readonly Count[]): Count {
  if (counts.some((c) => c.value === null)) return { value: null, isExact: false };
  const terms = counts.flatMap((c) => (c.value === null ? [] : termsOf(c.value)));
  const fixed = terms.reduce((total, t) => total + constantOf(t), 0n);
  const open = terms.filter((t) => t.kind !== "const");
  const [first, ...rest] = fixed === 0n && open.length > 0 ? open : [index(fixed), ...open];
  return { value: rest.reduce(add, first ?? index(0)), isExact: counts.every((c) => c.isExact) };
}

function termsOf(e: Expr): readonly Expr[] {
  return e.kind === "apply" && e.op === "add" ? e.args.flatMap(termsOf) : [e];
}

function constantOf(e: Expr): bigint {
  return e.kind === "const" && typeof e.value === "bigint" ? e.value : 0n;
}

function product([first, ...rest]: readonly Count[]): Count {
  return rest.reduce(times, first ?? { value: index(1), isExact: true });
}

function times(a: Count, b: Count): Count {
  return { value: joined(a.value, b.value, mul), isExact: a.isExact && b.isExact };
}

function stageCost(stage: Stage, outer: Bounds): StageCost {
  const seen = new Set<string>();
  const parts = stage.outputs.flatMap((output) => [
    domainCost(stage.axes, output.body, outer, seen),
    ...output.init.map((slices) => domainCost(slices.axes, slices.body, outer, seen)),
  ]);
  const initial = stage.outputs
    .slice(0, 1)
    .flatMap((o) => o.init.map((slices) => product(outer.over(slices.axes).extents)));
  const points = sum([product(outer.over(stage.axes).extents), ...initial]);
  return { stage: stage.name, points, operations: sum(parts) };
}

function domainCost(axes: readonly Axis[], body: Expr, outer: Bounds, seen: Set<string>): Count {
  const { extents, inside } = outer.over(axes);
  const each = operationsOf(body, inside, seen);
  return isNothing(each) ? NOTHING : product([each, ...extents]);
}

function isNothing({ value, isExact }: Count): boolean {
  return isExact && value?.kind === "const" && value.value === 0n;
}

/** Of one evaluation. `seen`: reductions that are counted already; those with several results are read several times. */
function operationsOf(e: Expr, bounds: Bounds, seen: Set<string>): Count {
  if (e.kind === "reduce") {
    if (seen.has(e.id)) return NOTHING;
    seen.add(e.id);
    return reductionCost(e, bounds, seen);
  }
  const parts = children(e).map((child) => operationsOf(child, bounds, seen));
  const isChoice = e.kind === "select" && e.lazy && !parts.slice(1).every(isNothing);
  return sum([{ value: index(isOperation(e) ? 1 : 0), isExact: !isChoice }, ...parts]);
}

function reductionCost(e: Reduce, bounds: Bounds, seen: Set<string>): Count {
  const { extents, inside } = bounds.over(e.axes);
  const step =
    e.reducer.kind === "builtin" ? 1 : userSteps(reducerExpressions(e.reducer)) - userSteps(e.reducer.identity);
  const taken: Count = { value: index(step), isExact: e.guard === null };
  const values = [...(e.guard === null ? [] : [e.guard]), ...e.args];
  return product([sum([taken, ...values.map((v) => operationsOf(v, inside, seen))]), ...extents]);
}

/** Operations in expressions without reductions. */
function userSteps(list: readonly Expr[]): number {
  return list.reduce((total, e) => total + (isOperation(e) ? 1 : 0) + userSteps(children(e)), 0);
}

function isOperation(e: Expr): boolean {
  if (e.kind !== "apply") return false;
  const operand: ScalarType = e.args[0]?.type ?? e.type;
  return operand !== "index" && operand !== "bool";
}

// Ranges

type Side = "least" | "greatest";

const OTHER: Readonly<Record<Side, Side>> = { least: "greatest", greatest: "least" };

/** The indices in scope, and how far expressions over them reach. */
class Bounds {
  readonly #dims: ReadonlySet<string>;
  readonly #axes: ReadonlyMap<string, Axis>;

  constructor(dims: ReadonlySet<string>, axes: ReadonlyMap<string, Axis> = new Map()) {
    this.#dims = dims;
    this.#axes = axes;
  }

  /** How many points each of a list of axes has here, and the scope within. */
  over(axes: readonly Axis[]): { readonly extents: readonly Count[]; readonly inside: Bounds } {
    const extents: Count[] = [];
    const scope = new Map(this.#axes);
    for (const axis of axes) {
      extents.push(new Bounds(this.#dims, scope).#extent(axis));
      scope.set(axis.variable.id, axis);
    }
    return { extents, inside: new Bounds(this.#dims, scope) };
  }

  #extent({ lo, hi }: Axis): Count {
    const length = sub(hi, lo);
    if ([...freeVariables(length).keys()].every((id) => this.#dims.has(id)) && !readsData(length)) {
      return { value: length, isExact: true };
    }
    return { value: this.#end(length, "greatest"), isExact: false };
  }

  /** The least or greatest value that `e` may take, by its operations one by one; null where data decide. */
  #end(e: Expr, side: Side): Expr | null {
    switch (e.kind) {
      case "const":
        return e;
      case "var": {
        const axis = this.#axes.get(e.id);
        if (axis === undefined) return this.#dims.has(e.id) ? e : null;
        return this.#end(side === "least" ? axis.lo : sub(axis.hi, index(1)), side);
      }
      case "apply":
        return this.#endOfOperation(e.op, e.args, side);
      case "read":
      case "select":
      case "cast":
      case "let":
      case "reduce":
        return null;
      default:
        return unreachable(e);
    }
  }

  #endOfOperation(op: string, [a, b]: readonly Expr[], side: Side): Expr | null {
    if (a === undefined) return null;
    if (op === "neg") return mapped(this.#end(a, OTHER[side]), (x) => sub(index(0), x));
    if (b === undefined) return null;
    const isFixed = b.kind === "const" || (b.kind === "var" && this.#dims.has(b.id));
    switch (op) {
      case "add":
        return joined(this.#end(a, side), this.#end(b, side), add);
      case "sub":
        return joined(this.#end(a, side), this.#end(b, OTHER[side]), sub);
      case "min":
        return joined(this.#end(a, side), this.#end(b, side), minimum);
      case "max":
        return joined(this.#end(a, side), this.#end(b, side), maximum);
      case "mul":
        if (!isFixed) return null;
        return mapped(this.#end(a, isNegative(b) ? OTHER[side] : side), (x) => mul(x, b));
      case "floor_div":
        if (!isFixed || isNegative(b)) return null;
        return mapped(this.#end(a, side), (x) => apply("floor_div", x, b));
      case "floor_mod":
        if (!isFixed || isNegative(b)) return null;
        return side === "least" ? index(0) : sub(b, index(1));
      default:
        return null;
    }
  }
}

function isNegative(e: Expr): boolean {
  return e.kind === "const" && typeof e.value === "bigint" && e.value < 0n;
}

function mapped(a: Expr | null, f: (x: Expr) => Expr): Expr | null {
  return a === null ? null : f(a);
}

function joined(a: Expr | null, b: Expr | null, f: (x: Expr, y: Expr) => Expr): Expr | null {
  return a === null || b === null ? null : f(a, b);
}

function readsData(e: Expr): boolean {
  return e.kind === "read" || e.kind === "reduce" || children(e).some(readsData);
}
