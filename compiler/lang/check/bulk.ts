/**
 * `bulk m = max[k](x), l = sum[k](exp(x - m));`: how a reducer reduces a whole block of points at once. The index of each
 * reduction runs over the block, a parameter inside it is its value there, and an equation sees the results before it.
 */
import type { DType } from "../../ir/dtype.ts";
import type { Bulk, Expr, Var } from "../../ir/expr.ts";
import { variable } from "../../ir/expr.ts";
import { children } from "../../ir/walk.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env } from "./context.ts";
import { declare, evaluateScalar } from "./parts.ts";
import { Scope } from "./scope.ts";
import { convert } from "./types.ts";
import type { Scalar } from "./value.ts";
import { exprOf, scalar } from "./value.ts";

type Component = { readonly name: Ast.Name; readonly dtype: DType };

/** The equations in the order in which they are written; "wrong" after a report, null where there are none. */
export function bulkOf(
  context: Context,
  place: (scope: Scope) => Env,
  node: Ast.Reducer,
  params: readonly Var[],
  results: readonly Component[],
): Bulk | null | "wrong" {
  if (node.bulk.length === 0) return null;
  const size = variable("index", context.fresh("d"), "block");
  context.polys.poly(size); // so that messages know its name
  const block = scalar("index", node.span, () => size, { pure: true });
  const scope = new Scope();
  params.forEach((v, n) => {
    const { name, span } = node.params[n] ?? node;
    declareNumber(context, scope, name, v, span);
  });
  const env = { ...place(scope), block };
  const equations: Bulk["equations"][number][] = [];
  for (const e of node.bulk) {
    const component = results.findIndex((r) => r.name.text === e.name.text);
    const result = results[component];
    if (result === undefined) return unknownResult(context, e, results);
    if (equations.some((before) => before.component === component)) return isTwice(context, e);
    const value = valueOf(context, env, e, result, params);
    if (value === null) return "wrong";
    const v = variable(result.dtype, context.fresh("v"), e.name.text);
    equations.push({ component, variable: v, value });
    declareNumber(context, env.scope, e.name, v, e.span);
  }
  const missing = results.find((_, n) => !equations.some((e) => e.component === n));
  if (missing === undefined) return { size, equations };
  context.report("E2009", {
    span: node.bulk[0]?.span ?? node.span,
    message: `\`bulk\` gives all results of \`${node.name.text}\`, and \`${missing.name.text}\` has no equation`,
    help: [`write ${missing.name.text} = …, too`],
  });
  return "wrong";
}

function declareNumber(context: Context, scope: Scope, name: Ast.Name, v: Var, span: Span): void {
  const value: Scalar = scalar(v.type, span, () => v);
  declare(context, scope, scope, name, { kind: "value", role: "parameter", value, span });
}

function unknownResult(context: Context, e: Ast.BulkEquation, results: readonly Component[]): "wrong" {
  context.report("E2010", {
    span: e.name.span,
    message: `\`${e.name.text}\` is no result of this reducer`,
    help: [`its results are ${results.map((r) => r.name.text).join(", ")}`],
  });
  return "wrong";
}

function isTwice(context: Context, e: Ast.BulkEquation): "wrong" {
  context.report("E2009", { span: e.span, message: `\`${e.name.text}\` has two equations in this \`bulk\`` });
  return "wrong";
}

function valueOf(
  context: Context,
  env: Env,
  e: Ast.BulkEquation,
  result: Component,
  params: readonly Var[],
): Expr | null {
  const value = evaluateScalar(context, { ...env, equation: e.value.span }, e.value);
  if (value === null || value.type === "unknown") return null;
  const converted = convert(context, value, result.dtype, `the result \`${result.name.text}\``);
  if (converted.kind === "poison") return null;
  const built = exprOf(converted, result.dtype);
  const alone = elementOutside(built, new Set(params.map((p) => p.id)));
  if (alone === null) return built;
  context.report("E2029", {
    span: e.value.span,
    message: `\`${alone.name}\` is one element for each point of the block, and one number is needed here`,
    help: [`reduce it: sum[k](${alone.name})`],
  });
  return null;
}

/** A parameter that stands in no reduction. */
function elementOutside(e: Expr, params: ReadonlySet<string>): Var | null {
  if (e.kind === "var") return params.has(e.id) ? e : null;
  if (e.kind === "reduce") return null;
  for (const child of children(e)) {
    const found = elementOutside(child, params);
    if (found !== null) return found;
  }
  return null;
}
