/** The devices of Node: those that run anywhere, Dawn for WebGPU, and the host's C compiler. */
import type { Device, DeviceFactory } from "../device.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";

/** In the order of `einkorn targets`; each is loaded when it is asked for. */
const LOADERS: Readonly<Record<string, () => Promise<DeviceFactory>>> = {
  interp: async () => (await import("../devices/interp.ts")).interpDevice,
  wasm: async () => (await import("../devices/wasm.ts")).wasmDevice,
};

export const DEVICE_NAMES: readonly string[] = Object.keys(LOADERS);

/** The factory of a target's device; E6301 for an unknown name. */
export async function deviceFactory(name: string): Promise<DeviceFactory> {
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load !== undefined) return load();
  const near = nearest(name, DEVICE_NAMES);
  return refuse("E6301", `there is no target ${quoted(name)}`, {
    help: [near === null ? `the targets are ${listed(DEVICE_NAMES)}` : `did you mean ${near}?`],
  });
}

/** Opens a device; E6302 with the way out where this machine cannot. The caller closes it. */
export async function openDevice(name: string): Promise<Device> {
  const factory = await deviceFactory(name);
  const here = await factory.probe();
  if (here.available) return factory.open();
  return refuse("E6302", `target ${name} cannot run here: ${here.reason}`, { help: [here.help] });
}
