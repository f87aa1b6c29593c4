/** Small kernels as C99, to be read whole. `vitest -u` writes the files anew. */
import { expect, test } from "vitest";
import { cOfSource } from "../support/emit-c.ts";

const CASES = {
  matmul: [
    "kernel matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }",
    { M: 2, N: 3, K: 4 },
  ],
  conv: [
    `kernel conv(X: f32[C, H], F: f32[O, C, 3]) -> Y: f32[O, (H - 1) div 2 + 1] {
      Y[o, y] = relu(sum[c, r](X[c, y*2 + r - 1] pad 0 * F[o, c, r]));
    }`,
    { C: 2, H: 5, O: 3 },
  ],
  gather: [
    `kernel gather(X: i8[V], ids: i32[N]) -> Y: i32[N], S: i8[N] {
      Y[i] = ids[i] >= 0 && ids[i] < V ? i32(X[ids[i]]) * 2 : -1;
      S[i] = sat_i8(wrapping_add(ids[i], 1));
    }`,
    { V: 5, N: 3 },
  ],
  empty: ["kernel empty(A: f32[M, N]) -> B: f32[M, N], S: f32 { B[i, j] = A[i, j] + 1; S = sum[i, j](A[i, j]); }", { M: 0, N: 3 }],
} as const;

for (const [name, [source, dims]] of Object.entries(CASES)) {
  test(name, async () => {
    await expect(cOfSource(source, dims)).toMatchFileSnapshot(`hls-${name}.c.txt`);
  });
}
