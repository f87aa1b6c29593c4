/**
 * THE table of dtypes: one row says all that a stage, a target or a file format may ask about an element type, and below
 * it are the functions that follow from a row: ranges, units in the last place, rounding a value to a dtype, bit patterns.
 * The rules of arithmetic and of sums are those of the language reference, §4.8. `i4 u4 i2 u2 u1` are storage types:
 * kept packed, the first element in the low bits, computed with as i32.
 */
import { f16round, getFloat16, setFloat16 } from "@petamoriken/float16";
import { invariant, unreachable } from "../support/invariant.ts";

export type StorageDType = "i4" | "u4" | "i2" | "u2" | "u1";
export type IntDType = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | StorageDType;
export type FloatDType = "f16" | "bf16" | "f32" | "f64";
export type DType = "bool" | IntDType | FloatDType;

/** What the language says about computing with a dtype. */
type Rules = {
  /** What a sum of it accumulates in. An integer sum keeps it; a float sum is rounded once to the summand's dtype. */
  readonly accumulator: DType;
  /** What `+ - *` compute in and give; null where they are not defined. */
  readonly arithmetic: DType | null;
};

/** What other programs call it; null where they have no such type. */
type Names = {
  readonly numpy: string | null;
  /** Type string of an .npy header, without its byte order. It counts bytes: NumPy's `u4` is our u32. */
  readonly npy: string | null;
  /** dtype of a .safetensors header. */
  readonly safetensors: string | null;
};

type Common = Rules &
  Names & {
    /** Width of the value: 1 for bool. */
    readonly bits: number;
    /** Width of an element in memory: 8 for bool; below 8, elements are packed. */
    readonly storageBits: number;
    /** Bytes of one element alone, at least 1; for an array use `byteLength`. */
    readonly bytes: number;
    /** A storage type: values of it are stored, passed on and cast; operations compute with them as i32. */
    readonly storageOnly: boolean;
  };

/** `min` and `max` are inclusive. */
type Whole = Common & { readonly signed: boolean; readonly min: bigint; readonly max: bigint };
export type BoolRow = Whole & { readonly kind: "bool" };
export type IntRow = Whole & { readonly kind: "int" };
export type FloatRow = Common & {
  readonly kind: "float";
  readonly signed: true;
  /** Bits of the significand with the hidden one: 24 for f32. */
  readonly significandBits: number;
  /** The smallest normal number is 2^minExponent: -126 for f32. */
  readonly minExponent: number;
  /** The largest finite number lies in [2^maxExponent, 2^(maxExponent + 1)): 127 for f32. */
  readonly maxExponent: number;
};

const inI32: Rules = { accumulator: "i32", arithmetic: "i32" };
const inItself = (dtype: DType): Rules => ({ accumulator: dtype, arithmetic: dtype });
const names = (numpy: string, npy: string, safetensors: string): Names => ({ numpy, npy, safetensors });
const nowhere: Names = { numpy: null, npy: null, safetensors: null };

function int(bits: number, signed: boolean, rules: Rules, called: Names): IntRow {
  const span = 1n << BigInt(bits);
  const [min, max] = signed ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n];
  const bytes = Math.max(1, bits / 8);
  return { kind: "int", bits, storageBits: bits, bytes, signed, storageOnly: bits < 8, min, max, ...rules, ...called };
}

function float(bits: number, significandBits: number, rules: Rules, called: Names): FloatRow {
  const maxExponent = 2 ** (bits - significandBits - 1) - 1;
  const exponents = { minExponent: 1 - maxExponent, maxExponent };
  const width = { bits, storageBits: bits, bytes: bits / 8, signed: true, storageOnly: false } as const;
  return { kind: "float", ...width, significandBits, ...exponents, ...rules, ...called };
}

const bool: BoolRow = {
  kind: "bool",
  bits: 1,
  storageBits: 8,
  bytes: 1,
  signed: false,
  storageOnly: false,
  min: 0n,
  max: 1n,
  accumulator: "i32",
  arithmetic: null,
  ...names("bool", "b1", "BOOL"),
};

export const DTYPES = {
  bool,
  i8: int(8, true, inI32, names("int8", "i1", "I8")),
  u8: int(8, false, inI32, names("uint8", "u1", "U8")),
  i16: int(16, true, inI32, names("int16", "i2", "I16")),
  u16: int(16, false, inI32, names("uint16", "u2", "U16")),
  i32: int(32, true, inItself("i32"), names("int32", "i4", "I32")),
  u32: int(32, false, inItself("u32"), names("uint32", "u4", "U32")),
  i64: int(64, true, inItself("i64"), names("int64", "i8", "I64")),
  u64: int(64, false, inItself("u64"), names("uint64", "u8", "U64")),
  f16: float(16, 11, { accumulator: "f32", arithmetic: "f16" }, names("float16", "f2", "F16")),
  bf16: float(16, 8, { accumulator: "f32", arithmetic: "bf16" }, { numpy: null, npy: null, safetensors: "BF16" }),
  f32: float(32, 24, inItself("f32"), names("float32", "f4", "F32")),
  f64: float(64, 53, inItself("f64"), names("float64", "f8", "F64")),
  i4: int(4, true, inI32, nowhere),
  u4: int(4, false, inI32, nowhere),
  i2: int(2, true, inI32, nowhere),
  u2: int(2, false, inI32, nowhere),
  u1: int(1, false, inI32, nowhere),
} as const satisfies { readonly bool: BoolRow } & Readonly<Record<IntDType, IntRow> & Record<FloatDType, FloatRow>>;

/** Every dtype, in the table's order. */
export const DTYPE_NAMES: readonly DType[] = Object.keys(DTYPES).filter(isDType);

/** Is this word of a program or of a file the name of a dtype? */
export function isDType(word: string): word is DType {
  return Object.hasOwn(DTYPES, word);
}

export function isBool(dtype: DType): dtype is "bool" {
  return dtype === "bool";
}

/** True of storage types too. */
export function isInt(dtype: DType): dtype is IntDType {
  return DTYPES[dtype].kind === "int";
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return DTYPES[dtype].kind === "float";
}

/** Are its elements smaller than a byte, and packed? */
export function isStorageDType(type: string): type is StorageDType {
  return isDType(type) && DTYPES[type].storageOnly;
}

/** The values of an integer dtype or of bool, both ends inclusive. */
export function dtypeRange(dtype: IntDType | "bool"): { readonly min: bigint; readonly max: bigint } {
  const { min, max } = DTYPES[dtype];
  return { min, max };
}

/** Bytes of `count` elements in memory; the unused bits of a last byte are zero. */
export function byteLength(dtype: DType, count: number): number {
  return Math.ceil((count * DTYPES[dtype].storageBits) / 8);
}

/**
 * The array that holds a dtype's elements in memory. f16 and bf16 are bit patterns; storage types are packed bytes; bool
 * is 0 or 1. elements.ts reads and writes single elements.
 */
export const ARRAYS = {
  bool: Uint8Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f32: Float32Array,
  f64: Float64Array,
  i4: Uint8Array,
  u4: Uint8Array,
  i2: Uint8Array,
  u2: Uint8Array,
  u1: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** The typed array of a dtype's row in `ARRAYS`, over memory of any kind: a shared WASM memory too. */
export type ArrayOf<D extends DType> = (typeof ARRAYS)[D]["prototype"];
export type AnyArray = ArrayOf<DType>;

const scratch = new DataView(new ArrayBuffer(8));

/** floor(log2 |x|) of a finite x; -1075 and below stand for 0 and for numbers under the f64 normals. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  const exponent = (scratch.getUint16(0) >> 4) & 0x7ff;
  return exponent === 0 ? -1075 : exponent - 1023;
}

/**
 * Distance between the two neighbours of `dtype` that enclose |x|, for an x that is a value of `dtype`: the smallest
 * subnormal at 0, `Infinity` at infinities, NaN at NaN.
 */
export function ulp(dtype: FloatDType, x: number): number {
  if (!Number.isFinite(x)) return Math.abs(x);
  const { significandBits, minExponent } = DTYPES[dtype];
  return 2 ** (Math.max(exponentOf(x), minExponent) - (significandBits - 1));
}

/**
 * The nearest value of a float dtype, ties to even, overflow to an infinity; it rounds once, from the exact argument. A
 * value for an integer dtype or bool must be whole and in range (test with `holds`), and comes back as a bigint for i64
 * and u64, else as a number.
 */
export function roundToDType(dtype: FloatDType, value: number | bigint): number;
export function roundToDType(dtype: DType, value: number | bigint): number | bigint;
export function roundToDType(dtype: DType, value: number | bigint): number | bigint {
  if (isFloat(dtype)) return roundToFloat(dtype, typeof value === "bigint" ? sticky(dtype, value) : value);
  invariant(holds(dtype, value), () => `${value} is not a value of ${dtype}`);
  return DTYPES[dtype].bits === 64 ? BigInt(value) : Number(value) + 0;
}

/** Is it exactly a value of this dtype? Floats hold every number and every bigint that does not overflow, after rounding. */
export function holds(dtype: DType, value: number | bigint): boolean {
  if (isFloat(dtype)) return typeof value === "number" || Number.isFinite(roundToDType(dtype, value));
  const { min, max } = DTYPES[dtype];
  return (typeof value === "bigint" || Number.isInteger(value)) && value >= min && value <= max;
}

function roundToFloat(dtype: FloatDType, x: number): number {
  switch (dtype) {
    case "f64":
      return x;
    case "f32":
      return Math.fround(x);
    case "f16":
      return f16round(x);
    case "bf16":
      return roundToBf16(x);
    default:
      return unreachable(dtype);
  }
}

/**
 * Adding 1.5 * 2^52 units in the last place leaves no bit below that unit, and the addition itself rounds to nearest even.
 * Going through f32 would round twice: 1 + 2^-8 + 2^-40 would become a tie.
 */
function roundToBf16(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const magic = 1.5 * 2 ** 52 * ulp("bf16", x);
  const rounded = Math.abs(x) + magic - magic;
  const finite = rounded < 2 ** 128 ? rounded : Infinity;
  return x < 0 ? -finite : finite;
}

/**
 * A bigint as a number that rounds on to `dtype` as the bigint itself would: past 2^53 the bits that are cut off are
 * or-ed into the last one that is kept ("round to odd"), so that nothing becomes a tie that was none.
 */
function sticky(dtype: FloatDType, value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excess = magnitude.toString(2).length - 53;
  if (dtype === "f64" || excess <= 0) return Number(value);
  const kept = magnitude >> BigInt(excess);
  const odd = kept << BigInt(excess) === magnitude ? kept : kept | 1n;
  const result = Number(odd) * 2 ** excess;
  return value < 0n ? -result : result;
}

/** The bit pattern of the nearest f16; every NaN becomes a quiet NaN. */
export function f16ToBits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  setFloat16(scratch, 0, x);
  return scratch.getUint16(0);
}

/** The exact value of an f16 bit pattern in 0..65536. */
export function f16FromBits(bits: number): number {
  scratch.setUint16(0, bits);
  return getFloat16(scratch, 0);
}

/** The bit pattern of the nearest bf16; every NaN becomes a quiet NaN. */
export function bf16ToBits(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  scratch.setFloat32(0, roundToBf16(x));
  return scratch.getUint16(0);
}

/** The exact value of a bf16 bit pattern in 0..65536. */
export function bf16FromBits(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
