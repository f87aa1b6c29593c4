/** The pass remove-dead-steps: what no output needs is gone before anything is laid out for it. */
import { expect, test } from "vitest";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { runPipeline } from "../../compiler/pipeline.ts";
import { targetNamed } from "../../targets/registry.ts";
import { lowered } from "../support/check.ts";

/** The stages of a kernel after the pass. */
function stagesAfter(text: string): readonly string[] {
  const { kernel } = lowered(text);
  const state = runPipeline(kernel, targetNamed("wasm"), { last: "remove-dead-steps" });
  if (state.level !== "equations") throw new Error(state.level);
  return stagesOf(state.kernel).map((s) => s.name);
}

test("a let that nothing reads, and what only it reads", () => {
  const text = `kernel f(X: f32[N]) -> Y: f32[N] {
    let a[i] = exp(X[i]);
    let b[i in 0..N] = a[i] * 2.0;
    let c[i] = X[i] + 1.0;
    Y[i] = c[i] * 3.0;
  }`;
  expect(stagesAfter(text)).toEqual(["c", "Y"]);
});

test.each([
  [true, ["all", "y"]],
  [false, ["first", "y"]],
])("what a generic decides against: %s", (whole, left) => {
  const text = `kernel f<whole: bool = ${whole}>(X: f32[M, N]) -> y: f32[M] where N >= 1 {
    let all[i] = sum[j](X[i, j]);
    let first[i] = exp(X[i, 0]);
    y[i] = whole ? all[i] : first[i];
  }`;
  expect(stagesAfter(text)).toEqual(left);
});

test("outputs of a called kernel that nobody takes, and a recurrence", () => {
  const text = `kernel parts(X: f32[N]) -> A: f32[N], B: f32[N] {
    A[i] = X[i] * 2.0;
    rec B[i] = X[i] + B[i - 1] init B[-1] = 0.0;
  }
  kernel f(X: f32[N]) -> Y: f32[N] {
    let p = parts(X);
    Y = p.A + 1.0;
  }`;
  expect(stagesAfter(text)).toEqual(["p.A", "Y"]);
});
