/**
 * Binders: the index of a left-hand side, a reduction or an `init`, and its explicit range (`k in 0..K`). A range over
 * dims is known at once; one that is read from data (`e in ptr[i]..ptr[i + 1]`) is built with the body.
 */
import type { Axis } from "../../ir/expr.ts";
import { index, variable } from "../../ir/expr.ts";
import { DIM_LIMIT } from "../../analysis/facts.ts";
import { known } from "../../support/invariant.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env, IndexSymbol, Instance } from "./context.ts";
import { declare, evaluateScalar } from "./parts.ts";
import type { Scalar } from "./value.ts";
import { exprOf, isWhole, scalar, typeName } from "./value.ts";

type Binding = {
  readonly kind: IndexSymbol["kind"];
  /** Branches and guards around what the index ranges over. */
  readonly depth: number;
  readonly startsAtZero?: boolean;
};

/** Declares the index in `env.scope`. */
export function bindIndex(context: Context, env: Env, binder: Ast.Binder, how: Binding): IndexSymbol {
  const { name } = binder;
  const bounds = binder.range === null ? null : rangeBounds(context, env, binder.range);
  const symbol: IndexSymbol = {
    variable: variable("index", context.fresh("v"), name.text),
    name: name.text,
    span: name.span,
    order: env.instance.indices.length,
    depth: how.depth,
    kind: how.kind,
    startsAtZero: (how.startsAtZero ?? false) && binder.range === null,
    broken: binder.range !== null && bounds === null,
    explicit: null,
    range: null,
  };
  if (bounds !== null) {
    const { low, high } = bounds;
    if (!low.pure || !high.pure) symbol.explicit = bounds;
    else if (isCountable(context, low, high, binder))
      symbol.range = { lo: exprOf(low, "index"), hi: exprOf(high, "index") };
    else symbol.broken = true;
  }
  if (env.block !== null) overBlock(context, env.block, binder, symbol);
  if (context.recording) env.instance.indices.push(symbol);
  const value = scalar("index", name.span, () => symbol.variable, { pure: true });
  declare(context, env.scope, env.scope, name, { kind: "value", role: "index", value, span: name.span });
  return symbol;
}

/** The index of a bulk equation has the points of the block, and no range of its own. */
function overBlock(context: Context, block: Scalar, binder: Ast.Binder, symbol: IndexSymbol): void {
  symbol.range = { lo: index(0), hi: exprOf(block, "index") };
  if (binder.range === null) return;
  context.report("E2008", {
    span: binder.range.span,
    message: `\`${symbol.name}\` runs over the points of the block`,
    help: [`write ${symbol.name} alone`],
  });
}

/** Indices are 32 bits wide; a range of numbers that passes that is refused here, others at the call. */
function isCountable(context: Context, low: Scalar, high: Scalar, binder: Ast.Binder): boolean {
  const [lo, hi] = [low.constant, high.constant];
  if (typeof lo !== "bigint" || typeof hi !== "bigint" || hi <= lo) return true;
  if (lo >= -DIM_LIMIT && hi <= DIM_LIMIT && hi - lo < DIM_LIMIT) return true;
  context.report("E2018", {
    span: binder.range?.span ?? binder.span,
    message: `this range of \`${binder.name.text}\` is too large: indices stay below 2**31`,
  });
  return false;
}

/** Both ends of a range, integers; null after a report. */
export function rangeBounds(
  context: Context,
  env: Env,
  range: Ast.Range,
): { readonly low: Scalar; readonly high: Scalar } | null {
  const [low, high] = [range.low, range.high].map((e) => {
    const value = evaluateScalar(context, env, e);
    if (value === null || value.type === "unknown" || isWhole(value.type)) return value;
    context.report("E2023", { span: e.span, message: `a range is of integers, and this is ${typeName(value.type)}` });
    return null;
  });
  return low === null || low === undefined || high === null || high === undefined ? null : { low, high };
}

/** E2007; an index of a stage that nothing reads may be there by mistake. */
export function reportNoRange(context: Context, instance: Instance, i: IndexSymbol): void {
  const stage = instance.stages.find((s) => s.axes.includes(i));
  const isRead = stage === undefined || instance.accesses.some((a) => stage.outputs.some((o) => o.symbol === a.tensor));
  const name = stage?.outputs[0]?.symbol.name ?? i.name;
  context.report("E2007", {
    span: i.span,
    message: `nothing gives a range to the index \`${i.name}\``,
    notes: [
      isRead
        ? "a range comes from `in`, from an output's dim, or from an access whose subscript grows with the index"
        : `no equation reads \`${name}\`, and nothing it reads has a subscript that grows with \`${i.name}\``,
    ],
    help: [`give it one, such as ${i.name} in 0..3`, ...(isRead ? [] : [`remove \`${name}\` if it is not needed`])],
  });
}

/** The axis of an index whose range has been inferred. */
export function buildAxis(context: Context, symbol: IndexSymbol): Axis {
  const { explicit } = symbol;
  if (symbol.range === null && explicit !== null)
    symbol.range = { lo: exprOf(explicit.low, "index"), hi: exprOf(explicit.high, "index") };
  const { lo, hi } = known(symbol.range, `the range of ${symbol.name}`);
  return { variable: context.at(symbol.span, symbol.variable), lo, hi };
}
