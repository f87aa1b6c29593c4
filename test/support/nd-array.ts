/**
 * Arrays for tests of interpreters: from nested lists of numbers, and back.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES, roundToDType } from "../../compiler/ir/dtype.ts";
import type { ConstValue } from "../../compiler/ir/expr.ts";
import type { NDArray } from "../../compiler/ir/values.ts";

type Nested = ConstValue | readonly Nested[];

/** `array("f32", [[1, 2], [3, 4]])`; values are rounded to the dtype. `shape` is needed where an extent is 0. */
export function array(dtype: DType, nested: Nested, shape: readonly number[] = shapeOf(nested)): NDArray {
  const data = flatten(nested).map((x) => (typeof x === "boolean" ? x : roundToDType(dtype, x)));
  return { dtype, shape, data };
}

function shapeOf(nested: Nested): readonly number[] {
  if (typeof nested !== "object") return [];
  const [first] = nested;
  return [nested.length, ...(first === undefined ? [] : shapeOf(first))];
}

function flatten(nested: Nested): readonly ConstValue[] {
  return typeof nested === "object" ? nested.flatMap(flatten) : [nested];
}

/** Pseudo-random array: small integers for ints, [-2, 2) for floats. */
export function randomArray(dtype: DType, shape: readonly number[], seed: number): NDArray {
  let state = (seed * 2654435761 + 1) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const count = shape.reduce((n, extent) => n * extent, 1);
  const row = DTYPES[dtype];
  const data = Array.from({ length: count }, () => {
    if (row.kind === "bool") return next() < 0.5;
    if (row.kind === "float") return roundToDType(dtype, next() * 4 - 2);
    return roundToDType(dtype, Math.floor(next() * 8) - (row.signed ? 4 : 0));
  });
  return { dtype, shape, data };
}
