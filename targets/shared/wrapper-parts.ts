/**
 * What the ES modules of ahead-of-time builds share, whatever runs the kernel: tables of the kernel (names as JSON, shapes
 * as functions of the dims), the check of arguments, which is the library's, and reading the module's file. The texts need
 * nothing but JavaScript; `INDEX_FUNCTIONS` (index-to-js.ts) stands before them.
 */
import { indexLimits } from "../../compiler/analysis/index-limits.ts";
import { ARRAYS, DTYPES } from "../../compiler/ir/dtype.ts";
import type { DimRange, Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { known } from "../../compiler/support/invariant.ts";
import { indexToJs } from "./index-to-js.ts";
import { outputsOf } from "./manifest.ts";
import { scratchTable } from "./wrapper-arena.ts";
import { listText, overDims } from "./wrapper-texts.ts";

/** Prints expressions over the kernel's dims, which wrappers hold in a list `d` of BigInts. */
export function printerOverDims(kernel: Kernel): (e: Expr) => string {
  return printerOver(dimTexts(kernel));
}

function printerOver(names: ReadonlyMap<string, string>): (e: Expr) => string {
  return (e) => indexToJs(e, (id) => known(names.get(id), "the text of a dim"));
}

function dimTexts(kernel: Kernel): ReadonlyMap<string, string> {
  return new Map(kernel.dims.map((d, n) => [d.id, `d[${n}]`]));
}

/** Declares INDEX_ENDS: a function of the dims that gives the ends of index expressions, for those that may leave 32 bits. */
function indexEnds(kernel: Kernel): string {
  const { steps, ends } = indexLimits(kernel);
  const print = printerOver(new Map([...dimTexts(kernel), ...steps.map((s, n) => [s.variable.id, `e${n}`] as const)]));
  const lines = steps.map((s, n) => `  const e${n} = ${print(s.value)};\n`);
  return `const INDEX_ENDS = (d) => {\n${lines.join("")}  return [${ends.map((e) => print(e.value)).join(", ")}];\n};`;
}

/** Declares KERNEL, DIMS, SIZES (by default), PARAMS, OUTPUTS, SCRATCH, WHERE and INDEX_ENDS. */
export function kernelTables(program: MachineProgram, kernel: Kernel): string {
  const print = printerOverDims(kernel);
  const extent = ({ lo, hi }: DimRange): string =>
    lo.kind === "const" && lo.value === 0n ? print(hi) : `(${print(hi)} - ${print(lo)})`;
  const params = kernel.params.map((p) => {
    const dims = p.dims.map(({ hi }) => (hi.kind === "var" ? kernel.dims.findIndex((d) => d.id === hi.id) : -1));
    const range = p.values === null ? "null" : overDims([print(p.values.lo), print(p.values.hi)]);
    return `{ name: ${JSON.stringify(p.name)}, ${elementFacts(p.dtype)}, dims: [${dims.join(", ")}], shape: ${overDims(p.dims.map(extent))}, range: ${range} }`;
  });
  const outputs = outputsOf(kernel).map(
    (o) => `{ name: ${JSON.stringify(o.name)}, ${elementFacts(o.dtype)}, shape: ${overDims(o.dims.map(extent))} }`,
  );
  const where = kernel.where.map((w) => `{ text: ${JSON.stringify(w.text)}, holds: (d) => ${print(w.condition)} }`);
  return `const KERNEL = ${JSON.stringify(kernel.name)};
const DIMS = ${JSON.stringify(kernel.dims.map((d) => d.name))};
const SIZES = [${kernel.dims.map((d) => (d.byDefault === undefined ? "undefined" : `${d.byDefault}n`)).join(", ")}];
const PARAMS = ${listText(params)};
const OUTPUTS = ${listText(outputs)};
${scratchTable(program, print)}
const WHERE = ${listText(where)};
// Indices are computed in 32 bits: what they can reach, where that depends on the dims.
${indexEnds(kernel)}
`;
}

function elementFacts(dtype: keyof typeof ARRAYS): string {
  // Below 8 bits several elements lie in one byte, the first in the low bits.
  const { storageBits, signed } = DTYPES[dtype];
  const packed = storageBits < 8 ? `, packed: ${storageBits}, signed: ${signed}` : "";
  return `dtype: "${dtype}", array: ${ARRAYS[dtype].name}${packed}`;
}

/** `checkCall(args, options)` gives `{ inputs, d, shapes, results }`, or throws a TypeError or RangeError that starts with a code. */
export const CHECKS = `
const LIMIT = 2 ** 31;
const say = JSON.stringify;
/** Any value as a short text. */
const shown = (value) => {
  if (typeof value === "function") return "a function";
  if (typeof value === "string") return say(value);
  return value === null || typeof value !== "object" ? String(value) : (value.constructor?.name ?? "an object");
};
const listed = (value) => (Array.isArray(value) ? "[" + value.map(shown).join(", ") + "]" : shown(value));
const own = (object, name) => (object !== undefined && object !== null && Object.hasOwn(object, name) ? object[name] : undefined);
const dimsOf = (rank) => rank + (rank === 1 ? " dim" : " dims");
const wrongType = (code, message) => new TypeError(code + ": " + message);
const wrongValue = (code, message) => new RangeError(code + ": " + message);

/** Everything that is checked before the kernel runs: its inputs, dims, and what to write into. */
function checkCall(args, options) {
  if (typeof args !== "object" || args === null) {
    const names = PARAMS.map((p) => p.name).join(", ");
    throw wrongType("E6201", "the arguments of " + KERNEL + " are missing; pass them by name: { " + names + " }");
  }
  refuseNoObject(options, "the options");
  refuseUnknown(options, [{ name: "dims" }, { name: "out" }], "option");
  refuseNoObject(options.dims ?? {}, "dims");
  refuseNoObject(options.out ?? {}, "out");
  refuseUnknown(args, PARAMS, "parameter");
  refuseUnknown(options.dims ?? {}, DIMS.map((name) => ({ name })), "dim");
  refuseUnknown(options.out ?? {}, OUTPUTS, "output");
  const inputs = PARAMS.map((p) => argument(p, own(args, p.name)));
  const d = bindDims(inputs, options.dims ?? {});
  const shapes = PARAMS.map((p, n) => checkShape(p, inputs[n], p.shape(d)));
  for (const w of WHERE) {
    if (!w.holds(d)) throw wrongValue("E6206", KERNEL + " is defined only where " + w.text + "; " + dimsText(d));
  }
  const past = INDEX_ENDS(d).find((e) => e < -BigInt(LIMIT) || e >= BigInt(LIMIT));
  if (past !== undefined) {
    const text = "an index of " + KERNEL + " may reach " + past + "; kernels compute indices in 32 bits; " + dimsText(d);
    throw wrongValue("E6210", text);
  }
  PARAMS.forEach((p, n) => checkElements(p, inputs[n].data, shapes[n], d));
  const results = OUTPUTS.map((o) => {
    const shape = numbers(o.shape(d), o.name);
    return { ...o, shape, data: outputArray(o, shape, own(options.out, o.name)) };
  });
  refuseOverlaps(inputs, results);
  return { inputs, d, shapes, results };
}

/** No output is written over an argument or another output. */
function refuseOverlaps(inputs, results) {
  const overlap = ({ data: x }, { data: y }) =>
    x.buffer === y.buffer && x.length > 0 && y.length > 0 && x.byteOffset < y.byteOffset + y.byteLength && y.byteOffset < x.byteOffset + x.byteLength;
  results.forEach((r, n) => {
    if (inputs.some((i) => overlap(i, r))) {
      throw wrongValue("E6208", "the array given for output " + r.name + " shares memory with an argument");
    }
    const other = results.slice(0, n).find((o) => overlap(o, r));
    if (other === undefined) return;
    throw wrongValue("E6208", "the arrays given for outputs " + other.name + " and " + r.name + " share memory");
  });
}

function refuseNoObject(given, what) {
  if (typeof given === "object" && given !== null) return;
  throw wrongType("E6202", what + " of a call of " + KERNEL + " must be an object, not " + shown(given));
}

function refuseUnknown(given, known, what) {
  for (const name of Object.keys(given)) {
    if (known.some((k) => k.name === name)) continue;
    const names = known.map((k) => k.name).join(", ");
    throw wrongType("E6202", KERNEL + " has no " + what + " " + say(name) + "; it has " + (names || "none"));
  }
}

/** The elements of an argument, and its shape where it says one. */
function argument(p, given) {
  if (given === undefined || given === null) throw wrongType("E6201", "argument " + p.name + " is missing");
  const rank = p.dims.length;
  if (typeof given !== "object") {
    if (rank > 0) throw wrongType("E6204", p.name + " has " + dimsOf(rank) + ", the argument is a " + typeof given);
    return { data: p.array.of(scalar(p, given)), shape: [] };
  }
  if (Array.isArray(given)) {
    const way = "; write " + p.array.name + ".of(…), or { data, shape }";
    throw wrongType("E6203", p.name + " is " + p.dtype + ", kept in a " + p.array.name + ", the argument is an Array" + way);
  }
  const { data, shape } = ArrayBuffer.isView(given) ? { data: given } : given;
  if (!(data instanceof p.array)) {
    const is = data === undefined ? "has no data" : "is a " + (data?.constructor?.name ?? typeof data);
    throw wrongType("E6203", p.name + " is " + p.dtype + ", kept in a " + p.array.name + ", the argument " + is);
  }
  if (shape === undefined) return { data, shape: rank === 0 ? [] : rank === 1 && p.packed === undefined ? [data.length] : null };
  if (!Array.isArray(shape) || shape.length !== rank) {
    throw wrongType("E6204", p.name + " has " + dimsOf(rank) + ", the argument's shape is " + listed(shape));
  }
  shape.forEach((s, n) => {
    if (Number.isInteger(s) && s >= 0) return;
    const is = typeof s === "number" ? "no whole number from 0" : "a " + typeof s;
    throw wrongType("E6001", "dim " + n + " of the shape " + listed(shape) + " given for " + p.name + " is " + is);
  });
  return { data, shape };
}

/** A lone value of the parameter's dtype, exactly. */
function scalar(p, given) {
  if (p.dtype === "f16" || p.dtype === "bf16") {
    throw wrongType("E6203", p.name + " is " + p.dtype + ", whose bits are kept in a Uint16Array, the argument is a " + typeof given);
  }
  const value = typeof given === "boolean" ? Number(given) : given;
  const big = p.array === BigInt64Array || p.array === BigUint64Array;
  const whole = typeof value === "bigint" || Number.isInteger(value);
  const float = p.dtype[0] === "f";
  if ((typeof value !== "number" && typeof value !== "bigint") || (!whole && !float)) {
    throw wrongType("E6203", p.name + " is " + p.dtype + ", the argument is " + String(given));
  }
  const element = p.array.of(big ? BigInt(value) : p.packed === undefined ? Number(value) : Number(value) & (2 ** p.packed - 1));
  if (!float && BigInt(elementAt(p, element, 0)) !== BigInt(value)) {
    throw wrongValue("E6004", String(given) + " for " + p.name + " is not in " + p.dtype + "'s range");
  }
  return element[0];
}

/** An element as a number; those below a byte are cut out of theirs. */
function elementAt(p, data, i) {
  if (p.packed === undefined) return data[i];
  const at = i * p.packed;
  const bits = (data[Math.floor(at / 8)] >> at % 8) & (2 ** p.packed - 1);
  return p.signed && bits >> (p.packed - 1) === 1 ? bits - 2 ** p.packed : bits;
}

/** Elements of an array for so many of a tensor. */
const lengthFor = (p, count) => (p.packed === undefined ? count : Math.ceil((count * p.packed) / 8));

/** Dims as BigInts, from the shapes where they stand alone and from those given by name. */
function bindDims(inputs, given) {
  const d = DIMS.map(() => undefined);
  const bind = (n, size, from) => {
    if (d[n] !== undefined && d[n] !== size) {
      throw wrongValue("E6205", DIMS[n] + " is " + d[n] + " and, by " + from + ", " + size);
    }
    if (size >= BigInt(LIMIT)) throw wrongValue("E6210", DIMS[n] + " = " + size + " is too large: dims stay below 2^31");
    d[n] = size;
  };
  PARAMS.forEach((p, i) =>
    p.dims.forEach((n, at) => {
      if (n >= 0 && inputs[i].shape !== null) bind(n, BigInt(inputs[i].shape[at]), "dim " + at + " of " + p.name);
    }),
  );
  DIMS.forEach((name, n) => {
    const value = own(given, name);
    if (value !== undefined) {
      const whole = typeof value === "bigint" || Number.isInteger(value);
      if (!whole || value < 0) throw wrongType("E6202", name + " is a dim: a whole number from 0, not " + shown(value));
      bind(n, BigInt(value), "the dims given");
    }
    d[n] ??= SIZES[n];
    if (d[n] === undefined) {
      throw wrongType("E6201", "dim " + name + " is unknown; give the arguments' shapes, or { dims: { " + name + ": … } }");
    }
  });
  return d;
}

const dimsText = (d) => DIMS.map((name, n) => name + " = " + d[n]).join(", ");

function numbers(shape, name) {
  return shape.map((s) => {
    if (s >= BigInt(LIMIT)) throw wrongValue("E6210", name + " is too large: dims stay below 2^31");
    return s > 0n ? Number(s) : 0;
  });
}

function bytesIn(name, shape, each) {
  const bytes = shape.reduce((count, s) => count * s, each);
  if (bytes >= LIMIT) throw wrongValue("E6210", name + " needs " + bytes + " bytes; a tensor stays below 2^31");
  return bytes;
}

function checkShape(p, input, wanted) {
  const shape = numbers(wanted, p.name);
  const text = "[" + shape.join(", ") + "]";
  if (input.shape !== null && input.shape.join() !== shape.join()) {
    throw wrongValue("E6205", p.name + " must have shape " + text + ", the argument has [" + input.shape.join(", ") + "]");
  }
  const count = shape.reduce((n, s) => n * s, 1);
  const length = lengthFor(p, count);
  if (input.data.length === length) return shape;
  const packed = p.packed === undefined ? "" : " in " + length + " bytes";
  throw wrongValue("E6205", p.name + " of shape " + text + " has " + count + " elements" + packed + ", the array has " + input.data.length);
}

function checkElements(p, data, shape, d) {
  const [lo, hi] = p.dtype === "bool" ? [0n, 2n] : p.range === null ? [] : p.range(d);
  if (lo === undefined) return;
  const count = shape.reduce((n, s) => n * s, 1);
  for (let i = 0; i < count; i++) {
    const value = elementAt(p, data, i);
    if (value >= lo && value < hi) continue;
    throw wrongValue("E6207", p.name + " holds " + value + " at element " + i + "; its values are in " + lo + ".." + hi);
  }
}

function outputArray(o, shape, given) {
  const each = o.array.BYTES_PER_ELEMENT;
  const count = lengthFor(o, bytesIn(o.name, shape, each) / each);
  if (given === undefined) return new o.array(count);
  if (given instanceof o.array && given.length === count) return given;
  throw wrongValue("E6209", "output " + o.name + " wants a " + o.array.name + " of " + count + " elements");
}
`;

/** `bytesOf(source)`: the bytes of a file beside the module, of a URL, of a response, or as they are. */
export const READ_FILE = `
async function bytesOf(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (typeof source === "object" && typeof source.arrayBuffer === "function") return checked(source).arrayBuffer();
  const url = new URL(source, import.meta.url);
  if (url.protocol !== "file:" || typeof process === "undefined") return checked(await fetch(url)).arrayBuffer();
  const { readFile } = await import("node:fs/promises");
  return readFile(url);
}

function checked(response) {
  if (response.ok) return response;
  throw new Error("E6102: " + say(response.url) + " cannot be read: status " + response.status);
}
`;
