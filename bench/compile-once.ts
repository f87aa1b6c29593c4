/**
 * A process of its own for starts.ts: with Binaryen loaded and the device open, source text to a callable kernel, the first
 * kernel of the process and the next. Prints both in milliseconds as JSON.
 */
import { loadBinaryen } from "../targets/wasm/load-binaryen.ts";
import { compile, openDevice } from "../runtime/node/index.ts";

/** Small kernels of different kinds, none compiled before. */
const SOURCES = [
  "kernel product(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }",
  "kernel rows(X: f32[M, N]) -> Y: f32[M, N] where N >= 1 { let m[i] = max[j](X[i, j]); Y[i, j] = X[i, j] - m[i]; }",
  "kernel filter(x: f32[N], w: f32[K]) -> y: f32[N] { y[i] = sum[k](x[i + k - 1] pad 0 * w[k]); }",
  "kernel gather(t: f32[V, D], ids: i32[N] in 0..V) -> y: f32[N, D] { y[n, d] = t[ids[n], d]; }",
  "kernel norm(X: f32[M, N]) -> y: f32[M] { y[i] = sqrt(sum[j](X[i, j] * X[i, j])); }",
  "kernel blend(a: f32[N], b: f32[N], k: f32) -> y: f32[N] { y[i] = a[i] * k + b[i] * (1.0 - k); }",
];

await loadBinaryen();
const target = await openDevice("wasm");
const laps: number[] = [];
for (const source of SOURCES) {
  const before = performance.now();
  await compile(source, { target });
  laps.push(performance.now() - before);
}
const [first, ...next] = laps;
console.log(JSON.stringify({ first, next: next.toSorted((a, b) => a - b)[next.length >> 1] }));
