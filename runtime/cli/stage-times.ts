/** The times that a device measured, by the stages that its parts compute. */
import type { Kernel, Step } from "../../compiler/ir/equations.ts";
import type { LoopProgram } from "../../compiler/ir/loops.ts";
import { runPipeline } from "../../compiler/pipeline.ts";
import { invariant } from "../../compiler/support/invariant.ts";
import type { Target } from "../../compiler/target.ts";

export type StageTime = { readonly stage: string; readonly milliseconds: number };

/** `times`: one for each part of the run, in order. */
export function stageTimes(kernel: Kernel, target: Target, times: readonly number[]): readonly StageTime[] {
  const names = target.lowers ? launchedStages(kernel, target) : kernel.steps.map(nameOf);
  invariant(names.length === times.length, "each part of a run computes one stage");
  return names.map((stage, n) => ({ stage, milliseconds: Math.round((times[n] ?? 0) * 1000) / 1000 }));
}

/** The stage of each launch; those that others have taken in are not among them, and copies made by passes are. */
function launchedStages(kernel: Kernel, target: Target): readonly string[] {
  let loops: LoopProgram | null = null;
  runPipeline(kernel, target, {
    watch: (_pass, state) => {
      if (state.level === "loops") loops = state.program;
    },
    last: "simplify-loops",
  });
  const program: LoopProgram | null = loops;
  return program === null ? [] : nestsOf(program);
}

function nestsOf({ nests }: LoopProgram): readonly string[] {
  return nests.map((nest) => nest.stage);
}

function nameOf(step: Step): string {
  return step.kind === "stage" ? step.stage.name : step.members.map((m) => m.name).join(", ");
}

/** A line for each stage, the longest first. */
export function stageTimesText(times: readonly StageTime[]): readonly string[] {
  const sorted = times.toSorted((a, b) => b.milliseconds - a.milliseconds);
  const width = Math.max(0, ...sorted.map((t) => t.stage.length));
  return sorted.map((t) => `  ${t.stage.padEnd(width)}  ${t.milliseconds.toFixed(3)} ms`);
}
