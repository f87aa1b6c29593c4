/** Where refused proofs point: at the subscript, the divisor, the operation; and what they say is needed there. */
import { expect, test } from "vitest";
import { makeSource, spanText } from "../../compiler/support/source.ts";
import { diagnose } from "../diagnostics/diagnose.ts";

/** The code, the text under the primary span and its label of each error. */
function places(body: string): readonly string[] {
  const head = "kernel k<h: int = 3>(E: f32[V], G: f32[V, V], ids: i32[N], b: u8[N], X: f32[N], s: i32) -> Y: f32[N]";
  const text = `fn twice(x: i32) -> i32 = wrapping_mul(x, 2); ${head} { ${body} }`;
  return diagnose(makeSource("test.ein", text)).map(
    (d) => `${d.code} ${d.span === null ? "" : spanText(d.span)}: ${d.label ?? ""}`,
  );
}

const notes = (body: string): readonly string[] =>
  diagnose(makeSource("test.ein", `kernel k(X: f32[N], Z: f32[4]) -> y: f32 { y = ${body}; }`)).flatMap((d) => d.notes);

test("a counterexample names something, or is not there", () => {
  expect(notes("Z[4]")).toEqual([]);
  expect(notes("X[-1]")).toEqual([]);
  expect(notes("X[2]")).toEqual(["counterexample: N=1 gives index 2"]);
});

test("the argument of a call is called by its text", () => {
  const text = `kernel pick(E: f32[V], ids: i32[N] in 0..V) -> Y: f32[N] { Y[n] = E[ids[n]]; }
    kernel k(E: f32[V], rows: i32[N]) -> Y: f32[N] { Y = pick(E, rows); }`;
  const [only] = diagnose(makeSource("test.ein", text));
  expect([only?.code, only?.label, only?.help[0]]).toEqual([
    "E2106",
    "needs 0 <= rows < V",
    "declare the values of the parameter: rows: i32[…] in 0..V",
  ]);
});

test.each([
  ["Y[n] = E[ids[n]];", "E2003 ids[n]: needs 0 <= ids[n] < V"],
  ["Y[n] = 2.0 * E[b[n]];", "E2003 b[n]: needs b[n] < V"],
  ["Y[n] = E[b[n] % 7 + 1];", "E2003 b[n] % 7 + 1: needs b[n] % 7 + 1 < V"],
  ["Y[n] = E[max(ids[n], 0)];", "E2003 max(ids[n], 0): needs max(ids[n], 0) < V"],
  ["let k[n] = ids[n] % 10; Y[n] = E[k[n]];", "E2003 k[n]: needs k[n] < V"],
  ["Y[n] = E[sat_i32(floor(X[n]))];", "E2003 sat_i32(floor(X[n])): needs 0 <= sat_i32(floor(X[n])) < V"],
  ["Y[n] = let j = sat_i32(X[n]) in E[j];", "E2003 j: needs 0 <= j < V"],
  ["Y[n] = G[0, s];", ["E2003 0: needs 0 < V", "E2003 s: needs 0 <= s < V"]],
  ["Y[n] = n < V ? G[n, n + 1] : 0.0;", "E2003 n + 1: needs n + 1 < V"],
  ["Y[n] = V == 0 ? 0.0 : E[0] + E[3];", "E2003 3: needs 3 < V"],
  ["Y[n] = E[twice(ids[n])];", "E2003 twice(ids[n]): needs 0 <= twice(ids[n]) < V"],
  ["Y[n] = E[ids[n] > 0 ? ids[n] : 0];", "E2003 ids[n] > 0 ? ids[n] : 0: needs (ids[n] > 0 ? ids[n] : 0) < V"],
  ["Y[n] = sum[k in 0..3 | k < b[n]](E[k + b[n]]);", "E2003 k + b[n]: needs k + b[n] < V"],
  ["Y[n] = f32(b[n] % (s - s));", "E2102 s - s: s - s is 0"],
  ["Y[n] = f32(b[n] div s);", "E2102 s: needs s != 0"],
  ["Y[n] = f32(b[n] % 0);", "E2102 0: the divisor"],
  ["Y[n] = f32(n % (h - 3));", "E2102 h - 3: h - 3 is 0"],
])("%s", (body, expected) => {
  expect(places(body)).toEqual([expected].flat());
});
