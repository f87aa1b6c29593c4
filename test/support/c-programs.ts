/**
 * Kernels that together use what target hls must spell: every dtype of storage, every class of operation, guards, pads,
 * recurrences, reductions with several results. Each for sizes 0 and 1 where it is defined there.
 */
export type CProgram = {
  readonly name: string;
  readonly source: string;
  readonly sizes: readonly Readonly<Record<string, number>>[];
};

const along = (...ns: readonly number[]): readonly Readonly<Record<string, number>>[] => ns.map((N) => ({ N }));

export const C_PROGRAMS: readonly CProgram[] = [
  {
    name: "matmul",
    source: "kernel matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }",
    sizes: [
      { M: 0, N: 3, K: 2 },
      { M: 1, N: 1, K: 1 },
      { M: 3, N: 5, K: 0 },
      { M: 5, N: 3, K: 3 },
    ],
  },
  {
    name: "padded convolution, stride 2",
    source: `kernel conv(X: f32[C, H, W], F: f32[O, C, 3, 3], b: f32[O]) -> Y: f32[O, (H - 1) div 2 + 1, (W - 1) div 2 + 1] {
      Y[o, y, x] = relu(sum[c, r, q](X[c, y*2 + r - 1, x*2 + q - 1] pad 0 * F[o, c, r, q]) + b[o]);
    }`,
    sizes: [
      { C: 2, H: 5, W: 3, O: 3 },
      { C: 1, H: 1, W: 1, O: 1 },
      { C: 2, H: 0, W: 5, O: 0 },
    ],
  },
  {
    name: "pads by edge, wrap and mirror",
    source: `kernel pads(X: i32[N] in -1000..1000) -> E: i32[N], W: i32[N], M: i32[N] where N >= 2 {
      E[i] = X[i - 2] pad edge + X[i + 2] pad edge;
      W[i] = X[i - 2] pad wrap + X[i + 2] pad wrap;
      M[i] = X[i - 2] pad mirror + X[i + 2] pad mirror;
    }`,
    sizes: along(2, 3, 5),
  },
  {
    name: "row statistics",
    source: `kernel stats(X: f32[M, N]) -> Y: f32[M, N] where N >= 1 {
      let m[i] = max[j](X[i, j]);
      let e[i, j] = abs(X[i, j] - m[i]) + 1;
      Y[i, j] = e[i, j] / sum[k](e[i, k]);
    }`,
    sizes: [
      { M: 0, N: 1 },
      { M: 1, N: 1 },
      { M: 3, N: 5 },
    ],
  },
  {
    name: "max pool with positions",
    source: `kernel pool(X: f32[H, W]) -> V: f32[H div 2, W div 2], I: i32[H div 2, W div 2] {
      (V[y, x], I[y, x]) = argmax[r in 0..2, q in 0..2](X[y*2 + r, x*2 + q]);
    }`,
    sizes: [
      { H: 5, W: 3 },
      { H: 1, W: 0 },
      { H: 6, W: 6 },
    ],
  },
  {
    name: "quantized matmul",
    source: `kernel qmatmul(A: i8[M, K], B: i8[K, N] in -127..128, bias: i32[N] in -1073741824..1073741824,
        mult: i32[N] in 1073741824..2147483648, sh: i32[N] in 0..32) -> C: i8[M, N] where K <= 32768 {
      let acc[i, j]: i32 = sum[k](i32(A[i, k]) * i32(B[k, j])) + bias[j];
      C[i, j] = i8(clamp(rescale(acc[i, j], mult[j], sh[j]), -128, 127));
    }`,
    sizes: [
      { M: 3, N: 5, K: 5 },
      { M: 1, N: 1, K: 0 },
      { M: 0, N: 1, K: 1 },
    ],
  },
  {
    name: "saturating and wrapping casts",
    source: `kernel casts(X: f32[N], J: i32[N], L: i64[N]) -> A: u8[N], B: i8[N], C: i16[N], D: u32[N], E: i64[N], F: i8[N], G: u16[N], H: i32[N] {
      A[i] = sat_u8(X[i] * 300);
      B[i] = sat_i8(X[i] * 200);
      C[i] = sat_i16(X[i] * 1e30);
      D[i] = sat_u32(X[i] * 1e10);
      E[i] = sat_i64(X[i] * 1e19);
      F[i] = wrap_i8(J[i]);
      G[i] = wrap_u16(J[i]);
      H[i] = sat_i32(L[i]);
    }`,
    sizes: along(0, 1, 5, 40),
  },
  {
    name: "bools",
    source: `kernel bools(P: bool[N], Q: bool[N], X: f32[N]) -> R: bool[N], S: i32, T: bool, U: f32[N] {
      R[i] = (P[i] && !Q[i]) || X[i] < 0;
      S = sum[i](P[i]);
      T = any[i](P[i] != Q[i]);
      U[i] = P[i] ? X[i] : 0;
    }`,
    sizes: along(0, 1, 3, 5),
  },
  {
    name: "i64",
    source: `kernel wide(X: i64[N] in -1000000000000..1000000000000, Y: i64[N] in 1..1000) -> A: i64[N], B: i64[N], C: i64[N], S: i64, D: i64[N] where N <= 1000 {
      A[i] = X[i] * Y[i] - 7;
      B[i] = X[i] div Y[i];
      C[i] = (0 - X[i]) % Y[i];
      D[i] = wrapping_mul(X[i], X[i]);
      S = sum[i](X[i]);
    }`,
    sizes: along(0, 1, 3, 5),
  },
  {
    name: "u64 and u32",
    source: `kernel unsigned(X: u64[N], Y: u32[N]) -> A: u64[N], B: u64[N], C: u32[N], D: u32[N], E: u64[N], F: f32[N] {
      A[i] = wrapping_add(X[i], X[i]);
      B[i] = X[i] div 10;
      C[i] = Y[i] % 7;
      D[i] = wrapping_sub(Y[i], max(Y[i], 3));
      E[i] = shr(X[i], 5);
      F[i] = f32(X[i]);
    }`,
    sizes: along(0, 1, 3, 20),
  },
  {
    name: "f64",
    source: `kernel double(X: f64[N], Y: f64[N]) -> A: f64[N], S: f64, I: i32[N] {
      A[i] = sqrt(abs(X[i])) / (Y[i] * Y[i] + 1e-300) + floor(X[i] * 100) - ceil(Y[i] * 3);
      S = sum[i](X[i] * Y[i]);
      I[i] = sat_i32(round(X[i] * 1e10));
    }`,
    sizes: along(0, 1, 3, 20),
  },
  {
    name: "rounding of f32",
    source: `kernel rounding(X: f32[N]) -> A: f32[N], B: f32[N], C: f32[N], D: f32[N], E: f32[N] {
      A[i] = floor(X[i] * 10);
      B[i] = ceil(X[i] * 10);
      C[i] = trunc(X[i] * 10);
      D[i] = round(X[i] * 4);
      E[i] = sqrt(X[i]);
    }`,
    sizes: along(0, 1, 40),
  },
  {
    name: "floor division of all signs",
    source: `kernel divide(X: i32[N], Y: i32[N] in -9..10) -> A: i32[N], B: i32[N], C: i32[N], D: i32[N], E: i32[N] {
      A[i] = X[i] div 7;
      B[i] = X[i] % 7;
      C[i] = X[i] % -3;
      D[i] = Y[i] > 0 ? X[i] div Y[i] : 1;
      E[i] = Y[i] != 0 ? X[i] % Y[i] : 0;
    }`,
    sizes: along(0, 1, 3, 64),
  },
  {
    name: "bits",
    source: `kernel bits(X: i32[N], Y: u32[N], K: i32[N] in 0..32) -> A: i32[N], B: i32[N], C: u32[N], D: i32[N], E: i32[N], F: u32[N] {
      A[i] = bit_xor(bit_and(X[i], 255), bit_or(bit_not(X[i]), 3));
      B[i] = shr(X[i], K[i]);
      C[i] = shr(Y[i], 3);
      D[i] = popcount(X[i]);
      E[i] = shr(bit_and(X[i], 65535), 4);
      F[i] = popcount(Y[i]);
    }`,
    sizes: along(0, 1, 3, 64),
  },
  {
    name: "wrapping arithmetic",
    source: `kernel wraps(X: i32[N], Y: i32[N], A: i8[N], B: u16[N]) -> P: i32[N], Q: i32[N], R: i32[N], S: i8[N], T: u16[N] {
      P[i] = wrapping_add(X[i], Y[i]);
      Q[i] = wrapping_sub(X[i], Y[i]);
      R[i] = wrapping_mul(X[i], Y[i]);
      S[i] = wrapping_mul(A[i], A[i]);
      T[i] = wrapping_sub(B[i], 65535);
    }`,
    sizes: along(0, 1, 64),
  },
  {
    name: "gathers under guards",
    source: `kernel gather(X: f32[V, D], ids: i32[N], more: i32[N] in 0..V) -> Y: f32[N, D], Z: f32[N, D], G: f32[V, D] where V >= 1 {
      Y[i, d] = ids[i] >= 0 && ids[i] < V ? X[ids[i], d] * 2 : -1;
      Z[i, d] = X[clamp(ids[i], 0, V - 1), d];
      G[v, d] = sum[n | more[n] == v](X[more[n], d]);
    }`,
    sizes: [
      { V: 1, D: 1, N: 1 },
      { V: 3, D: 2, N: 5 },
      { V: 5, D: 0, N: 3 },
      { V: 2, D: 3, N: 0 },
    ],
  },
  {
    name: "recurrence",
    source: `kernel rnn(X: f32[T, H], h0: f32[H], W: f32[H, H]) -> S: f32[T, H] {
      rec S[t, j] = X[t, j] * 0.25 + sum[k](S[t - 1, k] * W[k, j]) * 0.125 init S[-1, j] = h0[j];
    }`,
    sizes: [
      { T: 0, H: 2 },
      { T: 1, H: 1 },
      { T: 5, H: 3 },
    ],
  },
  {
    name: "strict and other reductions",
    source: `kernel folds(X: f32[N], I: i32[N] in -100..100) -> A: f32, B: f32, C: i32, D: i32, E: bool, F: f32 where N <= 1000000 {
      A = sum_strict[i](X[i] * X[i]);
      B = prod[i](X[i] + 1);
      C = sum[i | i % 2 == 0](I[i]);
      (F, D) = argmin[i](X[i]);
      E = all[i](X[i] < 0.9);
    }`,
    sizes: along(0, 1, 3, 33),
  },
  {
    name: "special floats",
    source: `kernel special(X: f32[N]) -> A: f32[N], B: f32[N], C: f32[N], D: bool[N], E: f32[N], F: i32[N] {
      A[i] = X[i] > 0 ? inf : nan;
      B[i] = max(X[i] > 0.5 ? nan : X[i], -inf);
      C[i] = 1 / (X[i] > 0 ? -0.0 : 0.0);
      D[i] = isnan(X[i] > 0.25 ? nan : X[i]);
      E[i] = X[i] * 1e-45 + 0.1;
      F[i] = sat_i32(X[i] > 0 ? nan : -inf);
    }`,
    sizes: along(0, 1, 20),
  },
  {
    name: "half floats",
    source: `kernel halves(X: f16[N], Y: bf16[N]) -> A: f16[N], B: bf16[N], C: f16, D: f32[N] {
      A[i] = X[i] * X[i] + X[i];
      B[i] = Y[i] * 3;
      C = sum[i](X[i]);
      D[i] = f32(X[i]) - f32(Y[i]);
    }`,
    sizes: along(0, 1, 5, 33),
  },
  {
    name: "elements below a byte",
    source: `kernel packed(X: i4[N] in -8..7, Y: u2[N, 4], b: u1) -> A: i4[N], B: u1[N], C: i2, D: u2[N, 4], E: i32[N] {
      A[i] = i4(X[i] + i32(b));
      B[i] = wrap_u1(i);
      C = sat_i2(X[0] pad 1);
      D[i, j] = Y[i, 3 - j];
      E[i] = sum[j](Y[i, j] * X[i]);
    }`,
    sizes: along(0, 1, 9),
  },
];
