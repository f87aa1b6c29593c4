/**
 * Calls: built-in functions and casts, fns, and kernels. Operands are brought to one dtype first; a built-in that is
 * spelled through others is expanded when the expression is built.
 */
import type { DType } from "../../ir/dtype.ts";
import { DTYPES, isBool, isFloat } from "../../ir/dtype.ts";
import { DERIVED_OPS } from "../../ir/derived-ops.ts";
import type { Expr, ScalarType } from "../../ir/expr.ts";
import { apply, cast, constant, letIn, variable } from "../../ir/expr.ts";
import type { CoreOp, OpRow } from "../../ir/ops.ts";
import { OPS } from "../../ir/ops.ts";
import { proveAtMost } from "../../analysis/prover.ts";
import { ZERO } from "../../analysis/polynomial.ts";
import { known } from "../../support/invariant.ts";
import { didYouMean } from "../../support/typos.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Bind, Builtin, Expansion, OperandClass } from "../builtins.ts";
import { BUILTINS, builtinReduction } from "../builtins.ts";
import type { Context, Env } from "./context.ts";
import { evaluate } from "./parts.ts";
import { SIZE_WORDS, insteadOfFunction, insteadOfReduction } from "./foreign-names.ts";
import { callFn } from "./fns.ts";
import { hereAre, refuseText } from "./split-arguments.ts";
import { applyIndex, foldIndex } from "./index-arithmetic.ts";
import { callKernel } from "./inline.ts";
import { lift } from "./lift.ts";
import { choose, meet } from "./operators.ts";
import type { Entity } from "./scope.ts";
import { castHelp, computingType, shortText } from "./types.ts";
import type { Scalar, Value, ValueType } from "./value.ts";
import {
  defaultType,
  exprOf,
  isReal,
  isWhole,
  poison,
  realConstant,
  indexConstant,
  scalar,
  typeName,
  typeOnly,
} from "./value.ts";

export function call(context: Context, env: Env, e: Ast.Call): Value {
  const name = e.callee.names.map((n) => n.text).join(".");
  // A generic dtype casts as the dtype does that it stands for.
  const builtin = BUILTINS.get(env.types.get(name) ?? name);
  if (builtin !== undefined) return callBuiltin(context, env, e, name, builtin);
  const declared = env.module.functions.get(name);
  switch (declared?.kind) {
    case "fn":
      return callFn(context, env, e, declared);
    case "kernel":
      return callKernel(context, env, e, declared, null);
    case "unusable":
      context.refer(declared.reason === null ? [] : [declared.reason]);
      for (const a of e.args) if (a.value.kind !== "string") evaluate(context, env, a.value);
      return poison(e.span);
    case "reducer":
    case undefined:
      for (const a of e.args) if (a.value.kind !== "string") evaluate(context, env, a.value);
      reportNoFunction(context, env, e, name, declared?.kind === "reducer");
      return poison(e.span);
    default:
      return declared satisfies undefined;
  }
}

function reportNoFunction(context: Context, env: Env, e: Ast.Call, name: string, isReducer: boolean): void {
  if (isReducer || builtinReduction(name) !== null) {
    context.report("E2014", {
      span: e.callee.span,
      message: `\`${name}\` is a reduction and needs its index`,
      help: [`write ${name}[k](…)`],
    });
    return;
  }
  if (isTensor(env.scope.find(name))) {
    const subscripts = e.args.map((a) => shortText(a.span)).join(", ");
    context.report("E2014", {
      span: e.callee.span,
      message: `\`${name}\` is a tensor, and its elements are read with brackets`,
      help: [`write ${name}[${subscripts === "" ? "…" : subscripts}]`],
    });
    return;
  }
  context.report("E2002", {
    span: e.callee.span,
    message: `no function or kernel is called \`${name}\``,
    missing: name,
    help: functionHelp(env, e, name),
  });
}

function isTensor(entity: Entity | null): boolean {
  if (entity?.kind === "value") return entity.value.kind === "tensor";
  return entity !== null && ["tensor", "result", "pending"].includes(entity.kind);
}

/** What to write instead; where nothing is near, what there is. */
function functionHelp(env: Env, e: Ast.Call, name: string): readonly string[] {
  const [first] = e.args;
  if (SIZE_WORDS.has(name) && first !== undefined)
    return [`sizes have names: write a dim of the shape of ${shortText(first.span)}, such as N in A: f32[N]`];
  const own = [...env.module.functions.keys()];
  const instead = insteadOfFunction(name, (plain) => BUILTINS.has(plain)) ?? insteadOfReduction(name);
  if (instead !== null) return [instead];
  const bits = `bit_${name}`;
  const near = BUILTINS.has(bits) ? bits : didYouMean(name, [...BUILTINS.keys(), ...own]);
  if (near !== null) return [`did you mean ${near} ?`];
  const builtin = [...BUILTINS].flatMap(([n, b]) => (b.kind === "cast" ? [] : [n]));
  return [
    ...(own.length === 0 ? [] : [`this file has ${some(own)}`]),
    `the built-in functions are ${builtin.join(" ")}`,
  ];
}

/** The first of a long list of names. */
function some(names: readonly string[]): string {
  return names.length <= 12 ? names.join(" ") : `${names.slice(0, 12).join(" ")} …`;
}

function arityOf(b: Builtin): number {
  switch (b.kind) {
    case "operation":
    case "composite":
      return b.arity;
    case "cast":
      return 1;
    case "select":
      return 3;
    default:
      return b satisfies never;
  }
}

function callBuiltin(context: Context, env: Env, e: Ast.Call, name: string, builtin: Builtin): Value {
  const args = e.args.map((a) => (a.value.kind === "string" ? poison(a.span) : evaluate(context, env, a.value)));
  for (const { value } of e.args) {
    if (value.kind !== "string") continue;
    refuseText(context, value);
    return poison(e.span);
  }
  const named = e.args.find((a) => a.name !== null);
  if (named !== undefined) {
    context.report("E2013", { span: named.span, message: `\`${name}\` takes its arguments by position` });
    return poison(e.span);
  }
  const arity = arityOf(builtin);
  if (args.length !== arity) {
    context.report("E2013", {
      span: e.span,
      message: `\`${name}\` takes ${arity} ${arity === 1 ? "argument" : "arguments"}, and ${hereAre(args.length)}`,
      help:
        arity === 2 && args.length === 3 && (name === "max" || name === "min")
          ? [`write ${name}(${name}(a, b), c)`]
          : [],
    });
    return poison(e.span);
  }
  return lift(context, args, e.span, (scalars) => applyBuiltin(context, name, builtin, scalars, e.span), name);
}

function applyBuiltin(context: Context, name: string, builtin: Builtin, args: readonly Scalar[], span: Span): Value {
  if (builtin.kind === "cast") return castTo(context, name, builtin, known(args[0], "the operand"), span);
  if (builtin.kind === "select") {
    const [c, a, b] = args;
    if (c === undefined || a === undefined || b === undefined) return poison(span);
    return choose(context, c, a, b, { span, lazy: false });
  }
  const type = operandType(context, name, builtin.operands, args, span);
  if (type === null) return poison(span);
  if (builtin.kind === "composite") return expand(context, builtin, args, type, span);
  return applyOperation(context, builtin, args, builtin.bits && type === "index" ? "i32" : type, span);
}

/** The one type of all operands; reports where they have none or it is of the wrong class. */
function operandType(
  context: Context,
  name: string,
  wanted: OperandClass,
  args: readonly Scalar[],
  span: Span,
): ValueType | null {
  let type: ValueType = "unknown";
  for (const [n, a] of args.entries()) {
    const before = known(args[Math.max(0, n - 1)], "an operand");
    const common = meet(context, { ...before, type: n === 0 ? a.type : type }, a, { span, operatorSpan: span });
    if (common === null) return null;
    type = computingType(common);
  }
  const inClass = classify(type, wanted);
  if (inClass !== null) return inClass;
  const [first] = args;
  const text = first === undefined ? "x" : shortText(first.span);
  const help =
    wanted === "float" && isWhole(type) ? castHelp(type, "f32", text) : wanted === "i32" ? `write i32(${text})` : null;
  context.report("E2023", {
    span,
    message: `\`${name}\` is for ${CLASS_NAMES[wanted]}, and this is ${typeName(type)}`,
    help: help === null ? [] : [help],
  });
  return null;
}

const CLASS_NAMES: Readonly<Record<OperandClass, string>> = {
  float: "floats",
  int: "integers",
  number: "numbers",
  "number or bool": "numbers or conditions",
  i32: "i32",
};

function classify(type: ValueType, wanted: OperandClass): ValueType | null {
  if (type === "unknown") return type;
  const isBoolType = type !== "index" && type !== "real" && isBool(type);
  switch (wanted) {
    case "float":
      return type === "index" ? "real" : isReal(type) ? type : null;
    case "int":
      return isWhole(type) ? type : null;
    case "number":
      return isBoolType ? null : type;
    case "number or bool":
      return type;
    case "i32":
      return type === "i32" || type === "index" || type === "i8" || type === "u8" || type === "i16" || type === "u16"
        ? "i32"
        : null;
    default:
      return wanted satisfies never;
  }
}

type OperationRow = Extract<Builtin, { kind: "operation" }>;

function applyOperation(
  context: Context,
  row: OperationRow,
  args: readonly Scalar[],
  type: ValueType,
  span: Span,
): Value {
  const { op } = row;
  const pure = args.every((a) => a.pure);
  const core = isCore(op) ? op : null;
  if (type === "index" && core !== null) {
    const folded = foldIndex(
      core,
      args.map((a) => (typeof a.constant === "bigint" ? a.constant : null)),
    );
    if (typeof folded === "bigint") return indexConstant(folded, span);
    return scalar("index", span, () => context.at(span, applyIndex(core, ...args.map((a) => exprOf(a, "index")))), {
      pure,
    });
  }
  if (type === "real") {
    const folded = foldFloat(op, args);
    if (folded !== null) return realConstant(folded, span);
  }
  return scalar(type, span, (t) => context.at(span, apply(op, ...args.map((a) => exprOf(a, t)))), { pure });
}

function isCore(op: string): op is CoreOp {
  return Object.hasOwn(OPS, op);
}

/** The value of a function of numbers, to be rounded once. */
function foldFloat(op: OperationRow["op"], args: readonly Scalar[]): number | null {
  const values = args.flatMap((a) => (a.constant === null ? [] : [Number(a.constant)]));
  if (values.length !== args.length) return null;
  const [a, b, c] = [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0];
  if (!isCore(op)) return DERIVED_OPS[op].reference(a, b);
  const row: OpRow = OPS[op];
  const value = row.float?.(a, b, c);
  return typeof value === "number" ? value : null;
}

type Composite = Extract<Builtin, { kind: "composite" }>;

function expand(context: Context, row: Composite, args: readonly Scalar[], type: ValueType, span: Span): Value {
  const expandAt = (t: ScalarType): Expr => {
    const expansion: Expansion = { bind: binder(context, span), isNatural: (x) => isNatural(context, x) };
    return mark(
      context,
      span,
      row.expand(
        args.map((a) => exprOf(a, t)),
        expansion,
      ),
    );
  };
  const pure = args.every((a) => a.pure);
  if (row.result === "same") return scalar(type, span, expandAt, { pure });
  const operand = defaultType(type);
  return scalar("bool", span, () => expandAt(operand === "unknown" ? "f32" : operand), { pure });
}

/** Gives every node that an expansion made the place of the call. */
function mark(context: Context, span: Span, e: Expr): Expr {
  if (context.spans.has(e)) return e;
  context.at(span, e);
  if (e.kind === "apply") for (const a of e.args) mark(context, span, a);
  if (e.kind === "select") for (const a of [e.cond, e.yes, e.no]) mark(context, span, a);
  if (e.kind === "let") for (const a of [e.value, e.body]) mark(context, span, a);
  if (e.kind === "cast") mark(context, span, e.arg);
  return e;
}

function binder(context: Context, span: Span): Bind {
  return (value, body) => {
    if (value.kind === "const" || value.kind === "var") return body(value);
    const bound = variable(value.type, context.fresh("v"), "x");
    if (isWhole(value.type === "bool" ? "unknown" : value.type)) context.polys.bind(bound, value);
    return context.at(span, letIn(bound, value, body(bound)));
  };
}

/** Is an integer provably at least 0 here, from range types? */
function isNatural(context: Context, e: Expr): boolean {
  const { polys } = context;
  const p = polys.poly(e);
  return proveAtMost(polys.withOpaque(context.facts, p), ZERO, p).proved;
}

// ---- casts ----

type CastRow = Extract<Builtin, { kind: "cast" }>;

function castTo(context: Context, name: string, row: CastRow, value: Scalar, span: Span): Value {
  const { dtype, mode } = row;
  const { type, pure } = value;
  if (type === "unknown") return typeOnly(dtype, span);
  const from = type === "index" || type === "real" ? null : type;
  const problem = castProblem(dtype, mode, type, shortText(value.span));
  if (problem !== null) {
    context.report("E2025", {
      span,
      message: `\`${name}\` of ${typeName(type)}: ${problem.message}`,
      help: [problem.help],
    });
    return poison(span);
  }
  const literal = value.constant;
  if (mode === "exact" && from === null && literal !== null && typeof literal !== "boolean" && fits(dtype, literal))
    return scalar(dtype, span, () => context.at(span, constant(dtype, isFloat(dtype) ? Number(literal) : literal)), {
      pure: true,
    });
  const source: ScalarType = from ?? (type === "real" ? "f32" : "index");
  if (type === "real" && mode === "exact")
    return scalar(dtype, span, () => context.at(span, value.build(dtype)), { pure });
  const build = (): Expr => {
    const arg = exprOf(value, source);
    return context.at(span, arg.type === dtype ? arg : cast(dtype, mode, arg));
  };
  return scalar(dtype, span, build, { pure });
}

function fits(dtype: DType, literal: number | bigint): boolean {
  const row = DTYPES[dtype];
  if (row.kind === "float") return true;
  return typeof literal === "bigint" && literal >= row.min && literal <= row.max;
}

function castProblem(
  to: DType,
  mode: CastRow["mode"],
  from: ValueType,
  text: string,
): { readonly message: string; readonly help: string } | null {
  if (to === "bool")
    return from === "bool" ? null : { message: "nothing but a comparison makes a bool", help: `write ${text} != 0` };
  if (!isReal(from) || isFloat(to)) return null;
  if (mode === "wrap") return { message: "a float has no bits to wrap", help: `write sat_${to}(${text})` };
  return mode === "saturate"
    ? null
    : { message: "a float may not fit", help: `write sat_${to}(${text}), which truncates and saturates` };
}
