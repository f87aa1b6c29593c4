/** Sizes for trying a kernel: drawn within its `where`, however narrow. */
import { expect, test } from "vitest";
import { evaluateCondition } from "../../compiler/ir/evaluate-index.ts";
import { drawDims, drawInputs } from "../../runtime/draw-inputs.ts";
import { lowered } from "../support/check.ts";

const SEEDS = [1, 2, 3, 4, 5];

test.each([
  "N >= 100",
  "N >= 100000",
  "M == 2 * N",
  "N % 64 == 0, N >= 1",
  "N % 1000 == 0, N >= 5001",
  "N == 784, M == 10",
  "M == 3 * N + 7, N >= 20, K == M + N",
  "N * M >= 1000, N <= 4",
  "M == N * N + 1, N >= 9",
  "N == 0 || M % N == 0, N >= 40",
  "N % 7 == 3, M % N == 0, M >= 50",
  "N >= 1, K >= N, K % N == 0, K div N == 12",
  "N == 0 || N >= 300",
  "(N + 2 * M - K) div 2 + 1 == 16, K == 3",
])("where %s", (where) => {
  const { kernel } = lowered(`kernel k(A: f32[N], B: f32[M], C: f32[K]) -> y: f32 where ${where} { y = 0.0; }`);
  for (const seed of SEEDS) {
    const dims = drawDims(kernel, seed);
    expect(kernel.where.map((w) => evaluateCondition(w.condition, dims))).not.toContain(false);
    expect(drawDims(kernel, seed), "the same for the same seed").toEqual(dims);
  }
});

test("range types have values to draw", () => {
  const { kernel } = lowered("kernel k(ids: i32[N] in 40..V, B: f32[V]) -> y: f32 where N >= 30 { y = 0.0; }");
  const dims = drawDims(kernel, 1);
  const ids = drawInputs(kernel, dims, 1).get("ids");
  expect(Math.min(...Array.from(ids?.data ?? [], Number))).toBeGreaterThanOrEqual(40);
});

test("what nothing satisfies is said", () => {
  const { kernel } = lowered(
    "kernel k(A: f32[N], B: f32[M]) -> y: f32 where N * N == M, M % 1000 == 7, N >= 3 { y = 0.0; }",
  );
  expect(() => drawDims(kernel, 1)).toThrow(/no dims were found/);
});
