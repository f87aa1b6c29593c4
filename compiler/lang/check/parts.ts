/**
 * What every form of expression needs: evaluating a part, insisting on a number, naming a value, declaring a name. Parts
 * are evaluated through the context, so that the forms of expression do not import each other.
 */
import { letIn, variable } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env } from "./context.ts";
import { insteadOfValue } from "./foreign-names.ts";
import type { Entity, Scope } from "./scope.ts";
import { componentHelp, shortText } from "./types.ts";
import type { Scalar, TensorValue, Value } from "./value.ts";
import { exprOf, isWhole, mapScalars, poison, scalar } from "./value.ts";

/** Any value: a scalar, a tuple, a tensor, or a poison after an error. */
export function evaluate(context: Context, env: Env, e: Ast.Expr): Value {
  return context.language.evaluate(context, env, e);
}

/** One number or condition; tensors and tuples are refused in the user's words. */
export function evaluateScalar(context: Context, env: Env, e: Ast.Expr): Scalar | null {
  return asScalar(context, evaluate(context, env, e), e.span);
}

/** The value where it is a scalar; reports where it is something else. */
export function asScalar(context: Context, value: Value, span: Span): Scalar | null {
  switch (value.kind) {
    case "scalar":
      return value;
    case "poison":
      return null;
    case "tuple":
      context.report("E2028", {
        span,
        message:
          value.elements.length === 1
            ? "a number is needed here"
            : `this gives ${value.elements.length} values, and one is needed here`,
        help: componentHelp(value) ?? [
          `take them apart first: let (${value.elements.map((_, n) => "abcdefgh"[n] ?? "…").join(", ")}) = … in …`,
        ],
      });
      return null;
    case "tensor":
      reportTensor(context, value, span);
      return null;
    default:
      return value satisfies never;
  }
}

/** A whole tensor where a number is needed: the name that stands for one gets subscripts. */
function reportTensor(context: Context, value: TensorValue, span: Span): void {
  const rank = value.dims.length;
  const dims = rank === 1 ? "1 dim" : `${rank} dims`;
  const { operand } = value;
  const places = value.dims.map((_, n) => "ijklmn"[n] ?? "i").join(", ");
  context.report("E2029", {
    span: operand?.span ?? span,
    message: `${operand === null ? "this" : `\`${operand.name}\``} is a whole tensor with ${dims}, and one element is needed here`,
    help:
      operand === null
        ? [`name it in an equation of its own and read an element: let t = ${shortText(span)}; … t[${places}]`]
        : [`write ${operand.name}[${places}] with the indices of this equation`],
  });
}

/** What an equation computes is used where only dims are known: in the range of a left-hand index. */
export function reportPending(context: Context, path: Ast.Path): void {
  const text = path.names.map((n) => n.text).join(".");
  context.report("E2011", {
    span: path.span,
    message: `\`${text}\` is computed by the equations, and a range on the left is made of dims and generics`,
    help: [
      `let the stage run over all of it, and stop where it is read: sum[i in 0..${text}](…)`,
      "guard the value instead: i < n ? a : b",
    ],
  });
}

/** A name that nothing declares: inside a subscript a free index, elsewhere a slip of the pen. */
export function reportUnknown(context: Context, env: Env, name: Ast.Name): void {
  const { text, span } = name;
  const near = didYouMean(text, env.scope.names);
  if (env.subscript && env.equation !== null) {
    if (!context.isFirstMention(env.equation, text)) return;
    const body = env.equation.source.text.slice(env.equation.start, env.equation.end).replace(/\s+/g, " ");
    context.report("E2001", {
      span,
      message: `index \`${text}\` is used on the right but is neither on the left nor bound by a reduction`,
      help: [
        ...indexOnTheLeft(env, text),
        body.length <= 80 ? `did you mean sum[${text}](${body}) ?` : `bind it by a reduction: sum[${text}](…)`,
        ...(near === null ? [] : [`did you mean ${near} ?`]),
      ].slice(0, 2),
    });
    return;
  }
  if (env.hidden?.find(text) != null) {
    context.report("E2014", {
      span,
      message: `\`${text}\` belongs to one point of the equation, and a called kernel takes whole tensors`,
      help: [
        "give the kernel whole tensors, and take an element of its result: let r = f(X); … r[i]",
        "if it is for numbers, make it a function: fn f(x: f32) -> f32 = …;",
      ],
    });
    return;
  }
  const isFunction = env.module.functions.has(text);
  context.report("E2002", {
    span,
    message: `nothing here is called \`${text}\``,
    notes: isFunction
      ? [`\`${text}\` is a ${env.module.functions.get(text)?.kind ?? "name"}; its result is ${text}(…)`]
      : [],
    help: [insteadOfValue(text) ?? (near === null ? namesHere(env) : `did you mean ${near} ?`)],
  });
}

/** `Y = X[i]` of an output that has dims: its index is missing on the left. */
function indexOnTheLeft({ stage, instance, scope }: Env, index: string): readonly string[] {
  if (stage === null || stage.axes.length > 0 || stage.span.source.text[stage.span.start] === "(") return [];
  const name = stage.name.slice(instance.prefix.length);
  const left = scope.find(name);
  const rank = left?.kind === "tensor" ? left.symbol.dims.length : 0;
  if (rank === 0) return [];
  const places = rank === 1 ? index : Array.from({ length: rank }, () => "…").join(", ");
  return [`give ${name} its ${rank === 1 ? "index" : "indices"} on the left: ${name}[${places}] = …`];
}

/** What there is, where nothing is near: the names that a user wrote, inner ones first. */
function namesHere(env: Env): string {
  const names = [...new Set(env.scope.names)];
  if (names.length === 0) return "nothing has a name here";
  return `the names here are ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}

/** The elements of a tuple of `count`; reports where it is something else. */
export function takeApart(context: Context, value: Value, count: number, span: Span): readonly Value[] {
  if (value.kind === "tuple" && value.elements.length === count) return value.elements;
  if (value.kind !== "poison") {
    const has = value.kind === "tuple" ? value.elements.length : 1;
    context.report("E2028", {
      span,
      message: `${count} names on the left, but this gives ${has === 1 ? "one value" : `${has} values`}`,
    });
  }
  return Array.from({ length: count }, () => poison(span));
}

type Bound = { readonly value: Value; readonly wrap: (body: Value) => Value };

/** A name for a value: a `let` of the equations, or the value itself where it is weak, a tuple or a tensor. */
export function bindLet(context: Context, name: Ast.Name, value: Value): Bound {
  const asItIs: Bound = { value, wrap: (body) => body };
  if (value.kind !== "scalar" || value.constant !== null) return asItIs;
  const { type } = value;
  if (type === "index" || type === "real" || type === "unknown") return asItIs;
  const bound = variable(type, context.fresh("v"), name.text);
  const inner = scalar(type, name.span, () => bound, { pure: value.pure });
  if (value.pure && isWhole(type)) context.polys.bind(bound, value.build(type));
  const wrap = (body: Value): Value =>
    mapScalars(body, (s) =>
      s.constant === null
        ? scalar(s.type, s.span, (t) => context.at(s.span, letIn(bound, exprOf(value, type), exprOf(s, t))), {
            pure: s.pure && value.pure,
            choices: s.choices,
          })
        : s,
    );
  return { value: inner, wrap };
}

/** Declares a name; hiding another is an error. */
export function declare(context: Context, outer: Scope, scope: Scope, name: Ast.Name, entity: Entity): boolean {
  const before = outer.find(name.text) ?? scope.find(name.text);
  if (before !== null) {
    context.report("E2004", {
      span: name.span,
      message: `\`${name.text}\` already means something here`,
      related: [{ span: before.span, message: "declared here" }],
      help: ["choose another name: dims, tensors and indices share one namespace, and nothing is shadowed"],
    });
    // What follows is judged by the new meaning, which is what its writer had in mind.
    if (!scope.owns(name.text)) scope.set(name.text, entity);
    return false;
  }
  scope.set(name.text, entity);
  return true;
}
