/** Half to even, over the whole range of doubles: what C, WASM and IEEE mean by rounding to an integral value. */
import { expect, test } from "vitest";
import { roundHalfEven } from "../../compiler/ir/ops.ts";

test("halves go to the even neighbour, at every magnitude that has them", () => {
  for (let e = 0; e <= 51; e++) {
    const even = 2 ** e * 2;
    if (even + 0.5 > 2 ** 52) break;
    for (const base of [even, even + 1]) {
      const x = base + 0.5;
      const want = base % 2 === 0 ? base : base + 1;
      expect(roundHalfEven(x), String(x)).toBe(want);
      expect(roundHalfEven(-x), String(-x)).toBe(-want);
    }
  }
  // The largest double with a half.
  expect(roundHalfEven(2 ** 52 - 0.5)).toBe(2 ** 52);
  expect(roundHalfEven(2 ** 51 + 0.5)).toBe(2 ** 51);
  expect(roundHalfEven(2 ** 51 + 1.5)).toBe(2 ** 51 + 2);
});

test("zeros keep their sign, whole numbers, infinities and NaN stay", () => {
  for (const x of [0, -0, 2 ** 52, 2 ** 53 + 2, -(2 ** 60), Infinity, -Infinity, Number.NaN])
    expect(roundHalfEven(x)).toBe(x);
  expect(roundHalfEven(0.5)).toBe(0);
  expect(roundHalfEven(-0.5)).toBe(-0);
  expect(roundHalfEven(-0.2)).toBe(-0);
  expect(roundHalfEven(0.5000000000000001)).toBe(1);
});
