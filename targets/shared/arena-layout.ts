/**
 * Where the scratch buffers of a call lie, now that its dims are known: two that live in a common launch never meet, others
 * may. Finding the least memory is NP-hard (dynamic storage allocation); placing one buffer after the other, each at the
 * lowest offset that meets no living neighbour, comes close where large ones go first, and where launches have few
 * living buffers in their own order. Both are tried and the smaller one kept. Each buffer starts at a cache line and has 16
 * spare bytes, which vector loads may run into.
 */
import { byteLength } from "../../compiler/ir/dtype.ts";
import type { Dims } from "../../compiler/ir/evaluate-index.ts";
import { evaluateIndex } from "../../compiler/ir/evaluate-index.ts";
import type { Lifetime, MachineBuffer } from "../../compiler/ir/machine.ts";
import type { Abi } from "./abi.ts";

/** Bytes to which buffers are aligned. */
export const ALIGNMENT = 64;
/** Readable bytes behind the last element of every buffer. */
export const SPARE_BYTES = 16;
/** More blocks than these are placed in the order of launches alone: by size, time grows with the square of their number. */
export const MOST_BY_SIZE = 1000;

/** One offset per scratch buffer, in order, and the bytes of all together. */
export type ArenaLayout = { readonly offsets: readonly number[]; readonly bytes: number };

/** A buffer with its spare bytes: a multiple of {@link ALIGNMENT}. */
export type ArenaBlock = Lifetime & { readonly bytes: number };

export function layoutArena(abi: Abi, dims: Dims): ArenaLayout {
  return placeBlocks(abi.scratch.map((b) => ({ ...b.lifetime, bytes: alignedSize(bufferBytes(b, dims)) })));
}

/** The wrappers of builds do the same in JavaScript: `PLACE_BLOCKS` of wrapper-arena.ts. */
export function placeBlocks(blocks: readonly ArenaBlock[]): ArenaLayout {
  const byLaunch = placeInOrder(blocks, (a, b) => a.first - b.first, true);
  if (blocks.length > MOST_BY_SIZE) return byLaunch;
  const bySize = placeInOrder(blocks, (a, b) => b.bytes - a.bytes || a.first - b.first, false);
  return bySize.bytes < byLaunch.bytes ? bySize : byLaunch;
}

/** `forgets`: later blocks start later, so that the dead are not looked at again. */
function placeInOrder(
  blocks: readonly ArenaBlock[],
  order: (a: ArenaBlock, b: ArenaBlock) => number,
  forgets: boolean,
): ArenaLayout {
  const offsets = blocks.map(() => 0);
  /** Ascending by where they start. */
  let placed: (ArenaBlock & { readonly at: number })[] = [];
  let bytes = 0;
  for (const b of blocks.map((block, n) => ({ ...block, n })).toSorted(order)) {
    if (forgets) placed = placed.filter((p) => p.last >= b.first);
    let at = 0;
    for (const p of placed) {
      if (p.last < b.first || b.last < p.first) continue;
      if (p.at - at >= b.bytes) break;
      at = Math.max(at, p.at + p.bytes);
    }
    const next = placed.findIndex((p) => p.at > at);
    placed.splice(next < 0 ? placed.length : next, 0, { ...b, at });
    offsets[b.n] = at;
    bytes = Math.max(bytes, at + b.bytes);
  }
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
