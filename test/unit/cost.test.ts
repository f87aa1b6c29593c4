/** compiler/analysis/cost.ts: operations counted by hand, for open and for given dims. */
import { expect, it } from "vitest";
import type { Count } from "../../compiler/analysis/cost.ts";
import { costOf } from "../../compiler/analysis/cost.ts";
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { evaluateIndex } from "../../compiler/ir/evaluate-index.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";

function kernelOf(text: string): Kernel {
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource("cost.ein", text), diagnostics);
  const proved = program && proveKernelOf(program, "f", {}, diagnostics);
  if (proved === null) throw new Error(diagnostics.list.map((d) => d.message).join("; "));
  return proved.kernel;
}

/** A count at these dims; null where data decide. */
function countAt({ value, isExact }: Count, kernel: Kernel, sizes: Readonly<Record<string, number>>): unknown {
  if (value === null) return null;
  const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(sizes[d.name] ?? 0)]));
  const count = Number(evaluateIndex(value, dims));
  return isExact ? count : { atMost: count };
}

const SIZES = { M: 3, N: 5, K: 7 };

it.each([
  ["a product", "kernel f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }", 210],
  ["a copy, and a cast", "kernel f(A: i8[M]) -> C: i32[M] { C[i] = i32(A[i]); }", 0],
  ["functions count one", "kernel f(A: f32[M]) -> C: f32[M] { C[i] = exp(-A[i]) + 1.0; }", 9],
  ["indices count nothing", "kernel f(A: f32[M]) -> C: f32[M] { C[i] = A[M - 1 - i] * 2.0; }", 3],
  ["a guard is an upper bound", "kernel f(A: f32[M]) -> C: f32[M] { C[i] = sum[k | k <= i](A[k]); }", { atMost: 9 }],
  ["a range of other indices", "kernel f(A: f32[M]) -> C: f32[M] { C[i] = sum[k in 0..i + 1](A[k]); }", { atMost: 9 }],
  ["a window", "kernel f(A: f32[M]) -> C: f32[M] { C[i] = max[k in -1..2](A[i + k] pad 0); }", 9],
  [
    "a range of data",
    "kernel f(p: i32[M] in 0..N + 1, A: f32[N]) -> C: f32[M] { C[i] = sum[k in 0..p[i]](A[k]); }",
    null,
  ],
  [
    "both results of one reduction",
    "kernel f(A: f32[M, N]) -> C: f32[M], P: i32[M] { (C[i], P[i]) = argmax[j](A[i, j]); }",
    15,
  ],
  [
    "a user's reducer",
    `reducer r(x: f32) -> (s: f32) { identity 0.0; lift x * x; combine a, b = a.s + 2.0 * b.s; law associative; }
     kernel f(A: f32[M]) -> c: f32 { c = r[i](A[i]); }`,
    9,
  ],
  [
    "a recurrence, and what it starts from",
    "kernel f(A: f32[M], z: f32) -> C: f32[M] { rec C[i] = C[i - 1] + A[i] init C[-1] = z * 2.0; }",
    4,
  ],
  [
    "both sides of a choice",
    "kernel f(A: f32[M]) -> C: f32[M] { C[i] = A[i] > 0.0 ? A[i] * 2.0 : exp(A[i]); }",
    { atMost: 9 },
  ],
])("%s", (_what, text, wanted) => {
  const kernel = kernelOf(text);
  expect(countAt(costOf(kernel).operations, kernel, SIZES)).toEqual(wanted);
});

it("bytes: each parameter once, each output once", () => {
  const kernel = kernelOf("kernel f(A: i8[M, K], b: f64) -> C: f64[M], d: i16 { C[i] = b; d = 1; }");
  const { bytesIn, bytesOut } = costOf(kernel);
  expect(countAt({ value: bytesIn, isExact: true }, kernel, SIZES)).toBe(29);
  expect(countAt({ value: bytesOut, isExact: true }, kernel, SIZES)).toBe(26);
});

it("stage by stage", () => {
  const kernel = kernelOf("kernel f(A: f32[M, N]) -> c: f32 { let s[i] = sum[j](A[i, j]); c = sum[i](s[i] * s[i]); }");
  const rows = costOf(kernel).stages.map((s) => [
    s.stage,
    ...[s.points, s.operations].map((c) => countAt(c, kernel, SIZES)),
  ]);
  expect(rows).toEqual([
    ["s", 3, 15],
    ["c", 1, 6],
  ]);
});
