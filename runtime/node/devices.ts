/** The devices of Node: those that run anywhere, Dawn for WebGPU, and the host's C compiler. */
import type { Device, DeviceFactory } from "../device.ts";
import type { DeviceList } from "../device-list.ts";
import { deviceFactory as factoryFrom, openFrom, PORTABLE_DEVICES } from "../device-list.ts";

/** In the order of `einkorn targets`. */
export const NODE_DEVICES: DeviceList = {
  ...PORTABLE_DEVICES,
  wgsl: async () => {
    (await import("./software-vulkan.ts")).useSoftwareVulkan();
    return (await import("../devices/dawn.ts")).dawnDevice();
  },
  hls: async () => (await import("./hls-device.ts")).hlsDevice,
};

export const DEVICE_NAMES: readonly string[] = Object.keys(NODE_DEVICES);

/** The factory of a target's device; E6301 for an unknown name. */
export function deviceFactory(name: string): Promise<DeviceFactory> {
  return factoryFrom(NODE_DEVICES, name);
}

/** Opens a device; E6302 with the way out where this machine cannot. The caller closes it. */
export function openDevice(name: string): Promise<Device> {
  return openFrom(NODE_DEVICES, name);
}
