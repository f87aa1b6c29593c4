/**
 * compiler/ir/error-scale.ts for derived operations: a result as far off as its row allows passes `within 2 ulp` wherever it
 * is, and one that is much further does not; a remainder is in doubt where it jumps.
 */
import { describe, expect, test } from "vitest";
import type { DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS, REFERENCE_ULPS } from "../../compiler/ir/derived-ops.ts";
import { roundToDType, ulp } from "../../compiler/ir/dtype.ts";
import { exactly, measureFloat, smallestSubnormal } from "../../compiler/ir/error-scale.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { workingPair } from "../support/math-samples.ts";

const SEED = 8;

/** What `within 2 ulp` allows. */
const allowed = (error: number, format: "f32" | "f64"): number => 2 * Math.max(2 * error, smallestSubnormal(format));

describe.each(["f32", "f64"] as const)(`%s, seed ${SEED}`, (format) => {
  test.each(DERIVED_NAMES)("%s", (op) => {
    const row: DerivedRow = DERIVED_OPS[op];
    const random = makeRandom(SEED);
    for (let n = 0; n < 300; n++) {
      const operands = workingPair(op, format, random).slice(0, row.arity);
      const result = roundToDType(format, row.reference(operands[0] ?? 0, operands[1] ?? 0));
      if (!Number.isFinite(result)) continue;
      const f = (a = 0, b = 0): number => row.reference(a, b);
      const { error } = measureFloat(op, format, f, operands.map(exactly), result);
      const unit = ulp(format, result);
      const own = format === "f64" && op !== "fmod" ? REFERENCE_ULPS : 0;
      // Just above a power of two an ulp is largest beside its number, and as large as the row's promise has it.
      expect(allowed(error, format) / unit, `${op}(${operands.join(", ")})`).toBeGreaterThanOrEqual(
        row.ulps[format] + own,
      );
      expect(allowed(error, format) / unit).toBeLessThanOrEqual(2 * Math.max(2, row.ulps[format] + own));
    }
  });
});

/** Of fmod(x, 3), where x has an error. */
function doubt(x: number, error: number): number {
  const dividend = { value: x, error, doubt: 0 };
  return measureFloat("fmod", "f32", (a = 0, b = 0) => a % b, [dividend, exactly(3)], x % 3).doubt;
}

test("fmod is in doubt beside a multiple of its divisor, and at one", () => {
  expect(doubt(6, 0)).toBe(0);
  expect(doubt(6, 1e-6)).toBe(Infinity);
  expect(doubt(6.1, 1e-6)).toBeCloseTo(2e-5, 7);
  expect(doubt(5.9, 1e-6)).toBeCloseTo(2e-5, 7);
  expect(doubt(1e-6, 1e-6)).toBeLessThan(1e-5);
});
