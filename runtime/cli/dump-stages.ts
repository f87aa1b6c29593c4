/**
 * Stages as outputs, for `run --dump`: the kernel with some of its stages among its outputs, so that any target computes and
 * returns them like the others. What is stored is not inlined into its readers, so a kernel with more outputs may be
 * scheduled in another way; its meaning is the same.
 */
import type { Kernel, Stage, StageOutput, Step, Tensor } from "../../compiler/ir/equations.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import type { Axis, Expr } from "../../compiler/ir/expr.ts";
import { add, index, read, sub, variable } from "../../compiler/ir/expr.ts";
import { freshIds } from "../../compiler/ir/fresh.ts";
import { known } from "../../compiler/support/invariant.ts";
import { refuseUnknown } from "./run-inputs.ts";

type Defined = { readonly stage: Stage; readonly output: StageOutput };

/** E6202 for a name that no stage of the kernel has; outputs are stages, too. */
export function withStageOutputs(kernel: Kernel, names: readonly string[]): Kernel {
  const defined = stagesOf(kernel).flatMap((stage) => stage.outputs.map((output): Defined => ({ stage, output })));
  const byName = new Map(defined.map((d) => [d.output.tensor.name, d] as const));
  const present = new Set(kernel.outputs.map((o) => o.name));
  const steps: Step[] = [];
  const outputs: Kernel["outputs"][number][] = [];
  const fresh = freshIds(kernel);
  for (const name of new Set(names)) {
    if (present.has(name)) continue;
    refuseUnknown(`${kernel.name} has no stage`, name, [...byName.keys()]);
    const { stage, output } = known(byName.get(name), "a stage");
    if (stage.axes.every((a) => isZero(a.lo))) {
      const dims = stage.axes.map(({ lo, hi }) => ({ lo, hi }));
      outputs.push({ name, tensor: output.tensor.id, dims });
    } else {
      const moved = movedToZero({ stage, output }, fresh);
      steps.push({ kind: "stage", stage: moved });
      const { tensor } = known(moved.outputs[0], "an output");
      outputs.push({ name, tensor: tensor.id, dims: tensor.dims });
    }
  }
  return { ...kernel, steps: [...kernel.steps, ...steps], outputs: [...kernel.outputs, ...outputs] };
}

function isZero(e: Expr): boolean {
  return e.kind === "const" && e.value === 0n;
}

/** A copy whose subscripts start at 0, as those of an output do. */
function movedToZero({ stage, output }: Defined, fresh: (prefix: string) => string): Stage {
  const axes = stage.axes.map(({ variable: v, lo, hi }): Axis => {
    return { variable: variable("index", fresh(v.id), v.name), lo: index(0), hi: sub(hi, lo) };
  });
  const from = axes.map((axis, d) => add(axis.variable, known(stage.axes[d], "an axis").lo));
  const tensor: Tensor = {
    ...output.tensor,
    id: fresh(output.tensor.id),
    dims: axes.map(({ lo, hi }) => ({ lo, hi })),
  };
  const body = read(output.tensor.dtype, output.tensor.id, from);
  return { name: `${stage.name}.copy`, axes, outputs: [{ tensor, body, init: [] }], span: stage.span };
}
