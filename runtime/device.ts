/**
 * What the runtime asks of a device: something that runs one target's artifacts here and now. Devices are opened once
 * and hold what lives long (a WASM memory, a GPU connection, a temporary folder); executables belong to their device.
 */
import type { DType } from "../compiler/ir/dtype.ts";
import type { Kernel } from "../compiler/ir/equations.ts";
import type { Artifact, Target } from "../compiler/target.ts";
import type { Tensor } from "./tensor.ts";

/** One call of a kernel; every argument has been checked against it. */
export type Call = {
  /** In the order of the kernel's params. */
  readonly inputs: readonly Tensor[];
  /** By the dim's id; those the kernel was specialised for are absent. */
  readonly dims: ReadonlyMap<string, bigint>;
  /** In the order of the kernel's outputs: what to make, or where to write (its dtype and shape have been checked). */
  readonly outputs: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly out: Tensor | null;
  }[];
};

export type Executable = {
  /**
   * Starts the kernel and returns its outputs at once; on a GPU they are handles whose `read` waits. Errors of the device are
   * EinkornErrors with an E6 code, thrown here or from `read`.
   */
  readonly run: (call: Call) => readonly Tensor[];
  /** Frees what the executable holds on the device. */
  readonly dispose: () => void;
};

/** An executable that measures its parts: the steps of the kernel, or the launches of the code, in order. */
export type TimedExecutable = Executable & {
  /** Milliseconds of each part in the last run; empty before the first. */
  readonly times: () => readonly number[];
};

export type Device = {
  /** `wasm`, `wgsl`, … and what runs it, for messages and `einkorn targets`. */
  readonly name: string;
  readonly description: string;
  /** The target whose artifacts it takes, with the capabilities of this very machine. */
  readonly target: Target;
  readonly load: (artifact: Artifact, kernel: Kernel) => Promise<Executable>;
  /** As `load`, for a run whose parts are measured; absent where the device cannot tell. */
  readonly loadTimed?: (artifact: Artifact, kernel: Kernel) => Promise<TimedExecutable>;
  /** Waits for running work and gives everything back. */
  readonly close: () => Promise<void>;
};

/** Whether a device can be opened here; if not, why and what to do, in the user's words. */
export type Availability =
  | { readonly available: true; readonly description: string }
  | { readonly available: false; readonly reason: string; readonly help: string };

/** How a device is found and opened. */
export type DeviceFactory = {
  readonly name: string;
  readonly probe: () => Promise<Availability>;
  readonly open: () => Promise<Device>;
};
