/**
 * A compiled kernel as a function: checks its arguments, hands the call to its device, and gives the outputs by name.
 * Calls return at once; on a GPU the tensors are handles whose `read` waits.
 */
import type { Kernel } from "../compiler/ir/equations.ts";
import { known } from "../compiler/support/invariant.ts";
import type { Arguments, Outputs } from "./arguments.ts";
import { checkCall, forgetRange, refuseNoRecord } from "./arguments.ts";
import type { Device, Executable } from "./device.ts";
import { refuseUnknownKeys } from "./given-values.ts";
import { refuse } from "./refuse.ts";
import type { Tensor } from "./tensor.ts";

export type CallOptions = {
  /** Tensors to write outputs into, by name; their dtype and shape must be the output's. */
  readonly out?: Outputs;
};

/** A kernel of a source, callable: `const { out } = kernel({ a, b })`. */
export type CompiledKernel = {
  (args: Arguments, options?: CallOptions): Readonly<Record<string, Tensor>>;
  readonly kernelName: string;
  /** The equations this was compiled from, after specialisation. */
  readonly equations: Kernel;
  /** Names of the dims of the kernel as written, those included that are constants by now. */
  readonly allDims: readonly string[];
  /** What runs it. */
  readonly device: Device;
  /** The same kernel with some or all dims as constants, by name: code for one size, which is faster. */
  readonly specialise: (dims: Readonly<Record<string, number>>) => Promise<CompiledKernel>;
};

type KernelParts = Pick<CompiledKernel, "equations" | "allDims" | "device" | "specialise"> & {
  /** Dims that are constants by now, by name. */
  readonly fixed: ReadonlyMap<string, bigint>;
  /** Null where the target wants constant dims and some are open: then only `specialise` is of use. */
  readonly executable: Executable | null;
};

export function makeKernel({ executable, fixed, ...parts }: KernelParts): CompiledKernel {
  const { equations, device } = parts;
  const call = (args: Arguments, options: CallOptions = {}): Readonly<Record<string, Tensor>> => {
    if (executable === null) return refuseOpenDims(equations, device);
    refuseNoRecord(equations, args);
    refuseUnknownKeys("E6202", `options of a call of ${equations.name}`, options, ["out"], "kernel(args, { out })");
    const out = options.out ?? {};
    const checked = checkCall(equations, args, out, fixed);
    for (const t of Object.values(out)) forgetRange(t);
    const results = executable.run(checked);
    return Object.fromEntries(equations.outputs.map((o, n) => [o.name, known(results[n], `output ${o.name}`)]));
  };
  return Object.assign(call, { ...parts, kernelName: equations.name });
}

function refuseOpenDims(kernel: Kernel, device: Device): never {
  const dims = kernel.dims.map((d) => d.name);
  refuse("E6212", `${device.name} compiles ${kernel.name} for constant dims; ${dims.join(", ")} are still open`, {
    help: [`compile with { dims: { ${dims.map((d) => `${d}: …`).join(", ")} } }, or await kernel.specialise({ … })`],
  });
}
