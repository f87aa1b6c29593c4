/**
 * Large programs for the measurements of the front end: many kernels of the kinds that people write, long kernels, many
 * small functions, kernels that call kernels. Names and constants differ from one to the next, so that nothing is the
 * same twice; what is written is the same at every run.
 */

/** A program of at most `bytes` characters. */
export type BigSource = (bytes: number) => string;

/** Writes declarations as long as there is room. */
function fill(bytes: number, declaration: (n: number) => string): string {
  const parts: string[] = [];
  for (let size = 0, n = 0; ; n++) {
    const text = declaration(n);
    size += text.length + 1;
    if (size > bytes) return parts.map((part) => `${part}\n`).join("");
    parts.push(text);
  }
}

const ONLINE = `reducer online(x: f32) -> (m: f32, l: f32) {
  identity (-inf, 0.0);
  lift (x, x == -inf ? 0.0 : 1.0);
  combine a, b = let m = max(a.m, b.m) in (m, m == -inf ? 0.0 : a.l * exp(a.m - m) + b.l * exp(b.m - m));
  law associative commutative;
}
`;

const KINDS: readonly ((n: number) => string)[] = [
  (n) => `kernel matmul_${n}<T: anyfloat = f32>(A: T[M, K], B: T[K, N]) -> C: T[M, N] {
  C[i, j] = sum[k](A[i, k] * B[k, j]) * ${n}.5;
}`,
  (
    n,
  ) => `kernel conv2d_${n}<s: int = ${1 + (n % 3)}, p: int = ${n % 4}>(X: f32[B, C, H, W], F: f32[O, C, R, S], b: f32[O])
    -> Y: f32[B, O, (H + 2*p - R) div s + 1, (W + 2*p - S) div s + 1]
    where s >= 1, p >= 0, R <= H + 2*p, S <= W + 2*p {
  let acc[n, o, y, x] = sum[c, r, q](X[n, c, y*s + r - p, x*s + q - p] pad 0 * F[o, c, r, q]) + b[o];
  Y[n, o, y, x] = relu(acc[n, o, y, x]) * ${n}.25;
}`,
  (n) => `kernel softmax_${n}(X: f32[M, N]) -> Y: f32[M, N] where N >= 1 {
  let m[i] = max[j](X[i, j]);
  let e[i, j] = exp((X[i, j] - m[i]) * ${n}.5);
  Y[i, j] = e[i, j] / sum[k](e[i, k]);
}`,
  (
    n,
  ) => `kernel layer_norm_${n}<eps: float = 1e-${1 + (n % 7)}>(X: f32[M, N], g: f32[N], b: f32[N]) -> Y: f32[M, N] where N >= 1 {
  let mu[i] = sum[j](X[i, j]) / N;
  let v[i] = sum[j]((X[i, j] - mu[i]) ** 2) / N;
  Y[i, j] = (X[i, j] - mu[i]) * rsqrt(v[i] + eps) * g[j] + b[j];
}`,
  (n) => `kernel rnn_${n}(X: f32[T, B, I], h0: f32[B, H], Wx: f32[I, H], Wh: f32[H, H], b: f32[H]) -> Hs: f32[T, B, H] {
  let xp[t, n, j] = sum[i](X[t, n, i] * Wx[i, j]) + b[j] * ${n}.0;
  rec Hs[t, n, j] = tanh(xp[t, n, j] + sum[k](Hs[t - 1, n, k] * Wh[k, j])) init Hs[-1, n, j] = h0[n, j];
}`,
  (
    n,
  ) => `kernel attention_${n}(Q: f32[B, Hd, L, D], K: f32[B, Hd, L, D], V: f32[B, Hd, L, D]) -> O: f32[B, Hd, L, D] where L >= 1 {
  let s[b, h, i, j] = sum[d](Q[b, h, i, d] * K[b, h, j, d]) * rsqrt(D) * ${n}.5;
  let (m[b, h, i], l[b, h, i]) = online[j | j <= i](s[b, h, i, j]);
  O[b, h, i, d] = sum[j | j <= i](exp(s[b, h, i, j] - m[b, h, i]) * V[b, h, j, d]) / l[b, h, i];
}`,
  (n) => `kernel qmatmul_${n}(A: i8[M, K], B: i8[K, N] in -127..128, bias: i32[N] in -1073741824..${1000000 + n},
                      za: i32 in -128..128, zo: i32 in -128..128,
                      mult: i32[N] in 1073741824..2147483648, sh: i32[N] in 0..32) -> C: i8[M, N] where K <= ${16000 + n} {
  let colsum[j] = sum[k](i32(B[k, j]));
  let acc[i, j]: i32 = sum[k](i32(A[i, k]) * i32(B[k, j])) - za * colsum[j] + bias[j];
  C[i, j] = i8(clamp(rescale(acc[i, j], mult[j], sh[j]) + zo, -128, 127));
}`,
  (n) => `kernel max_pool_${n}<k: int = ${2 + (n % 3)}, s: int = ${1 + (n % 2)}>(X: f32[B, C, H, W])
    -> Y: f32[B, C, (H - k) div s + 1, (W - k) div s + 1], I: i32[B, C, (H - k) div s + 1, (W - k) div s + 1]
    where k >= 1, s >= 1, k <= H, k <= W {
  (Y[n, c, y, x], I[n, c, y, x]) = argmax[r in 0..k, q in 0..k](X[n, c, y*s + r, x*s + q]);
}`,
  (n) => `kernel embedding_${n}(E: f32[V, D], ids: i32[N, L] in 0..V) -> Y: f32[N, L, D] {
  Y[n, t, d] = E[ids[n, t], d] * ${n}.0;
}`,
  (n) => `kernel embedding_grad_${n}(dY: f32[N, L, D], ids: i32[N, L] in 0..V) -> dE: f32[V, D] {
  dE[v, d] = sum[n, t | ids[n, t] == v](dY[n, t, d]) * ${n}.0;
}`,
];

/** Kernels of ten kinds in turn. */
export const kernels: BigSource = (bytes) =>
  ONLINE +
  fill(bytes - ONLINE.length, (n) => {
    const kind = KINDS[n % KINDS.length];
    if (kind === undefined) throw new Error("no kind");
    return kind(n);
  });

/**
 * One kernel of `stages` stages, each reading the one before it: element by element, or a stencil at the border of which
 * values are repeated.
 */
export function chain(name: string, stages: number): string {
  const lines: string[] = [];
  let before = "X";
  for (let n = 0; n < stages; n++) {
    const stage = n === stages - 1 ? "Y" : `s${n}`;
    const role = n === stages - 1 ? "" : "let ";
    const head = `${role}${stage}[y, x]`;
    const ranged = n === stages - 1 ? head : `${role}${stage}[y in 0..H, x in 0..W]`;
    const form = n % 4;
    if (form === 0) lines.push(`  ${head} = relu(${before}[y, x] * ${n}.5 + 1.0);`);
    else if (form === 1)
      lines.push(`  ${ranged} = (${before}[y - 1, x] pad edge + ${before}[y + 1, x] pad edge) * 0.5;`);
    else if (form === 2) lines.push(`  ${head} = tanh(${before}[y, x]) + X[y, x];`);
    else lines.push(`  ${ranged} = sum[r in 0..3, q in 0..3](${before}[y + r - 1, x + q - 1] pad 0) / 9.0;`);
    before = stage;
  }
  return `kernel ${name}(X: f32[H, W]) -> Y: f32[H, W] {\n${lines.join("\n")}\n}`;
}

/** As `chain`, without borders: each stage is two shorter than the one before it, which only its reads say. */
export function shrinking(name: string, stages: number): string {
  const lines: string[] = [];
  let before = "x";
  for (let n = 0; n < stages; n++) {
    const stage = n === stages - 1 ? "y" : `s${n}`;
    lines.push(
      `  ${n === stages - 1 ? "" : "let "}${stage}[i] = ${before}[i] + ${n}.5 * ${before}[i + 1] - ${before}[i + 2];`,
    );
    before = stage;
  }
  return `kernel ${name}(x: f32[N]) -> y: f32[N - ${2 * stages}] where N >= ${2 * stages} {\n${lines.join("\n")}\n}`;
}

/** Kernels of 50 to 400 stages. */
export const chains: BigSource = (bytes) =>
  fill(bytes, (n) => (n % 2 === 0 ? chain : shrinking)(`long_${n}`, 50 * 2 ** ((n >> 1) % 4)));

/** Functions of a few operations, each calling one or two of those just before it. */
export const functions: BigSource = (bytes) =>
  fill(bytes, (n) => {
    const first = n % 8;
    if (first === 0) return `fn f_${n}(x: f32, y: f32) -> f32 = x * ${n}.5 + exp(y) - max(x, y);`;
    if (first === 7) return `kernel g_${n}(X: f32[N]) -> Y: f32[N] { Y[i] = f_${n - 1}(X[i], ${n}.0); }`;
    return `fn f_${n}(x: f32, y: f32) -> f32 = let t = f_${n - 1}(y, x) in t > 0.0 ? t * ${n}.0 : x - y * t;`;
  });

/** Groups of kernels that call each other: eight levels deep, two calls wide at the top of each. */
export const calls: BigSource = (bytes) =>
  fill(bytes, (n) => {
    const level = n % 8;
    if (level === 0) {
      return `kernel c_${n}(X: f32[M, N], w: f32[N]) -> Y: f32[M, N] where N >= 1 {
  let m[i] = max[j](X[i, j]);
  Y[i, j] = (X[i, j] - m[i]) * w[j] * ${n}.5;
}`;
    }
    const second = level === 7 ? `c_${n - 7}(h, w)` : "h";
    return `kernel c_${n}(X: f32[M, N], w: f32[N]) -> Y: f32[M, N] where N >= 1 {
  let h = c_${n - 1}(X, w);
  let g = ${second};
  Y[i, j] = g[i, j] + X[i, j] * ${n}.0;
}`;
  });

export const BIG_SOURCES = { kernels, chains, functions, calls } as const satisfies Record<string, BigSource>;

export type SourceName = keyof typeof BIG_SOURCES;

export function isSourceName(word: string): word is SourceName {
  return Object.hasOwn(BIG_SOURCES, word);
}
