/** Recurrences whose members have their time at different positions: some are computed transposed and copied back. */
import { expect, test } from "vitest";
import { makeSource } from "../../compiler/support/source.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { equationsOf, lowered, run, stageNames } from "../support/check.ts";
import { array } from "../support/nd-array.ts";

const CHOLESKY = `kernel cholesky(A: f32[N, N]) -> L: f32[N, N] {
  let d[j] = sqrt(A[j, j] - sum[k | k < j](L[j, k] ** 2));
  rec L[i, j] = i < j ? 0.0 : i == j ? d[j] : (A[i, j] - sum[k | k < j](L[i, k] * L[j, k])) / d[j];
}`;

test("a factorisation by columns", () => {
  const A = array("f32", [4, 2, -2, 2, 10, 2, -2, 2, 18], [3, 3]);
  expect(run(CHOLESKY, { A })["L"]).toEqual([2, 0, 0, 1, 3, 0, -1, 1, 4]);
});

test("its equations", () => {
  expect(equationsOf(CHOLESKY)).toBe(`rec over j, lag 0 {
  d[j in 0..N]: f32 = sqrt(A[j, j] - sum[k in 0..N | k < j](let x = L_by_j[k, j] in x * x));
  L_by_j[j in 0..N, i in 0..N]: f32 = i < j ? 0.0 : i == j ? d[j] : (A[i, j] - sum[k in 0..N | k < j](L_by_j[k, i] * L_by_j[k, j])) / d[j];
}
L[i in 0..N, j in 0..N]: f32 = L_by_j[j, i];`);
});

test("the time may move to the right, in tuples, with claims, and be read by others", () => {
  const text = `kernel k(X: i32[T, M] in 0..10) -> y: i32, z: i32[T] where M >= 1, T <= 1000 {
    let a[j in 0..M, t]: i32 in 0..11 = t == 0 ? 0 : min(b[t - 1, j] + 1, 10);
    rec (b[t, j]: i32 in 0..10, c[t, j]) = (clamp(a[j, t] + X[t, j], 0, 9), a[j, t]);
    z[t] = b[t, 0] * 100 + c[t, 0];
    y = sum[t](a[0, t]);
  }`;
  const { kernel } = lowered(text);
  expect(stageNames(kernel)).toContain("a");
  const X = array("i32", [3, 1, 2, 5, 4, 0], [3, 2]);
  // a = 0, 4, 7; b = 3, 6, 9 for j = 0
  expect(run(text, { X })).toEqual({ z: [300, 604, 907], y: [11] });
});

test("one position for all is preferred, and an init decides", () => {
  const { kernel } = lowered(`kernel k(X: f32[T, T]) -> S: f32[T, T] {
    let a[t] = sum[j](S[t - 1, j]);
    rec S[t, j] = a[t] + X[t, j] init S[-1, j] = 0.0;
  }`);
  expect(stageNames(kernel)).toEqual(["a", "S"]);
});

test("a cycle within one step stays refused", () => {
  const text = `kernel k(X: f32[N, N]) -> L: f32[N, N] {
    let d[j] = sum[k](L[k, j]);
    rec L[i, j] = d[j] + X[i, j];
  }`;
  expect(diagnose(makeSource("test.ein", text)).map((d) => d.code)).toEqual(["E2032", "E2032"]);
});
