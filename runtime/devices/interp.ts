/** The reference interpreter as a device: slow, obviously right, available everywhere. */
import type { AnyArray } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { known } from "../../compiler/support/invariant.ts";
import { interpTarget } from "../../targets/interp/target.ts";
import type { Call, Device, DeviceFactory, Executable, TimedExecutable } from "../device.ts";
import { fromArray, toArray } from "../nd-array.ts";
import { refuse } from "../refuse.ts";
import { elementCount } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export const interpDevice: DeviceFactory = {
  name: "interp",
  probe: async () => ({ available: true, description: "the reference interpreter of equations" }),
  open: async (): Promise<Device> => ({
    name: "interp",
    description: "the reference interpreter of equations",
    target: interpTarget,
    load: async (_artifact, kernel) => executable(kernel),
    loadTimed: async (_artifact, kernel) => timedExecutable(kernel),
    close: async () => {},
  }),
};

function executable(kernel: Kernel): Executable {
  return { run: (call) => run(kernel, call), dispose: () => {} };
}

function timedExecutable(kernel: Kernel): TimedExecutable {
  let times: number[] = [];
  const timedRun = (call: Call): readonly Tensor[] => {
    times = [];
    let last = performance.now();
    return run(kernel, call, () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
    });
  };
  return { run: timedRun, times: () => times, dispose: () => {} };
}

/** Plain values take some 10 bytes each, and running out of memory would end the process without a word. */
const LARGEST_OUTPUT = 2 ** 26;

function refuseLarge(kernel: Kernel, call: Call): void {
  for (const [n, { shape }] of call.outputs.entries()) {
    const elements = elementCount(shape);
    if (elements <= LARGEST_OUTPUT) continue;
    const { name } = known(kernel.outputs[n], "output");
    refuse("E6307", `${name} has ${elements} elements; the interpreter holds ${LARGEST_OUTPUT} in one tensor`, {
      help: ["run it on another target, or with smaller dims"],
    });
  }
}

function run(kernel: Kernel, call: Call, done?: () => void): readonly Tensor[] {
  refuseLarge(kernel, call);
  const inputs = new Map(kernel.params.map((p, n) => [p.id, toArray(known(call.inputs[n], "input"))] as const));
  const results = interpretEquations(kernel, inputs, call.dims, done);
  return kernel.outputs.map((o, n) => {
    const made = fromArray(known(results.get(o.name), "output"));
    const { out } = known(call.outputs[n], "output");
    if (out === null) return made;
    copyInto(out.elements, made.elements);
    return out;
  });
}

/** Both hold one dtype. */
function copyInto(to: AnyArray, from: AnyArray): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}
