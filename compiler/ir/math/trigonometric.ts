/**
 * sin and cos in f32, right to 2 ulp for every finite argument, without a branch.
 *
 * From pi/4 on the argument is reduced by Payne and Hanek's method (1983) in 32-bit integers: x / 2 pi modulo 1 needs
 * only the digits of 1 / 2 pi from about the exponent of x on. x is written as X·2^(32k - 24) with a whole X of 24 to 56
 * bits (exactly: a multiple of 32 is taken off the exponent), so the digits needed are four whole words of
 * 2^-24 / 2 pi, chosen among seven by k in 0..3. The four limbs of 16 bits of X times the eight limbs of those words give
 * the fraction of a turn to 2^-62; no f32 comes closer than 2^-33 of a turn to a multiple of pi / 2, which leaves 29
 * good bits in the worst case.
 */
import { known } from "../../support/invariant.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { polynomial, signBit } from "./arithmetic.ts";

/** 2^-24 / 2 pi, 224 bits, first the highest word. */
const INVERSE_TURN = [0x00000028, 0xbe60db93, 0x91054a7f, 0x09d5f47d, 0x4d377036, 0xd8a5664f, 0x10e4107f] as const;
/** 2 pi = TURN_HIGH + TURN_LOW; the first has 9 bits. TURN is the sum as one f32. */
const TURN_HIGH = 6.28125;
const TURN_LOW = 0.0019353072;
const TURN = 6.2831855;
const HALF_WORD = 0xffff;
const INFINITY_BITS = 0x7f800000;

/** (sin r / r - 1) / r² and (cos r - 1 + r²/2) / r⁴, in r², on |r| <= pi/4; relative errors 2^-28 and 2^-33. */
const SIN = [-0.16666655, 0.008332187, -0.00019517897];
const COS = [0.041666646, -0.001388731, 2.4432327e-5];

/** |x| = quadrant·pi/2 + r + lost modulo a turn, |r| <= pi/4; only the low two bits of `quadrant` count. */
type Reduced<F, I> = { readonly quadrant: I; readonly r: F; readonly lost: F };

/** A fraction of a turn: (high + low·2^-32)·2^-32, both unsigned. */
type Turn<I> = { readonly high: I; readonly low: I };

/** The limbs of 16 bits of the whole number x·2^24, x in 1/2 .. 2^32, first the highest. */
function limbsOf<F, I, B>(m: Arithmetic<F, I, B>, x: F): readonly I[] {
  // A whole number below 2^16 stands in the low bits of its sum with 2^23.
  const whole = (value: F): I => m.bitAnd(m.bitsOf(m.add(value, m.float(2 ** 23))), m.int(HALF_WORD));
  const limbs: I[] = [];
  let rest = m.mul(x, m.float(2 ** -24));
  for (const _ of [0, 1, 2]) {
    const limb = m.floor(rest);
    limbs.push(whole(limb));
    rest = m.mul(m.sub(rest, limb), m.float(2 ** 16));
  }
  return [...limbs, whole(rest)];
}

/** The eight limbs of 2^-24 / 2 pi that start at word `k` (in 0..3), first the highest. */
function inverseTurnFrom<F, I, B>(m: Arithmetic<F, I, B>, k: I): readonly I[] {
  const isOdd = m.equalInt(m.bitAnd(k, m.int(1)), m.int(1));
  const isHigh = m.lessInt(m.int(1), k);
  const word = (n: number): I => m.int(known(INVERSE_TURN[n], "a word of 1 / 2 pi") | 0);
  return [0, 1, 2, 3].flatMap((n) => {
    const low = m.selectInt(isOdd, word(n + 1), word(n));
    const chosen = m.selectInt(isHigh, m.selectInt(isOdd, word(n + 3), word(n + 2)), low);
    return [m.shiftRightLogical(chosen, 16), m.bitAnd(chosen, m.int(HALF_WORD))];
  });
}

/**
 * X·W modulo 1: schoolbook multiplication. The product of limb i of X and limb j of W has weight 2^(32 - 16(i+j)) and 32
 * bits; column n holds those with i + j = n. Columns 0 to 2 are whole turns; those past 7 are below 2^-62.
 */
function multiplyFractions<F, I, B>(m: Arithmetic<F, I, B>, x: readonly I[], w: readonly I[]): Turn<I> {
  const column = (n: number): readonly I[] =>
    x.flatMap((limb, i) => {
      const other = w[n - i];
      return other === undefined ? [] : [m.mulInt(limb, other)];
    });
  const sum = (list: readonly I[]): I => list.reduce((a, b) => m.addInt(a, b));
  const lowHalves = (list: readonly I[]): I => sum(list.map((p) => m.bitAnd(p, m.int(HALF_WORD))));
  const highHalves = (list: readonly I[]): I => sum(list.map((p) => m.shiftRightLogical(p, 16)));
  const [fifth, sixth] = [column(5), column(6)];
  // In units of 2^-64 and 2^-48: sums of at most nine half words.
  const lowest = m.addInt(lowHalves(sixth), highHalves(column(7)));
  const middle = sum([lowHalves(fifth), highHalves(sixth), m.shiftRightLogical(lowest, 16)]);
  const upper = sum([m.shiftLeft(sum(column(3)), 16), ...column(4), highHalves(fifth)]);
  return {
    high: m.addInt(upper, m.shiftRightLogical(middle, 16)),
    low: m.addInt(m.shiftLeft(middle, 16), m.bitAnd(lowest, m.int(HALF_WORD))),
  };
}

/** The nearest quarter turn and what is left of it, in radians; `lost` is the rounding error of r. */
function fromTurn<F, I, B>(m: Arithmetic<F, I, B>, turn: Turn<I>): Reduced<F, I> {
  const shifted = m.addInt(turn.high, m.int(2 ** 29));
  const signed = m.subInt(m.bitAnd(shifted, m.int(2 ** 30 - 1)), m.int(2 ** 29));
  // `low` becomes signed too, by a carry: machines convert signed integers faster.
  const whole = m.addInt(signed, m.shiftRightLogical(turn.low, 31));
  // Split to the nearest multiple of 2^16: to the one below, a small negative number would be a difference of large ones.
  const top = m.bitAnd(m.addInt(whole, m.int(2 ** 15)), m.int(~HALF_WORD));
  const coarse = m.toFloat(top);
  const fine = m.fma(m.toFloat(turn.low), m.float(2 ** -32), m.toFloat(m.subInt(whole, top)));
  // 14 bits times 9: exact.
  const first = m.mul(coarse, m.float(TURN_HIGH * 2 ** -32));
  const rest = m.fma(fine, m.float(TURN * 2 ** -32), m.mul(coarse, m.float(TURN_LOW * 2 ** -32)));
  const r = m.add(first, rest);
  return { quadrant: m.shiftRightLogical(shifted, 30), r, lost: m.add(m.sub(first, r), rest) };
}

/** For every finite x; below pi/4 it is r itself. */
function reduce<F, I, B>(m: Arithmetic<F, I, B>, x: F): Reduced<F, I> {
  const a = m.abs(x);
  const bits = m.bitsOf(a);
  // Exponent minus 127 in the bits from 23 up, 0 where x < 1: then X is just below 1.
  const exponent = m.maxInt(m.subInt(bits, m.int(0x3f800000)), m.int(0));
  const windows = m.bitAnd(exponent, m.int(0x30000000));
  const scaled = m.fromBits(m.subInt(bits, windows));
  const digits = inverseTurnFrom(m, m.shiftRightLogical(windows, 28));
  const { quadrant, r, lost } = fromTurn(m, multiplyFractions(m, limbsOf(m, scaled), digits));
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

/** The sine of a quarter turn times `quadrant` plus the rest, its sign flipped where the bit `sign` says so. */
function sineOf<F, I, B>(m: Arithmetic<F, I, B>, { quadrant, r, lost }: Reduced<F, I>, sign: I | null): F {
  const even = m.equalInt(m.bitAnd(quadrant, m.int(1)), m.int(0));
  const bits = m.bitsOf(m.select(even, sineNearZero(m, r, lost), cosineNearZero(m, r, lost)));
  const turned = m.bitXor(bits, m.shiftLeft(m.bitAnd(quadrant, m.int(2)), 30));
  return m.fromBits(sign === null ? turned : m.bitXor(turned, sign));
}

/** `y`, and NaN where x is not finite. */
function ofFinite<F, I, B>(m: Arithmetic<F, I, B>, x: F, y: F): F {
  const finite = m.lessInt(m.bitsOf(m.abs(x)), m.int(INFINITY_BITS));
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
