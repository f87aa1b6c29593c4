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
  /** |got - expected| in the unit of the tolerance; infinite where no tolerance helps. */
  readonly distance: number;
};

export type Comparison = {
  readonly equal: boolean;
  readonly mismatches: number;
  readonly first: Mismatch | null;
  /** The least amount with which all floats would pass, excused ones left out: in ulp the largest |got - ref| / max(2e, smallest subnormal). */
  readonly largest: number;
  /** Elements that pass only because of a doubt. */
  readonly excused: number;
};

/** `within 2 ulp`, `within 1e-5 rel`, `within 0.1 abs`: the unit is max(2e, smallest subnormal), |ref| or 1. */
export type Tolerance = { readonly amount: number; readonly unit: "ulp" | "rel" | "abs" };

/**
 * Compares two arrays of one dtype and shape; `tolerance` alone is a number of ulp; `subnormals` is that of the target's
 * capabilities. What a doubt excuses does not depend on the unit: rel and abs doubt as 2 ulp do.
 */
export function compareToReference(
  got: NDArray,
  ref: NDArray,
  errors: ErrorScale,
  tolerance: number | Tolerance,
  subnormals = true,
): Comparison {
  invariant(got.dtype === ref.dtype, `comparing ${got.dtype} with ${ref.dtype}`);
  invariant(got.shape.join() === ref.shape.join(), `comparing [${got.shape.join()}] with [${ref.shape.join()}]`);
  const { amount, unit: kind } = typeof tolerance === "number" ? { amount: tolerance, unit: "ulp" } : tolerance;
  const doubtFrom = 1 / (kind === "ulp" ? amount : 2);
  let mismatches = 0;
  let first: Mismatch | null = null;
  let largest = 0;
  let excused = 0;
  for (const [k, expected] of ref.data.entries()) {
    const found = known(got.data[k], "element");
    const least = isFloat(ref.dtype) ? leastUnit(ref.dtype, subnormals) : 0;
    const ulps = isFloat(ref.dtype) ? Math.max(2 * (errors.error[k] ?? 0), least) : 0;
    const unit = kind === "ulp" || ulps === 0 ? ulps : kind === "rel" ? Math.abs(Number(expected)) : 1;
    // What a target flushes to zero is no error, in whatever unit.
    const spared = kind === "ulp" || subnormals ? 0 : least;
    const distance = distanceOf(found, expected, unit, spared);
    if (distance > amount && (errors.doubt[k] ?? 0) >= doubtFrom) {
      excused++;
      continue;
    }
    largest = Math.max(largest, distance);
    if (distance <= amount) continue;
    mismatches++;
    first ??= { at: subscriptsOf(k, ref.shape), got: found, expected, tolerance: amount * unit, distance };
  }
  return { equal: mismatches === 0, mismatches, first, largest, excused };
}

/** Halves are computed in f32, so that flushing spares the subnormal numbers of f16. */
function leastUnit(dtype: FloatDType, subnormals: boolean): number {
  return Math.max(smallestSubnormal(dtype), subnormals ? 0 : 2 ** DTYPES.f32.minExponent);
}

/** In units of the tolerance; infinite where no tolerance helps; 0 up to `spared`. */
function distanceOf(got: ConstValue, expected: ConstValue, unit: number, spared: number): number {
  if (got === expected) return 0;
  if (typeof got !== "number" || typeof expected !== "number") return Infinity;
  if (Number.isNaN(got) && Number.isNaN(expected)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(expected)) return Infinity;
  const apart = Math.abs(got - expected);
  if (apart <= spared) return 0;
  return unit > 0 ? apart / unit : Infinity;
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
