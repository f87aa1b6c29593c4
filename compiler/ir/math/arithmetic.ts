/**
 * The arithmetic in which derived operations are written: what every target has for lanes of 32 bits, and nothing else (no
 * tables in memory, no loops, no division of integers, no shift by a variable). An expansion is a function over any
 * implementation of it: passes/math/ records an expression, a test computes numbers, both from one text ("tagless
 * final": Carette, Kiselyov, Shan 2009). A value used twice is a JavaScript constant used twice; the recorder makes `let`s.
 *
 * `F` is a float of one format, `I` a two's complement integer of the same width, `B` a bool. Each float operation
 * rounds once, to nearest even; `fma` may round once or twice, and a target may contract `a * b + c` by itself, so no
 * expansion may rely on either: error-free sums take only operands that are not products, or products that are exact.
 */
export type Arithmetic<F, I, B> = {
  readonly float: (value: number) => F;
  readonly int: (value: number) => I;

  readonly add: (a: F, b: F) => F;
  readonly sub: (a: F, b: F) => F;
  readonly mul: (a: F, b: F) => F;
  readonly divide: (a: F, b: F) => F;
  readonly fma: (a: F, b: F, c: F) => F;
  readonly sqrt: (a: F) => F;
  readonly abs: (a: F) => F;
  readonly floor: (a: F) => F;
  /** Half to even. */
  readonly round: (a: F) => F;
  readonly less: (a: F, b: F) => B;
  readonly lessEqual: (a: F, b: F) => B;
  readonly equal: (a: F, b: F) => B;
  readonly select: (cond: B, yes: F, no: F) => F;

  /** Sums, differences and products of integers wrap. */
  readonly addInt: (a: I, b: I) => I;
  readonly subInt: (a: I, b: I) => I;
  readonly mulInt: (a: I, b: I) => I;
  readonly maxInt: (a: I, b: I) => I;
  readonly bitAnd: (a: I, b: I) => I;
  readonly bitOr: (a: I, b: I) => I;
  readonly bitXor: (a: I, b: I) => I;
  readonly shiftLeft: (a: I, amount: number) => I;
  /** Keeps the sign. */
  readonly shiftRight: (a: I, amount: number) => I;
  /** Zeros come in. */
  readonly shiftRightLogical: (a: I, amount: number) => I;
  readonly lessInt: (a: I, b: I) => B;
  readonly equalInt: (a: I, b: I) => B;
  readonly selectInt: (cond: B, yes: I, no: I) => I;

  readonly not: (a: B) => B;
  readonly both: (a: B, b: B) => B;
  readonly either: (a: B, b: B) => B;

  readonly bitsOf: (a: F) => I;
  readonly fromBits: (a: I) => F;
  /** The value of a signed integer, rounded to nearest. */
  readonly toFloat: (a: I) => F;
};

/** An expansion in one format; those of one operand ignore `y`. */
export type Expansion = <F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F) => F;

const SIGN = 0x80000000 | 0;

/** c[0] + x·(c[1] + x·(c[2] + …)). */
export function polynomial<F, I, B>(m: Arithmetic<F, I, B>, x: F, coefficients: readonly number[]): F {
  const [last = 0, ...rest] = coefficients.toReversed();
  return rest.reduce<F>((sum, c) => m.fma(sum, x, m.float(c)), m.float(last));
}

/** `x < limit ? limit : x`: NaN stays NaN, and where the hardware has that very minimum it is one instruction. */
export function atLeast<F, I, B>(m: Arithmetic<F, I, B>, x: F, limit: number): F {
  return m.select(m.less(x, m.float(limit)), m.float(limit), x);
}

/** `limit < x ? limit : x`. */
export function atMost<F, I, B>(m: Arithmetic<F, I, B>, x: F, limit: number): F {
  return m.select(m.less(m.float(limit), x), m.float(limit), x);
}

/** The sign bit alone. */
export function signBit<F, I, B>(m: Arithmetic<F, I, B>, x: F): I {
  return m.bitAnd(m.bitsOf(x), m.int(SIGN));
}

/** A magnitude (its own sign bit is 0) with the sign of `x`. */
export function withSignOf<F, I, B>(m: Arithmetic<F, I, B>, magnitude: F, x: F): F {
  return m.fromBits(m.bitOr(m.bitsOf(magnitude), signBit(m, x)));
}

/** The leading 12 bits of the significand: the product of two such f32 is exact. */
export function leadingBits<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return m.fromBits(m.bitAnd(m.bitsOf(x), m.int(~0xfff)));
}

/**
 * 2^n of an integral f32 `n`, whose result is normal: adding 1.5 * 2^23 leaves the integer in the low bits, from where
 * they shift into the exponent. Multiply by it; adding to the exponent of a NaN could make it a number.
 */
export function powerOfTwo<F, I, B>(m: Arithmetic<F, I, B>, n: F, bias = 0): F {
  return m.fromBits(m.shiftLeft(m.bitsOf(m.add(n, m.float(12582912 + 127 + bias))), 23));
}
