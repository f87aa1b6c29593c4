/**
 * Two reshapings that the default nest is made of. `tileLoop` runs an independent loop in register tiles: blocks of
 * copies × lanes iterations pushed to the leaves, then single vectors, then one vector with idle lanes; nothing is computed
 * twice and no scalar tail remains. `laneReduction` runs a reduction in the lanes of vectors that are merged at its end.
 */
import type { Expr, Var } from "../ir/expr.ts";
import { add, apply, index, mul, read, sub, variable } from "../ir/expr.ts";
import type { Accum, Buffer, For, LoopKind, Stmt } from "../ir/loops.ts";
import { identity } from "../ir/reducers.ts";
import { freeVariables } from "../ir/walk.ts";
import { mapExpressions, mapStatements, sequence, substituteIn, visitStatements } from "../ir/walk-loops.ts";
import { rewrite } from "../ir/walk.ts";
import { known } from "../support/invariant.ts";
import { sinkLoop } from "./sink-loop.ts";

/** Makes ids that are unique in the program. */
export type FreshId = (prefix: string) => string;

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

function floorDivide(e: Expr, by: number): Expr {
  const value = constantValue(e);
  if (by === 1) return e;
  return value === null ? apply("floor_div", e, index(by)) : index(Math.floor(value / by));
}

function remainder(e: Expr, by: number): Expr {
  const value = constantValue(e);
  return value === null ? apply("floor_mod", e, index(by)) : index(((value % by) + by) % by);
}

function scale(e: Expr, by: number): Expr {
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
function blocksOf(
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

function plus(a: Expr, b: Expr): Expr {
  const [x, y] = [constantValue(a), constantValue(b)];
  if (x === 0) return b;
  if (y === 0) return a;
  return x !== null && y !== null ? index(x + y) : add(a, b);
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

/** New ids for the loop variables and registers bound inside. */
export function renameBound(s: Stmt, fresh: FreshId): Stmt {
  let result = s;
  visitStatements(s, (inner) => {
    if (inner.kind === "alloc") result = renameBuffer(result, inner.buffer, fresh("r"));
    if (inner.kind === "for") result = renameVariable(result, inner.variable, fresh("i"));
  });
  return result;
}

function renameVariable(s: Stmt, from: Var, id: string): Stmt {
  const to = variable(from.type, id, from.name);
  const rename = (stmt: Stmt): Stmt => {
    const inner = mapStatements(stmt, rename);
    return inner.kind === "for" && inner.variable.id === from.id ? { ...inner, variable: to } : inner;
  };
  return rename(substituteIn(s, from, to));
}

function renameBuffer(s: Stmt, from: Buffer, id: string): Stmt {
  const reads = mapExpressions(s, (e) =>
    rewrite(e, (n) =>
      n.kind === "read" && n.tensor === from.id ? read(n.type, id, n.index, { guarded: n.guarded }) : n,
    ),
  );
  const writes = (stmt: Stmt): Stmt => {
    const inner = mapStatements(stmt, writes);
    if (inner.kind === "alloc" && inner.buffer.id === from.id) return { ...inner, buffer: { ...from, id } };
    if (inner.kind === "store" && inner.buffer === from.id) return { ...inner, buffer: id };
    if (inner.kind !== "accum") return inner;
    return { ...inner, targets: inner.targets.map((t) => (t.buffer === from.id ? { ...t, buffer: id } : t)) };
  };
  return writes(reads);
}

/** A chain of serial loops around one accumulation: outermost first. */
export type ReductionChain = { readonly loops: readonly For[]; readonly step: Accum };

/** The chain that `s` is, or null. */
export function reductionChain(s: Stmt): ReductionChain | null {
  const loops: For[] = [];
  let at = s;
  while (at.kind === "for" && at.loop.kind === "serial") {
    loops.push(at);
    at = at.body;
  }
  return at.kind === "accum" && loops.length > 0 ? { loops, step: at } : null;
}

/** The reduction with its innermost loop in lanes; `types` are the dtypes of the accumulator's components. */
export function laneReduction(chain: ReductionChain, types: readonly Buffer[], tile: Tile, fresh: FreshId): Stmt {
  const inner = known(chain.loops.at(-1), "a reduction's loop");
  const { step } = chain;
  const parts = types.map((b): Buffer => ({
    ...b,
    id: fresh("part"),
    name: `${b.name}.lanes`,
    lo: [index(0), index(0)],
    extent: [index(tile.copies), index(tile.lanes)],
  }));
  const vector: LoopKind = { kind: "vector", width: tile.lanes };
  const origin = inner.origin;
  const over = (copies: number, kind: LoopKind, active: Expr | null, make: (u: Expr, lane: Expr) => Stmt[]): Stmt => {
    const u = variable("index", fresh("u"), `${inner.variable.name}.copy`);
    const lane = variable("index", fresh("l"), `${inner.variable.name}.lane`);
    const leaves = sequence(
      make(copies > 1 ? u : index(0), lane).map((body): Stmt => ({
        kind: "for",
        variable: lane,
        lo: index(0),
        hi: active ?? index(tile.lanes),
        loop: kind,
        body,
        origin,
      })),
    );
    if (copies === 1) return renameBound(leaves, fresh);
    return renameBound(
      { kind: "for", variable: u, lo: index(0), hi: index(copies), loop: { kind: "unroll" }, body: leaves, origin },
      fresh,
    );
  };
  const partAt = (u: Expr, lane: Expr) => parts.map((p) => ({ buffer: p.id, index: [u, lane] }));
  const start = over(tile.copies, vector, null, (u, lane) =>
    identity(
      step.reducer,
      parts.map((p) => p.dtype),
    ).map((value, n): Stmt => ({ kind: "store", buffer: known(parts[n], "part").id, index: [u, lane], value })),
  );
  const stepAt = (first: Expr, u: Expr, lane: Expr): Stmt[] => {
    const at = plus(inner.lo, plus(first, plus(scale(u, tile.lanes), lane)));
    return [substituteIn({ ...step, targets: partAt(u, lane) }, inner.variable, at)];
  };
  const { blocks, restFirst, rest } = blocksOf(extentOf(inner), tile);
  const sweeps = blocks.map((block): Stmt => {
    const outer = variable("index", fresh("o"), inner.variable.name);
    const first = plus(block.first, scale(outer, block.width));
    const body = over(block.width / tile.lanes, vector, null, (u, lane) => stepAt(first, u, lane));
    return { ...inner, variable: outer, lo: index(0), hi: block.blocks, body };
  });
  const tail = over(1, vector, rest, (u, lane) => stepAt(restFirst, u, lane));
  const guarded: Stmt =
    constantValue(rest) === null
      ? { kind: "if", cond: apply("lt", index(0), rest), then: tail, otherwise: null }
      : tail;
  const swept = sequence([...sweeps, ...(constantValue(rest) === 0 ? [] : [guarded])]);
  const outerLoops = chain.loops.slice(0, -1).reduceRight<Stmt>((body, loop) => ({ ...loop, body }), swept);
  const merges = mergeParts(step, parts, tile, over);
  return parts.reduceRight<Stmt>(
    (body, buffer) => ({ kind: "alloc", buffer, body }),
    sequence([start, outerLoops, ...merges]),
  );
}

type Over = (copies: number, kind: LoopKind, active: Expr | null, make: (u: Expr, lane: Expr) => Stmt[]) => Stmt;

/** Copies into the first one, vector by vector; then its lanes into the accumulator, one after the other. */
function mergeParts(step: Accum, parts: readonly Buffer[], tile: Tile, over: Over): readonly Stmt[] {
  const partAt = (u: Expr, lane: Expr) => parts.map((p) => read(p.dtype, p.id, [u, lane]));
  const merge = (targets: Accum["targets"], u: Expr, lane: Expr): Stmt => ({
    kind: "accum",
    reducer: step.reducer,
    targets,
    args: partAt(u, lane),
    guard: null,
    merge: true,
  });
  const intoFirst = Array.from({ length: tile.copies - 1 }, (_, n) =>
    over(1, { kind: "vector", width: tile.lanes }, null, (_u, lane) => [
      merge(
        parts.map((p) => ({ buffer: p.id, index: [index(0), lane] })),
        index(n + 1),
        lane,
      ),
    ]),
  );
  const intoTarget = over(1, { kind: "unroll" }, null, (_u, lane) => [merge(step.targets, index(0), lane)]);
  return [...intoFirst, intoTarget];
}

/** Does the expression mention the variable? */
export function mentions(e: Expr, v: Var): boolean {
  return freeVariables(e).has(v.id);
}
