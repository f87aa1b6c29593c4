/**
 * Values as the interpreters hold them, and the arrays that go in and out. Inside, an integer of any type is a number
 * where it is safe and a bigint beyond, so that equal integers are `===` and the common case stays fast; in an array,
 * i64 and u64 are bigints and bools are booleans, as in `Const`.
 */
import { invariant, known } from "../support/invariant.ts";
import type { DType, IntDType } from "./dtype.ts";
import { DTYPES, holds, isInt } from "./dtype.ts";
import type { ConstValue, ScalarType } from "./expr.ts";
import type { CoreOp } from "./ops.ts";
import { OPS } from "./ops.ts";

/** A dense row-major array of plain values; `data` has one entry per element. */
export type NDArray = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly ConstValue[];
};

export type Integer = number | bigint;
/** A scalar inside an interpreter; see the head of this file. */
export type Value = Integer | boolean;

/** The one form of an integer: a number (never -0) where it is safe, else a bigint. */
export function canonical(x: Integer): Integer {
  if (typeof x === "number") return x + 0;
  return x >= -9007199254740991n && x <= 9007199254740991n ? Number(x) : x;
}

/** A constant or an array's element, as the interpreters hold it. */
export function valueOf(x: ConstValue): Value {
  return typeof x === "bigint" ? canonical(x) : x;
}

/** A value as an element of an array of this dtype. */
export function elementOf(dtype: DType, value: Value): ConstValue {
  return DTYPES[dtype].bits === 64 && DTYPES[dtype].kind === "int" ? BigInt(value) : value;
}

/** Does the integer fit? Everything fits "index". */
export function fits(type: ScalarType, x: Integer): boolean {
  return type === "index" || holds(type, x);
}

/** The integer modulo 2^bits. */
export function wrapTo(dtype: IntDType, x: Integer): Integer {
  if (holds(dtype, x)) return canonical(x);
  const { bits, signed } = DTYPES[dtype];
  return canonical(signed ? BigInt.asIntN(bits, BigInt(x)) : BigInt.asUintN(bits, BigInt(x)));
}

/**
 * An operation on integers of one type by its row in OPS: the exact result, wrapped where the row says so. Null where it
 * has no value in the type: out of range although proved, a divisor of zero, a shift past the width.
 */
export function integerOp(op: CoreOp, type: ScalarType, operands: readonly Integer[]): Value | null {
  const [a, b = 0] = operands;
  invariant(a !== undefined, `${op} without operands`);
  if ((op === "floor_div" || op === "floor_mod") && b === 0) return null;
  if ((op === "shl" || op === "shr") && type !== "index" && (b < 0 || b >= DTYPES[type].bits)) return null;
  const result = typeof a === "number" && typeof b === "number" ? inNumbers(op, a, b) : undefined;
  const exact = result ?? inBigints(op, type, operands);
  if (typeof exact === "boolean" || type === "index") return exact;
  if (OPS[op].overflow === "wrap" && isInt(type)) return wrapTo(type, exact);
  return holds(type, exact) ? exact : null;
}

/** The operations that fill every loop, on safe integers; a result that is not safe is left to the row. */
const ON_NUMBERS: Readonly<Partial<Record<CoreOp, (a: number, b: number) => number | boolean>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  // Below 2^52 the quotient's rounding error is far smaller than its distance to the next integer.
  floor_div: (a, b) => (Math.abs(a) < 2 ** 52 ? Math.floor(a / b) : Number.NaN),
  floor_mod: (a, b) => (Math.abs(a) < 2 ** 52 ? a - b * Math.floor(a / b) : Number.NaN),
};

function inNumbers(op: CoreOp, a: number, b: number): Value | undefined {
  const result = ON_NUMBERS[op]?.(a, b);
  if (typeof result !== "number") return result;
  return Number.isSafeInteger(result) ? result + 0 : undefined;
}

function inBigints(op: CoreOp, type: ScalarType, operands: readonly Integer[]): Value {
  const meaning = known(OPS[op].int, `${op} of integers`);
  // The bits that popcount counts are those of the operand's own width.
  const width = op === "popcount" && type !== "index" ? DTYPES[type].bits : null;
  const [a = 0n, b = 0n, c = 0n] = operands.map((x) => (width === null ? BigInt(x) : BigInt.asUintN(width, BigInt(x))));
  return valueOf(meaning(a, b, c));
}

/** Elements of an array of this shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}
