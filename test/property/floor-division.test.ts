/**
 * Every division rule against brute force: wherever a rule applies, its right-hand side has the value of the quotient at
 * every point that the facts allow; and what the rules promise of remainders holds.
 */
import { describe, expect, test } from "vitest";
import { Atoms } from "../../compiler/analysis/atoms.ts";
import { Facts } from "../../compiler/analysis/facts.ts";
import { DIVISION_RULES } from "../../compiler/analysis/floor-division.ts";
import type { Poly } from "../../compiler/analysis/polynomial.ts";
import { constant, equals, sub } from "../../compiler/analysis/polynomial.ts";
import { readPoly, readScope } from "../support/index-language.ts";
import { Random } from "../support/random-goals.ts";

const SEED = 7;
const SCOPE = ["x in 0..7", "y in 0..4", "z in -5..6", "d in 1..5", "e in -4..0"];

/** Every point of SCOPE. */
function* points(): Generator<Map<string, bigint>> {
  for (let x = 0n; x < 7n; x++)
    for (let y = 0n; y < 4n; y++)
      for (let z = -5n; z < 6n; z += 2n)
        for (let d = 1n; d < 5n; d++)
          for (let e = -4n; e < 0n; e += 2n)
            yield new Map([
              ["x", x],
              ["y", y],
              ["z", z],
              ["d", d],
              ["e", e],
            ]);
}

const NUMERATORS = [
  "x",
  "y",
  "z",
  "x + 3*y",
  "4*x + y",
  "6*x + 2*y + 1",
  "d*x + y",
  "d*z - d + y",
  "2*d*x + d",
  "x*y",
  "e*x + 1",
  "12*z + 5",
  "-3",
  "17",
  "0",
  "x - y",
  "4*x + 2*y + z",
  "(x + 2*y) div 3",
  "(z - 4) div 2 + 5",
  "x % 4",
  "e",
  "d*d*x + d*y",
  "8*x + y + 4",
  "d - 1",
  "-1 - x",
];
const DIVISORS = [
  "1",
  "-1",
  "2",
  "3",
  "4",
  "6",
  "-2",
  "-3",
  "12",
  "d",
  "2*d",
  "d*d",
  "e",
  "3*e",
  "d + 1",
  "d*x + d",
  "7",
  "8",
  "d - 5",
];

function floor(n: bigint, d: bigint): bigint {
  const q = n / d;
  return q * d === n || n < 0n === d < 0n ? q : q - 1n;
}

/** Evaluates without the code under test where it can: a quotient is made here, from two evaluated parts. */
function expectQuotient(facts: Facts, n: Poly, d: Poly, claimed: Poly, where: string): void {
  for (const point of points()) {
    const [top, bottom] = [facts.atoms.evaluate(n, point), facts.atoms.evaluate(d, point)];
    if (top === null || bottom === null || bottom === 0n) continue;
    const value = facts.atoms.evaluate(claimed, point);
    if (value !== floor(top, bottom)) expect({ where, point: [...point], value }).toBe(floor(top, bottom));
  }
}

const facts = readScope(Facts.none(new Atoms()), SCOPE);
const polyFrom = (text: string): Poly => readPoly(facts.atoms, text);

describe("rules", () => {
  test.each(DIVISION_RULES)("$name", (rule) => {
    let applied = 0;
    for (const top of NUMERATORS) {
      for (const bottom of DIVISORS) {
        const [n, d] = [polyFrom(top), polyFrom(bottom)];
        const context = {
          known: facts,
          quotient: (id: string) => {
            const found = facts.atoms.definition(id);
            return found !== null && found.kind === "quotient" ? found : null;
          },
          again: (a: Poly, b: Poly) => facts.atoms.floorDiv(a, b),
        };
        const result = rule.apply(n, d, context);
        if (result === null) continue;
        applied++;
        expectQuotient(facts, n, d, result, `(${top}) div (${bottom})`);
      }
    }
    expect(applied).toBeGreaterThan(0);
  });

  test("all of them together, on random quotients of quotients", () => {
    const random = new Random(SEED);
    for (let i = 0; i < 250; i++) {
      const inner = facts.atoms.floorDiv(polyFrom(random.pick(NUMERATORS)), polyFrom(random.pick(DIVISORS)), facts);
      const n = random.next() < 0.5 ? sub(polyFrom(random.pick(NUMERATORS)), inner) : inner;
      const d = polyFrom(random.pick(DIVISORS));
      expectQuotient(facts, n, d, facts.atoms.floorDiv(n, d, facts), `seed ${SEED}, case ${i}`);
    }
  });
});

describe("canonical forms", () => {
  test.each([
    ["(x*d + y) div d", "x + y div d"],
    ["(x*d) div d", "x"],
    ["(4*x + 3) div 4", "x"],
    ["(8*z + 5) div 4", "2*z + 1"],
    ["(x div 3) div 5", "x div 15"],
    ["(x div 3 + 2) div 5", "(x + 6) div 15"],
    ["(6*x + 3) div 9", "(2*x + 1) div 3"],
    ["(d*x) div (d*y)", "x div y"],
    ["x div (0 - 3)", "(0 - x) div 3"],
    ["(x*d + y) % d", "y % d"],
    ["(x % 12) % 4", "x % 4"],
    ["(x % 12) div 4", "x div 4 - 3*(x div 12)"],
    ["(x + 12) % 4", "x % 4"],
    ["x div 4 - x div 4", "0"],
    ["4*(x div 4) + x % 4", "x"],
  ])("%s is %s", (left, right) => {
    expect(equals(polyFrom(left), polyFrom(right))).toBe(true);
  });

  test.each([
    ["x div 7", "0"],
    ["y div 4 + x % 7", "x"],
    ["(4*z + y) div 4", "z"],
    ["(12*z + y) div 16", "(3*z) div 4"],
    ["x div e", "(0 - x) div (0 - e)"],
  ])("%s is %s where facts are known", (left, right) => {
    expect(equals(readPoly(facts.atoms, left, facts), polyFrom(right))).toBe(true);
  });

  test("a number is divided like everything else", () => {
    expect(equals(facts.atoms.floorDiv(constant(-7), constant(2)), constant(-4))).toBe(true);
    expect(equals(facts.atoms.mod(constant(-7), constant(-2)), constant(-1))).toBe(true);
  });
});
