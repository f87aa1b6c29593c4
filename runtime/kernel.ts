/**
 * A compiled kernel as a function: checks its arguments, hands the call to its device, and gives the outputs by name.
 * Calls return at once; on a GPU the tensors are handles whose `read` waits.
 */
import type { Kernel } from "../compiler/ir/equations.ts";
import { known } from "../compiler/support/invariant.ts";
import type { Arguments, Outputs } from "./arguments.ts";
import { checkCall, forgetRange } from "./arguments.ts";
import type { Device, Executable } from "./device.ts";
import { refuse } from "./refuse.ts";
import type { Tensor } from "./tensor.ts";

export type CallOptions = {
  /** Tensors to write outputs into, by name; their dtype and shape must be the output's. */
  readonly out?: Outputs;
};

/** Everything a kernel has, callable: `const { C } = matmul({ A, B })`. */
export type CompiledKernel = {
  (args: Arguments, options?: CallOptions): Readonly<Record<string, Tensor>>;
  readonly kernelName: string;
  /** The equations this was compiled from, after specialisation. */
  readonly equations: Kernel;
  readonly device: string;
  /** The same kernel with some or all dims as constants, by name: larger code, faster. */
  readonly specialise: (dims: Readonly<Record<string, number>>) => Promise<CompiledKernel>;
};

export type KernelParts = {
  readonly equations: Kernel;
  readonly executable: Executable;
  readonly device: Device;
  readonly specialise: (dims: Readonly<Record<string, number>>) => Promise<CompiledKernel>;
};

export function makeKernel(parts: KernelParts): CompiledKernel {
  const { equations, executable, device } = parts;
  const call = (args: Arguments, options: CallOptions = {}): Readonly<Record<string, Tensor>> => {
    if (device.target.capabilities.constantDims && equations.dims.length > 0) refuseSymbolic(equations, device);
    const checked = checkCall(equations, args, options.out ?? {});
    for (const t of Object.values(options.out ?? {})) forgetRange(t);
    const results = executable.run(checked);
    return Object.fromEntries(equations.outputs.map((o, n) => [o.name, known(results[n], `output ${o.name}`)]));
  };
  return Object.assign(call, {
    kernelName: equations.name,
    equations,
    device: device.name,
    specialise: parts.specialise,
  });
}

function refuseSymbolic(kernel: Kernel, device: Device): never {
  const dims = kernel.dims.map((d) => d.name);
  refuse("E6212", `${device.name} compiles ${kernel.name} for constant dims; ${dims.join(", ")} are still open`, {
    help: [`compile with { dims: { ${dims.map((d) => `${d}: …`).join(", ")} } }, or await kernel.specialise({ … })`],
  });
}
