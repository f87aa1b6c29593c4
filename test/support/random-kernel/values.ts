/**
 * Random values of every dtype, with the range of integers tracked so that arithmetic is provable. Long because the kinds
 * of floats, integers and bools call one another at every depth.
 */
import type { DType, FloatDType, IntDType, StorageDType } from "../../../compiler/ir/dtype.ts";
import { DTYPES, isFloat, isInt, isStorageDType } from "../../../compiler/ir/dtype.ts";
import { isSigned, readSome } from "./accesses.ts";
import { floatFn } from "./functions.ts";
import type { Scope, Text } from "./scope.ts";
import { under } from "./scope.ts";
import type { Range } from "./sketch.ts";
import { fullRange } from "./sketch.ts";

export const FLOATS: readonly FloatDType[] = ["f16", "bf16", "f32", "f64"];
export const INTS: readonly IntDType[] = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"];
export const ALL_DTYPES: readonly DType[] = ["bool", ...INTS, ...FLOATS];
/** Elements below a byte; operations compute with them as i32. */
export const STORAGE: readonly StorageDType[] = ["i4", "u4", "i2", "u2", "u1"];

const NONE: Range = { lo: 0n, hi: 0n };

/** Past this magnitude floats are not multiplied further, so that no dtype overflows. */
const LARGE = 64;

export function valueOf(scope: Scope, dtype: DType, depth: number): Text {
  if (dtype === "bool") return boolValue(scope, depth);
  return isFloat(dtype) ? floatValue(scope, dtype, depth) : intValue(scope, asInt(dtype), depth);
}

function asInt(dtype: DType): IntDType {
  if (!isInt(dtype)) throw new Error(`${dtype} is no integer`);
  return dtype;
}

const text = (t: string, size: number): Text => ({ text: t, range: NONE, size });

// ---- floats ----

function floatLeaf(scope: Scope, dtype: FloatDType): Text {
  const { w, indices, scalars } = scope;
  const usable = scalars.filter((s) => s.dtype === dtype);
  if (usable.length > 0 && w.chance(0.5)) {
    const s = w.random.pick(usable);
    return text(s.name, s.size);
  }
  if (w.chance(0.85)) {
    const found = readSome(scope, dtype, (shape) => w.param(dtype, shape));
    if (found !== null) return found;
  }
  if (indices.length > 0 && w.chance(0.5)) {
    w.mark("index as value");
    return text(`${dtype}(${w.random.pick(indices).name})`, 32);
  }
  return text(`${dtype}(${w.random.pick(["0.5", "1.0", "-1.25", "2.0", "0.0"])})`, 2);
}

type FloatForm = (scope: Scope, dtype: FloatDType, depth: number) => Text;

const MATH = ["exp", "exp2", "expm1", "tanh", "sigmoid", "erf", "sin", "cos", "sinh", "cosh", "asinh", "atan"] as const;
const MATH_OF_POSITIVE = ["log", "log2", "log1p", "rsqrt", "sqrt", "asinh"] as const;
const MATH_NEAR_ZERO = ["asin", "acos", "atanh", "tan"] as const;

const unaryForm =
  (name: string): FloatForm =>
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    return text(`${name}(${a.text})`, name === "neg" ? a.size : a.size + 1);
  };

const FLOAT_FORMS: readonly FloatForm[] = [
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    return text(`(${a.text} ${scope.w.random.pick(["+", "-"])} ${b.text})`, a.size + b.size);
  },
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    if (a.size * b.size > LARGE) return text(`min(${a.text}, ${b.text})`, Math.max(a.size, b.size));
    return text(`(${a.text} * ${b.text})`, a.size * b.size);
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    return text(`(${a.text} * ${scope.w.random.pick(["0.5", "-0.75", "0.125"])})`, a.size);
  },
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    return text(`(${a.text} / (abs(${b.text}) + 0.5))`, 2 * a.size);
  },
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    return text(`${scope.w.random.pick(["max", "min"])}(${a.text}, ${b.text})`, Math.max(a.size, b.size));
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    return text(`(-${a.text})`, a.size);
  },
  (scope, dtype, depth) =>
    unaryForm(scope.w.random.pick(["abs", "relu", "floor", "ceil", "round", "trunc", "sign", "round_away"]))(
      scope,
      dtype,
      depth,
    ),
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    scope.w.mark("math function");
    return text(`${scope.w.random.pick(MATH)}(clamp(${a.text}, -3.0, 3.0))`, 21);
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    scope.w.mark("math function");
    return text(`${scope.w.random.pick(MATH_OF_POSITIVE)}(abs(${a.text}) + 0.25)`, a.size + 4);
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    scope.w.mark("math function");
    return text(`${scope.w.random.pick(MATH_NEAR_ZERO)}(clamp(${a.text}, -0.75, 0.75))`, 3);
  },
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    scope.w.mark("math function");
    return text(`atan2(${a.text}, abs(${b.text}) + 0.25)`, 2);
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, dtype, depth - 1);
    const n = a.size > 4 ? 1 : scope.w.random.int(0, 4);
    scope.w.mark("power");
    return text(`(${a.text} ** ${n})`, Math.max(1, a.size ** n));
  },
  (scope, dtype, depth) => {
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    if (a.size * b.size > LARGE) return a;
    scope.w.mark("fma");
    const c = floatValue(scope, dtype, 0);
    return text(`fma(${a.text}, ${b.text}, ${c.text})`, a.size * b.size + c.size);
  },
  (scope, dtype, depth) => chosen(scope, (inner) => floatValue(inner, dtype, depth - 1)),
  (scope, dtype, depth) => bound(scope, dtype, depth),
  (scope, dtype, depth) => {
    const from = scope.w.random.pick(ALL_DTYPES.filter((t) => t !== dtype && t !== "bool"));
    const a = valueOf(scope, from, depth - 1);
    const size = isFloat(from) ? a.size : magnitude(a.range);
    if (size > LARGE) return floatValue(scope, dtype, depth - 1);
    scope.w.mark("cast exact");
    return text(`${dtype}(${a.text})`, size);
  },
  (scope, dtype, depth) => {
    if (dtype !== "f32" || scope.scalars.length > 0) return floatValue(scope, dtype, depth - 1);
    const [a, b] = [floatValue(scope, dtype, depth - 1), floatValue(scope, dtype, depth - 1)];
    scope.w.mark("fn");
    return text(`${floatFn(scope.w)}(clamp(${a.text}, -2.0, 2.0), clamp(${b.text}, -2.0, 2.0))`, 40);
  },
];

export function floatValue(scope: Scope, dtype: FloatDType, depth: number): Text {
  if (depth <= 0) return floatLeaf(scope, dtype);
  const made = scope.w.random.pick(FLOAT_FORMS)(scope, dtype, depth);
  return made.size > 1000 && Number.isFinite(made.size) ? text(`clamp(${made.text}, -8.0, 8.0)`, 8) : made;
}

function magnitude(r: Range): number {
  return Math.max(Math.abs(Number(r.lo)), Math.abs(Number(r.hi)));
}

/** `c ? a : b` or `select(c, a, b)`, of any dtype. */
function chosen(scope: Scope, value: (scope: Scope) => Text): Text {
  const c = boolValue(scope, 1);
  const lazy = scope.w.chance(0.5);
  const inner = lazy ? under(scope) : scope;
  const [a, b] = [value(inner), value(inner)];
  scope.w.mark(lazy ? "?:" : "select");
  const range = {
    lo: a.range.lo < b.range.lo ? a.range.lo : b.range.lo,
    hi: a.range.hi > b.range.hi ? a.range.hi : b.range.hi,
  };
  const written = lazy ? `(${c.text} ? ${a.text} : ${b.text})` : `select(${c.text}, ${a.text}, ${b.text})`;
  return { text: written, range, size: Math.max(a.size, b.size) };
}

/** `(let x = a in …)`; sometimes two names of a tuple. */
function bound(scope: Scope, dtype: DType, depth: number): Text {
  const { w } = scope;
  const a = valueOf(scope, dtype, depth - 1);
  const x = { name: w.fresh("x"), dtype, range: a.range, size: a.size };
  if (w.chance(0.4)) {
    const b = valueOf(scope, dtype, 0);
    const y = { name: w.fresh("y"), dtype, range: b.range, size: b.size };
    const body = valueOf({ ...scope, scalars: [...scope.scalars, x, y] }, dtype, depth - 1);
    w.mark("let (a, b) in");
    return { ...body, text: `(let (${x.name}, ${y.name}) = (${a.text}, ${b.text}) in ${body.text})` };
  }
  const body = valueOf({ ...scope, scalars: [...scope.scalars, x, x] }, dtype, depth - 1);
  w.mark("let in");
  return { ...body, text: `(let ${x.name} = ${a.text} in ${body.text})` };
}

// ---- bools ----

const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="] as const;

export function boolValue(scope: Scope, depth: number): Text {
  const { w, indices } = scope;
  const choice = w.random.int(0, depth <= 0 ? 3 : 7);
  const op = w.random.pick(COMPARISONS);
  if (choice === 0) {
    const found = readSome(scope, "bool", (shape) => w.param("bool", shape));
    if (found !== null) return found;
  }
  if (choice === 1 && indices.length > 0) return text(indexCondition(scope), 1);
  if (choice <= 2 || choice === 5) {
    const dtype = w.random.pick(ALL_DTYPES.filter((t) => t !== "bool"));
    const [a, b] = [valueOf(scope, dtype, Math.min(1, depth - 1)), valueOf(scope, dtype, 0)];
    return text(`(${a.text} ${op} ${b.text})`, 1);
  }
  if (choice === 3) {
    const [a, b] = [boolValue(scope, depth - 1), boolValue(scope, depth - 1)];
    w.mark("bool operators");
    return text(`(${a.text} ${w.random.pick(["&&", "||", "==", "!="])} ${b.text})`, 1);
  }
  if (choice === 4) return text(`(!${boolValue(scope, depth - 1).text})`, 1);
  const float = floatValue(scope, w.random.pick(FLOATS), 0);
  return text(`${w.random.pick(["isnan", "isinf"])}(${float.text})`, 1);
}

/** An affine condition, or a congruence, over the indices. */
export function indexCondition(scope: Scope): string {
  const { w, indices } = scope;
  const i = w.random.pick(indices).name;
  const j = w.random.pick(indices).name;
  const n = w.random.int(2, 4);
  return w.random.pick([
    `(${i} < ${n})`,
    `(${i} >= ${n - 1})`,
    `(${j} <= ${i})`,
    `(${i} + ${j} != ${n})`,
    `(${i} == ${j})`,
    `((${i} + ${n - 2}) % ${n} == 0)`,
    `((${i} - ${j}) % ${n} != 1)`,
  ]);
}

// ---- integers ----

const holdsRange = (dtype: DType, r: Range): boolean => r.lo >= fullRange(dtype).lo && r.hi <= fullRange(dtype).hi;
const clampTo = (x: bigint, r: Range): bigint => (x < r.lo ? r.lo : x > r.hi ? r.hi : x);

function intLeaf(scope: Scope, dtype: IntDType): Text {
  const { w, indices, scalars } = scope;
  const usable = scalars.filter((s) => s.dtype === dtype);
  if (usable.length > 0 && w.chance(0.5)) {
    const s = w.random.pick(usable);
    return { text: s.name, range: s.range, size: 0 };
  }
  if (w.chance(0.85)) {
    const found = readSome(scope, dtype, (shape) =>
      w.chance(0.6) ? w.smallParam(dtype, shape) : w.param(dtype, shape),
    );
    if (found !== null) return found;
  }
  if (indices.length > 0 && ["i32", "i64"].includes(dtype) && w.chance(0.5)) {
    const i = w.random.pick(indices);
    w.mark("index as value");
    return { text: `${dtype}(${i.name})`, range: { lo: BigInt(i.lo), hi: BigInt(w.most(i.hi)) - 1n }, size: 0 };
  }
  const full = fullRange(dtype);
  const n = clampTo(BigInt(w.random.int(isSigned(dtype) ? -7 : 0, 12)), full);
  return { text: `${dtype}(${n})`, range: { lo: n, hi: n }, size: 0 };
}

type IntForm = (scope: Scope, dtype: IntDType, depth: number) => Text | null;

const made = (t: string, lo: bigint, hi: bigint): Text => ({ text: t, range: { lo, hi }, size: 0 });
const least = (...xs: readonly bigint[]): bigint => xs.reduce((a, b) => (b < a ? b : a));
const greatest = (...xs: readonly bigint[]): bigint => xs.reduce((a, b) => (b > a ? b : a));
const floorDiv = (a: bigint, b: bigint): bigint => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);

function pairOf(scope: Scope, dtype: IntDType, depth: number): readonly [Text, Text] {
  return [intValue(scope, dtype, depth - 1), intValue(scope, dtype, depth - 1)];
}

/** `+ - *` where they cannot overflow. In i8 to u16 they give i32, which is cast back. */
const arithmetic: IntForm = (scope, dtype, depth) => {
  const [a, b] = pairOf(scope, dtype, depth);
  const op = scope.w.random.pick(["+", "-", "*"] as const);
  const range =
    op === "+"
      ? { lo: a.range.lo + b.range.lo, hi: a.range.hi + b.range.hi }
      : op === "-"
        ? { lo: a.range.lo - b.range.hi, hi: a.range.hi - b.range.lo }
        : products(a.range, b.range);
  const computing = DTYPES[dtype].arithmetic;
  if (computing === null || !holdsRange(computing, range)) return null;
  const whole = `(${a.text} ${op} ${b.text})`;
  if (computing === dtype) return { text: whole, range, size: 0 };
  return narrowed(scope, whole, range, dtype);
};

function products(a: Range, b: Range): Range {
  const ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  return { lo: least(...ends), hi: greatest(...ends) };
}

/** A cast of a wider value: exact where it fits, else saturating or wrapping. */
function narrowed(scope: Scope, value: string, range: Range, dtype: IntDType): Text {
  const { w } = scope;
  const full = fullRange(dtype);
  const fits = holdsRange(dtype, range);
  if (fits && w.chance(0.6)) {
    w.mark("cast exact");
    return { text: `${dtype}(${value})`, range, size: 0 };
  }
  if (w.chance(0.5)) {
    w.mark("cast sat_");
    return {
      text: `sat_${dtype}(${value})`,
      range: { lo: clampTo(range.lo, full), hi: clampTo(range.hi, full) },
      size: 0,
    };
  }
  w.mark("cast wrap_");
  return { text: `wrap_${dtype}(${value})`, range: fits ? range : full, size: 0 };
}

const INT_FORMS: readonly IntForm[] = [
  arithmetic,
  arithmetic,
  arithmetic,
  (scope, dtype, depth) => {
    const [a, b] = pairOf(scope, dtype, depth);
    if (scope.w.chance(0.5))
      return made(`max(${a.text}, ${b.text})`, greatest(a.range.lo, b.range.lo), greatest(a.range.hi, b.range.hi));
    return made(`min(${a.text}, ${b.text})`, least(a.range.lo, b.range.lo), least(a.range.hi, b.range.hi));
  },
  (scope, dtype, depth) => {
    const a = intValue(scope, dtype, depth - 1);
    const lo = isSigned(dtype) ? -5n : 0n;
    return made(`clamp(${a.text}, ${lo}, 9)`, clampTo(a.range.lo, { lo, hi: 9n }), clampTo(a.range.hi, { lo, hi: 9n }));
  },
  (scope, dtype, depth) => {
    const [a, b] = pairOf(scope, dtype, depth);
    scope.w.mark("wrapping");
    const { lo, hi } = fullRange(dtype);
    return made(
      `${scope.w.random.pick(["wrapping_add", "wrapping_sub", "wrapping_mul"])}(${a.text}, ${b.text})`,
      lo,
      hi,
    );
  },
  (scope, dtype, depth) => {
    const [a, b] = pairOf(scope, dtype, depth);
    scope.w.mark("bit operation");
    const { lo, hi } = fullRange(dtype);
    return made(`${scope.w.random.pick(["bit_and", "bit_or", "bit_xor"])}(${a.text}, ${b.text})`, lo, hi);
  },
  (scope, dtype, depth) => {
    const a = intValue(scope, dtype, depth - 1);
    scope.w.mark("bit operation");
    const { lo, hi } = fullRange(dtype);
    if (scope.w.chance(0.4)) return made(`bit_not(${a.text})`, lo, hi);
    if (scope.w.chance(0.5)) return made(`popcount(${a.text})`, 0n, BigInt(DTYPES[dtype].bits));
    const mask = scope.w.random.pick([1n, 7n, 31n, 12n]);
    return made(`bit_and(${a.text}, ${mask})`, 0n, mask);
  },
  (scope, dtype, depth) => {
    const [a, b] = pairOf(scope, dtype, depth);
    scope.w.mark("shift");
    const bits = DTYPES[dtype].bits;
    const amount = scope.w.chance(0.5) ? `${scope.w.random.int(0, bits)}` : `bit_and(${b.text}, 7)`;
    const { lo, hi } = fullRange(dtype);
    return made(`${scope.w.random.pick(["shl", "shr"])}(${a.text}, ${amount})`, lo, hi);
  },
  (scope, dtype, depth) => {
    const a = intValue(scope, dtype, depth - 1);
    const n = BigInt(scope.w.random.pick(isSigned(dtype) ? [2, 3, 8, -3, -2, 5] : [2, 3, 8, 5]));
    if (scope.w.chance(0.5)) {
      scope.w.mark("div");
      const ends = [floorDiv(a.range.lo, n), floorDiv(a.range.hi, n)];
      return made(`(${a.text} div ${n < 0n ? `(${n})` : n})`, least(...ends), greatest(...ends));
    }
    scope.w.mark("%");
    return made(`(${a.text} % ${n < 0n ? `(${n})` : n})`, n < 0n ? n + 1n : 0n, n < 0n ? 0n : n - 1n);
  },
  (scope, dtype, depth) => {
    const [a, b] = pairOf(scope, dtype, depth);
    const size = greatest(a.range.hi, -a.range.lo, 0n);
    if (size >= fullRange(dtype).hi) return null;
    scope.w.mark("divisor from data");
    const lo = isSigned(dtype) ? -size : 0n;
    const d = scope.w.fresh("d");
    if (scope.w.chance(0.5))
      return made(`(let ${d} = ${b.text} in (${d} == 0 ? ${a.text} : ${a.text} div ${d}))`, lo, size);
    const most = greatest(b.range.hi, 1n);
    return made(`(${a.text} % max(${b.text}, 1))`, 0n, most - 1n);
  },
  (scope, dtype, depth) => {
    const a = intValue(scope, dtype, depth - 1);
    const { lo, hi } = fullRange(dtype);
    if (a.range.lo <= lo || !isSigned(dtype)) return null;
    const size = greatest(a.range.hi, -a.range.lo);
    if (scope.w.chance(0.5)) return size > hi ? null : made(`abs(${a.text})`, 0n, size);
    return DTYPES[dtype].arithmetic === dtype ? made(`(-${a.text})`, -a.range.hi, -a.range.lo) : null;
  },
  (scope, dtype, depth) => chosen(scope, (inner) => intValue(inner, dtype, depth - 1)),
  (scope, dtype, depth) => bound(scope, dtype, depth),
  (scope, dtype, depth) => {
    const from = scope.w.random.pick([...INTS, ...INTS, ...STORAGE].filter((t) => t !== dtype));
    const a = intValue(scope, from, depth - 1);
    return narrowed(scope, a.text, a.range, dtype);
  },
  (scope, dtype, depth) => {
    const a = floatValue(scope, scope.w.random.pick(FLOATS), depth - 1);
    scope.w.mark("cast float to int");
    return { text: `sat_${dtype}(${a.text} * 20.0)`, range: fullRange(dtype), size: 0 };
  },
  (scope, dtype, depth) => {
    const c = boolValue(scope, depth - 1);
    return made(`${dtype}(${c.text})`, 0n, 1n);
  },
  (scope, dtype, depth) => {
    if (dtype !== "i32") return null;
    const a = intValue(scope, dtype, depth - 1);
    scope.w.mark("rescale");
    const { lo, hi } = fullRange(dtype);
    return made(
      `${scope.w.random.pick(["rescale", "rescale", "rescale_single"])}(${a.text}, ${scope.w.random.pick([1073741824, 1518500250, 2147483647])}, ${scope.w.random.int(0, 6)})`,
      lo,
      hi,
    );
  },
];

/** Storage types are read, cast to and chosen among, and that is all. */
function storedValue(scope: Scope, dtype: StorageDType, depth: number): Text {
  const { w } = scope;
  const choice = w.random.int(0, 4);
  if (choice === 0) return chosen(scope, (inner) => intValue(inner, dtype, depth - 1));
  if (choice === 1) {
    const a = floatValue(scope, w.random.pick(FLOATS), depth - 1);
    w.mark("cast float to int");
    return { text: `sat_${dtype}(${a.text} * 9.0)`, range: fullRange(dtype), size: 0 };
  }
  const a = intValue(scope, w.random.pick(["i32", "i8", "u8", "i64", "u32"] as const), depth);
  return narrowed(scope, a.text, a.range, dtype);
}

export function intValue(scope: Scope, dtype: IntDType, depth: number): Text {
  if (depth <= 0) return intLeaf(scope, dtype);
  if (isStorageDType(dtype)) return storedValue(scope, dtype, depth);
  for (let n = 0; n < 4; n++) {
    const found = scope.w.random.pick(INT_FORMS)(scope, dtype, depth);
    if (found !== null) return found;
  }
  return intLeaf(scope, dtype);
}

/** The value in a range of these ends. */
export function within(value: Text, lo: bigint, hi: bigint): Text {
  if (value.range.lo >= lo && value.range.hi <= hi) return value;
  const r = { lo, hi };
  return {
    text: `clamp(${value.text}, ${lo}, ${hi})`,
    range: { lo: clampTo(value.range.lo, r), hi: clampTo(value.range.hi, r) },
    size: 0,
  };
}
