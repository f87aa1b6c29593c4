/** Which C type holds what: registers by element type, buffers by dtype. Half floats are their bits, bools are bytes. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Elem } from "../../compiler/ir/machine.ts";

export const ELEM_TYPES = {
  bool: "bool",
  i32: "int32_t",
  u32: "uint32_t",
  i64: "int64_t",
  u64: "uint64_t",
  f32: "float",
  f64: "double",
} as const satisfies Record<Elem, string>;

/** Null: a dtype whose elements are packed below a byte, which an array of C cannot hold. */
export const STORAGE_TYPES = {
  bool: "uint8_t",
  i8: "int8_t",
  u8: "uint8_t",
  i16: "int16_t",
  u16: "uint16_t",
  i32: "int32_t",
  u32: "uint32_t",
  i64: "int64_t",
  u64: "uint64_t",
  f16: "uint16_t",
  bf16: "uint16_t",
  f32: "float",
  f64: "double",
  i4: null,
  u4: null,
  i2: null,
  u2: null,
  u1: null,
} as const satisfies Record<DType, string | null>;

export type CType = (typeof ELEM_TYPES)[Elem] | NonNullable<(typeof STORAGE_TYPES)[DType]>;

/** `sizeof`, as every target of C99 that we mean has it. */
export const C_BYTES: Readonly<Record<CType, number>> = {
  bool: 1,
  int8_t: 1,
  uint8_t: 1,
  int16_t: 2,
  uint16_t: 2,
  int32_t: 4,
  uint32_t: 4,
  int64_t: 8,
  uint64_t: 8,
  float: 4,
  double: 8,
};
