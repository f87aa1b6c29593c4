/**
 * Random kernels as source text: well typed and, but for a few, provable. A kernel is a handful of recipes, each one
 * equation or two of one kind, which read each other's tensors; the same seed gives the same text on every machine. What a
 * kernel contains is counted by kind, so that a test can tell what it has covered.
 */
import { FLOATS, ALL_DTYPES, INTS, STORAGE, floatValue, intValue, valueOf } from "./random-kernel/values.ts";
import { branches, fromBelow, gather, layout, scatter, stencil } from "./random-kernel/layouts.ts";
import { call, scalars, whole } from "./random-kernel/calls.ts";
import { PAD_RULES } from "./random-kernel/accesses.ts";
import type { Kind } from "./random-kernel/kinds.ts";
import { recurrence } from "./random-kernel/recurrences.ts";
import {
  byUser,
  contraction,
  extents,
  nested,
  positions,
  reduce,
  rows,
  statistics,
  triangle,
  window,
} from "./random-kernel/reductions.ts";
import { defineOver, freshIndices, scopeOf } from "./random-kernel/scope.ts";
import { floatFn } from "./random-kernel/functions.ts";
import { Writer } from "./random-kernel/sketch.ts";
import { Random } from "./random-goals.ts";

export type RandomKernel = {
  readonly seed: number;
  /** A program; the kernel to run is `main`. */
  readonly source: string;
  /** What it contains, as the coverage table names it. */
  readonly kinds: ReadonlySet<Kind>;
  /** Names of parameters that want NaN, infinities and -0 among their values. */
  readonly special: ReadonlySet<string>;
};

type Recipe = (w: Writer) => void;

function elementwise(w: Writer): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const scope = scopeOf(w, freshIndices(w, extents(w, 0, 3)));
  w.mark("elementwise");
  defineOver(scope, dtype, valueOf(scope, dtype, w.random.int(2, 4)));
}

function integers(w: Writer): void {
  const dtype = w.random.pick(INTS);
  const scope = scopeOf(w, freshIndices(w, extents(w, 1, 2)));
  w.mark("integer arithmetic");
  defineOver(scope, dtype, intValue(scope, dtype, 3));
}

/** Elements below a byte, packed in parameters and outputs, sometimes read by a sum. */
function packed(w: Writer): void {
  const dtype = w.random.pick(STORAGE);
  const indices = freshIndices(w, extents(w, 0, 3));
  const scope = scopeOf(w, indices);
  const tensor = defineOver(scope, dtype, intValue(scope, dtype, w.random.int(0, 3)));
  const other = w.random.pick(STORAGE);
  if (w.chance(0.5)) return void defineOver(scope, other, intValue(scope, other, 2));
  const [k, ...rest] = freshIndices(w, tensor.shape, "k");
  if (k === undefined) return;
  w.cap(k.hi, 1000);
  const at = [k, ...rest].map((i) => i.name).join(", ");
  const size = 1000n * 16n;
  const text = `sum[${k.name}](${tensor.name}[${at}])`;
  defineOver(scopeOf(w, rest), "i32", { text, range: { lo: -size, hi: size }, size: 0 });
}

/** Comparisons, extremes and choices of what is no ordinary number. */
function specialFloats(w: Writer): void {
  const dtype = w.random.pick(FLOATS);
  const indices = freshIndices(w, extents(w, 1, 2));
  const scope = scopeOf(w, indices);
  const shape = indices.map((i) => i.hi);
  const [a, b] = [w.param(dtype, shape), w.param(dtype, shape)];
  w.special.add(a.name);
  w.special.add(b.name);
  w.mark("special floats");
  const [x, y] = [a, b].map((t) => `${t.name}[${indices.map((i) => i.name).join(", ")}]`);
  const text = w.random.pick([
    `max(${x}, ${y})`,
    `min(${x}, ${y}) + ${x}`,
    `(${x} < ${y} ? ${x} : ${y})`,
    `(isnan(${x}) || isinf(${y}) ? ${dtype}(1.0) : ${x} * ${y})`,
    `(${x} == ${y} ? abs(${x}) : -${y})`,
    `${dtype}(sat_i8(${x})) + sign(${y})`,
  ]);
  defineOver(scope, dtype, { text, range: a.range, size: Infinity });
  if (!w.chance(0.4)) return;
  const [k] = freshIndices(w, [shape[0] ?? { kind: "number", value: 1 }], "k");
  if (k === undefined) return;
  const others = freshIndices(w, shape.slice(1));
  const at = [k.name, ...others.map((i) => i.name)].join(", ");
  const reducer = w.random.pick(["max", "min", "sum"]);
  defineOver(scopeOf(w, others), dtype, {
    text: `${reducer}[${k.name}](${a.name}[${at}])`,
    range: a.range,
    size: Infinity,
  });
}

/** Scalar functions of the program. */
function functions(w: Writer): void {
  const scope = scopeOf(w, freshIndices(w, extents(w, 0, 2)));
  const [a, b] = [floatValue(scope, "f32", 1), floatValue(scope, "f32", 1)];
  w.mark("fn");
  const text = `${floatFn(w)}(clamp(${a.text}, -2.0, 2.0), clamp(${b.text}, -2.0, 2.0))`;
  defineOver(scope, "f32", { text, range: a.range, size: 40 });
}

/** Requantization: integer products, rounding shifts, saturation. */
function quantized(w: Writer): void {
  const scope = scopeOf(w, freshIndices(w, extents(w, 1, 2)));
  const x = intValue(scope, "i32", 1);
  w.mark("rescale", "cast sat_");
  const m = w.random.pick([1073741824, 1518500250, 2147483647]);
  const scaled = `rescale(${x.text}, ${m}, ${w.random.int(0, 8)})`;
  const text = w.chance(0.5) ? `sat_i8(${scaled})` : `i8(clamp(${scaled}, -128, 127))`;
  defineOver(scope, "i8", { text, range: { lo: -128n, hi: 127n }, size: 0 });
}

/** Long chains over one shape: what fusion and vectors are for. */
function chain(w: Writer): void {
  const dtype = w.random.pick(FLOATS);
  const scope = scopeOf(w, freshIndices(w, extents(w, 1, 2)));
  w.mark("chain");
  let value = floatValue(scope, dtype, 2);
  for (let n = 0; n < 3; n++) {
    const x = w.fresh("x");
    const more = floatValue(
      { ...scope, scalars: [{ name: x, dtype, range: value.range, size: Math.min(8, value.size) }] },
      dtype,
      2,
    );
    value = {
      text: `(let ${x} = clamp(${value.text}, -8.0, 8.0) in ${more.text})`,
      range: value.range,
      size: more.size,
    };
  }
  defineOver(scope, dtype, value);
}

/** How often each recipe is drawn. */
const RECIPES: readonly (readonly [number, Recipe])[] = [
  [4, elementwise],
  [5, integers],
  [8, packed],
  [2, chain],
  [2.5, functions],
  [2, quantized],
  [3, specialFloats],
  ...(["sum", "sum_strict", "prod", "max", "min", "mean", "any", "all", "all"] as const).map(
    (r): readonly [number, Recipe] => [2.3, (w) => reduce(w, r)],
  ),
  [5, positions],
  [5, byUser],
  [3, contraction],
  [4.5, triangle],
  [5, window],
  [3.3, statistics],
  [3.2, nested],
  [2.8, rows],
  ...PAD_RULES.map((rule): readonly [number, Recipe] => [1.5, (w) => stencil(w, rule)]),
  [3, fromBelow],
  ...(
    ["lag 1", "lag 2", "lag 3", "neighbours", "member", "tuple", "triangular", "chosen", "with a reduction"] as const
  ).map((f): readonly [number, Recipe] => [2.5, (w) => recurrence(w, f)]),
  [15.5, layout],
  [4, branches],
  [8.5, gather],
  [3, scatter],
  [9, call],
  [2, whole],
  [3, scalars],
];

const TOTAL = RECIPES.reduce((sum, [weight]) => sum + weight, 0);

function draw(random: Random): Recipe {
  let at = random.next() * TOTAL;
  for (const [weight, recipe] of RECIPES) {
    at -= weight;
    if (at < 0) return recipe;
  }
  return elementwise;
}

export function randomKernel(seed: number): RandomKernel {
  const random = new Random(seed * 2654435761);
  const w = new Writer(random);
  const count = random.pick([3, 3, 4, 4]);
  for (let n = 0; n < count; n++) draw(random)(w);
  // A recipe that found no way to be legal wrote nothing.
  if (w.equations.length === 0) elementwise(w);
  const source = w.render();
  return { seed, source, kinds: w.kinds, special: w.special };
}
