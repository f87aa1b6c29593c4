/** A tensor's elements in a buffer on the GPU. The buffer is a whole number of words, at least one. */
import { ARRAYS, byteLength } from "../../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../../compiler/ir/dtype.ts";
import type { DeviceStorage } from "../storage.ts";
import { refuse } from "../refuse.ts";
import type { Connection } from "./webgpu-connection.ts";
import { DEVICE_NAME } from "./webgpu-connection.ts";

/** Numbers of the WebGPU specification, here because Dawn defines no globals. */
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_MODE_READ = 1;

/** Bytes of the buffer for so many bytes of elements. */
export function bufferSize(bytes: number): number {
  return Math.max(4, Math.ceil(bytes / 4) * 4);
}

export class GpuStorage implements DeviceStorage {
  readonly kind = "device";
  readonly device = DEVICE_NAME;
  readonly connection: Connection;
  readonly buffer: GPUBuffer;
  readonly #dtype: DType;
  readonly #elements: number;
  /** Of the last kernel that writes the buffer. */
  #verdict: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(connection: Connection, buffer: GPUBuffer, dtype: DType, elements: number) {
    this.connection = connection;
    this.buffer = buffer;
    this.#dtype = dtype;
    this.#elements = elements;
  }

  /** Notes a kernel that writes the buffer; `read` fails where it failed. */
  writtenBy(verdict: Promise<void>): void {
    this.#verdict = verdict;
  }

  async read(): Promise<AnyArray> {
    this.connection.check();
    if (this.#disposed) refuse("E6008", "the tensor was disposed of and holds no elements any more");
    const { gpu } = this.connection;
    const { size } = this.buffer;
    const { result: staging, verdict } = this.connection.guarded(() => {
      const target = gpu.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
      const encoder = gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(this.buffer, 0, target, 0, size);
      gpu.queue.submit([encoder.finish()]);
      return target;
    });
    // The kernel's own failure says more than that of the copy.
    await this.connection.settle(Promise.all([this.#verdict, verdict]));
    await this.connection.settle(staging.mapAsync(MAP_MODE_READ));
    const bytes = byteLength(this.#dtype, this.#elements);
    const array = new ARRAYS[this.#dtype](staging.getMappedRange().slice(0, bytes));
    staging.destroy();
    return array;
  }

  /** WebGPU keeps the memory until submitted work that uses it is done. */
  dispose(): void {
    this.#disposed = true;
    this.buffer.destroy();
  }
}
