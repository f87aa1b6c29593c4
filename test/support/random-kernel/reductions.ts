/** Recipes that reduce: every reducer, guards, triangles, windows, contractions, statistics of rows. */
import type { DType, FloatDType } from "../../../compiler/ir/dtype.ts";
import { DTYPES, isFloat, isInt } from "../../../compiler/ir/dtype.ts";
import { padded, readAt } from "./accesses.ts";
import { userReducer } from "./functions.ts";
import type { Scope, Text } from "./scope.ts";
import { binderText, defineOver, freshIndices, rangeText, scopeOf, under, withIndices } from "./scope.ts";
import type { Extent, Index, Range, Writer } from "./sketch.ts";
import { fullRange, made, number } from "./sketch.ts";
import {
  ALL_DTYPES,
  FLOATS,
  INTS,
  boolValue,
  floatValue,
  indexCondition,
  intValue,
  valueOf,
  within,
} from "./values.ts";

const NONE: Range = { lo: 0n, hi: 0n };

/** Symbolic dims of integer sums stay below this, so that the sums are proved. */
const CAP = 64;

export function extents(w: Writer, from: number, to: number): readonly Extent[] {
  return Array.from({ length: w.random.int(from, to + 1) }, () => w.extent());
}

/** ` | guard`, or nothing. */
function guardText(scope: Scope, value: Scope): string {
  const { w } = scope;
  const choice = w.random.next();
  if (choice < 0.5) return "";
  if (choice < 0.7) {
    w.mark("guard affine");
    return ` | ${indexCondition(scope)}`;
  }
  if (choice < 0.85) {
    const [i, j] = [w.random.pick(scope.indices).name, w.random.pick(scope.indices).name];
    const n = w.random.int(2, 4);
    w.mark("guard congruence");
    return ` | (${i} + ${j === i ? `${n}` : j}) % ${n} == ${w.random.int(0, n)}`;
  }
  w.mark("guard of data");
  return ` | ${boolValue({ ...value, conditional: true }, 1).text}`;
}

type Builtin = "sum" | "sum_strict" | "prod" | "max" | "min" | "mean" | "any" | "all";

function reducedDType(w: Writer, reducer: Builtin): DType {
  if (reducer === "any" || reducer === "all") return "bool";
  if (reducer === "mean") return w.random.pick(FLOATS);
  if (reducer === "sum" && w.chance(0.15)) return "bool";
  return w.random.pick(ALL_DTYPES.filter((t) => t !== "bool"));
}

/** `Y[…] = reducer[k, … | guard](value)`, sometimes inside more arithmetic. */
export function reduce(w: Writer, reducer: Builtin): void {
  const outer = freshIndices(w, extents(w, 0, 2));
  const axes = freshIndices(w, extents(w, 1, 2), "k");
  const dtype = reducedDType(w, reducer);
  const scope = scopeOf(w, outer);
  const inner = withIndices(scope, axes);
  w.mark(`reducer ${reducer}`);
  const isWholeExtremum = isInt(dtype) && (reducer === "max" || reducer === "min");
  if (isWholeExtremum && !axes.every((a) => w.require(a.hi, 1))) return;
  const guard = isWholeExtremum ? "" : guardText(inner, inner);
  // The mean counts the points that a guard leaves, in i32.
  if (reducer === "mean") for (const a of axes) w.cap(a.hi, 1000);
  const body = guard === "" ? inner : under(inner);
  const value = argumentOf(body, reducer, dtype, axes);
  const binders = axes
    .map((a) => binderText(guard === "" ? inner : { ...inner, shown: new Set() }, a, value.text))
    .join(", ");
  const result = resultDType(reducer, dtype);
  const range = resultRange(w, reducer, dtype, value.range, axes);
  const reduced: Text = {
    text: `${reducer}[${binders}${guard}](${value.text})`,
    range,
    size: Math.min(64, value.size * 8),
  };
  if (isFloat(result) && w.chance(0.3)) {
    const more = floatValue(scope, result, 1);
    w.mark("reduction in an expression");
    defineOver(scope, result, {
      text: `(${reduced.text} * 0.5 + ${more.text})`,
      range: NONE,
      size: reduced.size + more.size,
    });
    return;
  }
  defineOver(scope, result, reduced);
}

function argumentOf(scope: Scope, reducer: Builtin, dtype: DType, axes: readonly Index[]): Text {
  const { w } = scope;
  if (!isInt(dtype))
    return reducer === "prod" ? { ...valueOf(scope, dtype, 0), size: 1 } : valueOf(scope, dtype, w.random.int(0, 3));
  const value = intValue(scope, dtype, w.random.int(0, 3));
  if (reducer === "max" || reducer === "min") return value;
  for (const a of axes) w.cap(a.hi, CAP);
  const signed = DTYPES[dtype].signed;
  if (reducer === "prod") return within(value, 0n, 1n);
  return within(value, signed ? -100n : 0n, 100n);
}

function resultDType(reducer: Builtin, dtype: DType): DType {
  if (reducer === "sum" || reducer === "sum_strict" || reducer === "prod")
    return isFloat(dtype) ? dtype : DTYPES[dtype].accumulator;
  return dtype;
}

function resultRange(w: Writer, reducer: Builtin, dtype: DType, each: Range, axes: readonly Index[]): Range {
  if (isFloat(dtype)) return NONE;
  if (reducer === "any" || reducer === "all") return { lo: 0n, hi: 1n };
  if (reducer === "max" || reducer === "min") return each;
  if (reducer === "prod") return { lo: 0n, hi: 1n };
  const count = axes.reduce((n, a) => n * BigInt(w.most(a.hi) - a.lo), 1n);
  const values = dtype === "bool" ? { lo: 0n, hi: 1n } : each;
  const lo = values.lo < 0n ? values.lo * count : 0n;
  const hi = values.hi > 0n ? values.hi * count : 0n;
  const full = fullRange(DTYPES[dtype].accumulator);
  return { lo: lo < full.lo ? full.lo : lo, hi: hi > full.hi ? full.hi : hi };
}

/** `(V[…], I[…]) = argmax[…](…)`; the position is a subscript where the domain is not empty. */
export function positions(w: Writer): void {
  const outer = freshIndices(w, extents(w, 0, 2));
  const axes = freshIndices(w, extents(w, 1, 2), "k");
  const reducer = w.random.pick(["argmax", "argmin"] as const);
  w.mark(reducer);
  const dtype = w.random.pick([...FLOATS, ...INTS]);
  const scope = scopeOf(w, outer);
  const inner = withIndices(scope, axes);
  const [only, other] = axes;
  if (only === undefined) return;
  // The position in two dims is proved to fit i32.
  if (other !== undefined) for (const a of axes) w.cap(a.hi, 1000);
  // Integers of an empty domain would have no maximum.
  const isWhole = isInt(dtype);
  const nonEmpty = (isWhole || w.chance(0.5)) && axes.every((a) => w.require(a.hi, 1));
  if (isWhole && !nonEmpty) return;
  const guard = isWhole || w.chance(0.6) ? "" : guardText(inner, inner);
  const value = valueOf(guard === "" ? inner : under(inner), dtype, w.random.int(0, 2));
  const binders = axes
    .map((a) => binderText(guard === "" ? inner : { ...inner, shown: new Set() }, a, value.text))
    .join(", ");
  const call = `${reducer}[${binders}${guard}](${value.text})`;
  if (w.chance(0.4)) {
    const [v, p] = [w.fresh("v"), w.fresh("q")];
    w.mark("tuple let");
    defineOver(scope, "i32", {
      text: `(let (${v}, ${p}) = ${call} in (${v} == ${v} ? ${p} : -2))`,
      range: { lo: -2n, hi: 2n ** 31n - 1n },
      size: 0,
    });
    return;
  }
  w.mark("tuple equation");
  const below = other === undefined && nonEmpty && guard === "" ? only.hi : null;
  const common = { shape: outer.map((i) => i.hi), low: outer.map((i) => i.lo) };
  w.define({
    tensors: [
      { name: w.fresh("t"), dtype, ...common, range: value.range, below: null, size: value.size },
      { name: w.fresh("t"), dtype: "i32", ...common, range: { lo: -1n, hi: 2n ** 31n - 1n }, below, size: 0 },
    ],
    binders: outer.map((i) => i.name),
    ranges: outer.map((i) => rangeText(w, i)),
    shown: outer.map((i) => scope.shown.has(i.name)),
    body: call,
    role: "plain",
    init: "",
    claim: "",
  });
}

/** A user's reducer, all its components kept. */
export function byUser(w: Writer): void {
  const outer = freshIndices(w, extents(w, 0, 2));
  const axes = freshIndices(w, extents(w, 1, 1), "k");
  const reducer = userReducer(w);
  const scope = scopeOf(w, outer);
  const inner = withIndices(scope, axes);
  const guard = w.chance(0.3) ? guardText(inner, inner) : "";
  const value = valueOf(guard === "" ? inner : under(inner), reducer.arg, w.random.int(0, 2));
  const argument = reducer.arg === "f32" ? `clamp(${value.text}, -4.0, 4.0)` : value.text;
  const binders = axes
    .map((a) => binderText(guard === "" ? inner : { ...inner, shown: new Set() }, a, value.text))
    .join(", ");
  const common = { shape: outer.map((i) => i.hi), low: outer.map((i) => i.lo), below: null, size: reducer.size };
  if (reducer.results.length > 1) w.mark("tuple equation");
  w.define({
    tensors: reducer.results.map((dtype) => ({ name: w.fresh("t"), dtype, range: fullRange(dtype), ...common })),
    binders: outer.map((i) => i.name),
    ranges: outer.map((i) => rangeText(w, i)),
    shown: outer.map((i) => scope.shown.has(i.name)),
    body: `${reducer.name}[${binders}${guard}](${argument})`,
    role: "plain",
    init: "",
    claim: "",
  });
}

/** Products of rows and columns, in every layout of the operands. */
export function contraction(w: Writer): void {
  const dtype = w.random.pick<DType>(["f32", "f32", "f32", "f64", "f16", "bf16", "i8", "u8", "i16"]);
  const [m, n, k] = [w.extent(), w.extent(), w.extent()];
  const [i, j] = freshIndices(w, [m, n]);
  const [x] = freshIndices(w, [k], "k");
  if (i === undefined || j === undefined || x === undefined) return;
  w.mark("contraction");
  const scope = scopeOf(w, [i, j]);
  const inner = withIndices(scope, [x]);
  const operand = (row: Index, shape: readonly Extent[]): Text => {
    const flipped = w.chance(0.3);
    const t = w.smallParam(dtype, flipped ? shape.toReversed() : shape);
    return readAt(inner, t, flipped ? [x.name, row.name] : [row.name, x.name]);
  };
  const [a, b] = [operand(i, [m, k]), operand(j, [n, k])];
  if (isInt(dtype)) w.cap(k, CAP);
  const product = `${a.text} * ${b.text}`;
  const sum = `sum[${binderText(inner, x, product)}](${product})`;
  const result = isFloat(dtype) ? dtype : "i32";
  const most = 256n * BigInt(isInt(dtype) ? w.most(k) : 1);
  const body = isFloat(dtype) && w.chance(0.4) ? `(${sum} + ${floatValue(scope, dtypeFloat(dtype), 0).text})` : sum;
  defineOver(scope, result, { text: body, range: isFloat(dtype) ? NONE : { lo: -most, hi: most }, size: 64 });
}

function dtypeFloat(dtype: DType): FloatDType {
  if (!isFloat(dtype)) throw new Error(`${dtype} is no float`);
  return dtype;
}

/** Sums whose range depends on an outer index; prefix sums by a guard. */
export function triangle(w: Writer): void {
  const [i, ...others] = freshIndices(w, [w.extent(), ...extents(w, 0, 1)]);
  if (i === undefined) return;
  const scope = scopeOf(w, w.chance(0.5) ? [i, ...others] : [...others, i]);
  const k = w.fresh("k");
  const size = w.text(i.hi);
  const ranges = [
    `${k} in 0..${i.name} + 1`,
    `${k} in ${i.name}..${size}`,
    `${k} in 0..${i.name}`,
    `${k} in 0..${size} | ${k} <= ${i.name}`,
    `${k} in 0..${size} | ${k} != ${i.name}`,
  ];
  const choice = w.random.int(0, ranges.length);
  w.mark(choice < 3 ? "triangle" : "guard affine");
  const inner = under(withIndices(scope, [{ name: k, lo: 0, hi: i.hi, within: "" }]));
  const dtype = w.random.pick<DType>(["f32", "f32", "f64", "f16", "i32"]);
  const reducer = w.random.pick(isFloat(dtype) ? (["sum", "max", "min", "prod"] as const) : (["sum"] as const));
  if (isInt(dtype)) w.cap(i.hi, CAP);
  const value = isInt(dtype)
    ? within(intValue(inner, "i32", 1), -100n, 100n)
    : floatValue(inner, dtypeFloat(dtype), reducer === "prod" ? 0 : 1);
  const most = 100n * BigInt(CAP);
  defineOver(scope, dtype, {
    text: `${reducer}[${ranges[choice] ?? ""}](${value.text})`,
    range: isInt(dtype) ? { lo: -most, hi: most } : NONE,
    size: 64,
  });
}

/** Pooling and convolution in one dim: windows with stride, dilation and pads. */
export function window(w: Writer): void {
  const n = w.dim();
  const k = w.random.int(1, 5);
  const stride = w.random.int(1, 4);
  const dilation = w.chance(0.6) ? 2 : 1;
  const dtype = w.random.pick<DType>(["f32", "f32", "f16", "f64", "i16", "u8", "i32"]);
  const c = w.extent();
  const t = isInt(dtype) ? w.smallParam(dtype, [c, n]) : w.param(dtype, [c, n]);
  const reach = dilation * (k - 1);
  const isPadded = w.chance(0.5);
  if (stride > 1) w.mark("strided");
  if (dilation > 1 && k > 1) w.mark("dilated");
  w.mark("window");
  if (!isPadded && !w.require(n, reach + 1)) return;
  const size = w.text(n);
  const out = isPadded
    ? made(`(${size} + ${stride - 1}) div ${stride}`)
    : made(`(${size} - ${reach + 1}) div ${stride} + 1`, 1);
  const [channel, x] = freshIndices(w, [c, out]);
  if (channel === undefined || x === undefined) return;
  const q = w.fresh("k");
  const scope = scopeOf(w, [channel, x]);
  const at = `${stride === 1 ? x.name : `${x.name} * ${stride}`} + ${dilation === 1 ? q : `${q} * ${dilation}`}`;
  const inner = under(scope);
  const value = isPadded
    ? padded(
        inner,
        t,
        [channel.name, `${at} - ${Math.floor(reach / 2)}`],
        w.random.pick(["value", "edge", "wrap", "mirror"]),
      )
    : readAt(inner, t, [channel.name, at]);
  if (value === null) return;
  const reducer = isFloat(dtype)
    ? w.random.pick(["sum", "max", "min", "mean"] as const)
    : w.random.pick(["sum", "max", "min"] as const);
  const sums = reducer === "sum" && isInt(dtype);
  const result = sums ? DTYPES[dtype].accumulator : dtype;
  const range = sums ? { lo: -10000n, hi: 10000n } : value.range;
  defineOver(scope, result, { text: `${reducer}[${q} in 0..${k}](${value.text})`, range, size: value.size * 3 });
}

/** Statistics of rows used in each element: softmax and normalisation. */
export function statistics(w: Writer): void {
  const dtype = w.random.pick<FloatDType>(["f32", "f32", "f64", "f16", "bf16"]);
  const [m, n] = [w.extent(), w.dim()];
  const t = w.param(dtype, [m, n]);
  w.mark("row statistics");
  const [i] = freshIndices(w, [m]);
  const [j] = freshIndices(w, [n]);
  if (i === undefined || j === undefined) return;
  const scope = scopeOf(w, [i, j]);
  const k = w.fresh("k");
  const x = readAt(scope, t, [i.name, j.name]).text;
  const y = `${t.name}[${i.name}, ${k}]`;
  const forms = [
    `(${x} - max[${k}](${y}))`,
    `(${x} / (sum[${k}](abs(${y})) + 1.0))`,
    `(${x} - mean[${k}](${y}) * 0.5)`,
    `(${x} * rsqrt(sum[${k}](${y} * ${y}) + 1.0))`,
    `(exp(${x} - max[${k}](${y})) / (sum[${k}](exp(${y})) + 0.5))`,
  ];
  defineOver(scope, dtype, { text: w.random.pick(forms), range: NONE, size: 8 });
}

/** A reduction inside the argument of another. */
export function nested(w: Writer): void {
  const outer = freshIndices(w, extents(w, 0, 1));
  const [k] = freshIndices(w, [w.extent()], "k");
  const [q] = freshIndices(w, [w.chance(0.5) ? number(w.random.int(1, 5)) : w.extent()], "k");
  if (k === undefined || q === undefined) return;
  w.mark("nested reduction");
  const scope = scopeOf(w, outer);
  const middle = withIndices(scope, [k]);
  const deep = withIndices(middle, [q]);
  const dtype = w.random.pick<FloatDType>(["f32", "f32", "f64", "bf16"]);
  const [a, b] = [floatValue(under(deep), dtype, 1), floatValue(under(middle), dtype, 0)];
  const inner = `${w.random.pick(["max", "sum", "min"])}[${rangeOf(w, q)}](${a.text})`;
  const text = `${w.random.pick(["sum", "min", "max"])}[${rangeOf(w, k)}](${inner} ${w.random.pick(["+", "-"])} ${b.text})`;
  defineOver(scope, dtype, { text, range: NONE, size: 64 });
}

function rangeOf(w: Writer, i: Index): string {
  return `${i.name} in ${rangeText(w, i)}`;
}

/** Rows of a compressed matrix: the range of the sum is read from data. */
export function rows(w: Writer): void {
  const [m, z, n] = [w.dim(), w.dim(), w.dim()];
  if (!w.require(m, 1)) return;
  w.mark("range from data");
  const pointers = w.param("i32", [m], { below: made(`${w.operand(z)} + 1`, 1) });
  const columns = w.param("i32", [z], { below: n });
  const [values, x] = [w.param("f32", [z]), w.param("f32", [n])];
  const [i] = freshIndices(w, [made(`${w.text(m)} - 1`)]);
  if (i === undefined) return;
  const e = w.fresh("e");
  const body = `sum[${e} in ${pointers.name}[${i.name}]..${pointers.name}[${i.name} + 1]](${values.name}[${e}] * ${x.name}[${columns.name}[${e}]])`;
  defineOver(scopeOf(w, [i]), "f32", { text: body, range: NONE, size: 64 });
}
