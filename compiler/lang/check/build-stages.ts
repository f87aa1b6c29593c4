/**
 * From checked equations to stages of L1: now that ranges and dtypes are known, every body is built, measured and kept
 * in the context until all stages are ordered into steps.
 */
import type { Axis, Expr } from "../../ir/expr.ts";
import { index } from "../../ir/expr.ts";
import { freeVariables } from "../../ir/walk.ts";
import { proveEqual } from "../../analysis/prover.ts";
import { InternalError, known } from "../../support/invariant.ts";
import { buildAxis } from "./binders.ts";
import type { Context, DeclaredOutput, DraftInit, Instance, StageSymbol } from "./context.ts";
import type { TensorSymbol, Value } from "./value.ts";
import { exprOf } from "./value.ts";

/** Builds all stages of an instance; false after a report. */
export function buildStages(
  context: Context,
  instance: Instance,
  outputs: ReadonlyMap<string, DeclaredOutput>,
): boolean {
  for (const stage of instance.stages) {
    if (context.exhausted) return false;
    checkOutputAxes(context, stage, outputs);
    const axes = stage.axes.map((i) => buildAxis(context, i));
    const built = stage.outputs.map((o) => ({ symbol: o.symbol, body: build(o.value, o.symbol) }));
    for (const o of built) context.admit(o.body, stage.span);
    if (!standsAlone(context, stage, axes, built)) return false;
    const inits = stage.inits.map((i) => buildInit(context, i, stage));
    for (const i of inits) context.admit(i.body, i.span);
    context.drafts.push({ name: stage.name, span: stage.span, axes, outputs: built, inits, rec: stage.rec });
  }
  return !context.exhausted;
}

/** A value that changes with the indices of the equation around it has no stage of its own; it got one for a pad. */
function standsAlone(
  context: Context,
  stage: StageSymbol,
  axes: readonly Axis[],
  built: readonly { readonly body: Expr }[],
): boolean {
  if (!stage.outputs.some((o) => [...context.padded.values()].includes(o.symbol))) return true;
  const bound = new Set([...axes.map((a) => a.variable.id), ...context.dims.map((d) => d.id)]);
  const stranger = built.flatMap((o) => [...freeVariables(o.body).values()]).find((v) => !bound.has(v.id));
  if (stranger === undefined) return true;
  const name = known(stage.outputs[0], "an output").symbol.name;
  context.report("E2052", {
    span: stage.span,
    message: `\`${name}\` is read with a pad, and it changes with \`${stranger.name}\`, so it is no tensor of its own`,
    help: [`write an equation for it that has this index, too: let ${name}[${stranger.name}, …] = …`],
  });
  return false;
}

function build(value: Value, symbol: TensorSymbol): Expr {
  const dtype = symbol.dtype;
  if (value.kind !== "scalar" || dtype === null || dtype === "unknown")
    throw new InternalError(`${symbol.name} was refused, but is built`);
  return exprOf(value, dtype);
}

function buildInit(context: Context, init: StageSymbol["inits"][number], stage: StageSymbol): DraftInit {
  const places = init.subscripts.map((s, n) => {
    const span = s.span;
    if (s.kind === "fixed") {
      const axis = known(stage.axes[n], "an axis");
      const variable = { ...axis.variable, id: context.fresh("v") };
      return { ...fixedAxis(s.value), variable, fixed: true, explicit: true, span };
    }
    if (s.index.range === null && s.index.explicit === null)
      s.index.range = known(stage.axes[n]?.range, "the range of an axis");
    return { ...buildAxis(context, s.index), fixed: false, explicit: s.explicit, span };
  });
  return { tensor: init.tensor, places, body: build(init.value, init.tensor), span: init.span };
}

function fixedAxis(value: bigint): Pick<Axis, "lo" | "hi"> {
  return { lo: index(value), hi: index(value + 1n) };
}

/** An explicit range on an output's index must be the declared dim. */
function checkOutputAxes(context: Context, stage: StageSymbol, outputs: ReadonlyMap<string, DeclaredOutput>): void {
  const { polys, facts } = context;
  for (const output of outputs.values()) {
    if (!stage.outputs.some((o) => o.symbol === output.symbol)) continue;
    stage.axes.forEach((axis, n) => {
      const dim = output.symbol.dims[n]?.range ?? null;
      if (dim === null || axis.range === null || axis.range === dim) return;
      const same = (x: "lo" | "hi"): boolean =>
        proveEqual(facts, polys.poly(known(axis.range, "a range")[x]), polys.poly(dim[x])).proved;
      if (same("lo") && same("hi")) return;
      context.report("E2012", {
        span: axis.span,
        message: `\`${axis.name}\` runs over ${polys.print(polys.poly(axis.range.lo))}..${polys.print(polys.poly(axis.range.hi))}, but this dim of \`${output.name}\` is ${polys.print(polys.poly(dim.hi))}`,
        related: [{ span: output.param.span, message: "declared here" }],
      });
    });
  }
}
