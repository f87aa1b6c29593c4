/** What an expression may mention: indices, and whether a read here shows the range of an index. */
import type { DType } from "../../../compiler/ir/dtype.ts";
import type { Extent, Index, Range, TensorText } from "./sketch.ts";
import type { Writer } from "./sketch.ts";

export type Scope = {
  readonly w: Writer;
  readonly indices: readonly Index[];
  /** Names of indices that an unconditional read runs over the whole of. */
  readonly shown: Set<string>;
  /** Under a branch, a guard or a pad: reads show no range. */
  readonly conditional: boolean;
  /** Scalars bound by `let … in` and fn parameters. */
  readonly scalars: readonly ScalarText[];
  /** New parameters may be made. */
  readonly mayGrow: boolean;
};

export type ScalarText = { readonly name: string; readonly dtype: DType; readonly range: Range; readonly size: number };

/** An expression with what is known of its value. */
export type Text = { readonly text: string; readonly range: Range; readonly size: number };

export function scopeOf(w: Writer, indices: readonly Index[]): Scope {
  return { w, indices, shown: new Set(), conditional: false, scalars: [], mayGrow: true };
}

export function under(scope: Scope): Scope {
  return { ...scope, conditional: true };
}

export function withIndices(scope: Scope, indices: readonly Index[]): Scope {
  return { ...scope, indices: [...scope.indices, ...indices] };
}

/** Indices over 0..extent, with new names. */
export function freshIndices(w: Writer, extents: readonly Extent[], prefix = "i"): readonly Index[] {
  return extents.map((hi) => ({ name: w.fresh(prefix), lo: 0, hi }));
}

export function rangeText(w: Writer, i: Index): string {
  return i.within ?? `${i.lo}..${w.text(i.hi)}`;
}

/** Does the text have a read whose subscript is just this index? */
function isRead(body: string, index: string): boolean {
  return new RegExp(`(?:\\[|, )${index}(?:\\]|, )`).test(body);
}

/** A binder of a reduction of `body`, its range left out where reads show it. */
export function binderText(scope: Scope, i: Index, body: string): string {
  const bare = scope.shown.has(i.name) && i.within === undefined && isRead(body, i.name) && scope.w.chance(0.6);
  return bare ? i.name : `${i.name} in ${rangeText(scope.w, i)}`;
}

/** Defines one tensor over indices. */
export function defineOver(
  scope: Scope,
  dtype: DType,
  body: Text,
  options: { readonly below?: Extent; readonly role?: "plain" | "let"; readonly claim?: string } = {},
): TensorText {
  const { w, indices } = scope;
  const tensor: TensorText = {
    name: w.fresh("t"),
    dtype,
    shape: indices.map((i) => i.hi),
    low: indices.map((i) => i.lo),
    range: body.range,
    below: options.below ?? null,
    size: body.size,
  };
  w.define({
    tensors: [tensor],
    binders: indices.map((i) => i.name),
    ranges: indices.map((i) => rangeText(w, i)),
    shown: indices.map((i) => scope.shown.has(i.name) && isRead(body.text, i.name)),
    body: body.text,
    role: options.role ?? "plain",
    init: "",
    claim: options.claim ?? "",
  });
  return tensor;
}
