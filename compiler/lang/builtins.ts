/**
 * THE table of built-in functions, casts and reductions of the language. Core operations with a `user` name and derived
 * operations join by themselves from their tables, so that a new one is one row there; what is written here is spelled
 * through them (`composite`) and no later stage knows about it.
 */
import type { DType } from "../ir/dtype.ts";
import { DTYPE_NAMES, isFloat } from "../ir/dtype.ts";
import type { DerivedOp } from "../ir/derived-ops.ts";
import { DERIVED_OPS } from "../ir/derived-ops.ts";
import type { BuiltinReducer, CastMode, Expr } from "../ir/expr.ts";
import { apply, cast, constant, select } from "../ir/expr.ts";
import type { CoreOp, OpRow } from "../ir/ops.ts";
import { CORE_OPS, OPS } from "../ir/ops.ts";
import { known } from "../support/invariant.ts";

/** What operands a function takes; all of them are brought to one dtype, but for those of `i32`. */
export type OperandClass = "float" | "int" | "number" | "number or bool" | "i32";

/** Binds a subexpression that is used more than once; constants and variables are used as they are. */
export type Bind = (value: Expr, body: (bound: Expr) => Expr) => Expr;

/** What an expansion may ask: names for shared values, and whether an integer is known not to be negative. */
export type Expansion = { readonly bind: Bind; readonly isNatural: (e: Expr) => boolean };

export type Builtin =
  /** One operation; `bits`: weak integers are i32 first, as their width matters. */
  | {
      readonly kind: "operation";
      readonly op: CoreOp | DerivedOp;
      readonly arity: number;
      readonly operands: OperandClass;
      readonly bits: boolean;
    }
  /** Spelled through operations; all operands have one type. */
  | {
      readonly kind: "composite";
      readonly arity: number;
      readonly operands: OperandClass;
      readonly result: "same" | "bool";
      readonly expand: (args: readonly Expr[], e: Expansion) => Expr;
    }
  | { readonly kind: "cast"; readonly dtype: DType; readonly mode: CastMode }
  /** `select(c, a, b)`: both operands are evaluated. */
  | { readonly kind: "select" };

/** How a reduction's argument is treated. */
export type ReductionRow =
  | { readonly kind: "fold"; readonly reducer: BuiltinReducer; readonly operands: OperandClass | "bool" }
  /** The sum divided by the number of points. */
  | { readonly kind: "mean" };

export const REDUCTIONS: Readonly<Record<string, ReductionRow>> = {
  sum: { kind: "fold", reducer: "sum", operands: "number or bool" },
  sum_strict: { kind: "fold", reducer: "sum_strict", operands: "number or bool" },
  prod: { kind: "fold", reducer: "prod", operands: "number" },
  max: { kind: "fold", reducer: "max", operands: "number" },
  min: { kind: "fold", reducer: "min", operands: "number" },
  any: { kind: "fold", reducer: "any", operands: "bool" },
  all: { kind: "fold", reducer: "all", operands: "bool" },
  argmax: { kind: "fold", reducer: "argmax", operands: "number" },
  argmin: { kind: "fold", reducer: "argmin", operands: "number" },
  mean: { kind: "mean" },
};

// ---- composites ----

const arg = (args: readonly Expr[], n: number): Expr => known(args[n], `operand ${n}`);
const like = (e: Expr, value: number): Expr => constant(e.type, value);
const one =
  (build: (x: Expr, e: Expansion) => Expr) =>
  (args: readonly Expr[], e: Expansion): Expr =>
    e.bind(arg(args, 0), (x) => build(x, e));
const two =
  (build: (x: Expr, y: Expr, e: Expansion) => Expr) =>
  (args: readonly Expr[], e: Expansion): Expr =>
    e.bind(arg(args, 0), (x) => e.bind(arg(args, 1), (y) => build(x, y, e)));

type Composite = Extract<Builtin, { kind: "composite" }>;

function composite(
  arity: number,
  operands: OperandClass,
  expand: Composite["expand"],
  result: "same" | "bool" = "same",
): Composite {
  return { kind: "composite", arity, operands, result, expand };
}

/** -1, 0 or 1; a NaN stays one, and so does a zero's sign. */
function sign(x: Expr): Expr {
  const negative = select(apply("lt", x, like(x, 0)), like(x, -1), x, false);
  return select(apply("lt", like(x, 0), x), like(x, 1), negative, false);
}

/** Never negative, so unsigned dtypes have no -1 to be built. */
const signOf = one((x) =>
  x.type.startsWith("u") ? select(apply("lt", like(x, 0), x), like(x, 1), x, false) : sign(x),
);

/**
 * Half away from zero. `trunc(x + 0.5)` would round 0.49999997 up; the distance to the truncated value is exact, and 0
 * where x is already whole.
 */
const roundAway = one((x, { bind }) =>
  bind(apply("trunc", x), (whole) => {
    const far = apply("le", like(x, 0.5), apply("abs", apply("sub", x, whole)));
    const step = select(apply("lt", x, like(x, 0)), like(x, -1), like(x, 1), false);
    return select(far, apply("add", whole, step), whole, false);
  }),
);

const i32 = (n: number): Expr => constant("i32", n);

/** `round(x / 2^p)`, half away from zero: gemmlowp's RoundingDivideByPOT. */
function shiftRound(x: Expr, p: Expr, bind: Bind): Expr {
  return bind(apply("wrapping_sub", apply("shl", i32(1), p), i32(1)), (mask) => {
    const half = apply("shr", mask, i32(1));
    const negative = select(apply("lt", x, i32(0)), i32(1), i32(0), false);
    const up = apply("lt", apply("wrapping_add", half, negative), apply("bit_and", x, mask));
    return apply("wrapping_add", apply("shr", x, p), select(up, i32(1), i32(0), false));
  });
}

/**
 * gemmlowp's MultiplyByQuantizedMultiplier: the high half of 2·x·m, rounded, then a rounding right shift by s; a
 * negative s is a saturating left shift before the multiply. Where s is known not to be negative, only the former is built.
 */
function rescale(x: Expr, m: Expr, s: Expr, { bind, isNatural }: Expansion): Expr {
  const right = shiftRoundOf(apply("doubling_high_multiply", x, m), s, bind);
  if (isNatural(s)) return right;
  // Past 31 every x but 0 saturates, as it does at 31; the amount stays in range where the other branch is taken, too.
  const amount = apply("min", apply("max", apply("neg", s), constant("i32", 0)), constant("i32", 31));
  const wide = apply("shl", cast("i64", "exact", x), cast("i64", "exact", amount));
  const left = apply("doubling_high_multiply", cast("i32", "saturate", wide), m);
  return select(apply("le", constant("i32", 0), s), right, left);
}

const shiftRoundOf = (value: Expr, p: Expr, bind: Bind): Expr => bind(value, (x) => shiftRound(x, p, bind));

const i64 = (n: number): Expr => constant("i64", n);
const wide = (e: Expr): Expr => cast("i64", "exact", e);
const between = (e: Expr, lo: number, hi: number): Expr => apply("min", apply("max", e, i32(lo)), i32(hi));

/**
 * x·m / 2^(31 + s), rounded once, half upward, and saturated: TFLite's MultiplyByQuantizedMultiplier with single rounding, for
 * every s. From 33 on all results round to 0; below -30 there is nothing to round.
 */
function rescaleSingle(x: Expr, m: Expr, s: Expr, { bind, isNatural }: Expansion): Expr {
  return bind(apply("wrapping_mul", wide(x), wide(m)), (product) => {
    // Half upward is (floor 2q + 1) div 2, which does not overflow, where q + 1/2 might.
    const doubled = apply("shr", product, apply("wrapping_add", wide(between(s, -30, 32)), i64(30)));
    const rounded = cast("i32", "saturate", apply("shr", apply("wrapping_add", doubled, i64(1)), i64(1)));
    const right = select(apply("lt", i32(32), s), i32(0), rounded, false);
    if (isNatural(s)) return right;
    const amount = apply("wrapping_sub", i64(-31), wide(between(s, -62, -31)));
    const left = apply("shl", wide(cast("i32", "saturate", product)), amount);
    return select(apply("lt", s, i32(-30)), cast("i32", "saturate", left), right, false);
  });
}

const WRITTEN: Readonly<Record<string, Builtin>> = {
  relu: composite(1, "number", (args) => apply("max", arg(args, 0), like(arg(args, 0), 0))),
  clamp: composite(3, "number", (args) => apply("min", apply("max", arg(args, 0), arg(args, 1)), arg(args, 2))),
  sign: composite(1, "number", signOf),
  isnan: composite(
    1,
    "float",
    one((x) => apply("ne", x, x)),
    "bool",
  ),
  isinf: composite(1, "float", (args) => apply("eq", apply("abs", arg(args, 0)), like(arg(args, 0), Infinity)), "bool"),
  round_away: composite(1, "float", roundAway),
  rshift_round: composite(
    2,
    "i32",
    two((x, p, { bind }) => shiftRound(x, p, bind)),
  ),
  rescale: composite(3, "i32", (args, e) =>
    e.bind(arg(args, 0), (x) => e.bind(arg(args, 1), (m) => e.bind(arg(args, 2), (s) => rescale(x, m, s, e)))),
  ),
  rescale_single: composite(3, "i32", (args, e) =>
    e.bind(arg(args, 0), (x) => e.bind(arg(args, 1), (m) => e.bind(arg(args, 2), (s) => rescaleSingle(x, m, s, e)))),
  ),
  select: { kind: "select" },
};

// ---- the whole table ----

function classOf(row: OpRow): OperandClass {
  if (row.bool !== null && (row.int !== null || row.float !== null)) return "number or bool";
  if (row.int === null) return "float";
  return row.float === null ? "int" : "number";
}

function isDerived(word: string): word is DerivedOp {
  return Object.hasOwn(DERIVED_OPS, word);
}

function operations(): readonly (readonly [string, Builtin])[] {
  const core = CORE_OPS.flatMap((op): (readonly [string, Builtin])[] => {
    const row: OpRow = OPS[op];
    const bits = row.int !== null && row.float === null;
    return row.user === null
      ? []
      : [[row.user, { kind: "operation", op, arity: row.arity, operands: classOf(row), bits }]];
  });
  const derived = Object.keys(DERIVED_OPS)
    .filter(isDerived)
    .map((op): readonly [string, Builtin] => [
      op,
      { kind: "operation", op, arity: DERIVED_OPS[op].arity, operands: "float", bits: false },
    ]);
  return [...core, ...derived];
}

/** `f32(x)`, and for integers `sat_i8(x)` and `wrap_i8(x)`. */
function casts(): readonly (readonly [string, Builtin])[] {
  return DTYPE_NAMES.flatMap((dtype): (readonly [string, Builtin])[] => {
    const exact: readonly [string, Builtin] = [dtype, { kind: "cast", dtype, mode: "exact" }];
    if (isFloat(dtype) || dtype === "bool") return [exact];
    return [
      exact,
      [`sat_${dtype}`, { kind: "cast", dtype, mode: "saturate" }],
      [`wrap_${dtype}`, { kind: "cast", dtype, mode: "wrap" }],
    ];
  });
}

/** Every built-in function by its name in the language. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ...operations(),
  ...casts(),
  ...Object.entries(WRITTEN),
]);

/** The row of a reduction, or null if no built-in one has this name. */
export function builtinReduction(name: string): ReductionRow | null {
  return Object.hasOwn(REDUCTIONS, name) ? (REDUCTIONS[name] ?? null) : null;
}
