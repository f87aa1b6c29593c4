/**
 * Does a result agree with the reference? Per element: integers and bools are equal; floats satisfy |got - ref| <= n · max(2e,
 * smallest subnormal) with the error scale e of error-scale.ts (the smallest normal f32 where subnormal numbers may be
 * flushed to zero); infinities and NaNs meet their like. An element that
 * depends on a comparison, a rounding or a position which errors of that size could turn (n · doubt >= 1) may have any value;
 * such elements are counted, so that a caller can see when a test decides nothing.
 */
import { invariant, known } from "../support/invariant.ts";
import type { FloatDType } from "./dtype.ts";
import { DTYPES, isFloat } from "./dtype.ts";
import { smallestSubnormal } from "./error-scale.ts";
import type { ConstValue } from "./expr.ts";
import type { ErrorScale } from "./interpret-equations.ts";
import type { NDArray } from "./values.ts";

export type Mismatch = {
  readonly at: readonly number[];
  readonly got: ConstValue;
  readonly expected: ConstValue;
  /** Largest |got - expected| that would pass; 0 for what must be equal. */
  readonly tolerance: number;
};

export type Comparison = {
  readonly equal: boolean;
  readonly mismatches: number;
  readonly first: Mismatch | null;
  /** The least n with which all floats would pass: the largest |got - ref| / max(2e, smallest subnormal), excused ones left out. */
  readonly largest: number;
  /** Elements that pass only because of a doubt. */
  readonly excused: number;
};

/**
 * Compares two arrays of one dtype and shape; `n` is the tolerance in ulp of the language's `within n ulp`, `subnormals` that
 * of the target's capabilities.
 */
export function compareToReference(
  got: NDArray,
  ref: NDArray,
  errors: ErrorScale,
  n: number,
  subnormals = true,
): Comparison {
  invariant(got.dtype === ref.dtype, `comparing ${got.dtype} with ${ref.dtype}`);
  invariant(got.shape.join() === ref.shape.join(), `comparing [${got.shape.join()}] with [${ref.shape.join()}]`);
  let mismatches = 0;
  let first: Mismatch | null = null;
  let largest = 0;
  let excused = 0;
  for (const [k, expected] of ref.data.entries()) {
    const found = known(got.data[k], "element");
    const unit = isFloat(ref.dtype) ? Math.max(2 * (errors.error[k] ?? 0), leastUnit(ref.dtype, subnormals)) : 0;
    const distance = distanceOf(found, expected, unit);
    if (distance > n && n * (errors.doubt[k] ?? 0) >= 1) {
      excused++;
      continue;
    }
    largest = Math.max(largest, distance);
    if (distance <= n) continue;
    mismatches++;
    first ??= { at: subscriptsOf(k, ref.shape), got: found, expected, tolerance: n * unit };
  }
  return { equal: mismatches === 0, mismatches, first, largest, excused };
}

/** Halves are computed in f32, so that flushing spares the subnormal numbers of f16. */
function leastUnit(dtype: FloatDType, subnormals: boolean): number {
  return Math.max(smallestSubnormal(dtype), subnormals ? 0 : 2 ** DTYPES.f32.minExponent);
}

/** In units of the tolerance; infinite where no tolerance helps. */
function distanceOf(got: ConstValue, expected: ConstValue, unit: number): number {
  if (got === expected) return 0;
  if (typeof got !== "number" || typeof expected !== "number") return Infinity;
  if (Number.isNaN(got) && Number.isNaN(expected)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(expected)) return Infinity;
  return unit > 0 ? Math.abs(got - expected) / unit : Infinity;
}

function subscriptsOf(element: number, shape: readonly number[]): readonly number[] {
  let rest = element;
  return shape
    .toReversed()
    .map((extent) => {
      const n = rest % extent;
      rest = Math.floor(rest / extent);
      return n;
    })
    .toReversed();
}
