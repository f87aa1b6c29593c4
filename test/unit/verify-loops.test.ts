/** compiler/ir/verify-loops.ts: each seeded violation is found, and named. */
import { expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Expr, Var } from "../../compiler/ir/expr.ts";
import { add, cast, constant, index, less, mul, read, reduce, variable } from "../../compiler/ir/expr.ts";
import type { Accum, Buffer, For, LoopKind, LoopProgram, Space, Stmt, Store } from "../../compiler/ir/loops.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { verifyLoops } from "../../compiler/ir/verify-loops.ts";
import { mapStatements } from "../../compiler/ir/walk-loops.ts";

const v = (id: string): Var => variable("index", id, id);
const [N, i, j, k] = [v("N"), v("i"), v("j"), v("k")];

function buffer(id: string, dtype: DType, extent: readonly Expr[], space: Space): Buffer {
  return { id, name: id, dtype, lo: extent.map(() => index(0)), extent, space };
}

function loop(variable_: Var, hi: Expr, kind: LoopKind, ...body: readonly Stmt[]): For {
  const origin = { stage: "Y", axis: variable_.name, by: "test", span: null };
  return { kind: "for", variable: variable_, lo: index(0), hi, loop: kind, body: { kind: "seq", body }, origin };
}

const four: LoopKind = { kind: "vector", width: 4 };
const store = (to: string, at: readonly Expr[], value: Expr): Store => ({
  kind: "store",
  buffer: to,
  index: at,
  value,
});
const step: Accum = {
  kind: "accum",
  reducer: { kind: "builtin", name: "sum" },
  targets: [{ buffer: "acc", index: [j] }],
  args: [mul(read("f32", "X", [i]), read("f32", "X", [k]))],
  guard: less(k, i),
  merge: false,
};

/** Y[i] in lanes, then Z from Y. */
function sound(): LoopProgram {
  const tile: Stmt = {
    kind: "alloc",
    buffer: buffer("acc", "f32", [index(4)], "register"),
    body: {
      kind: "seq",
      body: [
        loop(j, index(4), four, store("acc", [j], constant("f32", 0))),
        loop(k, N, { kind: "serial" }, loop(j, index(4), four, step)),
        loop(j, index(4), four, store("Y", [add(mul(i, index(4)), j)], read("f32", "acc", [j]))),
      ],
    },
  };
  const copy: Stmt = {
    kind: "if",
    cond: less(i, N),
    then: store("Z", [i], read("f32", "Y", [i])),
    otherwise: store("Z", [i], constant("f32", 0)),
  };
  return {
    kernel: "sound",
    dims: [N],
    buffers: [
      buffer("X", "f32", [N], "input"),
      buffer("Z", "f32", [N], "output"),
      buffer("Y", "f32", [mul(N, index(4))], "scratch"),
    ],
    nests: [
      { stage: "Y", body: loop(i, N, { kind: "independent" }, tile), independent: 1 },
      { stage: "Z", body: loop(i, N, { kind: "parallel" }, copy), independent: 1 },
    ],
  };
}

test("a sound program has no problems, and prints as pseudo code", () => {
  expect(verifyLoops(sound())).toEqual([]);
  expect(printLoops(sound(), { origins: true })).toMatchInlineSnapshot(`
    "loops sound(N)
      input X: f32[N]
      output Z: f32[N]
      scratch Y: f32[N * 4]
    nest Y, 1 independent
      independent i in 0..N  // Y.i: test
        register acc: f32[4]
        vector<4> j in 0..4  // Y.j: test
          acc[j] = 0.0
        for k in 0..N  // Y.k: test
          vector<4> j in 0..4  // Y.j: test
            acc[j] sum= X[i] * X[k] if k < i
        vector<4> j in 0..4  // Y.j: test
          Y[i * 4 + j] = acc[j]
    nest Z, 1 independent
      parallel i in 0..N  // Y.i: test
        if i < N
          Z[i] = Y[i]
        else
          Z[i] = 0.0
    "
  `);
});

/** Changes every statement for which `change` has an answer. */
function rewrite(p: LoopProgram, change: (s: Stmt) => Stmt | null): LoopProgram {
  const go = (s: Stmt): Stmt => change(s) ?? mapStatements(s, go);
  return { ...p, nests: p.nests.map((n) => ({ ...n, body: go(n.body) })) };
}

const withStep = (p: LoopProgram, change: Partial<Accum>): LoopProgram =>
  rewrite(p, (s) => (s.kind === "accum" ? { ...s, ...change } : null));
const withStore = (p: LoopProgram, to: string, change: Partial<Store>): LoopProgram =>
  rewrite(p, (s) => (s.kind === "store" && s.buffer === to ? { ...s, ...change } : null));
const withBuffer = (p: LoopProgram, id: string, change: Partial<Buffer>): LoopProgram => ({
  ...p,
  buffers: p.buffers.map((b) => (b.id === id ? { ...b, ...change } : b)),
});
const withLoop = (p: LoopProgram, name: string, change: Partial<For>): LoopProgram =>
  rewrite(p, (s) => (s.kind === "for" && s.variable.name === name ? { ...s, ...change } : null));

const total = reduce({
  id: "r",
  type: "f32",
  reducer: { kind: "builtin", name: "sum" },
  axes: [{ variable: v("q"), lo: index(0), hi: N }],
  guard: null,
  args: [read("f32", "X", [v("q")])],
  component: 0,
});

const VIOLATIONS: readonly (readonly [string, (p: LoopProgram) => LoopProgram, string])[] = [
  ["a reduction", (p) => withStore(p, "Z", { value: total }), "a reduction among loops"],
  [
    "a padded read",
    (p) => withStore(p, "Z", { value: read("f32", "Y", [i], { pad: { kind: "edge" } }) }),
    "a padded read of Y among loops",
  ],
  ["nests out of order", (p) => ({ ...p, nests: p.nests.toReversed() }), "Y cannot be read here"],
  ["an output that is never stored", (p) => ({ ...p, nests: p.nests.slice(0, 1) }), "output Z is never stored"],
  ["a store to an input", (p) => withStore(p, "Z", { buffer: "X" }), "a store to input X"],
  [
    "a store of another dtype",
    (p) => withStore(p, "Z", { value: constant("f64", 0) }),
    "what Z gets has type f64, not f32",
  ],
  ["a subscript too many", (p) => withStore(p, "Z", { index: [i, i] }), "Z has 1 dims, stored with 2 subscripts"],
  [
    "a subscript of another type",
    (p) => withStore(p, "Z", { index: [cast("i32", "exact", i)] }),
    "a subscript of Z has type i32",
  ],
  ["an unknown buffer", (p) => withStore(p, "Z", { buffer: "W" }), "W cannot be stored here"],
  [
    "a register outside its allocation",
    (p) => withStore(p, "Z", { value: read("f32", "acc", [index(0)]) }),
    "acc cannot be read here",
  ],
  [
    "a loop variable outside its loop",
    (p) => withStore(p, "Z", { value: read("f32", "Y", [k]) }),
    "k (k) is not bound",
  ],
  ["a loop inside one of its variable", (p) => withLoop(p, "k", { variable: i }), "i (i) is bound twice"],
  [
    "an unrolled loop of unknown extent",
    (p) => withLoop(p, "k", { loop: { kind: "unroll" } }),
    "unrolled loop k has no constant bounds",
  ],
  [
    "a vector loop that is too long",
    (p) => withLoop(p, "j", { hi: index(8) }),
    "vector loop j has 8 iterations in 4 lanes",
  ],
  [
    "a vector of one lane",
    (p) => withLoop(p, "j", { loop: { kind: "vector", width: 1 } }),
    "vector loop j has width 1",
  ],
  ["a vector loop in another", (p) => withLoop(p, "k", { loop: four }), "vector loop j stands inside another"],
  ["a bound of another type", (p) => withLoop(p, "k", { hi: constant("i32", 3) }), "the upper bound of k has type i32"],
  ["a guard that is no bool", (p) => withStep(p, { guard: i }), "the guard of sum has type index"],
  [
    "a target too many",
    (p) => withStep(p, { targets: [...step.targets, ...step.targets] }),
    "sum accumulates in (f32), not (f32, f32)",
  ],
  [
    "an argument too many",
    (p) => withStep(p, { args: [...step.args, ...step.args] }),
    "a step of sum takes (f32), not (f32, f32)",
  ],
  [
    "argmax without a position",
    (p) => withStep(p, { reducer: { kind: "builtin", name: "argmax" } }),
    "a step of argmax takes (f32, i32), not (f32)",
  ],
  [
    "a merge of another dtype",
    (p) => withStep(p, { merge: true, args: [constant("f64", 0)] }),
    "sum merges (f64) into (f32)",
  ],
  [
    "an accumulator of another dtype",
    (p) => withStep(p, { args: [cast("f64", "exact", read("f32", "X", [i]))] }),
    "sum accumulates in (f64), not (f32)",
  ],
  [
    "a register of unknown extent",
    (p) => rewrite(p, (s) => (s.kind === "alloc" ? { ...s, buffer: { ...s.buffer, extent: [N] } } : null)),
    "acc has no constant extent",
  ],
  [
    "a register that is never stored",
    (p) => rewrite(p, (s) => (s.kind === "alloc" ? { ...s, body: { kind: "seq", body: [] } } : null)),
    "register acc is never stored",
  ],
  [
    "a register among the buffers",
    (p) => withBuffer(p, "Y", { space: "register" }),
    "register Y is not allocated anywhere",
  ],
  ["a shape over a loop's variable", (p) => withBuffer(p, "Y", { extent: [i] }), "i (i) is not bound"],
  ["two buffers of one id", (p) => ({ ...p, buffers: [...p.buffers, ...p.buffers] }), "the id X is used twice"],
  [
    "independent loops that are not there",
    (p) => ({ ...p, nests: p.nests.map((n) => ({ ...n, independent: 2 })) }),
    "2 loops are independent, only 1 are nested",
  ],
];

test.each(VIOLATIONS)("%s", (_name, change, problem) => {
  const problems = verifyLoops(change(sound()));
  expect(
    problems.some((p) => p.includes(problem)),
    problems.join("\n"),
  ).toBe(true);
});
