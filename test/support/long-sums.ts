/** Kernels with float sums of any length, and data on which one accumulator in a row would lose more than 2 ulp. */
import { roundToDType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import type { Dims, Inputs, Reference } from "./agreement.ts";
import { Random } from "./random-goals.ts";
import { mustReadKernel } from "./read-kernel.ts";

/** Of the one dim N; the other extents are constants. */
const SOURCES = {
  values: "kernel main(X: f32[N]) -> y: f32 { y = sum[k](X[k]); }",
  rows: "kernel main(X: f32[5, N]) -> y: f32[5] { y[i] = sum[k](X[i, k]); }",
  columns: "kernel main(X: f32[N, 13]) -> y: f32[13] { y[j] = sum[k](X[k, j]); }",
  mean: "kernel main(X: f32[N]) -> y: f32 where N >= 1 { y = mean[k](X[k]); }",
  variance: `kernel main(X: f32[N]) -> y: f32 where N >= 1 {
    let m = mean[k](X[k]);
    y = sum[k]((X[k] - m) ** 2) / N;
  }`,
  products: "kernel main(X: f32[N], Z: f32[N]) -> y: f32 { y = sum[k](X[k] * Z[k]); }",
  matmul: "kernel main(A: f32[5, N], B: f32[N, 13]) -> C: f32[5, 13] { C[i, j] = sum[k](A[i, k] * B[k, j]); }",
  convolution: `kernel main(X: f32[N, 3, 10], F: f32[2, N, 3, 3]) -> Y: f32[2, 1, 8] {
    Y[o, y, x] = sum[c, r, q](X[c, y + r, x + q] * F[o, c, r, q]);
  }`,
  guarded: `kernel main(X: f32[N], ids: i32[N] in 0..3) -> Y: f32[3] { Y[v] = sum[k | ids[k] == v](X[k]); }`,
  square: "kernel main(X: f32[5, N]) -> y: f32 { y = sum[i, k](X[i, k]); }",
  f16: "kernel main(X: f16[3, N]) -> y: f16[3] { y[i] = sum[k](X[i, k]); }",
  bf16: "kernel main(X: bf16[3, N], Z: bf16[N]) -> y: bf16[3] { y[i] = sum[k](X[i, k] * Z[k]); }",
  f64: "kernel main(X: f64[3, N], Z: f64[N]) -> y: f64[3], z: f64 { y[i] = sum[k](X[i, k] * Z[k]); z = sum[k](Z[k]); }",
} as const satisfies Record<string, string>;

/** Cost grows with the square of N, or the values do. */
const SHORT_SOURCES = {
  triangle: "kernel main(X: f32[N]) -> Y: f32[N] { Y[t] = sum[k in 0..t + 1](X[k]); }",
  inner: "kernel main(X: f32[N, N]) -> y: f32 { y = sum[i](1.0 / (1.0 + sum[k](X[i, k]))); }",
  recurrence: `kernel main(H: f32[N], W: f32[N, N]) -> Y: f32[3, N] {
    rec Y[t, j] = sum[k](Y[t - 1, k] * W[k, j]) / N init Y[-1, j] = H[j];
  }`,
} as const satisfies Record<string, string>;

type Case = { readonly name: string; readonly kernel: Kernel; readonly lengths: readonly number[] };

/** None, one, primes, and the neighbours of every block and vector. */
const LENGTHS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 97, 127, 128, 129, 255, 256, 257, 513, 1009] as const;

function lengths(most: number): readonly number[] {
  return LENGTHS.filter((n) => n <= most);
}

/** `most`: the longest sum that is worth its time; the plain sums go up to it. */
export function longSumCases(most: number): readonly Case[] {
  const plain = new Set(["values", "products"]);
  return [
    ...Object.entries(SOURCES).map(([name, source]) => ({
      name,
      kernel: mustReadKernel(source),
      lengths: plain.has(name) && most > 1009 ? [...LENGTHS, most] : lengths(most),
    })),
    ...Object.entries(SHORT_SOURCES).map(([name, source]) => ({
      name,
      kernel: mustReadKernel(source),
      lengths: lengths(Math.min(most, 97)),
    })),
  ];
}

/** What is summed: numbers of one sign, equal numbers, numbers of either sign. */
export const DATA = {
  positive: (random: Random) => () => random.int(1, 2 ** 24) / 2 ** 24,
  equal: (random: Random) => {
    const same = random.int(2 ** 23, 2 ** 24) / 2 ** 24;
    return () => same;
  },
  mixed: (random: Random) => () => random.int(-(2 ** 24), 2 ** 24) / 2 ** 24,
} as const satisfies Record<string, (random: Random) => () => number>;

/** A call of a case with that N; null where its `where` forbids it. */
export function callWith(
  { kernel, name }: Case,
  length: number,
  data: keyof typeof DATA,
  seed: number,
): { readonly inputs: Inputs; readonly dims: Dims; readonly reference: Reference } | null {
  if ((name === "mean" || name === "variance") && length === 0) return null;
  const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(length)] as const));
  const random = new Random(seed);
  const inputs = new Map(
    kernel.params.map((p) => {
      const shape = evaluateShape(p.dims, dims);
      const draw = p.dtype === "i32" ? (): number => random.int(0, 3) : DATA[data](random);
      const count = shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: count }, () => Number(roundToDType(p.dtype, draw())));
      return [p.id, { dtype: p.dtype, shape, data: values }] as const;
    }),
  );
  return { inputs, dims, reference: interpretWithErrors(kernel, inputs, dims) };
}
