/** A subscript that is named by a `let` in a vector loop differs from lane to lane like the expression that it names. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { expectClose, numbers, random, randomInts, runKernel, at } from "../support/standard.ts";

afterAll(close);

describe("a read at what a let names", () => {
  const X = random([40], 1);
  const P = randomInts([23], 2, [0, 17]);

  test.each([
    ["X[j] - X[j + 1]", (i: number) => at(X, at(P, i)) - at(X, at(P, i) + 1)],
    ["X[i + j] + 2.0 * X[j]", (i: number) => at(X, i + at(P, i)) + 2 * at(X, at(P, i))],
    ["X[i - j + 17] + 2.0 * X[j]", (i: number) => at(X, i - at(P, i) + 17) + 2 * at(X, at(P, i))],
  ] as const)("%s", async (value, want) => {
    const text = `kernel f(X: f32[40], P: i32[23] in 0..17) -> Y: f32[23] { Y[i] = let j = P[i] in ${value}; }`;
    const Y = (await runKernel(text, "let.ein", "f", { X, P }))("Y");
    expectClose(Y, numbers([23], want), 1e-6);
    expect(Y.data).toHaveLength(23);
  });
});
