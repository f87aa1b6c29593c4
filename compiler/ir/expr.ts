/**
 * Scalar expressions, shared by the equations (L1) and the loops (L2). Nodes are immutable and made only by the
 * constructors below, which check operand types; a wrong type here is a bug of the compiler, since the front end has
 * already answered the user. Index arithmetic has the type "index": mathematical integers, which the prover reads as
 * polynomials and which targets hold in i32 once dispatch has checked the limit 2^31.
 */
import { invariant } from "../support/invariant.ts";
import type { DerivedOp } from "./derived-ops.ts";
import { DERIVED_OPS } from "./derived-ops.ts";
import type { DType } from "./dtype.ts";
import { roundToDType } from "./dtype.ts";
import type { CoreOp } from "./ops.ts";
import { isCoreOp, OPS } from "./ops.ts";

/** A dtype, or "index" for loop variables, dims and what is computed from them alone. */
export type ScalarType = DType | "index";

/** i64, u64 and "index" constants are bigints; other ints and floats are numbers; bools are booleans. */
export type ConstValue = number | bigint | boolean;

export type Const = { readonly kind: "const"; readonly type: ScalarType; readonly value: ConstValue };
/** A dim, an axis, a loop variable or a `let`: `id` is unique in the kernel, `name` is for people only. */
export type Var = { readonly kind: "var"; readonly type: ScalarType; readonly id: string; readonly name: string };
/**
 * One element of a tensor (L1) or buffer (L2). `index` has one index-typed expression per dim: the subscript itself, in
 * lo..hi of the dim, where lo may be below 0. `guarded`: the access is in range only where the conditions around it hold
 * (branch, guard), so whoever evaluates it unconditionally must clamp or mask the address.
 */
export type Read = {
  readonly kind: "read";
  readonly type: DType;
  readonly tensor: string;
  readonly index: readonly Expr[];
  readonly pad: Pad | null;
  readonly guarded: boolean;
};
export type Apply = {
  readonly kind: "apply";
  readonly type: ScalarType;
  readonly op: Op;
  readonly args: readonly Expr[];
};
/** `cond ? yes : no`. `lazy` is false for the function `select`, whose operands are proved without `cond`. */
export type Select = {
  readonly kind: "select";
  readonly type: ScalarType;
  readonly cond: Expr;
  readonly yes: Expr;
  readonly no: Expr;
  readonly lazy: boolean;
};
/** Changes the type; see {@link CastMode}. */
export type Cast = { readonly kind: "cast"; readonly type: ScalarType; readonly mode: CastMode; readonly arg: Expr };
export type Let = {
  readonly kind: "let";
  readonly type: ScalarType;
  readonly variable: Var;
  readonly value: Expr;
  readonly body: Expr;
};
/**
 * A reduction over `axes` (row-major, first outermost) of the points where `guard` holds. `args` are the values that
 * enter one step. A reducer with several results (argmax, online) is read through `component`; the reads of one reduction share
 * `id`, so that it is computed once.
 */
export type Reduce = {
  readonly kind: "reduce";
  readonly type: DType;
  readonly id: string;
  readonly reducer: Reducer;
  readonly axes: readonly Axis[];
  readonly guard: Expr | null;
  readonly args: readonly Expr[];
  readonly component: number;
};
export type Expr = Const | Var | Read | Apply | Select | Cast | Let | Reduce;

export type Op = CoreOp | DerivedOp;

/**
 * `exact`: the value is proved to be representable (or int → float, float → wider float: rounds to nearest even);
 * `saturate`: clamps to the range, NaN → 0, a float is truncated toward zero; `wrap`: modulo 2^bits, integers only;
 * `bits`: reinterprets the bits, same width.
 */
export type CastMode = "exact" | "saturate" | "wrap" | "bits";

/** What a read outside gives. All but `value` only move the index; `value` is any expression without reads that are padded. */
export type Pad =
  | { readonly kind: "value"; readonly value: Expr }
  | { readonly kind: "edge" }
  | { readonly kind: "wrap" }
  | { readonly kind: "mirror" };

/** One axis of an iteration domain: `lo <= variable < hi`. */
export type Axis = { readonly variable: Var; readonly lo: Expr; readonly hi: Expr };

/** The reductions of the language. `sum_strict` keeps the lexicographic order of additions. */
export type BuiltinReducer = "sum" | "sum_strict" | "prod" | "max" | "min" | "any" | "all" | "argmax" | "argmin";

/** A user's `reducer`: parameters are variables that the expressions mention. */
export type UserReducer = {
  readonly kind: "user";
  /** For people only. */
  readonly name: string;
  readonly params: readonly Var[];
  /** One expression per component. */
  readonly identity: readonly Expr[];
  readonly lift: readonly Expr[];
  readonly left: readonly Var[];
  readonly right: readonly Var[];
  readonly combine: readonly Expr[];
  readonly laws: readonly ("associative" | "commutative")[];
  /** The same for a whole block at once, where the reducer says it; its meaning is that of the fold. */
  readonly bulk: Bulk | null;
};

/**
 * How a block of at least one point is reduced at once. Reductions in the values run over 0..size, and a parameter of the
 * reducer stands there for its value at the innermost index. Closed but for the parameters: passes need not look inside.
 */
export type Bulk = {
  readonly size: Var;
  /** One for each component, in the order of evaluation: a value mentions the variables before it. */
  readonly equations: readonly { readonly component: number; readonly variable: Var; readonly value: Expr }[];
};
export type Reducer = { readonly kind: "builtin"; readonly name: BuiltinReducer } | UserReducer;

// ---- constructors ----

/** A constant of `type`; floats are rounded to it, integers must fit. */
export function constant(type: ScalarType, value: ConstValue): Const {
  if (type === "index") return { kind: "const", type, value: BigInt(value) };
  if (type === "bool") return { kind: "const", type, value: Boolean(value) };
  invariant(typeof value !== "boolean", "a number is needed");
  return { kind: "const", type, value: roundToDType(type, value) };
}

/** A constant of type "index". */
export function index(value: number | bigint): Const {
  return constant("index", value);
}

export function variable(type: ScalarType, id: string, name: string): Var {
  return { kind: "var", type, id, name };
}

export function read(
  type: DType,
  tensor: string,
  at: readonly Expr[],
  options: { readonly pad?: Pad | null; readonly guarded?: boolean } = {},
): Read {
  for (const e of at) invariant(e.type === "index", `subscript of type ${e.type}`);
  return { kind: "read", type, tensor, index: at, pad: options.pad ?? null, guarded: options.guarded ?? false };
}

/** Applies an operation; operands have one type, but for the amount of a shift, which may differ. */
export function apply(op: Op, ...args: readonly Expr[]): Apply {
  const first = args[0];
  invariant(first !== undefined, `${op} without operands`);
  const row = isCoreOp(op) ? OPS[op] : null;
  const arity = isCoreOp(op) ? OPS[op].arity : DERIVED_OPS[op].arity;
  invariant(args.length === arity, `${op} takes ${arity} operands, got ${args.length}`);
  for (const a of args) invariant(a.type === first.type, `${op} of ${args.map((x) => x.type).join(", ")}`);
  return { kind: "apply", type: row?.result === "bool" ? "bool" : first.type, op, args };
}

export function select(cond: Expr, yes: Expr, no: Expr, lazy = true): Select {
  invariant(cond.type === "bool", "condition must be bool");
  invariant(yes.type === no.type, `branches of ${yes.type} and ${no.type}`);
  return { kind: "select", type: yes.type, cond, yes, no, lazy };
}

/** Changes the type; a cast to the same type is the expression itself. */
export function cast(type: ScalarType, mode: CastMode, arg: Expr): Expr {
  return arg.type === type ? arg : { kind: "cast", type, mode, arg };
}

export function letIn(bound: Var, value: Expr, body: Expr): Let {
  invariant(bound.type === value.type, `let of ${bound.type} bound to ${value.type}`);
  return { kind: "let", type: body.type, variable: bound, value, body };
}

export function reduce(r: Omit<Reduce, "kind">): Reduce {
  invariant(r.guard === null || r.guard.type === "bool", "guard must be bool");
  return { kind: "reduce", ...r };
}

// ---- shorthands for index arithmetic, used all over the lowering ----

export const add = (a: Expr, b: Expr): Expr => apply("add", a, b);
export const sub = (a: Expr, b: Expr): Expr => apply("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => apply("mul", a, b);
export const minimum = (a: Expr, b: Expr): Expr => apply("min", a, b);
export const maximum = (a: Expr, b: Expr): Expr => apply("max", a, b);
export const less = (a: Expr, b: Expr): Expr => apply("lt", a, b);
export const lessEqual = (a: Expr, b: Expr): Expr => apply("le", a, b);
export const both = (a: Expr, b: Expr): Expr => apply("and", a, b);
