/**
 * The library over a list of devices: what `import … from "einkorn"` gives in Node and in a browser alike. Devices are
 * opened when they are first asked for, once per process, and stay open until `close`.
 */
import { checkCompile } from "./check-options.ts";
import type { Device } from "./device.ts";
import type { DeviceList, TargetHere } from "./device-list.ts";
import { openFrom, probeAll } from "./device-list.ts";
import type { CompileOptions, Kernels } from "./jit.ts";
import { compileOn } from "./jit.ts";
import type { StandardLibrary } from "./modules.ts";

export type Library = {
  /**
   * Compiles the kernels of a source text for a target: `const { scale } = await compile(text, { target: "wasm" })`.
   * Rejects with an EinkornError that carries every diagnostic. The same source for the same target costs a look-up.
   */
  readonly compile: <Name extends string = string>(
    source: string,
    options?: CompileOptions<Name>,
  ) => Promise<Kernels<Name>>;
  /** The target's device, opened if it is not yet; E6302 with the way out where this machine has none. */
  readonly openDevice: (target: string) => Promise<Device>;
  /** What can run here, and why the rest cannot. */
  readonly targets: () => Promise<readonly TargetHere[]>;
  /** Waits for running work and closes every device that was opened here; kernels compiled for them are of no use then. */
  readonly close: () => Promise<void>;
};

export function makeLibrary(list: DeviceList, standard: StandardLibrary): Library {
  const devices = new Map<string, Promise<Device>>();
  const openDevice = (target: string): Promise<Device> => {
    const opened = devices.get(target) ?? openFrom(list, target);
    devices.set(target, opened);
    // A failure is not kept: the next attempt may have more luck.
    opened.catch(() => devices.delete(target));
    return opened;
  };
  return {
    compile: async (source, options = {}) => {
      checkCompile(source, options);
      const { target = "wasm" } = options;
      return compileOn(typeof target === "string" ? await openDevice(target) : target, source, options, standard);
    },
    openDevice,
    targets: () => probeAll(list),
    close: async () => {
      const opened = [...devices.values()];
      devices.clear();
      for (const device of await Promise.allSettled(opened)) {
        if (device.status === "fulfilled") await device.value.close();
      }
    },
  };
}
