/**
 * Everything that is checked before a kernel runs: names, dtypes, ranks, dims, `where` conditions, range types, overlap of
 * inputs and outputs. After it a device may trust a call. The first mistake is refused, in the user's words.
 */
import { INDEX_ADVICE, indexAlwaysPast, indexPastLimit } from "../compiler/analysis/index-limits.ts";
import type { DType } from "../compiler/ir/dtype.ts";
import { DTYPES, isInt } from "../compiler/ir/dtype.ts";
import { readElement } from "../compiler/ir/elements.ts";
import type { Kernel, Tensor as Param } from "../compiler/ir/equations.ts";
import { tensorsOf } from "../compiler/ir/equations.ts";
import { evaluateCondition, evaluateIndex, evaluateShape } from "../compiler/ir/evaluate-index.ts";
import { diagnostic, EinkornError } from "../compiler/support/diagnostics.ts";
import { known } from "../compiler/support/invariant.ts";
import type { CallWords } from "./call-words.ts";
import { describeParam, IN_A_PROGRAM } from "./call-words.ts";
import type { Call } from "./device.ts";
import { kindOf, shown } from "./given-values.ts";
import { counted, listed, nearest, quoted, refuse } from "./refuse.ts";
import { placeText } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** A tensor, or a number for a scalar parameter or a dim. */
export type Argument = Tensor | number | bigint | boolean;
export type Arguments = Readonly<Record<string, Argument>>;
export type Outputs = Readonly<Record<string, Tensor>>;

/** Indices are held in i32. */
const LARGEST_INDEX = 2 ** 31;

/** `fixed`: dims that are constants of the kernel by now, by name; a caller may still name their sizes. */
export function checkCall(
  kernel: Kernel,
  all: Arguments,
  out: Outputs,
  fixed: ReadonlyMap<string, bigint> = new Map(),
  words: CallWords = IN_A_PROGRAM,
): Call {
  const given = withoutFixed(kernel, all, fixed);
  refuseUnknownNames(kernel, given, out);
  const inputs = kernel.params.map((p) => asTensor(p, own(given, p.name), words));
  const dims = bindDims(kernel, given, inputs, words);
  for (const [n, p] of kernel.params.entries()) checkShape(kernel, p, known(inputs[n], "input"), dims);
  for (const w of kernel.where) {
    if (evaluateCondition(w.condition, dims)) continue;
    refuse("E6206", `${kernel.name} is defined only where ${w.text}`, { notes: [dimsNote(kernel, dims)] });
  }
  for (const [n, p] of kernel.params.entries()) checkRange(p, known(inputs[n], "input"), dims);
  const outputs = kernel.outputs.map((o) => {
    const shape = evaluateShape(o.dims, dims);
    const dtype = outputDType(kernel, o.tensor);
    const target = own(out, o.name) ?? null;
    if (target !== null) checkOutput(o.name, target, dtype, shape, inputs);
    return { dtype, shape, out: target };
  });
  refuseShared(kernel, outputs);
  refuseLargeIndices(kernel, dims);
  refuseTooLarge(kernel, inputs, outputs, dims);
  return { inputs, dims, outputs };
}

/** JavaScript callers have no types: `kernel()` and `kernel(null)` are to be told what is wanted. */
export function refuseNoRecord(kernel: Kernel, given: unknown): void {
  const isPositional = given instanceof Tensor || Array.isArray(given) || ArrayBuffer.isView(given);
  if (typeof given === "object" && given !== null && !isPositional) return;
  const names = kernel.params.map((p) => p.name).join(", ");
  const isNothing = given === undefined || given === null;
  const what = given instanceof Tensor ? "a tensor" : kindOf(given);
  const message = isNothing
    ? `the arguments of ${kernel.name} are missing`
    : `the arguments of ${kernel.name} are one object, and this is ${what}`;
  refuse("E6201", message, { help: [`pass them by name: { ${names} }`] });
}

/** No two outputs are written into the same memory. */
function refuseShared(kernel: Kernel, outputs: Call["outputs"]): void {
  for (const [n, { out }] of outputs.entries()) {
    const other = outputs.findIndex((o, m) => m < n && out !== null && o.out !== null && overlaps(o.out, out));
    if (other < 0) continue;
    const names = [other, n].map((m) => kernel.outputs[m]?.name);
    refuse("E6208", `the tensors given for outputs ${names.join(" and ")} share memory`, {
      help: ["give each a tensor of its own, or leave them out"],
    });
  }
}

/** Not `toString` and the like, which every object inherits. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function withoutFixed(kernel: Kernel, given: Arguments, fixed: ReadonlyMap<string, bigint>): Arguments {
  const repeated = Object.keys(given).filter((name) => fixed.has(name));
  if (repeated.length === 0) return given;
  for (const name of repeated) {
    const [size, asked] = [fixed.get(name), given[name]];
    if (asked instanceof Tensor || Number(asked) !== Number(size)) {
      refuse("E6205", `${kernel.name} was compiled for ${name} = ${size}`, {
        help: [`compile it again, or await kernel.specialise, for another ${name}`],
      });
    }
  }
  return Object.fromEntries(Object.entries(given).filter(([name]) => !fixed.has(name)));
}

function refuseUnknownNames(kernel: Kernel, given: Arguments, out: Outputs): void {
  const names = [...kernel.params.map((p) => p.name), ...kernel.dims.map((d) => d.name)];
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const help = near === null ? [`pass ${listed(names)}`] : [`did you mean ${near}?`];
    refuse("E6202", `${kernel.name} has no parameter or dim ${quoted(name)}`, { help });
  }
  const outputs = kernel.outputs.map((o) => o.name);
  for (const name of Object.keys(out)) {
    if (outputs.includes(name)) continue;
    refuse("E6202", `${kernel.name} has no output ${quoted(name)}`, { help: [`its outputs are ${listed(outputs)}`] });
  }
}

function asTensor(p: Param, given: Argument | undefined, words: CallWords): Tensor {
  if (given === undefined) refuse("E6201", `argument ${p.name} is missing`, { help: [words.giveParam(p)] });
  if (given instanceof Tensor) {
    if (given.dtype === p.dtype) return given;
    refuse("E6203", `${p.name} is ${p.dtype}, the argument is ${given.dtype}`, { help: words.convert(p.dtype) });
  }
  const isNumber = ["number", "bigint", "boolean"].includes(typeof given);
  if (isNumber && p.dims.length === 0) return Tensor.full([], given, { dtype: p.dtype });
  const wanted = p.dims.length === 0 ? `a number (${p.dtype})` : `a tensor of ${describeParam(p)}`;
  const help = isNumber ? words.fill(p) : asTensorHelp(p, given);
  return refuse("E6204", `${p.name} is ${wanted}, the argument is ${kindOf(given)}`, { help: [help] });
}

/** How to make a tensor of what a caller without types has given instead. */
function asTensorHelp(p: Param, given: unknown): string {
  const dtype = p.dtype === "f32" ? "" : `dtype: "${p.dtype}"`;
  const options = (shape: string): string => {
    const all = [shape, dtype].filter((text) => text !== "").join(", ");
    return all === "" ? "" : `, { ${all} }`;
  };
  if (p.dims.length === 0) return `pass ${p.name}: a number`;
  if (Array.isArray(given)) return `write ${p.name}: Tensor.from(array${options("")})`;
  if (ArrayBuffer.isView(given)) {
    return `write ${p.name}: Tensor.from(array${options(p.dims.length === 1 ? "" : "shape: […]")})`;
  }
  if (typeof given === "object" && given !== null && "data" in given && "shape" in given) {
    return `write ${p.name}: Tensor.from(data${options("shape")})`;
  }
  return `pass ${p.name}: a Tensor, such as Tensor.from([…]${options("")})`;
}

/** Dims from the shapes where they stand alone, and those given by name. */
function bindDims(
  kernel: Kernel,
  given: Arguments,
  inputs: readonly Tensor[],
  words: CallWords,
): ReadonlyMap<string, bigint> {
  const dims = new Map<string, bigint>();
  const from = new Map<string, string>();
  for (const [n, p] of kernel.params.entries()) {
    const t = known(inputs[n], "input");
    if (t.shape.length !== p.dims.length) {
      refuse(
        "E6204",
        `${p.name} has ${counted(p.dims.length, "dim")}, the argument has ${t.shape.length}: [${t.shape.join(", ")}]`,
      );
    }
    for (const [d, { hi }] of p.dims.entries()) {
      if (hi.kind !== "var") continue;
      bindDim(hi.id, hi.name, BigInt(known(t.shape[d], "extent")), `dim ${d} of ${p.name}`, dims, from);
    }
  }
  for (const dim of kernel.dims) {
    const value = own(given, dim.name);
    if (value !== undefined) {
      const isNumber = typeof value === "number" || typeof value === "bigint";
      if (!isNumber || !Number.isInteger(Number(value)) || value < 0) {
        refuse("E6202", `${dim.name} is a dim: a whole number from 0, not ${shown(value)}`);
      }
      bindDim(dim.id, dim.name, BigInt(value), words.ofDim(dim.name), dims, from);
    }
    if (!dims.has(dim.id) && dim.byDefault !== undefined) dims.set(dim.id, dim.byDefault);
    if (!dims.has(dim.id)) {
      refuse("E6201", `dim ${dim.name} of ${kernel.name} is in no argument's shape`, {
        help: [words.giveDim(dim.name)],
      });
    }
  }
  return dims;
}

function bindDim(
  id: string,
  name: string,
  size: bigint,
  place: string,
  dims: Map<string, bigint>,
  from: Map<string, string>,
): void {
  const old = dims.get(id);
  if (old !== undefined && old !== size) {
    refuse("E6205", `${name} is ${old} in ${from.get(id) ?? "an argument"} and ${size} in ${place}`);
  }
  if (size >= BigInt(LARGEST_INDEX)) refuse("E6210", `${name} = ${size} is too large: dims stay below 2^31`);
  dims.set(id, size);
  from.set(id, place);
}

function checkShape(kernel: Kernel, p: Param, t: Tensor, dims: ReadonlyMap<string, bigint>): void {
  const wanted = evaluateShape(p.dims, dims);
  for (const [d, size] of wanted.entries()) {
    if (t.shape[d] === size) continue;
    refuse("E6205", `dim ${d} of ${p.name} must be ${size}, the argument has [${t.shape.join(", ")}]`, {
      notes: [dimsNote(kernel, dims)],
    });
  }
}

function dimsNote(kernel: Kernel, dims: ReadonlyMap<string, bigint>): string {
  const bound = kernel.dims.map((d) => `${d.name} = ${dims.get(d.id) ?? "?"}`);
  return bound.length === 0 ? "all dims are constants" : bound.join(", ");
}

/** Elements already found inside a range; a tensor that a kernel writes is checked again. */
const checked = new WeakMap<Tensor, string>();

/** Forgets what is known about a tensor's elements: it has been written. */
export function forgetRange(t: Tensor): void {
  checked.delete(t);
}

function checkRange(p: Param, t: Tensor, dims: ReadonlyMap<string, bigint>): void {
  if (p.values === null || !isInt(p.dtype)) return;
  const [lo, hi] = [evaluateIndex(p.values.lo, dims), evaluateIndex(p.values.hi, dims)];
  const key = `${lo}..${hi}`;
  // Whoever holds the array may have written to it since.
  if (!t.isExposed && checked.get(t) === key) return;
  const outside = firstOutside(t, lo, hi);
  if (outside !== null) {
    const at = t.shape.length === 0 ? "" : ` at ${placeText(t.shape, outside)}`;
    const value = readElement(t.dtype, t.elements, outside);
    refuse("E6207", `${p.name} holds ${value}${at}; it is declared in ${lo}..${hi}`, {
      help: [`clamp the values, or widen the range type of ${p.name}`],
    });
  }
  checked.set(t, key);
}

/** Position of the first element that is not in lo..hi; null if all are. */
function firstOutside(t: Tensor, lo: bigint, hi: bigint): number | null {
  const { elements, dtype, size } = t;
  const row = DTYPES[dtype];
  if (row.kind === "int" && row.min >= lo && row.max < hi) return null;
  if (row.storageBits < 8 || elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    for (let i = 0; i < size; i++) {
      const v = readElement(dtype, elements, i);
      if (v < lo || v >= hi) return i;
    }
    return null;
  }
  // Elements of 32 bits and less are compared as numbers, which is many times faster; so are bounds that far out.
  const [least, end] = [Number(lo), Number(hi)];
  for (let i = 0; i < size; i++) {
    const v = known(elements[i], "element");
    if (v < least || v >= end) return i;
  }
  return null;
}

function outputDType(kernel: Kernel, id: string): DType {
  return known(tensorsOf(kernel).get(id), "the tensor of an output").dtype;
}

function checkOutput(
  name: string,
  t: Tensor,
  dtype: string,
  shape: readonly number[],
  inputs: readonly Tensor[],
): void {
  // A caller without types may give its array.
  const given: unknown = t;
  if (!(given instanceof Tensor)) {
    return refuse("E6209", `what is given for output ${name} is no tensor`, {
      help: ["wrap the array: Tensor.from(array, { shape }), or leave it out"],
    });
  }
  if (t.dtype !== dtype || t.shape.length !== shape.length || t.shape.some((s, d) => s !== shape[d])) {
    const wanted = `${dtype}[${shape.join(", ")}]`;
    refuse("E6209", `output ${name} is ${wanted}, the tensor given for it is ${t.dtype}[${t.shape.join(", ")}]`, {
      help: [`make it with Tensor.zeros([${shape.join(", ")}], { dtype: "${dtype}" }), or leave it out`],
    });
  }
  if (inputs.some((i) => overlaps(i, t))) {
    refuse("E6208", `the tensor given for output ${name} shares memory with an argument`, {
      help: ["give a tensor of its own, or leave it out"],
    });
  }
}

function overlaps(a: Tensor, b: Tensor): boolean {
  if (a === b) return a.size > 0;
  if (a.storage.kind !== "cpu" || b.storage.kind !== "cpu") return a.storage === b.storage;
  const [x, y] = [a.elements, b.elements];
  if (x.buffer !== y.buffer || x.byteLength === 0 || y.byteLength === 0) return false;
  return x.byteOffset < y.byteOffset + y.byteLength && y.byteOffset < x.byteOffset + x.byteLength;
}

/** The dims for which a kernel's indices were last found to fit: calls tend to repeat their sizes. */
const fitting = new WeakMap<Kernel, string>();

/** Index arithmetic inside the kernel, too, stays in 32 bits. */
function refuseLargeIndices(kernel: Kernel, dims: ReadonlyMap<string, bigint>): void {
  const sizes = [...dims.values()].join();
  if (fitting.get(kernel) === sizes) return;
  const past = indexPastLimit(kernel, dims);
  if (past === null) {
    fitting.set(kernel, sizes);
    return;
  }
  const always = indexAlwaysPast(kernel);
  if (always !== null) {
    const message = `kernels compute indices in 32 bits; one of ${kernel.name} reaches ${always.value}`;
    throw new EinkornError([diagnostic("E4004", { message, span: always.span, help: INDEX_ADVICE })]);
  }
  refuse("E6210", `an index of ${kernel.name} may reach ${past}; kernels compute indices in 32 bits`, {
    notes: [dimsNote(kernel, dims)],
    help: ["call it with smaller dims, or write the subscript with smaller products"],
  });
}

function refuseTooLarge(
  kernel: Kernel,
  inputs: readonly Tensor[],
  outputs: Call["outputs"],
  dims: ReadonlyMap<string, bigint>,
): void {
  const sizes = [
    ...inputs.map((t, n) => [known(kernel.params[n], "param").name, t.shape] as const),
    ...outputs.map((o, n) => [known(kernel.outputs[n], "output").name, o.shape] as const),
  ];
  for (const [name, shape] of sizes) {
    const elements = shape.reduce((a, b) => a * b, 1);
    if (elements < LARGEST_INDEX) continue;
    refuse("E6210", `${name} has ${elements} elements; kernels count them in 31 bits`, {
      notes: [dimsNote(kernel, dims)],
    });
  }
}
