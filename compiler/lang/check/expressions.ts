/**
 * From syntax to values: one function per form of expression. Names are resolved here; what accesses, reductions and
 * calls mean is in files of their own. Every mistake is reported where it stands and leaves a poison, which keeps what
 * uses it silent.
 */
import type { Expr } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import { spanText } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import { access } from "./access.ts";
import { element } from "./element.ts";
import { call } from "./calls.ts";
import type { Context, Env } from "./context.ts";
import { LIMITS } from "./context.ts";
import { asScalar, bindLet, declare, evaluate, reportPending, reportUnknown, takeApart } from "./parts.ts";
import { binary, conditional, unary } from "./operators.ts";
import { reduction } from "./reductions.ts";
import { SIZE_WORDS } from "./foreign-names.ts";
import type { Entity } from "./scope.ts";
import { Scope } from "./scope.ts";
import type { Scalar, TensorSymbol, TensorValue, Value } from "./value.ts";
import { boolConstant, indexConstant, poison, realConstant, scalar } from "./value.ts";

/** The value of an expression; parts.ts reaches it through the context. */
export function evaluateExpression(context: Context, outer: Env, e: Ast.Expr): Value {
  const env = { ...outer, nesting: outer.nesting + 1 };
  if (!context.spend(e.span, env)) return poison(e.span);
  if (env.nesting > LIMITS.depth) {
    context.exhaust(e.span, `expressions nest deeper than ${LIMITS.depth} levels`, env);
    return poison(e.span);
  }
  switch (e.kind) {
    case "integer":
      return indexConstant(e.value, e.span);
    case "float":
      return realConstant(Number(e.text), e.span);
    case "boolean":
      return boolConstant(e.value, e.span);
    case "constant":
      return realConstant(e.name === "inf" ? Infinity : Number.NaN, e.span);
    case "path":
      return path(context, env, e);
    case "unary":
      return unary(context, e.operator, evaluate(context, env, e.operand), { span: e.span, operatorSpan: e.span });
    case "binary": {
      const left = evaluate(context, env, e.left);
      return binary(context, e.operator, left, evaluate(context, env, e.right), e);
    }
    case "conditional":
      return branches(context, env, e);
    case "letIn":
      return letExpression(context, env, e);
    case "tuple":
      return { kind: "tuple", elements: e.elements.map((x) => evaluate(context, env, x)), names: null, span: e.span };
    case "access":
      return access(context, env, e);
    case "reduction":
      return reduction(context, env, e);
    case "call":
      return call(context, env, e);
    default:
      return e satisfies never;
  }
}

function branches(context: Context, env: Env, e: Ast.Conditional): Value {
  const chosen = evaluate(context, env, e.condition);
  const isWhole = chosen.kind === "tensor" && env.stage?.axes.length === 0;
  if (isWhole)
    context.report("E2029", {
      span: e.condition.span,
      message: "`? :` chooses by one condition, and this is one for each element of a tensor",
      help: ["write select(c, a, b), which takes whole tensors", "write the equation with indices on the left"],
    });
  const cond = isWhole ? null : asScalar(context, chosen, e.condition.span);
  const inside = { ...env, depth: env.depth + 1 };
  const yes = evaluate(context, inside, e.whenTrue);
  const no = evaluate(context, inside, e.whenFalse);
  return cond === null ? poison(e.span) : conditional(context, cond, yes, no, e.span);
}

// ---- names ----

function path(context: Context, env: Env, e: Ast.Path): Value {
  const [first, second, third] = e.names;
  const entity = env.scope.find(first.text);
  if (entity === null) {
    reportUnknown(context, env, first);
    return poison(e.span);
  }
  if (third !== undefined) return noField(context, e, third, []);
  return second === undefined ? nameValue(context, entity, e) : field(context, entity, e, second);
}

function nameValue(context: Context, entity: Entity, e: Ast.Path): Value {
  switch (entity.kind) {
    case "value":
      return use(context, entity.value, e.span);
    case "tensor":
      return tensorValue(context, entity.symbol, e.span);
    case "result": {
      const [only, other] = entity.outputs;
      if (only !== undefined && other === undefined) return outputValue(context, only.value, e.span);
      const name = e.names[0].text;
      context.report("E2028", {
        span: e.span,
        message: `\`${name}\` has the outputs ${entity.outputs.map((o) => o.name).join(", ")}`,
        help: entity.outputs.slice(0, 2).map((o) => `write ${name}.${o.name}`),
      });
      return poison(e.span);
    }
    case "pending":
      reportPending(context, e);
      return poison(e.span);
    case "poison":
      return poison(e.span);
    default:
      return entity satisfies never;
  }
}

/** What a called kernel gave, under the span of its use. */
function outputValue(context: Context, value: TensorValue, span: Span): Value {
  return value.symbol === null ? { ...value, span } : tensorValue(context, value.symbol, span);
}

/** The tensor as a value; a scalar one is read at once. */
function tensorValue(context: Context, symbol: TensorSymbol, span: Span): Value {
  const at = (indices: readonly Scalar[]): Value => element(context, symbol, indices, { span });
  if (symbol.dims.length === 0) return at([]);
  const operand = { name: spanText(span), span };
  return { kind: "tensor", dims: symbol.dims, at, symbol, hint: symbol.name, operand, span };
}

/** A value under a new span; a variable becomes a node of its own, so that its place is this use. */
function use(context: Context, value: Value, span: Span): Value {
  if (value.kind !== "scalar" || value.constant !== null || value.type !== "index") return { ...value, span };
  const build = (): Expr => {
    const e = value.build("index");
    return e.kind === "var" ? context.at(span, { ...e }) : e;
  };
  return scalar("index", span, build, { pure: value.pure });
}

function field(context: Context, entity: Entity, e: Ast.Path, name: Ast.Name): Value {
  if (entity.kind === "result") {
    const output = entity.outputs.find((o) => o.name === name.text);
    const names = entity.outputs.map((o) => o.name);
    return output === undefined ? noField(context, e, name, names) : outputValue(context, output.value, e.span);
  }
  if (entity.kind === "value" && entity.value.kind === "tuple" && entity.value.names !== null) {
    const n = entity.value.names.indexOf(name.text);
    const found = entity.value.elements[n];
    return found === undefined ? noField(context, e, name, entity.value.names) : use(context, found, e.span);
  }
  if (entity.kind === "pending") reportPending(context, e);
  if (entity.kind === "poison" || entity.kind === "pending") return poison(e.span);
  return noField(context, e, name, []);
}

function noField(context: Context, e: Ast.Path, name: Ast.Name, fields: readonly string[]): Value {
  const owner = e.names
    .slice(0, e.names.indexOf(name))
    .map((n) => n.text)
    .join(".");
  if (fields.length === 0) {
    context.report("E2002", {
      span: name.span,
      message: `\`${owner}\` has no parts, and so no \`${name.text}\``,
      help: [
        SIZE_WORDS.has(name.text)
          ? `sizes have names: write the dim in the declared shape of ${owner}`
          : `write ${owner} without .${name.text}`,
      ],
    });
    return poison(e.span);
  }
  const near = didYouMean(name.text, fields);
  context.report("E2002", {
    span: name.span,
    message: `\`${owner}\` has no output \`${name.text}\``,
    help: [near === null ? `its outputs are ${fields.join(", ")}` : `did you mean ${owner}.${near} ?`],
  });
  return poison(e.span);
}

// ---- let … in ----

function letExpression(context: Context, env: Env, e: Ast.LetIn): Value {
  const value = evaluate(context, env, e.value);
  const scope = new Scope(env.scope);
  const inside = { ...env, scope };
  const [name, ...others] = e.names;
  if (others.length === 0) {
    const bound = bindLet(context, name, value);
    declare(context, env.scope, scope, name, { kind: "value", role: "let", value: bound.value, span: name.span });
    return bound.wrap(evaluate(context, inside, e.body));
  }
  const elements = takeApart(context, value, e.names.length, e.value.span);
  const wraps = e.names.map((n, k) => {
    const bound = bindLet(context, n, elements[k] ?? poison(n.span));
    declare(context, env.scope, scope, n, { kind: "value", role: "let", value: bound.value, span: n.span });
    return bound.wrap;
  });
  return wraps.reduceRight((body, wrap) => wrap(body), evaluate(context, inside, e.body));
}
