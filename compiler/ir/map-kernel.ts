/**
 * Rebuilding a kernel of equations: passes say what becomes of a body, a stage or a step, and the rest stays as it is.
 */
import type { DimRange, Kernel, Stage, Step, Tensor } from "./equations.ts";
import type { Axis, Expr } from "./expr.ts";
import { tensorsRead } from "./walk.ts";

/** Maps every body, initial slices included. */
export function mapBodies(stage: Stage, f: (body: Expr) => Expr): Stage {
  const outputs = stage.outputs.map((o) => ({
    ...o,
    body: f(o.body),
    init: o.init.map((slices) => ({ ...slices, body: f(slices.body) })),
  }));
  return { ...stage, outputs };
}

/** Replaces each stage by the stages of `f`; what `f` puts before a member of a recurrence becomes a member, too. */
export function flatMapStages(kernel: Kernel, f: (stage: Stage) => readonly Stage[]): Kernel {
  const steps = kernel.steps.flatMap((step): readonly Step[] =>
    step.kind === "stage"
      ? f(step.stage).map((stage) => ({ kind: "stage", stage }))
      : [{ ...step, members: step.members.flatMap(f) }],
  );
  return { ...kernel, steps };
}

/** All tensors that a stage reads, in bodies and initial slices. */
export function readsOf(stage: Stage): ReadonlySet<string> {
  const read = new Set<string>();
  for (const o of stage.outputs) {
    for (const e of [o.body, ...o.init.map((s) => s.body)]) for (const t of tensorsRead(e)) read.add(t);
  }
  return read;
}

/** Without the steps that lead to no output. */
export function removeDeadSteps(kernel: Kernel): Kernel {
  const live = new Set(kernel.outputs.map((o) => o.tensor));
  const kept: Step[] = [];
  for (const step of kernel.steps.toReversed()) {
    const members = step.kind === "stage" ? [step.stage] : step.members;
    if (!members.some((m) => m.outputs.some((o) => live.has(o.tensor.id)))) continue;
    kept.push(step);
    for (const m of members) for (const t of readsOf(m)) live.add(t);
  }
  return { ...kernel, steps: kept.toReversed() };
}

/** Maps every expression: shapes, value ranges, axes, bodies, conditions. Dims themselves stay. */
export function mapKernel(kernel: Kernel, f: (e: Expr) => Expr): Kernel {
  const range = (r: DimRange): DimRange => ({ lo: f(r.lo), hi: f(r.hi) });
  const axis = (a: Axis): Axis => ({ ...a, lo: f(a.lo), hi: f(a.hi) });
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
      body: f(o.body),
      init: o.init.map((slices) => ({ axes: slices.axes.map(axis), body: f(slices.body) })),
    })),
  });
  const step = (s: Step): Step =>
    s.kind === "stage" ? { ...s, stage: stage(s.stage) } : { ...s, members: s.members.map(stage) };
  return {
    ...kernel,
    params: kernel.params.map(tensor),
    outputs: kernel.outputs.map((o) => ({ ...o, dims: o.dims.map(range) })),
    steps: kernel.steps.map(step),
    where: kernel.where.map((w) => ({ ...w, condition: f(w.condition) })),
  };
}
