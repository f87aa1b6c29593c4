/**
 * What tests of the standard library share: kernels of std/ run on a target with arrays of numbers, and arrays to write
 * references with, as loops from the definition. References compute in doubles on inputs that are f32 values.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Nested } from "../../runtime/node/index.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";

/** Numbers in row-major order. */
export type Numbers = { readonly shape: readonly number[]; readonly data: readonly number[] };

/** The array whose element at `index` is `f(...index)`. */
export function numbers(shape: readonly number[], f: (...index: number[]) => number): Numbers {
  const count = shape.reduce((n, extent) => n * extent, 1);
  const data = Array.from({ length: count }, (_, flat) => f(...indexOf(flat, shape)));
  return { shape, data };
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  const index = shape.map(() => 0);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    index[axis] = rest % extent;
    rest = Math.floor(rest / extent);
  }
  return index;
}

/** An element; throws outside of the array. */
export function at(x: Numbers, ...index: readonly number[]): number {
  const value = within(x, index) ? x.data[flatOf(x, index)] : undefined;
  if (value === undefined) throw new Error(`[${index.join(", ")}] is outside of [${x.shape.join(", ")}]`);
  return value;
}

/** An element, or `outside` where there is none. */
export function padded(x: Numbers, outside: number, ...index: readonly number[]): number {
  return within(x, index) ? at(x, ...index) : outside;
}

function within(x: Numbers, index: readonly number[]): boolean {
  return index.length === x.shape.length && index.every((i, axis) => i >= 0 && i < (x.shape[axis] ?? 0));
}

function flatOf(x: Numbers, index: readonly number[]): number {
  return index.reduce((flat, i, axis) => flat * (x.shape[axis] ?? 1) + i, 0);
}

/** The same numbers in another shape. */
export function reshaped(x: Numbers, shape: readonly number[]): Numbers {
  expect(shape.reduce((n, extent) => n * extent, 1)).toBe(x.data.length);
  return { shape, data: x.data };
}

/** f32 values in `range`, by default from -1 to 1; the same for the same seed. */
export function random(shape: readonly number[], seed: number, [lo, hi]: readonly [number, number] = [-1, 1]): Numbers {
  const unit = fromTensor(Tensor.random(shape, { seed, dtype: "f32" }));
  return { shape, data: unit.data.map((x) => Math.fround(lo + ((x + 1) / 2) * (hi - lo))) };
}

/** Whole numbers in lo..hi. */
export function randomInts(shape: readonly number[], seed: number, range: readonly [number, number]): Numbers {
  return fromTensor(Tensor.random(shape, { seed, range, dtype: "i32" }));
}

function fromTensor(t: Tensor): Numbers {
  return { shape: t.shape, data: flat(t.toArray()) };
}

const flat = (x: Nested): number[] => (typeof x === "object" ? x.flatMap(flat) : [Number(x)]);

/** Sum of `f(0)` to `f(n - 1)`. */
export function total(n: number, f: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += f(k);
  return sum;
}

export type Results = (name: string) => Numbers;

/** A kernel of `std/FILE.ein` on WASM; numbers are scalar parameters or dims. Results by the output's name. */
export async function runStandard(
  file: string,
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number | boolean | string>> = {},
): Promise<Results> {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "std", `${file}.ein`), "utf8");
  return runKernel(text, `std/${file}.ein`, kernel, args, generics);
}

/** A kernel of a text; `name` is what messages call the text. */
export async function runKernel(
  text: string,
  name: string,
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number | boolean | string>> = {},
): Promise<Results> {
  const compiled = (await compile(text, { name, kernels: [kernel], generics, target: "wasm" }))[kernel];
  if (compiled === undefined) throw new Error(`${name} has no ${kernel}`);
  const dtypes = new Map(compiled.equations.params.map((p): [string, DType] => [p.name, p.dtype]));
  const given = Object.entries(args).map(([n, x]) => {
    const dtype = dtypes.get(n) ?? "f32";
    return [n, typeof x === "number" ? x : Tensor.from([...x.data], { shape: x.shape, dtype })] as const;
  });
  const results = compiled(Object.fromEntries(given));
  return (output) => {
    const tensor = results[output];
    if (tensor === undefined) throw new Error(`${kernel} has no output ${output}`);
    return fromTensor(tensor);
  };
}

/** Same shape, and each element within `tolerance` of its own size or of 1, whichever is larger; NaN and infinities match. */
export function expectClose(got: Numbers, want: Numbers, tolerance = 1e-5): void {
  expect(got.shape).toEqual(want.shape);
  const off = want.data.flatMap((w, n) => {
    const g = got.data[n] ?? 0;
    const near = Object.is(g, w) || g === w || Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w));
    return near ? [] : [`[${indexOf(n, want.shape).join(", ")}] is ${g}, should be ${w}`];
  });
  expect(off).toEqual([]);
}
