/** Recipes of recurrences: lags, neighbours, plain members, tuples, and every form of `init`. */
import type { DType } from "../../../compiler/ir/dtype.ts";
import { isFloat } from "../../../compiler/ir/dtype.ts";
import { extents } from "./reductions.ts";
import { defineOver, freshIndices, rangeText, scopeOf, under } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Extent, Index, Range, TensorText, Writer } from "./sketch.ts";
import { fullRange, number } from "./sketch.ts";
import { floatValue, intValue } from "./values.ts";

const NONE: Range = { lo: 0n, hi: 0n };

type Form =
  | "lag 1"
  | "lag 2"
  | "lag 3"
  | "neighbours"
  | "member"
  | "tuple"
  | "triangular"
  | "chosen"
  | "with a reduction";

/** A recurrence; its last slice is sometimes read by a later equation. */
export function recurrence(w: Writer, form: Form): void {
  const time: Extent = w.chance(0.7) ? w.dim() : number(w.random.int(1, 6));
  const [t] = freshIndices(w, [time], "s");
  if (t === undefined) return;
  w.mark(`rec ${form}`);
  if (form === "triangular") return triangular(w, t);
  const space = freshIndices(w, form === "neighbours" || form === "with a reduction" ? [w.dim()] : extents(w, 0, 2));
  const dtype =
    form === "neighbours" || form === "with a reduction" || w.chance(0.7)
      ? w.random.pick<DType>(["f32", "f32", "f64", "f16"])
      : w.random.pick<DType>(["i32", "u32", "i64"]);
  const name = w.fresh("t");
  const scope = under({ ...scopeOf(w, space), shown: new Set() });
  if (form === "tuple") return pair(w, t, space, scope);
  const lag = form === "lag 2" ? 2 : form === "lag 3" ? 3 : 1;
  const at = (back: number): string =>
    `${name}[${[back === 0 ? t.name : `${t.name} - ${back}`, ...space.map((i) => i.name)].join(", ")}]`;
  const fresh = isFloat(dtype)
    ? floatValue(withTime(scope, t), "f32", 1).text
    : intValue(withTime(scope, t), dtype === "u32" ? "u32" : dtype === "i64" ? "i64" : "i32", 1).text;
  const input = isFloat(dtype) && dtype !== "f32" ? `${dtype}(${fresh})` : fresh;
  if (form === "member") return withMember(w, t, space, dtype, name, input);
  const body = isFloat(dtype) ? floatBody(w, form, lag, at, input, name, t, space) : integerBody(w, lag, at, input);
  const init = initText(w, scope, name, lag, space, dtype);
  define(w, t, space, [{ name, dtype }], body, init);
  if (w.chance(0.3)) lastSlice(w, w.tensors.at(-1), space);
}

function withTime(scope: Scope, t: Index): Scope {
  return { ...scope, indices: [t, ...scope.indices] };
}

function floatBody(
  w: Writer,
  form: Form,
  lag: number,
  at: (back: number) => string,
  input: string,
  name: string,
  t: Index,
  space: readonly Index[],
): string {
  if (form === "neighbours") {
    const [x] = space;
    const rule = w.random.pick(["0", "edge", "wrap"]);
    if (x === undefined || (rule !== "0" && !w.require(x.hi, 1))) return at(1);
    return `0.25 * (${name}[${t.name} - 1, ${x.name} - 1] pad ${rule}) + 0.5 * ${at(1)} + 0.25 * (${name}[${t.name} - 1, ${x.name} + 1] pad ${rule}) + ${input} * 0.125`;
  }
  if (form === "chosen") return `(${at(1)} > 0.5 ? ${at(1)} * 0.5 : ${at(1)} + ${input})`;
  const last = space.at(-1);
  if (form === "with a reduction" && last !== undefined) {
    const k = w.fresh("k");
    const others = space.slice(0, -1).map((i) => `, ${i.name}`);
    return `${input} * 0.5 + sum[${k} in 0..${w.text(last.hi)}](${name}[${t.name} - 1${others.join("")}, ${k}]) * 0.0625`;
  }
  return lag === 1 ? `${at(1)} * 0.75 + ${input}` : `${at(1)} * 0.5 - ${at(lag)} * 0.25 + ${input}`;
}

function integerBody(w: Writer, lag: number, at: (back: number) => string, input: string): string {
  if (w.chance(0.5)) return `wrapping_add(wrapping_mul(${at(lag)}, 3), ${input})`;
  return `min(max(bit_xor(${at(1)}, ${input}), ${at(lag)}), 1000)`;
}

/** Constant or read from a tensor, for all slices or for each. */
function initText(w: Writer, scope: Scope, name: string, lag: number, space: readonly Index[], dtype: DType): string {
  const rest = space.map((i) => `, ${i.name}`).join("");
  const value = (): string => {
    if (w.chance(0.5)) {
      w.mark("init constant");
      return isFloat(dtype) ? w.random.pick(["0.0", "1.0", "-0.5"]) : w.random.pick(["0", "1", "7"]);
    }
    w.mark("init from data");
    if (isFloat(dtype)) return `${dtype}(${floatValue(scope, "f32", 1).text})`;
    return intValue(scope, dtype === "u32" ? "u32" : dtype === "i64" ? "i64" : "i32", 0).text;
  };
  if (lag === 1) return `${name}[-1${rest}] = ${value()}`;
  if (w.chance(0.6)) {
    const u = w.fresh("u");
    w.mark("init range");
    const varied = isFloat(dtype) && w.chance(0.4) ? ` + ${dtype}(${u})` : "";
    return `${name}[${u} in -${lag}..0${rest}] = ${value()}${varied}`;
  }
  return Array.from({ length: lag }, (_, n) => `${name}[${n - lag}${rest}] = ${value()}`).join(", ");
}

function define(
  w: Writer,
  t: Index,
  space: readonly Index[],
  members: readonly { readonly name: string; readonly dtype: DType }[],
  body: string,
  init: string,
  options: { readonly role?: "let"; readonly kept?: true } = {},
): void {
  const indices = [t, ...space];
  const common = { shape: indices.map((i) => i.hi), low: indices.map(() => 0), below: null, size: 32 };
  w.define({
    tensors: members.map((m) => ({ ...m, ...common, range: isFloat(m.dtype) ? NONE : fullRange(m.dtype) })),
    binders: indices.map((i) => i.name),
    ranges: indices.map((i) => rangeText(w, i)),
    shown: indices.map(() => false),
    body,
    role: options.role ?? "rec",
    ...(options.kept === undefined ? {} : { kept: options.kept }),
    init,
    // What `init` starts from would say i32.
    claim:
      members.length === 1 && members.some((m) => m.dtype === "u32" || m.dtype === "i64")
        ? `: ${members[0]?.dtype ?? ""}`
        : "",
  });
}

/** A plain `let` of the group: the gate of the same step. */
function withMember(w: Writer, t: Index, space: readonly Index[], dtype: DType, name: string, input: string): void {
  const gate = w.fresh("t");
  const rest = space.map((i) => `, ${i.name}`).join("");
  const old = `${name}[${t.name} - 1${rest}]`;
  const [inner, outer] = isFloat(dtype)
    ? [`${old} * 0.5 + ${input}`, `max(${gate}[${t.name}${rest}], -1.5) + ${old} * 0.25`]
    : [`wrapping_add(${old}, ${input})`, `bit_xor(${gate}[${t.name}${rest}], ${old})`];
  define(w, t, space, [{ name: gate, dtype }], inner, "", { role: "let" });
  define(
    w,
    t,
    space,
    [{ name, dtype }],
    outer,
    w.chance(0.5) ? `${name}[-1${rest}] = 0` : `${name}[-1${rest}] = ${start(w, dtype, space)}`,
    { kept: true },
  );
}

/** The first slice from a parameter of its own. */
function start(w: Writer, dtype: DType, space: readonly Index[]): string {
  const p = w.param(
    dtype,
    space.map((i) => i.hi),
  );
  w.mark("init from data");
  return space.length === 0 ? p.name : `${p.name}[${space.map((i) => i.name).join(", ")}]`;
}

function pair(w: Writer, t: Index, space: readonly Index[], scope: Scope): void {
  const [a, b] = [w.fresh("t"), w.fresh("t")];
  const rest = space.map((i) => `, ${i.name}`).join("");
  const input = floatValue(withTime(scope, t), "f32", 1).text;
  const [x, y] = [`${a}[${t.name} - 1${rest}]`, `${b}[${t.name} - 1${rest}]`];
  const body = w.chance(0.5)
    ? `(0.5 * ${x} - 0.25 * ${y} + ${input}, 0.5 * ${y} + 0.25 * ${x})`
    : `(let c = tanh(${x} + ${input}) in (c, c * 0.5 + ${y} * 0.25))`;
  const init = w.chance(0.5)
    ? `(${a}[-1${rest}], ${b}[-1${rest}]) = (0.5, 0.0)`
    : `(${a}[-1${rest}], ${b}[-1${rest}]) = (${floatValue(scope, "f32", 0).text}, 1.0)`;
  define(
    w,
    t,
    space,
    [
      { name: a, dtype: "f32" },
      { name: b, dtype: "f32" },
    ],
    body,
    init,
  );
}

/** Forward substitution: reads of all earlier steps, nothing below 0. */
function triangular(w: Writer, t: Index): void {
  const x = w.fresh("t");
  const n = t.hi;
  const [b, l] = [w.param("f32", [n]), w.param("f32", [n, n])];
  const k = w.fresh("k");
  const form = w.chance(0.5) ? `${k} in 0..${w.text(n)} | ${k} < ${t.name}` : `${k} in 0..${t.name}`;
  define(
    w,
    t,
    [],
    [{ name: x, dtype: "f32" }],
    `(${b.name}[${t.name}] - 0.25 * sum[${form}](${l.name}[${t.name}, ${k}] * ${x}[${k}])) * 0.5`,
    "",
  );
}

/** `S[T - 1, …]`: total, since `init` defines the slice before the first. */
function lastSlice(w: Writer, s: TensorText | undefined, space: readonly Index[]): void {
  const time = s?.shape[0];
  if (s === undefined || time === undefined) return;
  w.mark("last slice");
  const indices = space.map((i): Index => ({ ...i, name: w.fresh("i") }));
  const text = `${s.name}[${[`${w.operand(time)} - 1`, ...indices.map((i) => i.name)].join(", ")}]`;
  defineOver(scopeOf(w, indices), s.dtype, { text, range: s.range, size: s.size });
}
