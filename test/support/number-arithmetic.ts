/**
 * The arithmetic of compiler/ir/math/ on numbers: f32 as doubles rounded after every operation, i32 as int32 numbers. With it a
 * test runs an expansion as it stands, a hundred times faster than through expressions.
 */
import type { Arithmetic } from "../../compiler/ir/math/arithmetic.ts";
import { roundHalfEven } from "../../compiler/ir/ops.ts";

export type NumberArithmetic = Arithmetic<number, number, boolean>;

const f32 = Math.fround;
const floats = new Float32Array(1);
const ints = new Int32Array(floats.buffer);

/** The bits of an f32, as a signed integer; any NaN may come as any NaN. */
export function bitsOfFloat(x: number): number {
  floats[0] = x;
  return ints[0] ?? 0;
}

/** The f32 of 32 bits. */
export function floatFromBits(bits: number): number {
  ints[0] = bits;
  return floats[0] ?? 0;
}

/** `fused`: fma rounds once (but for sums that a double cannot hold); else the product is rounded too. */
export function numberArithmetic(fused: boolean): NumberArithmetic {
  return {
    format: "f32",
    float: f32,
    int: (value) => Number(value) | 0,
    add: (a, b) => f32(a + b),
    sub: (a, b) => f32(a - b),
    mul: (a, b) => f32(a * b),
    divide: (a, b) => f32(a / b),
    fma: fused ? (a, b, c) => f32(a * b + c) : (a, b, c) => f32(f32(a * b) + c),
    sqrt: (a) => f32(Math.sqrt(a)),
    abs: Math.abs,
    floor: Math.floor,
    round: roundHalfEven,
    less: (a, b) => a < b,
    lessEqual: (a, b) => a <= b,
    equal: (a, b) => a === b,
    select: (cond, yes, no) => (cond ? yes : no),
    addInt: (a, b) => (a + b) | 0,
    subInt: (a, b) => (a - b) | 0,
    mulInt: Math.imul,
    maxInt: (a, b) => (a > b ? a : b),
    bitAnd: (a, b) => a & b,
    bitOr: (a, b) => a | b,
    bitXor: (a, b) => a ^ b,
    shiftLeft: (a, amount) => a << amount,
    shiftRight: (a, amount) => a >> amount,
    shiftRightLogical: (a, amount) => (a >>> amount) | 0,
    lessInt: (a, b) => a < b,
    equalInt: (a, b) => a === b,
    selectInt: (cond, yes, no) => (cond ? yes : no),
    not: (a) => !a,
    both: (a, b) => a && b,
    either: (a, b) => a || b,
    bitsOf: bitsOfFloat,
    fromBits: floatFromBits,
    toFloat: f32,
  };
}

const doubles = new Float64Array(1);
const longs = new BigInt64Array(doubles.buffer);

/** The f64 of 64 bits. */
export function doubleFromBits(bits: bigint): number {
  longs[0] = bits;
  return doubles[0] ?? 0;
}

function bitsOfDouble(x: number): bigint {
  doubles[0] = x;
  return longs[0] ?? 0n;
}

const i64 = (x: bigint): bigint => BigInt.asIntN(64, x);

/** The leading 26 bits. */
function leading(x: number): number {
  return x * 134217729 - (x * 134217729 - x);
}

/** a·b + c with the product's error (Dekker's, by Veltkamp's splitting): fused but for double rounding and the ends of the range. */
function fusedDouble(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!(Math.abs(product) < 1e300 && Math.abs(product) > 1e-250 && Math.abs(a) < 1e280 && Math.abs(b) < 1e280))
    return sum;
  const [ah, bh] = [leading(a), leading(b)];
  const error = ah * bh - product + ah * (b - bh) + (a - ah) * bh + (a - ah) * (b - bh);
  const other = sum - product;
  return sum + (product - (sum - other) + (c - other) + error);
}

/** The same in f64, with integers of 64 bits. */
export function doubleArithmetic(fused: boolean): Arithmetic<number, bigint, boolean> {
  return {
    format: "f64",
    float: (value) => value,
    int: (value) => i64(BigInt(value)),
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    divide: (a, b) => a / b,
    fma: fused ? fusedDouble : (a, b, c) => a * b + c,
    sqrt: Math.sqrt,
    abs: Math.abs,
    floor: Math.floor,
    round: roundHalfEven,
    less: (a, b) => a < b,
    lessEqual: (a, b) => a <= b,
    equal: (a, b) => a === b,
    select: (cond, yes, no) => (cond ? yes : no),
    addInt: (a, b) => i64(a + b),
    subInt: (a, b) => i64(a - b),
    mulInt: (a, b) => i64(a * b),
    maxInt: (a, b) => (a > b ? a : b),
    bitAnd: (a, b) => a & b,
    bitOr: (a, b) => a | b,
    bitXor: (a, b) => a ^ b,
    shiftLeft: (a, amount) => i64(a << BigInt(amount)),
    shiftRight: (a, amount) => a >> BigInt(amount),
    shiftRightLogical: (a, amount) => i64(BigInt.asUintN(64, a) >> BigInt(amount)),
    lessInt: (a, b) => a < b,
    equalInt: (a, b) => a === b,
    selectInt: (cond, yes, no) => (cond ? yes : no),
    not: (a) => !a,
    both: (a, b) => a && b,
    either: (a, b) => a || b,
    bitsOf: bitsOfDouble,
    fromBits: doubleFromBits,
    toFloat: Number,
  };
}
