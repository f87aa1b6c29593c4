/** What checked programs compute in the reference interpreter, against values worked out by hand. */
import { describe, expect, test } from "vitest";
import { doublingHighMultiply } from "../../compiler/ir/ops.ts";
import { run } from "../support/check.ts";
import { array } from "../support/nd-array.ts";

const f32 = (...values: number[]) => array("f32", values, [values.length]);
const i32 = (...values: number[]) => array("i32", values, [values.length]);

/** `Y[i] = body` for each of the values of X. */
function each(body: string, values: readonly number[], dtype: "f32" | "i32" = "f32", to = dtype): readonly unknown[] {
  const text = `kernel k(X: ${dtype}[N]) -> Y: ${to}[N] { Y[i] = ${body}; }`;
  return run(text, { X: array(dtype, [...values], [values.length]) })["Y"] ?? [];
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("built-ins spelled through others", () => {
  test("relu, sign and clamp keep NaN and zeros", () => {
    expect(each("relu(X[i])", [-1, 0, 2, nan, inf, -inf])).toEqual([0, 0, 2, nan, inf, 0]);
    expect(each("sign(X[i])", [-3, 0, 2, nan, inf])).toEqual([-1, 0, 1, nan, 1]);
    expect(each("clamp(X[i], -1, 1)", [-3, 0.5, 2, nan])).toEqual([-1, 0.5, 1, nan]);
    expect(each("sign(X[i])", [-3, 0, 2], "i32")).toEqual([-1, 0, 1]);
  });

  test("round is half to even, round_away half away from zero", () => {
    const values = [0.5, 1.5, -0.5, -2.5, 0.49999997, 8388609, inf, nan];
    expect(each("round(X[i])", values)).toEqual([0, 2, -0, -2, 0, 8388609, inf, nan]);
    expect(each("round_away(X[i])", values)).toEqual([1, 2, -1, -3, 0, 8388609, inf, nan]);
  });

  test("isnan, isinf and fmod", () => {
    expect(each("isnan(X[i]) ? 1 : 0", [1, nan, inf])).toEqual([0, 1, 0]);
    expect(each("isinf(X[i]) ? 1 : 0", [1, nan, inf, -inf])).toEqual([0, 0, 1, 1]);
    expect(each("fmod(X[i], 3.0)", [7, -7, 2.5])).toEqual([1, -1, 2.5]);
  });

  test("div and % round down", () => {
    expect(each("X[i] div 3", [7, -7, 6, -6], "i32")).toEqual([2, -3, 2, -2]);
    expect(each("X[i] % 3", [7, -7, 6, -6], "i32")).toEqual([1, 2, 0, 0]);
  });

  test("powers", () => {
    expect(each("X[i] ** 3", [2, -3], "i32")).toEqual([8, -27]);
    expect(each("X[i] ** -2", [2, 4])).toEqual([0.25, 0.0625]);
  });
});

/** gemmlowp's RoundingDivideByPOT. */
function shifted(x: bigint, p: number): bigint {
  const mask = (1n << BigInt(p)) - 1n;
  const threshold = (mask >> 1n) + (x < 0n ? 1n : 0n);
  return (x >> BigInt(p)) + ((x & mask) > threshold ? 1n : 0n);
}

describe("rescale is gemmlowp's", () => {
  test.each([0, 1, 5, 31])("shift %i", (s) => {
    const xs = [0, 1, -1, 2, -2, 3, 5, -5, 1000001, -1000001, 2147483647, -2147483648, 1073741824, -1073741825];
    const m = 1518500250n;
    const wanted = xs.map((x) => Number(shifted(doublingHighMultiply(BigInt(x), m), s)));
    expect(each(`rescale(X[i], ${m}, ${s})`, xs, "i32")).toEqual(wanted);
    const plain = xs.map((x) => Number(shifted(BigInt(x), s)));
    expect(each(`rshift_round(X[i], ${s})`, xs, "i32")).toEqual(plain);
  });

  test("a negative shift saturates before the multiply", () => {
    const text = `kernel k(X: i32[N], s: i32 in -31..32) -> Y: i32[N] { Y[i] = rescale(X[i], 1073741824, s); }`;
    const out = run(text, { X: i32(3, -3, 1073741824, -2000000000), s: array("i32", [-4], []) });
    expect(out["Y"]).toEqual([24, -24, 1073741824, -1073741824]);
  });
});

describe("rescale_single rounds once, half upward, and saturates", () => {
  const xs = [0, 1, -1, 2, -2, 3, 5, -5, 1000001, -1000001, 2147483647, -2147483648, 1073741824, -1073741825];
  test.each([-2147483648, -70, -62, -33, -31, -30, -1, 0, 1, 5, 31, 32, 33, 2147483647])("shift %i", (s) => {
    for (const m of [1518500250n, 1n, -2147483648n]) {
      const wanted = xs.map((x) => {
        const product = BigInt(x) * m;
        // Beyond 100 the quotient is 0, and before -100 it is out of range.
        const by = BigInt(31 + Math.max(-100, Math.min(100, s)));
        const value = by <= 0n ? product << -by : (product + (1n << (by - 1n))) >> by;
        return Math.max(-2147483648, Math.min(2147483647, Number(value)));
      });
      const out = run(`kernel k(X: i32[N], s: i32) -> Y: i32[N] { Y[i] = rescale_single(X[i], ${m}, s); }`, {
        X: i32(...xs),
        s: array("i32", [s], []),
      });
      expect(out["Y"], `m = ${m}`).toEqual(wanted);
      if (s >= 0) expect(each(`rescale_single(X[i], ${m}, ${s})`, xs, "i32")).toEqual(wanted);
    }
  });

  test("where rescale rounds twice", () => {
    expect(each("rescale(X[i], 1073741824, 1)", [5, 1], "i32")).toEqual([2, 1]);
    expect(each("rescale_single(X[i], 1073741824, 1)", [5, 1], "i32")).toEqual([1, 0]);
  });
});

describe("reductions", () => {
  test("guards, counts, means, positions", () => {
    const text = `kernel k(X: f32[N]) -> s: f32, c: i32, m: f32, v: f32, p: i32, e: f32 where N >= 1 {
      s = sum[i | X[i] > 0.0](X[i]);
      c = sum[i](X[i] > 0.0);
      m = mean[i | X[i] > 0.0](X[i]);
      (v, p) = argmax[i](X[i]);
      e = mean[i in 3..3](X[i] pad 0);
    }`;
    const out = run(text, { X: f32(-1, 4, 2, 4) });
    expect(out).toEqual({ s: [10], c: [3], m: [10 / 3].map(Math.fround), v: [4], p: [1], e: [nan] });
  });

  test("a mean over a triangle counts its points", () => {
    const text = `kernel k(X: f32[N]) -> y: f32 { y = mean[i in 0..N, j in 0..i + 1](X[j]); }`;
    expect(run(text, { X: f32(1, 2, 3) })["y"]).toEqual([Math.fround((1 + 1 + 2 + 1 + 2 + 3) / 6)]);
  });

  test("a reducer of the program", () => {
    const text = `reducer online(x: f32) -> (m: f32, l: f32) {
        identity (-inf, 0.0); lift (x, 1.0);
        combine a, b = let m = max(a.m, b.m) in (m, m == -inf ? 0.0 : a.l * exp(a.m - m) + b.l * exp(b.m - m));
        law associative commutative;
      }
      kernel k(X: f32[N]) -> m: f32, l: f32 { (m, l) = online[i](X[i]); }`;
    const out = run(text, { X: f32(0, 0, 0, 0) });
    expect(out).toEqual({ m: [0], l: [4] });
  });
});

describe("recurrences", () => {
  test("two steps back, several clauses", () => {
    const text = `kernel k(X: f32[T]) -> Y: f32[T] {
      rec Y[t] = X[t] + Y[t - 1] + Y[t - 2] init Y[-1] = 1.0, Y[-2] = 0.0;
    }`;
    expect(run(text, { X: f32(0, 0, 0, 0, 0) })["Y"]).toEqual([1, 2, 3, 5, 8]);
  });

  test("a triangular solve needs no init", () => {
    const text = `kernel k(L: f32[N, N], b: f32[N]) -> x: f32[N] {
      rec x[i] = (b[i] - sum[j | j < i](L[i, j] * x[j])) / L[i, i];
    }`;
    const L = array("f32", [2, 0, 0, 1, 1, 0, 3, 2, 4], [3, 3]);
    expect(run(text, { L, b: f32(2, 3, 15) })["x"]).toEqual([1, 2, 2]);
  });

  test("plain members of a group, in any order of equations", () => {
    const text = `kernel k(X: f32[T]) -> S: f32[T] {
      let twice[t] = 2.0 * half[t];
      rec S[t] = twice[t] + X[t] init S[-1] = 8.0;
      let half[t] = S[t - 1] / 4.0;
    }`;
    expect(run(text, { X: f32(1, 1, 1) })["S"]).toEqual([5, 3.5, 2.75]);
  });

  test("a tuple", () => {
    const text = `kernel k(X: f32[T]) -> A: f32[T] {
      rec (A[t], b[t]) = (b[t - 1] + X[t], A[t - 1]) init (A[-1], b[-1]) = (1.0, 10.0);
    }`;
    expect(run(text, { X: f32(0, 0, 0) })["A"]).toEqual([10, 1, 10]);
  });
});

describe("pads", () => {
  test.each([
    ["pad 9", [9, 1, 2, 3, 9]],
    ["pad (z)", [5, 1, 2, 3, 5]],
    ["pad edge", [1, 1, 2, 3, 3]],
    ["pad wrap", [3, 1, 2, 3, 1]],
    ["pad mirror", [2, 1, 2, 3, 2]],
  ])("%s", (pad, values) => {
    const text = `kernel k(X: f32[N], z: f32) -> Y: f32[N + 2] where N >= 1 { Y[i] = X[i - 1] ${pad}; }`;
    expect(run(text, { X: f32(1, 2, 3), z: array("f32", [5], []) })["Y"]).toEqual(values);
  });
});

test("numbers are folded exactly and rounded once", () => {
  expect(each("X[i] * (1.0 - 0.9)", [1])).toEqual([Math.fround(1 - 0.9)]);
  expect(each("X[i] + 2 ** 20 * 2 ** 11 * 2.0", [0])).toEqual([4294967296]);
});

test("an empty matmul is zeros", () => {
  const text = `kernel k(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }`;
  expect(run(text, { A: array("f32", [], [2, 0]), B: array("f32", [], [0, 1]) })["C"]).toEqual([0, 0]);
});
