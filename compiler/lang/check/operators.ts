/**
 * Operators: the type of `a + b`, its value where both are numbers, and how it is built. Weak integers stay mathematical
 * integers (type "index"), weak floats wait for a dtype; numbers are folded exactly and rounded once.
 */
import type { DType } from "../../ir/dtype.ts";
import { isBool } from "../../ir/dtype.ts";
import type { Expr, ScalarType } from "../../ir/expr.ts";
import { apply, constant as literal, letIn, select, variable } from "../../ir/expr.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { OPS } from "../../ir/ops.ts";
import type { OpRow } from "../../ir/ops.ts";
import { known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import type { BinaryOperator, UnaryOperator } from "../ast.ts";
import type { Context } from "./context.ts";
import { applyIndex, foldIndex } from "./index-arithmetic.ts";
import { lift } from "./lift.ts";
import { arithmeticType, castHelp, computingType, fitConstant, fitsIn, promote, shortText } from "./types.ts";
import type { Poison, Scalar, Value, ValueType } from "./value.ts";
import {
  boolConstant,
  defaultType,
  exprOf,
  indexConstant,
  isReal,
  isWhole,
  poison,
  realConstant,
  scalar,
  typeName,
} from "./value.ts";

/** Where an operator stands: its own span, and that of the whole expression. */
export type OperatorSpans = { readonly span: Span; readonly operatorSpan: Span };

const ARITHMETIC = { "+": "add", "-": "sub", "*": "mul" } as const;
const INTEGER = { div: "floor_div", "%": "floor_mod" } as const;
/** `a > b` is `b < a`. */
const COMPARISONS = {
  "==": { op: "eq", swap: false },
  "!=": { op: "ne", swap: false },
  "<": { op: "lt", swap: false },
  "<=": { op: "le", swap: false },
  ">": { op: "lt", swap: true },
  ">=": { op: "le", swap: true },
} as const;
const LOGIC = { "&&": "and", "||": "or" } as const;

/** A binary operator, lifted over tensors. */
export function binary(context: Context, operator: BinaryOperator, a: Value, b: Value, at: OperatorSpans): Value {
  return lift(context, [a, b], at.span, (args) => {
    const [x, y] = args;
    return x === undefined || y === undefined ? poison(at.span) : binaryScalars(context, operator, x, y, at);
  });
}

function binaryScalars(context: Context, operator: BinaryOperator, a: Scalar, b: Scalar, at: OperatorSpans): Value {
  switch (operator) {
    case "+":
    case "-":
    case "*":
      return arithmetic(context, ARITHMETIC[operator], a, b, at);
    case "/":
      return divide(context, a, b, at);
    case "div":
    case "%":
      return wholeDivision(context, operator, a, b, at);
    case "**":
      return power(context, a, b, at);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(context, operator, a, b, at);
    case "&&":
    case "||":
      return logic(context, operator, a, b, at);
    default:
      return operator satisfies never;
  }
}

/** The type in which both operands are taken; reports and gives null where there is none. */
export function meet(context: Context, a: Scalar, b: Scalar, at: OperatorSpans): ValueType | null {
  const type = promote(a.type, b.type);
  if (type !== null) {
    if (type === "index" || type === "real" || type === "unknown") return type;
    return [a, b].every((v) => fitConstant(context, v, type).kind === "scalar") ? type : null;
  }
  context.report("E2020", {
    span: at.span,
    message: `these operands are ${typeName(a.type)} and ${typeName(b.type)}`,
    label: "no implicit conversion between them",
    help: [meetHelp(a, b)],
  });
  return null;
}

const CONDITION_HELP = "use `? :` to make a number of a condition: (c ? 1 : 0)";

function meetHelp(a: Scalar, b: Scalar): string {
  if (a.type === "bool" || b.type === "bool") return CONDITION_HELP;
  const [x, y] = [shortText(a.span), shortText(b.span)];
  if (isReal(a.type) && isReal(b.type)) return `write f32(${x}) and f32(${y})`;
  const [whole, real] = isWhole(a.type) ? [a, b] : [b, a];
  if (isReal(real.type) && whole.type !== "index") {
    const to = real.type === "real" || real.type === "index" || real.type === "unknown" ? "f32" : real.type;
    return castHelp(whole.type, to, shortText(whole.span));
  }
  return `write the cast that is meant, such as i64(${x}) and i64(${y})`;
}

function wrongOperands(context: Context, at: OperatorSpans, message: string, help: readonly string[] = []): Poison {
  context.report("E2023", { span: at.operatorSpan, message, help });
  return poison(at.span);
}

function arithmetic(context: Context, op: "add" | "sub" | "mul", a: Scalar, b: Scalar, at: OperatorSpans): Value {
  const common = meet(context, a, b, at);
  if (common === null) return poison(at.span);
  const type = arithmeticType(common);
  if (type === null)
    return wrongOperands(context, at, "arithmetic is for numbers, and these are bool", [CONDITION_HELP]);
  return operation(context, op, [a, b], type, at.span);
}

/** An operation whose operands and result have one type; numbers are folded. */
function operation(context: Context, op: CoreOp, args: readonly Scalar[], type: ValueType, span: Span): Value {
  const pure = args.every((x) => x.pure);
  if (type === "index") {
    const folded = foldIndex(
      op,
      args.map((x) => (typeof x.constant === "bigint" ? x.constant : null)),
    );
    if (typeof folded === "bigint") return indexConstant(folded, span);
    return scalar("index", span, () => context.at(span, applyIndex(op, ...placed(context, args, "index"))), { pure });
  }
  if (type === "real") {
    const folded = foldReal(op, args);
    if (folded !== null) return realConstant(folded, span);
  }
  const build = (t: ScalarType): Expr => context.at(span, apply(op, ...placed(context, args, t)));
  return scalar(type, span, build, { pure });
}

/** The operands in one type, each at its own place: a literal or a conversion is not the whole operation. */
function placed(context: Context, args: readonly Scalar[], type: ScalarType): readonly Expr[] {
  return args.map((x) => context.at(x.span, exprOf(x, type)));
}

function foldReal(op: CoreOp, args: readonly Scalar[]): number | null {
  const row: OpRow = OPS[op];
  const values = args.flatMap((x) => (x.constant === null ? [] : [Number(x.constant)]));
  if (row.float === null || values.length !== args.length) return null;
  const result = row.float(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0);
  return typeof result === "number" ? result : null;
}

function divide(context: Context, a: Scalar, b: Scalar, at: OperatorSpans): Value {
  const type = meet(context, a, b, at);
  if (type === null) return poison(at.span);
  if (isReal(type) || type === "unknown") return operation(context, "divide", [a, b], type, at.span);
  if (type === "bool") return wrongOperands(context, at, "`/` is for floats, and these are bool", [CONDITION_HELP]);
  const [x, y] = [shortText(a.span), shortText(b.span)];
  context.report("E2022", {
    span: at.operatorSpan,
    message: "`/` needs a float operand, and both of these are integers",
    help: [
      `write ${x} div ${y} to round down`,
      typeof a.constant === "bigint"
        ? `write ${a.constant}.0 / ${y}`
        : `write f32(${x}) / ${typeof b.constant === "bigint" ? y : `f32(${y})`}`,
    ],
  });
  return poison(at.span);
}

function wholeDivision(context: Context, operator: "div" | "%", a: Scalar, b: Scalar, at: OperatorSpans): Value {
  const type = meet(context, a, b, at);
  if (type === null) return poison(at.span);
  if (isWhole(type) || type === "unknown")
    return operation(context, INTEGER[operator], [a, b], computingType(type), at.span);
  const [x, y] = [shortText(a.span), shortText(b.span)];
  const help =
    operator === "div"
      ? `write floor(${x} / ${y})`
      : `write fmod(${x}, ${y}), or a - b * floor(a / b), which rounds down`;
  return wrongOperands(context, at, `\`${operator}\` is for integers, and these are ${typeName(type)}`, [help]);
}

function compare(context: Context, operator: keyof typeof COMPARISONS, a: Scalar, b: Scalar, at: OperatorSpans): Value {
  const common = meet(context, a, b, at);
  if (common === null) return poison(at.span);
  if (common === "bool" && operator !== "==" && operator !== "!=")
    return wrongOperands(context, at, `\`${operator}\` has no meaning for bool`, ["write a != b, a && !b or a || !b"]);
  const { op, swap } = COMPARISONS[operator];
  const args = swap ? [b, a] : [a, b];
  const folded = foldComparison(op, args);
  if (folded !== null) return boolConstant(folded, at.span);
  const type = comparisonType(common, a, b);
  const pure = args.every((x) => x.pure);
  const build = (): Expr => {
    const t: ScalarType = type === "index" ? type : known(dtypeOrNull(type), "a dtype");
    return context.at(at.span, apply(op, ...placed(context, args, t)));
  };
  return scalar("bool", at.span, build, { pure });
}

/**
 * A value of a dtype within i32 and an index are compared as integers: `X[i] == v` then needs no proof that v is a u8,
 * and the prover reads the equation as it stands.
 */
function comparisonType(common: ValueType, a: Scalar, b: Scalar): ValueType {
  const index = a.type === "index" ? a : b.type === "index" ? b : null;
  if (index === null || index.constant !== null || !isWhole(common) || common === "index") return computingType(common);
  return common !== "real" && common !== "unknown" && fitsIn(common, "i32") ? "index" : computingType(common);
}

/** The dtype in which values are compared. */
function dtypeOrNull(type: ValueType): DType | null {
  const dtype = defaultType(type);
  return dtype === "unknown" ? null : dtype;
}

function foldComparison(op: "eq" | "ne" | "lt" | "le", args: readonly Scalar[]): boolean | null {
  const [a, b] = args.map((x) => x.constant);
  if (a === null || a === undefined || b === null || b === undefined) return null;
  if (typeof a === "boolean" || typeof b === "boolean") return op === "eq" ? a === b : a !== b;
  if (op === "eq" || op === "ne") return (Number(a) === Number(b)) === (op === "eq");
  return op === "lt" ? a < b : a <= b;
}

function logic(context: Context, operator: "&&" | "||", a: Scalar, b: Scalar, at: OperatorSpans): Value {
  for (const x of [a, b]) if (!isCondition(context, x)) return poison(at.span);
  const decisive = operator === "||";
  for (const [x, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (x.constant === decisive) return boolConstant(decisive, at.span);
    if (x.constant === !decisive) return other;
  }
  const build = (): Expr => context.at(at.span, apply(LOGIC[operator], exprOf(a, "bool"), exprOf(b, "bool")));
  return scalar("bool", at.span, build, { pure: a.pure && b.pure });
}

/** Is it a bool? Reports if not; `isOperand` where an operator binds tighter than a comparison. */
export function isCondition(context: Context, value: Scalar, isOperand = false): boolean {
  if (value.type === "unknown" || (value.type !== "index" && value.type !== "real" && isBool(value.type))) return true;
  const comparison = `${shortText(value.span)} != 0`;
  context.report("E2026", {
    span: value.span,
    message: `a condition must be bool, and this is ${typeName(value.type)}`,
    help: [`write ${isOperand ? `(${comparison})` : comparison}`],
  });
  return false;
}

/** `-x` and `!c`. */
export function unary(context: Context, operator: UnaryOperator, operand: Value, at: OperatorSpans): Value {
  return lift(context, [operand], at.span, ([x]) => {
    if (x === undefined) return poison(at.span);
    if (operator === "!") {
      if (!isCondition(context, x, true)) return poison(at.span);
      if (typeof x.constant === "boolean") return boolConstant(!x.constant, at.span);
      return scalar("bool", at.span, () => context.at(at.span, apply("not", exprOf(x, "bool"))), { pure: x.pure });
    }
    const type = arithmeticType(x.type);
    if (type === null)
      return wrongOperands(context, at, "`-` is for numbers, and this is bool", [`write !${shortText(x.span)}`]);
    return operation(context, "neg", [x], type, at.span);
  });
}

/** `c ? a : b`; a condition that is known leaves only its branch. */
export function conditional(context: Context, cond: Scalar, yes: Value, no: Value, span: Span): Value {
  if (yes.kind === "tuple" && no.kind === "tuple" && yes.elements.length === no.elements.length) {
    const elements = yes.elements.map((e, n) => conditional(context, cond, e, no.elements[n] ?? poison(span), span));
    return { kind: "tuple", elements, names: yes.names, span };
  }
  return lift(context, [cond, yes, no], span, ([c, a, b]) => {
    if (a === undefined || b === undefined || c === undefined) return poison(span);
    return choose(context, c, a, b, { span, lazy: true });
  });
}

/** A branch (`lazy`), or the function `select`. */
export function choose(
  context: Context,
  cond: Scalar,
  yes: Scalar,
  no: Scalar,
  how: { readonly span: Span; readonly lazy: boolean },
): Value {
  const { span } = how;
  if (!isCondition(context, cond)) return poison(span);
  const type = meet(context, yes, no, { span, operatorSpan: span });
  if (type === null) return poison(span);
  if (typeof cond.constant === "boolean") return retype(cond.constant ? yes : no, type, span);
  const pure = cond.pure && yes.pure && no.pure;
  const build = (t: ScalarType): Expr =>
    context.at(span, select(exprOf(cond, "bool"), exprOf(yes, t), exprOf(no, t), how.lazy));
  return scalar(type, span, build, { pure, choices: type === "index" ? [yes, no] : null });
}

/** The same value in a wider type. */
function retype(value: Scalar, type: ValueType, span: Span): Scalar {
  if (value.type === type) return value;
  const constant = type === "real" && typeof value.constant === "bigint" ? Number(value.constant) : value.constant;
  return scalar(type, span, (t) => exprOf(value, t), { constant, pure: value.pure });
}

/** Longest run of multiplications that `x ** n` is written out as. */
const LARGEST_POWER = 64n;

function power(context: Context, base: Scalar, exponent: Scalar, at: OperatorSpans): Value {
  const n = exponent.constant;
  const common = promote(base.type, exponent.type);
  if (common === "bool") {
    context.report("E2023", {
      span: at.span,
      message: "`**` is for numbers, and these are conditions",
      help: [`write i32(${shortText(base.span)}) ** …`],
    });
    return poison(at.span);
  }
  if (common === null) {
    meet(context, base, exponent, at);
    return poison(at.span);
  }
  if (exponent.type === "index" && typeof n === "bigint") {
    if (n > LARGEST_POWER && !isReal(base.type)) return tooLarge(context, base, n, at);
    if (n >= 0n && n <= LARGEST_POWER) return naturalPower(context, base, Number(n), at);
    if (n < 0n && -n <= LARGEST_POWER && isReal(base.type)) {
      const below = naturalPower(context, base, Number(-n), at);
      return below.kind === "scalar" ? divide(context, realConstant(1, at.span), below, at) : below;
    }
  }
  if (base.type === "unknown" || isReal(base.type) || isReal(exponent.type)) {
    const type = common === "index" ? "real" : common;
    const pure = base.pure && exponent.pure;
    if (base.constant !== null && exponent.constant !== null)
      return realConstant(Number(base.constant) ** Number(exponent.constant), at.span);
    const build = (t: ScalarType): Expr => context.at(at.span, apply("pow", exprOf(base, t), exprOf(exponent, t)));
    return scalar(type, at.span, build, { pure });
  }
  return wrongOperands(context, at, "the exponent of an integer must be a number or a generic that is not negative", [
    n === null
      ? `write pow(f32(${shortText(base.span)}), f32(${shortText(exponent.span)})) for floats`
      : `write f32(${shortText(base.span)}) ** ${String(n)} for floats`,
  ]);
}

function tooLarge(context: Context, base: Scalar, n: bigint, at: OperatorSpans): Poison {
  return wrongOperands(context, at, `an integer to the power ${n} is out of every range`, [
    `write f32(${shortText(base.span)}) ** ${n} for floats`,
  ]);
}

/** By repeated squaring of one shared value. */
function naturalPower(context: Context, base: Scalar, n: number, at: OperatorSpans): Value {
  const type = arithmeticType(base.type);
  if (type === null) return poison(at.span);
  if (typeof base.constant === "bigint") return indexConstant(base.constant ** BigInt(n), at.span);
  if (typeof base.constant === "number") return realConstant(base.constant ** n, at.span);
  const build = (t: ScalarType): Expr => {
    if (n === 0) return literal(t, 1);
    const value = exprOf(base, t);
    if (n === 1) return value;
    if (t === "index" || value.kind === "var") return context.at(at.span, chain(context, value, n, at.span));
    const bound = context.at(base.span, variable(t, context.fresh("v"), "x"));
    return context.at(at.span, letIn(bound, value, chain(context, bound, n, at.span)));
  };
  return scalar(type, at.span, build, { pure: base.pure });
}

function chain(context: Context, x: Expr, n: number, span: Span): Expr {
  const times = (a: Expr, b: Expr): Expr =>
    context.at(span, x.type === "index" ? applyIndex("mul", a, b) : apply("mul", a, b));
  if (n === 1) return x;
  if (n % 2 === 1) return times(chain(context, x, n - 1, span), x);
  const half = chain(context, x, n / 2, span);
  return times(half, half);
}
