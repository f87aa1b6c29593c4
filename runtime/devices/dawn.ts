/**
 * The door to Dawn, the WebGPU of Chromium as a library for Node (npm `webgpu`, an optional package without a graphics
 * driver of its own). On macOS and Windows it finds the system's; on Linux it takes what the Vulkan loader finds, which
 * runtime/node/software-vulkan.ts points to SwiftShader where there is no other.
 */
import type { DeviceFactory } from "../device.ts";
import type { Unavailable } from "./webgpu.ts";
import { webGpuFactory } from "./webgpu.ts";

type Instances = Map<string, GPU>;

/** Dawn crashes when an instance is collected while a device of it lives, so instances stay as long as the program does. */
const PINNED = Symbol.for("einkorn.dawn");

function instances(): Instances {
  const holder: typeof globalThis & { [PINNED]?: Instances } = globalThis;
  holder[PINNED] ??= new Map();
  return holder[PINNED];
}

/**
 * A WebGPU entry point with Dawn's own flags, such as `backend=null`; one per set of flags. Dawn ignores flags that it
 * does not know. Rejects where Dawn is not installed.
 */
export async function openDawn(flags: readonly string[] = []): Promise<GPU> {
  const { create } = await import("webgpu");
  const key = flags.join(" ");
  const gpu = instances().get(key) ?? create([...flags]);
  instances().set(key, gpu);
  return gpu;
}

/** WebGPU in Node; the flags are those of {@link openDawn}. */
export function dawnDevice(flags: readonly string[] = []): DeviceFactory {
  return webGpuFactory(() => findAdapter(flags), "Dawn");
}

async function findAdapter(flags: readonly string[]): Promise<GPUAdapter | Unavailable> {
  let gpu: GPU;
  try {
    gpu = await openDawn(flags);
  } catch (error) {
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return {
      available: false,
      reason: `Dawn (the npm package webgpu) cannot be loaded: ${why}`,
      help: "install it: npm install webgpu@0.6.2",
    };
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return (
    adapter ?? {
      available: false,
      reason: "Dawn finds no graphics driver",
      help: "install the driver of the GPU, or SwiftShader, which needs no GPU: ./setup.sh --full",
    }
  );
}
