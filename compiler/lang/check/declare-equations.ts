/**
 * What the left-hand sides of a kernel declare, before any right-hand side is looked at: tensors first, then the indices
 * of each equation, so that a clash of names is found whatever the order.
 */
import type { DimRange } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { some } from "../../ir/walk.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import { AccessIndex } from "./access-index.ts";
import { bindIndex } from "./binders.ts";
import type { Context, DeclaredOutput, Env, IndexSymbol, StageSymbol } from "./context.ts";
import { declare } from "./parts.ts";
import { resolveType } from "./generics.ts";
import { declaredRange, newTensor, sizeHelp } from "./header.ts";
import { Scope } from "./scope.ts";
import type { TensorSymbol, TensorValue } from "./value.ts";
import { element } from "./element.ts";
import { isWhole, poison } from "./value.ts";

/** An equation whose left-hand side has been read. */
export type Declared = {
  readonly node: Ast.Equation;
  /** Null for a whole-tensor equation and after a report. */
  readonly stage: StageSymbol | null;
  /** Sees the indices of the left-hand side. */
  readonly scope: Scope;
  readonly outputs: readonly (DeclaredOutput | null)[];
  /** Something is wrong on the left: the right-hand side is not judged. */
  readonly broken: boolean;
  group: number | null;
};

export function declareEquations(
  context: Context,
  env: Env,
  node: Ast.Kernel,
  outputs: ReadonlyMap<string, DeclaredOutput>,
): readonly Declared[] {
  const defined = new Map<string, Span>();
  const accepted = node.equations.map((e) =>
    e.targets.map((t) => declareTarget(context, env, e, t, outputs, defined)).every(Boolean),
  );
  for (const output of outputs.values()) {
    if (defined.has(output.name)) continue;
    context.report("E2009", {
      span: output.param.name.span,
      message: `no equation defines the output \`${output.name}\``,
      help: [`write ${output.name}${someSubscripts(output.symbol.dims.length)} = …;`],
    });
  }
  return node.equations.map((e, n) => declareLeft(context, env, e, outputs, accepted[n] === true));
}

/** Subscripts to suggest: `[i, j]`; "" for a number. */
export function someSubscripts(rank: number): string {
  return rank === 0 ? "" : `[${"i j k l m n o p".split(" ").slice(0, rank).join(", ")}]`;
}

/** Checks the role of a name and announces it. */
function declareTarget(
  context: Context,
  env: Env,
  e: Ast.Equation,
  t: Ast.Target,
  outputs: ReadonlyMap<string, DeclaredOutput>,
  defined: Map<string, Span>,
): boolean {
  const name = t.name.text;
  const isOutput = outputs.has(name);
  const before = defined.get(name);
  if (before !== undefined) {
    context.report("E2009", {
      span: t.name.span,
      message: `\`${name}\` is defined twice`,
      related: [{ span: before, message: "defined here first" }],
      help: ["give each stage one equation: there is no assignment"],
    });
    return false;
  }
  defined.set(name, t.name.span);
  if (isOutput) {
    if (e.role !== "let") return true;
    context.report("E2010", {
      span: t.name.span,
      message: `\`${name}\` is an output of the kernel`,
      help: [secondNames(env, e, outputs) ?? `write ${name}… = … without let`],
    });
    return false;
  }
  if (e.role === "output") {
    const near = didYouMean(name, outputs.keys());
    context.report("E2010", {
      span: t.name.span,
      message: `\`${name}\` is not an output of the kernel`,
      help: [
        secondNames(env, e, outputs) ?? `write let ${name}… for a stage of its own`,
        ...(near === null ? [] : [`did you mean ${near} ?`]),
      ],
    });
    declare(context, env.scope, env.instance.scope, t.name, { kind: "poison", span: t.name.span });
    return false;
  }
  return declare(context, env.scope, env.instance.scope, t.name, { kind: "pending", span: t.name.span });
}

/**
 * Where outputs and others stand together on the left: all in a `let`, under other names where they are outputs, which
 * then have equations of their own. Null where they do not stand together.
 */
function secondNames(env: Env, { targets }: Ast.Equation, outputs: ReadonlyMap<string, DeclaredOutput>): string | null {
  const taken = new Set([...env.scope.names, ...outputs.keys(), ...targets.map((t) => t.name.text)]);
  const own = targets.filter((t) => outputs.has(t.name.text));
  if (own.length === 0 || own.length === targets.length) return null;
  const second = ({ name: { text } }: Ast.Target): string => {
    let other = `${text}_`;
    while (taken.has(other)) other += "_";
    return other;
  };
  const names = targets.map((t) => `${own.includes(t) ? second(t) : t.name.text}${brackets(t)}`);
  const given = own.map((t) => `${t.name.text}${brackets(t)} = ${second(t)}${brackets(t)};`);
  return `write let (${names.join(", ")}) = …; ${given.join(" ")}`;
}

function declareLeft(
  context: Context,
  env: Env,
  e: Ast.Equation,
  outputs: ReadonlyMap<string, DeclaredOutput>,
  accepted: boolean,
): Declared {
  const scope = new Scope(env.scope);
  const inside: Env = { ...env, scope };
  const outs = e.targets.map((t) => outputs.get(t.name.text) ?? null);
  const [first, ...others] = e.targets;
  const base = { node: e, scope, outputs: outs, group: null };
  if (!accepted) {
    for (const t of e.targets) poisonTarget(env, t);
    return { ...base, stage: null, broken: true };
  }
  if (e.targets.every((t) => t.binders.length === 0)) return { ...base, stage: null, broken: false };
  const axes = first.binders.map((b, n) => axis(context, inside, b, e, outs[0]?.symbol.dims[n]?.range ?? null));
  const fits =
    others.every((t) => sameBinders(context, first, t)) &&
    e.targets.every((t, n) => fitsOutput(context, t, outs[n] ?? null));
  const symbols = e.targets.map((t, n) => tensorFor(context, env, t, axes, outs[n] ?? null));
  if (!fits || symbols.includes(null)) {
    for (const t of e.targets) poisonTarget(env, t);
    return { ...base, stage: null, broken: true };
  }
  const name = `${env.instance.prefix}${first.name.text}`;
  const stage: StageSymbol = {
    name: uniqueStage(context, name),
    span: e.span,
    axes,
    outputs: symbols.filter((s) => s !== null).map((symbol) => ({ symbol, value: poison(e.span) })),
    rec: e.role === "rec",
    inits: [],
    group: null,
  };
  env.instance.stages.push(stage);
  e.targets.forEach((t, n) => {
    const symbol = stage.outputs[n]?.symbol;
    if (symbol === undefined) return;
    env.instance.scope.set(t.name.text, { kind: "tensor", symbol, span: t.name.span });
    const output = outs[n] ?? null;
    if (output !== null) output.result = wholeTensor(context, symbol, t.name.span);
  });
  return { ...base, stage, broken: false };
}

/** The name, made unique in the kernel. */
export function uniqueStage(context: Context, name: string): string {
  let unique = name;
  for (let n = 2; context.stageNames.has(unique); n++) unique = `${name}_${n}`;
  context.stageNames.add(unique);
  return unique;
}

export function wholeTensor(context: Context, symbol: TensorSymbol, span: Span): TensorValue {
  return {
    kind: "tensor",
    dims: symbol.dims,
    symbol,
    hint: symbol.name,
    operand: null,
    span,
    at: (indices) => element(context, symbol, indices, { span }),
  };
}

function poisonTarget(env: Env, t: Ast.Target): void {
  env.instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
}

/** An index on the left; for an output its range is the declared dim. */
function axis(context: Context, env: Env, b: Ast.Binder, e: Ast.Equation, dim: DimRange | null): IndexSymbol {
  const symbol = bindIndex(context, env, b, {
    kind: "axis",
    depth: 0,
    startsAtZero: dim === null && e.role !== "output",
  });
  if (dim !== null && symbol.range === null && !symbol.broken) symbol.range = dim;
  const overIndices = (bound: Expr): boolean =>
    some(bound, (n) => n.kind === "var" && AccessIndex.of(context, env.instance).byId(n.id) !== undefined);
  const { range } = symbol;
  const ends = b.range === null ? [] : [b.range.low, b.range.high];
  if (
    symbol.explicit !== null ||
    (range !== null && range !== dim && (overIndices(range.lo) || overIndices(range.hi)))
  ) {
    context.report("E2011", {
      span: b.span,
      message: "the range of a left-hand index is made of dims and generics, not of data or of other indices",
      help: [...sizeHelp(env, ends), "guard the value instead: i < j ? a : b"],
    });
    symbol.explicit = null;
    symbol.range = null;
    symbol.broken = true;
  }
  return symbol;
}

function brackets(t: Ast.Target): string {
  return t.binders.length === 0 ? "" : `[${binderNames(t)}]`;
}

function binderNames(t: Ast.Target): string {
  return t.binders.map((b) => b.name.text).join(", ");
}

function sameBinders(context: Context, first: Ast.Target, other: Ast.Target): boolean {
  if (binderNames(first) === binderNames(other)) return true;
  context.report("E2006", {
    span: other.span,
    message: `the names of one equation have the same indices: [${binderNames(first)}], and here [${binderNames(other)}]`,
    related: [{ span: first.span, message: "the first one" }],
    help: [`write ${other.name.text}[${binderNames(first)}]`],
  });
  return false;
}

function fitsOutput(context: Context, t: Ast.Target, output: DeclaredOutput | null): boolean {
  if (output === null) return true;
  const rank = output.symbol.dims.length;
  const related = [{ span: output.param.span, message: "declared here" }];
  if (t.binders.length !== rank) {
    context.report("E2005", {
      span: t.span,
      message: `the output \`${output.name}\` has ${rank} ${rank === 1 ? "dim" : "dims"}, and here ${t.binders.length === 1 ? "is 1 index" : `are ${t.binders.length} indices`}`,
      related,
      help: [`write ${output.name}${someSubscripts(output.symbol.dims.length)}`],
    });
    return false;
  }
  return true;
}

function tensorFor(
  context: Context,
  env: Env,
  t: Ast.Target,
  axes: readonly IndexSymbol[],
  output: DeclaredOutput | null,
): TensorSymbol | null {
  const dtype = t.dtype === null ? null : resolveType(context, t.dtype, env.types);
  const values = declaredRange(context, env, t.range);
  if ((t.dtype !== null && dtype === null) || (t.range !== null && values === null)) return null;
  if (values !== null && dtype !== null && !isWhole(dtype)) {
    context.report("E2023", {
      span: t.span,
      message: `a range is for integers, and \`${t.name.text}\` is ${dtype}`,
      help: ["remove the range"],
    });
    return null;
  }
  if (output !== null) {
    if (dtype !== null && dtype !== output.symbol.dtype) {
      context.report("E2021", {
        span: t.span,
        message: `the output \`${output.name}\` is ${String(output.symbol.dtype)}, not ${dtype}`,
        related: [{ span: output.symbol.span, message: "declared here" }],
        help: ["remove the dtype: the head declares it"],
      });
      return null;
    }
    if (values !== null) claim(context, t, output.symbol, values);
    return output.symbol;
  }
  const name = `${env.instance.prefix}${t.name.text}`;
  const symbol = newTensor(context, { name, span: t.name.span, dtype: dtype ?? "unknown", dims: axes, values });
  if (values !== null) claim(context, t, symbol, values);
  return symbol;
}

function claim(context: Context, t: Ast.Target, symbol: TensorSymbol, values: DimRange): void {
  const why = `\`${t.name.text}\` is declared in this range`;
  context.claims.push({ tensor: symbol.id, ...values, span: t.range?.span ?? t.span, why });
}
