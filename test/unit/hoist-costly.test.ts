/** compiler/passes/hoist-costly.ts: what moves into a stage of its own, what stays, and that both mean the same. */
import { expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, constant, index, lessEqual, mul, sub } from "../../compiler/ir/expr.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import { hoistCostly } from "../../compiler/passes/hoist-costly.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import { dimsOf, randomInputs } from "../support/run-kernel.ts";

const exp = (e: Expr): Expr => apply("exp", e);

/** The kernel after the pass, which means what it meant before. */
function hoisted(kernel: Kernel): Kernel {
  const after = hoistCostly(kernel);
  expect(verifyEquations(after)).toEqual([]);
  for (const sizes of [
    [1, 1, 1],
    [3, 4, 2],
    [2, 0, 3],
  ]) {
    const dims = dimsOf(kernel, sizes);
    const inputs = randomInputs(kernel, dims);
    expect(interpretEquations(after, inputs, dims)).toEqual(interpretEquations(kernel, inputs, dims));
  }
  return after;
}

const names = (kernel: Kernel): readonly string[] => stagesOf(kernel).map((s) => s.name);

test("the weights of an attention are computed once, not for every column", () => {
  const k = new KernelBuilder("weights");
  const [n, c] = [k.dim("N"), k.dim("C")];
  const [s, m, v] = [k.param("S", "f32", [n, n]), k.param("M", "f32", [n]), k.param("V", "f32", [n, c])];
  const weight = (i: Expr, j: Expr): Expr => exp(sub(s.at(i, j), m.at(i)));
  k.output(
    k.stage("O", { i: n, d: c }, (i, d) =>
      add(
        k.reduce(
          "sum",
          { j: n },
          (j) => mul(weight(i, j), v.at(j, d)),
          (j) => lessEqual(j, i),
        ),
        k.reduce("sum", { j: n }, (j) => mul(v.at(j, d), exp(s.at(i, j)))),
      ),
    ),
  );
  const after = hoisted(k.build());
  expect(names(after)).toEqual(["O.shared0", "O.shared1", "O"]);
  expect(stagesOf(after)[0]?.axes.map((a) => a.variable.name)).toEqual(["i", "j"]);
});

test("also outside of reductions, where rows repeat", () => {
  const k = new KernelBuilder("rows");
  const [b, n] = [k.dim("B"), k.dim("N")];
  const [x, t] = [k.param("X", "f32", [b, n]), k.param("T", "f32", [n])];
  k.output(k.stage("Y", { i: b, j: n }, (i, j) => mul(x.at(i, j), exp(t.at(j)))));
  expect(names(hoisted(k.build()))).toEqual(["Y.shared0", "Y"]);
});

test("one stage serves equal expressions", () => {
  const k = new KernelBuilder("twice");
  const [b, n] = [k.dim("B"), k.dim("N")];
  const [x, t] = [k.param("X", "f32", [b, n]), k.param("T", "f32", [n])];
  k.output(k.stage("Y", { i: b, j: n }, (i, j) => add(mul(x.at(i, j), exp(t.at(j))), exp(t.at(j)))));
  expect(names(hoisted(k.build()))).toEqual(["Y.shared0", "Y"]);
});

test.each<readonly [string, (k: KernelBuilder) => void]>([
  [
    "the loops around keep it",
    (k) => {
      const [b, n] = [k.dim("B"), k.dim("N")];
      const [x, t] = [k.param("X", "f32", [b, n]), k.param("T", "f32", [b])];
      k.output(k.stage("Y", { i: b, j: n }, (i, j) => mul(x.at(i, j), exp(t.at(i)))));
    },
  ],
  [
    "it depends on everything around it",
    (k) => {
      const [b, n] = [k.dim("B"), k.dim("N")];
      const x = k.param("X", "f32", [b, n]);
      k.output(k.stage("Y", { i: b }, (i) => k.reduce("sum", { j: n }, (j) => exp(x.at(i, j)))));
    },
  ],
  [
    "the stage would be larger than all that is read",
    (k) => {
      const [n, m, c] = [k.dim("N"), k.dim("M"), k.dim("C")];
      const [x, y, v] = [k.param("X", "f32", [n]), k.param("Y", "f32", [m]), k.param("V", "f32", [m, c])];
      k.output(
        k.stage("O", { i: n, d: c }, (i, d) =>
          k.reduce("sum", { j: m }, (j) => mul(exp(mul(x.at(i), y.at(j))), v.at(j, d))),
        ),
      );
    },
  ],
  [
    "a window would be unrolled into memory",
    (k) => {
      const [n, o] = [k.dim("N"), k.dim("O")];
      const [x, f] = [k.param("X", "f32", [add(n, index(2))]), k.param("F", "f32", [o, 3])];
      k.output(
        k.stage("Y", { c: o, i: n }, (c, i) => k.reduce("sum", { r: 3 }, (r) => mul(exp(x.at(add(i, r))), f.at(c, r)))),
      );
    },
  ],
  [
    "it is cheap",
    (k) => {
      const [b, n] = [k.dim("B"), k.dim("N")];
      const [x, t] = [k.param("X", "f32", [b, n]), k.param("T", "f32", [n])];
      k.output(k.stage("Y", { i: b, j: n }, (i, j) => mul(x.at(i, j), mul(t.at(j), constant("f32", 3)))));
    },
  ],
  [
    "its read is in range only under the guard",
    (k) => {
      const [n, c] = [k.dim("N"), k.dim("C")];
      const [s, v] = [k.param("S", "f32", [n, n]), k.param("V", "f32", [n, c])];
      k.output(
        k.stage("O", { i: n, d: c }, (i, d) =>
          k.reduce(
            "sum",
            { j: n },
            (j) => mul(exp(readAt(s, [i, j], { guarded: true })), v.at(j, d)),
            (j) => lessEqual(j, i),
          ),
        ),
      );
    },
  ],
])("nothing moves where %s", (_, make) => {
  const k = new KernelBuilder("k");
  make(k);
  const kernel = k.build();
  expect(names(hoisted(kernel))).toEqual(names(kernel));
});
