/**
 * Where the slots of the arena lie for given dims: one behind the other, each as large as its largest buffer and 16 spare
 * bytes, which vector loads may run into, and each aligned to a cache line.
 */
import { byteLength } from "../../compiler/ir/dtype.ts";
import type { Dims } from "../../compiler/ir/evaluate-index.ts";
import { evaluateIndex } from "../../compiler/ir/evaluate-index.ts";
import type { MachineBuffer } from "../../compiler/ir/machine.ts";
import type { Abi } from "./abi.ts";

/** Bytes to which buffers are aligned. */
export const ALIGNMENT = 64;
/** Readable bytes behind the last element of every buffer. */
export const SPARE_BYTES = 16;

export type ArenaLayout = { readonly offsets: readonly number[]; readonly bytes: number };

export function layoutArena(abi: Abi, dims: Dims): ArenaLayout {
  let bytes = 0;
  const offsets = abi.slots.map((slot) => {
    const start = bytes;
    const largest = slot.reduce((most, b) => Math.max(most, bufferBytes(b, dims)), 0);
    bytes += alignedSize(largest);
    return start;
  });
  return { offsets, bytes };
}

/** Room for a buffer of so many bytes: the spare ones, and up to the next buffer. */
export function alignedSize(bytes: number): number {
  return Math.ceil((bytes + SPARE_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of a buffer's elements; a negative extent counts as 0. It may be past 2^53, where it is no longer exact. */
export function bufferBytes(b: MachineBuffer, dims: Dims): number {
  let count = 1n;
  for (const e of b.extent) {
    const extent = evaluateIndex(e, dims);
    count *= extent > 0n ? extent : 0n;
  }
  return byteLength(b.dtype, Number(count));
}
