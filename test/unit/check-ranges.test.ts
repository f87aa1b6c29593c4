/** Ranges of indices: where each comes from, and that the order of equations does not matter. */
import { describe, expect, test } from "vitest";
import { check, equationsOf } from "../support/check.ts";

const heads = (text: string): readonly string[] =>
  equationsOf(text)
    .split("\n")
    .map((l) => l.replace(/: \w+ = .*/, ""));

const body = (e: string): string => equationsOf(`kernel k(X: f32[N], W: f32[K]) -> y: f32 { y = ${e}; }`);

describe("sources", () => {
  test.each([
    ["an explicit range wins", "let t[i in 1..3] = X[i];", "t[i in 1..3]"],
    ["an access without pad", "let t[i] = X[i];", "t[i in 0..N]"],
    ["a shifted access; a let starts at 0", "let t[i] = X[i + 2];", "t[i in 0..N - 2]"],
    ["a strided access", "let t[i] = X[2 * i + 1];", "t[i in 0..N div 2]"],
    ["an access under div", "let t[i] = X[i div 4];", "t[i in 0..N*4]"],
    ["a mirrored access", "let t[i] = X[N - 1 - i];", "t[i in 0..N]"],
    ["a window: every offset must fit", "let t[i] = sum[k in 0..3](X[i + k]);", "t[i in 0..N - 2]"],
    ["a bare index under pad", "let t[i] = X[i] pad 0 + X[i - 1] pad 0;", "t[i in 0..N]"],
    ["its readers", "let t[i] = f32(i);", "t[i in 0..N]"],
  ])("%s", (_, equation, head) => {
    const text = `kernel k(X: f32[N]) -> Y: f32[N] { ${equation} Y[n] = t[n] pad 0; }`;
    expect(heads(text)[0]?.replace("N * 4", "N*4")).toBe(head);
  });

  test("a reduction index", () => {
    expect(body("sum[i](X[i])")).toContain("sum[i in 0..N]");
    expect(body("sum[i](X[i + 1])")).toContain("sum[i in -1..N - 1]");
    expect(body("sum[i](X[i - 1] pad 0 * W[i])")).toContain("sum[i in 0..K]");
    expect(body("sum[i | W[i] > 0.0](1.0)")).toContain("sum[i in 0..K | ");
    expect(body("sum[i, j in 0..i + 1](X[i] * X[j])")).toContain("sum[i in 0..N, j in 0..i + 1]");
  });
});

describe("what gives none", () => {
  test("accesses in branches and under guards yield to others", () => {
    const text = `kernel k(X: f32[N], W: f32[K]) -> y: f32 where K <= N {
      y = sum[i](i < 3 ? X[i] : W[i] pad 0);
    }`;
    // The padded bare access is under the branch, too; so it is the weak reads that are left, and W is padded.
    expect(equationsOf(text)).toContain("sum[i in 0..N]");
  });

  test("an index with two unrelated ends is refused, with both", () => {
    const { diagnostics } = check(`kernel k(X: f32[N], W: f32[K]) -> y: f32 { y = sum[i](X[i] * W[i]); }`);
    expect(diagnostics.map((d) => d.message)).toEqual([
      "the range of `i` is not clear: its upper end is `N` from X and `K` from W",
    ]);
    expect(diagnostics[0]?.help).toEqual([
      "if they are equal, write where N == K",
      "if not, say what is meant: i in 0..N",
    ]);
  });

  test("the lesser end is taken where it is provable", () => {
    const text = `kernel k(X: f32[N], W: f32[K]) -> y: f32 where K <= N { y = sum[i](X[i] * W[i]); }`;
    expect(equationsOf(text)).toContain("sum[i in 0..K]");
  });
});

describe("readers", () => {
  test("the widest is taken, whatever the order", () => {
    const equations = ["let t[i] = f32(i);", "A[i] = t[i];", "B[i] = t[i + 1];"];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const text = `kernel k(X: f32[N]) -> A: f32[N], B: f32[N] { ${order.map((n) => equations[n]).join(" ")} }`;
      expect(heads(text).find((h) => h.startsWith("t["))).toBe("t[i in 0..N + 1]");
    }
  });

  test("both branches of a subscript ask", () => {
    const text = `kernel k(X: f32[N]) -> Y: f32[N, 2] {
      let t[i] = f32(i);
      Y[i, d] = t[d == 0 ? i : N - 1 - i];
    }`;
    expect(heads(text)[0]).toBe("t[i in 0..N]");
  });
});

test("ranges from data are kept as they stand", () => {
  const text = `kernel k(ptr: i32[M1] in 0..Z + 1, val: f32[Z]) -> y: f32[M1 - 1] where M1 >= 1 {
    y[i] = sum[p in ptr[i]..ptr[i + 1]](val[p]);
  }`;
  expect(equationsOf(text)).toContain("sum[p in index(ptr[i])..index(ptr[i + 1])](val[p])");
});
