/** Dims that are known become constants everywhere: shapes, axes, bodies, conditions. The kernel keeps its other dims. */
import type { DimRange, Kernel, Stage, Step, Tensor } from "../ir/equations.ts";
import type { Axis, Expr } from "../ir/expr.ts";
import { index } from "../ir/expr.ts";
import { substitute } from "../ir/walk.ts";

/** `dims`: values by the dim's id; those not named stay symbolic. */
export function specialise(kernel: Kernel, dims: ReadonlyMap<string, bigint>): Kernel {
  const given = kernel.dims.filter((d) => dims.has(d.id));
  if (given.length === 0) return kernel;
  const bindings = new Map(given.map((d) => [d.id, index(dims.get(d.id) ?? 0n)] as const));
  const expr = (e: Expr): Expr => substitute(e, bindings);
  const range = (r: DimRange): DimRange => ({ lo: expr(r.lo), hi: expr(r.hi) });
  const axis = (a: Axis): Axis => ({ ...a, lo: expr(a.lo), hi: expr(a.hi) });
  const tensor = (t: Tensor): Tensor => ({
    ...t,
    dims: t.dims.map(range),
    values: t.values === null ? null : range(t.values),
  });
  const stage = (s: Stage): Stage => ({
    ...s,
    axes: s.axes.map(axis),
    outputs: s.outputs.map((o) => ({
      tensor: tensor(o.tensor),
      body: expr(o.body),
      init: o.init.map((slices) => ({ axes: slices.axes.map(axis), body: expr(slices.body) })),
    })),
  });
  const step = (s: Step): Step =>
    s.kind === "stage" ? { ...s, stage: stage(s.stage) } : { ...s, members: s.members.map(stage) };
  return {
    ...kernel,
    dims: kernel.dims.filter((d) => !bindings.has(d.id)),
    params: kernel.params.map(tensor),
    outputs: kernel.outputs.map((o) => ({ ...o, dims: o.dims.map(range) })),
    steps: kernel.steps.map(step),
    where: kernel.where.map((w) => ({ ...w, condition: expr(w.condition) })),
  };
}
