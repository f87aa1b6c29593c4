/** Index arithmetic for hand-built kernels: plain numbers are index constants, `i32` makes a value of an index. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Apply, Expr } from "../../compiler/ir/expr.ts";
import { apply, cast, constant, index } from "../../compiler/ir/expr.ts";

export type Operand = Expr | number;

const pair = (a: Operand, b: Operand): readonly [Expr, Expr] => {
  const type = typeof a === "number" ? (typeof b === "number" ? "index" : b.type) : a.type;
  const as = (x: Operand): Expr => (typeof x !== "number" ? x : type === "index" ? index(x) : constant(type, x));
  return [as(a), as(b)];
};

/** The sum of all. */
export const plus = (a: Operand, ...rest: readonly Operand[]): Expr =>
  rest.reduce<Expr>((x, y) => apply("add", ...pair(x, y)), typeof a === "number" ? index(a) : a);
export const minus = (a: Operand, b: Operand): Apply => apply("sub", ...pair(a, b));
export const times = (a: Operand, b: Operand): Apply => apply("mul", ...pair(a, b));
export const div = (a: Operand, b: Operand): Apply => apply("floor_div", ...pair(a, b));
export const mod = (a: Operand, b: Operand): Apply => apply("floor_mod", ...pair(a, b));
export const lt = (a: Operand, b: Operand): Apply => apply("lt", ...pair(a, b));
export const le = (a: Operand, b: Operand): Apply => apply("le", ...pair(a, b));
export const eq = (a: Operand, b: Operand): Apply => apply("eq", ...pair(a, b));
export const ne = (a: Operand, b: Operand): Apply => apply("ne", ...pair(a, b));
export const and = (a: Expr, b: Expr): Apply => apply("and", a, b);
export const or = (a: Expr, b: Expr): Apply => apply("or", a, b);
export const min = (a: Operand, b: Operand): Apply => apply("min", ...pair(a, b));
export const max = (a: Operand, b: Operand): Apply => apply("max", ...pair(a, b));

/** A subscript from data. */
export const at = (e: Expr): Expr => cast("index", "exact", e);
/** An exact cast. */
export const to = (type: DType, e: Expr): Expr => cast(type, "exact", e);
export const f32 = (value: number): Expr => constant("f32", value);
export const i32 = (value: number): Expr => constant("i32", value);
