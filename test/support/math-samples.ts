/**
 * Operands on which derived operations are measured: special values, uniformly random bit patterns of a format, and
 * values whose results are neither trivial nor out of range. A new row of derived-ops.ts asks for its row here.
 */
import type { DerivedOp } from "../../compiler/ir/derived-ops.ts";
import { roundToDType } from "../../compiler/ir/dtype.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import { doubleFromBits, floatFromBits } from "./number-arithmetic.ts";

type Random = () => number;
export type Pair = readonly [number, number];
type Working = (random: Random, format: WideFloat) => Pair;

/** Uniform between bounds, of which f64 may have others. */
const between =
  (f32: Pair, f64: Pair = f32): Working =>
  (random, format) => {
    const [lo, hi] = format === "f32" ? f32 : f64;
    return [lo + (hi - lo) * random(), 0];
  };
const power = (lo: number, hi: number, less = 0): Working => {
  return (random) => [2 ** (lo + (hi - lo) * random()) - less, 0];
};
const signed = (working: Working): Working => {
  return (random, format) => {
    const [x, y] = working(random, format);
    return [random() < 0.5 ? x : -x, y];
  };
};

const WORKING = {
  exp: between([-105, 90], [-746, 710]),
  exp2: between([-151, 130], [-1076, 1025]),
  expm1: between([-20, 90], [-40, 710]),
  log: power(-2, 2),
  log2: power(-2, 2),
  log1p: power(-2, 2, 1),
  tanh: between([-10, 10], [-20, 20]),
  sigmoid: between([-105, 20], [-746, 40]),
  erf: between([-4.5, 4.5], [-6.5, 6.5]),
  rsqrt: power(0, 4),
  sin: between([-100, 100]),
  cos: between([-100, 100]),
  tan: between([-100, 100]),
  asin: between([-1, 1]),
  acos: between([-1, 1]),
  atan: signed(power(-4, 4)),
  atan2: (random) => [random() * 8 - 4, random() * 8 - 4],
  sinh: between([-90, 90], [-711, 711]),
  cosh: between([-90, 90], [-711, 711]),
  asinh: signed(power(-6, 6)),
  acosh: (random) => [1 + 2 ** (random() * 20 - 10), 0],
  atanh: between([-1, 1]),
  pow: (random, format) => {
    // The closer to 1, the larger the exponent, by which the error of the logarithm is multiplied.
    const base = random() < 0.5 ? 2 ** (random() * 8 - 4) : 0.5 + random();
    const [lo, hi] = format === "f32" ? [-150, 129] : [-1076, 1025];
    return [base, (lo + (hi - lo) * random()) / Math.log2(base)];
  },
  fmod: (random) => [(random() - 0.5) * 2 ** (random() * 100), (random() - 0.5) * 2 ** (random() * 20)],
} as const satisfies Record<DerivedOp, Working>;

const EDGES: readonly number[] = [
  [0, 2 ** -149, 2 ** -127, 2 ** -126, 1e-30, 2 ** -25, 2 ** -12, 0.26, 0.5, 0.875, 1 - 2 ** -24, 1, 1 + 2 ** -23],
  [1.5, Math.PI / 2, 2, 3, Math.PI, 88.72283, 88.72284, 89, 103.97, 104, 127.99999, 128, 149, 150, 1e10],
  [8388607.5, 16777215, 16777216, 2 ** 33, 2 ** 97, 16367173 * 2 ** 72, 3.4028234663852886e38, Infinity, Number.NaN],
].flat();
/** The last but two is the f64 closest to a multiple of pi / 2, relative to itself. */
const WIDE_EDGES: readonly number[] = [
  [
    2 ** -1074,
    2 ** -1023,
    2 ** -1022,
    2 ** -54,
    2 ** -27,
    1 - 2 ** -53,
    1 + 2 ** -52,
    709.782712893384,
    709.7827128933841,
  ],
  [710.4758600739439, 745.1332191019412, 745.2, 1023.9999999999999, 1024, 1074.5, 2 ** 52, 2 ** 53, 1e300],
  [6381956970095103 * 2 ** 797, Number.MAX_VALUE],
].flat();

/** Values at which something changes, with both signs. */
export function edgesOf(format: WideFloat): readonly number[] {
  const values = format === "f32" ? EDGES : [...EDGES, ...WIDE_EDGES];
  return [...new Set(values.map((x) => roundToDType(format, x)))].flatMap((x) => [x, -x]);
}

function anyOf(format: WideFloat, random: Random): number {
  const word = (): number => (random() * 2 ** 32) | 0;
  if (format === "f32") return floatFromBits(word());
  return doubleFromBits(BigInt.asIntN(64, (BigInt(word()) << 32n) ^ BigInt(word())));
}

/** Two random bit patterns; y counts only for operations of two operands. */
export function anyPair(format: WideFloat, random: Random): Pair {
  return [anyOf(format, random), anyOf(format, random)];
}

/** Operands of the operation's working range. */
export function workingPair(op: DerivedOp, format: WideFloat, random: Random): Pair {
  const [x, y] = WORKING[op](random, format);
  return [roundToDType(format, x), roundToDType(format, y)];
}
