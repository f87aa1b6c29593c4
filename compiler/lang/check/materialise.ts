/** A stage for a whole-tensor value that has none: `relu(c1)` as an argument, or on the right of `let h = X + g`. */
import { variable } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import type { Context, Env, IndexSymbol, StageSymbol } from "./context.ts";
import { uniqueStage } from "./declare-equations.ts";
import { settle } from "./indexed-equations.ts";
import type { TensorSymbol, TensorValue, Value } from "./value.ts";
import { poison, scalar } from "./value.ts";

/** Adds a stage that computes `target` element by element; its axes are made up. */
export function materialise(
  context: Context,
  env: Env,
  value: TensorValue,
  name: string,
  target: TensorSymbol,
  span: Span,
): StageSymbol {
  const axes = value.dims.map((d, n): IndexSymbol => ({
    variable: variable("index", context.fresh("v"), `i${n}`),
    name: `i${n}`,
    span,
    order: env.instance.indices.length + n,
    depth: 0,
    kind: "axis",
    startsAtZero: false,
    broken: d.range === null,
    explicit: null,
    range: d.range,
  }));
  env.instance.indices.push(...axes);
  const point = axes.map((a) => scalar("index", span, () => context.at(span, { ...a.variable }), { pure: true }));
  const element = value.at(point);
  const result: Value = element.kind === "scalar" ? element : poison(span);
  const settled = settle(context, result, target, { kind: "boolean", value: true, span: value.span });
  const stage: StageSymbol = {
    name: uniqueStage(context, name),
    span,
    axes,
    outputs: [{ symbol: target, value: settled }],
    rec: false,
    inits: [],
    group: null,
  };
  env.instance.stages.push(stage);
  return stage;
}
