/**
 * The arena in the ES modules of ahead-of-time builds: the table of scratch buffers, and arena-layout.ts as JavaScript, which
 * a property test holds to the original.
 */
import { DTYPES } from "../../compiler/ir/dtype.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { abiOf } from "./abi.ts";
import { ALIGNMENT, MOST_BY_SIZE, SPARE_BYTES } from "./arena-layout.ts";
import { listText, overDims } from "./wrapper-texts.ts";

/** Declares SCRATCH: buffers between launches, with the first and the last launch that touch them. */
export function scratchTable(program: MachineProgram, print: (e: Expr) => string): string {
  const rows = abiOf(program).scratch.map(
    ({ dtype, extent, lifetime: { first, last } }) =>
      `{ bytes: ${DTYPES[dtype].bytes}, shape: ${overDims(extent.map(print))}, first: ${first}, last: ${last} }`,
  );
  return `// What is kept between launches, and the first and the last launch that touch it.
const SCRATCH = ${listText(rows)};`;
}

/** `alignedSize(bytes)`, and `placeBlocks(blocks)`: of blocks `{ bytes, first, last }`, `{ offsets, bytes }`. */
export const PLACE_BLOCKS = `
const alignedSize = (bytes) => Math.ceil((bytes + ${SPARE_BYTES}) / ${ALIGNMENT}) * ${ALIGNMENT};

/** Two blocks that live in a common launch do not meet. Two orders are tried and the better one is kept. */
function placeBlocks(blocks) {
  const byLaunch = placeInOrder(blocks, (a, b) => a.first - b.first, true);
  if (blocks.length > ${MOST_BY_SIZE}) return byLaunch;
  const bySize = placeInOrder(blocks, (a, b) => b.bytes - a.bytes || a.first - b.first, false);
  return bySize.bytes < byLaunch.bytes ? bySize : byLaunch;
}

/** Each block lies at the lowest offset that meets no living neighbour. */
function placeInOrder(blocks, order, forgets) {
  const offsets = [];
  let placed = [];
  let bytes = 0;
  for (const b of blocks.map((block, n) => ({ ...block, n })).sort(order)) {
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
`;

/** `layoutScratch(d)`: where SCRATCH lies for these dims. */
export const LAYOUT_SCRATCH = `${PLACE_BLOCKS}
function layoutScratch(d) {
  const size = (b) => alignedSize(bytesIn("scratch memory", numbers(b.shape(d), "scratch memory"), b.bytes));
  return placeBlocks(SCRATCH.map((b) => ({ bytes: size(b), first: b.first, last: b.last })));
}
`;
