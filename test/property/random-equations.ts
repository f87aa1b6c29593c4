/**
 * Random kernels of equations for the proof pass: windows, divisions, branches, guards, pads, gathers, integer stages.
 * Most are wrong somewhere, many are right, few are trivial: subscripts are drawn from forms that real kernels have.
 */
import type { Expr } from "../../compiler/ir/expr.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { apply, cast, constant, index, letIn, select } from "../../compiler/ir/expr.ts";
import type { Handle } from "../support/build-kernel.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import {
  and,
  at,
  div,
  eq,
  f32,
  i32,
  le,
  lt,
  max,
  min,
  minus,
  mod,
  ne,
  or,
  plus,
  times,
  to,
} from "../support/index-math.ts";
import { withFacts } from "../support/prove.ts";

/** Deterministic random numbers (Mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= n < limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new Error("nothing to pick from");
    return chosen;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

type World = {
  readonly r: Random;
  readonly b: KernelBuilder;
  readonly dims: readonly Expr[];
  readonly tables: readonly Handle[];
  readonly integers: readonly Handle[];
};

/** One random kernel. */
export function randomKernel(r: Random): Kernel {
  const b = new KernelBuilder("random");
  const [N, M] = [b.dim("N"), b.dim("M")];
  const extents = [N, M, plus(N, 1), plus(N, M), times(N, M), times(2, N), index(3)];
  const tables = [b.param("X", "f32", [r.pick(extents)]), b.param("Y", "f32", [r.pick(extents), r.pick([N, M])])];
  const ids = b.param("ids", "i32", [r.pick([N, M])]);
  const outputs: Handle[] = [];
  const source: World = { r, b, dims: [N, M], tables, integers: [ids] };
  if (r.chance(40)) outputs.push(b.stage("p", { u: r.pick([N, M]) }, (u) => integerValue(source, [u], 2)));
  const w: World = { ...source, integers: [ids, ...outputs] };
  const lo = r.pick([0, 0, 0, 1, -1]);
  const hi = r.pick([N, M, plus(N, M), times(N, M), minus(N, 1), div(plus(N, 1), 2), plus(N, 1), index(3)]);
  outputs.push(b.stage("Z", { i: [lo, hi], j: r.pick([M, N, index(2)]) }, (i, j) => floatValue(w, [i, j], 3)));
  b.output(...outputs);
  const conditions = [
    le(1, N),
    le(1, M),
    le(N, M),
    eq(N, M),
    eq(mod(M, 2), 0),
    lt(M, N),
    le(plus(N, M), 4),
    eq(N, times(2, M)),
    le(2, N),
  ];
  const where = conditions.filter(() => r.chance(20));
  const ranges = r.chance(85)
    ? [
        [
          ids,
          r.pick([
            [0, N],
            [0, M],
            [minus(0, M), M],
            [-1, N],
            [0, plus(N, 1)],
            [-2, 4],
          ] as const),
        ] as const,
      ]
    : [];
  return withFacts(b.build(), { where, ranges });
}

/** One random recurrence over the first axis, and a stage that reads it. */
export function randomRecurrence(r: Random): Kernel {
  const b = new KernelBuilder("random");
  const [T, J] = [b.dim("T"), b.dim("J")];
  const X = b.param("X", "f32", [r.pick([T, J, plus(T, J)])]);
  const ids = b.param("ids", "i32", [J]);
  const lag = r.below(3);
  const from = r.chance(85) ? -lag : 1 - lag;
  const whole = r.chance(85) ? J : minus(J, 1);
  const inits = lag === 0 ? [] : [{ axes: { u: [from, 0] as const, v: whole }, body: () => f32(0) }];
  const w: World = { r, b, dims: [T, J], tables: [X], integers: [ids] };
  const S = b.rec("S", "f32", { t: T, j: J }, { lag, inits }, (self, t = T, j = J) => {
    const back = (vars: readonly Expr[]): Expr =>
      r.pick([
        () => minus(t, 1),
        () => minus(t, 2),
        () => minus(t, r.below(4)),
        () => r.pick(vars),
        () => indexValue(w, vars, 1),
        () => minus(minus(t, 1), r.pick(vars)),
        () => div(minus(t, 1), 2),
        () => max(minus(t, 2), -lag),
      ])();
    const place = (vars: readonly Expr[]): Expr => (r.chance(70) ? j : indexValue(w, vars, 1));
    const term = (vars: readonly Expr[]): Expr => {
      const read = (): Expr => self.at(back(vars), place(vars));
      if (r.chance(40)) return select(condition(w, vars, 1), read(), X.at(indexValue(w, vars, 1)));
      return r.chance(20) ? readAt(self, [back(vars), place(vars)], { pad: { kind: "edge" } }) : read();
    };
    if (r.chance(50)) return plus(term([t, j]), f32(1));
    const hi = r.pick([t, T, J, index(2)]);
    const guard = r.pick([
      (k: Expr) => lt(k, t),
      (k: Expr) => le(k, t),
      (k: Expr) => and(lt(k, t), lt(k, J)),
      (k: Expr) => condition(w, [t, j, k], 1),
    ]);
    return b.reduce("sum", { k: hi }, (k = T) => term([t, j, k]), r.chance(60) ? (k = T) => guard(k) : null);
  });
  b.output(b.stage("Z", { j: J }, (j) => S.at(r.pick([minus(T, 1), index(-1), indexValue(w, [j], 1)]), j)));
  const where = [le(1, T), le(1, J), le(T, J), eq(T, J)].filter(() => r.chance(25));
  return withFacts(b.build(), { where, ranges: r.chance(80) ? [[ids, [0, r.pick([T, J])]]] : [] });
}

function indexValue(w: World, vars: readonly Expr[], depth: number): Expr {
  const { r, dims } = w;
  const leaf = (): Expr => (r.chance(75) ? r.pick(vars) : r.chance(60) ? r.pick(dims) : index(r.below(4) - 1));
  if (depth === 0) return leaf();
  const inner = (): Expr => indexValue(w, vars, depth - 1);
  const dim = r.pick(dims);
  const forms: readonly (() => Expr)[] = [
    leaf,
    () => plus(inner(), leaf()),
    () => minus(inner(), leaf()),
    () => minus(minus(dim, 1), inner()),
    () => times(r.below(3), inner()),
    () => plus(times(leaf(), dim), leaf()),
    () => div(inner(), r.chance(70) ? r.below(2) + 2 : dim),
    () => mod(inner(), r.chance(50) ? r.below(3) + 1 : dim),
    () => min(inner(), minus(dim, 1)),
    () => max(inner(), 0),
    () => min(max(inner(), 0), minus(dim, 1)),
    () => select(condition(w, vars, depth - 1), inner(), inner(), r.chance(80)),
    () => at(gather(w, vars, depth - 1)),
    () => {
      const v = w.b.variable("v", "index");
      const value = inner();
      return letIn(v, value, indexValue(w, [...vars, v], depth - 1));
    },
  ];
  return r.pick(forms)();
}

function gather(w: World, vars: readonly Expr[], depth: number): Expr {
  return w.r.pick(w.integers).at(w.r.chance(60) ? w.r.pick(vars) : indexValue(w, vars, depth));
}

function condition(w: World, vars: readonly Expr[], depth: number): Expr {
  const { r } = w;
  const [a, b] = [indexValue(w, vars, depth), indexValue(w, vars, Math.min(depth, 1))];
  const forms: readonly (() => Expr)[] = [
    () => lt(a, b),
    () => le(a, b),
    () => eq(a, b),
    () => ne(a, b),
    () => and(le(0, a), lt(a, r.pick(w.dims))),
    () => or(lt(a, 0), le(r.pick(w.dims), a)),
    () => apply("not", lt(a, b)),
    () => lt(w.tables[0]?.at(a) ?? f32(0), f32(1)),
  ];
  return r.pick(forms)();
}

function floatValue(w: World, vars: readonly Expr[], depth: number): Expr {
  const { r, b, tables } = w;
  const read = (): Expr => {
    const t = r.pick(tables);
    const subscripts = t.tensor.dims.map(() => indexValue(w, vars, r.below(3)));
    const kind = r.pick(["none", "none", "none", "value", "edge", "wrap", "mirror"] as const);
    if (kind === "none") return t.at(...subscripts);
    return readAt(t, subscripts, { pad: kind === "value" ? { kind, value: f32(0) } : { kind } });
  };
  if (depth === 0) return read();
  const inner = (): Expr => floatValue(w, vars, depth - 1);
  const forms: readonly (() => Expr)[] = [
    read,
    read,
    () => plus(inner(), inner()),
    () => select(condition(w, vars, 1), inner(), inner(), r.chance(80)),
    () => {
      const hi = r.pick([...w.dims, index(3), ...vars]);
      const guarded = r.chance(50);
      return b.reduce(
        r.pick(["sum", "max"]),
        { k: hi },
        (k) => floatValue(w, k === undefined ? vars : [...vars, k], depth - 1),
        guarded ? (k) => condition(w, k === undefined ? vars : [...vars, k], 1) : null,
      );
    },
    () => cast("f32", "exact", integerValue(w, vars, depth - 1)),
  ];
  return r.pick(forms)();
}

/** An i32 value: what may overflow, shift or divide by 0. */
function integerValue(w: World, vars: readonly Expr[], depth: number): Expr {
  const { r, b } = w;
  const leaf = (): Expr =>
    r.chance(50)
      ? gather(w, vars, 1)
      : r.chance(60)
        ? to("i32", r.pick(vars))
        : i32(r.pick([-2147483648, -3, -1, 0, 1, 2, 7, 31, 1000, 2147483647]));
  if (depth === 0) return leaf();
  const inner = (): Expr => integerValue(w, vars, depth - 1);
  const small = (): Expr => apply("bit_and", inner(), i32(r.pick([1, 7, 31, 12])));
  const forms: readonly (() => Expr)[] = [
    leaf,
    () => apply(r.pick(["add", "sub", "mul"]), inner(), leaf()),
    () => apply(r.pick(["min", "max", "bit_and", "bit_or", "bit_xor", "doubling_high_multiply"]), inner(), leaf()),
    () => apply(r.pick(["wrapping_add", "wrapping_sub", "wrapping_mul"]), inner(), leaf()),
    () => apply(r.pick(["neg", "abs", "bit_not", "popcount"]), inner()),
    () => apply(r.pick(["floor_div", "floor_mod"]), inner(), r.chance(60) ? i32(r.pick([2, 3, 8, -3, -1])) : leaf()),
    () => apply(r.pick(["shl", "shr"]), inner(), r.chance(60) ? i32(r.below(32)) : small()),
    () => apply("mul", small(), small()),
    () => min(max(inner(), -5), 9),
    () => to("i32", cast("i8", r.pick(["saturate", "wrap"]), inner())),
    () => to("i32", cast("i8", "exact", small())),
    () => select(lt(inner(), leaf()), inner(), leaf(), r.chance(80)),
    () => cast("i32", "exact", condition(w, vars, 1)),
    () => {
      const v = b.variable("w", "i32");
      return letIn(v, inner(), apply(r.pick(["mul", "sub", "bit_and"]), v, r.chance(50) ? v : leaf()));
    },
    () =>
      b.reduce(
        r.pick(["sum", "sum", "max", "min", "prod"]),
        { k: r.pick([...w.dims, index(3), ...vars]) },
        (k) => integerValue(w, k === undefined ? vars : [...vars, k], depth - 1),
        r.chance(30) ? (k) => condition(w, k === undefined ? vars : [...vars, k], 0) : null,
      ),
    () => known(b.components("argmax", { k: r.pick(w.dims) }, (k) => f32Of(k ?? index(0)))[1]),
  ];
  return r.pick(forms)();
}

function f32Of(k: Expr): Expr {
  return cast("f32", "exact", select(lt(k, 2), constant("i32", 1), constant("i32", 0)));
}

function known<T>(x: T | undefined): T {
  if (x === undefined) throw new Error("a component is missing");
  return x;
}
