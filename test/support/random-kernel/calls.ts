/** Recipes without indices: calls of kernels in every form, whole tensors, numbers. */
import { DTYPES, isInt } from "../../../compiler/ir/dtype.ts";
import type { CALLEES } from "./functions.ts";
import { declareCallee } from "./functions.ts";
import { extents } from "./reductions.ts";
import type { Scope } from "./scope.ts";
import { defineOver, freshIndices, scopeOf } from "./scope.ts";
import type { Extent, TensorText, Writer } from "./sketch.ts";
import { fullRange, made } from "./sketch.ts";
import { ALL_DTYPES, FLOATS, floatValue, valueOf } from "./values.ts";

/** A kernel called in the kernel, by every form of a call. */
export function call(w: Writer): void {
  const name = w.random.pick([
    "scale",
    "rows",
    "extremes",
    "extremes",
    "extremes",
    "smooth",
    "every",
    "net",
    "net",
  ] as const satisfies readonly (keyof typeof CALLEES)[]);
  declareCallee(w, name);
  const dtype = name === "scale" ? w.random.pick(FLOATS) : "f32";
  const [a, b] = [w.extent(), w.extent()];
  if ((name === "smooth" || name === "net") && !w.require(a, 1)) return;
  if ((name === "extremes" || name === "every") && !w.require(b, 1)) return;
  const there = w.tensors.filter(
    (t) =>
      t.dtype === dtype &&
      t.shape.length === 2 &&
      t.low.every((lo) => lo === 0) &&
      t.shape.every((e, n) => e.kind !== "made" && w.text(e) === w.text([a, b][n] ?? a)),
  );
  const x = there.length > 0 && w.chance(0.6) ? w.random.pick(there) : w.param(dtype, [a, b]);
  const s = w.random.int(1, 4);
  w.mark(name === "net" ? "call of calls" : "call");
  const result = (shape: readonly Extent[]): TensorText => ({
    name: w.fresh("t"),
    dtype,
    shape,
    low: shape.map(() => 0),
    range: fullRange("f32"),
    below: null,
    size: 32,
  });
  const define = (tensors: readonly TensorText[], body: string): void =>
    w.define({ tensors, binders: [], ranges: [], shown: [], body, role: "call", init: "", claim: "" });
  const generic = name === "scale" || name === "every" ? "s" : name === "smooth" ? "r" : null;
  const extra = generic !== null && w.chance(0.7) ? `, ${generic} = ${s}` : "";
  if (extra !== "") w.mark("generic by name");
  const stride = extra === "" ? 2 : s;
  const text = `${name}(${x.name}${extra})`;
  switch (name) {
    case "scale":
    case "smooth":
      if (w.chance(0.4)) {
        w.mark("whole tensors");
        return define([result([a, b])], `max(${text}, ${x.name} * 0.5)`);
      }
      return define([result([a, b])], text);
    case "every":
      return define([result([a, made(`(${w.operand(b)} - 1) div ${stride} + 1`, 1)])], text);
    case "rows":
      return define([result([a])], text);
    case "extremes":
      return several(w, x, text, a, ["lo", "hi"], define, result);
    case "net":
      w.mark("tuple equation");
      return define([result([a, b]), result([a])], text);
    default:
      return name satisfies never;
  }
}

/** Outputs by name, or as a tuple. */
function several(
  w: Writer,
  x: TensorText,
  text: string,
  a: Extent,
  names: readonly string[],
  define: (tensors: readonly TensorText[], body: string) => void,
  result: (shape: readonly Extent[]) => TensorText,
): void {
  if (w.chance(0.5))
    return define(
      names.map(() => result([a])),
      text,
    );
  w.mark("output by name");
  const c = w.fresh("c");
  w.define({
    tensors: [{ name: c, dtype: "f32", shape: [], low: [], range: x.range, below: null, size: 0 }],
    binders: [],
    ranges: [],
    shown: [],
    body: text,
    role: "let",
    init: "",
    claim: "",
  });
  w.tensors.pop();
  const [i] = freshIndices(w, [a]);
  if (i === undefined) return;
  const scope: Scope = scopeOf(w, [i]);
  defineOver(scope, "f32", {
    text: `(${c}.hi[${i.name}] - ${c}.lo[${i.name}] * 0.5 + ${floatValue(scope, "f32", 0).text})`,
    range: x.range,
    size: 8,
  });
}

/** Whole tensors and numbers, without indices. */
export function whole(w: Writer): void {
  const dtype = w.random.pick(FLOATS);
  const shape = extents(w, 1, 2);
  const [a, b, s] = [w.param(dtype, shape), w.param(dtype, shape), w.param(dtype, [])];
  w.mark("whole tensors");
  const body = w.random.pick([
    `relu(${a.name}) + ${s.name} * ${b.name}`,
    `select(${a.name} < ${b.name}, ${a.name}, ${b.name} - 1.0)`,
    `min(${a.name}, ${s.name}) * 0.5`,
  ]);
  w.define({
    tensors: [{ name: w.fresh("t"), dtype, shape, low: shape.map(() => 0), range: a.range, below: null, size: 8 }],
    binders: [],
    ranges: [],
    shown: [],
    body,
    role: "call",
    init: "",
    claim: "",
  });
}

/** Numbers from numbers: no dims at all. */
export function scalars(w: Writer): void {
  const dtype = w.random.pick(ALL_DTYPES);
  const scope = scopeOf(w, []);
  w.mark("scalar");
  const [a] = [isInt(dtype) && DTYPES[dtype].bits > 8 ? w.smallParam(dtype, []) : w.param(dtype, [])];
  const value = valueOf({ ...scope, scalars: [{ name: a.name, dtype, range: a.range, size: a.size }] }, dtype, 3);
  defineOver(scope, dtype, value);
}
