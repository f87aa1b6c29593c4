/**
 * Single elements of an array in memory: what a number looks like in each dtype's typed array (dtype.ts, `ARRAYS`). f16
 * and bf16 are bit patterns; elements below a byte are packed, the first in the low bits. For tools that look at values:
 * printing, nested arrays, the reference interpreter. A kernel's loop never comes here.
 */
import { invariant, known } from "../support/invariant.ts";
import { bf16FromBits, bf16ToBits, DTYPES, f16FromBits, f16ToBits } from "./dtype.ts";
import type { AnyArray, DType } from "./dtype.ts";

/** A value of any dtype: i64 and u64 are bigints, all others numbers, bool 0 or 1. */
export type Scalar = number | bigint;

/** Element `index` of a row-major array; f16 and bf16 come back as the numbers they stand for. */
export function readElement(dtype: DType, array: AnyArray, index: number): Scalar {
  if (DTYPES[dtype].storageBits < 8) return readPacked(dtype, array, index);
  const stored = known(array[index], `element ${index} of ${array.length}`);
  if (dtype === "f16") return f16FromBits(Number(stored));
  if (dtype === "bf16") return bf16FromBits(Number(stored));
  return stored;
}

/** Stores a value that is already one of `dtype` (`roundToDType`); f16 and bf16 round to nearest. */
export function writeElement(dtype: DType, array: AnyArray, index: number, value: Scalar): void {
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    array[index] = BigInt(value);
    return;
  }
  const x = Number(value);
  if (dtype === "f16") array[index] = f16ToBits(x);
  else if (dtype === "bf16") array[index] = bf16ToBits(x);
  else if (DTYPES[dtype].storageBits < 8) writePacked(dtype, array, index, x);
  else array[index] = x;
}

/** Where a packed element lies: its byte, the shift of its lowest bit, and the mask of its width. */
function packedAt(
  dtype: DType,
  index: number,
): { readonly byte: number; readonly shift: number; readonly mask: number } {
  const { bits } = DTYPES[dtype];
  const perByte = 8 / bits;
  return { byte: Math.floor(index / perByte), shift: (index % perByte) * bits, mask: 2 ** bits - 1 };
}

function readPacked(dtype: DType, array: AnyArray, index: number): number {
  const { byte, shift, mask } = packedAt(dtype, index);
  const unsigned = (Number(known(array[byte], `byte ${byte} of ${array.length}`)) >> shift) & mask;
  const { bits, signed } = DTYPES[dtype];
  return signed && unsigned >> (bits - 1) === 1 ? unsigned - 2 ** bits : unsigned;
}

function writePacked(dtype: DType, array: AnyArray, index: number, value: number): void {
  invariant(array instanceof Uint8Array, "packed elements live in bytes");
  const { byte, shift, mask } = packedAt(dtype, index);
  array[byte] = ((array[byte] ?? 0) & ~(mask << shift)) | ((value & mask) << shift);
}
