/**
 * What a schedule calls the parts of a kernel: stages by their path (`C`, `c1.acc`), loops by stage and index
 * (`c1.acc.y`, a reduction's `C.k` included), tensors: parameters and stages.
 */
import type { Kernel } from "../ir/equations.ts";
import { stagesOf } from "../ir/equations.ts";
import type { Expr } from "../ir/expr.ts";
import { children } from "../ir/walk.ts";

export type ScheduledNames = {
  readonly stages: ReadonlySet<string>;
  readonly loops: ReadonlySet<string>;
  readonly tensors: ReadonlySet<string>;
  /** Indices without their stage. */
  readonly indices: ReadonlySet<string>;
};

export function scheduledNames(kernel: Kernel): ScheduledNames {
  const stages = new Set<string>();
  const loops = new Set<string>();
  const indices = new Set<string>();
  for (const s of stagesOf(kernel)) {
    const names = new Set([s.name, ...s.outputs.map((o) => o.tensor.name)]);
    const axes = [...s.axes.map((a) => a.variable.name), ...s.outputs.flatMap((o) => reductionIndices(o.body))];
    for (const name of names) {
      stages.add(name);
      for (const a of axes) loops.add(`${name}.${a}`);
    }
    for (const a of axes) indices.add(a);
  }
  return { stages, loops, indices, tensors: new Set([...kernel.params.map((p) => p.name), ...stages]) };
}

function reductionIndices(body: Expr): readonly string[] {
  const found: string[] = [];
  const pending = [body];
  for (let e = pending.pop(); e !== undefined; e = pending.pop()) {
    if (e.kind === "reduce") for (const a of e.axes) found.push(a.variable.name);
    pending.push(...children(e));
  }
  return found;
}
