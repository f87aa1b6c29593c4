/**
 * JavaScript values as elements and back: nested arrays into typed arrays, each value checked against the dtype, and
 * typed arrays into nested arrays or text. It knows no Tensor.
 */
import { ARRAYS, DTYPES, holds, isBool, isFloat, roundToDType } from "../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../compiler/ir/dtype.ts";
import { readElement, writeElement } from "../compiler/ir/elements.ts";
import type { Scalar } from "../compiler/ir/elements.ts";
import { counted, quoted, refuse } from "./refuse.ts";
import { allocate, elementCount, MAX_DIMS, placeText, typeText } from "./shape.ts";
import type { Shape } from "./shape.ts";

/** One element as a user writes it: a bool may be true, false, 0 or 1; an i64 or u64 a bigint or a safe integer. */
export type Value = number | bigint | boolean;
/** A value, or arrays of arrays of values, all rows of equal length. */
export type Nested = Value | readonly Nested[];

/**
 * The value as an element of `dtype`: floats rounded to nearest, others only if exact. E6004 gives the value, the range and
 * the place: ` at [0, 1]`, or nothing for a lone value.
 */
export function toElement(dtype: DType, value: unknown, place: () => string): Scalar {
  if (isBool(dtype) && typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "number" && typeof value !== "bigint") {
    const shown = typeof value === "string" ? quoted(value) : Array.isArray(value) ? "an array" : String(value);
    return refuse("E6004", `${shown}${place()} is not a value of ${dtype}`);
  }
  if (!holds(dtype, value)) return outOfRange(dtype, value, place());
  if (isFloat(dtype)) {
    const rounded = roundToDType(dtype, value);
    const overflows = !Number.isFinite(rounded) && (typeof value === "bigint" || Number.isFinite(value));
    return overflows ? outOfRange(dtype, value, place()) : rounded;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    const help = [`write it as a bigint: ${BigInt(value)}n`];
    return refuse("E6004", `${value}${place()} is past 2^53, where a number no longer says which integer it is`, {
      help,
    });
  }
  return roundToDType(dtype, value);
}

function outOfRange(dtype: DType, value: number | bigint, place: string): never {
  const row = DTYPES[dtype];
  const digits = String(value);
  const shown = digits.length > 40 ? `${digits.slice(0, 20)}… (${digits.length} digits)` : digits;
  if (row.kind === "float") {
    const largest = (2 - 2 ** (1 - row.significandBits)) * 2 ** row.maxExponent;
    return refuse("E6004", `${shown}${place} is out of ${dtype}'s range: its largest number is ${largest}`);
  }
  const broken = typeof value === "number" && Number.isFinite(value) && !Number.isInteger(value);
  return refuse(
    "E6004",
    `${shown}${place} is ${broken ? "not whole" : `not in ${dtype}'s range ${row.min} to ${row.max}`}`,
  );
}

/** The shape of nested arrays, from the first element of each level; the rows are checked while they are read. */
export function nestedShape(nested: Nested): number[] {
  const shape: number[] = [];
  for (let level: Nested | undefined = nested; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > MAX_DIMS) refuse("E6001", `the arrays are nested more than ${MAX_DIMS} deep`);
  }
  return shape;
}

/** The dtype of the first value: number f32, bigint i64, boolean bool; f32 where there is none. */
export function nestedDType(nested: Nested): DType {
  let level: Nested | undefined = nested;
  for (let depth = 0; Array.isArray(level) && depth <= MAX_DIMS; depth++) level = level[0];
  if (typeof level === "bigint") return "i64";
  return typeof level === "boolean" ? "bool" : "f32";
}

/** Reads nested arrays of exactly this shape into a new array; E6002 where a row has another length. */
export function fromNested(dtype: DType, nested: Nested, shape: Shape): AnyArray {
  const array = allocate(dtype, shape);
  const path: number[] = [];
  const place = (): string => (path.length === 0 ? "" : ` at [${path.join(", ")}]`);
  let next = 0;
  const fill = (level: Nested | undefined, axis: number): void => {
    const dim = shape[axis];
    if (dim === undefined) {
      writeElement(dtype, array, next++, toElement(dtype, level, place));
      return;
    }
    if (!Array.isArray(level) || level.length !== dim) {
      const has = Array.isArray(level) ? counted(level.length, "element") : "a single value";
      refuse("E6002", `the row${place()} has ${has} where the first at that depth has ${dim}`);
    }
    for (let i = 0; i < dim; i++) {
      path[axis] = i;
      path.length = axis + 1;
      fill(level[i], axis + 1);
    }
    path.length = axis;
  };
  fill(nested, 0);
  return array;
}

/** What a user sees of an element: a boolean, a bigint for i64 and u64, else a number. */
export function toValue(dtype: DType, element: Scalar): Value {
  return isBool(dtype) ? element !== 0 : element;
}

/** Nested arrays of an array's elements. */
export function toNested(dtype: DType, array: AnyArray, shape: Shape): Nested {
  let next = 0;
  const level = (axis: number): Nested => {
    const dim = shape[axis];
    if (dim === undefined) return toValue(dtype, readElement(dtype, array, next++));
    return Array.from({ length: dim }, () => level(axis + 1));
  };
  return level(0);
}

/** Typed arrays by their own tag, which subclasses such as Node's Buffer share. */
const NATURAL: Readonly<Record<string, DType>> = {
  Int8Array: "i8",
  Uint8Array: "u8",
  Int16Array: "i16",
  Uint16Array: "u16",
  Int32Array: "i32",
  Uint32Array: "u32",
  BigInt64Array: "i64",
  BigUint64Array: "u64",
  Float32Array: "f32",
  Float64Array: "f64",
};

export type TypedValues = { readonly dtype: DType; readonly array: AnyArray };

/**
 * A user's typed array as the array of a dtype, over the same memory; the dtype defaults to the array's own. Clamped bytes
 * become u8, and the engine's Float16Array becomes f16. E6003 where array and dtype do not belong together.
 */
export function viewArray(given: ArrayBufferView, asked: DType | undefined): TypedValues {
  const tag = Object.prototype.toString.call(given).slice(8, -1);
  const { buffer, byteOffset, byteLength } = given;
  const own = reinterpreted(tag, buffer, byteOffset, byteLength);
  if (own !== null && (asked === undefined || asked === own.dtype)) return own;
  const dtype = asked ?? (Object.hasOwn(NATURAL, tag) ? NATURAL[tag] : undefined);
  if (dtype === undefined)
    return refuse("E6003", `no dtype is kept in a ${tag}`, { help: ["use a typed array or nested arrays"] });
  if (isArrayOf(dtype, given)) return { dtype, array: given };
  const name = ARRAYS[dtype].name;
  const help = [`pass plain values, which are checked and rounded: Tensor.from([...values], { dtype: "${dtype}" })`];
  return refuse("E6003", `a ${tag} does not hold ${dtype}, which is kept in a ${name}`, { help });
}

/** Arrays that are kept under another name. */
function reinterpreted(tag: string, buffer: ArrayBufferLike, offset: number, bytes: number): TypedValues | null {
  if (tag === "Uint8ClampedArray") return { dtype: "u8", array: new Uint8Array(buffer, offset, bytes) };
  if (tag === "Float16Array") return { dtype: "f16", array: new Uint16Array(buffer, offset, bytes / 2) };
  return null;
}

/** Is it the typed array that `ARRAYS` names for the dtype? */
export function isArrayOf<D extends DType>(dtype: D, array: unknown): array is (typeof ARRAYS)[D]["prototype"] {
  return array instanceof ARRAYS[dtype];
}

/** Checks what a typed array alone does not: that each byte of a bool tensor is 0 or 1. `what` starts the message. */
export function checkBools(array: AnyArray, shape: Shape, what: string): void {
  const count = elementCount(shape);
  for (let i = 0; i < count; i++) {
    const byte = array[i] ?? 0;
    if (byte !== 0 && byte !== 1)
      refuse("E6004", `${what}: the byte ${byte} at ${placeText(shape, i)} is not a bool; a bool is 0 or 1`);
  }
}

/** Elements that are shown of a longer one, at most. */
const SHOWN_IN_ALL = 200;
/** Elements of a tensor that is shown whole. */
const NEVER_CUT = 64;

/** Readable text: header, then nested rows; long axes keep their first and last elements around `…`. */
export function tensorText(dtype: DType, array: AnyArray, shape: Shape): string {
  const shown = (edge: number): number => shape.reduce((n, dim) => n * Math.min(dim, 2 * edge), 1);
  const edge = elementCount(shape) <= NEVER_CUT ? Infinity : [3, 2, 1].find((e) => shown(e) <= SHOWN_IN_ALL);
  const head = typeText(dtype, shape);
  if (elementCount(shape) === 0) return `${head} (no elements)`;
  if (edge === undefined) return `${head} (${counted(elementCount(shape), "element")})`;
  const level = (axis: number, offset: number, indent: string): string => {
    const dim = shape[axis];
    if (dim === undefined) return valueText(toValue(dtype, readElement(dtype, array, offset)));
    const stride = elementCount(shape.slice(axis + 1));
    const indices = dim <= 2 * edge ? range(0, dim) : [...range(0, edge), -1, ...range(dim - edge, dim)];
    const parts = indices.map((i) => (i < 0 ? "…" : level(axis + 1, offset + i * stride, `${indent} `)));
    return `[${parts.join(axis === shape.length - 1 ? ", " : `,\n${indent} `)}]`;
  };
  return shape.length < 2 ? `${head} ${level(0, 0, "")}` : `${head}\n${level(0, 0, "")}`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Six significant digits of a float; all digits of anything else. */
function valueText(value: Value): string {
  return typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(6)))
    : Object.is(value, -0)
      ? "-0"
      : String(value);
}
