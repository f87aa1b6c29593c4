/**
 * A costly expression (exp, tanh, …) inside a reduction may depend on less than all that runs around it: the weights
 * exp(s[i, j] - m[i]) of an attention for every column of the values. Where loops could not keep it, it becomes a stage over just
 * its own axes, computed once and in vectors, and the reduction that is left is a plain product.
 *
 * The new tensor is never larger than one that is there: the expression reads an element at just those axes.
 */
import { DERIVED_OPS } from "../ir/derived-ops.ts";
import { isFloat } from "../ir/dtype.ts";
import type { Kernel, Stage, Tensor } from "../ir/equations.ts";
import type { Axis, Expr } from "../ir/expr.ts";
import { read } from "../ir/expr.ts";
import type { Fresh } from "../ir/fresh.ts";
import { freshIds } from "../ir/fresh.ts";
import { flatMapStages } from "../ir/map-kernel.ts";
import { expressionKey, freeVariables, mapChildren, some } from "../ir/walk.ts";
import { isBox, stageOf } from "./hoisted-stage.ts";

export function hoistCostly(kernel: Kernel): Kernel {
  const fresh = freshIds(kernel);
  const dims = new Set(kernel.dims.map((d) => d.id));
  const inRecurrences = new Set(kernel.steps.flatMap((s) => (s.kind === "recurrence" ? s.members : [])));
  return flatMapStages(kernel, (stage) => (inRecurrences.has(stage) ? [stage] : hoistFrom(stage, dims, fresh)));
}

function hoistFrom(stage: Stage, dims: ReadonlySet<string>, fresh: Fresh): readonly Stage[] {
  const made: Stage[] = [];
  const seen = new Map<string, Tensor>();
  const outputs = stage.outputs.map((o) => ({ ...o, body: hoistIn(o.body, stage.axes, false) }));
  return [...made, { ...stage, outputs }];

  /** `axes`: all axes around `e`; `conditional`: under a branch or guard. */
  function hoistIn(e: Expr, axes: readonly Axis[], conditional: boolean): Expr {
    const needed = axesToHoistTo(e, axes, conditional);
    if (needed !== null) {
      const key = expressionKey(e);
      const tensor = seen.get(key) ?? makeStage(e, needed);
      seen.set(key, tensor);
      return read(
        tensor.dtype,
        tensor.id,
        needed.map((a) => a.variable),
      );
    }
    if (e.kind === "reduce") {
      const inner = [...axes, ...e.axes];
      return mapChildren(e, (c) => hoistIn(c, inner, conditional || (e.guard !== null && c !== e.guard)));
    }
    if (e.kind === "select" && e.lazy) return mapChildren(e, (c) => hoistIn(c, axes, conditional || c !== e.cond));
    return mapChildren(e, (c) => hoistIn(c, axes, conditional));
  }

  /** The axes of a stage for `e`; null where it stays. */
  function axesToHoistTo(e: Expr, axes: readonly Axis[], conditional: boolean): readonly Axis[] | null {
    if (e.type === "index" || !isFloat(e.type) || !isCostly(e)) return null;
    const free = freeVariables(e);
    const needed = axes.filter((a) => free.has(a.variable.id));
    // Loops keep what their outermost axes alone decide.
    if (needed.every((a, n) => a === axes[n])) return null;
    const known = [...free.keys()].every((id) => dims.has(id) || needed.some((a) => a.variable.id === id));
    const total = !conditional || !some(e, (n) => n.kind === "read" && n.guarded);
    return known && total && isBox(needed, axes) && readsElementOf(e, needed) ? needed : null;
  }

  function makeStage(e: Expr, needed: readonly Axis[]): Tensor {
    const { stage: shared, tensor } = stageOf(e, needed, `${stage.name}.shared${made.length}`, stage, fresh);
    made.push(shared);
    return tensor;
  }
}

/** Has a transcendental function, but no reduction, no padded read and no integer arithmetic that a condition may protect. */
function isCostly(e: Expr): boolean {
  const plain = !some(
    e,
    (n) =>
      n.kind === "reduce" ||
      (n.kind === "read" && n.pad !== null) ||
      (n.kind !== "read" && n.kind !== "var" && n.kind !== "const" && n.type !== "bool" && !isFloatType(n)),
  );
  return plain && some(e, (n) => n.kind === "apply" && Object.hasOwn(DERIVED_OPS, n.op));
}

function isFloatType(e: Expr): boolean {
  return e.type !== "index" && isFloat(e.type);
}

/** Is there a read whose subscripts are just these axes? Then the stage is no larger than the tensor that is read. */
function readsElementOf(e: Expr, axes: readonly Axis[]): boolean {
  return some(e, (n) => {
    if (n.kind !== "read") return false;
    const variables = new Set(n.index.flatMap((s) => (s.kind === "var" ? [s.id] : [])));
    return axes.every((a) => variables.has(a.variable.id));
  });
}
