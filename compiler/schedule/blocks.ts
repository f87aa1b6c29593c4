/**
 * Cutting the iterations of a loop into blocks, single vectors and a rest: index arithmetic that is folded where extents
 * are constants, so that blocks that cannot exist are never made.
 */
import type { Expr } from "../ir/expr.ts";
import { add, apply, index, mul, sub } from "../ir/expr.ts";
import type { For } from "../ir/loops.ts";

/** `lanes` iterations per vector (1: none), `copies` of that side by side. */
export type Tile = { readonly lanes: number; readonly copies: number };

/** A constant's value; null for anything else. */
export function constantValue(e: Expr): number | null {
  return e.kind === "const" && typeof e.value === "bigint" ? Number(e.value) : null;
}

/** hi - lo, as a constant where both are. */
export function extentOf(loop: Pick<For, "lo" | "hi">): Expr {
  const [lo, hi] = [constantValue(loop.lo), constantValue(loop.hi)];
  if (lo === 0) return loop.hi;
  return lo !== null && hi !== null ? index(Math.max(0, hi - lo)) : sub(loop.hi, loop.lo);
}

/** Of extents, which are not negative. */
function floorDivide(e: Expr, by: number): Expr {
  const value = constantValue(e);
  if (by === 1) return e;
  return value === null ? apply("floor_div", e, index(by)) : index(Math.floor(value / by));
}

function remainder(e: Expr, by: number): Expr {
  const value = constantValue(e);
  return value === null ? apply("floor_mod", e, index(by)) : index(((value % by) + by) % by);
}

export function scale(e: Expr, by: number): Expr {
  const value = constantValue(e);
  if (by === 1) return e;
  return value === null ? mul(e, index(by)) : index(value * by);
}

/** A block: iterations first .. first + blocks * width, `width` at a time. */
type Block = { readonly first: Expr; readonly blocks: Expr; readonly width: number };

/**
 * Covers `extent` iterations by blocks of copies × lanes, then of one vector (or single iterations); the rest, fewer than
 * `lanes`, starts at `first + …` and is left to the caller.
 */
export function blocksOf(
  extent: Expr,
  tile: Tile,
): { readonly blocks: readonly Block[]; readonly restFirst: Expr; readonly rest: Expr } {
  const big = tile.lanes * tile.copies;
  const blocks: Block[] = [{ first: index(0), blocks: floorDivide(extent, big), width: big }];
  const covered = scale(floorDivide(extent, big), big);
  if (tile.copies > 1) {
    const left = remainder(extent, big);
    blocks.push({ first: covered, blocks: floorDivide(left, tile.lanes), width: tile.lanes });
  }
  const restFirst = scale(floorDivide(extent, tile.lanes), tile.lanes);
  return {
    blocks: blocks.filter((b) => constantValue(b.blocks) !== 0),
    restFirst,
    rest: remainder(extent, tile.lanes),
  };
}

/** a + b, folded. */
export function plus(a: Expr, b: Expr): Expr {
  const [x, y] = [constantValue(a), constantValue(b)];
  if (x === 0) return b;
  if (y === 0) return a;
  return x !== null && y !== null ? index(x + y) : add(a, b);
}
