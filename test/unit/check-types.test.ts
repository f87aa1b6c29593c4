/** dtypes of expressions: what each form becomes, and what is refused. */
import { describe, expect, test } from "vitest";
import { bodyOf, check, equationsOf, refusalOf } from "../support/check.ts";

describe("weak literals take the dtype of what they meet", () => {
  test.each([
    ["A[i] * 2", "f32", "A[i] * 2.0"],
    ["D[i] + 0.1", "f64", "D[i] + 0.1"],
    ["H[i] * 0.5", "f16", "H[i] * 0.5"],
    ["1.0 / N * A[i]", "f32", "1.0 / f32(N) * A[i]"],
    ["1.0 / N * D[i]", "f64", "1.0 / f64(N) * D[i]"],
    ["A[i] * rsqrt(N)", "f32", "A[i] * rsqrt(f32(N))"],
    ["I[i] + 1", "i32", "I[i] + 1"],
    ["I[i] + N", "i32", "I[i] + i32(N)"],
    ["L[i] + 1", "i64", "L[i] + 1"],
    ["2 * 3 + 4", "i32", "10"],
    ["2 ** 10 - 24", "f32", "1000.0"],
    ["(1.0 - 0.9) * A[i]", "f32", "0.1 * A[i]"],
    ["A[i] > 0 ? 1 : 0", "f32", "0.0 < A[i] ? 1.0 : 0.0"],
    ["P[i] ? i : -1", "i32", "P[i] ? i32(i) : -1"],
    ["i + 1", "f32", "f32(i + 1)"],
    ["7 div 2 * 100 + -7 % 4", "i32", "301"],
    ["inf", "f32", "inf"],
    ["-inf", "f64", "-inf"],
  ])("%s as %s", (expression, dtype, body) => {
    expect(bodyOf(expression, dtype)).toBe(body);
  });
});

describe("narrow integers compute in i32, storage types are read as i32", () => {
  test.each([
    ["S[i] + S[i]", "i32", "i32(S[i]) + i32(S[i])"],
    ["T[i] * 3", "i32", "i32(T[i]) * 3"],
    ["S[i] * T[i]", "i32", "i32(S[i]) * i32(T[i])"],
    ["-S[i]", "i32", "-i32(S[i])"],
    ["Q[i] + 1", "i32", "i32(Q[i]) + 1"],
    ["max(S[i], 3)", "i8", "max(S[i], 3)"],
    ["T[i] == 255 ? 1 : 0", "i32", "T[i] == 255 ? 1 : 0"],
    ["sum[k in 0..3](S[k])", "i32", "sum[k in 0..3](S[k])"],
    ["sum[k](P[k])", "i32", "sum[k in 0..N](P[k])"],
    ["S[i]", "i32", "i32(S[i])"],
    ["H[i]", "f32", "f32(H[i])"],
    ["H[i] + A[i]", "f32", "f32(H[i]) + A[i]"],
    ["I[i] + L[i]", "i64", "i64(I[i]) + L[i]"],
  ])("%s as %s", (expression, dtype, body) => {
    expect(bodyOf(expression, dtype)).toBe(body);
  });
});

describe("comparisons with an index are of integers", () => {
  test.each([
    ["I[i] == i ? 1 : 0", "index(I[i]) == i ? 1 : 0"],
    ["T[i] >= i ? 1 : 0", "i <= index(T[i]) ? 1 : 0"],
    ["U[i] == 3 ? 1 : 0", "U[i] == 3 ? 1 : 0"],
  ])("%s", (expression, body) => {
    expect(bodyOf(expression, "i32")).toBe(body);
  });
});

describe("casts", () => {
  test.each([
    ["f32(I[i])", "f32", "f32(I[i])"],
    ["i8(I[i])", "i8", "i8(I[i])"],
    ["sat_u8(A[i])", "u8", "sat_u8(A[i])"],
    ["wrap_i8(I[i])", "i8", "wrap_i8(I[i])"],
    ["u32(i)", "u32", "u32(i)"],
    ["f64(0.1)", "f64", "0.1"],
    ["f32(P[i])", "f32", "f32(P[i])"],
    ["f16(A[i])", "f16", "f16(A[i])"],
  ])("%s", (expression, dtype, body) => {
    expect(bodyOf(expression, dtype)).toBe(body);
  });

  test("a generic dtype casts as the dtype that it stands for", () => {
    const text = `fn half<T: anyfloat = f16>(x: f32) -> T = T(0.5 * x);
      kernel k<T: anyfloat = f32>(A: T[N], B: f32[N]) -> Y: T[N] { Y[i] = A[i] * T(B[i]) + half(B[i], T = T); }`;
    expect(equationsOf(text, "k", { T: "f16" })).toBe(
      "Y[i in 0..N]: f16 = A[i] * f16(B[i]) + (let x = B[i] in f16(0.5 * x));",
    );
    expect(check("kernel k(A: f32[N]) -> Y: f32[N] { Y[i] = T(A[i]); }").diagnostics.map((d) => d.code)).toEqual([
      "E2002",
    ]);
  });
});

describe("powers are written out", () => {
  test.each([
    ["A[i] ** 2", "let x = A[i] in x * x"],
    ["A[i] ** 1", "A[i]"],
    ["A[i] ** 0", "1.0"],
    ["A[i] ** -1", "1.0 / A[i]"],
    ["A[i] ** 3", "let x = A[i] in x * x * x"],
    ["A[i] ** 0.5", "pow(A[i], 0.5)"],
    ["A[i] ** B[i]", "pow(A[i], B[i])"],
    ["-A[i] ** 2", "-(let x = A[i] in x * x)"],
  ])("%s", (expression, body) => {
    expect(bodyOf(expression)).toBe(body);
  });
});

describe("composites are spelled through operations", () => {
  test.each([
    ["relu(A[i])", "f32", "max(A[i], 0.0)"],
    ["clamp(I[i], -128, 127)", "i32", "min(max(I[i], -128), 127)"],
    ["select(P[i], A[i], 0)", "f32", "select(P[i], A[i], 0.0)"],
    ["isnan(A[i]) ? 1 : 0", "i32", "(let x = A[i] in x != x) ? 1 : 0"],
    ["mean[k](A[k])", "f32", "sum[k in 0..N](A[k]) / f32(N)"],
    ["mean[k](H[k])", "f16", "f16(sum[k in 0..N](f32(H[k])) / f32(N))"],
    ["mean[k in 1..N](A[k])", "f32", "sum[k in 1..N](A[k]) / f32(max(N - 1, 0))"],
    ["shr(U[i], 16)", "u32", "shr(U[i], 16)"],
    ["bit_and(i, 1)", "i32", "bit_and(i32(i), 1)"],
    ["max(i, 3)", "i32", "i32(max(i, 3))"],
  ])("%s", (expression, dtype, body) => {
    expect(bodyOf(expression, dtype)).toBe(body);
  });
});

describe("refused", () => {
  test.each([
    ["A[i] + I[i]", "E2020"],
    ["I[i]", "E2021"],
    ["D[i]", "E2021"],
    ["1 / N", "E2022"],
    ["sqrt(I[i])", "E2023"],
    ["A[i] div 2.0", "E2023"],
    ["H[i] + Z[i]", "E2020"],
    ["A[i] ? 1.0 : 2.0", "E2026"],
    ["P[i] * 2.0", "E2020"],
    ["A", "E2029"],
    ["argmax[k](A[k])", "E2028"],
    ["max(A[i], B[i], a)", "E2013"],
    ["f32(I[i] ** 100)", "E2023"],
  ])("%s", (expression, code) => {
    expect(refusalOf(expression)).toEqual([code]);
  });
});
