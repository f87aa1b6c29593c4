/**
 * Kernels where bugs hide: what random testing found, made small, and corners that random kernels meet too rarely (every
 * sign of a quotient, the ends of every dtype, NaN in each operand, functions where they overflow).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Device } from "../../runtime/device.ts";
import { openDevice } from "../../runtime/node/devices.ts";
import { tryKernel } from "../support/try-kernel.ts";

type Hard = { readonly source: string; readonly special?: readonly string[] };

const INTS = ["i8", "i16", "i32", "i64"] as const;
const ALL = [...INTS, "u8", "u16", "u32", "u64"] as const;

/** Outputs numbered by the dtypes: each reads X and Y of its own dtype. */
function forEach(
  dtypes: readonly string[],
  result: (t: string) => string,
  body: (x: string, y: string, t: string) => string,
): string {
  const params = dtypes.map((t, n) => `X${n}: ${t}[N], Y${n}: ${t}[N]`).join(", ");
  const outputs = dtypes.map((t, n) => `Z${n}: ${result(t)}[N]`).join(", ");
  const lines = dtypes.map((t, n) => `  Z${n}[i] = ${body(`X${n}[i]`, `Y${n}[i]`, t)};`);
  return `export kernel main(${params}) -> ${outputs} {\n${lines.join("\n")}\n}\n`;
}

const same = (t: string): string => t;

const HARD: Readonly<Record<string, Hard>> = {
  "bits of a narrow negative number are counted in its own width": {
    source: `
export kernel main(X: i16[N], Y: i8[N]) -> P: i16[N], Q: i8[N] {
  P[i] = popcount(X[i]);
  Q[i] = popcount(Y[i]);
}`,
  },
  "one tensor under two pads in one stage": {
    source: `
export kernel main(X: f32[4, M]) -> Y: f32[4] where M >= 2 {
  Y[i] = sum[k in 0..M, q in 0..2]((X[2 * i - 3, k] pad wrap) * (X[i, 2 * k - q] pad 0));
}`,
  },
  "a divisor in lanes past the end": {
    source: `
export kernel main(X: i32[N] in -8..3) -> Y: i32[N] {
  Y[i] = X[i] % max(X[i], 1);
}`,
  },
  "a guarded divisor in lanes past the end": {
    source: `
export kernel main(X: u16[N, 3] in 0..16, P: u16[3] in 0..13) -> Y: u16[N] {
  Y[i] = max[k in 0..3](X[i, k] == 0 ? P[k] : P[k] div X[i, k]);
}`,
  },
  "quotients by numbers": { source: forEach(ALL, same, (x) => `${x} div 3`) },
  "remainders by numbers": { source: forEach(ALL, same, (x) => `${x} % 5`) },
  "quotients and remainders by negative numbers": {
    source: forEach(INTS, same, (x) => `max(${x} div (-3), ${x} % (-7))`),
  },
  "quotients by powers of two": { source: forEach(ALL, same, (x) => `max(${x} div 4, ${x} % 8)`) },
  "quotients by data": {
    source: forEach(ALL, same, (x, y, t) =>
      t.startsWith("u")
        ? `(let d = min(${y}, 30) in d == 0 ? ${x} : ${x} div d)`
        : `(let d = clamp(${y}, -20, 30) in d == 0 || d == -1 ? ${x} : ${x} div d)`,
    ),
  },
  "remainders by data": { source: forEach(ALL, same, (x, y) => `${x} % max(${y}, 1)`) },
  "saturation at both ends": {
    source: forEach(["i8", "u8", "i16", "u16"], same, (x, y, t) => `sat_${t}(${x} * 3 - ${y})`),
  },
  "wrapping at both ends": { source: forEach(ALL, same, (x, y) => `wrapping_sub(wrapping_mul(${x}, 5), ${y})`) },
  "floats to integers, saturating": {
    source: forEach(
      ["f32", "f64"],
      () => "i8",
      (x, y) => `sat_i8((${x} + ${y}) * 90.0)`,
    ),
    special: ["X0", "Y1"],
  },
  "shifts of every width": {
    source: forEach(ALL, same, (x, y) => `bit_xor(shl(${x}, bit_and(${y}, 7)), shr(${x}, 3))`),
  },
  "sums of every narrow integer": {
    source: `
export kernel main(A: i8[M, N], B: u8[M, N], C: i16[M, N], D: u16[M, N], E: bool[M, N]) -> a: i32[M], b: i32[M], c: i32[M], d: i32[M], e: i32[M] where N <= 64 {
  a[i] = sum[k](A[i, k]);
  b[i] = sum[k](B[i, k]);
  c[i] = sum[k](C[i, k]);
  d[i] = sum[k](D[i, k]);
  e[i] = sum[k](E[i, k]);
}`,
  },
  "NaN in either operand": {
    source: forEach(["f32", "f64", "f16", "bf16"], same, (x, y) => `max(${x}, ${y}) + 0.5 * min(${y}, ${x})`),
    special: ["X0", "X1", "X2", "X3", "Y0", "Y1", "Y2", "Y3"],
  },
  "NaN in a reduction": {
    source: `
export kernel main(X: f32[M, N], Y: f32[N, M]) -> a: f32[M], b: f32[M], v: f32[M], p: i32[M] {
  a[i] = max[k](X[i, k]);
  b[i] = min[k](Y[k, i]);
  (v[i], p[i]) = argmax[k](X[i, k]);
}`,
    special: ["X", "Y"],
  },
  "positions of equals": {
    source: `
export kernel main(X: u8[M, N] in 0..3, Y: i32[N, M] in -1..2) -> v: u8[M], p: i32[M], w: i32[M], q: i32[M] where N >= 1 {
  (v[i], p[i]) = argmax[k](X[i, k]);
  (w[i], q[i]) = argmin[k](Y[k, i]);
}`,
  },
  "functions where they overflow": {
    source: `
export kernel main(X: f32[N]) -> A: f32[N], B: f32[N], C: f32[N], D: f32[N] {
  A[i] = exp(X[i] * 80.0);
  B[i] = exp2(X[i] * 100.0);
  C[i] = sigmoid(X[i] * 90.0) + tanh(X[i] * 30.0);
  D[i] = expm1(X[i] * 60.0);
}`,
    special: ["X"],
  },
  "a slice in three members": {
    source: `
export kernel main(X: f32[T, H], h: f32[H]) -> S: f32[T, H] {
  let a[t in 0..T, j in 0..H] = S[t - 1, j] * 0.5 + X[t, j];
  let b[t in 0..T, j in 0..H] = a[t, j] - S[t - 1, H - 1 - j] * 0.25;
  rec S[t, j] = b[t, j] * 0.5 + sum[k in 0..H](a[t, k]) * 0.125 init S[-1, j] = h[j];
}`,
  },
};

/** Each gives other sizes and inputs, and another choice of what is compiled with constant dims. */
const SEEDS = [0, 1, 2, 3, 4, 5];

let wasm: Device;
beforeAll(async () => {
  wasm = await openDevice("wasm");
});
afterAll(() => wasm.close());

for (const [name, { source, special }] of Object.entries(HARD)) {
  test(name, async () => {
    for (const seed of SEEDS) {
      const kernel = { seed, source, kinds: new Set<never>(), special: new Set(special) };
      const trial = await tryKernel(kernel, { passes: true, devices: [wasm] });
      const verdict = trial.kind === "wrong" ? trial.what : trial.kind === "refused" ? trial.code : trial.kind;
      expect(verdict, `seed ${seed}`).toBe("fine");
    }
  });
}
