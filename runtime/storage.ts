/**
 * Where a tensor's elements live. A device that shares the caller's memory (interpreter, WASM, native code) hands out a
 * `cpu` storage; one that does not (a GPU) hands out a `device` storage at once, before the work is done, and `read`
 * waits for it. A device knows its own storages again with `instanceof`.
 */
import type { AnyArray } from "../compiler/ir/dtype.ts";

export type CpuStorage = {
  readonly kind: "cpu";
  /** Row-major elements as dtype.ts lays them out. May be a getter: a WASM memory that has grown gives a fresh view. */
  readonly array: AnyArray;
  /** Gives memory back to the device that lent it; absent where the garbage collector does that. */
  dispose?(): void;
};

export type DeviceStorage = {
  readonly kind: "device";
  /** Name of the device, for messages: `wgsl`. */
  readonly device: string;
  /** The device's own word for the memory; nobody else looks inside. */
  readonly buffer: unknown;
  /** Waits for the kernels that write this buffer and copies it into a new array, laid out as dtype.ts says. */
  read(): Promise<AnyArray>;
  /** Frees the buffer once no kernel in flight uses it. */
  dispose(): void;
};

export type Storage = CpuStorage | DeviceStorage;
