/**
 * std/random: the vectors that come with Random123, an independent Philox in whole numbers, and the laws that the
 * distributions follow, within five standard errors of what 20,000 samples may show.
 */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, random, runStandard } from "../support/standard.ts";

afterAll(close);

const run = (
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number | boolean | string>> = {},
) => runStandard("random", kernel, args, generics);

const one = (value: number): Numbers => ({ shape: [], data: [value] });

const WORD = 2n ** 32n;

/** Philox4x32-10 as in the paper, in numbers without an end. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [a = 0n, b = 0n, c = 0n, d = 0n] = counter.map(BigInt);
  let [k = 0n, l = 0n] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const [p, q] = [a * 0xd2511f53n, c * 0xcd9e8d57n];
    [a, b, c, d] = [(q / WORD) ^ b ^ k, q % WORD, (p / WORD) ^ d ^ l, p % WORD];
    [k, l] = [(k + 0x9e3779b9n) % WORD, (l + 0xbb67ae85n) % WORD];
  }
  return [a, b, c, d].map(Number);
}

/** kat_vectors of Random123: counter, key, result. */
const KNOWN: readonly (readonly [counter: readonly number[], key: readonly number[], result: readonly number[]])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

describe("bits", () => {
  test.for(KNOWN)("philox of %o under %o", async ([counter, key, result]) => {
    expect(philox(counter, key)).toEqual(result);
    const counters = { shape: [1, 4], data: counter };
    const Y = (await run("philox", { counters, key: { shape: [2], data: key } }))("Y");
    expect(Y.data).toEqual(result);
  });

  test("random_bits are the words of one counter after the other", async () => {
    const Y = (await run("random_bits", { seed: one(0xfedcba98), step: one(7), N: 103 }))("Y");
    const want = Array.from({ length: 26 }, (_, n) => philox([n, 0, 0, 0], [0xfedcba98, 7])).flat();
    expect(Y.data).toEqual(want.slice(0, 103));
  });
});

const draw = async (seed: number, step: number): Promise<readonly number[]> =>
  (await run("uniform", { seed: one(seed), step: one(step), N: 64 }))("Y").data;

const SAMPLES = 20_000;

const meanOf = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

/** Share of the samples up to x. */
const below = (samples: readonly number[], x: number): number => samples.filter((s) => s <= x).length / samples.length;

/** What a share that is `p` of the whole may be among the samples. */
const isShare = (share: number, p: number): void =>
  expect(Math.abs(share - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / SAMPLES));

describe("distributions", () => {
  test("uniform is the upper bits, and even", async () => {
    const args = { seed: one(3), step: one(1), N: SAMPLES };
    const [bits, Y] = [(await run("random_bits", args))("Y"), (await run("uniform", args))("Y")];
    expect(Y.data).toEqual(bits.data.map((word) => Math.floor(word / 256) / 2 ** 24));
    for (const x of [0.01, 0.25, 0.5, 0.9]) isShare(below(Y.data, x), x);
  });

  test("normal by the definition, and with the quantiles of the normal distribution", async () => {
    const args = { seed: one(5), step: one(2), N: SAMPLES + 1 };
    const bits = (await run("random_bits", { ...args, N: SAMPLES + 2 }))("Y");
    const Y = (await run("normal", args, { mean: 3, deviation: 0.5 }))("Y");
    const want = numbers([SAMPLES + 1], (n) => {
      const [u, v] = [at(bits, n - (n % 2)), at(bits, n - (n % 2) + 1)].map((word) => Math.floor(word / 256));
      const r = Math.sqrt(-2 * Math.log(((u ?? 0) + 1) / 2 ** 24));
      const angle = (2 * Math.PI * (v ?? 0)) / 2 ** 24;
      return 3 + 0.5 * r * (n % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    });
    expectClose(Y, want, 1e-6);
    const standard = Y.data.map((y) => (y - 3) / 0.5);
    expect(Math.abs(meanOf(standard))).toBeLessThan(5 / Math.sqrt(SAMPLES));
    expect(Math.abs(meanOf(standard.map((y) => y * y)) - 1)).toBeLessThan(5 * Math.sqrt(2 / SAMPLES));
    isShare(below(standard, -1.959964), 0.025);
    isShare(below(standard, 0), 0.5);
    isShare(below(standard, 0.6744898), 0.75);
  });

  test.each([0, 0.1, 0.75])("dropout with p = %d", async (p) => {
    const X = random([100, 200], 1, [1, 2]);
    const results = await run("dropout", { X, seed: one(9), step: one(4) }, { p });
    const u = (await run("uniform", { seed: one(9), step: one(4), N: SAMPLES }))("Y");
    const kept = numbers([100, 200], (i, j) => (at(u, 200 * i + j) >= Math.fround(p) ? 1 : 0));
    expect(results("kept")).toEqual(kept);
    expectClose(
      results("Y"),
      numbers([100, 200], (i, j) => (at(X, i, j) * at(kept, i, j)) / (1 - p)),
    );
    isShare(meanOf(kept.data), 1 - p);
  });

  test("other seeds and steps give other numbers", async () => {
    const drawn = await Promise.all([draw(1, 0), draw(1, 1), draw(2, 0), draw(0, 1)]);
    expect(new Set(drawn.flat()).size).toBeGreaterThan(250);
    expect(await draw(1, 1)).toEqual(drawn[1]);
  });
});
