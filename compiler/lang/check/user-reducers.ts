/**
 * A user's `reducer`: identity, lift and combine as expressions over variables of their own, one per component. It is
 * checked once for each choice of generics and shared by the reductions that use it.
 */
import type { DType } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import type { Expr, UserReducer, Var } from "../../ir/expr.ts";
import { letIn, variable } from "../../ir/expr.ts";
import { invariant, known } from "../../support/invariant.ts";
import type * as Ast from "../ast.ts";
import { bulkOf } from "./bulk.ts";
import type { Context, Env } from "./context.ts";
import { asScalar, declare, evaluate, takeApart } from "./parts.ts";
import { claimArgument, headOf, mayExpand, paramType, withGenerics } from "./fns.ts";
import type { BoundGenerics } from "./generics.ts";
import { bindGenerics, inferTypes } from "./generics.ts";
import { splitArguments } from "./split-arguments.ts";
import { declaredRange } from "./header.ts";
import type { ReducerEntity } from "./program-table.ts";
import { Scope } from "./scope.ts";
import { convert } from "./types.ts";
import type { Scalar, Value } from "./value.ts";
import { exprOf, scalar } from "./value.ts";

type InstantiatedReducer = {
  readonly reducer: UserReducer;
  readonly args: readonly Scalar[];
  readonly types: readonly (DType | "unknown")[];
  readonly names: readonly string[];
};

const LAWS = ["associative", "commutative"] as const;
const isLaw = (word: string): word is (typeof LAWS)[number] => (LAWS as readonly string[]).includes(word);

/** The reducer and its converted arguments for one reduction; null after a report. */
export function userReducer(
  context: Context,
  env: Env,
  { node, home }: ReducerEntity,
  e: Ast.Reduction,
  values: readonly Value[],
): InstantiatedReducer | null {
  const name = node.name.text;
  const given = splitArguments(context, name, e, node.params, node.generics);
  if (given === null || !mayExpand(context, env, node, e.span)) return null;
  const scalars: Scalar[] = [];
  for (const [n, a] of e.args.entries()) {
    if (a.name !== null) continue;
    const value = asScalar(context, known(values[n], "an argument"), a.span);
    if (value === null) return null;
    scalars.push(value);
  }
  const inferred = inferTypes(
    node.generics,
    node.params,
    scalars.map((a) => a.type),
  );
  const sources = { args: given.named, env, given: new Map(), inferred, dims: new Map(), span: e.span, home };
  const generics = bindGenerics(context, node.generics, sources);
  if (!generics.complete) return null;
  const reducer = instantiate(context, { ...env, module: home }, node, generics);
  if (reducer === null) return null;
  const head = headOf(context, env, { node, home }, generics);
  const args: Scalar[] = [];
  const types: (DType | "unknown")[] = [];
  for (const [n, v] of reducer.params.entries()) {
    const arg = known(scalars[n], "an argument");
    const dtype = dtypeOf(v);
    const converted = convert(context, arg, dtype, `parameter \`${v.name}\` of \`${name}\``);
    if (converted.kind === "poison") return null;
    const p = known(node.params[n], "a parameter");
    const range = declaredRange(context, head, p.type.range);
    args.push(range === null ? converted : ranged(context, converted, v, { node, p, values: range }));
    types.push(arg.type === "unknown" ? "unknown" : dtype);
  }
  return { reducer, args, types, names: node.results.map((r) => r.name.text) };
}

/** The argument under a name of its own, of which the range is claimed; in `lift` it is known of the parameter. */
function ranged(
  context: Context,
  arg: Scalar,
  param: Var,
  { node, p, values }: { readonly node: Ast.Reducer; readonly p: Ast.Param; readonly values: DimRange },
): Scalar {
  const dtype = dtypeOf(param);
  if (!context.claims.some((c) => c.tensor === param.id))
    claimArgument(
      context,
      scalar(dtype, arg.span, () => param),
      p,
      node,
      { values, span: arg.span },
    );
  const bound = variable(dtype, context.fresh("v"), param.name);
  claimArgument(
    context,
    scalar(dtype, arg.span, () => bound),
    p,
    node,
    { values, span: arg.span },
  );
  return scalar(dtype, arg.span, () => context.at(arg.span, letIn(bound, exprOf(arg, dtype), bound)));
}

function dtypeOf(v: Var): DType {
  invariant(v.type !== "index", "a reducer works on dtypes");
  return v.type;
}

function instantiate(context: Context, env: Env, node: Ast.Reducer, generics: BoundGenerics): UserReducer | null {
  const key = [
    ...[...generics.types].map(([n, t]) => `${n}=${t}`),
    ...[...generics.values].map(([n, v]) => `${n}=${String(v.constant)}`),
  ].join(" ");
  const instances = context.reducers.get(node) ?? new Map<string, UserReducer>();
  context.reducers.set(node, instances);
  const before = instances.get(key);
  if (before !== undefined) return before;
  const reducer = build(context, env, node, generics);
  if (reducer !== null) instances.set(key, reducer);
  return reducer;
}

function build(context: Context, env: Env, node: Ast.Reducer, generics: BoundGenerics): UserReducer | null {
  const place = (scope: Scope): Env => ({
    ...env,
    scope: withGenerics(context, scope, node.generics, generics),
    types: generics.types,
    isFn: true,
    stage: null,
    calls: [...env.calls, node],
    subscript: false,
    equation: null,
    block: null,
  });
  const paramTypes = node.params.map((p) => paramType(context, p, generics.types));
  const resultTypes = node.results.map((p) => paramType(context, p, generics.types));
  if (paramTypes.includes(null) || resultTypes.includes(null)) return null;
  const withRange = node.results.find((r) => r.type.range !== null);
  if (withRange !== undefined) {
    context.report("E2052", {
      span: withRange.type.span,
      message: "the results of a reducer have no ranges: nothing is known of what `combine` is given",
      help: [`write ${withRange.name.text}: ${withRange.type.dtype.text}, and a range where the result is stored`],
    });
    return null;
  }
  const head = place(new Scope());
  if (node.params.some((p) => p.type.range !== null && declaredRange(context, head, p.type.range) === null))
    return null;
  const results = node.results.map((r, n) => ({ name: r.name, dtype: known(resultTypes[n], "a dtype") }));
  const components = (scope: Scope, body: Ast.Expr, what: string): readonly Expr[] | null =>
    componentsOf(context, place(scope), body, results, what);

  const lifted = new Scope();
  const params = node.params.map((p, n) => {
    const dtype = known(paramTypes[n], "a dtype");
    const v = variable(dtype, context.fresh("v"), p.name.text);
    const value = scalar(dtype, p.name.span, () => v);
    declare(context, lifted, lifted, p.name, { kind: "value", role: "parameter", value, span: p.name.span });
    return v;
  });
  const combined = new Scope();
  const [left, right] = [node.combine.left, node.combine.right].map((side) => {
    const vars = results.map((r) => variable(r.dtype, context.fresh("v"), `${side.text}.${r.name.text}`));
    const fields = vars.map((v, n) => scalar(dtypeOf(v), known(results[n], "a component").name.span, () => v));
    const names = results.map((r) => r.name.text);
    const value: Value = { kind: "tuple", elements: fields, names, span: side.span };
    declare(context, combined, combined, side, { kind: "value", role: "parameter", value, span: side.span });
    return vars;
  });
  const identity = components(new Scope(), node.identity, "identity");
  const lift = components(lifted, node.lift, "lift");
  const combine = components(combined, node.combine.value, "combine");
  if (!checkLaws(context, node) || identity === null || lift === null || combine === null) return null;
  if (left === undefined || right === undefined) return null;
  const bulk = bulkOf(context, place, node, params, results);
  if (bulk === "wrong") return null;
  const laws = node.laws.map((l) => l.text).filter(isLaw);
  return { kind: "user", name: node.name.text, params, identity, lift, left, right, combine, laws, bulk };
}

function checkLaws(context: Context, node: Ast.Reducer): boolean {
  for (const law of node.laws) {
    if (isLaw(law.text)) continue;
    context.report("E2002", {
      span: law.span,
      message: `\`${law.text}\` is not a law`,
      help: [`the laws are ${LAWS.join(" and ")}; the identity is always one`],
    });
    return false;
  }
  return true;
}

/** A tuple with one element per component, each in its dtype. */
function componentsOf(
  context: Context,
  env: Env,
  body: Ast.Expr,
  results: readonly { readonly name: Ast.Name; readonly dtype: DType }[],
  what: string,
): readonly Expr[] | null {
  const value = evaluate(context, env, body);
  const [only] = results;
  const elements =
    results.length === 1 && value.kind !== "tuple" ? [value] : takeApart(context, value, results.length, body.span);
  if (only === undefined) return null;
  const exprs: Expr[] = [];
  for (const [n, r] of results.entries()) {
    const part = asScalar(context, known(elements[n], "a component"), body.span);
    if (part === null || part.type === "unknown") return null;
    const converted = convert(context, part, r.dtype, `component \`${r.name.text}\` of ${what}`);
    if (converted.kind === "poison") return null;
    exprs.push(exprOf(converted, r.dtype));
  }
  return exprs;
}

/** Checks a reducer by itself, with the defaults of its generics; null where it has none for some, or after a report. */
export function checkReducer(context: Context, env: Env, node: Ast.Reducer): UserReducer | null {
  const withDefaults = node.generics.filter((g) => g.defaultValue !== null || /^(dtype|any)/.test(g.sort.text));
  if (withDefaults.length < node.generics.length) return null;
  const sources = {
    args: new Map(),
    env,
    given: new Map(),
    inferred: new Map(),
    dims: new Map(),
    span: node.name.span,
    home: env.module,
  };
  const generics = bindGenerics(context, node.generics, sources);
  return generics.complete ? instantiate(context, env, node, generics) : null;
}
