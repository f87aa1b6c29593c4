/**
 * sin, cos and tan, for every finite argument, without a branch.
 *
 * From pi/4 on the argument is reduced by Payne and Hanek's method (1983) in integers as wide as the float: x / 2 pi modulo 1
 * needs only the digits of 1 / 2 pi from about the exponent of x on. In f32, x is written as X·2^(32k - 24) with a whole X
 * of 24 to 56 bits (exactly: a multiple of 32 is taken off the exponent), so the digits needed are four whole words of
 * 2^-24 / 2 pi, chosen among seven by k in 0..3. The four limbs of 16 bits of X times the eight limbs of those words give
 * the fraction of a turn to 2^-62; no f32 comes closer than 2^-33 of a turn to a multiple of pi / 2, which leaves 29
 * good bits in the worst case. In f64 all is twice as wide: X·2^(64k - 53), limbs of 32 bits, k in 0..15 chooses among 19 words,
 * the fraction is good to 2^-126 and no f64 comes closer than 2^-64.
 */
import { known } from "../../support/invariant.ts";
import type { Arithmetic, ByFormat } from "./arithmetic.ts";
import { LAYOUTS, polynomial, signBit } from "./arithmetic.ts";

type Widths = {
  /** Bits of a limb; a word has two. */
  readonly limb: number;
  readonly limbMask: number | bigint;
  /** The bits of 1. */
  readonly one: number | bigint;
  /** Those bits of the exponent that count whole words, from `firstWindow` up. */
  readonly windows: number | bigint;
  readonly firstWindow: number;
  /** Of the number of words: one select for each, the largest first. */
  readonly steps: readonly number[];
  /** x times it has the highest limb of X before the point. */
  readonly highestLimb: number;
  /** 2^-24 / 2 pi or 2^-53 / 2 pi, first the highest word. */
  readonly inverseTurn: readonly (number | bigint)[];
  /** 2 pi = turnHigh + turnLow; the first has 9 bits, in f64 22. `turn` is the sum as one float. */
  readonly turnHigh: number;
  readonly turnLow: number;
  readonly turn: number;
  /** A whole number that is to become a float drops its low bits before: they are 0, or too low to count. */
  readonly dropTop: number;
  readonly dropLow: number;
  readonly quarterMask: number | bigint;
  readonly eighth: number | bigint;
  readonly halfLimb: number | bigint;
  /** All but the low limb. */
  readonly topMask: number | bigint;
};

const WIDTHS = {
  f32: {
    limb: 16,
    limbMask: 0xffff,
    one: 0x3f800000,
    windows: 0x30000000,
    firstWindow: 28,
    steps: [2, 1],
    highestLimb: 2 ** -24,
    inverseTurn: [0x00000028, 0xbe60db93, 0x91054a7f, 0x09d5f47d, 0x4d377036, 0xd8a5664f, 0x10e4107f],
    turnHigh: 6.28125,
    turnLow: 0.0019353072,
    turn: 6.2831855,
    dropTop: 0,
    dropLow: 0,
    quarterMask: 2 ** 30 - 1,
    eighth: 2 ** 29,
    halfLimb: 2 ** 15,
    topMask: ~0xffff,
  },
  f64: {
    limb: 32,
    limbMask: 0xffffffffn,
    one: 0x3ffn << 52n,
    windows: 0x3c0n << 52n,
    firstWindow: 58,
    steps: [8, 4, 2, 1],
    highestLimb: 2 ** -43,
    inverseTurn: [
      0x0000000000000145n,
      0xf306dc9c882a53f8n,
      0x4eafa3ea69bb81b6n,
      0xc52b3278872083fcn,
      0xa2c757bd778ac36en,
      0x48dc74849ba5c00cn,
      0x925dd413a32439fcn,
      0x3bd63962534e7dd1n,
      0x046bea5d768909d3n,
      0x38e04d68befc8273n,
      0x23ac7306a673e939n,
      0x08bf177bf250763fn,
      0xf12fffbc0b301fden,
      0x5e2316b414da3edan,
      0x6cfd9e4f96136e9en,
      0x8c7ecd3cbfd45aean,
      0x4f758fd7cbe2f67an,
      0x0e73ef14a525d4d7n,
      0xf6bf623f1aba10acn,
    ],
    turnHigh: 6.283184051513672,
    turnLow: 1.2556659146019252e-6,
    turn: 6.283185307179586,
    dropTop: 32,
    dropLow: 12,
    quarterMask: (1n << 62n) - 1n,
    eighth: 1n << 61n,
    halfLimb: 1n << 31n,
    topMask: ~0xffffffffn,
  },
} as const satisfies ByFormat<Widths>;

/** (sin r / r - 1) / r² and (cos r - 1 + r²/2) / r⁴, in r², on |r| <= pi/4; relative errors 2^-28 and 2^-33 (f64: 2^-57 and 2^-61). */
const SIN = {
  f32: [-0.16666655, 0.008332187, -0.00019517897],
  f64: [
    -0.16666666666666666, 0.008333333333333323, -0.00019841269841254942, 2.7557319214142285e-6, -2.5052104902234642e-8,
    1.6058365740788295e-10, -7.578665769376538e-13,
  ],
};
const COS = {
  f32: [0.041666646, -0.001388731, 2.4432327e-5],
  f64: [
    0.041666666666666595, -0.001388888888887362, 2.4801587289206567e-5, -2.7557314281167143e-7, 2.0875714493184744e-9,
    -1.1359230377179076e-11,
  ],
};

/** |x| = quadrant·pi/2 + r + lost modulo a turn, |r| <= pi/4; only the low two bits of `quadrant` count. */
type Reduced<F, I> = { readonly quadrant: I; readonly r: F; readonly lost: F };

/** A fraction of a turn in units of 2^-word and 2^-2·word, both unsigned. */
type Turn<I> = { readonly high: I; readonly low: I };

/** The limbs of the whole number X, first the highest, where x is at least 1/2 and less than 2^word. */
function limbsOf<F, I, B>(m: Arithmetic<F, I, B>, x: F): readonly I[] {
  const { limb, limbMask, highestLimb } = WIDTHS[m.format];
  const ulpIsOne = m.float(2 ** LAYOUTS[m.format].fraction);
  // A whole number of one limb stands in the low bits of its sum with 2^23, or 2^52.
  const whole = (value: F): I => m.bitAnd(m.bitsOf(m.add(value, ulpIsOne)), m.int(limbMask));
  const limbs: I[] = [];
  let rest = m.mul(x, m.float(highestLimb));
  for (const _ of [0, 1, 2]) {
    const top = m.floor(rest);
    limbs.push(whole(top));
    rest = m.mul(m.sub(rest, top), m.float(2 ** limb));
  }
  return [...limbs, whole(rest)];
}

/** The eight limbs of the digits of 1 / 2 pi that start at word k, first the highest; the windows are k in the exponent's place. */
function inverseTurnFrom<F, I, B>(m: Arithmetic<F, I, B>, windows: I): readonly I[] {
  const { limb, limbMask, firstWindow, steps, inverseTurn } = WIDTHS[m.format];
  const k = m.shiftRightLogical(windows, firstWindow);
  let words: readonly I[] = inverseTurn.map((word) => m.int(word));
  for (const step of steps) {
    const later = m.equalInt(m.bitAnd(k, m.int(step)), m.int(step));
    words = words.slice(step).map((word, n) => m.selectInt(later, word, known(words[n], "a word of 1 / 2 pi")));
  }
  return words.flatMap((word) => [m.shiftRightLogical(word, limb), m.bitAnd(word, m.int(limbMask))]);
}

/**
 * X·W modulo 1: schoolbook multiplication. In f32 the product of limb i of X and limb j of W has weight 2^(32 - 16(i+j)) and
 * 32 bits; column n holds those with i + j = n. Columns 0 to 2 are whole turns; those past 7 are below 2^-62.
 */
function multiplyFractions<F, I, B>(m: Arithmetic<F, I, B>, x: readonly I[], w: readonly I[]): Turn<I> {
  const { limb, limbMask } = WIDTHS[m.format];
  const column = (n: number): readonly I[] =>
    x.flatMap((own, i) => {
      const other = w[n - i];
      return other === undefined ? [] : [m.mulInt(own, other)];
    });
  const sum = (list: readonly I[]): I => list.reduce((a, b) => m.addInt(a, b));
  const lowHalves = (list: readonly I[]): I => sum(list.map((p) => m.bitAnd(p, m.int(limbMask))));
  const highHalves = (list: readonly I[]): I => sum(list.map((p) => m.shiftRightLogical(p, limb)));
  const [fifth, sixth] = [column(5), column(6)];
  // In units of the fourth and third limb after the point: sums of at most nine limbs.
  const lowest = m.addInt(lowHalves(sixth), highHalves(column(7)));
  const middle = sum([lowHalves(fifth), highHalves(sixth), m.shiftRightLogical(lowest, limb)]);
  const upper = sum([m.shiftLeft(sum(column(3)), limb), ...column(4), highHalves(fifth)]);
  return {
    high: m.addInt(upper, m.shiftRightLogical(middle, limb)),
    low: m.addInt(m.shiftLeft(middle, limb), m.bitAnd(lowest, m.int(limbMask))),
  };
}

/** The float of a whole number, less its `drop` low bits, in units of 2^drop. */
function floatOf<F, I, B>(m: Arithmetic<F, I, B>, whole: I, drop: number): F {
  return m.toFloat(drop === 0 ? whole : m.shiftRight(whole, drop));
}

/** The nearest quarter turn and what is left of it, in radians; `lost` is the rounding error of r. */
function fromTurn<F, I, B>(m: Arithmetic<F, I, B>, turn: Turn<I>): Reduced<F, I> {
  const w: Widths = WIDTHS[m.format];
  const word = 2 * w.limb;
  const shifted = m.addInt(turn.high, m.int(w.eighth));
  const signed = m.subInt(m.bitAnd(shifted, m.int(w.quarterMask)), m.int(w.eighth));
  // `low` becomes signed too, by a carry: machines convert signed integers faster.
  const whole = m.addInt(signed, m.shiftRightLogical(turn.low, word - 1));
  // Split to the nearest multiple of a limb: to the one below, a small negative number would be a difference of large ones.
  const top = m.bitAnd(m.addInt(whole, m.int(w.halfLimb)), m.int(w.topMask));
  const coarse = floatOf(m, top, w.dropTop);
  const low = m.float(2 ** (w.dropLow - word));
  const fine = m.fma(floatOf(m, turn.low, w.dropLow), low, m.toFloat(m.subInt(whole, top)));
  // 14 bits times 9, or 30 times 22: exact.
  const first = m.mul(coarse, m.float(w.turnHigh * 2 ** (w.dropTop - word)));
  const lowPart = m.mul(coarse, m.float(w.turnLow * 2 ** (w.dropTop - word)));
  const rest = m.fma(fine, m.float(w.turn * 2 ** -word), lowPart);
  const r = m.add(first, rest);
  return { quadrant: m.shiftRightLogical(shifted, word - 2), r, lost: m.add(m.sub(first, r), rest) };
}

/** For every finite x; below pi/4 it is r itself. */
function reduce<F, I, B>(m: Arithmetic<F, I, B>, x: F): Reduced<F, I> {
  const { one, windows } = WIDTHS[m.format];
  const a = m.abs(x);
  const bits = m.bitsOf(a);
  // Exponent less its bias in its own place, 0 where x < 1: then X is just below 1.
  const exponent = m.maxInt(m.subInt(bits, m.int(one)), m.int(0));
  const removed = m.bitAnd(exponent, m.int(windows));
  const scaled = m.fromBits(m.subInt(bits, removed));
  const turn = multiplyFractions(m, limbsOf(m, scaled), inverseTurnFrom(m, removed));
  const { quadrant, r, lost } = fromTurn(m, turn);
  const small = m.less(a, m.float(Math.PI / 4));
  return {
    quadrant: m.selectInt(small, m.int(0), quadrant),
    r: m.select(small, a, r),
    lost: m.select(small, m.float(0), lost),
  };
}

/** sin(r + lost) = r + (r³·S(r²) + lost). */
function sineNearZero<F, I, B>(m: Arithmetic<F, I, B>, r: F, lost: F): F {
  const square = m.mul(r, r);
  return m.add(r, m.fma(m.mul(r, square), polynomial(m, square, SIN), lost));
}

/** cos(r + lost) = 1 - r²/2 + (r⁴·C(r²) - r·lost); the error of 1 - r²/2 is exact and goes into the last term. */
function cosineNearZero<F, I, B>(m: Arithmetic<F, I, B>, r: F, lost: F): F {
  const square = m.mul(r, r);
  const half = m.mul(square, m.float(0.5));
  const first = m.sub(m.float(1), half);
  const missing = m.sub(m.sub(m.float(1), first), half);
  const curved = m.fma(m.mul(square, square), polynomial(m, square, COS), missing);
  return m.add(first, m.sub(curved, m.mul(r, lost)));
}

/** The sine and the cosine of quadrant·pi/2 + r + lost, but for the sign. */
function sineAndCosine<F, I, B>(
  m: Arithmetic<F, I, B>,
  { quadrant, r, lost }: Reduced<F, I>,
): { readonly even: B; readonly sine: F; readonly cosine: F } {
  const even = m.equalInt(m.bitAnd(quadrant, m.int(1)), m.int(0));
  return { even, sine: sineNearZero(m, r, lost), cosine: cosineNearZero(m, r, lost) };
}

/** The sine of a quarter turn times `quadrant` plus the rest, its sign flipped where the bit `sign` says so. */
function sineOf<F, I, B>(m: Arithmetic<F, I, B>, reduced: Reduced<F, I>, sign: I | null): F {
  const { even, sine, cosine } = sineAndCosine(m, reduced);
  const bits = m.bitsOf(m.select(even, sine, cosine));
  const turned = m.bitXor(bits, m.shiftLeft(m.bitAnd(reduced.quadrant, m.int(2)), 2 * WIDTHS[m.format].limb - 2));
  return m.fromBits(sign === null ? turned : m.bitXor(turned, sign));
}

/** `y`, and NaN where x is not finite. */
function ofFinite<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): F {
  const finite = m.lessInt(m.bitsOf(m.abs(x)), m.int(LAYOUTS[m.format].infinity));
  return m.select(finite, y, m.float(Number.NaN));
}

export function sin<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  return ofFinite(m, x, sineOf(m, reduce(m, x), signBit(m, x)));
}

/** The sine a quarter turn further, of |x|. */
export function cos<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const reduced = reduce(m, x);
  return ofFinite(m, x, sineOf(m, { ...reduced, quadrant: m.addInt(reduced.quadrant, m.int(1)) }, null));
}

/** Sine by cosine, or after an odd number of quarter turns -cosine by sine. */
export function tan<F, I, B>(m: Arithmetic<F, I, B>, x: F): F {
  const reduced = reduce(m, x);
  const { even, sine, cosine } = sineAndCosine(m, reduced);
  const quotient = m.divide(m.select(even, sine, cosine), m.select(even, cosine, sine));
  const flipped = m.shiftLeft(m.bitAnd(reduced.quadrant, m.int(1)), 2 * WIDTHS[m.format].limb - 1);
  return ofFinite(m, x, m.fromBits(m.bitXor(m.bitXor(m.bitsOf(quotient), flipped), signBit(m, x))));
}
