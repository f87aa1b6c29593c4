/**
 * Calls of one kernel on the GPU. The queue runs everything in order, so what a call needs besides its outputs (uploads,
 * sizes, the arena) is kept and written again for the next call; the GPU never waits for JavaScript, nor the other way
 * round. Tensors on the CPU are uploaded at each call, because nobody tells when their elements change.
 */
import { byteLength } from "../../compiler/ir/dtype.ts";
import type { AnyArray } from "../../compiler/ir/dtype.ts";
import { evaluateSize } from "../../compiler/ir/evaluate-index.ts";
import type { MachineBuffer, MachineProgram } from "../../compiler/ir/machine.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import type { Abi } from "../../targets/shared/abi.ts";
import { abiOf } from "../../targets/shared/abi.ts";
import type { ArenaLayout } from "../../targets/shared/arena-layout.ts";
import { bufferBytes, layoutArena } from "../../targets/shared/arena-layout.ts";
import { groupsFor } from "../../targets/wgsl/groups.ts";
import type { WgslLayout } from "../../targets/wgsl/layout.ts";
import { uniformBytes } from "../../targets/wgsl/layout.ts";
import type { Call, Executable } from "../device.ts";
import { refuse } from "../refuse.ts";
import { Tensor } from "../tensor.ts";
import type { Connection } from "./webgpu-connection.ts";
import type { Pipeline } from "./webgpu-pipelines.ts";
import { bufferSize, GpuStorage, USAGE } from "./webgpu-storage.ts";

const ELEMENTS = USAGE.storage | USAGE.copySource | USAGE.copyTarget;

export class WebGpuExecutable implements Executable {
  readonly #connection: Connection;
  readonly #program: MachineProgram;
  readonly #layout: WgslLayout;
  readonly #pipelines: readonly Pipeline[];
  readonly #abi: Abi;
  /** By binding: uploads, the uniform, the arena. */
  readonly #kept = new Map<number, GPUBuffer>();
  /** For the dims of the last call. */
  #arena: { readonly dims: readonly bigint[]; readonly layout: ArenaLayout } | null = null;

  constructor(connection: Connection, program: MachineProgram, layout: WgslLayout, pipelines: readonly Pipeline[]) {
    this.#connection = connection;
    this.#program = program;
    this.#layout = layout;
    this.#pipelines = pipelines;
    this.#abi = abiOf(program);
  }

  run(call: Call): readonly Tensor[] {
    const connection = this.#connection;
    connection.check();
    const groups = this.#pipelines.map((p) => this.#groups(p, call));
    this.#checkSizes(call);
    this.#checkPlaces(call);
    const { result: outputs, verdict } = connection.guarded(() => {
      const made = call.outputs.map((o) => o.out ?? this.#newTensor(o.dtype, o.shape));
      this.#submit(call, made, groups);
      return made;
    });
    // Whoever reads is told; nobody has to.
    verdict.catch(() => {});
    for (const t of outputs) storageOf(t).writtenBy(verdict);
    return outputs;
  }

  dispose(): void {
    for (const buffer of this.#kept.values()) buffer.destroy();
    this.#kept.clear();
  }

  /** Every tensor that is on a device is on this one, and what is written is. */
  #checkPlaces(call: Call): void {
    for (const [n, t] of call.inputs.entries()) {
      const { name } = known(this.#abi.inputs[n], "input");
      if (t.storage.kind === "device" && !this.#isHere(t)) {
        refuse("E6306", `the argument ${name} is on another device`, { help: [`copy it: await ${name}.cpu()`] });
      }
    }
    for (const [n, { out }] of call.outputs.entries()) {
      if (out === null || this.#isHere(out)) continue;
      const { name } = known(this.#abi.outputs[n], "output");
      refuse("E6306", `the tensor given for output ${name} is not on the GPU, which writes to its own memory only`, {
        help: [`leave it out and read the result: await ${name}.read()`, "give a tensor that this device has returned"],
      });
    }
  }

  #isHere(t: Tensor): boolean {
    return t.storage instanceof GpuStorage && t.storage.connection === this.#connection;
  }

  /** What a launch takes, or E6307 with the limit and the need. */
  #checkSizes(call: Call): void {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#connection.gpu.limits;
    const [limit, most] =
      maxBufferSize < maxStorageBufferBindingSize
        ? ["maxBufferSize", maxBufferSize]
        : ["maxStorageBufferBindingSize", maxStorageBufferBindingSize];
    const check = (bytes: number, what: string): void => {
      if (bytes <= most) return;
      refuse("E6307", `${what} takes ${bytes} bytes; this GPU binds at most ${most} at once (${limit})`, {
        help: ["use smaller dims, or the target wasm"],
      });
    };
    for (const b of [...this.#abi.inputs, ...this.#abi.outputs]) check(bufferBytes(b, call.dims), b.name);
    check(this.#arenaFor(call).bytes, `the scratch memory of ${this.#program.kernel}`);
  }

  #arenaFor(call: Call): ArenaLayout {
    const dims = this.#abi.dims.map((d) => known(call.dims.get(d.id), `dim ${d.name}`));
    const last = this.#arena;
    if (last !== null && last.dims.every((d, n) => d === dims[n])) return last.layout;
    const layout = layoutArena(this.#abi, call.dims);
    this.#arena = { dims, layout };
    return layout;
  }

  #groups({ launch }: Pipeline, call: Call): readonly [number, number] {
    const most = this.#connection.gpu.limits.maxComputeWorkgroupsPerDimension;
    const count = launch.grid.reduce((n, extent) => n * Math.max(0, evaluateSize(extent, call.dims)), 1);
    return (
      groupsFor(launch, count, most) ??
      refuse("E6307", `${this.#program.kernel} computes ${count} elements at once; this GPU launches fewer`, {
        notes: [`maxComputeWorkgroupsPerDimension is ${most}`],
        help: ["use smaller dims, or the target wasm"],
      })
    );
  }

  #submit(call: Call, outputs: readonly Tensor[], groups: readonly (readonly [number, number])[]): void {
    const { gpu } = this.#connection;
    const buffers = new Map<number, GPUBuffer>();
    const bind = (b: MachineBuffer, buffer: GPUBuffer): void => {
      buffers.set(known(this.#layout.buffers.get(b.id), "buffer").binding, buffer);
    };
    for (const [n, b] of this.#abi.inputs.entries()) bind(b, this.#inputBuffer(known(call.inputs[n], "input"), b));
    for (const [n, b] of this.#abi.outputs.entries()) bind(b, storageOf(known(outputs[n], "output")).buffer);
    this.#writeSizes(call, buffers);
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const [n, { pipeline, layout, launch }] of this.#pipelines.entries()) {
      const [x, y] = known(groups[n], "groups");
      if (x === 0) continue;
      const entries = launch.bindings.map(({ binding }) => ({
        binding,
        resource: { buffer: known(buffers.get(binding), `binding ${binding}`) },
      }));
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  }

  /** The uniform with dims and where scratch starts, in words; and the arena, as large as these dims need it. */
  #writeSizes(call: Call, buffers: Map<number, GPUBuffer>): void {
    const arena = this.#arenaFor(call);
    const words = [
      ...this.#layout.dims.map((id) => Number(known(call.dims.get(id), "dim"))),
      ...arena.offsets.map((bytes) => bytes / 4),
    ];
    if (words.length > 0) {
      const uniform = this.#keep(0, uniformBytes(this.#layout), USAGE.uniform | USAGE.copyTarget);
      this.#connection.gpu.queue.writeBuffer(uniform, 0, Int32Array.from(words));
      buffers.set(0, uniform);
    }
    const { arena: binding } = this.#layout;
    if (binding !== null) buffers.set(binding, this.#keep(binding, bufferSize(arena.bytes), USAGE.storage));
  }

  #inputBuffer(t: Tensor, b: MachineBuffer): GPUBuffer {
    if (t.storage.kind === "device") return storageOf(t).buffer;
    const { binding } = known(this.#layout.buffers.get(b.id), "buffer");
    const buffer = this.#keep(binding, bufferSize(t.bytes), USAGE.storage | USAGE.copyTarget);
    upload(this.#connection.gpu, buffer, t.elements);
    return buffer;
  }

  /** The kept buffer of a binding, made anew where it is too small or wastes more than half. */
  #keep(binding: number, size: number, usage: number): GPUBuffer {
    const old = this.#kept.get(binding);
    if (old !== undefined && old.size >= size && old.size <= 2 * size) return old;
    old?.destroy();
    const buffer = this.#connection.gpu.createBuffer({ size, usage });
    this.#kept.set(binding, buffer);
    return buffer;
  }

  #newTensor(dtype: Tensor["dtype"], shape: readonly number[]): Tensor {
    const elements = shape.reduce((n, extent) => n * extent, 1);
    const size = bufferSize(byteLength(dtype, elements));
    const buffer = this.#connection.gpu.createBuffer({ size, usage: ELEMENTS });
    return Tensor.over(dtype, shape, new GpuStorage(this.#connection, buffer, dtype, elements));
  }
}

function storageOf(t: Tensor): GpuStorage {
  const { storage } = t;
  invariant(storage instanceof GpuStorage, "the tensor is on the GPU");
  return storage;
}

/** The queue copies whole words. */
function upload(gpu: GPUDevice, buffer: GPUBuffer, array: AnyArray): void {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const rest = bytes.length % 4;
  const words = rest === 0 ? bytes : new Uint8Array(bytes.length + 4 - rest);
  if (rest !== 0) words.set(bytes);
  if (words.length > 0) gpu.queue.writeBuffer(buffer, 0, words);
}
