/**
 * Elements in memory, one row per dtype: how one is loaded and stored, and how four neighbours are. Four narrow elements
 * are loaded by one widening load and stored packed in the low bytes of a vector. Alignment is only a hint, and no access
 * hints more than its element.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPE_NAMES } from "../../compiler/ir/dtype.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import type { Module, Ref } from "./load-binaryen.ts";

/** Bytes from one element to the next. */
export type ElementBytes = 1 | 2 | 4 | 8;

type Load = (m: Module, offset: number, address: Ref) => Ref;
type Store = (m: Module, offset: number, address: Ref, value: Ref) => Ref;

export type ElementRow = {
  readonly bytes: ElementBytes;
  readonly load: Load;
  readonly store: Store;
  /** Four elements as a vector of 32-bit lanes; null for 64-bit elements. */
  readonly load4: Load | null;
  /** Puts the elements of a vector of 32-bit lanes side by side in its low 4 * bytes. */
  readonly pack4: ((m: Module, value: Ref) => Ref) | null;
};

const packWords = (m: Module, v: Ref): Ref => m.i16x8.narrow_i32x4_s(v, m.v128.const(ZERO));
const packUnsignedWords = (m: Module, v: Ref): Ref => m.i16x8.narrow_i32x4_u(v, m.v128.const(ZERO));
const ZERO = new Uint8Array(16);

const unsignedByte: ElementRow = {
  bytes: 1,
  load: (m, offset, at) => m.i32.load8_u(offset, 1, at),
  store: (m, offset, at, v) => m.i32.store8(offset, 1, at, v),
  load4: (m, offset, at) => m.i32x4.extend_low_i16x8_u(m.i16x8.extend_low_i8x16_u(m.v128.load32_zero(offset, 1, at))),
  pack4: (m, v) => m.i8x16.narrow_i16x8_u(packWords(m, v), m.v128.const(ZERO)),
};

const unsignedWord: ElementRow = {
  bytes: 2,
  load: (m, offset, at) => m.i32.load16_u(offset, 2, at),
  store: (m, offset, at, v) => m.i32.store16(offset, 2, at, v),
  load4: (m, offset, at) => m.v128.load16x4_u(offset, 2, at),
  pack4: packUnsignedWords,
};

const word32: ElementRow = {
  bytes: 4,
  load: (m, offset, at) => m.i32.load(offset, 4, at),
  store: (m, offset, at, v) => m.i32.store(offset, 4, at, v),
  load4: (m, offset, at) => m.v128.load(offset, 4, at),
  pack4: (_, v) => v,
};

const word64: ElementRow = {
  bytes: 8,
  load: (m, offset, at) => m.i64.load(offset, 8, at),
  store: (m, offset, at, v) => m.i64.store(offset, 8, at, v),
  load4: null,
  pack4: null,
};

const ELEMENTS = {
  bool: unsignedByte,
  u8: unsignedByte,
  i8: {
    ...unsignedByte,
    load: (m, offset, at) => m.i32.load8_s(offset, 1, at),
    load4: (m, offset, at) => m.i32x4.extend_low_i16x8_s(m.i16x8.extend_low_i8x16_s(m.v128.load32_zero(offset, 1, at))),
    pack4: (m, v) => m.i8x16.narrow_i16x8_s(packWords(m, v), m.v128.const(ZERO)),
  },
  u16: unsignedWord,
  i16: {
    ...unsignedWord,
    load: (m, offset, at) => m.i32.load16_s(offset, 2, at),
    load4: (m, offset, at) => m.v128.load16x4_s(offset, 2, at),
    pack4: packWords,
  },
  i32: word32,
  u32: word32,
  i64: word64,
  u64: word64,
  f32: {
    ...word32,
    load: (m, offset, at) => m.f32.load(offset, 4, at),
    store: (m, offset, at, v) => m.f32.store(offset, 4, at, v),
  },
  f64: {
    ...word64,
    load: (m, offset, at) => m.f64.load(offset, 8, at),
    store: (m, offset, at, v) => m.f64.store(offset, 8, at, v),
  },
  // Bit patterns; what is computed in between is f32.
  f16: unsignedWord,
  bf16: unsignedWord,
  // Packed storage types have no instruction of their own.
  i4: null,
  u4: null,
  i2: null,
  u2: null,
  u1: null,
} as const satisfies Record<DType, ElementRow | null>;

export function elementRow(dtype: DType): ElementRow {
  const row = ELEMENTS[dtype];
  if (row === null) throw new InternalError(`${dtype} reaches the machine level: passes unpack it before`);
  return row;
}

/** Dtypes that buffers may have; f16 and bf16 are bits in memory, which a pass makes f32 of. */
export const STORAGE: readonly DType[] = DTYPE_NAMES.filter((d) => ELEMENTS[d] !== null);
