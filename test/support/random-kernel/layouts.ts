/** Recipes that move data: strides, flips, reshapes, concatenations, gathers, scatters, calls of kernels. */
import type { DType } from "../../../compiler/ir/dtype.ts";
import { isFloat, isInt } from "../../../compiler/ir/dtype.ts";
import { anySubscript, padded, readAt } from "./accesses.ts";
import type { PadRule } from "./accesses.ts";
import { extents } from "./reductions.ts";
import type { Text } from "./scope.ts";
import { defineOver, freshIndices, rangeText, scopeOf, under } from "./scope.ts";
import type { Extent, Index, TensorText, Writer } from "./sketch.ts";
import { fullRange, made, number } from "./sketch.ts";
import { ALL_DTYPES, boolValue, valueOf } from "./values.ts";

const plain = (t: TensorText, text: string): Text => ({ text, range: t.range, size: t.size });

/** Strided, flipped, shifted and reshaped copies. */
export function layout(w: Writer): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const n = w.dim();
  const size = w.operand(n);
  const c = w.random.int(2, 5);
  const forms: readonly (() => void)[] = [
    () => strided(w, dtype, n, c),
    () => {
      w.mark("reshape");
      const t = w.param(dtype, [n, number(c)]);
      const [f] = freshIndices(w, [made(`${size} * ${c}`)]);
      if (f !== undefined)
        defineOver(scopeOf(w, [f]), dtype, plain(t, `${t.name}[${f.name} div ${c}, ${f.name} % ${c}]`));
    },
    () => {
      w.mark("reshape");
      const t = w.param(dtype, [made(`${size} * ${c}`)]);
      const [i, j] = freshIndices(w, [n, number(c)]);
      if (i !== undefined && j !== undefined)
        defineOver(scopeOf(w, [i, j]), dtype, plain(t, `${t.name}[${i.name} * ${c} + ${j.name}]`));
    },
    () => symbolicReshape(w, dtype, n),
    () => {
      w.mark("index modulo");
      if (!w.require(n, 1)) return;
      const t = w.param(dtype, [n]);
      const [i] = freshIndices(w, [made(`${size} * ${c}`)]);
      if (i !== undefined) defineOver(scopeOf(w, [i]), dtype, plain(t, `${t.name}[${i.name} % ${size}]`));
    },
    () => {
      w.mark("diagonal");
      const t = w.param(dtype, [n, n]);
      const [i] = freshIndices(w, [n]);
      if (i !== undefined)
        defineOver(scopeOf(w, [i]), dtype, plain(t, `${t.name}[${i.name}, ${size} - 1 - ${i.name}]`));
    },
    () => {
      w.mark("upsample");
      const t = w.param(dtype, [n, number(c)]);
      const [i, j] = freshIndices(w, [made(`2 * ${size}`), number(c)]);
      if (i !== undefined && j !== undefined)
        defineOver(scopeOf(w, [i, j]), dtype, plain(t, `${t.name}[${i.name} div 2, ${j.name}]`));
    },
    () => {
      w.mark("transposed");
      const [i, j, k] = freshIndices(w, [n, w.extent(), w.extent()]);
      if (i === undefined || j === undefined || k === undefined) return;
      const t = w.param(dtype, [k.hi, i.hi, j.hi]);
      defineOver(scopeOf(w, [i, j, k]), dtype, plain(t, `${t.name}[${k.name}, ${i.name}, ${j.name}]`));
    },
  ];
  w.random.pick(forms)();
}

function strided(w: Writer, dtype: DType, n: Extent, stride: number): void {
  w.mark("strided");
  const t = w.param(dtype, [n, w.extent()]);
  const [i, j] = freshIndices(w, [made(`${w.operand(n)} div ${stride}`), t.shape[1] ?? number(1)]);
  if (i === undefined || j === undefined) return;
  const offset = w.random.int(0, stride);
  const forward = `${i.name} * ${stride}${offset === 0 ? "" : ` + ${offset}`}`;
  const backward = `${w.operand(n)} - 1 - ${i.name} * ${stride}`;
  const isBack = w.chance(0.4);
  if (isBack) w.mark("flip");
  defineOver(scopeOf(w, [i, j]), dtype, plain(t, `${t.name}[${isBack ? backward : forward}, ${j.name}]`));
}

/** Two dims as one and back, over symbolic sizes. */
function symbolicReshape(w: Writer, dtype: DType, n: Extent): void {
  const m = w.otherDim(n);
  if (!w.require(m, 1)) return;
  w.mark("reshape");
  const [rows, columns] = [w.operand(n), w.operand(m)];
  if (w.chance(0.5)) {
    const t = w.param(dtype, [n, m]);
    const [f] = freshIndices(w, [made(`${rows} * ${columns}`)]);
    if (f !== undefined)
      defineOver(scopeOf(w, [f]), dtype, plain(t, `${t.name}[${f.name} div ${columns}, ${f.name} % ${columns}]`));
    return;
  }
  const t = w.param(dtype, [made(`${rows} * ${columns}`)]);
  const [i, j] = freshIndices(w, [n, m]);
  if (i !== undefined && j !== undefined)
    defineOver(scopeOf(w, [i, j]), dtype, plain(t, `${t.name}[${i.name} * ${columns} + ${j.name}]`));
}

/** Branches whose reads are in range only where they are taken. */
export function branches(w: Writer): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const n = w.dim();
  const size = w.operand(n);
  w.mark("?: with a guarded read");
  if (w.chance(0.5)) {
    const m = w.otherDim(n);
    const [a, b] = [w.param(dtype, [n]), w.param(dtype, [m])];
    const [i] = freshIndices(w, [made(`${size} + ${w.operand(m)}`)]);
    if (i === undefined) return;
    const text = `(${i.name} < ${size} ? ${a.name}[${i.name}] : ${b.name}[${i.name} - ${size}])`;
    defineOver(scopeOf(w, [i]), dtype, { text, range: fullRange(dtype), size: 2 });
    return;
  }
  const t = w.param(dtype, [n, w.extent()]);
  const [i, j] = freshIndices(w, [n, t.shape[1] ?? number(1)]);
  if (i === undefined || j === undefined) return;
  const scope = scopeOf(w, [i, j]);
  const k = w.random.int(1, 4);
  const other = valueOf(under(scope), dtype, 1);
  const [condition, at] = w.random.pick([
    [`${i.name} >= ${k}`, `${i.name} - ${k}`],
    [`${i.name} + ${k} < ${size}`, `${i.name} + ${k}`],
    [`${i.name} + ${k} < ${size} && ${boolValue(under(scope), 1).text}`, `${i.name} + ${k}`],
    [`${i.name} % 2 == 1`, `${i.name} - 1`],
  ] as const);
  const range = fullRange(dtype);
  defineOver(scope, dtype, { text: `(${condition} ? ${t.name}[${at}, ${j.name}] : ${other.text})`, range, size: 8 });
}

/** A stencil under a pad rule; sometimes over a `let` that starts below 0. */
export function stencil(w: Writer, rule: PadRule): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const indices = freshIndices(w, [w.dim(), ...extents(w, 0, 1)]);
  const scope = scopeOf(w, indices);
  const t = isInt(dtype)
    ? w.smallParam(
        dtype,
        indices.map((i) => i.hi),
      )
    : w.param(
        dtype,
        indices.map((i) => i.hi),
      );
  const read = (): Text | null =>
    padded(
      scope,
      t,
      indices.map((i) => (w.chance(0.7) ? anySubscript(scope, i) : i.name)),
      rule,
    );
  const [a, b] = [read(), read()];
  if (a === null || b === null) return;
  const range = {
    lo: a.range.lo < b.range.lo ? a.range.lo : b.range.lo,
    hi: a.range.hi > b.range.hi ? a.range.hi : b.range.hi,
  };
  if (dtype === "bool") return void defineOver(scope, dtype, { text: `(${a.text} && ${b.text})`, range, size: 1 });
  const isSum = isFloat(dtype) && w.chance(0.6);
  const text = isSum ? `(${a.text} + ${b.text})` : `max(${a.text}, ${b.text})`;
  defineOver(scope, dtype, { text, range, size: a.size + b.size });
}

/** A `let` from -k, and readers of its whole range. */
export function fromBelow(w: Writer): void {
  const n = w.dim();
  const k = w.random.int(1, 4);
  const wide: Index = { name: w.fresh("i"), lo: -k, hi: made(`${w.text(n)} + 1`, 1) };
  w.mark("let from below 0");
  const t = w.param("f32", [n]);
  const scope = scopeOf(w, [wide]);
  const value = padded(scope, t, [wide.name], w.random.pick(["value", "edge", "wrap", "mirror"]));
  if (value === null) return;
  const extra = w.chance(0.5) ? ` + f32(${wide.name}) * 0.125` : "";
  const low = defineOver(scope, "f32", { ...value, text: `${value.text}${extra}` }, { role: "let" });
  const [i] = freshIndices(w, [n]);
  if (i === undefined) return;
  const q = w.fresh("k");
  const reader = scopeOf(w, [i]);
  const text = w.chance(0.5)
    ? `sum[${q} in -${k}..2](${low.name}[${i.name} + ${q}])`
    : `(${low.name}[${i.name} - ${k}] - ${low.name}[${i.name} + 1])`;
  defineOver(reader, "f32", { text, range: low.range, size: 16 });
}

/** Reads at subscripts from data. */
export function gather(w: Writer): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const [v, m] = [w.dim(), w.extent()];
  const shape = w.chance(0.5) ? [v, w.extent()] : [v];
  const table = w.param(dtype, shape);
  const [i, ...rest] = freshIndices(w, [m, ...shape.slice(1)]);
  if (i === undefined) return;
  const scope = scopeOf(w, [i, ...rest]);
  const at = (subscript: string): Text =>
    plain(table, `${table.name}[${[subscript, ...rest.map((x) => x.name)].join(", ")}]`);
  const choice = w.random.int(0, 4);
  w.mark(choice === 1 ? "gather clamp" : "gather");
  if (choice === 1) {
    if (!w.require(v, 1)) return;
    const ids = w.param(w.random.pick(["i32", "i16", "u8"] as const), [m]);
    return void defineOver(
      scope,
      dtype,
      at(`clamp(${ids.dtype === "i32" ? "" : "i32"}(${ids.name}[${i.name}]), 0, ${w.operand(v)} - 1)`),
    );
  }
  if (choice === 2) {
    const ids = w.param("i32", [m], { below: v });
    const d = w.fresh("t");
    w.mark("claimed range");
    const value = `(${ids.name}[${i.name}] + 0)`;
    const other: Index = { ...i, name: w.fresh("i") };
    w.define({
      tensors: [{ name: d, dtype: "i32", shape: [m], low: [0], range: fullRange("i32"), below: v, size: 0 }],
      binders: [other.name],
      ranges: [rangeText(w, other)],
      shown: [false],
      body: value.replaceAll(`[${i.name}]`, `[${other.name}]`),
      role: "let",
      init: "",
      claim: `: i32 in 0..${w.text(v)}`,
    });
    return void defineOver(scope, dtype, at(`${d}[${i.name}]`));
  }
  const ids = w.param(w.random.pick(["i32", "i32", "i64", "u32"] as const), [m], { below: v });
  const readIds = readAt(scope, ids, [i.name]).text;
  defineOver(scope, dtype, at(ids.dtype === "i32" ? readIds : `i32(${readIds})`));
}

/** Guarded sums that a compiler may turn into accumulation; counts; one-hot rows. */
export function scatter(w: Writer): void {
  const [v, m] = [w.dim(), w.extent()];
  const ids = w.param(w.random.pick(["i32", "i32", "u8"] as const), [m], { below: v });
  const [o, ...rest] = freshIndices(w, [v, ...extents(w, 0, 1)]);
  if (o === undefined) return;
  const scope = scopeOf(w, [o, ...rest]);
  const n = w.fresh("k");
  const dtype = w.random.pick<DType>(["f32", "f32", "f64", "i32", "f16"]);
  w.mark("scatter");
  const choice = w.random.int(0, 3);
  const domain = `${n} in 0..${w.text(m)} | ${ids.name}[${n}] == ${o.name}`;
  if (choice === 0)
    return void defineOver(scope, "i32", { text: `sum[${domain}](1)`, range: { lo: 0n, hi: 2n ** 31n - 1n }, size: 0 });
  if (choice === 1 && isFloat(dtype)) {
    const values = w.param(dtype, [m]);
    return void defineOver(scope, dtype, plain(values, `max[${domain}](${values.name}[${n}])`));
  }
  const values = isFloat(dtype)
    ? w.param(dtype, [m, ...rest.map((i) => i.hi)])
    : w.smallParam(dtype, [m, ...rest.map((i) => i.hi)]);
  if (isInt(dtype)) w.cap(m, 64);
  const range = isInt(dtype) ? { lo: -2000n, hi: 2000n } : values.range;
  defineOver(scope, dtype, {
    text: `sum[${domain}](${values.name}[${[n, ...rest.map((i) => i.name)].join(", ")}])`,
    range,
    size: 32,
  });
}
