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
    float: f32,
    int: (value) => value | 0,
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
