/** The outermost kernel: its head, its equations, its steps. */
import { ONE, ZERO } from "../../analysis/polynomial.ts";
import { proveAtMost } from "../../analysis/prover.ts";
import type { Claim } from "../../ir/claims.ts";
import type { Kernel, Tensor } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { Diagnostics } from "../../support/diagnostics.ts";
import { InternalError } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import type { Language } from "./context.ts";
import { Context, LIMITS } from "./context.ts";
import { checkEquations } from "./equations.ts";
import { evaluateExpression } from "./expressions.ts";
import { declare } from "./parts.ts";
import type { BoundGenerics, GivenGeneric } from "./generics.ts";
import { bindGenerics, sortOf } from "./generics.ts";
import {
  declaredDims,
  declaredTensor,
  declareValues,
  emptyInstance,
  freshDims,
  genericsOf,
  naturalDims,
  topOf,
  whereConditions,
} from "./header.ts";
import { declareOutputs } from "./inline.ts";
import { finishTensor, orderSteps } from "./order-steps.ts";
import type { ProgramTable } from "./program-table.ts";
import { Scope } from "./scope.ts";
import type { TensorSymbol } from "./value.ts";
import { rangeOf } from "./value.ts";

export type LoweredKernel = {
  readonly kernel: Kernel;
  /** Where each expression comes from. */
  readonly spans: WeakMap<Expr, Span>;
  /** Ranges of values that are left to prove. */
  readonly claims: readonly Claim[];
};

/** What the files of the checker call across. */
export const LANGUAGE: Language = { evaluate: evaluateExpression, checkEquations };

/** Lowers one kernel; null after an error, which `diagnostics` then has. */
export function lower(
  table: ProgramTable,
  node: Ast.Kernel,
  given: ReadonlyMap<string, GivenGeneric>,
  diagnostics: Diagnostics,
): LoweredKernel | null {
  const found = new Diagnostics();
  const context = new Context(LANGUAGE, found);
  const kernel = lowerIn(context, table, node, given);
  for (const d of found.list) diagnostics.add(d);
  if (kernel === null && !found.hasErrors && !context.refersElsewhere)
    throw new InternalError(`${node.name.text} was refused without a reason`);
  return kernel === null || found.hasErrors ? null : { kernel, spans: context.spans, claims: context.claims };
}

function lowerIn(
  context: Context,
  table: ProgramTable,
  node: Ast.Kernel,
  given: ReadonlyMap<string, GivenGeneric>,
): Kernel | null {
  const scope = new Scope();
  const dims = declaredDims(context, node);
  const excess = excessOf(node, dims?.length ?? 0);
  if (excess !== null) {
    context.exhaust(node.name.span, excess, null, "split the kernel into several");
    return null;
  }
  for (const name of given.keys()) {
    const names = genericsOf(node).map((g) => g.name.text);
    if (names.includes(name)) continue;
    const near = didYouMean(name, names);
    context.report("E2016", {
      span: node.name.span,
      message: `\`${node.name.text}\` has no generic \`${name}\``,
      notes: [names.length === 0 ? "it has none" : `its generics are ${names.join(", ")}`],
      help: near === null ? [] : [`did you mean ${near} ?`],
    });
  }
  const outermost = topOf(emptyInstance(node.name.text, new Scope()), table, []);
  const sources = {
    args: new Map(),
    env: outermost,
    given,
    inferred: new Map(),
    dims: new Map(),
    span: node.name.span,
    home: table,
  };
  const generics = bindGenerics(context, genericsOf(node), sources);
  if (dims === null || !generics.complete) return null;
  const defaults = defaultSizes(node, generics, given);
  const fixed = new Map([...generics.values].filter(([name]) => !defaults.has(name)));
  const free = freshDims(
    context,
    dims.filter((d) => !fixed.has(d.name.text)),
    defaults,
  );
  declareValues(context, scope, node, dims, new Map([...free, ...fixed]));
  const instance = emptyInstance(node.name.text, scope, { types: generics.types });
  const env = topOf(instance, table, [node]);

  const params = node.params.map((p): TensorSymbol | null => {
    const symbol = declaredTensor(context, env, p, p.name.text);
    if (symbol !== null) declare(context, scope, scope, p.name, { kind: "tensor", symbol, span: p.name.span });
    else declare(context, scope, scope, p.name, { kind: "poison", span: p.name.span });
    return symbol;
  });
  const where = whereConditions(context, env, node);
  for (const c of where ?? []) {
    assumeWhere(context, c);
    if (!proveAtMost(context.facts, ONE, ZERO).proved) continue;
    context.report("E2015", {
      span: c.span,
      message: `no sizes satisfy \`where ${c.text}\`${where?.[0] === c ? "" : " and the conditions before it"}`,
    });
    return null;
  }
  const outputs = declareOutputs(context, env, node);
  const tensors = params.filter((p) => p !== null);
  if (outputs === null || where === null || tensors.length < params.length) return null;
  const shapes = [...tensors, ...[...outputs.values()].map((o) => o.symbol)];
  for (const t of shapes) context.limited.add(t);
  for (const c of naturalDims(context, [...node.params, ...node.outputs], shapes)) assumeWhere(context, c);

  const results = checkEquations(context, env, node, outputs);
  if (results === null || context.exhausted) return null;
  const steps = orderSteps(context);
  if (steps === null) return null;
  return {
    name: node.name.text,
    dims: context.dims,
    params: tensors.map((t): Tensor => finishTensor(t, 0n, 0)),
    outputs: [...outputs.values()].map((o) => {
      const tensor = results.get(o.name)?.symbol?.id;
      if (tensor === undefined) throw new InternalError(`the output ${o.name} has no tensor`);
      return { name: o.name, tensor, dims: o.symbol.dims.map(rangeOf) };
    }),
    steps,
    where: context.where,
    span: node.span,
  };
}

/** What the declaration itself has too many of; null where it has not. */
function excessOf({ params, outputs, generics, where, equations }: Ast.Kernel, dims: number): string | null {
  const counts: readonly (readonly [number, number, string])[] = [
    [params.length, LIMITS.heads, "parameters"],
    [outputs.length, LIMITS.heads, "outputs"],
    [generics.length, LIMITS.heads, "generics"],
    [dims, LIMITS.dims, "dims"],
    [where.length, LIMITS.conditions, "conditions"],
    [equations.length, LIMITS.stages, "stages"],
  ];
  const [excess] = counts.filter(([count, limit]) => count > limit);
  return excess === undefined ? null : `more than ${excess[1]} ${excess[2]}`;
}

/** A generic of kind `dim` is given at run time: its default is one of the call, not of the text. */
function defaultSizes(
  node: Ast.Kernel,
  { values }: BoundGenerics,
  given: ReadonlyMap<string, GivenGeneric>,
): ReadonlyMap<string, bigint> {
  return new Map(
    node.generics.flatMap((g) => {
      const size = values.get(g.name.text)?.constant;
      return sortOf(g) === "dim" && typeof size === "bigint" && !given.has(g.name.text) ? [[g.name.text, size]] : [];
    }),
  );
}

function assumeWhere(context: Context, c: NonNullable<ReturnType<typeof whereConditions>>[number]): void {
  context.require({ condition: c.expr, text: c.text, span: c.span });
  context.facts = context.facts.assume(context.polys.condition(c.expr, context.facts), `where ${c.text}`);
}
