/**
 * test/support/precise-math.ts, which f64 is measured by: published digits, identities that its methods do not use, and the
 * references of the interpreters, each of which must be within 2 ulp of f64 of it, or within 2^-40 of it for f32.
 */
import { describe, expect, test } from "vitest";
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import type { BigFloat } from "../support/big-float.ts";
import { add, big, divide, exponentOf, fixed, mul, scale, sqrt, sub } from "../support/big-float.ts";
import { anyPair, edgesOf, workingPair } from "../support/math-samples.ts";
import { PRECISE, exp, log, sinCos } from "../support/precise-math.ts";
import { errorInUlps } from "../support/ulps.ts";

const SEED = 31;

/** Decimal digits after the point. */
function digits(x: BigFloat, count: number): string {
  const scaled = (fixed(x, 200) * 10n ** BigInt(count)) >> 200n;
  return scaled.toString();
}

/** |a / b - 1| in bits. */
function agreement(a: BigFloat, b: BigFloat): number {
  const d = sub(a, b);
  return d.m === 0n ? Infinity : exponentOf(b) - exponentOf(d);
}

const zero = big(0);

test("published digits", () => {
  const known = [
    ["exp", big(1), "2718281828459045235360287471352"],
    ["log", big(10), "2302585092994045684017991454684"],
    ["sin", big(1), "841470984807896506652502321630"],
    ["cos", big(1), "540302305868139717400936607442"],
    ["atan", big(1), "785398163397448309615660845819"],
    ["erf", big(1), "842700792949714869341220635082"],
    ["erf", big(0.5), "520499877813046537682746653891"],
    ["sinh", big(1), "1175201193643801456882381850595"],
    ["asinh", big(1), "881373587019543025232609324979"],
  ] as const;
  for (const [op, x, value] of known) expect(digits(PRECISE[op](x, zero), 30), op).toBe(value);
});

describe(`identities, seed ${SEED}`, () => {
  test("sums of exponents, of logarithms, of squares, and inverses", () => {
    const random = makeRandom(SEED);
    for (let n = 0; n < 100; n++) {
      const [a, b] = [big(random() * 400 - 200), big(random() * 400 - 200)];
      expect(agreement(mul(exp(a), exp(b)), exp(add(a, b)))).toBeGreaterThan(120);
      expect(agreement(log(exp(a)), a)).toBeGreaterThan(120);
      const large = big((random() - 0.5) * 2 ** (random() * 1000));
      const { sin, cos } = sinCos(large);
      expect(agreement(add(mul(sin, sin), mul(cos, cos)), big(1))).toBeGreaterThan(120);
      const twice = sinCos(scale(large, 1));
      expect(agreement(scale(mul(sin, cos), 1), twice.sin)).toBeGreaterThan(100);
      const x = big(random() * 2 - 1);
      expect(agreement(PRECISE.asin(x, zero), PRECISE.atan2(x, sqrt(sub(big(1), mul(x, x)))))).toBeGreaterThan(120);
      expect(agreement(sinCos(PRECISE.asin(x, zero)).sin, x)).toBeGreaterThan(120);
      expect(agreement(divide(big(1), mul(sqrt(exp(a)), sqrt(exp(a)))), exp(sub(zero, a)))).toBeGreaterThan(120);
    }
  });
});

describe(`the interpreters' references, seed ${SEED}`, () => {
  test.each(DERIVED_NAMES)("%s", (op: DerivedOp) => {
    const row: DerivedRow = DERIVED_OPS[op];
    const random = makeRandom(SEED);
    const look = (x: number, y: number): void => {
      const got = row.reference(x, y);
      expect(errorInUlps(op, "f64", got, x, y), `${op}(${x}, ${y}) = ${got}`).toBeLessThanOrEqual(2);
    };
    const edges = edgesOf("f64");
    for (const x of edges) for (const y of row.arity === 2 ? edges : [0]) look(x, y);
    for (let n = 0; n < 1000; n++) {
      look(...anyPair("f64", random));
      look(...workingPair(op, "f64", random));
    }
  });

  test("pow has IEEE's special cases, which JavaScript's ** has not", () => {
    const { reference } = DERIVED_OPS.pow;
    const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
    expect([reference(1, nan), reference(-1, inf), reference(-1, -inf), reference(nan, 0)]).toEqual([1, 1, 1, 1]);
    expect(reference(nan, 1)).toBeNaN();
  });
});
