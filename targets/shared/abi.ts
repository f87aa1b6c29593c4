/**
 * How generated code is called, on every target alike: the addresses of inputs, of outputs, of the arena's slots, then the
 * dims, each in the program's order. Scratch buffers of one slot start at its address.
 */
import type { Var } from "../../compiler/ir/expr.ts";
import type { MachineBuffer, MachineProgram } from "../../compiler/ir/machine.ts";
import { invariant } from "../../compiler/support/invariant.ts";

export type Abi = {
  readonly inputs: readonly MachineBuffer[];
  readonly outputs: readonly MachineBuffer[];
  /** Buffers that take turns in each slot. */
  readonly slots: readonly (readonly MachineBuffer[])[];
  readonly dims: readonly Var[];
};

export function abiOf(program: MachineProgram): Abi {
  const inputs = program.buffers.filter((b) => b.space === "input");
  const outputs = program.buffers.filter((b) => b.space === "output");
  const scratch = program.buffers.filter((b) => b.space === "scratch");
  const count = scratch.reduce((most, b) => Math.max(most, (b.slot ?? -1) + 1), 0);
  const slots = Array.from({ length: count }, (_, n) => scratch.filter((b) => b.slot === n));
  invariant(
    scratch.every((b) => b.slot !== null),
    "every scratch buffer has its slot",
  );
  return { inputs, outputs, slots, dims: program.dims };
}

/** Position of each buffer's address and of each dim among the arguments. */
export function argumentPositions(abi: Abi): {
  readonly count: number;
  readonly buffer: ReadonlyMap<string, number>;
  readonly dim: ReadonlyMap<string, number>;
} {
  const buffer = new Map<string, number>();
  let next = 0;
  for (const b of [...abi.inputs, ...abi.outputs]) buffer.set(b.id, next++);
  for (const slot of abi.slots) {
    for (const b of slot) buffer.set(b.id, next);
    next++;
  }
  const dim = new Map(abi.dims.map((d) => [d.id, next++] as const));
  return { count: next, buffer, dim };
}
