/**
 * Random tensors that are the same on every machine. The generator is counter-based: element i depends on the seed and on
 * i alone (Philox4x32-10; Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), so that
 * any part can be made anywhere, in any order. Each element takes 64 bits: two of the four words of block floor(i / 2).
 *
 * Floats: the top p bits as a fraction, p being the dtype's significand, spread over [-1, 1) in steps of 2^(1-p); no
 * rounding, and one seed gives the same numbers in every float dtype, cut to its grid. Integers: floor(u * n) for u in
 * [0, 1) from the top 32 bits (64 where the range is wider), n the size of the range; bool: the top bit.
 */
import { DTYPES, isFloat } from "../compiler/ir/dtype.ts";
import type { AnyArray, DType, FloatDType, IntDType } from "../compiler/ir/dtype.ts";
import { writeElement } from "../compiler/ir/elements.ts";

/** High 32 bits of the product of two unsigned words, by halves: a number is exact only up to 2^53. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + (other >>> 16);
}

/**
 * Philox4x32 with ten rounds: for each 64-bit key a bijection of 128-bit counters. Replaces the four words of a counter,
 * low word first, by the four random words.
 */
export function philox(words: Uint32Array, keyLow: number, keyHigh: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = words;
  let k0 = keyLow;
  let k1 = keyHigh;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, a);
    const high1 = mulHigh(0xcd9e8d57, c);
    const low0 = Math.imul(0xd2511f53, a);
    const low1 = Math.imul(0xcd9e8d57, c);
    a = (high1 ^ b ^ k0) >>> 0;
    c = (high0 ^ d ^ k1) >>> 0;
    b = low1;
    d = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** Calls `use(i, high, low)` with the 64 bits of each of the first `count` elements. */
function eachDraw(seed: number, count: number, use: (index: number, high: number, low: number) => void): void {
  const words = new Uint32Array(4);
  for (let block = 0; 2 * block < count; block++) {
    words.fill(0);
    words[0] = block;
    words[1] = block / 2 ** 32;
    philox(words, seed | 0, Math.floor(seed / 2 ** 32));
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    use(2 * block, w0, w1);
    if (2 * block + 1 < count) use(2 * block + 1, w2, w3);
  }
}

/**
 * Fills the first `count` elements. `seed` is a safe integer, not negative; `range` is half-open, within the dtype's own
 * range, and not empty; floats take none.
 */
export function fillRandom(
  dtype: DType,
  array: AnyArray,
  count: number,
  seed: number,
  range: { readonly low: bigint; readonly high: bigint } | null,
): void {
  if (isFloat(dtype)) return fillFloats(dtype, array, count, seed);
  const row = DTYPES[dtype];
  fillInts(dtype, array, count, seed, range ?? { low: row.min, high: row.max + 1n });
}

function fillFloats(dtype: FloatDType, array: AnyArray, count: number, seed: number): void {
  const { significandBits } = DTYPES[dtype];
  const step = 2 ** (1 - significandBits);
  const cutHigh = 2 ** Math.max(0, 32 - significandBits);
  const lowBits = Math.max(0, significandBits - 32);
  const cutLow = 2 ** (32 - lowBits);
  eachDraw(seed, count, (index, high, low) => {
    const top = Math.floor(high / cutHigh) * 2 ** lowBits + Math.floor(low / cutLow);
    writeElement(dtype, array, index, top * step - 1);
  });
}

type Range = { readonly low: bigint; readonly high: bigint };

function fillInts(dtype: IntDType | "bool", array: AnyArray, count: number, seed: number, { low, high }: Range): void {
  const size = high - low;
  if (size < 2n ** 32n && DTYPES[dtype].bits <= 32) {
    const [first, n] = [Number(low), Number(size)];
    return eachDraw(seed, count, (index, word) => writeElement(dtype, array, index, first + mulHigh(word, n)));
  }
  eachDraw(seed, count, (index, top, bottom) => {
    const wide =
      size <= 2n ** 32n ? (BigInt(top) * size) >> 32n : (((BigInt(top) << 32n) | BigInt(bottom)) * size) >> 64n;
    writeElement(dtype, array, index, low + wide);
  });
}
