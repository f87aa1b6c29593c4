/** compiler/support/typos.ts */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, editDistance } from "../../compiler/support/typos.ts";

describe("didYouMean", () => {
  it.each([
    ["mattmul", ["conv2d", "matmul", "matmul_t"], "matmul"],
    ["softmax", ["softmin", "softmax2"], "softmax2"],
    ["relu", ["RELU", "rely"], "RELU"],
    ["vectorise", ["vectorize", "unroll"], "vectorize"],
    ["unrol", ["unroll", "tile"], "unroll"],
    ["teh", ["the", "ten"], "the"],
    ["w1", ["w2", "w3"], "w2"],
    ["x", ["y", "z"], null],
    ["acc", ["mean", "beta"], null],
    ["anything", [], null],
  ])("%s of %j is %s", (name, candidates, expected) => {
    expect(didYouMean(name, candidates)).toBe(expected);
  });

  it("never answers with the name itself", () => {
    expect(didYouMean("abc", ["abc"])).toBe(null);
  });
});

describe("editDistance", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });

  it("is symmetric, zero on equal words, and bounded by the longer one", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it.each([
    ["kitten", "sitting", 3],
    ["ab", "ba", 1],
    ["", "abc", 3],
    ["matmul", "mtamul", 1],
  ])("%s to %s is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });
});
