/**
 * A WebGPU without a driver: Dawn's null backend runs the whole shader compiler and checks every pipeline, and computes
 * nothing. 20 ms to start, about half a millisecond a module.
 */
import { openDawn } from "../../runtime/devices/dawn.ts";
import { shaderErrors } from "../../runtime/devices/shader-errors.ts";

export type Validator = {
  /** What is wrong with a module and with a pipeline of each of its entry points; empty if nothing. */
  readonly validate: (code: string) => Promise<readonly string[]>;
  readonly close: () => void;
};

/** The validator, or why there is none: tests skip with that sentence. */
export async function openValidator(): Promise<Validator | string> {
  let gpu: GPU;
  try {
    gpu = await openDawn(["backend=null"]);
  } catch (error) {
    return `Dawn (npm webgpu) cannot be loaded: ${String(error).split("\n")[0] ?? ""}`;
  }
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return "Dawn has no null backend";
  const device = await adapter.requestDevice();
  return { validate: (code) => validate(device, code), close: () => device.destroy() };
}

async function validate(device: GPUDevice, code: string): Promise<readonly string[]> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const errors = shaderErrors(await module.getCompilationInfo(), code);
  const scoped = await device.popErrorScope();
  if (errors.length > 0 || scoped !== null) return errors.length > 0 ? errors : [scoped?.message ?? ""];
  const entries = [...code.matchAll(/^fn (nest\d+)\(/gm)].map((m) => m[1] ?? "");
  const built = entries.map(async (entryPoint) => {
    try {
      await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } });
      return [];
    } catch (error) {
      return [`${entryPoint}: ${String(error)}`];
    }
  });
  return (await Promise.all(built)).flat();
}
