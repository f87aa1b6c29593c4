/**
 * Every derived operation's expansion against its reference: random bit patterns, values from its working range and special
 * values, with fused and with unfused multiply-add, within the ulps its row promises (2^-149 is an ulp of results
 * below the normals). The largest errors and the number of instructions are printed. EINKORN_FUZZ=n takes n times as many
 * values; a new row of derived-ops.ts is tested by itself and asks for its row in WORKING.
 */
import { describe, expect, test } from "vitest";
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS, erfReference } from "../../compiler/ir/derived-ops.ts";
import { ulp } from "../../compiler/ir/dtype.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { apply, variable } from "../../compiler/ir/expr.ts";
import { visit } from "../../compiler/ir/walk.ts";
import { expandIn } from "../../compiler/passes/math/expand-math.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { floatFromBits, numberArithmetic } from "../support/number-arithmetic.ts";

const SEED = 20260;
const SAMPLES = 200_000 * Number(process.env["EINKORN_FUZZ"] ?? 1);
const { POSITIVE_INFINITY: inf, NaN: nan } = Number;

type Working = (random: () => number) => readonly [number, number];
const between =
  (lo: number, hi: number): Working =>
  (random) => [lo + (hi - lo) * random(), 0];

/** Operands whose results are neither trivial nor out of range. */
const WORKING = {
  exp: between(-105, 90),
  exp2: between(-151, 130),
  expm1: between(-20, 90),
  log: (random) => [2 ** (random() * 4 - 2), 0],
  log2: (random) => [2 ** (random() * 4 - 2), 0],
  log1p: (random) => [2 ** (random() * 4 - 2) - 1, 0],
  tanh: between(-10, 10),
  sigmoid: between(-105, 20),
  erf: between(-4.5, 4.5),
  rsqrt: (random) => [2 ** (random() * 4), 0],
  sin: between(-100, 100),
  cos: between(-100, 100),
  pow: (random) => {
    // The closer to 1, the larger the exponent, by which the error of the logarithm is multiplied.
    const base = random() < 0.5 ? 2 ** (random() * 8 - 4) : 0.5 + random();
    return [base, (random() * 300 - 150) / Math.log2(base)];
  },
} as const satisfies Record<DerivedOp, Working>;

const SPECIAL: readonly number[] = [
  [0, 2 ** -149, 2 ** -127, 2 ** -126, 1e-30, 2 ** -25, 2 ** -12, 0.26, 0.5, 0.875, 1 - 2 ** -24, 1, 1 + 2 ** -23],
  [1.5, Math.PI / 2, 2, 3, Math.PI, 88.72283, 88.72284, 89, 103.97, 104, 127.99999, 128, 149, 150, 1e10],
  [8388607.5, 16777215, 16777216, 2 ** 33, 2 ** 97, 16367173 * 2 ** 72, 3.4028234663852886e38, inf, nan],
].flatMap((list) => list.flatMap((x) => [Math.fround(x), Math.fround(-x)]));

/** Distance in units of the last place of the f32 nearest to `exact`; 0 for the same infinity, NaN or zero. */
function errorInUlps(got: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Object.is(got, nearest)) return Number.isFinite(nearest) ? Math.abs(got - exact) / ulp("f32", nearest) : 0;
  if (Number.isNaN(got) || Number.isNaN(nearest) || (got === 0 && nearest === 0)) return inf;
  // Beyond the largest number lies the next power of two, as if it were one.
  const [a, b] = [got, exact].map((x) => Math.max(-(2 ** 128), Math.min(2 ** 128, x)));
  const unit = ulp("f32", Math.min(Math.abs(nearest), 2 ** 127));
  return Math.abs((a ?? 0) - (b ?? 0)) / unit;
}

type Worst = { error: number; at: string };

function measure(op: DerivedOp, fused: boolean): Worst {
  const m = numberArithmetic(fused);
  const row: DerivedRow = DERIVED_OPS[op];
  const random = makeRandom(SEED);
  const worst: Worst = { error: -1, at: "" };
  const look = (x: number, y: number): void => {
    const got = row.expand(m, x, y);
    const error = errorInUlps(got, row.reference(x, y));
    if (error <= worst.error) return;
    worst.error = error;
    worst.at = `${op}(${x}${row.arity === 2 ? `, ${y}` : ""}) = ${got}`;
  };
  const others = row.arity === 2 ? SPECIAL : [0];
  for (const x of SPECIAL) for (const y of others) look(x, y);
  for (let n = 0; n < SAMPLES; n++) {
    look(floatFromBits((random() * 2 ** 32) | 0), row.arity === 2 ? floatFromBits((random() * 2 ** 32) | 0) : 0);
    const [x, y] = WORKING[op](random);
    look(Math.fround(x), Math.fround(y));
  }
  return worst;
}

/** Operations of an expression, less what only looks at the same bits as another type. */
function instructions(e: Expr): number {
  let count = 0;
  visit(e, (n) => {
    if (n.kind === "apply" || n.kind === "select" || (n.kind === "cast" && n.mode !== "bits")) count++;
  });
  return count;
}

/** As f32 vectors have them: one may only be raised by someone who measured what it costs. */
const BUDGET: Readonly<Record<DerivedOp, number>> = {
  exp: 19,
  exp2: 18,
  expm1: 26,
  log: 30,
  log2: 28,
  log1p: 30,
  tanh: 28,
  sigmoid: 27,
  erf: 31,
  rsqrt: 2,
  sin: 168,
  cos: 167,
  pow: 101,
};

describe("expansions in f32", () => {
  const table: string[] = [];

  test.each(DERIVED_NAMES)(`%s, seed ${SEED}`, (op) => {
    const { ulps } = DERIVED_OPS[op];
    const [fused, unfused] = [measure(op, true), measure(op, false)];
    const args = ["x", "y"].slice(0, DERIVED_OPS[op].arity).map((id) => variable("f32", id, id));
    let count = 0;
    const expanded = expandIn(apply(op, ...args), (type, name) => variable(type, `v${count++}`, name));
    const cost = instructions(expanded);
    table.push(
      `${op.padEnd(8)} fused ${fused.error.toFixed(3)} ulp, unfused ${unfused.error.toFixed(3)} ulp, ${cost} instructions`,
    );
    expect(fused.error, fused.at).toBeLessThanOrEqual(ulps);
    expect(unfused.error, unfused.at).toBeLessThanOrEqual(ulps);
    expect(cost).toBeLessThanOrEqual(BUDGET[op]);
  });

  test("the table", () => {
    console.log(table.join("\n"));
    expect(table).toHaveLength(DERIVED_NAMES.length);
  });
});

describe("references", () => {
  /** pi·2^k to all bits that any f32 asks for: Machin's formula in integers. */
  const BITS = 400n;
  const arctanInverse = (n: bigint): bigint => {
    let [term, sum, k] = [(1n << BITS) / n, 0n, 1n];
    for (; term !== 0n; term /= n * n, k += 2n) sum += k % 4n === 1n ? term / k : -(term / k);
    return sum;
  };
  const pi = 4n * (4n * arctanInverse(5n) - arctanInverse(239n));

  /** The sine of an f32 of 1 or more, from an exact reduction to |r| <= pi. */
  function exactSine(x: number): number {
    const scaled = (BigInt(x * 2 ** 23) << BITS) >> 23n;
    const turns = (scaled + pi) / (2n * pi);
    const rest = scaled - turns * 2n * pi;
    return Math.sin(Number(rest >> (BITS - 120n)) * 2 ** -120);
  }

  test("Math.sin reduces arguments of every size", () => {
    const random = makeRandom(SEED);
    let worst = 0;
    for (let n = 0; n < 3000; n++) {
      const x = Math.fround(2 ** (random() * 127.99));
      worst = Math.max(worst, Math.abs(Math.sin(x) / exactSine(x) - 1));
    }
    // The f32 closest to a multiple of pi / 2, relative to itself.
    const closest = 16367173 * 2 ** 72;
    worst = Math.max(worst, Math.abs(Math.sin(closest) / exactSine(closest) - 1));
    expect(worst).toBeLessThan(2 ** -40);
  });

  test("erf at places where it is tabulated", () => {
    // Abramowitz & Stegun, table 7.1, and 1 - 7.1.14 to 20 digits.
    const known = [
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [2.9999, 0.9999778958],
      [3.5, 0.9999992569016276],
      [1e-20, 1.128379167095513e-20],
    ] as const;
    for (const [x, value] of known) expect(erfReference(x) / value - 1).toBeCloseTo(0, x === 2.9999 ? 9 : 14);
  });

  test("pow has IEEE's special cases, which JavaScript's ** has not", () => {
    const { reference } = DERIVED_OPS.pow;
    expect([reference(1, nan), reference(-1, inf), reference(-1, -inf), reference(nan, 0)]).toEqual([1, 1, 1, 1]);
    expect(reference(nan, 1)).toBeNaN();
  });
});
