/** Results that a device cannot give back are refused with a code, not by the end of the process. */
import { expect, test } from "vitest";
import { compile } from "../../runtime/node/index.ts";
import { refusalText } from "../support/refusal.ts";

test("the interpreter names the output and its limit", async () => {
  const { big } = await compile("export kernel big<N: dim>(a: f32) -> Y: f32[N] { Y[i] = a; }", { target: "interp" });
  const text = refusalText(() => big?.({ a: 1, N: 2 ** 31 - 1 }));
  expect(text).toContain("E6307");
  expect(text).toContain("Y has 2147483647 elements");
  expect(big?.({ a: 1, N: 3 })["Y"]?.toArray()).toEqual([1, 1, 1]);
});
