/**
 * L2, the loops: an immutable tree over buffers. One root nest per stage that is stored (a recurrence is one nest whose
 * outer loop is time). Reductions are explicit `accum` steps into register or stored buffers, so that primitives can
 * move loops around them. Scalar code is the expressions of expr.ts without `reduce` and without `pad`.
 */
import type { Span } from "../support/source.ts";
import type { DType } from "./dtype.ts";
import type { Expr, Reducer, Var } from "./expr.ts";

/** Where a buffer lives. Registers are local to the statement that allocates them. */
export type Space = "input" | "output" | "scratch" | "register";

export type Buffer = {
  readonly id: string;
  /** For people only. */
  readonly name: string;
  readonly dtype: DType;
  /** Subscripts of dim d lie in lo[d] .. lo[d] + extent[d]. Row-major. */
  readonly lo: readonly Expr[];
  readonly extent: readonly Expr[];
  readonly space: Space;
};

/**
 * How a loop runs. `independent`: one iteration after another, but any order gives the same (a spatial axis); `serial`: in
 * order (time, a reduction). `vector`: all iterations at once in the lanes of vectors of `width` (`hi - lo` is at most that; if it
 * may be less, lanes past the end are idle). `unroll`: constant extent, written out. `parallel`: independent, and
 * shared out among threads.
 */
export type LoopKind =
  | { readonly kind: "serial" }
  | { readonly kind: "independent" }
  | { readonly kind: "unroll" }
  | { readonly kind: "parallel" }
  | { readonly kind: "vector"; readonly width: number };

/** Who made a loop: the stage's axis it runs over and the template or directive; `explain` prints it. */
export type Origin = { readonly stage: string; readonly axis: string; readonly by: string; readonly span: Span | null };

export type For = {
  readonly kind: "for";
  readonly variable: Var;
  readonly lo: Expr;
  readonly hi: Expr;
  readonly loop: LoopKind;
  readonly body: Stmt;
  readonly origin: Origin;
};
export type Seq = { readonly kind: "seq"; readonly body: readonly Stmt[] };
export type If = { readonly kind: "if"; readonly cond: Expr; readonly then: Stmt; readonly otherwise: Stmt | null };
/** A register buffer for the time of `body`; its content starts undefined. */
export type Alloc = { readonly kind: "alloc"; readonly buffer: Buffer; readonly body: Stmt };
export type Store = {
  readonly kind: "store";
  readonly buffer: string;
  readonly index: readonly Expr[];
  readonly value: Expr;
};
/**
 * One step of a reduction: (targets) := reducer(targets, args), only where `guard` holds. `targets` are the components
 * of the accumulator. `merge` is true where `args` are themselves accumulated components (partial results).
 */
export type Accum = {
  readonly kind: "accum";
  readonly reducer: Reducer;
  readonly targets: readonly { readonly buffer: string; readonly index: readonly Expr[] }[];
  readonly args: readonly Expr[];
  readonly guard: Expr | null;
  readonly merge: boolean;
};
export type Stmt = For | Seq | If | Alloc | Store | Accum;

/** One root nest. Nests run in order; each may be a launch of its own on a GPU. */
export type Nest = {
  readonly stage: string;
  /** Loops around `body`, outermost first, whose iterations are independent: a GPU gives each point an invocation. */
  readonly body: Stmt;
  /** How many of the outermost loops are independent of each other (spatial axes, not time, not reductions). */
  readonly independent: number;
};

export type LoopProgram = {
  readonly kernel: string;
  readonly dims: readonly Var[];
  /** Inputs in the order of params, outputs in declared order, then scratch. */
  readonly buffers: readonly Buffer[];
  readonly nests: readonly Nest[];
};
