/**
 * L1, the equations: a pure graph of stages in index notation. Everything a user wrote has been resolved: names are
 * ids, generics are constants, called kernels are inlined (their stages have dotted names), every expression has a
 * type, every access is proved. Later passes keep these promises; verify-equations.ts checks them.
 */
import type { Span } from "../support/source.ts";
import type { DType } from "./dtype.ts";
import type { Axis, Expr, Var } from "./expr.ts";

/** The half-open range of one dim's subscripts; params and outputs start at 0, a `let` or a recurrence may not. */
export type DimRange = { readonly lo: Expr; readonly hi: Expr };

/** The most dims that a parameter or an output has, as in NumPy. */
export const RANK_LIMIT = 32;

/** A tensor: a parameter, or what a stage defines. Scalars have no dims. */
export type Tensor = {
  /** Unique in the kernel; generated, never a user's text. */
  readonly id: string;
  /** The user's path (`X`, `c1.acc`), for people only. */
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly DimRange[];
  /** Integer values lie in lo..hi (half-open index expressions over dims), declared or proved; null: the dtype's whole range. */
  readonly values: { readonly lo: Expr; readonly hi: Expr } | null;
  readonly span: Span;
};

/** What a recurrence starts from: the body for the slices `lo <= t < hi` (hi <= 0) of the time axis. */
export type InitialSlices = {
  /** In the order of the tensor's dims; the time axis is among them, with its own bounds. */
  readonly axes: readonly Axis[];
  readonly body: Expr;
};

/** One component of a stage's left-hand side. */
export type StageOutput = {
  readonly tensor: Tensor;
  readonly body: Expr;
  /** Empty but for members of a recurrence that reads slices below 0. */
  readonly init: readonly InitialSlices[];
};

/** One equation: for every point of `axes`, each output's element at that point is its body. */
export type Stage = {
  /** The user's path; unique in the kernel. */
  readonly name: string;
  readonly axes: readonly Axis[];
  /** One, or one per component of a tuple; all over the same axes. A dim below the axis's `lo` belongs to `init`. */
  readonly outputs: readonly StageOutput[];
  readonly span: Span;
};

/**
 * Stages that are computed together, slice by slice of time. `time` is the position of the time axis, the same in every
 * member; members are in the order of one step (same-step reads point backwards). Reads of members have time
 * subscript t or one proved to lie in `[-lag, t)`.
 */
export type Recurrence = {
  readonly kind: "recurrence";
  readonly time: number;
  readonly members: readonly Stage[];
  /** Slices below 0 that init defines. */
  readonly lag: number;
};

export type Step = { readonly kind: "stage"; readonly stage: Stage } | Recurrence;

/** A symbolic dim: a run-time parameter, 0 <= dim < 2^31. */
export type Dim = Var & {
  /** Its size where a call gives none; absent where one must be given. */
  readonly byDefault?: bigint;
};

export type Kernel = {
  readonly name: string;
  /** Symbolic dims in order of first mention. */
  readonly dims: readonly Dim[];
  readonly params: readonly Tensor[];
  /** In declared order; `dims` are the declared shape, which the stage's tensor may exceed by its initial slices. */
  readonly outputs: readonly { readonly name: string; readonly tensor: string; readonly dims: readonly DimRange[] }[];
  /** Topological: a step reads params and earlier steps. */
  readonly steps: readonly Step[];
  /** Bool expressions over dims that hold: `where` conditions. Checked at the call. */
  readonly where: readonly { readonly condition: Expr; readonly text: string; readonly span: Span }[];
  readonly span: Span;
};

/** All stages in order, members of recurrences included. */
export function stagesOf(kernel: Kernel): readonly Stage[] {
  return kernel.steps.flatMap((s) => (s.kind === "stage" ? [s.stage] : s.members));
}

/** Every tensor by id: params and what stages define. */
export function tensorsOf(kernel: Kernel): ReadonlyMap<string, Tensor> {
  const all = [...kernel.params, ...stagesOf(kernel).flatMap((s) => s.outputs.map((o) => o.tensor))];
  return new Map(all.map((t) => [t.id, t]));
}
