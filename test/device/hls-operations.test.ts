/**
 * Operations that C spells through helpers, on many bit patterns: equal to IEEE's and to the table of operations, bit by
 * bit. Square roots are compared with those of JavaScript, which are correctly rounded.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isDType } from "../../compiler/ir/dtype.ts";
import { doublingHighMultiply, floorDiv, floorMod, roundHalfEven } from "../../compiler/ir/ops.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { Device } from "../../runtime/device.ts";
import { hlsDeviceWith } from "../../runtime/node/hls-device.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { reasonToSkip, sanitizersHere } from "../support/emit-c.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { loadKernel } from "../support/run-kernel.ts";

const absent = await reasonToSkip();
const sanitizers = await sanitizersHere();
let device: Device | null = null;
beforeAll(async () => {
  if (absent === null) device = await hlsDeviceWith({ flags: ["-O2", ...sanitizers] }).open();
});
afterAll(() => device?.close());
beforeEach((context) => {
  if (absent !== null) context.skip(absent);
});

/** The outputs of a kernel of one dim, N. */
async function run(source: string, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
  const kernel = kernelOf(source, { N: inputs[0]?.size ?? 0 });
  const executable = await loadKernel(known(device, "the device"), kernel);
  const shape = [inputs[0]?.size ?? 0];
  const words = [...source.matchAll(/: (\w+)\[N\]/g)].map((m) => m[1] ?? "").filter(isDType);
  const outputs = words.slice(inputs.length).map((dtype) => ({ dtype, shape, out: null }));
  return executable.run({ inputs, dims: new Map(), outputs });
}

function* random32(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state + 0x9e3779b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    yield (x ^ (x >>> 16)) >>> 0;
  }
}

/** Random patterns, every exponent with its first and last significands, and their neighbours. */
function patterns32(count: number): Uint32Array<ArrayBuffer> {
  const edges: number[] = [];
  for (let e = 0; e < 256; e++)
    for (const f of [0, 1, 2, 0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff]) edges.push((e << 23) | f);
  const random = random32(7);
  const signs = edges.flatMap((x) => [x >>> 0, (x | 0x80000000) >>> 0]);
  return Uint32Array.from([...signs, ...Array.from({ length: count }, () => random.next().value)]);
}

function patterns64(count: number): BigUint64Array<ArrayBuffer> {
  const edges: bigint[] = [];
  for (let e = 0n; e < 2048n; e++)
    for (const f of [0n, 1n, 2n ** 51n, 2n ** 51n + 1n, 2n ** 52n - 1n]) edges.push((e << 52n) | f);
  const random = random32(8);
  const draw = (): bigint => (BigInt(random.next().value) << 32n) | BigInt(random.next().value);
  return BigUint64Array.from([...edges, ...edges.map((x) => x | (1n << 63n)), ...Array.from({ length: count }, draw)]);
}

const bits32 = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0] ?? 0;
const bits64 = (x: number): bigint => new BigUint64Array(Float64Array.of(x).buffer)[0] ?? 0n;

const onesOf = (bits: number, x: bigint): bigint =>
  BigInt(BigInt.asUintN(bits, x).toString(2).replaceAll("0", "").length);

const ON_FLOATS = { A: Math.sqrt, B: Math.floor, C: Math.ceil, D: Math.trunc, E: roundHalfEven, F: Math.abs } as const;
const floatSource = (t: "f32" | "f64"): string =>
  `kernel k(X: ${t}[N]) -> A: ${t}[N], B: ${t}[N], C: ${t}[N], D: ${t}[N], E: ${t}[N], F: ${t}[N] {
    A[i] = sqrt(X[i]); B[i] = floor(X[i]); C[i] = ceil(X[i]); D[i] = trunc(X[i]); E[i] = round(X[i]); F[i] = abs(X[i]);
  }`;

test("square root and rounding of f32, bit by bit", async () => {
  const x = new Float32Array(patterns32(200_000).buffer);
  const results = await run(floatSource("f32"), [Tensor.from(x)]);
  for (const [n, [name, exact]] of Object.entries(ON_FLOATS).entries()) {
    const got = results[n]?.as("f32").data ?? new Float32Array();
    const wrong = x.findIndex((v, i) => {
      const want = Math.fround(exact(v));
      return Number.isNaN(want) ? !Number.isNaN(got[i]) : bits32(got[i] ?? 0) !== bits32(want);
    });
    expect(wrong < 0 ? null : `${name} of ${x[wrong]} is ${got[wrong]}`).toBe(null);
  }
});

test("square root and rounding of f64, bit by bit", async () => {
  const x = new Float64Array(patterns64(100_000).buffer);
  const results = await run(floatSource("f64"), [Tensor.from(x)]);
  for (const [n, [name, exact]] of Object.entries(ON_FLOATS).entries()) {
    const got = results[n]?.as("f64").data ?? new Float64Array();
    const wrong = x.findIndex((v, i) => {
      const want = exact(v);
      return Number.isNaN(want) ? !Number.isNaN(got[i]) : bits64(got[i] ?? 0) !== bits64(want);
    });
    expect(wrong < 0 ? null : `${name} of ${x[wrong]} is ${got[wrong]}`).toBe(null);
  }
});

test("integers of 32 bits: wrapping, division, bits, high product", async () => {
  const random = random32(9);
  const edges = [0, 1, -1, 2, -2, 7, -7, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, -(2 ** 30), 65535, -65536];
  const pairs = edges.flatMap((a) => edges.map((b) => [a, b] as const));
  const more = Array.from({ length: 20_000 }, () => [random.next().value | 0, random.next().value | 0] as const);
  const all = [...pairs, ...more];
  const [a, b] = [Int32Array.from(all, (p) => p[0]), Int32Array.from(all, (p) => p[1])];
  const source = `kernel k(X: i32[N], Y: i32[N]) -> A: i32[N], B: i32[N], C: i32[N], D: i32[N], E: i32[N], F: i32[N], G: i32[N], H: i32[N] {
    A[i] = wrapping_add(X[i], Y[i]);
    B[i] = wrapping_mul(X[i], Y[i]);
    C[i] = Y[i] > 0 || Y[i] < -1 ? X[i] div Y[i] : 0;
    D[i] = Y[i] != 0 ? X[i] % Y[i] : 0;
    E[i] = popcount(X[i]);
    F[i] = shr(X[i], clamp(Y[i], 0, 31));
    G[i] = Y[i] > 0 ? rescale(X[i], Y[i], 0) : 0;
    H[i] = bit_xor(bit_not(X[i]), bit_or(X[i], Y[i]));
  }`;
  const results = await run(source, [Tensor.from(a), Tensor.from(b)]);
  const wants: readonly ((x: bigint, y: bigint) => bigint)[] = [
    (x, y) => x + y,
    (x, y) => x * y,
    (x, y) => (y > 0n || y < -1n ? floorDiv(x, y) : 0n),
    (x, y) => (y !== 0n ? floorMod(x, y) : 0n),
    (x) => onesOf(32, x),
    (x, y) => x >> (y < 0n ? 0n : y > 31n ? 31n : y),
    (x, y) => (y > 0n ? doublingHighMultiply(x, y) : 0n),
    (x, y) => ~x ^ (x | y),
  ];
  for (const [n, want] of wants.entries()) {
    const got = results[n]?.as("i32").data ?? new Int32Array();
    const wrong = all.findIndex(([x, y], i) => BigInt.asIntN(32, want(BigInt(x), BigInt(y))) !== BigInt(got[i] ?? 0));
    expect(wrong < 0 ? null : `output ${n} of ${all[wrong]?.join(", ")} is ${got[wrong]}`).toBe(null);
  }
});

test("integers of 64 bits", async () => {
  const patterns = patterns64(3000);
  const x = new BigInt64Array(patterns.buffer);
  const y = x.toReversed();
  const source = `kernel k(X: i64[N], Y: i64[N]) -> A: i64[N], B: i64[N], C: i64[N], D: i64[N], E: i64[N], F: f32[N], G: f64[N] {
    A[i] = wrapping_mul(X[i], Y[i]);
    B[i] = Y[i] > 0 || Y[i] < -1 ? X[i] div Y[i] : 0;
    C[i] = Y[i] != 0 ? X[i] % Y[i] : 0;
    D[i] = popcount(X[i]);
    E[i] = max(min(X[i], Y[i]), -5);
    F[i] = f32(X[i]);
    G[i] = f64(Y[i]);
  }`;
  const results = await run(source, [Tensor.from(x), Tensor.from(y)]);
  const wants: readonly ((x: bigint, y: bigint) => bigint)[] = [
    (a, b) => a * b,
    (a, b) => (b > 0n || b < -1n ? floorDiv(a, b) : 0n),
    (a, b) => (b !== 0n ? floorMod(a, b) : 0n),
    (a) => onesOf(64, a),
    (a, b) => [a < b ? a : b, -5n].reduce((p, q) => (p > q ? p : q)),
  ];
  for (const [n, want] of wants.entries()) {
    const got = results[n]?.as("i64").data ?? new BigInt64Array();
    const wrong = x.findIndex((a, i) => BigInt.asIntN(64, want(a, y[i] ?? 0n)) !== got[i]);
    expect(wrong < 0 ? null : `output ${n} of ${x[wrong]}, ${y[wrong]} is ${got[wrong]}`).toBe(null);
  }
  const doubles = results[6]?.as("f64").data ?? new Float64Array();
  expect(y.findIndex((b, i) => Number(b) !== doubles[i])).toBe(-1);
});

test("floats to integers saturate, NaN is 0", async () => {
  const x = new Float32Array(patterns32(20_000).buffer);
  const source = `kernel k(X: f32[N]) -> A: i32[N], B: u32[N], C: i64[N], D: u64[N], E: i8[N] {
    A[i] = sat_i32(X[i]); B[i] = sat_u32(X[i]); C[i] = sat_i64(X[i]); D[i] = sat_u64(X[i]); E[i] = sat_i8(X[i]);
  }`;
  const results = await run(source, [Tensor.from(x)]);
  const ranges = [
    [-(2n ** 31n), 2n ** 31n - 1n],
    [0n, 2n ** 32n - 1n],
    [-(2n ** 63n), 2n ** 63n - 1n],
    [0n, 2n ** 64n - 1n],
    [-128n, 127n],
  ] as const;
  for (const [n, [lo, hi]] of ranges.entries()) {
    const got = results[n]?.data ?? [];
    const wrong = x.findIndex((v, i) => {
      const exact = Number.isNaN(v) ? 0n : v === Infinity ? hi : v === -Infinity ? lo : BigInt(Math.trunc(v));
      return BigInt(got[i] ?? 0) !== (exact < lo ? lo : exact > hi ? hi : exact);
    });
    expect(wrong < 0 ? null : `output ${n} of ${x[wrong]} is ${got[wrong]}`).toBe(null);
  }
});
