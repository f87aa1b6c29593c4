/**
 * Taking times: several samples of something, its median, and how far the samples lie apart. Kernels run on one thread and
 * are measured in processor time, which is the time on the wall where nothing else runs, and does not grow where something
 * does; what users wait for is measured on the wall.
 */
import { cpuUsage } from "node:process";

export type Samples = { readonly median: number; readonly min: number; readonly max: number };

export function summarise(samples: readonly number[]): Samples {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max, median] = [sorted[0], sorted.at(-1), sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || median === undefined) throw new Error("no samples");
  return { median, min, max };
}

/** Milliseconds of the processor for each call of `work`: at least `least` of them and until `budget` milliseconds are over, after a warm-up. */
export function timeCalls(work: () => void, least = 20, budget = 1000): readonly number[] {
  const warm = performance.now() + budget / 5;
  do work();
  while (performance.now() < warm);
  const samples: number[] = [];
  const end = performance.now() + budget;
  while (samples.length < least || performance.now() < end) {
    const before = cpuUsage();
    work();
    const { user, system } = cpuUsage(before);
    samples.push((user + system) / 1000);
  }
  return samples;
}

/** From times to rates: `rate` of each sample, so that the slowest time is the lowest rate. */
export function rates(samples: readonly number[], rate: (milliseconds: number) => number): Samples {
  return summarise(samples.map(rate));
}
