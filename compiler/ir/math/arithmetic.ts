/**
 * The arithmetic in which derived operations are written: what every target has for its floats, and nothing else (no
 * tables in memory, no loops, no division of integers, no shift by a variable). An expansion is a function over any
 * implementation of it: passes/math/ records an expression, a test computes numbers, both from one text ("tagless
 * final": Carette, Kiselyov, Shan 2009). A value used twice is a JavaScript constant used twice; the recorder makes `let`s.
 *
 * `F` is a float of one format, `I` a two's complement integer of the same width, `B` a bool. Each float operation
 * rounds once, to nearest even; `fma` may round once or twice, and a target may contract `a * b + c` by itself, so no
 * expansion may rely on either: error-free sums take only operands that are not products, or products that are exact.
 *
 * One text serves f32 and f64 where the method is the same: numbers that depend on the format come by {@link ByFormat}.
 */
export type Arithmetic<F, I, B> = {
  readonly format: WideFloat;
  readonly float: (value: number) => F;
  /** Reduced to the width; bigints are for 64 bits. */
  readonly int: (value: number | bigint) => I;

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
  /** The value of a signed integer, rounded to nearest; in f64 of one between -2^51 and 2^51. */
  readonly toFloat: (a: I) => F;
};

/** An expansion in one format; those of one operand ignore `y`. */
export type Expansion = <F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F) => F;

/** The formats in which targets compute. */
export type WideFloat = "f32" | "f64";

/** A constant of an expansion in either format. */
export type ByFormat<T> = Readonly<Record<WideFloat, T>>;

type Layout = {
  /** Bits of the significand below the leading one. */
  readonly fraction: number;
  readonly bias: number;
  readonly sign: number | bigint;
  /** The bits of infinity: the exponent field alone. */
  readonly infinity: number | bigint;
  /** All but the low half of the significand. */
  readonly leading: number | bigint;
  /** 1.5·2^fraction: the sum with a whole number has that number in its low bits. */
  readonly shifter: number;
  readonly smallestNormal: number;
  /** Subnormals become normal by 2 to this. */
  readonly rescue: number;
};

export const LAYOUTS = {
  f32: {
    fraction: 23,
    bias: 127,
    sign: 0x80000000 | 0,
    infinity: 0x7f800000,
    leading: ~0xfff,
    shifter: 12582912,
    smallestNormal: 2 ** -126,
    rescue: 25,
  },
  f64: {
    fraction: 52,
    bias: 1023,
    sign: -(1n << 63n),
    infinity: 0x7ffn << 52n,
    leading: ~0x7ffffffn,
    shifter: 6755399441055744,
    smallestNormal: 2 ** -1022,
    rescue: 54,
  },
} as const satisfies ByFormat<Layout>;

/** c[0] + x·(c[1] + x·(c[2] + …)). */
export function polynomial<F, I, B>(m: Arithmetic<F, I, B>, x: F, coefficients: ByFormat<readonly number[]>): F {
  const [last = 0, ...rest] = coefficients[m.format].toReversed();
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
  return m.bitAnd(m.bitsOf(x), m.int(LAYOUTS[m.format].sign));
}

/** A magnitude (its own sign bit is 0) with the sign of `x`. */
export function withSignOf<F, I, B>(m: Arithmetic<F, I, B>, magnitude: F, x: F): F {
  return m.fromBits(m.bitOr(m.bitsOf(magnitude), signBit(m, x)));
}

/** The leading half of the significand, 12 or 26 bits: the product of two such is exact. */
export function leadingBits<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return m.fromBits(m.bitAnd(m.bitsOf(x), m.int(LAYOUTS[m.format].leading)));
}

/**
 * 2^n of an integral float `n`, whose result is normal: adding 1.5 * 2^23 (2^52) leaves the integer in the low bits, from where
 * they shift into the exponent. Multiply by it; adding to the exponent of a NaN could make it a number.
 */
export function powerOfTwo<F, I, B>(m: Arithmetic<F, I, B>, n: F, bias = 0): F {
  const layout = LAYOUTS[m.format];
  const moved = m.add(n, m.float(layout.shifter + layout.bias + bias));
  return m.fromBits(m.shiftLeft(m.bitsOf(moved), layout.fraction));
}
