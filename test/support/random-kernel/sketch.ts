/**
 * A random kernel while it is written: dims with what is known of them, tensors in scope with the ranges of their values,
 * equations as text. The writer keeps just enough to write programs that are well typed and provable: it knows nothing
 * of the compiler's own analyses.
 */
import type { DType } from "../../../compiler/ir/dtype.ts";
import { DTYPES, isFloat } from "../../../compiler/ir/dtype.ts";
import type { Random } from "../random-goals.ts";
import type { Kind } from "./kinds.ts";

/** The size of a dim, or the upper end of an index's range. */
export type Extent =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "dim"; readonly name: string }
  /** Made of dims; `least` is what it is at least wherever the kernel may be called. */
  | { readonly kind: "made"; readonly text: string; readonly least: number };

export const number = (value: number): Extent => ({ kind: "number", value });
export const made = (text: string, least = 0): Extent => ({ kind: "made", text, least });

/** `lo <= name < hi`; `within`: the range as it is written where it is narrower than that, such as `0..i + 1`. */
export type Index = { readonly name: string; readonly lo: number; readonly hi: Extent; readonly within?: string };

/** Values of integers, both ends included. */
export type Range = { readonly lo: bigint; readonly hi: bigint };

export type TensorText = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Extent[];
  /** The first subscript of each dim: below 0 for some `let`s. */
  readonly low: readonly number[];
  /** Integers only. */
  readonly range: Range;
  /** Where set, values are in 0..below: subscripts of a dim of that size. */
  readonly below: Extent | null;
  /** Largest magnitude of floats, roughly. */
  readonly size: number;
};

type Param = { readonly name: string; readonly type: string };

/** One equation: `role target, … = body init …`. */
export type EquationText = {
  readonly tensors: readonly TensorText[];
  /** Index names on the left, and the text of their ranges. */
  readonly binders: readonly string[];
  readonly ranges: readonly string[];
  /** Which ranges may be left out in a `let`: a read shows them. */
  readonly shown: readonly boolean[];
  readonly body: string;
  /** `rec`: with its inits; `call`: no binders on the left; `let`: never an output. */
  readonly role: "plain" | "rec" | "call" | "let";
  readonly init: string;
  /** `: i32 in 0..V` after a let's target. */
  readonly claim: string;
  /** An output whoever reads it. */
  readonly kept?: true;
};

export const fullRange = (dtype: DType): Range => {
  const row = DTYPES[dtype];
  return row.kind === "float" ? { lo: 0n, hi: 0n } : { lo: row.min, hi: row.max };
};

const DIM_NAMES = ["N", "M", "K"] as const;
const LARGEST = 2 ** 31 - 1;

/** Collects one kernel. */
export class Writer {
  readonly random: Random;
  readonly kinds = new Set<Kind>();
  readonly tensors: TensorText[] = [];
  readonly equations: EquationText[] = [];
  /** fns, reducers and kernels that the kernel uses, by name. */
  readonly prelude = new Map<string, string>();
  /** Parameters that get NaN, infinities and -0. */
  readonly special = new Set<string>();
  readonly #params: Param[] = [];
  readonly #dims = new Map<string, { least: number; most: number; named: boolean }>();
  readonly #where: string[] = [];
  #count = 0;

  constructor(random: Random) {
    this.random = random;
  }

  mark(...kinds: readonly Kind[]): void {
    for (const k of kinds) this.kinds.add(k);
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }

  get paramCount(): number {
    return this.#params.length;
  }

  // ---- dims ----

  text(e: Extent): string {
    return e.kind === "number" ? `${e.value}` : e.kind === "dim" ? e.name : e.text;
  }

  /** As an operand of `*` or `-`. */
  operand(e: Extent): string {
    return e.kind === "made" ? `(${e.text})` : this.text(e);
  }

  least(e: Extent): number {
    if (e.kind === "number") return e.value;
    return e.kind === "dim" ? (this.#dims.get(e.name)?.least ?? 0) : e.least;
  }

  /** The largest size that the kernel admits. */
  most(e: Extent): number {
    if (e.kind === "number") return e.value;
    return e.kind === "dim" ? (this.#dims.get(e.name)?.most ?? LARGEST) : LARGEST;
  }

  /** Makes the extent at least `n`, by a `where` if need be; false where it cannot be. */
  require(e: Extent, n: number): boolean {
    if (this.least(e) >= n) return true;
    if (e.kind === "number") return false;
    if (e.kind === "made") this.#where.push(`${e.text} >= ${n}`);
    else {
      const dim = this.#dims.get(e.name);
      if (dim !== undefined) dim.least = n;
    }
    return true;
  }

  /** Makes the extent at most `n`. */
  cap(e: Extent, n: number): void {
    if (this.most(e) <= n) return;
    if (e.kind === "made") this.#where.push(`${e.text} <= ${n}`);
    else if (e.kind === "dim") {
      const dim = this.#dims.get(e.name);
      if (dim !== undefined) dim.most = n;
    }
  }

  where(text: string): void {
    this.#where.push(text);
  }

  /** A symbolic dim, mostly one that is there already. */
  dim(): Extent {
    const names = [...this.#dims.keys()];
    const unused = DIM_NAMES.find((n) => !this.#dims.has(n));
    if (unused === undefined || (names.length > 0 && this.chance(0.6)))
      return { kind: "dim", name: this.random.pick(names) };
    this.#dims.set(unused, { least: 0, most: LARGEST, named: false });
    this.mark("symbolic dim");
    return { kind: "dim", name: unused };
  }

  extent(): Extent {
    if (this.chance(0.7)) return this.dim();
    this.mark("constant dim");
    return number(this.random.pick([1, 2, 3, 4, 4, 5, 7, 8, 9]));
  }

  /** Another dim than `e`, where there can be one. */
  otherDim(e: Extent): Extent {
    for (let n = 0; n < 8; n++) {
      const d = this.dim();
      if (this.text(d) !== this.text(e)) return d;
    }
    return number(3);
  }

  // ---- tensors ----

  param(
    dtype: DType,
    shape: readonly Extent[],
    options: Partial<Pick<TensorText, "range" | "below" | "size">> = {},
  ): TensorText {
    const name = this.fresh("p");
    const range = options.range ?? fullRange(dtype);
    const full = fullRange(dtype);
    const narrowed =
      options.below === undefined || options.below === null
        ? range.lo === full.lo && range.hi === full.hi
          ? ""
          : ` in ${range.lo}..${range.hi + 1n}`
        : ` in 0..${this.text(options.below)}`;
    const dims = shape.length === 0 ? "" : `[${shape.map((e) => this.text(e)).join(", ")}]`;
    this.#params.push({ name, type: `${dtype}${dims}${isFloat(dtype) || dtype === "bool" ? "" : narrowed}` });
    for (const e of shape) if (e.kind === "dim") this.#name(e.name);
    const tensor: TensorText = {
      name,
      dtype,
      shape,
      low: shape.map(() => 0),
      range,
      below: options.below ?? null,
      size: options.size ?? 2,
    };
    this.tensors.push(tensor);
    this.mark(`dtype ${dtype}`);
    return tensor;
  }

  /** Integers in a small range, so that sums of them are proved. */
  smallParam(dtype: DType, shape: readonly Extent[]): TensorText {
    const row = DTYPES[dtype];
    if (row.kind === "float" || row.kind === "bool") return this.param(dtype, shape);
    const drawn = row.signed ? BigInt(this.random.int(-9, 1)) : 0n;
    const lo = drawn < row.min ? row.min : drawn;
    const hi = lo + BigInt(this.random.int(1, 17));
    return this.param(dtype, shape, { range: { lo, hi: hi > row.max ? row.max : hi } });
  }

  #name(dim: string): void {
    const known = this.#dims.get(dim);
    if (known !== undefined) known.named = true;
  }

  /** Adds an equation; its tensors can be read from here on. */
  define(e: EquationText): void {
    this.equations.push(e);
    this.tensors.push(...e.tensors);
    for (const t of e.tensors) this.mark(`dtype ${t.dtype}`);
  }

  /** The whole program; the kernel is called `main`. */
  render(): string {
    for (const [name, d] of this.#dims) if (!d.named) this.param("f32", [{ kind: "dim", name }]);
    const reads = this.equations.map(
      (e) => new Set(`${e.body} ${e.init} ${e.ranges.join(" ")}`.match(/[A-Za-z_]\w*/g)),
    );
    const outputs: string[] = [];
    const lines: string[] = [];
    for (const [n, e] of this.equations.entries()) {
      const isRead = e.tensors.some((t) => reads.some((names, other) => other !== n && names.has(t.name)));
      const canBeOutput = e.role !== "let" && e.tensors.every((t) => t.low.every((lo) => lo === 0));
      const isOutput = canBeOutput && (!isRead || e.kept === true || this.chance(0.2));
      if (isOutput) {
        for (const t of e.tensors) {
          const dims = t.shape.length === 0 ? "" : `[${t.shape.map((x) => this.text(x)).join(", ")}]`;
          outputs.push(`${t.name}: ${t.dtype}${dims}`);
        }
      }
      lines.push(this.#equation(e, isOutput));
    }
    if (outputs.length > 1) this.mark("several outputs");
    const where = [...this.#conditions(), ...this.#where];
    const head = `export kernel main(${this.#params.map((p) => `${p.name}: ${p.type}`).join(", ")})`;
    if (where.length > 0) this.mark("where");
    const conditions = where.length === 0 ? "" : `\n    where ${where.join(", ")}`;
    const kernel = `${head}\n    -> ${outputs.join(", ")}${conditions} {\n${lines.map((l) => `  ${l}`).join("\n")}\n}\n`;
    return [...this.prelude.values(), kernel].join("\n");
  }

  #conditions(): readonly string[] {
    return [...this.#dims].flatMap(([name, { least, most }]) => [
      ...(least > 0 ? [`${name} >= ${least}`] : []),
      ...(most < LARGEST ? [`${name} <= ${most}`] : []),
    ]);
  }

  #equation(e: EquationText, isOutput: boolean): string {
    const word = e.role === "rec" ? "rec " : isOutput ? "" : "let ";
    const targets = e.tensors.map((t, n) => {
      const binders = e.binders.map((b, d) => {
        const hidden = isOutput || n > 0 || (e.shown[d] === true && this.chance(0.6));
        return hidden ? b : `${b} in ${e.ranges[d] ?? ""}`;
      });
      const subscripts = binders.length === 0 ? "" : `[${binders.join(", ")}]`;
      return `${t.name}${subscripts}${isOutput || n > 0 ? "" : e.claim}`;
    });
    const left = targets.length === 1 ? (targets[0] ?? "") : `(${targets.join(", ")})`;
    return `${word}${left} = ${e.body}${e.init === "" ? "" : ` init ${e.init}`};`;
  }
}
