/**
 * compiler/ir/math/narrow-formats.ts: every bit pattern decoded, every pattern back, and f32 of all magnitudes rounded and
 * encoded, against the conversions of dtype.ts. EINKORN_FUZZ=n takes n times as many f32.
 */
import { describe, expect, test } from "vitest";
import { bf16FromBits, bf16ToBits, DTYPES, f16FromBits, f16ToBits } from "../../compiler/ir/dtype.ts";
import type { NarrowFloat } from "../../compiler/ir/math/narrow-formats.ts";
import { NARROW_FORMATS } from "../../compiler/ir/math/narrow-formats.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { bitsOfFloat, floatFromBits, numberArithmetic } from "../support/number-arithmetic.ts";

const m = numberArithmetic(false);
const SEED = 20260;
const SAMPLES = 500_000 * Number(process.env["EINKORN_FUZZ"] ?? 1);

const CONVERSIONS = {
  f16: { toBits: f16ToBits, fromBits: f16FromBits },
  bf16: { toBits: bf16ToBits, fromBits: bf16FromBits },
} as const satisfies Record<NarrowFloat, unknown>;

const FORMATS: readonly NarrowFloat[] = ["f16", "bf16"];

describe.each(FORMATS)("%s", (name) => {
  const { decode, encode, round } = NARROW_FORMATS[name];
  const { toBits, fromBits } = CONVERSIONS[name];

  test("all 65536 patterns: decoded, encoded again, and their own rounding", () => {
    const wrong: string[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      const x = fromBits(bits);
      // What stands above the 16 bits must not matter.
      const got = decode(m, bits | ((bits << 3) & ~0xffff));
      const back = encode(m, x);
      const isRight = Object.is(got, x) && Object.is(round(m, x), x);
      const isSame = Number.isNaN(x) ? Number.isNaN(fromBits(back)) && isQuiet(name, back) : back === bits;
      if (!isRight || !isSame) wrong.push(`${bits.toString(16)}: ${got}, back ${back.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });

  /** The f32 and what of it there is to complain about. */
  const complaint = (x: number): string | null => {
    const [bits, value] = [encode(m, x), round(m, x)];
    const expected = toBits(x);
    const isRight = Number.isNaN(x)
      ? Number.isNaN(value) && Number.isNaN(fromBits(bits)) && isQuiet(name, bits)
      : bits === expected && Object.is(value, fromBits(expected));
    return isRight ? null : `${x} (${(bitsOfFloat(x) >>> 0).toString(16)}): ${bits.toString(16)}, ${value}`;
  };

  test("ties, and the f32 on both sides of each", () => {
    const shift = 24 - DTYPES[name].significandBits;
    const wrong: string[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      const [here, next] = [fromBits(bits), fromBits(bits + 1)];
      // Halfway to the next value, also from the largest number to where the next would be.
      const tie = Number.isFinite(next) ? (here + next) / 2 : floatFromBits(bitsOfFloat(here) + 2 ** (shift - 1));
      if (!Number.isFinite(here) || Math.fround(tie) !== tie) continue;
      for (const step of [-1, 0, 1]) {
        const found = complaint(floatFromBits(bitsOfFloat(tie) + step));
        if (found !== null) wrong.push(found);
      }
    }
    expect(wrong).toEqual([]);
  });

  test(`random f32, seed ${SEED}: all patterns, and magnitudes near the format's ends`, () => {
    const random = makeRandom(SEED);
    const { minExponent, maxExponent } = DTYPES[name];
    const wrong: string[] = [];
    for (let n = 0; n < SAMPLES; n++) {
      const any = floatFromBits(Math.floor(random() * 2 ** 32) | 0);
      const end = n % 2 === 0 ? minExponent - 12 + random() * 14 : maxExponent - 1 + random() * 3;
      const near = Math.fround((random() - 0.5) * 2 ** end);
      for (const x of [any, near]) {
        const found = complaint(x);
        if (found !== null) wrong.push(found);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("infinities and NaNs", () => {
    const special = [0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff, 0xffffffff, 0x7f801000];
    expect(special.map((bits) => complaint(floatFromBits(bits | 0))).filter((c) => c !== null)).toEqual([]);
  });
});

function isQuiet(name: NarrowFloat, bits: number): boolean {
  return (bits & (name === "f16" ? 0x200 : 0x40)) !== 0;
}
