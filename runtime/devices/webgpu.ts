/**
 * WebGPU as a device, over the standard API alone: in a browser on `navigator.gpu`, in Node through Dawn (dawn.ts), or on
 * a GPUDevice that the caller has already. Everything the adapter offers in buffer sizes and bindings is asked for.
 */
import type { Artifact, Target } from "../../compiler/target.ts";
import { InternalError, invariant } from "../../compiler/support/invariant.ts";
import { layoutOf } from "../../targets/wgsl/layout.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import type { Availability, Device, DeviceFactory, Executable } from "../device.ts";
import { refuse } from "../refuse.ts";
import { Connection } from "./webgpu-connection.ts";
import { WebGpuExecutable } from "./webgpu-executable.ts";
import { buildPipelines } from "./webgpu-pipelines.ts";

export type Unavailable = Extract<Availability, { available: false }>;

/** A device found by `find`; `through` names what gives it, for descriptions. */
export function webGpuFactory(find: () => Promise<GPUAdapter | Unavailable>, through: string): DeviceFactory {
  return {
    name: "wgsl",
    probe: async () => {
      const found = await find();
      return "available" in found ? found : { available: true, description: describe(found, through) };
    },
    open: async () => {
      const found = await find();
      if ("available" in found) {
        return refuse("E6302", `target wgsl cannot run here: ${found.reason}`, { help: [found.help] });
      }
      const gpu = await found.requestDevice({ requiredLimits: wantedLimits(found) });
      return webGpuDevice(gpu, describe(found, through));
    },
  };
}

/** The browser's GPU. */
export const browserDevice: DeviceFactory = webGpuFactory(async () => {
  const gpu: GPU | undefined = "gpu" in navigator ? navigator.gpu : undefined;
  const help = "use a browser with WebGPU on a page served over https or from localhost, or the target wasm";
  if (gpu === undefined) return { available: false, reason: "this browser has no WebGPU", help };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter ?? { available: false, reason: "the browser gives no GPU adapter", help };
}, "the browser");

function describe(adapter: GPUAdapter, through: string): string {
  const { vendor, architecture, device, description } = adapter.info;
  const name = description || [vendor, architecture, device].filter((s) => s !== "").join(" ");
  return `${name || "a GPU"} through ${through}`;
}

/** The limits that decide how large a kernel's tensors may be, and how many. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

function wantedLimits(adapter: GPUAdapter): Record<string, number> {
  return Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
}

/** Takes the GPUDevice over: closing this device destroys it. */
export function webGpuDevice(gpu: GPUDevice, description: string): Device {
  const connection = new Connection(gpu);
  return {
    name: wgslTarget.name,
    description,
    target: wgslTarget satisfies Target,
    load: (artifact) => load(artifact, connection),
    close: () => connection.close(),
  };
}

async function load(artifact: Artifact, connection: Connection): Promise<Executable> {
  connection.check();
  const { code, program } = artifact;
  if (typeof code !== "string") throw new InternalError("an artifact for WebGPU is text");
  invariant(artifact.target === wgslTarget.name, `an artifact for ${artifact.target}`);
  const layout = layoutOf(program);
  const pipelines = await buildPipelines(connection, code, program, layout);
  return new WebGpuExecutable(connection, program, layout, pipelines);
}
