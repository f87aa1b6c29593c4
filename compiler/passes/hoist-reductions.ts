/**
 * A reduction that does not depend on every axis around it would be computed again at each point of the others: the row
 * sum of a softmax for every column, an inner sum for every step of an outer one. Such a reduction becomes a stage of its own
 * over just the axes that it mentions. Reductions of all axes stay where they are and become accumulators in the nest.
 */
import type { Kernel, Stage, Step, Tensor } from "../ir/equations.ts";
import type { Axis, Expr, Reduce } from "../ir/expr.ts";
import { apply, letIn, read } from "../ir/expr.ts";
import type { Fresh } from "../ir/fresh.ts";
import { freshIds } from "../ir/fresh.ts";
import { flatMapStages, readsOf } from "../ir/map-kernel.ts";
import { freeVariables, mapChildren, some, substitute } from "../ir/walk.ts";
import { isBox, stageOf } from "./hoisted-stage.ts";

export function hoistReductions(kernel: Kernel): Kernel {
  const fresh = freshIds(kernel);
  const hoisted = flatMapStages(kernel, (stage) => {
    const step = kernel.steps.find((s) => s.kind === "recurrence" && s.members.includes(stage));
    return hoistFrom(stage, step?.kind === "recurrence" ? step.time : null, fresh);
  });
  return { ...hoisted, steps: hoisted.steps.flatMap(leaveRecurrence) };
}

/** A member that reads no member is not part of the recurrence: it is computed before it, for all times at once. */
function leaveRecurrence(step: Step): readonly Step[] {
  if (step.kind === "stage") return [step];
  const free: Stage[] = [];
  let members = step.members;
  for (;;) {
    const own = new Set(members.flatMap((m) => m.outputs.map((o) => o.tensor.id)));
    const next = members.find(
      (m) => m.outputs.every((o) => o.init.length === 0) && ![...readsOf(m)].some((t) => own.has(t)),
    );
    if (next === undefined) break;
    free.push(next);
    members = members.filter((m) => m !== next);
  }
  const before = free.map((stage): Step => ({ kind: "stage", stage }));
  return members.length === 0 ? before : [...before, { ...step, members }];
}

function hoistFrom(stage: Stage, time: number | null, fresh: Fresh): readonly Stage[] {
  const made: Stage[] = [];
  const seen = new Map<string, Tensor>();
  const outputs = stage.outputs.map((o) => ({ ...o, body: hoistIn(o.body, stage.axes, false, false) }));
  return [...made, { ...stage, outputs }];

  /** `axes`: all axes around `e`, reductions' included; `inside`: within a reduction; `conditional`: under a branch or guard. */
  function hoistIn(e: Expr, axes: readonly Axis[], inside: boolean, conditional: boolean): Expr {
    if (e.kind === "let" && some(e.body, (n) => n.kind === "reduce" && freeVariables(n).has(e.variable.id))) {
      return hoistIn(substitute(e.body, new Map([[e.variable.id, e.value]])), axes, inside, conditional);
    }
    if (e.kind === "let") {
      return letIn(e.variable, hoistIn(e.value, axes, inside, conditional), hoistIn(e.body, axes, inside, conditional));
    }
    if (e.kind === "select" && e.lazy) {
      return mapChildren(e, (c) => hoistIn(c, axes, inside, conditional || c !== e.cond));
    }
    if (e.kind === "apply" && (e.op === "and" || e.op === "or")) {
      const [left, right] = e.args;
      if (left && right)
        return apply(e.op, hoistIn(left, axes, inside, conditional), hoistIn(right, axes, inside, true));
    }
    if (e.kind !== "reduce") return mapChildren(e, (c) => hoistIn(c, axes, inside, conditional));
    const inner = mapChildren(e, (c) =>
      hoistIn(c, [...axes, ...e.axes], true, conditional || (e.guard !== null && c !== e.guard)),
    );
    return inner.kind === "reduce" ? place(inner, axes, inside, conditional) : inner;
  }

  function place(r: Reduce, axes: readonly Axis[], inside: boolean, conditional: boolean): Expr {
    const free = freeVariables(r);
    const needed = axes.filter((a) => free.has(a.variable.id));
    const isWhole = !inside && needed.length === axes.length;
    if (isWhole || !isBox(needed, axes) || !keepsTime(needed)) return r;
    // Under a condition its reads may be out of range elsewhere: only then-safe reductions move.
    if (conditional && some(r, (n) => n.kind === "read" && n.guarded)) return r;
    const at = needed.map((a) => a.variable);
    const key = `${r.id}.${r.component}`;
    const tensor = seen.get(key) ?? makeStage(r, needed);
    seen.set(key, tensor);
    return read(r.type, tensor.id, at);
  }

  /** In a recurrence the time axis stays at its place. */
  function keepsTime(needed: readonly Axis[]): boolean {
    return time === null || needed[time] === stage.axes[time];
  }

  function makeStage(r: Reduce, needed: readonly Axis[]): Tensor {
    const { stage: hoisted, tensor } = stageOf(r, needed, `${stage.name}.hoisted${made.length}`, stage, fresh);
    made.push(hoisted);
    return tensor;
  }
}
