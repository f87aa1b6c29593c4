/**
 * A reduction in the lanes of vectors: each lane, and each of a few vectors side by side, accumulates every so-many-th
 * point; at the end the vectors are merged into the first, and its lanes, one after the other, into the accumulator.
 */
import type { Expr } from "../ir/expr.ts";
import { apply, index, read, variable } from "../ir/expr.ts";
import type { Accum, Buffer, For, LoopKind, Stmt } from "../ir/loops.ts";
import { identity } from "../ir/reducers.ts";
import { sequence, substituteIn } from "../ir/walk-loops.ts";
import { known } from "../support/invariant.ts";
import { blocksOf, constantValue, extentOf, plus, scale } from "./blocks.ts";
import type { Tile } from "./blocks.ts";
import type { FreshId } from "./rename-bound.ts";
import { renameBound } from "./rename-bound.ts";

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

/** What the parts of one lane reduction share. */
type Lanes = {
  readonly step: Accum;
  /** The innermost loop, which goes into the lanes. */
  readonly loop: For;
  /** Partial results: per component copies × lanes. */
  readonly parts: readonly Buffer[];
  readonly tile: Tile;
  readonly fresh: FreshId;
};

/** The reduction with its innermost loop in lanes; `accumulators` are the buffers of its components. */
export function laneReduction(
  chain: ReductionChain,
  accumulators: readonly Buffer[],
  tile: Tile,
  fresh: FreshId,
): Stmt {
  const loop = known(chain.loops.at(-1), "a reduction's loop");
  const parts = accumulators.map((b): Buffer => ({
    ...b,
    id: fresh("part"),
    name: `${b.name}.lanes`,
    lo: [index(0), index(0)],
    extent: [index(tile.copies), index(tile.lanes)],
  }));
  const lanes: Lanes = { step: chain.step, loop, parts, tile, fresh };
  const swept = chain.loops.slice(0, -1).reduceRight<Stmt>((body, outer) => ({ ...outer, body }), sweeps(lanes));
  return parts.reduceRight<Stmt>(
    (body, buffer) => ({ kind: "alloc", buffer, body }),
    sequence([starts(lanes), swept, ...merges(lanes)]),
  );
}

/** Statements for each copy and lane: a loop over lanes of the given kind, inside an unrolled one over copies. */
function over(
  l: Lanes,
  shape: { readonly copies: number; readonly kind: LoopKind; readonly active?: Expr },
  make: (copy: Expr, lane: Expr) => readonly Stmt[],
): Stmt {
  const { origin } = l.loop;
  const copy = variable("index", l.fresh("u"), `${l.loop.variable.name}.copy`);
  const lane = variable("index", l.fresh("l"), `${l.loop.variable.name}.lane`);
  const hi = shape.active ?? index(l.tile.lanes);
  const bodies = make(shape.copies > 1 ? copy : index(0), lane);
  const leaves = sequence(
    bodies.map((body): Stmt => ({ kind: "for", variable: lane, lo: index(0), hi, loop: shape.kind, body, origin })),
  );
  if (shape.copies === 1) return renameBound(leaves, l.fresh);
  const unroll: LoopKind = { kind: "unroll" };
  return renameBound(
    { kind: "for", variable: copy, lo: index(0), hi: index(shape.copies), loop: unroll, body: leaves, origin },
    l.fresh,
  );
}

const vector = (l: Lanes): LoopKind => ({ kind: "vector", width: l.tile.lanes });

function starts(l: Lanes): Stmt {
  const values = identity(
    l.step.reducer,
    l.parts.map((p) => p.dtype),
  );
  return over(l, { copies: l.tile.copies, kind: vector(l) }, (copy, lane) =>
    values.map((value, n): Stmt => ({
      kind: "store",
      buffer: known(l.parts[n], "part").id,
      index: [copy, lane],
      value,
    })),
  );
}

/** One step in each lane; lane 0 of copy 0 is at iteration `first`. */
function stepFrom(l: Lanes, first: Expr, copy: Expr, lane: Expr): readonly Stmt[] {
  const at = plus(l.loop.lo, plus(first, plus(scale(copy, l.tile.lanes), lane)));
  const targets = l.parts.map((p) => ({ buffer: p.id, index: [copy, lane] }));
  return [substituteIn({ ...l.step, targets }, l.loop.variable, at)];
}

/** Blocks of all copies, single vectors, and a last vector with idle lanes. */
function sweeps(l: Lanes): Stmt {
  const { blocks, restFirst, rest } = blocksOf(extentOf(l.loop), l.tile);
  const loops = blocks.map((block): Stmt => {
    const outer = variable("index", l.fresh("o"), l.loop.variable.name);
    const first = plus(block.first, scale(outer, block.width));
    const body = over(l, { copies: block.width / l.tile.lanes, kind: vector(l) }, (copy, lane) =>
      stepFrom(l, first, copy, lane),
    );
    return { ...l.loop, variable: outer, lo: index(0), hi: block.blocks, body };
  });
  if (constantValue(rest) === 0) return sequence(loops);
  const tail = over(l, { copies: 1, kind: vector(l), active: rest }, (copy, lane) =>
    stepFrom(l, restFirst, copy, lane),
  );
  const guarded: Stmt = { kind: "if", cond: apply("lt", index(0), rest), then: tail, otherwise: null };
  return sequence([...loops, constantValue(rest) === null ? guarded : tail]);
}

/** Copies into the first one, vector by vector; then its lanes into the accumulator. */
function merges(l: Lanes): readonly Stmt[] {
  const merge = (targets: Accum["targets"], copy: Expr, lane: Expr): Stmt => ({
    ...l.step,
    targets,
    args: l.parts.map((p) => read(p.dtype, p.id, [copy, lane])),
    guard: null,
    merge: true,
  });
  const intoFirst = Array.from({ length: l.tile.copies - 1 }, (_, n) =>
    over(l, { copies: 1, kind: vector(l) }, (_copy, lane) => [
      merge(
        l.parts.map((p) => ({ buffer: p.id, index: [index(0), lane] })),
        index(n + 1),
        lane,
      ),
    ]),
  );
  const intoTarget = over(l, { copies: 1, kind: { kind: "unroll" } }, (_copy, lane) => [
    merge(l.step.targets, index(0), lane),
  ]);
  return [...intoFirst, intoTarget];
}
