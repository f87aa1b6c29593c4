/**
 * Shapes of tensors: checking them, counting their elements, allocating their memory. A dim is a whole number in
 * 0..2^31, the fact that the prover builds on; a tensor has at most 32 dims, as in NumPy.
 */
import { ARRAYS, byteLength, DTYPES } from "../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../compiler/ir/dtype.ts";
import { RANK_LIMIT } from "../compiler/ir/equations.ts";
import { refuse } from "./refuse.ts";

/** Row-major: the last dim is the innermost. `[]` is a scalar. */
export type Shape = readonly number[];

export const MAX_DIMS = RANK_LIMIT;
const MAX_DIM = 2 ** 31 - 1;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** `f32[2, 3]`, as the language writes it. */
export function typeText(dtype: DType, shape: Shape): string {
  return shape.length === 0 ? dtype : `${dtype}[${shape.join(", ")}]`;
}

/** What is wrong with a shape, as the end of a sentence; null where nothing is. */
export function shapeFault(dtype: DType, shape: Shape): string | null {
  if (shape.length > MAX_DIMS) return `has ${shape.length} dims; a tensor has at most ${MAX_DIMS}`;
  for (const [i, dim] of shape.entries()) {
    if (Number.isInteger(dim) && dim >= 0 && dim <= MAX_DIM) continue;
    return `has ${String(dim)} as dim ${i}; a dim is a whole number in 0..2147483648`;
  }
  if (byteLength(dtype, elementCount(shape)) > MAX_BYTES) return "has more elements than a computer can address";
  return null;
}

/** Number of elements of a legal shape; 1 for a scalar. It cannot overflow: 32 dims stay below 2^992. */
export function elementCount(shape: Shape): number {
  return shape.reduce((count, dim) => count * dim, 1);
}

/** Stops with E6001 unless it is a legal shape; gives a frozen copy. */
export function legalShape(dtype: DType, shape: Shape): Shape {
  const fault = Array.isArray(shape) ? shapeFault(dtype, shape) : "is not an array of dims";
  if (fault === null) return Object.freeze([...shape]);
  if (Array.isArray(shape))
    return refuse("E6001", `the shape [${shape.slice(0, MAX_DIMS).map(String).join(", ")}] ${fault}`);
  const help = typeof shape === "number" ? [`write [${String(shape)}] for one dim`] : [];
  return refuse("E6001", `the shape ${String(shape)} ${fault}`, { help });
}

/** Length of the typed array that holds `count` elements. */
export function arrayLength(dtype: DType, count: number): number {
  return DTYPES[dtype].storageBits < 8 ? byteLength(dtype, count) : count;
}

/** How many elements a typed array of this length holds: the inverse of `arrayLength`, but for a last byte in part used. */
export function elementsHeld(dtype: DType, length: number): number {
  const { storageBits } = DTYPES[dtype];
  return storageBits < 8 ? (length * 8) / storageBits : length;
}

/** A new zeroed array for a legal shape; E6006 where the machine has no room for it. */
export function allocate<D extends DType>(dtype: D, shape: Shape): (typeof ARRAYS)[D]["prototype"];
export function allocate(dtype: DType, shape: Shape): AnyArray {
  const count = elementCount(shape);
  try {
    return new ARRAYS[dtype](arrayLength(dtype, count));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(
      "E6006",
      `${typeText(dtype, shape)} needs ${byteLength(dtype, count)} bytes, which this machine does not give`,
    );
  }
}

/** `[1, 0]`: where the element at a row-major position lies. */
export function placeText(shape: Shape, position: number): string {
  const place: number[] = [];
  let rest = position;
  for (const dim of shape.toReversed()) {
    place.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return `[${place.join(", ")}]`;
}
