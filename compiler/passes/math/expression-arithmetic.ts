/**
 * The arithmetic of ir/math/ in expressions: running an expansion over it writes the expansion down. Equal operations of
 * one run become one node, and what is used more than once is bound by a `let`, so that nothing is computed twice.
 */
import { roundToDType } from "../../ir/dtype.ts";
import type { Expr, ScalarType, Var } from "../../ir/expr.ts";
import { apply, cast, constant, letIn, select } from "../../ir/expr.ts";
import type { FreshValue } from "../../ir/fresh-values.ts";
import type { Arithmetic, WideFloat } from "../../ir/math/arithmetic.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { children, mapChildren } from "../../ir/walk.ts";
import { known } from "../../support/invariant.ts";

/** f32 and i32, or f64 and i64, of expressions. */
export type ExpressionArithmetic = Arithmetic<Expr, Expr, Expr>;

/**
 * What `expand` makes of the operands, as one expression: each operand is evaluated once. `name` is for people, in the
 * names of the bound values.
 */
export function expandOver(
  operands: readonly Expr[],
  name: string,
  fresh: FreshValue,
  expand: (m: ExpressionArithmetic, ...values: readonly Expr[]) => Expr,
): Expr {
  const bound: { readonly variable: Var; readonly value: Expr }[] = [];
  const values = operands.map((value) => {
    if (value.kind === "const" || value.kind === "var") return value;
    const v = fresh(value.type, name);
    bound.push({ variable: v, value });
    return v;
  });
  const float = values.some((v) => v.type === "f64") ? "f64" : "f32";
  const body = bindShared(expand(recorder(float), ...values), name, fresh);
  return bound.reduceRight<Expr>((inner, b) => letIn(b.variable, b.value, inner), body);
}

/** Merges equal nodes: operands are merged before, so they are compared by identity. */
function recorder(float: WideFloat): ExpressionArithmetic {
  const [int, natural] = float === "f32" ? (["i32", "u32"] as const) : (["i64", "u64"] as const);
  const numbers = new Map<Expr, number>();
  const nodes = new Map<string, Expr>();
  const numberOf = (e: Expr): number => {
    const old = numbers.get(e);
    if (old !== undefined) return old;
    numbers.set(e, numbers.size);
    return numbers.size - 1;
  };
  const merged = (key: string, operands: readonly Expr[], make: () => Expr): Expr => {
    const full = `${key}(${operands.map(numberOf).join(",")})`;
    const node = nodes.get(full) ?? make();
    nodes.set(full, node);
    return node;
  };
  const number = (type: WideFloat | typeof int | typeof natural, value: number | bigint): Expr =>
    merged(`${type}:${Object.is(value, -0) ? "-0" : String(value)}`, [], () => constant(type, value));
  const op =
    (name: CoreOp) =>
    (...args: readonly Expr[]): Expr =>
      merged(name, args, () => apply(name, ...args));
  const choose = (cond: Expr, yes: Expr, no: Expr): Expr =>
    merged("select", [cond, yes, no], () => select(cond, yes, no, false));
  const convert = (type: ScalarType, mode: "exact" | "bits", e: Expr): Expr =>
    merged(`${type}.${mode}`, [e], () => cast(type, mode, e));
  const [shl, shr] = [op("shl"), op("shr")];
  return {
    format: float,
    float: (value) => number(float, roundToDType(float, value)),
    int: (value) => number(int, float === "f32" ? Number(value) | 0 : BigInt.asIntN(64, BigInt(value))),
    add: op("add"),
    sub: op("sub"),
    mul: op("mul"),
    divide: op("divide"),
    fma: op("fma"),
    sqrt: op("sqrt"),
    abs: op("abs"),
    floor: op("floor"),
    round: op("round"),
    less: op("lt"),
    lessEqual: op("le"),
    equal: op("eq"),
    select: choose,
    addInt: op("wrapping_add"),
    subInt: op("wrapping_sub"),
    mulInt: op("wrapping_mul"),
    maxInt: op("max"),
    bitAnd: op("bit_and"),
    bitOr: op("bit_or"),
    bitXor: op("bit_xor"),
    shiftLeft: (a, amount) => shl(a, number(int, amount)),
    shiftRight: (a, amount) => shr(a, number(int, amount)),
    shiftRightLogical: (a, amount) => convert(int, "bits", shr(convert(natural, "bits", a), number(natural, amount))),
    lessInt: op("lt"),
    equalInt: op("eq"),
    selectInt: choose,
    not: op("not"),
    both: op("and"),
    either: op("or"),
    bitsOf: (a) => convert(int, "bits", a),
    fromBits: (a) => convert(float, "bits", a),
    toFloat: (a) => convert(float, "exact", a),
  };
}

/** The graph as a tree: nodes with several users are bound, in the order in which they are needed. */
function bindShared(root: Expr, name: string, fresh: FreshValue): Expr {
  const order: Expr[] = [];
  const users = new Map<Expr, number>();
  const look = (e: Expr): void => {
    const before = users.get(e) ?? 0;
    users.set(e, before + 1);
    if (before > 0) return;
    for (const child of children(e)) look(child);
    order.push(e);
  };
  look(root);
  const replacements = new Map<Expr, Expr>();
  const bound: { readonly variable: Var; readonly value: Expr }[] = [];
  for (const e of order) {
    const value = mapChildren(e, (child) => known(replacements.get(child), "an operand"));
    const isLeaf = e.kind === "const" || e.kind === "var";
    if (isLeaf || users.get(e) === 1) {
      replacements.set(e, value);
      continue;
    }
    const v = fresh(e.type, name);
    bound.push({ variable: v, value });
    replacements.set(e, v);
  }
  const body = known(replacements.get(root), "the result");
  return bound.reduceRight<Expr>((inner, b) => letIn(b.variable, b.value, inner), body);
}
