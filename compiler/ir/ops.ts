/**
 * THE table of core scalar operations: what every interpreter means by them and what every target must spell. A new row
 * is a new operation of the language (`user` names the built-in function, if it has one) and a type error in each
 * target until that target has a cell for it. Operations that are spelled through others are in derived-ops.ts.
 *
 * Meaning is given per class of operand: `float` on doubles (the caller rounds to the dtype), `int` on exact integers
 * (the caller wraps or has proved that nothing overflows), `bool`. A missing class means that the operation does not
 * exist for it. The type "index" (loop variables, dims) counts as int.
 */

/** How operand types make the result type: all operands alike and so is the result; or alike and the result is bool. */
export type OpResult = "same" | "bool";

export type OpRow = {
  readonly arity: 1 | 2 | 3;
  readonly result: OpResult;
  /** True where swapping the first two operands changes nothing. */
  readonly commutative: boolean;
  /** The built-in's name in the language; null where only an operator or the compiler makes it. */
  readonly user: string | null;
  readonly float: ((a: number, b: number, c: number) => number | boolean) | null;
  readonly int: ((a: bigint, b: bigint, c: bigint) => bigint | boolean) | null;
  readonly bool: ((a: boolean, b: boolean, c: boolean) => boolean) | null;
  /**
   * `prove`: an integer result outside the dtype is a compile error unless ranges exclude it; `wrap`: the result is
   * reduced modulo 2^bits; `never`: cannot leave the dtype.
   */
  readonly overflow: "prove" | "wrap" | "never";
};

type Meaning = Partial<Pick<OpRow, "float" | "int" | "bool" | "commutative" | "user" | "overflow">>;
const row = (arity: 1 | 2 | 3, result: OpResult, m: Meaning): OpRow => ({
  arity,
  result,
  commutative: false,
  user: null,
  float: null,
  int: null,
  bool: null,
  overflow: "never",
  ...m,
});

/** Floor division; the divisor is proved non-zero. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

/** `a - b * floorDiv(a, b)`: the sign of the divisor. */
export function floorMod(a: bigint, b: bigint): bigint {
  return a - b * floorDiv(a, b);
}

/**
 * Rounds half to even, as IEEE's roundToIntegralTiesToEven; keeps -0, infinities and NaN. From 2^52 to 2^53 doubles are
 * the whole numbers, so adding 2^52 rounds; what is above that is whole already.
 */
export function roundHalfEven(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 4503599627370496) return x;
  const magic = x < 0 || Object.is(x, -0) ? -4503599627370496 : 4503599627370496;
  const r = x + magic - magic;
  return r === 0 ? (x < 0 || Object.is(x, -0) ? -0 : 0) : r;
}

function floatMax(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b);
}

function floatMin(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.min(a, b);
}

/** Number of one bits of the two's complement of `a` in 64 bits or fewer; `a` is given as the dtype's own value. */
function popcount(a: bigint): bigint {
  let n = 0n;
  for (let rest = BigInt.asUintN(64, a); rest > 0n; rest >>= 1n) n += rest & 1n;
  return n;
}

/**
 * gemmlowp's saturating rounding doubling high multiply of two i32: a * b / 2^31, rounded to nearest with ties upward, as in
 * gemmlowp's `(ab + nudge) / 2^31` with truncation; the one overflow (-2^31 * -2^31) saturates.
 */
export function doublingHighMultiply(a: bigint, b: bigint): bigint {
  const least = -(1n << 31n);
  if (a === least && b === least) return -least - 1n;
  const product = a * b;
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return (product + nudge) / (1n << 31n);
}

export const OPS = {
  add: row(2, "same", { commutative: true, overflow: "prove", float: (a, b) => a + b, int: (a, b) => a + b }),
  sub: row(2, "same", { overflow: "prove", float: (a, b) => a - b, int: (a, b) => a - b }),
  mul: row(2, "same", { commutative: true, overflow: "prove", float: (a, b) => a * b, int: (a, b) => a * b }),
  neg: row(1, "same", { overflow: "prove", float: (a) => -a, int: (a) => -a }),
  wrapping_add: row(2, "same", { commutative: true, overflow: "wrap", user: "wrapping_add", int: (a, b) => a + b }),
  wrapping_sub: row(2, "same", { overflow: "wrap", user: "wrapping_sub", int: (a, b) => a - b }),
  wrapping_mul: row(2, "same", { commutative: true, overflow: "wrap", user: "wrapping_mul", int: (a, b) => a * b }),
  /** `/` of floats. */
  divide: row(2, "same", { float: (a, b) => a / b }),
  /** `div`: floor division of integers; overflows only for least / -1, which the checker must exclude. */
  floor_div: row(2, "same", { overflow: "prove", int: floorDiv }),
  /** `%`: floor remainder of integers. */
  floor_mod: row(2, "same", { int: floorMod }),
  /** NaN if either operand is; of +0 and -0 either may come back. */
  max: row(2, "same", {
    commutative: true,
    user: "max",
    float: floatMax,
    int: (a, b) => (a > b ? a : b),
    bool: (a, b) => a || b,
  }),
  min: row(2, "same", {
    commutative: true,
    user: "min",
    float: floatMin,
    int: (a, b) => (a < b ? a : b),
    bool: (a, b) => a && b,
  }),
  abs: row(1, "same", { user: "abs", overflow: "prove", float: (a) => Math.abs(a), int: (a) => (a < 0n ? -a : a) }),
  /** |a| with the sign bit of b; a NaN's sign is that of its bits, which arithmetic leaves open. */
  copysign: row(2, "same", {
    user: "copysign",
    float: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
  }),
  sqrt: row(1, "same", { user: "sqrt", float: (a) => Math.sqrt(a) }),
  floor: row(1, "same", { user: "floor", float: (a) => Math.floor(a) }),
  ceil: row(1, "same", { user: "ceil", float: (a) => Math.ceil(a) }),
  trunc: row(1, "same", { user: "trunc", float: (a) => Math.trunc(a) }),
  /** Half to even. */
  round: row(1, "same", { user: "round", float: roundHalfEven }),
  /** a * b + c, rounded once or twice: a target may contract it or not (float contraction is free). */
  fma: row(3, "same", { user: "fma", float: (a, b, c) => a * b + c }),
  eq: row(2, "bool", { commutative: true, float: (a, b) => a === b, int: (a, b) => a === b, bool: (a, b) => a === b }),
  ne: row(2, "bool", { commutative: true, float: (a, b) => a !== b, int: (a, b) => a !== b, bool: (a, b) => a !== b }),
  lt: row(2, "bool", { float: (a, b) => a < b, int: (a, b) => a < b }),
  le: row(2, "bool", { float: (a, b) => a <= b, int: (a, b) => a <= b }),
  and: row(2, "same", { commutative: true, bool: (a, b) => a && b }),
  or: row(2, "same", { commutative: true, bool: (a, b) => a || b }),
  not: row(1, "same", { bool: (a) => !a }),
  bit_and: row(2, "same", { commutative: true, user: "bit_and", int: (a, b) => a & b }),
  bit_or: row(2, "same", { commutative: true, user: "bit_or", int: (a, b) => a | b }),
  bit_xor: row(2, "same", { commutative: true, user: "bit_xor", int: (a, b) => a ^ b }),
  bit_not: row(1, "same", { user: "bit_not", overflow: "wrap", int: (a) => ~a }),
  /** Left shift, bits that leave are lost; the amount is proved in 0..bits. */
  shl: row(2, "same", { user: "shl", overflow: "wrap", int: (a, b) => a << b }),
  /** Right shift: arithmetic for signed, logical for unsigned; the amount is proved in 0..bits. */
  shr: row(2, "same", { user: "shr", int: (a, b) => a >> b }),
  /** One bits of the operand in its own width; negative operands are taken in two's complement (the caller masks). */
  popcount: row(1, "same", { user: "popcount", int: popcount }),
  /** i32 only; see {@link doublingHighMultiply}. */
  doubling_high_multiply: row(2, "same", { commutative: true, int: doublingHighMultiply }),
} as const satisfies Record<string, OpRow>;

export type CoreOp = keyof typeof OPS;

/** Has this word a row in {@link OPS}? */
export function isCoreOp(word: string): word is CoreOp {
  return Object.hasOwn(OPS, word);
}

/** Operations a target may be asked for, in a stable order. */
export const CORE_OPS: readonly CoreOp[] = Object.keys(OPS).filter(isCoreOp);
