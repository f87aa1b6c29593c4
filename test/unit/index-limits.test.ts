/** Calls whose dims let index arithmetic leave 32 bits are refused before they run. */
import { expect, test } from "vitest";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { refusalText } from "../support/refusal.ts";

test("a product of an index past 2^31 is refused, a smaller one runs", async () => {
  const { far } = await compile("export kernel far(A: f32[N]) -> C: f32[N] { C[i] = A[(i * 99999) div 100000]; }");
  const small = far?.({ A: Tensor.iota([500]) })["C"];
  expect(small?.data[499]).toBe(498);
  const text = refusalText(() => far?.({ A: Tensor.iota([50_000]) }));
  expect(text).toContain("E6210");
  expect(text).toContain("4999850001");
});

test.each([
  ["powers", "A[i * i * i] pad wrap", 2003, 1290],
  ["a factor", "A[i * 1000000000 + 7] pad mirror", 4, 3],
  ["a value", "f32(N * N + i) + A[i]", 50_000, 40_000],
])("%s", async (_, body, large, small) => {
  const { k } = await compile(`export kernel k(A: f32[N]) -> C: f32[N] where N >= 2 { C[i] = ${body}; }`, {
    target: "wasm",
  });
  expect(refusalText(() => k?.({ A: Tensor.zeros([large]) }))).toContain("E6210");
  expect(k?.({ A: Tensor.zeros([small]) })["C"]?.size).toBe(small);
});
