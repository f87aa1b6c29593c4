/**
 * Scalar functions of the program. A call is expanded where it stands: arguments become `let`s, the body is checked with
 * the dtypes that the call gives. Functions may not call themselves.
 */
import type { DType } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { variable } from "../../ir/expr.ts";
import { invariant } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env } from "./context.ts";
import { LIMITS } from "./context.ts";
import { asScalar, bindLet, declare, evaluate } from "./parts.ts";
import { bindGenerics, inferTypes, resolveType } from "./generics.ts";
import { splitArguments } from "./split-arguments.ts";
import type { BoundGenerics } from "./generics.ts";
import { declaredRange } from "./header.ts";
import { lift } from "./lift.ts";
import type { FnEntity } from "./program-table.ts";
import { Scope } from "./scope.ts";
import { convert } from "./types.ts";
import type { Scalar, Value } from "./value.ts";
import { exprOf, isWhole, poison, scalar } from "./value.ts";

/** May this function or kernel be expanded here? Reports recursion and chains that are too long. */
export function mayExpand(context: Context, env: Env, node: Ast.Kernel | Ast.Fn | Ast.Reducer, span: Span): boolean {
  const name = node.name.text;
  const first = env.calls.indexOf(node);
  if (first >= 0) {
    const between = env.calls.slice(first + 1).map((c) => c.name.text);
    context.report("E2040", {
      span,
      message: `\`${name}\` calls itself${between.length === 0 ? "" : ` through ${between.join(", ")}`}`,
      notes: ["kernels and functions are expanded where they are called, so a call of itself would never end"],
      help: ["use a recurrence: rec … init …"],
    });
    return false;
  }
  if (env.calls.length < LIMITS.calls) return true;
  context.exhaust(span, `calls nest deeper than ${LIMITS.calls}`, env);
  return false;
}

export function callFn(context: Context, env: Env, e: Ast.Call, fn: FnEntity): Value {
  const { node } = fn;
  const name = node.name.text;
  const mistakes = fn.home.wrong.get(node);
  if (mistakes !== undefined) {
    context.refer(mistakes);
    return poison(e.span);
  }
  const given = splitArguments(context, name, e, node.params, node.generics);
  if (given === null || !mayExpand(context, env, node, e.span)) return poison(e.span);
  const args = given.positional.map((a) =>
    a.value.kind === "string" ? poison(a.span) : evaluate(context, env, a.value),
  );
  const hint = name;
  return lift(context, args, e.span, (scalars) => expandFn(context, env, e, fn, scalars, given.named), hint);
}

function expandFn(
  context: Context,
  env: Env,
  e: Ast.Call,
  { node, home }: FnEntity,
  args: readonly Scalar[],
  named: ReadonlyMap<string, Ast.Argument>,
): Value {
  const inferred = inferTypes(
    node.generics,
    node.params,
    args.map((a) => a.type),
  );
  const sources = { args: named, env, given: new Map(), inferred, dims: new Map(), span: e.span, home };
  const generics = bindGenerics(context, node.generics, sources);
  if (!generics.complete) return poison(e.span);
  const scope = new Scope();
  const wraps: ((body: Value) => Value)[] = [];
  const head = headOf(context, env, { node, home }, generics);
  for (const [n, p] of node.params.entries()) {
    const dtype = paramType(context, p, generics.types);
    const values = declaredRange(context, head, p.type.range);
    const arg = args[n];
    if (dtype === null || arg === undefined || (p.type.range !== null && values === null)) return poison(e.span);
    const converted = convert(context, arg, dtype, `parameter \`${p.name.text}\` of \`${node.name.text}\``);
    if (converted.kind === "poison") return converted;
    const bound = bindLet(context, p.name, typed(converted, dtype));
    declare(context, scope, scope, p.name, { kind: "value", role: "parameter", value: bound.value, span: p.name.span });
    if (values !== null) claimArgument(context, bound.value, p, node, { values, span: arg.span });
    wraps.push(bound.wrap);
  }
  const inside: Env = {
    ...env,
    module: home,
    scope: withGenerics(context, scope, node.generics, generics),
    types: generics.types,
    isFn: true,
    calls: [...env.calls, node],
    origin: env.origin ?? e.span,
    subscript: false,
    equation: null,
    block: null,
  };
  const body: Value = fnBody(context, inside, node) ?? poison(e.span);
  return wraps.reduceRight<Value>((value, wrap) => wrap(value), body);
}

/** What the head of a function or reducer sees: its generics. */
export function headOf(
  context: Context,
  env: Env,
  { node, home }: { readonly node: Ast.Fn | Ast.Reducer; readonly home: Env["module"] },
  generics: BoundGenerics,
): Env {
  const scope = withGenerics(context, new Scope(), node.generics, generics);
  return { ...env, module: home, scope, types: generics.types, isFn: true, subscript: false, equation: null };
}

/** The argument that a variable stands for lies in the parameter's range: what is left to prove. */
export function claimArgument(
  context: Context,
  value: Value,
  p: Ast.Param,
  callee: Ast.Fn | Ast.Reducer,
  { values, span }: { readonly values: DimRange; readonly span: Span },
): void {
  if (value.kind !== "scalar" || value.type === "index" || value.type === "real" || value.type === "unknown") return;
  const bound = value.build(value.type);
  invariant(bound.kind === "var", "an argument has a variable");
  const why = `parameter \`${p.name.text}\` of \`${callee.name.text}\` is declared in this range`;
  context.claims.push({ tensor: bound.id, ...values, span, why });
}

/** The generics as names of their own. */
export function withGenerics(
  context: Context,
  scope: Scope,
  declared: readonly Ast.GenericParam[],
  bound: BoundGenerics,
): Scope {
  for (const g of declared) {
    const value = bound.values.get(g.name.text);
    if (value !== undefined)
      declare(context, scope, scope, g.name, { kind: "value", role: "generic", value, span: g.name.span });
  }
  return scope;
}

/** The body as a value of the declared dtype. */
function fnBody(context: Context, inside: Env, node: Ast.Fn): Scalar | null {
  const result = resolveType(context, node.result, inside.types);
  const body = asScalar(context, evaluate(context, inside, node.body), node.body.span);
  if (result === null || body === null) return null;
  const converted = convert(context, body, result, `the value of \`${node.name.text}\``);
  return converted.kind === "poison" ? null : typed(converted, result);
}

/** A value in exactly this dtype; constants stay known. */
function typed(value: Scalar, dtype: DType): Scalar {
  if (value.type === dtype || value.type === "unknown") return value;
  return scalar(dtype, value.span, () => exprOf(value, dtype), { pure: value.pure });
}

/** The dtype of a scalar parameter; a shape has no meaning for a function or a reducer, a range has one for integers. */
export function paramType(context: Context, p: Ast.Param, types: ReadonlyMap<string, DType>): DType | null {
  if (p.type.shape.length > 0) {
    context.report("E2052", {
      span: p.type.span,
      message: "functions and reducers take numbers: a shape has no place here",
      help: [`write ${p.name.text}: ${p.type.dtype.text}`, "make it a kernel, which takes whole tensors"],
    });
    return null;
  }
  const dtype = resolveType(context, p.type.dtype, types);
  if (dtype === null || p.type.range === null || isWhole(dtype)) return dtype;
  context.report("E2023", {
    span: p.type.span,
    message: `a range is for integers, and \`${p.name.text}\` is ${dtype}`,
    help: ["remove the range"],
  });
  return null;
}

/** Checks a function by itself, with the defaults of its generics, so that mistakes show even where it is not called. */
export function checkFn(context: Context, env: Env, node: Ast.Fn): void {
  const sources = {
    args: new Map(),
    env,
    given: new Map(),
    inferred: new Map(),
    dims: new Map(),
    span: node.name.span,
    home: env.module,
  };
  const withDefaults = node.generics.filter((g) => g.defaultValue !== null || /^(dtype|any)/.test(g.sort.text));
  if (withDefaults.length < node.generics.length) return; // checked at its calls, where the numbers are known
  const generics = bindGenerics(context, node.generics, sources);
  if (!generics.complete) return;
  const scope = new Scope();
  const head = headOf(context, env, { node, home: env.module }, generics);
  for (const p of node.params) {
    const dtype = paramType(context, p, generics.types);
    if (dtype === null) return;
    if (p.type.range !== null && declaredRange(context, head, p.type.range) === null) return;
    const value = freeVariable(context, p.name, dtype);
    declare(context, scope, scope, p.name, { kind: "value", role: "parameter", value, span: p.name.span });
  }
  const inside: Env = {
    ...env,
    scope: withGenerics(context, scope, node.generics, generics),
    types: generics.types,
    isFn: true,
    calls: [node],
  };
  fnBody(context, inside, node);
}

/** A variable that stands for itself. */
function freeVariable(context: Context, name: Ast.Name, dtype: DType): Scalar {
  const v = variable(dtype, context.fresh("v"), name.text);
  return scalar(dtype, name.span, (): Expr => v);
}
