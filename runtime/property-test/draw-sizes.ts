/**
 * Sizes for one run of a test. Half of the sizes of its `for all` lie at the ends of their ranges, the others mostly at
 * numbers where code changes its way: 0, 1, primes, powers of two, widths of vectors, numbers of schedules and of `where`,
 * each with its neighbours and multiples. Dims that the test does not name are small. What would cost the reference
 * too much is made smaller, one size after the other, and that is said.
 */
import type { GivenGeneric } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import { index, less, lessEqual } from "../../compiler/ir/expr.ts";
import { visit } from "../../compiler/ir/walk.ts";
import type { SizeValue } from "../../compiler/lang/check/test-sizes.ts";
import { evaluateRange } from "../../compiler/lang/check/test-sizes.ts";
import { isLegal, pointsOf } from "../draw-inputs.ts";
import { solveDims } from "../solve-dims.ts";
import type { RandomStream } from "./random-stream.ts";
import type { Subject } from "./subject.ts";

/** One choice of sizes. */
export type Sizes = {
  readonly kernel: Kernel;
  /** Only those that differ from the defaults of the kernel. */
  readonly generics: ReadonlyMap<string, GivenGeneric>;
  /** By name. */
  readonly dims: ReadonlyMap<string, bigint>;
  /** True where a size was made smaller because of what the reference would cost. */
  readonly cut: boolean;
};

/** Points of all stages that the reference computes for one run; about half a second. */
export const WORK_BUDGET = 5_000_000;

const ATTEMPTS = 600;
/** Of a dim that the test does not name. */
const UNNAMED = { lo: 0n, hi: 18n } as const;
const SMALL = [0, 1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 31, 37, 61, 67, 127, 131, 257].map(BigInt);

/** Null where no draw satisfies the `where` conditions. `widths`: lanes of vectors and how many are in flight. */
export function drawSizes(subject: Subject, widths: readonly number[], random: RandomStream): Sizes | null {
  const marks = [...widths.map(BigInt), ...subject.landmarks];
  for (let n = 0; n < ATTEMPTS; n++) {
    const drawn = drawOnce(subject, marks, random);
    if (drawn === null) continue;
    const legal = isLegalByName(drawn.kernel, drawn.dims) ? drawn : repaired(subject, drawn, random);
    if (legal !== null) return withinBudget(subject, legal, random);
  }
  const searched = solved(subject, drawOnce(subject, marks, random), random);
  return searched === null ? null : withinBudget(subject, searched, random);
}

/** Where draws miss the conditions, a search for sizes that satisfy them; null where it finds none. */
function solved(subject: Subject, drawn: Sizes | null, random: RandomStream): Sizes | null {
  if (drawn === null) return null;
  const { kernel } = drawn;
  const limits = rangesOf(subject, (name) => drawn.dims.get(name) ?? asSize(drawn.generics.get(name)));
  const within = kernel.dims.flatMap((d) => {
    const fixed = subject.fixed.dims.get(d.name);
    const range = fixed === undefined ? limits?.get(d.name) : { lo: fixed, hi: fixed + 1n };
    return range === undefined ? [] : [lessEqual(index(BigInt(range.lo)), d), less(d, index(BigInt(range.hi)))];
  });
  const values = kernel.params.flatMap((p) => (p.values === null ? [] : [less(p.values.lo, p.values.hi)]));
  const conditions = [...kernel.where.map((w) => w.condition), ...values, ...within];
  const ids = kernel.dims.map((d) => d.id);
  const solutions = solveDims(conditions, ids, 4, () => random.unit()).filter((dims) => isLegal(kernel, dims));
  if (solutions.length === 0) return null;
  const found = random.pick(solutions);
  return { ...drawn, dims: new Map(kernel.dims.map((d) => [d.name, found.get(d.id) ?? 0n] as const)) };
}

/** Dims by the id of their variable, as kernels want them. */
export function dimsById(kernel: Kernel, dims: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  return new Map(kernel.dims.map((d) => [d.id, dims.get(d.name) ?? 0n]));
}

export function isLegalByName(kernel: Kernel, dims: ReadonlyMap<string, bigint>): boolean {
  return isLegal(kernel, dimsById(kernel, dims));
}

/** What one run costs the reference: points, and elements of its arguments. */
export function workOf(kernel: Kernel, dims: ReadonlyMap<string, bigint>): number {
  const ids = dimsById(kernel, dims);
  const elements = kernel.params.map((p) => evaluateShape(p.dims, ids).reduce((n, extent) => n * extent, 1));
  return elements.reduce((sum, n) => sum + n, pointsOf(kernel, ids));
}

/** Half-open ranges of the sizes, in order; null where one is empty or no number. */
export function rangesOf(
  subject: Subject,
  value: (name: string, lo: SizeValue, hi: SizeValue) => SizeValue,
): ReadonlyMap<string, { readonly lo: SizeValue; readonly hi: SizeValue }> | null {
  const sizes = new Map<string, SizeValue>();
  const ranges = new Map<string, { readonly lo: SizeValue; readonly hi: SizeValue }>();
  for (const { name, range } of subject.test.sizes) {
    const found = evaluateRange(range, sizes);
    if (found === null || found.lo >= found.hi) return null;
    ranges.set(name.text, found);
    sizes.set(name.text, value(name.text, found.lo, found.hi));
  }
  return ranges;
}

function drawOnce(subject: Subject, marks: readonly bigint[], random: RandomStream): Sizes | null {
  const { fixed } = subject;
  const values = new Map<string, SizeValue>();
  // Most runs have elements: with several dims at their lower ends hardly one would.
  const mayBeEmpty = random.chance(0.3);
  const ranges = rangesOf(subject, (name, lo, hi) => {
    const given = fixed.dims.get(name) ?? fixed.generics.get(name);
    const value =
      given !== undefined && typeof given !== "string"
        ? asSize(given)
        : subject.generics.get(name) === "float"
          ? drawNumber(Number(lo), Number(hi), random)
          : drawWhole(BigInt(lo), BigInt(hi), marks, mayBeEmpty || subject.generics.has(name), random);
    values.set(name, value);
    return value;
  });
  if (ranges === null) return null;
  const drawnGenerics = [...values].flatMap(([name, value]): readonly (readonly [string, GivenGeneric])[] => {
    const sort = subject.generics.get(name);
    return sort === undefined ? [] : [[name, sort === "bool" ? Number(value) === 1 : value]];
  });
  const generics = new Map<string, GivenGeneric>([...drawnGenerics, ...fixed.generics]);
  const kernel = subject.instantiate(generics);
  if (kernel === null) return null;
  const inKernel = [...marks, ...numbersOfWhere(kernel)];
  const dims = new Map<string, bigint>();
  for (const { name, byDefault } of kernel.dims) {
    const named = values.get(name) ?? fixed.dims.get(name) ?? byDefault;
    if (named !== undefined) dims.set(name, BigInt(named));
    else dims.set(name, drawSmall(inKernel, mayBeEmpty, random));
  }
  return { kernel, generics, dims, cut: false };
}

/** Half of them at an end; the lower end 0 counts as 1 where the run is to have elements. */
function drawWhole(lo: bigint, hi: bigint, marks: readonly bigint[], mayBeZero: boolean, random: RandomStream): bigint {
  const first = lo === 0n && !mayBeZero && hi > 1n ? 1n : lo;
  if (random.chance(0.5)) return random.chance(0.6) ? hi - 1n : first;
  if (random.chance(0.7)) {
    const inside = notable(marks, random).filter((x) => x >= first && x < hi);
    if (inside.length > 0) return random.pick(inside);
  }
  return random.whole(first, hi);
}

function drawSmall(marks: readonly bigint[], mayBeZero: boolean, random: RandomStream): bigint {
  const first = mayBeZero && random.chance(0.2) ? UNNAMED.lo : 1n;
  const inside = notable(marks, random).filter((x) => x >= first && x < UNNAMED.hi);
  return inside.length > 0 && random.chance(0.7) ? random.pick(inside) : random.whole(first, UNNAMED.hi);
}

/** The small ones, and each mark with its neighbours and a multiple. */
function notable(marks: readonly bigint[], random: RandomStream): readonly bigint[] {
  const times = BigInt(1 + random.below(6));
  return [...SMALL, ...marks.flatMap((m) => [m - 1n, m, m + 1n, m * times])];
}

function drawNumber(lo: number, hi: number, random: RandomStream): number {
  if (random.chance(0.25)) return lo;
  // The upper end itself is not in the range; the last number before it is close enough to it.
  if (random.chance(0.3)) return lo + (hi - lo) * (1 - 2 ** -20);
  return lo + (hi - lo) * random.unit();
}

function numbersOfWhere(kernel: Kernel): readonly bigint[] {
  const found = new Set<bigint>();
  for (const { condition } of kernel.where) {
    visit(condition, (e) => e.kind === "const" && typeof e.value === "bigint" && found.add(e.value));
  }
  return [...found];
}

/** One size or two changed until `where` holds: for conditions such as `K == K2` or `N % 64 == 0`. */
function repaired(subject: Subject, drawn: Sizes, random: RandomStream): Sizes | null {
  const ranges = rangesOf(subject, (name) => drawn.dims.get(name) ?? asSize(drawn.generics.get(name)));
  const open = drawn.kernel.dims.map((d) => d.name).filter((d) => !subject.fixed.dims.has(d));
  if (open.length === 0) return null;
  const constants = numbersOfWhere(drawn.kernel);
  const dims = new Map(drawn.dims);
  for (let n = 0; n < 24; n++) {
    const name = random.pick(open);
    const others = [...dims.values()];
    const [a, b] = [random.pick(others), random.pick([...others, ...constants, 1n])];
    const times = BigInt(random.below(5));
    const value = random.pick([a, b, a + b, a - b, a * b, b * times, b * times + 1n, b * times - 1n]);
    const { lo, hi } = ranges?.get(name) ?? UNNAMED;
    if (value < lo || value >= hi) continue;
    dims.set(name, value);
    if (isLegalByName(drawn.kernel, dims)) return { ...drawn, dims };
  }
  return null;
}

/** A bool counts as 0 or 1. */
function asSize(value: GivenGeneric | undefined): SizeValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "bigint" || typeof value === "number" ? value : 1n;
}

/** Halves sizes at random until the reference can afford them, or until they cannot become smaller without being empty. */
function withinBudget(subject: Subject, drawn: Sizes, random: RandomStream): Sizes {
  if (workOf(drawn.kernel, drawn.dims) <= WORK_BUDGET) return drawn;
  const ranges = rangesOf(subject, (name) => drawn.dims.get(name) ?? asSize(drawn.generics.get(name)));
  const open = drawn.kernel.dims.map((d) => d.name).filter((d) => !subject.fixed.dims.has(d));
  let dims: ReadonlyMap<string, bigint> = drawn.dims;
  for (let n = 0; n < 40 * open.length && workOf(drawn.kernel, dims) > WORK_BUDGET; n++) {
    const name = random.pick(open);
    const least = BigInt(ranges?.get(name)?.lo ?? UNNAMED.lo);
    const now = dims.get(name) ?? 0n;
    const smaller = least + (now - least) / 2n;
    if (smaller === now || smaller === 0n) continue;
    const next = new Map(dims).set(name, smaller);
    if (isLegalByName(drawn.kernel, next)) dims = next;
  }
  return { ...drawn, dims, cut: dims !== drawn.dims };
}
