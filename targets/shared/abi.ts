/**
 * How generated code is called, on every target alike: the addresses of inputs, of outputs, of scratch buffers, then the
 * dims, each in the program's order.
 */
import type { Var } from "../../compiler/ir/expr.ts";
import type { Lifetime, MachineBuffer, MachineProgram } from "../../compiler/ir/machine.ts";
import { known } from "../../compiler/support/invariant.ts";

export type ScratchBuffer = MachineBuffer & { readonly lifetime: Lifetime };

export type Abi = {
  readonly inputs: readonly MachineBuffer[];
  readonly outputs: readonly MachineBuffer[];
  readonly scratch: readonly ScratchBuffer[];
  readonly dims: readonly Var[];
};

export function abiOf(program: MachineProgram): Abi {
  const inputs = program.buffers.filter((b) => b.space === "input");
  const outputs = program.buffers.filter((b) => b.space === "output");
  const scratch = program.buffers
    .filter((b) => b.space === "scratch")
    .map((b) => ({ ...b, lifetime: known(b.lifetime ?? undefined, `the lifetime of ${b.name}`) }));
  return { inputs, outputs, scratch, dims: program.dims };
}

/** Position of each buffer's address and of each dim among the arguments. */
export function argumentPositions(abi: Abi): {
  readonly count: number;
  readonly buffer: ReadonlyMap<string, number>;
  readonly dim: ReadonlyMap<string, number>;
} {
  const buffers = [...abi.inputs, ...abi.outputs, ...abi.scratch];
  return {
    count: buffers.length + abi.dims.length,
    buffer: new Map(buffers.map((b, n) => [b.id, n])),
    dim: new Map(abi.dims.map((d, n) => [d.id, buffers.length + n])),
  };
}
