/**
 * The prover against brute force: of random goals, many made just true or just false, none that is false anywhere in its
 * domain is ever proved; and of the true ones with affine terms and quotients by numbers, nine in ten are.
 */
import { afterAll, expect, test } from "vitest";
import { prove } from "../../compiler/analysis/prover.ts";
import { FAMILIES } from "../support/goal-families.ts";
import type { Problem } from "../support/random-goals.ts";
import { Random, factsOf, leastValue, num, polyOf, printProblem, tree } from "../support/random-goals.ts";

const SEED = Number(process.env["SEED"] ?? 20260);

/** How many problems of each family; those whose proofs are long get fewer. */
const COUNTS = {
  affineAndDivision: 5000,
  nestedDivision: 4500,
  symbolicProducts: 2000,
  symbolicDivision: 1500,
  choices: 3000,
  congruences: 2500,
  signedProducts: 2500,
  boundedProducts: 600,
  boundedDivision: 600,
  boundedChoices: 1200,
  boundedCongruences: 600,
} as const satisfies Record<keyof typeof FAMILIES, number>;

/** Share of the true goals that must be proved; the dims of the other families have no bound that makes a goal true. */
const SHARES: Partial<Record<keyof typeof FAMILIES, number>> = {
  affineAndDivision: 0.9,
  nestedDivision: 0.88,
  boundedChoices: 0.95,
  boundedDivision: 0.9,
};

const report: string[] = [];

afterAll(() => {
  console.log(`prover against brute force, seed ${SEED}\n${report.join("\n")}`);
});

test("at least 20 000 goals are tried", () => {
  expect(Object.values(COUNTS).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(20_000);
});

/** The goal less an offset: near its least value where the domain is all that counts, near 0 where dims are open. */
function aim(
  problem: Problem,
  least: number | null,
  random: Random,
): { readonly problem: Problem; readonly holds: boolean } {
  const near = random.int(-1, 2);
  const slack = random.next() < 0.5 ? random.int(0, 6) : 0;
  const offset = problem.variables.some((v) => v.dim) ? near : (least ?? 0) + near - slack;
  return {
    problem: { ...problem, goal: tree("-", problem.goal, num(offset)) },
    holds: least !== null && least >= offset,
  };
}

const KEYS = Object.keys(FAMILIES).filter((key): key is keyof typeof FAMILIES => key in FAMILIES);

test.each(KEYS)("%s: never unsound", (key) => {
  const family = FAMILIES[key];
  const random = new Random(SEED);
  let holding = 0;
  let proved = 0;
  for (let n = 0; n < COUNTS[key]; n++) {
    const raw = family(random);
    const least = leastValue(raw);
    const { problem, holds } = aim(raw, least, random);
    if (least === null) continue; // an empty domain proves anything
    const facts = factsOf(problem);
    const verdict = prove(facts, polyOf(problem.goal, facts));
    if (holds) holding++;
    if (verdict.proved && holds) proved++;
    expect(verdict.proved && !holds, `seed ${SEED}: ${printProblem(problem)}`).toBe(false);
  }
  const share = proved / holding;
  report.push(
    `  ${key.padEnd(20)} ${COUNTS[key]} goals, ${holding} true in the domain, ${(100 * share).toFixed(1)} % proved`,
  );
  expect(holding).toBeGreaterThan(COUNTS[key] / 10);
  expect(share).toBeGreaterThanOrEqual(SHARES[key] ?? 0);
});
