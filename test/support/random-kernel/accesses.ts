/** Reads that are in range, in every way the language has: plain, flipped, shifted, clamped, wrapped, padded, looked up. */
import type { DType } from "../../../compiler/ir/dtype.ts";
import { DTYPES, isFloat, isInt } from "../../../compiler/ir/dtype.ts";
import type { Extent, Index, TensorText } from "./sketch.ts";
import { fullRange } from "./sketch.ts";
import type { Scope, Text } from "./scope.ts";
import { under } from "./scope.ts";

const NARROW: ReadonlySet<DType> = new Set<DType>(["i8", "u8", "i16", "u16", "i32"]);

/** A read of the tensor within the scope's indices; null where none is found. */
export function readOf(scope: Scope, t: TensorText): Text | null {
  const { w } = scope;
  if (t.shape.length === 0) return { text: t.name, range: t.range, size: t.size };
  if (w.chance(0.15)) {
    const outside = paddedRead(scope, t);
    if (outside !== null) return outside;
  }
  const subscripts: string[] = [];
  for (const [d, extent] of t.shape.entries()) {
    const s = subscriptFor(scope, extent, t.low[d] ?? 0);
    if (s === null) return null;
    subscripts.push(s);
  }
  return { text: `${t.name}[${subscripts.join(", ")}]`, range: t.range, size: t.size };
}

/** The read where subscripts are exactly these indices. */
export function readAt(scope: Scope, t: TensorText, subscripts: readonly string[]): Text {
  for (const [d, s] of subscripts.entries()) show(scope, s, t, d);
  return {
    text: subscripts.length === 0 ? t.name : `${t.name}[${subscripts.join(", ")}]`,
    range: t.range,
    size: t.size,
  };
}

function show(scope: Scope, subscript: string, t: TensorText, d: number): void {
  const i = scope.indices.find((x) => x.name === subscript);
  const extent = t.shape[d];
  if (i === undefined || extent === undefined || scope.conditional) return;
  if (i.within === undefined && i.lo === t.low[d] && scope.w.text(i.hi) === scope.w.text(extent))
    scope.shown.add(i.name);
}

function subscriptFor(scope: Scope, extent: Extent, low: number): string | null {
  const { w, indices } = scope;
  const size = w.text(extent);
  const same = indices.filter((i) => i.lo >= low && w.text(i.hi) === size);
  const fits = indices.filter(
    (i) => i.lo >= low && i.hi.kind === "number" && extent.kind === "number" && i.hi.value <= extent.value,
  );
  if (same.length > 0 && w.chance(0.8)) {
    const i = w.random.pick(same);
    if (low === 0 && i.lo === 0 && w.chance(0.15)) {
      w.mark("flip");
      return `${w.operand(extent)} - 1 - ${i.name}`;
    }
    if (!scope.conditional && i.within === undefined && i.lo === low) scope.shown.add(i.name);
    return i.name;
  }
  if (low === 0) {
    const looked = lookup(scope, extent);
    if (looked !== null && w.chance(0.5)) return looked;
    if (w.least(extent) >= 1 && w.chance(0.7)) return inside(scope, extent);
  }
  if (fits.length > 0) return w.random.pick(fits).name;
  const [first] = same;
  if (first !== undefined) return first.name;
  if (low === 0 && w.least(extent) >= 1) return inside(scope, extent);
  return null;
}

/** A subscript in 0..extent of a dim that is not empty. */
function inside(scope: Scope, extent: Extent): string {
  const { w, indices } = scope;
  const size = w.operand(extent);
  const i = indices.length === 0 ? null : w.random.pick(indices);
  const choice = w.random.int(0, i === null ? 2 : 5);
  if (choice === 0) return `${w.random.int(0, w.least(extent))}`;
  if (choice === 1 || i === null) return `${size} - 1`;
  if (choice === 2) {
    w.mark("index modulo");
    return `(${i.name} + ${w.random.int(0, 4)}) % ${size}`;
  }
  w.mark("index clamp");
  const from = w.random.pick([i.name, `2 * ${i.name} - 1`, `${i.name} - 1`, `3 - ${i.name}`]);
  return `clamp(${from}, 0, ${size} - 1)`;
}

/** A subscript read from a tensor whose values are subscripts of such a dim. */
function lookup(scope: Scope, extent: Extent): string | null {
  const { w } = scope;
  const size = w.text(extent);
  const tables = w.tensors.filter((t) => t.below !== null && w.text(t.below) === size && NARROW.has(t.dtype));
  for (const t of tables) {
    const subscripts = t.shape.map((e, d) =>
      scope.indices.find((i) => i.lo === (t.low[d] ?? 0) && w.text(i.hi) === w.text(e)),
    );
    if (!subscripts.every((i) => i !== undefined)) continue;
    w.mark("gather");
    return t.shape.length === 0 ? t.name : `${t.name}[${subscripts.map((i) => i.name).join(", ")}]`;
  }
  return null;
}

// ---- pads ----

export const PAD_RULES = ["value", "edge", "wrap", "mirror"] as const;
export type PadRule = (typeof PAD_RULES)[number];

function paddedRead(scope: Scope, t: TensorText): Text | null {
  const { w, indices } = scope;
  if (indices.length === 0 || t.low.some((lo) => lo !== 0)) return null;
  const subscripts = t.shape.map((extent): string => {
    const same = indices.filter((i) => w.text(i.hi) === w.text(extent));
    return anySubscript(scope, same.length > 0 ? w.random.pick(same) : w.random.pick(indices));
  });
  return padded(scope, t, subscripts, w.random.pick(PAD_RULES));
}

/** An affine subscript that may leave the dim. */
export function anySubscript(scope: Scope, i: Index): string {
  const { w, indices } = scope;
  const other = w.random.pick(indices);
  const n = w.random.int(1, 4);
  return w.random.pick([
    `${i.name} + ${n}`,
    `${i.name} - ${n}`,
    `2 * ${i.name} - ${n}`,
    `${i.name} - ${other.name}`,
    `${n} - ${i.name}`,
    i.name,
  ]);
}

/** `t[subscripts] pad …`, in parentheses; null where the rule needs a dim that cannot be made non-empty. */
export function padded(scope: Scope, t: TensorText, subscripts: readonly string[], rule: PadRule): Text | null {
  const { w } = scope;
  const access = `${t.name}[${subscripts.join(", ")}]`;
  if (rule !== "value") {
    if (!t.shape.every((e) => w.require(e, rule === "mirror" ? 2 : 1))) return null;
    w.mark(`pad ${rule}`);
    return { text: `(${access} pad ${rule})`, range: t.range, size: t.size };
  }
  w.mark("pad value");
  if (t.dtype === "bool") return { text: `(${access} pad (${w.chance(0.5)}))`, range: t.range, size: t.size };
  if (isFloat(t.dtype)) {
    const value = w.random.pick(["0", "1.5", "-0.25", "-inf", "0"]);
    return {
      text: `(${access} pad ${value})`,
      range: t.range,
      size: value === "-inf" ? Infinity : Math.max(t.size, 2),
    };
  }
  const drawn = BigInt(w.random.int(isSigned(t.dtype) ? -3 : 0, 4));
  const full = fullRange(t.dtype);
  const value = drawn < full.lo ? full.lo : drawn > full.hi ? full.hi : drawn;
  const range = { lo: value < t.range.lo ? value : t.range.lo, hi: value > t.range.hi ? value : t.range.hi };
  return { text: `(${access} pad ${value})`, range, size: 0 };
}

export function isSigned(dtype: DType): boolean {
  return isInt(dtype) && DTYPES[dtype].signed;
}

/** A read of some tensor of the dtype; a new parameter where there is none that fits. */
export function readSome(scope: Scope, dtype: DType, make: (shape: readonly Extent[]) => TensorText): Text | null {
  const { w } = scope;
  const there = w.tensors.filter((t) => t.dtype === dtype);
  for (let n = 0; n < 3 && there.length > 0 && w.chance(0.75); n++) {
    const t = w.random.pick(there);
    const before = new Set(scope.shown);
    const found = readOf(scope, t);
    if (found !== null) return found;
    // A read that came to nothing shows nothing.
    for (const name of scope.shown) if (!before.has(name)) scope.shown.delete(name);
  }
  if (!scope.mayGrow || w.paramCount >= 7) return null;
  const usable = scope.indices.filter((i) => i.lo === 0);
  const shape = usable.filter(() => w.chance(0.7)).map((i) => i.hi);
  const ordered = w.chance(0.2) ? shape.toReversed() : shape;
  if (ordered.length !== shape.length || (shape.length > 1 && ordered[0] === shape.at(-1))) w.mark("transposed");
  return readOf(w.chance(0.3) ? scope : under(scope), make(ordered));
}
