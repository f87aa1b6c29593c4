/** compiler/ir/interpret-equations.ts: hand-computed results of the reference, and what it refuses. */
import { describe, expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { BuiltinReducer, ConstValue, Expr, Pad } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, index, less, lessEqual, letIn, mul, select, sub } from "../../compiler/ir/expr.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import { array, randomArray } from "../support/nd-array.ts";
import { onlineSoftmax } from "../support/reducers.ts";

/** All outputs; inputs in the order of params, dims in the order of declaration. */
function runAll(kernel: Kernel, inputs: readonly NDArray[], dims: readonly number[] = []): readonly NDArray[] {
  const byId = new Map(kernel.params.map((p, n) => [p.id, inputs[n] ?? array("f32", [])]));
  const sizes = new Map(kernel.dims.map((d, n) => [d.id, BigInt(dims[n] ?? 0)]));
  return [...interpretEquations(kernel, byId, sizes).values()];
}

function run(kernel: Kernel, inputs: readonly NDArray[], dims: readonly number[] = []): NDArray {
  return runAll(kernel, inputs, dims)[0] ?? array("f32", []);
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** The reduction of a list, components as 0-dim outputs. */
function reduceList(reducer: BuiltinReducer, dtype: DType, list: readonly ConstValue[]): readonly ConstValue[] {
  const b = new KernelBuilder("list");
  const X = b.param("X", dtype, [list.length]);
  b.output(...b.tuple(["r0", "r1"], {}, () => b.components(reducer, { k: list.length }, (k) => X.at(k))));
  return runAll(b.build(), [array(dtype, list, [list.length])]).map((r) => r.data[0] ?? nan);
}

describe("stages", () => {
  test("matmul, also with empty dims", () => {
    const b = new KernelBuilder("matmul");
    const [M, K, N] = [b.dim("M"), b.dim("K"), b.dim("N")];
    const A = b.param("A", "f32", [M, K]);
    const B = b.param("B", "f32", [K, N]);
    const dot = (i: Expr, j: Expr) => b.reduce("sum", { k: K }, (k) => mul(A.at(i, k), B.at(k, j)));
    b.output(b.stage("C", { i: M, j: N }, dot));
    const kernel = b.build();
    const [left, right] = [
      [1, 2, 3, 4, 5, 6],
      [1, 0, 0, 1, 2, 2],
    ];
    const c = run(kernel, [array("f32", left, [2, 3]), array("f32", right, [3, 2])], [2, 3, 2]);
    expect(c).toEqual(
      array("f32", [
        [7, 8],
        [16, 17],
      ]),
    );
    const noTerms = run(kernel, [array("f32", [], [2, 0]), array("f32", [], [0, 2])], [2, 0, 2]);
    expect(noTerms.data).toEqual([0, 0, 0, 0]);
    const noRows = run(kernel, [array("f32", [], [0, 3]), randomArray("f32", [3, 2], 1)], [0, 3, 2]);
    expect(noRows).toEqual({ dtype: "f32", shape: [0, 2], data: [] });
  });

  test("padded convolution", () => {
    const b = new KernelBuilder("conv");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    const F = b.param("F", "f32", [3]);
    const pad: Pad = { kind: "value", value: constant("f32", 0) };
    const tap = (y: Expr, r: Expr) => mul(readAt(X, [sub(add(y, r), index(1))], { pad }), F.at(r));
    b.output(b.stage("Y", { y: N }, (y) => b.reduce("sum", { r: 3 }, (r) => tap(y, r))));
    const y = run(b.build(), [array("f32", [1, 2, 3, 4]), array("f32", [1, 10, 100])], [4]);
    expect(y.data).toEqual([210, 321, 432, 43]);
  });

  // Subscripts -5 .. 8 of "abcd".
  test.each<[Exclude<Pad["kind"], "value">, string]>([
    ["edge", "aaaaaabcdddddd"],
    ["wrap", "dabcdabcdabcda"],
    ["mirror", "bcdcbabcdcbabc"],
  ])("pad %s takes subscripts far outside", (kind, expected) => {
    const b = new KernelBuilder("pad");
    const X = b.param("X", "i32", [4]);
    b.output(b.stage("Y", { i: 14 }, (i) => readAt(X, [sub(i, index(5))], { pad: { kind } })));
    const y = run(b.build(), [array("i32", [0, 1, 2, 3])]);
    expect(y.data.map((n) => "abcd"[Number(n)]).join("")).toBe(expected);
  });

  test("pads of an extent of 1", () => {
    for (const kind of ["edge", "wrap", "mirror"] as const) {
      const b = new KernelBuilder("pad");
      const X = b.param("X", "i32", [1]);
      b.output(b.stage("Y", { i: 7 }, (i) => readAt(X, [sub(i, index(3))], { pad: { kind } })));
      expect(run(b.build(), [array("i32", [9])]).data).toEqual([9, 9, 9, 9, 9, 9, 9]);
    }
  });

  test("guards, triangular axes and gathers", () => {
    const b = new KernelBuilder("prefix");
    const X = b.param("X", "f32", [4]);
    const I = b.param("I", "i32", [4]);
    const guarded = (i: Expr) =>
      b.reduce(
        "sum",
        { j: 4 },
        (j) => X.at(j),
        (j) => lessEqual(j, i),
      );
    const triangular = (i: Expr) => b.reduce("sum", { j: [0, add(i, index(1))] }, (j) => X.at(j));
    const P = b.stage("P", { i: 4 }, guarded);
    const Q = b.stage("Q", { i: 4 }, triangular);
    const G = b.stage("G", { i: 4 }, (i) => X.at(cast("index", "exact", I.at(i))));
    b.output(P, Q, G);
    const inputs = [array("f32", [1, 2, 3, 4]), array("i32", [3, 0, 0, 2])];
    expect(runAll(b.build(), inputs).map((r) => r.data)).toEqual([
      [1, 3, 6, 10],
      [1, 3, 6, 10],
      [4, 1, 1, 3],
    ]);
  });

  test("let, and a lazy choice that shields a read", () => {
    const b = new KernelBuilder("let");
    const X = b.param("X", "f32", [4]);
    const t = b.variable("t", "f32");
    const before = (i: Expr) =>
      select(less(index(0), i), readAt(X, [sub(i, index(1))], { guarded: true }), constant("f32", -1));
    b.output(b.stage("Y", { i: 4 }, (i) => letIn(t, before(i), mul(t, t))));
    expect(run(b.build(), [array("f32", [2, 3, 4, 5])]).data).toEqual([1, 4, 9, 16]);
  });

  test("the right of && is not evaluated where the left fails", () => {
    const b = new KernelBuilder("and");
    const X = b.param("X", "f32", [3]);
    const positive = (i: Expr) => less(constant("f32", 0), readAt(X, [sub(i, index(1))], { guarded: true }));
    b.output(b.stage("Y", { i: 3 }, (i) => apply("and", less(index(0), i), positive(i))));
    expect(run(b.build(), [array("f32", [2, -3, 4])]).data).toEqual([false, true, false]);
  });
});

describe("recurrences", () => {
  test("lag 2", () => {
    const b = new KernelBuilder("fibonacci");
    const T = b.dim("T");
    const inits = [{ axes: { t: [-2, 0] } as const, body: (t: Expr) => cast("i32", "exact", add(t, index(2))) }];
    const F = b.rec("F", "i32", { t: T }, { lag: 2, inits }, (self, t) =>
      add(self.at(sub(t, index(1))), self.at(sub(t, index(2)))),
    );
    b.output(F);
    // F[-2] = 0, F[-1] = 1.
    expect(run(b.build(), [], [8]).data).toEqual([1, 2, 3, 5, 8, 13, 21, 34]);
    expect(run(b.build(), [], [0]).data).toEqual([]);
  });

  test("all earlier slices, without an init (triangular solve)", () => {
    const b = new KernelBuilder("solve");
    const L = b.param("L", "f64", [3, 3]);
    const B = b.param("b", "f64", [3]);
    const x = b.rec("x", "f64", { i: 3 }, { lag: 0, inits: [] }, (self, i) =>
      apply(
        "divide",
        sub(
          B.at(i),
          b.reduce("sum", { k: [0, i] }, (k) => mul(L.at(i, k), self.at(k))),
        ),
        L.at(i, i),
      ),
    );
    b.output(x);
    const l = array("f64", [
      [2, 0, 0],
      [1, 4, 0],
      [3, 1, 5],
    ]);
    expect(run(b.build(), [l, array("f64", [2, 9, 25])]).data).toEqual([1, 2, 4]);
  });
});

describe("reductions", () => {
  test("argmax and argmin: ties, NaN, empty", () => {
    expect(reduceList("argmax", "f32", [1, 3, 3, 2])).toEqual([3, 1]);
    expect(reduceList("argmin", "f32", [1, 3, 1, 2])).toEqual([1, 0]);
    expect(reduceList("argmax", "f32", [1, nan, 5, nan])).toEqual([nan, 1]);
    expect(reduceList("argmin", "f32", [nan, 0])).toEqual([nan, 0]);
    expect(reduceList("argmax", "f32", [])).toEqual([-inf, -1]);
    expect(reduceList("argmin", "f32", [])).toEqual([inf, -1]);
    expect(reduceList("argmax", "f32", [-inf, -inf])).toEqual([-inf, 0]);
    expect(reduceList("argmax", "i8", [-128, -128])).toEqual([-128, 0]);
    expect(reduceList("argmin", "u64", [2n ** 63n + 1n, 2n ** 63n])).toEqual([2n ** 63n, 1]);
  });

  test("positions of argmax are row-major from the lower bounds", () => {
    const b = new KernelBuilder("argmax");
    const X = b.param("X", "f32", [5, 5]);
    const [, position] = b.components("argmax", { r: [1, 4], q: [2, 4] }, (r, q) => X.at(r, q));
    b.output(b.stage("I", {}, () => position ?? index(0)));
    const list = Array.from({ length: 25 }, (_, n) => (n === 3 * 5 + 2 ? 1 : n === 4 ? 9 : 0));
    expect(run(b.build(), [array("f32", list, [5, 5])]).data).toEqual([4]);
  });

  test("max and min propagate NaN; empty ones give the identity", () => {
    expect(reduceList("max", "f32", [1, nan, 2])).toEqual([nan]);
    expect(reduceList("min", "f32", [nan])).toEqual([nan]);
    expect(reduceList("max", "f32", [])).toEqual([-inf]);
    expect(reduceList("min", "f16", [])).toEqual([inf]);
    expect(reduceList("max", "i32", [-7, -3])).toEqual([-3]);
  });

  test("empty and plain sum, prod, any, all", () => {
    expect(reduceList("sum", "f32", [])).toEqual([0]);
    expect(reduceList("prod", "f32", [])).toEqual([1]);
    expect(reduceList("any", "bool", [])).toEqual([false]);
    expect(reduceList("all", "bool", [])).toEqual([true]);
    expect(reduceList("any", "bool", [false, true])).toEqual([true]);
    expect(reduceList("all", "bool", [false, true])).toEqual([false]);
    expect(reduceList("prod", "f64", [2, 3, 7])).toEqual([42]);
    expect(reduceList("sum", "bool", [true, true, false])).toEqual([2]);
    expect(reduceList("sum", "i8", [127, 127, 127])).toEqual([381]);
    expect(reduceList("sum", "i64", [2n ** 60n, 2n ** 60n, -1n])).toEqual([2n ** 61n - 1n]);
  });

  test("a float sum is rounded once, a strict one at each step", () => {
    const tiny = 2 ** -24;
    expect(reduceList("sum", "f32", [1, tiny, tiny])).toEqual([1 + 2 * tiny]);
    expect(reduceList("sum_strict", "f32", [1, tiny, tiny])).toEqual([1]);
    // 2048 + 1 is a tie in f16 and stays 2048; in f32 the ones add up.
    expect(reduceList("sum", "f16", [2048, 1, 1])).toEqual([2050]);
    expect(reduceList("sum_strict", "f16", [2048, 1, 1])).toEqual([2050]);
    expect(reduceList("sum", "bf16", [256, 1, 1])).toEqual([258]);
  });

  test("a user's reducer is a left fold: online softmax", () => {
    const b = new KernelBuilder("softmax");
    const X = b.param("X", "f32", [4]);
    b.output(...b.tuple(["m", "l"], {}, () => b.components(onlineSoftmax(), { k: 4 }, (k) => X.at(k))));
    const [m, l] = runAll(b.build(), [array("f32", [1, 3, 2, -inf])]).map((r) => Number(r.data[0]));
    expect(m).toBe(3);
    expect(l).toBeCloseTo(Math.exp(-2) + 1 + Math.exp(-1), 6);
    const [em, el] = runAll(b.build(), [array("f32", [-inf, -inf, -inf, -inf])]).map((r) => Number(r.data[0]));
    expect([em, el]).toEqual([-inf, 0]);
  });
});

describe("values", () => {
  test("each operation rounds to its dtype", () => {
    const b = new KernelBuilder("round");
    const X = b.param("X", "f16", [1]);
    const one = constant("f16", 1);
    b.output(b.stage("Y", { i: 1 }, (i) => sub(add(X.at(i), one), one)));
    expect(run(b.build(), [array("f16", [2 ** -12])]).data).toEqual([0]);
  });

  test("casts: exact, saturating, wrapping, bits", () => {
    const b = new KernelBuilder("cast");
    const X = b.param("X", "f32", [4]);
    const I = b.param("I", "i32", [4]);
    const S = b.stage("S", { i: 4 }, (i) => cast("i8", "saturate", X.at(i)));
    const W = b.stage("W", { i: 4 }, (i) => cast("u8", "wrap", I.at(i)));
    const B = b.stage("B", { i: 4 }, (i) => cast("u32", "bits", X.at(i)));
    b.output(S, W, B);
    const inputs = [array("f32", [-1000, 2.9, -2.9, nan]), array("i32", [-1, 256, 300, 7])];
    const [s, w, bits] = runAll(b.build(), inputs).map((r) => r.data);
    expect(s).toEqual([-128, 2, -2, 0]);
    expect(w).toEqual([255, 0, 44, 7]);
    expect(bits).toEqual([0xc47a0000, 0x4039999a, 0xc039999a, 0x7fc00000]);
  });

  test("wrapping, floor division and shifts in every width", () => {
    const b = new KernelBuilder("ints");
    const X = b.param("X", "i64", [3]);
    const two = constant("i64", -2n);
    const W = b.stage("W", { i: 3 }, (i) => apply("wrapping_mul", X.at(i), X.at(i)));
    const D = b.stage("D", { i: 3 }, (i) => apply("floor_div", X.at(i), two));
    const R = b.stage("R", { i: 3 }, (i) => apply("floor_mod", X.at(i), two));
    b.output(W, D, R);
    const x = array("i64", [7n, -7n, 2n ** 62n + 1n]);
    const results = runAll(b.build(), [x]).map((r) => r.data);
    expect(results).toEqual([
      [49n, 49n, BigInt.asIntN(64, (2n ** 62n + 1n) ** 2n)],
      [-4n, 3n, -(2n ** 61n) - 1n],
      [-1n, -1n, -1n],
    ]);
  });
});

function kernelOf(make: (b: KernelBuilder) => void): Kernel {
  const b = new KernelBuilder("bad");
  make(b);
  return b.build();
}

/** Y = body(X) over one i32. */
function onInteger(body: (x: Expr) => Expr): Kernel {
  return kernelOf((b) => {
    const X = b.param("X", "i32", [1]);
    b.output(b.stage("Y", { i: 1 }, (i) => body(X.at(i))));
  });
}

describe("what a proof should have excluded is an internal error", () => {
  test("a read outside, named", () => {
    const kernel = kernelOf((b) => {
      const X = b.param("X", "f32", [3]);
      b.output(b.stage("Y", { i: 3 }, (i) => X.at(add(i, index(1)))));
    });
    expect(() => run(kernel, [array("f32", [1, 2, 3])])).toThrow("X, dim 0: 3 is not in 0..3");
  });

  test("select evaluates both sides", () => {
    const kernel = kernelOf((b) => {
      const X = b.param("X", "f32", [3]);
      b.output(b.stage("Y", { i: 3 }, (i) => select(less(index(0), i), X.at(sub(i, index(1))), X.at(i), false)));
    });
    expect(() => run(kernel, [array("f32", [1, 2, 3])])).toThrow("X, dim 0: -1 is not in 0..3");
  });

  test("overflow, a divisor of zero, an inexact cast", () => {
    const bodies: readonly (readonly [(x: Expr) => Expr, number, string])[] = [
      [(x) => add(x, x), 2 ** 31 - 1, "add(2147483647, 2147483647) has no value in i32"],
      [(x) => apply("floor_div", x, constant("i32", 0)), 1, "floor_div(1, 0)"],
      [(x) => apply("floor_mod", x, constant("i32", 0)), 1, "floor_mod(1, 0)"],
      [(x) => apply("shl", x, constant("i32", 32)), 1, "shl(1, 32)"],
      [(x) => cast("i8", "exact", x), 128, "128 of type i32 has no exact value in i8"],
      [(x) => apply("neg", x), -(2 ** 31), "neg(-2147483648)"],
      [(x) => apply("abs", x), -(2 ** 31), "abs(-2147483648)"],
    ];
    for (const [body, x, message] of bodies) {
      expect(() => run(onInteger(body), [array("i32", [x])])).toThrow(message);
    }
  });

  test("a slice that no init defines, and an input of the wrong shape", () => {
    const kernel = kernelOf((b) => {
      const self = { lag: 1, inits: [] };
      b.output(b.rec("S", "i32", { t: 3 }, self, (s, t) => s.at(sub(t, index(1)))));
    });
    expect(() => run(kernel, [])).toThrow("S[-1] is read before it is written");
    const copy = kernelOf((b) => {
      const X = b.param("X", "f32", [3]);
      b.output(b.stage("Y", { i: 3 }, (i) => X.at(i)));
    });
    expect(() => run(copy, [array("f32", [1, 2])])).toThrow("X: [3], given [2]");
    expect(() => run(copy, [array("f64", [1, 2, 3])])).toThrow("X is f32, given f64");
  });
});
