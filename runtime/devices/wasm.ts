/**
 * WebAssembly in this engine, one thread. All kernels share one memory; the tensors they make live in it, so that a
 * kernel reads another's results in place. Other tensors are copied in for the time of the call. Scratch memory is one
 * arena that all calls use in turn.
 *
 * Tensors give their memory back when they are disposed of or collected. Collection waits for the event loop, so a long
 * synchronous loop would pile tensors up: past `LENT_LIMIT` results are copied into arrays of their own instead, which
 * the engine can collect at any time.
 */
import { ARRAYS } from "../../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { InternalError, invariant, known } from "../../compiler/support/invariant.ts";
import type { Artifact, Target } from "../../compiler/target.ts";
import { abiOf, argumentPositions } from "../../targets/shared/abi.ts";
import type { Abi } from "../../targets/shared/abi.ts";
import { alignedSize, bufferBytes, layoutArena } from "../../targets/shared/arena-layout.ts";
import type { ArenaLayout } from "../../targets/shared/arena-layout.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import type { Call, Device, DeviceFactory, Executable, TimedExecutable } from "../device.ts";
import { refuse } from "../refuse.ts";
import { arrayLength, elementCount, typeText } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { WasmMemory, WasmStorage } from "./wasm-memory.ts";
import type { Block } from "./wasm-memory.ts";
import { hasRelaxedMadd, hasSimd } from "./wasm-probe.ts";

/** Bytes that results may hold in the shared memory before further ones are copied out of it. */
const LENT_LIMIT = 512 * 2 ** 20;
/** Subscripts and sizes are i32. */
const LARGEST_BUFFER = 2 ** 31;

/** Bytes that crossed the border of the shared memory since the device was opened. */
export type Traffic = { readonly copiedIn: number; readonly copiedOut: number };

export type WasmDevice = Device & { readonly traffic: () => Traffic };

export type WasmOptions = {
  /** Null: use relaxed SIMD where the engine has it. */
  readonly relaxed?: boolean | null;
  /** See `LENT_LIMIT`. */
  readonly lentLimit?: number;
};

export const wasmDevice: DeviceFactory = {
  name: "wasm",
  probe: async () => {
    if (hasSimd()) return { available: true, description: describe(await hasRelaxedMadd()) };
    const help = "use Node 22 or newer, or a browser of 2023 or newer";
    return { available: false, reason: "this engine has no WebAssembly SIMD", help };
  },
  open: () => openWasm(),
};

export async function openWasm(options: WasmOptions = {}): Promise<WasmDevice> {
  const relaxed = options.relaxed ?? (await hasRelaxedMadd());
  return new Wasm(wasmTarget({ relaxed }), describe(relaxed), options.lentLimit ?? LENT_LIMIT);
}

function describe(relaxed: boolean): string {
  return `WebAssembly SIMD${relaxed ? " with relaxed multiply-add" : ""}, one thread`;
}

/** Takes the address of its arguments. */
type Run = (words: number) => void;

class Wasm implements WasmDevice {
  readonly name = "wasm";
  readonly description: string;
  readonly target: Target;
  readonly #memory = new WasmMemory();
  readonly #instances = new WeakMap<Uint8Array, Promise<Run>>();
  readonly #finalizer = new FinalizationRegistry<Block>((block) => this.#takeBack(block));
  readonly #lentLimit: number;
  #arena: Block | null = null;
  #lent = 0;
  #copiedIn = 0;
  #copiedOut = 0;
  #closed = false;

  constructor(target: Target, description: string, lentLimit: number) {
    this.target = target;
    this.description = description;
    this.#lentLimit = lentLimit;
  }

  traffic(): Traffic {
    return { copiedIn: this.#copiedIn, copiedOut: this.#copiedOut };
  }

  async load(artifact: Artifact, kernel: Kernel): Promise<Executable> {
    this.#refuseClosed();
    const { code, program } = artifact;
    invariant(typeof code !== "string", "a module is bytes");
    const old = this.#instances.get(code);
    const instance = old ?? instantiate(code, this.#memory.memory);
    this.#instances.set(code, instance);
    return this.#executable(await instance, program, kernel);
  }

  /** Each launch is a module of its own, so that there is a moment between two of them. */
  async loadTimed({ program }: Artifact, kernel: Kernel): Promise<TimedExecutable> {
    this.#refuseClosed();
    const parts: Run[] = [];
    for (const fn of program.functions) {
      const { code } = await this.target.emit({ ...program, functions: [fn] });
      invariant(typeof code !== "string", "a module is bytes");
      parts.push(await instantiate(code, this.#memory.memory));
    }
    let times: number[] = [];
    const run: Run = (words) => {
      times = parts.map((part) => {
        const start = performance.now();
        part(words);
        return performance.now() - start;
      });
    };
    return { ...this.#executable(run, program, kernel), times: () => times };
  }

  #executable(run: Run, program: MachineProgram, kernel: Kernel): Executable {
    const abi = abiOf(program);
    let last: Layout | null = null;
    return {
      run: (call) => {
        this.#refuseClosed();
        if (last === null || !sameDims(last, abi, call)) last = layoutFor(abi, kernel, call);
        return this.#call(run, last, call);
      },
      dispose: () => {},
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #refuseClosed(): void {
    if (this.#closed) refuse("E6304", "the device wasm was closed", { help: ["open it again, and compile for it"] });
  }

  #call(run: Run, layout: Layout, call: Call): readonly Tensor[] {
    const inputs = call.inputs.map((t) => this.#sourceOf(t));
    const given = call.outputs.map((o) => (o.out === null ? null : this.#sourceOf(o.out).own));
    // Only now, since it may grow the memory, which detaches views of it.
    const results = call.outputs.map((o) => (o.out === null ? this.#makeResult(o.dtype, o.shape) : null));
    const outs = call.outputs.map((_, n) => results[n]?.block ?? given[n] ?? null);
    let end = layout.arena.bytes;
    const stage = (bytes: number): number => {
      const at = end;
      end += alignedSize(bytes);
      return at;
    };
    const staged = stage(4 * layout.words);
    const stagedInputs = inputs.map((i) => (i.own === null ? stage(i.bytes) : 0));
    const stagedOutputs = call.outputs.map((o, n) => (outs[n] === null ? stage(bytesOf(o)) : 0));
    const arena = this.#arenaOf(end, call);
    for (const [n, source] of inputs.entries()) {
      if (source.own === null) this.#copyIn(source.array(), arena + known(stagedInputs[n], "staging"));
    }
    const words = [
      ...inputs.map((i, n) => i.own?.start ?? arena + known(stagedInputs[n], "staging")),
      ...call.outputs.map((_, n) => outs[n]?.start ?? arena + known(stagedOutputs[n], "staging")),
      ...layout.arena.offsets.map((o) => arena + o),
      ...layout.dims,
    ];
    invariant(words.length === layout.words, "one word per argument");
    this.#memory.writeWords(arena + staged, words);
    runTrapped(run, arena + staged);
    return call.outputs.map((o, n) => {
      const made = results[n] ?? null;
      if (made !== null) return Tensor.over(o.dtype, o.shape, made);
      const at = arena + known(stagedOutputs[n], "staging");
      if (o.out !== null) {
        if (outs[n] === null) this.#copyOut(o.out.elements, at);
        return o.out;
      }
      const array = new ARRAYS[o.dtype](arrayLength(o.dtype, elementCount(o.shape)));
      this.#copyOut(array, at);
      return Tensor.over(o.dtype, o.shape, { kind: "cpu", array });
    });
  }

  /** Memory for a result; null where so much is lent already that it had better be copied out. */
  #makeResult(dtype: DType, shape: readonly number[]): WasmStorage | null {
    const length = arrayLength(dtype, elementCount(shape));
    const bytes = length * ARRAYS[dtype].BYTES_PER_ELEMENT;
    if (this.#lent + bytes > this.#lentLimit) return null;
    const block = this.#memory.allocate(bytes);
    if (block === null) return null;
    this.#lent += block.size;
    const storage = new WasmStorage(this.#memory, block, { dtype, length }, (s) => {
      if (this.#finalizer.unregister(s)) this.#takeBack(s.block);
    });
    this.#finalizer.register(storage, block, storage);
    return storage;
  }

  #takeBack(block: Block): void {
    this.#lent -= block.size;
    this.#memory.free(block);
  }

  /** A tensor's bytes: where they are if they lie in this memory, else the array to copy. */
  #sourceOf(t: Tensor): { readonly own: Block | null; readonly bytes: number; readonly array: () => AnyArray } {
    const { storage } = t;
    if (storage instanceof WasmStorage && storage.owner === this.#memory) {
      return { own: storage.block, bytes: t.bytes, array: () => storage.array };
    }
    const { elements: data } = t;
    if (data.byteLength !== t.bytes) {
      refuse("E6008", `the array of ${typeText(t.dtype, t.shape)} was detached when a kernel's memory grew`, {
        help: ["pass the tensor that the kernel gave, or copy its data: data.slice()"],
      });
    }
    const within = data.buffer === this.#memory.memory.buffer;
    return { own: within ? { start: data.byteOffset, size: t.bytes } : null, bytes: t.bytes, array: () => data };
  }

  #copyIn(from: AnyArray, at: number): void {
    this.#copiedIn += from.byteLength;
    this.#bytesAt(at, from.byteLength).set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
  }

  #copyOut(to: AnyArray, at: number): void {
    this.#copiedOut += to.byteLength;
    new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(this.#bytesAt(at, to.byteLength));
  }

  #bytesAt(at: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.memory.buffer, at, bytes);
  }

  /** Address of an arena of at least so many bytes. */
  #arenaOf(bytes: number, call: Call): number {
    if (bytes === 0) return 0;
    if (this.#arena !== null && this.#arena.size >= bytes) return this.#arena.start;
    if (this.#arena !== null) this.#memory.free(this.#arena);
    this.#arena = this.#memory.allocate(bytes);
    if (this.#arena !== null) return this.#arena.start;
    const biggest = call.outputs.map((o) => typeText(o.dtype, o.shape)).join(", ");
    return refuse("E6305", `a call that makes ${biggest} needs ${bytes} more bytes, which WebAssembly does not give`, {
      help: ["dispose of tensors that are no longer used", "use smaller dims"],
    });
  }
}

/** What follows from the dims of a call; kept for the next one. */
type Layout = {
  readonly dims: readonly number[];
  readonly arena: ArenaLayout;
  /** How many arguments the code reads. */
  readonly words: number;
};

function sameDims(last: Layout, abi: Abi, call: Call): boolean {
  return abi.dims.every((d, n) => Number(call.dims.get(d.id)) === last.dims[n]);
}

function layoutFor(abi: Abi, kernel: Kernel, call: Call): Layout {
  for (const b of [...abi.inputs, ...abi.outputs, ...abi.scratch]) {
    const bytes = bufferBytes(b, call.dims);
    if (bytes < LARGEST_BUFFER) continue;
    const dims = kernel.dims.map((d) => `${d.name} = ${call.dims.get(d.id) ?? "?"}`).join(", ");
    const what = b.space === "scratch" ? `${b.name}, which ${kernel.name} keeps in between,` : b.name;
    refuse("E6210", `${what} needs ${bytes} bytes; a tensor of a WebAssembly kernel stays below 2^31`, {
      notes: dims === "" ? [] : [dims],
      help: ["use smaller dims"],
    });
  }
  const dims = abi.dims.map((d) => Number(known(call.dims.get(d.id), `dim ${d.name}`)));
  return { dims, arena: layoutArena(abi, call.dims), words: argumentPositions(abi).count };
}

function bytesOf(o: Call["outputs"][number]): number {
  return arrayLength(o.dtype, elementCount(o.shape)) * ARRAYS[o.dtype].BYTES_PER_ELEMENT;
}

async function instantiate(code: Uint8Array, memory: WebAssembly.Memory): Promise<Run> {
  const bytes = new Uint8Array(code);
  invariant(WebAssembly.validate(bytes), "this engine finds the module invalid");
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const { run } = instance.exports;
  invariant(isRun(run), "the module exports its entry");
  return run;
}

function isRun(f: unknown): f is Run {
  return typeof f === "function";
}

function runTrapped(run: Run, words: number): void {
  try {
    run(words);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw new InternalError(`the kernel trapped: ${error.message}`);
    throw error;
  }
}
