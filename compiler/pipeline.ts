/**
 * The compiler, top to bottom: every pass between a proved kernel and the code of a target, in order. Before it come
 * parsing, checking and proving (front-end.ts); after it the target prints.
 */
import type { Kernel } from "./ir/equations.ts";
import type { LoopProgram } from "./ir/loops.ts";
import { removeDeadSteps } from "./ir/map-kernel.ts";
import type { MachineFunction, MachineProgram } from "./ir/machine.ts";
import type { Pass, State } from "./pass.ts";
import { expandPads } from "./passes/expand-pads.ts";
import { hoistCostly } from "./passes/hoist-costly.ts";
import { hoistReductions } from "./passes/hoist-reductions.ts";
import { inlineStages } from "./passes/inline-stages.ts";
import { reduceAddresses } from "./passes/machine/addresses.ts";
import { removeDeadCode } from "./passes/machine/dead-code.ts";
import { flatten } from "./passes/machine/flatten.ts";
import { hoistInvariants } from "./passes/machine/hoist-invariants.ts";
import { decideNaNInBits } from "./passes/machine/nan-in-bits.ts";
import { planMemory } from "./passes/machine/plan-memory.ts";
import { numberValues } from "./passes/machine/value-numbering.ts";
import { packNarrow } from "./passes/pack-narrow.ts";
import { materialisePads } from "./passes/materialise-pads.ts";
import { expandMath } from "./passes/math/expand-math.ts";
import { narrowFloats } from "./passes/narrow-floats.ts";
import { simplifyEquations, simplifyLoops } from "./passes/simplify.ts";
import { selectMachine } from "./passes/select/select.ts";
import { blockSums } from "./schedule/block-sums.ts";
import { defaultNests } from "./schedule/default-nest.ts";
import { buildLoops } from "./schedule/initial-nest.ts";
import { InternalError } from "./support/invariant.ts";
import type { Capabilities, Target } from "./target.ts";

export const PIPELINE: readonly Pass[] = [
  equations("simplify", "constants of generics and known dims are folded", simplifyEquations),
  equations("remove-dead-steps", "what no output needs is not computed", removeDeadSteps),
  equations("materialise-pads", "windows read without conditions", materialisePads),
  equations("expand-pads", "from here on a read is one element in range", expandPads),
  equations("inline-stages", "elementwise stages are computed where they are read", inlineStages),
  equations("hoist-reductions", "row statistics once per row, not once per element", hoistReductions),
  equations("hoist-costly", "what costs much is computed once for each point it depends on", hoistCostly),
  equations("pack-narrow", "elements below a byte are cut out of bytes, and fill whole ones", packNarrow),
  equations("simplify-stages", "bounds of copies and of what was inlined are folded", simplifyEquations),
  {
    name: "initial-nest",
    why: "one perfect nest per stage",
    run: (s) => ({ level: "loops", program: buildLoops(asEquations(s)) }),
  },
  loops("default-nest", "vectors, register tiles, reductions in lanes", (p, c) => defaultNests(p, c)),
  loops("block-sums", "the error of a float sum does not grow with its length", blockSums),
  loops(
    "narrow-floats",
    "f16 and bf16 are bits outside and f32 inside; after the nests, whose copies were small",
    narrowFloats,
  ),
  loops(
    "expand-math",
    "exp, sin and their like are arithmetic, in f32 by now; constants in it are folded next",
    expandMath,
  ),
  loops("simplify-loops", "bounds are folded; loops that never run are gone", simplifyLoops),
  {
    name: "select",
    why: "loops become three-address code",
    run: (s, t) => ({ level: "machine", program: selectMachine(asLoops(s), t.capabilities) }),
  },
  machine("plan-memory", "scratch buffers know from which launch to which they live", (p) => planMemory(p)),
  functions("value-numbering", "unrolled copies share what is equal", numberValues),
  machine("nan-in-bits", "a NaN counts where the target assumes none", nanFor),
  machine("flatten", "one subscript per access, where the target wants it", flattenFor),
  functions("number-addresses", "addresses share their sums", numberValues),
  functions("hoist-strides", "what the pointers start from is outside", hoistInvariants),
  machine("addresses", "inner loops carry pointers", (p) => (p.addressing === "bytes" ? reduceAddresses(p) : p)),
  functions("share-addresses", "what the pointers start from is shared", numberValues),
  functions("hoist-invariants", "each sum at its own loop", hoistInvariants),
  functions("dead-code", "what the passes left over", removeDeadCode),
];

/** Runs the passes up to and including `last` (all of them without it); `watch` sees each state. */
export function runPipeline(
  kernel: Kernel,
  target: Target,
  options: { readonly last?: string; readonly watch?: (pass: Pass, state: State) => void } = {},
): State {
  let state: State = { level: "equations", kernel };
  for (const pass of PIPELINE) {
    state = pass.run(state, target);
    options.watch?.(pass, state);
    if (pass.name === options.last) break;
  }
  return state;
}

/** A proved kernel as machine code for the target. */
export function lowerToMachine(kernel: Kernel, target: Target): MachineProgram {
  return asMachine(runPipeline(kernel, target));
}

function nanFor(program: MachineProgram, capabilities: Capabilities): MachineProgram {
  if (capabilities.ieeeNaN) return program;
  return { ...program, functions: program.functions.map(decideNaNInBits) };
}

function flattenFor(program: MachineProgram, capabilities: Capabilities): MachineProgram {
  return capabilities.addressing === "subscripts" ? program : flatten(program, capabilities.addressing);
}

function equations(name: string, why: string, f: (kernel: Kernel) => Kernel): Pass {
  return { name, why, run: (s) => ({ level: "equations", kernel: f(asEquations(s)) }) };
}

function loops(name: string, why: string, f: (p: LoopProgram, c: Capabilities) => LoopProgram): Pass {
  return { name, why, run: (s, t) => ({ level: "loops", program: f(asLoops(s), t.capabilities) }) };
}

function machine(name: string, why: string, f: (p: MachineProgram, c: Capabilities) => MachineProgram): Pass {
  return { name, why, run: (s, t) => ({ level: "machine", program: f(asMachine(s), t.capabilities) }) };
}

function functions(name: string, why: string, f: (fn: MachineFunction) => MachineFunction): Pass {
  return machine(name, why, (p) => ({ ...p, functions: p.functions.map(f) }));
}

function asEquations(s: State): Kernel {
  if (s.level !== "equations") throw new InternalError("the kernel is past its equations");
  return s.kernel;
}

function asLoops(s: State): LoopProgram {
  if (s.level !== "loops") throw new InternalError("the kernel is not at its loops");
  return s.program;
}

function asMachine(s: State): MachineProgram {
  if (s.level !== "machine") throw new InternalError("the kernel is not machine code");
  return s.program;
}
