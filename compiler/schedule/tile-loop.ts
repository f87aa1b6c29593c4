/**
 * An independent loop in register tiles: blocks of copies × lanes iterations pushed to the leaves, then single vectors,
 * then one vector with idle lanes. Nothing is computed twice and no scalar tail remains.
 */
import type { Expr } from "../ir/expr.ts";
import { apply, index, variable } from "../ir/expr.ts";
import type { For, LoopKind, Stmt } from "../ir/loops.ts";
import { sequence, substituteIn } from "../ir/walk-loops.ts";
import { blocksOf, constantValue, extentOf, plus, scale } from "./blocks.ts";
import type { Tile } from "./blocks.ts";
import type { FreshId } from "./rename-bound.ts";
import { renameBound } from "./rename-bound.ts";
import { sinkLoop } from "./sink-loop.ts";

/** The loop in register tiles; null where something inside cannot be pushed to the leaves. */
export function tileLoop(loop: For, tile: Tile, fresh: FreshId): Stmt | null {
  const extent = extentOf(loop);
  const { blocks, restFirst, rest } = blocksOf(extent, tile);
  const parts: Stmt[] = [];
  for (const block of blocks) {
    const outer = variable("index", fresh("o"), loop.variable.name);
    const start = plus(loop.lo, plus(block.first, scale(outer, block.width)));
    const body = tileBody(loop, start, { lanes: tile.lanes, copies: block.width / tile.lanes }, null, fresh);
    if (body === null) return null;
    const kind: LoopKind = { kind: "independent" };
    parts.push({ ...loop, variable: outer, lo: index(0), hi: block.blocks, loop: kind, body });
  }
  if (tile.lanes > 1 && constantValue(rest) !== 0) {
    const body = tileBody(loop, plus(loop.lo, restFirst), { lanes: tile.lanes, copies: 1 }, rest, fresh);
    if (body === null) return null;
    const some = constantValue(rest) === null ? apply("lt", index(0), rest) : null;
    parts.push(some === null ? body : { kind: "if", cond: some, then: body, otherwise: null });
  }
  return sequence(parts);
}

/** One tile from `start`: copies and lanes pushed to the leaves of a copy of the loop's body with names of its own. */
function tileBody(loop: For, start: Expr, tile: Tile, active: Expr | null, fresh: FreshId): Stmt | null {
  const copy = variable("index", fresh("u"), `${loop.variable.name}.copy`);
  const lane = variable("index", fresh("l"), `${loop.variable.name}.lane`);
  const inTile = plus(tile.copies > 1 ? scale(copy, tile.lanes) : index(0), tile.lanes > 1 ? lane : index(0));
  let body: Stmt | null = substituteIn(renameBound(loop.body, fresh), loop.variable, plus(start, inTile));
  const { origin } = loop;
  if (tile.copies > 1) {
    body = sinkLoop(
      { variable: copy, hi: index(tile.copies), loop: { kind: "unroll" }, origin, width: tile.copies },
      body,
    );
  }
  if (tile.lanes === 1 || body === null) return body;
  const vector: LoopKind = { kind: "vector", width: tile.lanes };
  return sinkLoop({ variable: lane, hi: active ?? index(tile.lanes), loop: vector, origin, width: tile.lanes }, body);
}
