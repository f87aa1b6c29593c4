/** A whole tensor that is named inside an equation becomes a stage where a pad reads it, one for all its reads. */
import { expect, test } from "vitest";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { kernelOf } from "../support/kernel-of.ts";

const SOURCE = `kernel pads(A: f32[N], B: f32[N]) -> Y: f32[N], Z: f32[N], W: f32[N] where N >= 2 {
  Y[i] = let t = relu(A) in t[i - 1] pad 9 + t[i + 1] pad 9;
  Z[i] = let (u, v) = (A + B, A - B) in u[i + 1] pad edge + v[i - 2] pad mirror;
  W[i] = let t = relu(A) in t[i] * 2.0;
}`;

test("each value has one stage, and none without a pad", () => {
  expect(stagesOf(kernelOf(SOURCE)).map((s) => s.name)).toEqual(["t", "Y", "u", "v", "Z", "W"]);
});

test.each(["interp", "wasm"] as const)("on %s the values are those of the equations", async (target) => {
  const { pads } = await compile(SOURCE, { target });
  const results = pads?.({ A: Tensor.from([-1, 2, 3]), B: Tensor.from([10, 20, 30]) });
  expect(results?.["Y"]?.toArray()).toEqual([11, 3, 11]);
  // A + B is 9, 22, 33; A - B is -11, -18, -27.
  expect(results?.["Z"]?.toArray()).toEqual([22 - 27, 33 - 18, 33 - 11]);
  expect(results?.["W"]?.toArray()).toEqual([0, 4, 6]);
});
