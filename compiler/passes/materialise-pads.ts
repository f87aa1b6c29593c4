/**
 * A padded read inside a reduction is looked at many times, and its condition would sit in the innermost loop. This pass
 * copies the tensor once into a stage that covers everything the reduction may touch, pads included; the reduction then
 * reads without conditions, and its loops stay affine. (The copy is itself a padded read, at one point each, which
 * expand-pads.ts turns into a select; where the tensor is a cheap stage, inline-stages.ts computes it right there.)
 */
import { indexBounds } from "../analysis/index-bounds.ts";
import type { DimRange, Kernel, Stage, Tensor } from "../ir/equations.ts";
import { tensorsOf } from "../ir/equations.ts";
import type { Axis, Expr, Read } from "../ir/expr.ts";
import { add, index, maximum, read, variable } from "../ir/expr.ts";
import type { Fresh } from "../ir/fresh.ts";
import { freshIds } from "../ir/fresh.ts";
import { flatMapStages, mapBodies } from "../ir/map-kernel.ts";
import { expressionKey, mapChildren, some } from "../ir/walk.ts";
import { known } from "../support/invariant.ts";
import { axesIn, runsOver } from "./expand-pads.ts";

export function materialisePads(kernel: Kernel): Kernel {
  const fresh = freshIds(kernel);
  const tensors = tensorsOf(kernel);
  return flatMapStages(kernel, (stage) => {
    // Inside a recurrence the copy would have to be remade at each step; it stays a select there.
    if (kernel.steps.some((s) => s.kind === "recurrence" && s.members.includes(stage))) return [stage];
    return withPaddedCopies(stage, tensors, fresh);
  });
}

function withPaddedCopies(stage: Stage, tensors: ReadonlyMap<string, Tensor>, fresh: Fresh): readonly Stage[] {
  const axes = axesIn(stage);
  const copies = new Map<string, Stage>();
  const body = mapBodies(stage, (e) => replaceIn(e, new Set()));
  return [...copies.values(), body];

  function replaceIn(e: Expr, reduced: ReadonlySet<string>): Expr {
    if (e.kind === "reduce") {
      const inner = new Set([...reduced, ...e.axes.map((a) => a.variable.id)]);
      return mapChildren(e, (c) => replaceIn(c, inner));
    }
    if (e.kind !== "read" || e.pad === null || !dependsOn(e.index, reduced)) {
      return mapChildren(e, (c) => replaceIn(c, reduced));
    }
    const tensor = known(tensors.get(e.tensor), "tensor");
    const box = boxOf(e, tensor, axes);
    if (box === null || (e.pad.kind === "value" && !isClosed(e.pad.value))) return e;
    const key = expressionKey(
      read(
        e.type,
        e.tensor,
        box.flatMap((d) => [d.lo, d.hi]),
        { pad: e.pad },
      ),
    );
    const copy = copies.get(key) ?? paddedCopy(e, tensor, box, { user: stage, count: copies.size }, fresh);
    copies.set(key, copy);
    const target = known(copy.outputs[0], "the padded copy").tensor;
    return read(e.type, target.id, e.index, { guarded: e.guarded });
  }
}

function dependsOn(subscripts: readonly Expr[], variables: ReadonlySet<string>): boolean {
  return subscripts.some((s) => some(s, (node) => node.kind === "var" && variables.has(node.id)));
}

/** Has no variables and no reads: the same everywhere. */
function isClosed(e: Expr): boolean {
  return !some(e, (node) => node.kind === "var" || node.kind === "read");
}

/** What the read may touch; null where that cannot be said over dims alone. */
function boxOf(e: Read, tensor: Tensor, axes: ReadonlyMap<string, Axis>): readonly DimRange[] | null {
  const box: DimRange[] = [];
  for (const [d, at] of e.index.entries()) {
    const dim = known(tensor.dims[d], "dim");
    if (runsOver(at, dim, axes)) {
      box.push(dim);
      continue;
    }
    const bounds = indexBounds(at, axes);
    if (bounds === null) return null;
    // An empty domain may turn the ends around.
    box.push({ lo: bounds.lo, hi: maximum(bounds.lo, add(bounds.hi, index(1))) });
  }
  return box;
}

/** `count`: how many copies the stage has already, since one tensor may be copied under two rules. */
function paddedCopy(
  e: Read,
  tensor: Tensor,
  box: readonly DimRange[],
  { user, count }: { readonly user: Stage; readonly count: number },
  fresh: Fresh,
): Stage {
  const axes = box.map((dim, d): Axis => ({ variable: variable("index", fresh("p"), `d${d}`), ...dim }));
  const name = `${user.name}.${tensor.name}.padded${count === 0 ? "" : count + 1}`;
  const copy: Tensor = { id: fresh("t"), name, dtype: tensor.dtype, dims: box, values: null, span: user.span };
  const body = read(
    e.type,
    e.tensor,
    axes.map((a) => a.variable),
    { pad: e.pad },
  );
  return { name, axes, outputs: [{ tensor: copy, body, init: [] }], span: user.span };
}
