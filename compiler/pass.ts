/** What a pass is: a named step from one state of a kernel to the next. pipeline.ts lists them. */
import type { Kernel } from "./ir/equations.ts";
import type { LoopProgram } from "./ir/loops.ts";
import type { MachineProgram } from "./ir/machine.ts";
import type { Target } from "./target.ts";

/** A kernel somewhere between equations and machine code. */
export type State =
  | { readonly level: "equations"; readonly kernel: Kernel }
  | { readonly level: "loops"; readonly program: LoopProgram }
  | { readonly level: "machine"; readonly program: MachineProgram };

export type Pass = {
  /** What `explain --after` calls it. */
  readonly name: string;
  /** One line: why it is there, at this place. */
  readonly why: string;
  readonly run: (state: State, target: Target) => State;
};
