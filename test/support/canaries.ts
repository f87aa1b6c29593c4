/**
 * Runs a module of the WASM target in a memory of its own that is full of a known pattern, and finds every byte that
 * changed though it had no right to: gaps around buffers, their spare bytes, inputs, and the zeros at address 0.
 */
import { ARRAYS } from "../../compiler/ir/dtype.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { evaluateSize } from "../../compiler/ir/evaluate-index.ts";
import type { MachineBuffer } from "../../compiler/ir/machine.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import type { Artifact } from "../../compiler/target.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import { arrayLength, elementCount } from "../../runtime/shape.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { abiOf } from "../../targets/shared/abi.ts";
import { layoutArena } from "../../targets/shared/arena-layout.ts";

const PATTERN = 0xa5;
/** The bytes at the start of memory that are zero for ever. */
const ZEROS = 64;
const GAP = 192;

export type CanaryRun = {
  /** Outputs in the kernel's order. */
  readonly outputs: readonly NDArray[];
  /** Addresses that were written and should not have been; at most a few. */
  readonly damaged: readonly string[];
};

export type CanaryOptions = {
  /** Buffers start so many bytes behind a multiple of 64, so that nothing relies on alignment. */
  readonly skew?: number;
  /** Scratch lies as it does on the device; else each buffer is apart, with canaries around it. */
  readonly packed?: boolean;
  /** What outputs hold, where that is not the buffer's dtype: a buffer of f16 is one of u16 by now. */
  readonly dtypes?: readonly DType[];
};

/** `inputs` by id of the buffer, `dims` by id of the dim. */
export async function runWithCanaries(
  artifact: Pick<Artifact, "code" | "program">,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  { skew = 0, packed = false, dtypes = [] }: CanaryOptions = {},
): Promise<CanaryRun> {
  const { code, program } = artifact;
  if (typeof code === "string") throw new Error("a module is bytes");
  const abi = abiOf(program);
  const shapeOf = (b: MachineBuffer): readonly number[] => b.extent.map((e) => Math.max(0, evaluateSize(e, dims)));
  let top = ZEROS + GAP;
  const place = (bytes: number): number => {
    const at = top + skew;
    top = Math.ceil((at + bytes + GAP) / 64) * 64;
    return at;
  };
  const bytesOf = (b: MachineBuffer): number =>
    arrayLength(b.dtype, elementCount(shapeOf(b))) * ARRAYS[b.dtype].BYTES_PER_ELEMENT;
  const inputAt = abi.inputs.map((b) => place(bytesOf(b)));
  const outputAt = abi.outputs.map((b) => place(bytesOf(b)));
  const arena = layoutArena(abi, dims);
  const arenaAt = place(packed ? arena.bytes : 0);
  const scratchAt = packed ? arena.offsets.map((o) => arenaAt + o) : abi.scratch.map((b) => place(bytesOf(b)));
  const words = [...inputAt, ...outputAt, ...scratchAt, ...abi.dims.map((d) => Number(dims.get(d.id)))];
  const wordsAt = place(4 * words.length) - skew;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(top / 65536) + 1, maximum: 65536 });
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(PATTERN, ZEROS);
  for (const [n, b] of abi.inputs.entries()) {
    const { data } = fromArray(present(inputs.get(b.id)));
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), present(inputAt[n]));
  }
  new Int32Array(memory.buffer, wordsAt, words.length).set(words);
  const before = bytes.slice();
  const { instance } = await WebAssembly.instantiate(new Uint8Array(code), { env: { memory } });
  const { run } = instance.exports;
  if (typeof run !== "function") throw new Error("the module exports no run");
  run(wordsAt);
  const mayChange = [
    ...abi.outputs.map((b, n) => [present(outputAt[n]), bytesOf(b)] as const),
    ...abi.scratch.map((b, n) => [present(scratchAt[n]), bytesOf(b)] as const),
  ];
  const damaged: string[] = [];
  for (let i = 0; i < bytes.length && damaged.length < 5; i++) {
    if (bytes[i] === before[i] || mayChange.some(([at, size]) => i >= at && i < at + size)) continue;
    damaged.push(
      `${i}: ${before[i]} became ${bytes[i]}; outputs at ${outputAt.join(", ")}, scratch at ${scratchAt.join(", ")}`,
    );
  }
  const outputs = abi.outputs.map((b, n) => {
    const dtype = dtypes[n] ?? b.dtype;
    const array = new ARRAYS[dtype](bytes.slice(present(outputAt[n]), present(outputAt[n]) + bytesOf(b)).buffer);
    return toArray(Tensor.over(dtype, shapeOf(b), { kind: "cpu", array }));
  });
  return { outputs, damaged };
}

function present<T>(x: T | undefined): T {
  if (x === undefined) throw new Error("a value is missing");
  return x;
}
