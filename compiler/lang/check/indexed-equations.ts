/**
 * Equations with indices on the left: the right-hand side is evaluated at one point, and its type meets the declared or
 * inferred dtype. In a recurrence the dtypes of members that declare none are inferred together, from what does not
 * depend on them.
 */
import type { DType } from "../../ir/dtype.ts";
import { known } from "../../support/invariant.ts";
import type * as Ast from "../ast.ts";
import { bindIndex } from "./binders.ts";
import type { Context, Env, InitSubscript, InitSymbol, StageSymbol } from "./context.ts";
import type { Declared } from "./declare-equations.ts";
import { hereAre } from "./split-arguments.ts";
import { asScalar, evaluate, evaluateScalar, takeApart } from "./parts.ts";
import { Scope } from "./scope.ts";
import { convert } from "./types.ts";
import type { TensorSymbol, Value } from "./value.ts";
import { defaultType, poison } from "./value.ts";

/** Evaluates the right-hand side and the `init` clauses. */
export function checkIndexed(context: Context, env: Env, declared: Declared, stage: StageSymbol): void {
  const { node } = declared;
  const inside: Env = { ...env, scope: declared.scope, stage, equation: node.value.span };
  const values = rightHandSide(context, inside, node, stage.outputs.length);
  stage.outputs.forEach((o, n) => (o.value = settle(context, known(values[n], "a value"), o.symbol, node.value)));
  if (node.inits.length > 0 && stage.group === null && node.role !== "rec")
    context.report("E2035", {
      span: node.inits[0]?.span ?? node.span,
      message: "`init` belongs to a recurrence",
      help: ["write rec in front of the equation"],
    });
  else stage.inits = node.inits.flatMap((i) => checkInit(context, env, stage, i));
}

function rightHandSide(context: Context, inside: Env, node: Ast.Equation, count: number): readonly Value[] {
  const value = evaluate(context, inside, node.value);
  return count === 1 ? [value] : takeApart(context, value, count, node.value.span);
}

/** The value in the dtype of the tensor that it defines; a `let` without a dtype takes the value's. */
export function settle(context: Context, value: Value, symbol: TensorSymbol, e: Ast.Expr): Value {
  const scalar = asScalar(context, value, e.span);
  if (scalar === null || symbol.dtype === null) {
    if (symbol.dtype === "unknown") symbol.dtype = null;
    return poison(e.span);
  }
  if (symbol.dtype === "unknown") {
    const type = defaultType(scalar.type);
    symbol.dtype = type === "unknown" ? null : type;
  }
  return symbol.dtype === null ? poison(e.span) : convert(context, scalar, symbol.dtype, `\`${symbol.name}\``);
}

/** Finds dtypes for the members of a recurrence that declare none. */
export function inferTypesOf(context: Context, env: Env, group: readonly Declared[]): void {
  const open = (): readonly TensorSymbol[] =>
    group.flatMap((d) => d.stage?.outputs.flatMap((o) => (o.symbol.dtype === "unknown" ? [o.symbol] : [])) ?? []);
  while (open().length > 0) {
    const found = context.quietly(() => group.flatMap((d) => typesIn(context, env, d)));
    const strong = found.filter((f) => !f.weak);
    const settled = strong.length > 0 ? strong : found.slice(0, 1);
    if (settled.length === 0) break;
    for (const { symbol, dtype } of settled) symbol.dtype = dtype;
  }
  for (const symbol of open()) {
    symbol.dtype = null;
    context.report("E2021", {
      span: symbol.span,
      message: `the dtype of \`${symbol.name}\` depends on itself alone`,
      help: [`write ${symbol.name}[…]: f32 = …`],
    });
  }
}

type Found = { readonly symbol: TensorSymbol; readonly dtype: DType; readonly weak: boolean };

function typesIn(context: Context, env: Env, declared: Declared): readonly Found[] {
  const { stage, node } = declared;
  if (stage === null) return [];
  const inside: Env = { ...env, scope: declared.scope, stage };
  const values = rightHandSide(context, inside, node, stage.outputs.length);
  const fromBodies = stage.outputs.flatMap((o, n) => typeFound(o.symbol, values[n]));
  const fromInits = node.inits.flatMap((i) =>
    checkInit(context, env, stage, i).flatMap((x) => typeFound(x.tensor, x.value)),
  );
  return [...fromBodies, ...fromInits];
}

function typeFound(symbol: TensorSymbol, value: Value | undefined): readonly Found[] {
  if (symbol.dtype !== "unknown" || value?.kind !== "scalar") return [];
  const dtype = defaultType(value.type);
  const weak = value.type === "index" || value.type === "real";
  return dtype === "unknown" ? [] : [{ symbol, dtype, weak }];
}

// ---- init ----

function checkInit(context: Context, env: Env, stage: StageSymbol, init: Ast.Init): readonly InitSymbol[] {
  const scope = new Scope(env.scope);
  const inside: Env = { ...env, scope, stage, equation: init.value.span };
  const [first] = init.targets;
  const bySubscript = new Map<string, InitSubscript>();
  const subscripts = init.targets.map((t) =>
    t.subscripts.map((s) => initSubscript(context, inside, s, t === first, bySubscript)),
  );
  for (const t of init.targets.slice(1)) {
    if (placeNames(t) === placeNames(first)) continue;
    context.report("E2006", {
      span: t.span,
      message: `the names of one init have the same indices: [${placeNames(first)}], and here [${placeNames(t)}]`,
      related: [{ span: first.span, message: "the first one" }],
    });
    return [];
  }
  const value = evaluate(context, inside, init.value);
  const values = init.targets.length === 1 ? [value] : takeApart(context, value, init.targets.length, init.value.span);
  return init.targets.flatMap((t, n): InitSymbol[] => {
    const output = stage.outputs.find((o) => sameName(env, o.symbol, t.name.text));
    if (output === undefined) {
      context.report("E2035", {
        span: t.name.span,
        message: `\`${t.name.text}\` is not defined by this equation`,
        help: [
          `write init ${stage.outputs.map((o) => o.symbol.name.slice(env.instance.prefix.length)).join(", ")}[-1, …] = …`,
        ],
      });
      return [];
    }
    const places = subscripts[n] ?? [];
    const rank = output.symbol.dims.length;
    if (places.length !== rank) {
      context.report("E2005", {
        span: t.span,
        message: `\`${t.name.text}\` has ${rank} ${rank === 1 ? "dim" : "dims"}, and ${hereAre(places.length)}`,
      });
      return [];
    }
    const given = places.filter((p) => p !== null);
    if (given.length < places.length) return [];
    const written = known(values[n], "a value");
    // While dtypes are inferred, the clause is a witness and nothing is settled yet.
    const settled = context.recording ? settle(context, written, output.symbol, init.value) : written;
    return [{ tensor: output.symbol, subscripts: given, value: settled, span: t.span }];
  });
}

function placeNames(t: Ast.InitTarget): string {
  return t.subscripts
    .map((s) => (s.index.kind === "path" ? s.index.names.map((n) => n.text).join(".") : "_"))
    .join(", ");
}

function sameName(env: Env, symbol: TensorSymbol, name: string): boolean {
  const entity = env.instance.scope.find(name);
  return entity?.kind === "tensor" && entity.symbol === symbol;
}

/** A number, or a name that is bound here; the targets of a tuple share their names. */
function initSubscript(
  context: Context,
  env: Env,
  s: Ast.InitSubscript,
  isFirst: boolean,
  bound: Map<string, InitSubscript>,
): InitSubscript | null {
  const { index: e, span } = s;
  const name = e.kind === "path" && e.names.length === 1 ? e.names[0] : null;
  const before = name === null ? undefined : bound.get(name.text);
  if (before !== undefined && !isFirst) return before;
  const isGeneric = name !== null && env.scope.find(name.text) !== null;
  if (name !== null && !isGeneric) {
    const binder: Ast.Binder = { kind: "binder", name, range: s.range, span };
    const symbol = bindIndex(context, env, binder, { kind: "init", depth: 0 });
    const subscript: InitSubscript = { kind: "index", index: symbol, explicit: s.range !== null, span };
    bound.set(name.text, subscript);
    return subscript;
  }
  const value = evaluateScalar(context, env, e);
  if (value === null) return null;
  if (typeof value.constant === "bigint") return { kind: "fixed", value: value.constant, span };
  context.report("E2035", {
    span,
    message: "a place of `init` is a number such as -1, or a new index name",
    help: ["write -1 for the slice before the first, u in -2..0 for two of them"],
  });
  return null;
}
