/** Sums over a histogram: its counts share their points, and add up to no more than there are. */
import { expect, test } from "vitest";
import { makeSource } from "../../compiler/support/source.ts";
import { diagnose } from "../diagnostics/diagnose.ts";

const codes = (body: string): readonly string[] =>
  diagnose(
    makeSource(
      "test.ein",
      `kernel k(X: u8[H, W], Z: i32[N], A: f32[N]) -> c: i32[256], y: i32 where H >= 1, W >= 1 { ${body} }`,
    ),
  ).map((d) => d.code);

const histogram = "let h[v in 0..256] = sum[y0, x | i32(X[y0, x]) == v](1);";

test.each([
  ["a running sum of counts", `${histogram} c[v] = sum[k in 0..256 | k <= v](h[k]); y = 0;`],
  ["all counts", `${histogram} c[v] = 0; y = sum[v in 0..256](h[v]);`],
  [
    "counted conditions",
    "let h[v in 0..256] = sum[y0, x](X[y0, x] == v); c[v] = sum[k in 0..256 | k <= v](h[k]); y = 0;",
  ],
  ["choices", "let h[v in 0..256] = sum[y0, x](v == X[y0, x] ? 1 : 0); c[v] = sum[k in 0..256 | k <= v](h[k]); y = 0;"],
  [
    "under further conditions, along one dim of two",
    "let h[u in 0..4, v in 0..256] = sum[y0, x | x % 4 == u && X[y0, x] == v](1); c[v] = sum[k in 0..256 | k <= v](h[1, k]); y = 0;",
  ],
])("%s fit", (_, body) => {
  expect(codes(body)).toEqual([]);
});

test.each([
  // Each point counts for many v.
  [
    "other relations",
    "let h[v in 0..256] = sum[y0, x | X[y0, x] <= v](1); c[v] = sum[k in 0..256 | k <= v](h[k]); y = 0;",
  ],
  [
    "what the index chooses",
    "let h[v in 0..256] = sum[y0, x | X[y0, x] * v == v](1); c[v] = sum[k in 0..256 | k <= v](h[k]); y = 0;",
  ],
  // One element, many times.
  ["one element again and again", `${histogram} c[v] = sum[k in 0..256](h[k div 256]); y = 0;`],
  ["all rows at once", `${histogram} c[v] = sum[k in 0..256, i in 0..256](h[k]); y = 0;`],
  ["weights", `${histogram} c[v] = sum[k in 0..256](h[k] * 2); y = 0;`],
  ["a padded dim", `${histogram} c[v] = sum[k in 0..1000](h[k] pad edge); y = 0;`],
  [
    "a diagonal",
    "let h[u in 0..256, v in 0..256] = sum[y0, x | X[y0, x] == v && x >= u](1); c[v] = sum[k in 0..256](h[k, k]); y = 0;",
  ],
  [
    "a domain that depends on the index",
    "let h[v in 0..256] = sum[y0, x, z in 0..v | X[y0, x] + z == v](1); c[v] = sum[k in 0..256](h[k]); y = 0;",
  ],
])("%s do not", (_, body) => {
  expect(codes(body)).toContain("E2101");
});
