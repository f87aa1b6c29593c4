/**
 * Makes a failing trial small: first its sizes, for which inputs are drawn anew each time (so that seed and sizes alone
 * bring the failure back), then the inputs: tensors of zeros and ones, and elements that are zeros, ones and small whole
 * numbers. Greedy, and bounded by a number of attempts, so that it ends in the same place on every machine.
 */
import type { GivenGeneric } from "../../compiler/compile.ts";
import { DTYPES } from "../../compiler/ir/dtype.ts";
import type { ConstValue } from "../../compiler/ir/expr.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { canonical, elementOf } from "../../compiler/ir/values.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { Sizes } from "./draw-sizes.ts";
import { dimsById, isLegalByName, rangesOf } from "./draw-sizes.ts";
import type { Inputs, ValueRange } from "./draw-values.ts";
import { drawValues, rangeOf } from "./draw-values.ts";
import type { Subject } from "./subject.ts";
import type { Failure, Trial } from "./trial.ts";

export type Shrunk = {
  readonly trial: Trial;
  readonly failure: Failure;
  /** The same sizes with the inputs that seed and sizes give. */
  readonly drawn: Trial;
};

/** Null where the trial does not fail. */
export type Fails = (trial: Trial) => Promise<Failure | null>;

/** Seeds that are tried for each choice of sizes: the failure may need luck with the inputs. */
const SEEDS = 3;
/** Elements beyond which inputs are simplified whole tensors at a time only. */
const ELEMENTWISE = 96;

/** `attempts`: how many trials may be run for the sizes; inputs take as many again, but at least 200. */
export async function shrink(
  subject: Subject,
  trial: Trial,
  failure: Failure,
  fails: Fails,
  attempts: number,
): Promise<Shrunk> {
  const drawn = await shrinkSizes(subject, { trial, failure }, fails, attempts);
  const small = await shrinkInputs(drawn, fails, Math.max(attempts, 200));
  return { ...small, drawn: drawn.trial };
}

type Failing = { readonly trial: Trial; readonly failure: Failure };

async function shrinkSizes(subject: Subject, start: Failing, fails: Fails, attempts: number): Promise<Failing> {
  let best = start;
  let left = attempts;
  const attempt = async (sizes: Sizes): Promise<boolean> => {
    for (let n = 0; n < SEEDS && left > 0; n++, left--) {
      const seed = best.trial.seed + n;
      const trial = { seed, sizes, inputs: drawValues(sizes.kernel, dimsById(sizes.kernel, sizes.dims), seed) };
      const failure = await fails(trial);
      if (failure === null) continue;
      best = { trial, failure };
      return true;
    }
    return false;
  };
  const step = async (): Promise<boolean> => {
    for (const smaller of smallerSizes(subject, best.trial.sizes)) {
      if (left <= 0) return false;
      if (await attempt(smaller)) return true;
    }
    return false;
  };
  while (await step());
  return best;
}

/** Legal sizes that are smaller in at least one place: everything at once first, then one by one, in large steps first. */
function* smallerSizes(subject: Subject, now: Sizes): Generator<Sizes> {
  const ranges = rangesOf(subject, (name) => now.dims.get(name) ?? numberOf(now.generics.get(name)));
  const floor = (name: string): bigint => BigInt(Math.ceil(Number(ranges?.get(name)?.lo ?? 0)));
  const open = [...now.dims].filter(([name]) => !subject.fixed.dims.has(name));
  const legal = (dims: ReadonlyMap<string, bigint>): boolean => isLegalByName(now.kernel, dims);
  for (const goal of [1n, 2n]) {
    const all = new Map([...now.dims, ...open.map(([n, v]) => [n, least(v, most(floor(n), goal))] as const)]);
    if ([...all].some(([n, v]) => v !== now.dims.get(n)) && legal(all)) yield { ...now, dims: all };
  }
  for (const [name, sort] of subject.generics) {
    const given = now.generics.get(name);
    if (subject.fixed.generics.has(name)) continue;
    const isTrue = sort === "bool" && given === true && floor(name) === 0n;
    for (const smaller of sort === "int" && typeof given === "bigint"
      ? below(given, floor(name))
      : isTrue
        ? [false]
        : []) {
      const generics = new Map<string, GivenGeneric>([...now.generics, [name, smaller]]);
      const kernel = subject.instantiate(generics);
      if (kernel !== null && isLegalByName(kernel, now.dims)) yield { ...now, kernel, generics };
    }
  }
  for (const [name, value] of open) {
    for (const smaller of below(value, floor(name))) {
      const dims = new Map(now.dims).set(name, smaller);
      if (legal(dims)) yield { ...now, dims };
    }
  }
  // Conditions such as K == K2 hold only if two change together.
  for (const [n, [one, value]] of open.entries()) {
    for (const [other, second] of open.slice(n + 1)) {
      for (const by of [value / 2n, 1n]) {
        const dims = new Map(now.dims).set(one, value - by).set(other, second - by);
        const fits = by > 0n && value - by >= floor(one) && second - by >= floor(other);
        if (fits && legal(dims)) yield { ...now, dims };
      }
    }
  }
}

/** From far to near: 1 and the floor, then ever smaller steps down. */
function* below(value: bigint, floor: bigint): Generator<bigint> {
  const seen = new Set([value]);
  const steps = [floor, most(floor, 1n)];
  for (let gap = (value - floor) / 2n; gap > 0n; gap /= 2n) steps.push(value - gap);
  for (const s of steps) {
    if (seen.has(s) || s > value) continue;
    seen.add(s);
    yield s;
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function numberOf(value: GivenGeneric | undefined): bigint | number {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "bigint" || typeof value === "number" ? value : 1n;
}

// ---- inputs ----

async function shrinkInputs(start: Failing, fails: Fails, attempts: number): Promise<Failing> {
  const { kernel, dims } = start.trial.sizes;
  const ids = dimsById(kernel, dims);
  let best = start;
  let left = attempts;
  const attempt = async (inputs: Inputs): Promise<boolean> => {
    if (left-- <= 0) return false;
    const trial = { ...best.trial, inputs };
    const failure = await fails(trial);
    if (failure === null) return false;
    best = { trial, failure };
    return true;
  };
  const params = kernel.params.map((p) => {
    const shape = known(start.trial.inputs.get(p.name), p.name).shape;
    return { name: p.name, range: rangeOf(p, shape, ids) };
  });
  for (const { name, range } of params) {
    const now = known(best.trial.inputs.get(name), name);
    for (const value of simpler(now, range)) {
      const data = now.data.map(() => value);
      if (now.data.every((x) => Object.is(x, value)) || (await attempt(withData(best.trial.inputs, name, data)))) break;
    }
  }
  const count = [...best.trial.inputs.values()].reduce((n, a) => n + a.data.length, 0);
  if (count > ELEMENTWISE) return best;
  for (const { name, range } of params) {
    const { data } = known(best.trial.inputs.get(name), name);
    for (const k of data.keys()) {
      const now = known(best.trial.inputs.get(name), name);
      for (const value of simpler(now, range, now.data[k])) {
        if (Object.is(now.data[k], value)) break;
        if (await attempt(withData(best.trial.inputs, name, now.data.with(k, value)))) break;
      }
    }
  }
  return best;
}

function withData(inputs: Inputs, name: string, data: readonly ConstValue[]): Inputs {
  const array = known(inputs.get(name), name);
  return new Map(inputs).set(name, { ...array, data });
}

/** Simplest first; what an element is already ends the search for it. */
function simpler(array: NDArray, range: ValueRange | null, now?: ConstValue): readonly ConstValue[] {
  const row = DTYPES[array.dtype];
  if (row.kind === "bool") return [false, true];
  const nearby = typeof now === "number" && Number.isFinite(now) ? [Math.round(now), Math.round(now * 4) / 4] : [];
  if (row.kind === "float") return [0, 1, 2, 3, ...nearby.filter((x) => Math.abs(x) < 1e6)];
  const { lo, hi } = range ?? { lo: row.min, hi: row.max };
  const whole = [0n, 1n, 2n, 3n, -1n, lo, hi].filter((x) => x >= lo && x <= hi);
  return whole.map((x) => elementOf(array.dtype, canonical(x)));
}
