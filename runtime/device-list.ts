/**
 * Lists of devices by the name of their target, each loaded when it is asked for, so that nobody pays for a device that he
 * does not use. A world (the browser, Node) has a list of its own.
 */
import type { Availability, Device, DeviceFactory } from "./device.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";

/** In the order in which people are told of them. */
export type DeviceList = Readonly<Record<string, () => Promise<DeviceFactory>>>;

/** What runs wherever JavaScript does. */
export const PORTABLE_DEVICES: DeviceList = {
  interp: async () => (await import("./devices/interp.ts")).interpDevice,
  wasm: async () => (await import("./devices/wasm.ts")).wasmDevice,
};

/** What a page in a browser can have. */
export const BROWSER_DEVICES: DeviceList = {
  ...PORTABLE_DEVICES,
  wgsl: async () => (await import("./devices/webgpu.ts")).browserDevice,
};

/** E6301 for a name that is not in the list. */
export function refuseUnknownTarget(list: DeviceList, name: string): void {
  if (!Object.hasOwn(list, name)) unknownTarget(list, name);
}

/** The factory of a target's device; E6301 for a name that is not in the list. */
export async function deviceFactory(list: DeviceList, name: string): Promise<DeviceFactory> {
  const load = Object.hasOwn(list, name) ? list[name] : undefined;
  return load === undefined ? unknownTarget(list, name) : load();
}

function unknownTarget(list: DeviceList, asked: unknown): never {
  const names = Object.keys(list);
  // Callers in JavaScript may ask for anything.
  const name = String(asked);
  const near = nearest(name, names);
  return refuse("E6301", `there is no target ${quoted(name)} to run on`, {
    help: [near === null ? `the targets are ${listed(names)}` : `did you mean ${near}?`],
  });
}

/** Opens a device; E6302 with the way out where this machine cannot. The caller closes it. */
export async function openFrom(list: DeviceList, name: string): Promise<Device> {
  const factory = await deviceFactory(list, name);
  const here = await factory.probe();
  if (here.available) return factory.open();
  return refuse("E6302", `target ${name} cannot run here: ${here.reason}`, { help: [here.help] });
}

export type TargetHere = { readonly name: string; readonly here: Availability };

/** Which targets run here, on what, and what the others lack. */
export async function probeAll(list: DeviceList): Promise<readonly TargetHere[]> {
  return Promise.all(Object.entries(list).map(async ([name, load]) => ({ name, here: await (await load()).probe() })));
}
