/**
 * The table of dtypes against independent arithmetic: all 65,536 patterns of f16 and bf16, every tie between two of them
 * and its neighbours, ranges, units in the last place, packed elements.
 */
import { describe, expect, it } from "vitest";
import type { DType, FloatDType } from "../../compiler/ir/dtype.ts";
import {
  ARRAYS,
  bf16FromBits,
  bf16ToBits,
  byteLength,
  DTYPE_NAMES,
  DTYPES,
  dtypeRange,
  f16FromBits,
  f16ToBits,
  holds,
  isBool,
  isDType,
  isFloat,
  isInt,
  roundToDType,
  ulp,
} from "../../compiler/ir/dtype.ts";
import { readElement, writeElement } from "../../compiler/ir/elements.ts";

/** The value of a pattern from the definition of IEEE formats, in exact f64 arithmetic. */
function decode(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = bits & (2 ** fractionBits - 1);
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

const next = (x: number, steps: number): number => {
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] = (bits[0] ?? 0n) + BigInt(steps);
  return new Float64Array(bits.buffer)[0] ?? 0;
};

const HALVES = [
  { dtype: "f16", exponent: 5, fraction: 10, largest: 0x7bff, from: f16FromBits, to: f16ToBits },
  { dtype: "bf16", exponent: 8, fraction: 7, largest: 0x7f7f, from: bf16FromBits, to: bf16ToBits },
] as const;

describe.each(HALVES)("$dtype", ({ dtype, exponent, fraction, largest, from, to }) => {
  it("decodes and encodes every pattern", () => {
    let nans = 0;
    for (let bits = 0; bits < 65_536; bits++) {
      const value = decode(bits, exponent, fraction);
      if (!Object.is(from(bits), value)) expect.fail(`${bits} decodes to ${from(bits)}, not ${value}`);
      if (Number.isNaN(value)) nans++;
      else if (to(value) !== bits) expect.fail(`${value} encodes to ${to(value)}, not ${bits}`);
      if (!Object.is(roundToDType(dtype, value), value)) expect.fail(`${value} does not round to itself`);
    }
    expect(nans).toBe(2 * (2 ** fraction - 1));
    expect(Number.isNaN(from(to(Number.NaN)))).toBe(true);
  });

  it("rounds every tie to even, and what is next to a tie to the nearer side", () => {
    for (let bits = 0; bits < largest; bits++) {
      const [low, high] = [decode(bits, exponent, fraction), decode(bits + 1, exponent, fraction)];
      const tie = (low + high) / 2;
      const even = bits % 2 === 0 ? low : high;
      for (const sign of [1, -1]) {
        const rounded = [tie, next(tie, 1), next(tie, -1)].map((x) => roundToDType(dtype, sign * x));
        const wanted = [even, high, low].map((x) => sign * x);
        if (rounded.some((x, i) => !Object.is(x, wanted[i])))
          expect.fail(`around ${sign * tie}: ${rounded.join()}, not ${wanted.join()}`);
      }
    }
  });

  it("overflows to infinity from half a unit past the largest number", () => {
    const top = decode(largest, exponent, fraction);
    const edge = top + ulp(dtype, top) / 2;
    expect([next(edge, -1), edge, Number.MAX_VALUE, -edge].map((x) => roundToDType(dtype, x))).toEqual([
      top,
      Infinity,
      Infinity,
      -Infinity,
    ]);
  });

  it("does not round twice", () => {
    // Through f32 this would first become the tie 1 + half a unit, and then 1.
    const half = ulp(dtype, 1) / 2;
    expect(roundToDType(dtype, 1 + half + 2 ** -40)).toBe(1 + 2 * half);
  });
});

describe("bigints", () => {
  it("round once, at any size", () => {
    // 2^100 + half a unit of f32 + 1: over the tie by one in 2^100.
    const odd = 2n ** 100n + 2n ** 76n + 1n;
    expect(roundToDType("f32", odd)).toBe(2 ** 100 + 2 ** 77);
    expect(roundToDType("f32", odd - 1n)).toBe(2 ** 100);
    expect(roundToDType("f32", -odd)).toBe(-(2 ** 100 + 2 ** 77));
    expect(roundToDType("bf16", 2n ** 100n + 2n ** 92n + 1n)).toBe(2 ** 100 + 2 ** 93);
    expect(roundToDType("f64", 2n ** 64n + 2n ** 11n + 1n)).toBe(2 ** 64 + 2 ** 12);
    expect(roundToDType("f32", 2n ** 128n)).toBe(Infinity);
    expect(roundToDType("f16", 65_519n)).toBe(65_504);
    expect(roundToDType("f16", 65_520n)).toBe(Infinity);
  });
});

const largest = (dtype: FloatDType): number => {
  const { significandBits, maxExponent } = DTYPES[dtype];
  return (2 - 2 ** (1 - significandBits)) * 2 ** maxExponent;
};

const rule = (dtype: DType): string => `${DTYPES[dtype].accumulator} ${DTYPES[dtype].arithmetic}`;

const every = (dtypes: readonly DType[], text: string): Record<string, string> =>
  Object.fromEntries(dtypes.map((dtype) => [dtype, text]));

describe("the table", () => {
  it("has ranges and widths that agree with the arrays of the engine", () => {
    for (const dtype of DTYPE_NAMES.filter((name) => isInt(name) && DTYPES[name].bits >= 8)) {
      if (!isInt(dtype)) continue;
      const { min, max } = dtypeRange(dtype);
      const array = new ARRAYS[dtype](1);
      expect(array.BYTES_PER_ELEMENT).toBe(DTYPES[dtype].bytes);
      for (const value of [min, max]) {
        writeElement(dtype, array, 0, value);
        expect(BigInt(readElement(dtype, array, 0))).toBe(value);
      }
      expect(holds(dtype, min - 1n) || holds(dtype, max + 1n)).toBe(false);
    }
  });

  it("has float rows that agree with the engine", () => {
    expect(largest("f64")).toBe(Number.MAX_VALUE);
    expect(largest("f32")).toBe(new Float32Array(Uint32Array.of(0x7f7fffff).buffer)[0]);
    expect(largest("f16")).toBe(65_504);
    expect(ulp("f64", 0)).toBe(Number.MIN_VALUE);
    expect(ulp("f64", 1)).toBe(Number.EPSILON);
    expect(ulp("f32", 0)).toBe(2 ** -149);
    expect(ulp("f32", -3)).toBe(2 ** -22);
    expect(ulp("f16", 65_504)).toBe(32);
    expect(ulp("f32", 2 ** -126)).toBe(2 ** -149);
    expect(ulp("f32", -Infinity)).toBe(Infinity);
    expect(ulp("f32", Number.NaN)).toBeNaN();
  });

  it("sums and computes as the language says", () => {
    expect(Object.fromEntries(DTYPE_NAMES.map((dtype) => [dtype, rule(dtype)]))).toEqual({
      bool: "i32 null",
      ...every(["i8", "u8", "i16", "u16", "i32", "i4", "u4", "i2", "u2", "u1"], "i32 i32"),
      u32: "u32 u32",
      i64: "i64 i64",
      u64: "u64 u64",
      f16: "f32 f16",
      bf16: "f32 bf16",
      f32: "f32 f32",
      f64: "f64 f64",
    });
    expect(DTYPE_NAMES.filter((dtype) => DTYPES[dtype].storageOnly)).toEqual(["i4", "u4", "i2", "u2", "u1"]);
  });

  it("sorts every dtype into one kind, and knows no other word", () => {
    for (const dtype of DTYPE_NAMES)
      expect([isBool(dtype), isInt(dtype), isFloat(dtype)].filter(Boolean)).toHaveLength(1);
    expect(["f8", "toString", "__proto__", ""].some(isDType)).toBe(false);
  });

  it("holds whole numbers in range, and nothing else in an integer", () => {
    expect([0, -128, 127, 5n, -0].every((value) => holds("i8", value))).toBe(true);
    expect([128, -129n, 0.5, Number.NaN, Infinity].some((value) => holds("i8", value))).toBe(false);
    expect([roundToDType("u64", 7), Object.is(roundToDType("i8", -0), 0), roundToDType("bool", 1)]).toEqual([
      7n,
      true,
      1,
    ]);
  });
});

describe("packed elements", () => {
  it.each(["i4", "u4", "i2", "u2", "u1"] as const)("%s keeps every value at every place", (dtype) => {
    const { min, max } = dtypeRange(dtype);
    const values = Array.from({ length: Number(max - min) + 1 }, (_, i) => Number(min) + i);
    const count = 19;
    for (const shift of values.keys()) {
      const array = new ARRAYS[dtype](byteLength(dtype, count)).fill(0xff);
      const wanted = Array.from({ length: count }, (_, i) => values[(i + shift) % values.length] ?? 0);
      for (const [i, value] of wanted.entries()) writeElement(dtype, array, i, value);
      expect(wanted.map((_, i) => readElement(dtype, array, i))).toEqual(wanted);
    }
  });

  it("puts the first element into the low bits", () => {
    const array = new Uint8Array(1);
    writeElement("u4", array, 0, 1);
    writeElement("u4", array, 1, 2);
    expect(array[0]).toBe(0x21);
    expect(byteLength("u1", 9)).toBe(2);
  });
});
