/**
 * Elements as the bytes of a file: copied, because a file's bytes are seldom aligned; byte-swapped where file and machine
 * differ; brought from column-major (Fortran) to row-major order where the file says so.
 */
import { ARRAYS, DTYPES } from "../../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../../compiler/ir/dtype.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import type { Shape } from "../shape.ts";

export type ByteOrder = "little" | "big";

const HOST: ByteOrder = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? "little" : "big";

/** The array of a dtype from exactly its bytes, in new memory. */
export function arrayFromBytes(dtype: DType, bytes: Uint8Array, order: ByteOrder): AnyArray {
  const copy = new Uint8Array(bytes);
  if (order !== HOST) swapEach(copy, DTYPES[dtype].bytes);
  return new ARRAYS[dtype](copy.buffer);
}

/** An array's bytes, little-endian, in new memory. */
export function bytesFromArray(dtype: DType, array: AnyArray): Uint8Array {
  const copy = new Uint8Array(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  if (HOST !== "little") swapEach(copy, DTYPES[dtype].bytes);
  return copy;
}

/** Reverses each group of `width` bytes in place. */
function swapEach(bytes: Uint8Array, width: number): void {
  if (width === 1) return;
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Row-major bytes from column-major ones; `width` bytes an element. */
export function rowMajor(bytes: Uint8Array, width: number, shape: Shape): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const strides: number[] = [];
  let stride = width;
  for (const dim of shape) {
    strides.push(stride);
    stride *= dim;
  }
  invariant(stride === bytes.length, "the bytes fill the shape");
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += width) {
    for (let byte = 0; byte < width; byte++) result[to + byte] = known(bytes[from + byte], "a byte of the file");
    // The next index in row-major order, and the place of its element in the file.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = known(strides[axis], "a stride");
      const next = known(index[axis], "an index") + 1;
      from += step;
      index[axis] = next;
      if (next < known(shape[axis], "a dim")) break;
      from -= step * next;
      index[axis] = 0;
    }
  }
  return result;
}
