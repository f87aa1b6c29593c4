/**
 * Rounding to a dtype: no neighbour is nearer to the exact value, and what is a value already stays as it is. fast-check
 * prints the seed of a failure; all ties of the 16-bit floats are in test/unit/dtype.test.ts.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DTYPE_NAMES, DTYPES, holds, isFloat, roundToDType } from "../../compiler/ir/dtype.ts";

describe("rounding", () => {
  const floats = DTYPE_NAMES.filter((dtype) => isFloat(dtype));

  it("of a bigint to a float is rounding the exact quotient: no neighbour is nearer", () => {
    fc.assert(
      fc.property(fc.constantFrom(...floats), fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }), (dtype, value) => {
        if (!isFloat(dtype)) return;
        const rounded = roundToDType(dtype, value);
        fc.pre(Number.isFinite(rounded));
        const distance = (x: number): bigint => (BigInt(x) > value ? BigInt(x) - value : value - BigInt(x));
        const row = DTYPES[dtype];
        const unit = 2 ** (Math.max(0, Math.floor(Math.log2(Math.abs(rounded) || 1))) - row.significandBits + 1);
        for (const neighbour of [rounded - unit / 2, rounded + unit / 2, rounded - unit, rounded + unit]) {
          // Half a unit down is a neighbour only below a power of two; where it is none it rounds to one.
          const other = roundToDType(dtype, neighbour);
          if (Number.isInteger(other)) expect(distance(other) >= distance(rounded)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("of what holds says it holds never fails, and gives a value that holds", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DTYPE_NAMES),
        fc.oneof(fc.double(), fc.bigInt(), fc.integer({ min: -300, max: 300 })),
        (dtype, value) => {
          fc.pre(holds(dtype, value));
          const rounded = roundToDType(dtype, value);
          expect(holds(dtype, rounded)).toBe(true);
          expect(Object.is(roundToDType(dtype, rounded), rounded)).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
