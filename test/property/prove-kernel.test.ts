/**
 * The proof pass against brute force: a kernel that it accepts reads nothing outside, divides by no 0, overflows nowhere
 * and keeps the ranges it found, at every size up to 4 and with data at the ends of their ranges; neither as the language
 * evaluates it, nor as a target that evaluates branches and guarded points it should not. How many of the kernels that
 * never fail it accepts is counted: refusing everything would be sound too.
 */
import { expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { prove } from "../support/prove.ts";
import { Violation, admits, evaluateAll } from "./brute-force.ts";
import { Random, randomKernel, randomRecurrence } from "./random-equations.ts";

const KERNELS = 500;
const RECURRENCES = 1000;
const FIRST_SEED = 20_000;
const LARGEST_DIM = 4;
const RUNS = 3;

/** The first thing that goes wrong, with the dims; null: nothing does. */
function failureOf(kernel: Kernel, seed: number, eager: boolean): string | null {
  for (let code = 0; code < (LARGEST_DIM + 1) ** 2; code++) {
    const sizes = [Math.floor(code / (LARGEST_DIM + 1)), code % (LARGEST_DIM + 1)];
    const dims = new Map(kernel.dims.map((d, i) => [d.id, BigInt(sizes[i] ?? 0)]));
    const random = new Random(seed * 7919 + code);
    if (!admits(kernel, dims, random)) continue;
    for (let run = 0; run < RUNS; run++) {
      try {
        evaluateAll({ kernel, dims, random, eager, data: new Map(), elements: new Map() });
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        return `${kernel.dims.map((d, i) => `${d.name}=${sizes[i]}`).join(", ")}: ${error.message}`;
      }
    }
  }
  return null;
}

type Count = { readonly safe: number; readonly accepted: number; readonly unsound: readonly string[] };

function count(make: (r: Random) => Kernel, kernels: number): Count {
  let safe = 0;
  let accepted = 0;
  const unsound: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + kernels; seed++) {
    const kernel = make(new Random(seed));
    const proved = prove(kernel).kernel;
    const truth = failureOf(kernel, seed, false);
    if (truth === null) safe++;
    if (proved === null) continue;
    accepted++;
    const wrong = truth ?? failureOf(proved, seed, false) ?? failureOf(proved, seed, true);
    if (wrong !== null) unsound.push(`seed ${seed}, ${wrong}`);
  }
  console.log(`accepted ${accepted} of ${safe} kernels that never fail, of ${kernels}`);
  return { safe, accepted, unsound };
}

test(`${KERNELS} random kernels: what is accepted never fails`, () => {
  const { safe, accepted, unsound } = count(randomKernel, KERNELS);
  expect(unsound).toEqual([]);
  expect(safe).toBeGreaterThan(KERNELS / 4);
  expect(accepted / safe).toBeGreaterThan(0.88);
});

test(`${RECURRENCES} random recurrences: what is accepted reads no slice before it is computed`, () => {
  const { safe, accepted, unsound } = count(randomRecurrence, RECURRENCES);
  expect(unsound).toEqual([]);
  expect(safe).toBeGreaterThan(RECURRENCES / 20);
  expect(accepted / safe).toBeGreaterThan(0.8);
});
