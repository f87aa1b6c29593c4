/** compiler/ir/verify-equations.ts and verify-expr.ts: each seeded violation is found, and named. */
import { expect, test } from "vitest";
import type { Kernel, Stage, Step } from "../../compiler/ir/equations.ts";
import type { Cast, Expr, ScalarType } from "../../compiler/ir/expr.ts";
import { add, cast, constant, index, less, letIn, mul, read, sub, variable } from "../../compiler/ir/expr.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import { onlineSoftmax } from "../support/reducers.ts";

/** Every feature once: a padded sum, a tuple, a user's reducer, a let, a recurrence. */
function sound(): Kernel {
  const b = new KernelBuilder("sound");
  const [N, T] = [b.dim("N"), b.dim("T")];
  const X = b.param("X", "f32", [T, N]);
  const pad = { kind: "value", value: constant("f32", 0) } as const;
  const S = b.stage("S", { i: N }, (i) =>
    b.reduce(
      "sum",
      { t: T, k: 3 },
      (t, k) => readAt(X, [t, add(i, k)], { pad }),
      (t) => less(t, i),
    ),
  );
  const [V, P] = b.tuple(["V", "P"], { t: T }, (t) => b.components("argmax", { j: N }, (j) => X.at(t, j)));
  const [m] = b.components(onlineSoftmax(), { i: N }, (i) => S.at(i));
  const M = b.stage("M", {}, () => m ?? constant("f32", 0));
  const v = b.variable("v", "f32");
  const inits = [{ axes: { t: [-1, 0], i: N } as const, body: (_t: Expr, i: Expr) => S.at(i) }];
  const R = b.rec("R", "f32", { t: T, i: N }, { lag: 1, inits }, (self, t, i) =>
    letIn(v, self.at(sub(t, index(1)), i), mul(v, v)),
  );
  b.output(R, M, ...(V === undefined || P === undefined ? [] : [V, P]));
  return b.build();
}

test("a sound kernel has no problems, and prints close to the language", () => {
  const kernel = sound();
  expect(verifyEquations(kernel)).toEqual([]);
  expect(printEquations(kernel)).toMatchInlineSnapshot(`
    "kernel sound<N, T>(X: f32[T, N]) -> R: f32[T, N], M: f32, V: f32[T], P: i32[T] {
      S[i in 0..N]: f32 = sum[t in 0..T, k in 0..3 | t < i](X[t, i + k] pad 0.0);
      (V, P)[t in 0..T]: (f32, i32) = (argmax[j in 0..N](X[t, j]).0, argmax[j in 0..N](X[t, j]).1);
      M: f32 = online[i in 0..N](S[i]).0;
      rec over t, lag 1 {
        R[t in 0..T, i in 0..N]: f32 = let v = R[t - 1, i] in v * v;
          init R[t in -1..0, i in 0..N] = S[i];
      }
    }
    "
  `);
});

/** The kernel with one stage replaced; `n` counts steps. */
function withStage(kernel: Kernel, n: number, change: (s: Stage) => Stage): Kernel {
  const steps = kernel.steps.map((s, at): Step => {
    if (at !== n) return s;
    return s.kind === "stage" ? { ...s, stage: change(s.stage) } : { ...s, members: s.members.map(change) };
  });
  return { ...kernel, steps };
}

function withBody(kernel: Kernel, n: number, change: (body: Expr) => Expr): Kernel {
  return withStage(kernel, n, (s) => ({ ...s, outputs: s.outputs.map((o) => ({ ...o, body: change(o.body) })) }));
}

const [SUM, TUPLE, ONLINE, REC] = [0, 1, 2, 3];

/** Changes the reduction that a body is. */
function reduction(e: Expr, change: Partial<Extract<Expr, { kind: "reduce" }>>): Expr {
  return e.kind === "reduce" ? { ...e, ...change } : e;
}

const renamed = (e: Expr): Expr => reduction(e, { id: "same" });
const unbound = variable("index", "nowhere", "q");
const f32 = constant("f32", 1);
/** A node that no constructor would make. */
const wrong = (type: ScalarType, ...args: readonly Expr[]): Expr => ({ kind: "apply", type, op: "add", args });
const badCast = (type: ScalarType, mode: Cast["mode"], arg: Expr): Expr => ({ kind: "cast", type, mode, arg });

const VIOLATIONS: readonly (readonly [string, (k: Kernel) => Kernel, string])[] = [
  ["an unbound variable", (k) => withBody(k, SUM, () => cast("f32", "exact", unbound)), "q (nowhere) is not bound"],
  [
    "a variable of another type",
    (k) => withBody(k, SUM, () => variable("f32", k.dims[0]?.id ?? "", "N")),
    "N is index, used as f32",
  ],
  ["mixed operands", (k) => withBody(k, SUM, () => wrong("f32", f32, constant("i32", 1))), "add of f32, i32"],
  ["a missing operand", (k) => withBody(k, SUM, () => wrong("f32", f32)), "add of 1 operands"],
  ["a wrong result type", (k) => withBody(k, SUM, () => wrong("bool", f32, f32)), "add of f32 has type bool, not f32"],
  [
    "an operation that does not exist for the type",
    (k) => withBody(k, SUM, () => ({ kind: "apply", type: "f32", op: "floor_div", args: [f32, f32] })),
    "floor_div does not exist for f32",
  ],
  [
    "a condition that is no bool",
    (k) => withBody(k, SUM, () => ({ kind: "select", type: "f32", cond: f32, yes: f32, no: f32, lazy: true })),
    "a condition has type f32, not bool",
  ],
  [
    "a constant outside its type",
    (k) => withBody(k, SUM, () => ({ kind: "const", type: "f32", value: 0.1 })),
    "0.1 is not a value of f32",
  ],
  [
    "a cast of bits to another width",
    (k) => withBody(k, SUM, () => badCast("f32", "bits", constant("i64", 1n))),
    "widths differ",
  ],
  [
    "a saturating cast to a float",
    (k) => withBody(k, SUM, () => badCast("f32", "saturate", constant("i32", 1))),
    "not an integer type",
  ],
  ["a body of another dtype", (k) => withBody(k, SUM, () => constant("f64", 1)), "the body has type f64, not f32"],
  [
    "too few subscripts",
    (k) => withBody(k, SUM, () => read("f32", k.params[0]?.id ?? "", [index(0)])),
    "has 2 dims, read with 1 subscripts",
  ],
  [
    "a tensor read as another dtype",
    (k) => withBody(k, SUM, () => read("f64", k.params[0]?.id ?? "", [index(0), index(0)])),
    "is f32, read as f64",
  ],
  ["a read of a later stage", (k) => ({ ...k, steps: k.steps.toReversed() }), "cannot be read here"],
  [
    "a guard that is no bool",
    (k) => withBody(k, SUM, (e) => reduction(e, { guard: index(1) })),
    "the guard of sum has type index, not bool",
  ],
  [
    "a component that does not exist",
    (k) => withBody(k, TUPLE, (e) => reduction(e, { component: 2 })),
    "argmax has no component 2",
  ],
  [
    "a component of another type",
    (k) => withBody(k, TUPLE, (e) => reduction(e, { component: 0 })),
    "argmax of f32 has type f32, not i32",
  ],
  ["two arguments of a sum", (k) => withBody(k, SUM, (e) => reduction(e, { args: [f32, f32] })), "sum of (f32, f32)"],
  ["a reduction without axes", (k) => withBody(k, SUM, (e) => reduction(e, { axes: [] })), "sum without axes"],
  [
    "one id for two reductions",
    (k) => {
      return withBody(withBody(k, SUM, renamed), TUPLE, renamed);
    },
    "two reductions have the id same",
  ],
  [
    "a reducer that mentions a dim",
    (k) =>
      withBody(k, ONLINE, (e) =>
        reduction(e, { reducer: { ...onlineSoftmax(), lift: [variable("f32", "d0", "N"), f32] } }),
      ),
    "online: N (d0) is not bound",
  ],
  [
    "a reducer whose components disagree",
    (k) => withBody(k, ONLINE, (e) => reduction(e, { reducer: { ...onlineSoftmax(), lift: [f32] } })),
    "online: lift is (f32), the identity (f32, f32)",
  ],
  [
    "a let that hides another",
    (k) => withBody(k, REC, (e) => (e.kind === "let" ? letIn(e.variable, f32, e) : e)),
    "is bound twice",
  ],
  [
    "a read of the same slice",
    (k) =>
      withStage(k, REC, (s) => {
        const [t, i] = s.axes.map((a) => a.variable);
        const self = s.outputs[0]?.tensor.id ?? "";
        return {
          ...s,
          outputs: s.outputs.map((o) => ({ ...o, body: read("f32", self, [t ?? unbound, i ?? unbound]) })),
        };
      }),
    "is read at t before it is written",
  ],
  [
    "a read ahead",
    (k) =>
      withStage(k, REC, (s) => {
        const [t, i] = s.axes.map((a) => a.variable);
        const self = s.outputs[0]?.tensor.id ?? "";
        const ahead = add(t ?? unbound, index(2));
        return { ...s, outputs: s.outputs.map((o) => ({ ...o, body: read("f32", self, [ahead, i ?? unbound]) })) };
      }),
    "is read 2 steps ahead",
  ],
  [
    "a lag that is too small",
    (k) => ({ ...k, steps: k.steps.map((s) => (s.kind === "recurrence" ? { ...s, lag: 0 } : s)) }),
    "R starts at -1, the lag is 0",
  ],
  [
    "initial slices outside a recurrence",
    (k) => ({
      ...k,
      steps: k.steps.map((s) => (s.kind === "stage" ? s : { kind: "stage", stage: s.members[0] ?? fail() })),
    }),
    "initial slices outside a recurrence",
  ],
  ["an axis too few", (k) => withStage(k, SUM, (s) => ({ ...s, axes: [] })), "1 dims over 0 axes"],
  [
    "a shape that reads a tensor",
    (k) => {
      const hi = cast(
        "index",
        "exact",
        cast("i32", "saturate", read("f32", k.params[0]?.id ?? "", [index(0), index(0)])),
      );
      return withStage(k, SUM, (s) => ({ ...s, axes: s.axes.map((a) => ({ ...a, hi })) }));
    },
    "cannot be read here",
  ],
  ["two stages of one name", (k) => withStage(k, SUM, (s) => ({ ...s, name: "M" })), "two stages are called M"],
  ["an id used twice", (k) => ({ ...k, params: [...k.params, ...k.params] }), "is used twice"],
  [
    "an output that nobody defines",
    (k) => ({ ...k, outputs: [{ name: "Z", tensor: "nothing", dims: [] }] }),
    "output Z is not defined",
  ],
  [
    "an output of another rank",
    (k) => ({ ...k, outputs: k.outputs.map((o) => ({ ...o, dims: [] })) }),
    "output R has 0 dims, its tensor 2",
  ],
];

function fail(): never {
  throw new Error("the kernel has changed");
}

test.each(VIOLATIONS)("%s", (_name, change, problem) => {
  const problems = verifyEquations(change(sound()));
  expect(
    problems.some((p) => p.includes(problem)),
    problems.join("\n"),
  ).toBe(true);
});
