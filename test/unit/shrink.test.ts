/** What random testing hands to people: failing programs made small, and programs that a seed gives again. */
import { expect, test } from "vitest";
import { randomKernel } from "../support/random-kernel.ts";
import { readKernel } from "../support/read-kernel.ts";
import { shrink } from "../support/shrink.ts";

const SOURCE = `
fn unused(x: f32) -> f32 = x;
export kernel main(X: f32[M, N], Y: f32[N], p: i32[N]) -> A: f32[M, N], B: f32[N] where N >= 1, M >= 2 {
  let t[i, j] = X[i, j] * Y[j] + sum[k](X[i, k] * 2.0);
  A[i, j] = j > 0 ? tanh(t[i, j] - 1.0) : Y[j];
  B[j] = max(Y[j], f32(p[j]));
}
`;

const fails = (text: string): boolean => text.includes("tanh(") && "kernel" in readKernel(text);

test("a program keeps what it fails for and little else", async () => {
  const small = await shrink(SOURCE, fails, 20_000);
  expect(fails(small)).toBe(true);
  expect(small).not.toMatch(/unused|B\[|sum|\?/);
  expect(small.length).toBeLessThan(SOURCE.length / 3);
});

test("a program that nothing can be taken from stays", async () => {
  expect(await shrink(SOURCE, (text) => text === SOURCE, 5_000)).toBe(SOURCE);
});

test("one seed, one kernel", () => {
  const [a, b] = [randomKernel(77), randomKernel(77)];
  expect(a.source).toBe(b.source);
  expect(randomKernel(78).source).not.toBe(a.source);
});
