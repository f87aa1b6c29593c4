/** compiler/ir/interpret-loops.ts and reducers.ts: small programs by hand, merges of partial results, and violations. */
import { describe, expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { BuiltinReducer, ConstValue, Expr, Reducer, Var } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, index, less, mul, read, select, sub, variable } from "../../compiler/ir/expr.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import type { Buffer, LoopKind, LoopProgram, Space, Stmt } from "../../compiler/ir/loops.ts";
import { accumulatorTypes, identity } from "../../compiler/ir/reducers.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { array, randomArray } from "../support/nd-array.ts";
import { onlineSoftmax } from "../support/reducers.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const serial: LoopKind = { kind: "serial" };
const origin = { stage: "s", axis: "i", by: "test", span: null };

function buffer(id: string, dtype: DType, extent: readonly (Expr | number)[], space: Space): Buffer {
  const sizes = extent.map((e) => (typeof e === "number" ? index(e) : e));
  return { id, name: id, dtype, lo: sizes.map(() => index(0)), extent: sizes, space };
}

function loop(v: Var, hi: Expr | number, body: Stmt, kind: LoopKind = serial, lo: Expr = index(0)): Stmt {
  const end = typeof hi === "number" ? index(hi) : hi;
  return { kind: "for", variable: v, lo, hi: end, loop: kind, body, origin };
}

const store = (to: string, at: readonly Expr[], value: Expr): Stmt => ({ kind: "store", buffer: to, index: at, value });
const seq = (...body: readonly Stmt[]): Stmt => ({ kind: "seq", body });
const alloc = (b: Buffer, ...body: readonly Stmt[]): Stmt => ({ kind: "alloc", buffer: b, body: seq(...body) });
const v = (id: string): Var => variable("index", id, id);

function program(buffers: readonly Buffer[], body: Stmt, dims: readonly Var[] = []): LoopProgram {
  return { kernel: "k", dims, buffers, nests: [{ stage: "s", body, independent: 0 }] };
}

/** The first output. */
function run(p: LoopProgram, inputs: Readonly<Record<string, NDArray>>, sizes: Readonly<Record<string, bigint>> = {}) {
  const results = [1, 2, 3].map((seed) => {
    const outputs = interpretLoops(p, new Map(Object.entries(inputs)), new Map(Object.entries(sizes)), { seed });
    return [...outputs.values()][0] ?? array("f32", []);
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  return results[0];
}

describe("programs", () => {
  test("matmul with an accumulator per lane and a ragged last vector", () => {
    const [i, jo, j, k, M, N, K] = [v("i"), v("jo"), v("j"), v("k"), v("M"), v("N"), v("K")];
    const column = add(mul(jo, index(4)), j);
    const width = apply("min", index(4), sub(N, mul(jo, index(4))));
    const lanes = (body: Stmt) => loop(j, width, body, { kind: "vector", width: 4 });
    const product = mul(read("f32", "A", [i, k]), read("f32", "B", [k, column]));
    const step: Stmt = {
      kind: "accum",
      reducer: { kind: "builtin", name: "sum" },
      targets: [{ buffer: "acc", index: [j] }],
      args: [product],
      guard: null,
      merge: false,
    };
    const tile = alloc(
      buffer("acc", "f32", [4], "register"),
      lanes(store("acc", [j], constant("f32", 0))),
      loop(k, K, lanes(step)),
      lanes(store("C", [i, column], read("f32", "acc", [j]))),
    );
    const blocks = apply("floor_div", add(N, index(3)), index(4));
    const body = loop(i, M, loop(jo, blocks, tile, { kind: "independent" }), { kind: "parallel" });
    const buffers = [
      buffer("A", "f32", [M, K], "input"),
      buffer("B", "f32", [K, N], "input"),
      buffer("C", "f32", [M, N], "output"),
    ];
    const a = array("f32", [
      [1, 2],
      [3, 4],
    ]);
    const b = array("f32", [
      [1, 2, 3, 4, 5],
      [10, 20, 30, 40, 50],
    ]);
    const c = run(program(buffers, body, [M, N, K]), { A: a, B: b }, { M: 2n, N: 5n, K: 2n });
    expect(c).toEqual(
      array("f32", [
        [21, 42, 63, 84, 105],
        [43, 86, 129, 172, 215],
      ]),
    );
    const none = run(program(buffers, body, [M, N, K]), { A: array("f32", [], [0, 2]), B: b }, { M: 0n, N: 5n, K: 2n });
    expect(none?.data).toEqual([]);
  });

  test("buffers that start below 0, and a guarded accumulation", () => {
    const t = v("t");
    const state: Buffer = { ...buffer("S", "i32", [6], "output"), lo: [index(-1)] };
    const next = add(read("i32", "S", [sub(t, index(1))]), cast("i32", "exact", t));
    const body = seq(store("S", [index(-1)], constant("i32", 10)), loop(t, 5, store("S", [t], next)));
    expect(run(program([state], body), {})?.data).toEqual([10, 10, 11, 13, 16, 20]);
    const guarded: Stmt = {
      kind: "accum",
      reducer: { kind: "builtin", name: "sum" },
      targets: [{ buffer: "Y", index: [] }],
      args: [cast("i32", "exact", t)],
      guard: less(t, index(3)),
      merge: false,
    };
    const sum = seq(store("Y", [], constant("i32", 0)), loop(t, 9, guarded));
    expect(run(program([buffer("Y", "i32", [], "output")], sum), {})?.data).toEqual([3]);
  });
});

const targets = (b: readonly Buffer[]) => b.map((x) => ({ buffer: x.id, index: [] }));

/** Accumulates the list in two parts, the second half first, and merges them into the first. */
function reduceInHalves(reducer: Reducer, dtype: DType, list: readonly ConstValue[]): readonly ConstValue[] {
  const n = list.length;
  const half = Math.floor(n / 2);
  const k = v("k");
  const positional = reducer.kind === "builtin" && reducer.name.startsWith("arg");
  const args = [read(dtype, "X", [k]), ...(positional ? [cast("i32", "exact", k)] : [])];
  const types = accumulatorTypes(
    reducer,
    args.map((a) => a.type),
  );
  const part = (name: string) => types.map((t, c) => buffer(`${name}${c}`, t, [], "register"));
  const [left, right] = [part("left"), part("right")];
  const init = (b: readonly Buffer[]) => identity(reducer, types).map((e, c) => store(b[c]?.id ?? "", [], e));
  const accum = { kind: "accum", reducer, guard: null } as const;
  const steps = (b: readonly Buffer[]): Stmt => ({ ...accum, targets: targets(b), args, merge: false });
  const together: Stmt = {
    ...accum,
    targets: targets(left),
    args: right.map((b) => read(b.dtype, b.id, [])),
    merge: true,
  };
  const outputs = types.map((t, c) => buffer(`Y${c}`, t, [], "output"));
  const results = left.map((b, c) => store(`Y${c}`, [], read(b.dtype, b.id, [])));
  const body = seq(
    ...init(left),
    ...init(right),
    loop(k, n, steps(right), serial, index(half)),
    loop(k, half, steps(left)),
    together,
    ...results,
  );
  const nested = [...left, ...right].reduce<Stmt>((inner, b) => alloc(b, inner), body);
  const p = program([buffer("X", dtype, [n], "input"), ...outputs], nested);
  const inputs = new Map([["X", array(dtype, list, [n])]]);
  return [...interpretLoops(p, inputs, new Map()).values()].map((y) => y.data[0] ?? nan);
}

describe("partial results of every built-in reducer", () => {
  test.each<[BuiltinReducer, DType, readonly ConstValue[], readonly ConstValue[]]>([
    ["sum", "f16", [2048, 1, 1, 1], [2051]],
    ["sum", "bool", [true, true, false, true], [3]],
    ["sum_strict", "f32", [1, 2, 3, 4], [10]],
    ["prod", "i8", [100, 100, 2, 1], [20000]],
    ["max", "f32", [1, nan, 3, 2], [nan]],
    ["max", "f32", [], [-inf]],
    ["min", "i16", [5, -7, 3], [-7]],
    ["max", "bool", [false, true], [true]],
    ["any", "bool", [false, false, true], [true]],
    ["all", "bool", [], [true]],
    ["argmax", "f32", [1, 3, 3, 3], [3, 1]],
    ["argmax", "f32", [1, nan, nan, 9], [nan, 1]],
    ["argmax", "f32", [9, 1, nan, 3], [nan, 2]],
    ["argmax", "f32", [-inf, -inf], [-inf, 0]],
    ["argmax", "f32", [-inf], [-inf, 0]],
    ["argmin", "f32", [], [inf, -1]],
    ["argmin", "i8", [127, 127, 127], [127, 0]],
    ["argmin", "u64", [3n, 2n, 2n], [2n, 1]],
  ])("%s of %s %o", (name, dtype, list, expected) => {
    expect(reduceInHalves({ kind: "builtin", name }, dtype, list)).toEqual(expected);
  });

  test("online softmax", () => {
    const [m, l] = reduceInHalves(onlineSoftmax(), "f32", [1, 3, 2, 0]).map(Number);
    expect(m).toBe(3);
    expect(l).toBeCloseTo(Math.exp(-2) + 1 + Math.exp(-1) + Math.exp(-3), 6);
    expect(reduceInHalves(onlineSoftmax(), "f32", [-inf])).toEqual([-inf, 0]);
  });
});

describe("violations are internal errors", () => {
  const [i, X, Y] = [v("i"), buffer("X", "f32", [4], "input"), buffer("Y", "f32", [4], "output")];
  const x = randomArray("f32", [4], 7);
  const attempt = (body: Stmt) => () => run(program([X, Y], body), { X: x });
  const copy = store("Y", [i], read("f32", "X", [i]));

  test("subscripts outside, for loads and stores", () => {
    expect(attempt(loop(i, 4, store("Y", [i], read("f32", "X", [add(i, index(1))]))))).toThrow(
      "X, dim 0: 4 is not in 0..4",
    );
    expect(attempt(loop(i, 5, store("Y", [i], constant("f32", 0))))).toThrow("Y, dim 0: 4 is not in 0..4");
    expect(attempt(store("X", [index(0)], constant("f32", 0)))).toThrow("a store to input X");
  });

  test("a guarded read is evaluated only where its branch is taken", () => {
    const shielded = select(
      less(i, index(3)),
      read("f32", "X", [add(i, index(1))], { guarded: true }),
      constant("f32", 0),
    );
    expect(run(program([X, Y], loop(i, 4, store("Y", [i], shielded))), { X: x })?.data.slice(0, 3)).toEqual(
      x.data.slice(1),
    );
  });

  test("reading what was never written: registers, scratch, outputs", () => {
    const register = buffer("r", "f32", [], "register");
    expect(attempt(loop(i, 4, alloc(register, store("Y", [i], read("f32", "r", [])))))).toThrow(
      "read before it is written",
    );
    // A register is undefined again in the next iteration.
    const once: Stmt = {
      kind: "if",
      cond: less(i, index(1)),
      then: store("r", [], constant("f32", 1)),
      otherwise: null,
    };
    expect(attempt(loop(i, 4, alloc(register, once, store("Y", [i], read("f32", "r", [])))))).toThrow(
      "of r is read before",
    );
    expect(attempt(loop(i, 3, copy))).toThrow("element 3 of output Y was never written");
  });

  test("iterations past a vector's width", () => {
    expect(attempt(loop(i, 4, copy, { kind: "vector", width: 2 }))).toThrow("4 iterations in a vector loop");
  });

  test("a dependence between iterations that are said to be independent", () => {
    const prefix = select(
      less(index(0), i),
      add(read("f32", "Y", [sub(i, index(1))]), constant("f32", 1)),
      constant("f32", 0),
    );
    const body = store("Y", [i], prefix);
    expect(run(program([Y], loop(i, 4, body)), {})?.data).toEqual([0, 1, 2, 3]);
    for (const kind of ["parallel", "independent"] as const) {
      expect(() => run(program([Y], loop(i, 4, body, { kind })), {})).toThrow("read before it is written");
    }
  });
});
