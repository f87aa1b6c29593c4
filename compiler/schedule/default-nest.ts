/**
 * The nest that a stage gets when nobody schedules it: the innermost axis in vectors where its accesses allow, a few rows
 * of an outer axis beside it where they share loads, otherwise the reduction itself in lanes. Decisions are made from
 * strides alone; the reshaping is in tile-loop.ts and lane-reduction.ts.
 */
import type { Expr, ScalarType, Var } from "../ir/expr.ts";
import type { Buffer, For, LoopProgram, Nest, Stmt } from "../ir/loops.ts";
import { accumulatorTypes, isAssociative, isCommutative, isExact } from "../ir/reducers.ts";
import { freeVariables, some } from "../ir/walk.ts";
import { mapStatements, statementExpressions, visitStatements } from "../ir/walk-loops.ts";
import { constantValue, extentOf } from "./blocks.ts";
import { laneReduction, reductionChain } from "./lane-reduction.ts";
import type { ReductionChain } from "./lane-reduction.ts";
import type { FreshId } from "./rename-bound.ts";
import { tileLoop } from "./tile-loop.ts";
import { movement, readsIn } from "./strides.ts";

/** What the choice needs to know of a target. */
export type NestLimits = {
  /** Lanes of a vector of 32-bit elements; 1: leave the nest as it is. */
  readonly lanes: number;
  /** Vector accumulators that stay in registers. */
  readonly accumulators: number;
  /** Vectors in flight for code without reductions. */
  readonly interleave: number;
};

/** Reshapes every nest; a target without vectors gets the program unchanged. */
export function defaultNests(program: LoopProgram, limits: NestLimits): LoopProgram {
  if (limits.lanes === 1) return program;
  let count = 0;
  const fresh: FreshId = (prefix) => `${prefix}_${count++}`;
  const nests = program.nests.map((nest): Nest => ({
    ...nest,
    body: reshape(nest.body, limits, fresh),
    independent: 0,
  }));
  return { ...program, nests };
}

/** Finds the chains of independent loops and the reductions that have none around them. */
function reshape(s: Stmt, limits: NestLimits, fresh: FreshId): Stmt {
  if (s.kind === "for" && s.loop.kind === "independent") return reshapeChain(s, limits, fresh);
  if (s.kind === "alloc") return reduceInLanes(s, limits, fresh);
  return mapStatements(s, (inner) => reshape(inner, limits, fresh));
}

type Chain = { readonly loops: readonly For[]; readonly inner: Stmt };

function independentChain(s: Stmt): Chain {
  const loops: For[] = [];
  let at = s;
  while (at.kind === "for" && at.loop.kind === "independent") {
    loops.push(at);
    at = at.body;
  }
  return { loops, inner: at };
}

function reshapeChain(s: Stmt, limits: NestLimits, fresh: FreshId): Stmt {
  const { loops, inner } = independentChain(s);
  const last = loops.at(-1);
  if (last === undefined) return s;
  const gathers = gathersOf(inner, last.variable);
  const short = (constantValue(extentOf(last)) ?? limits.lanes) < limits.lanes;
  const wide = !hasOnlyNarrow(inner);
  if (!wide && (gathers > 0 || short) && canReduceInLanes(inner)) {
    return rebuild(loops, reduceInLanes(inner, limits, fresh));
  }
  if (wide || short) return s;
  return tileSpatially(loops, inner, limits, fresh) ?? s;
}

function rebuild(loops: readonly For[], inner: Stmt): Stmt {
  return loops.reduceRight<Stmt>((body, loop) => ({ ...loop, body }), inner);
}

function gathersOf(inner: Stmt, v: Var): number {
  return readsIn(inner).filter((r) => movement(r.index, v) === "gather").length;
}

/** Vectors hold 32-bit lanes: a body that computes in 64 bits stays scalar. */
function hasOnlyNarrow(inner: Stmt): boolean {
  let narrow = true;
  visitStatements(inner, (s) => {
    if (s.kind === "alloc" && isWide(s.buffer.dtype)) narrow = false;
    if (statementExpressions(s).some((e) => some(e, (n) => isWide(n.type)))) narrow = false;
  });
  return narrow;
}

function isWide(type: ScalarType): boolean {
  return type === "f64" || type === "i64" || type === "u64";
}

/** Register tiles over the last loop, and over the outer loop whose steps look at the same vectors again. */
function tileSpatially(loops: readonly For[], inner: Stmt, limits: NestLimits, fresh: FreshId): Stmt | null {
  const last = loops.at(-1);
  if (last === undefined) return null;
  const reduces = hasSerialLoop(inner);
  const row = reduces ? bestRow(loops.slice(0, -1), inner, last.variable) : null;
  const perPoint = Math.max(1, accumulatorsIn(inner));
  const budget = Math.max(1, Math.floor(limits.accumulators / perPoint));
  const copies = reduces ? copiesFor(last, limits, Math.min(2, budget)) : copiesFor(last, limits, limits.interleave);
  const rows =
    row === null ? 1 : Math.max(1, Math.min(4, Math.floor(budget / copies), constantValue(extentOf(row)) ?? 4));
  const columns = (body: Stmt): Stmt | null => tileLoop({ ...last, body }, { lanes: limits.lanes, copies }, fresh);
  if (row === null || rows === 1) {
    const tiled = columns(inner);
    return tiled === null ? null : rebuild(loops.slice(0, -1), tiled);
  }
  return withRows(loops, row, rows, inner, columns, fresh);
}

/** Rows first: their loop is split where it stands, and the rows of a block are pushed through the loops between. */
function withRows(
  loops: readonly For[],
  row: For,
  rows: number,
  inner: Stmt,
  columns: (body: Stmt) => Stmt | null,
  fresh: FreshId,
): Stmt | null {
  const at = loops.indexOf(row);
  const between = loops.slice(at + 1, -1);
  const last = loops.at(-1);
  if (last === undefined) return null;
  const split = tileLoop({ ...row, body: inner }, { lanes: 1, copies: rows }, fresh);
  if (split === null) return null;
  // Each part of the split is a loop over blocks whose body has the rows at its leaves: columns go inside it.
  const parts = split.kind === "seq" ? split.body : [split];
  const rebuilt = parts.map((part): Stmt | null => {
    if (part.kind !== "for") return null;
    const tiled = columns(part.body);
    return tiled === null ? null : { ...part, body: rebuild(between, tiled) };
  });
  if (rebuilt.some((p) => p === null)) return null;
  const body = rebuilt.filter((p) => p !== null);
  return rebuild(loops.slice(0, at), { kind: "seq", body });
}

/** Vectors side by side: as many as fill the axis, if its extent is known to be short. */
function copiesFor(loop: For, limits: NestLimits, most: number): number {
  const extent = constantValue(extentOf(loop));
  if (extent === null) return most;
  return Math.max(1, Math.min(most, Math.floor(extent / limits.lanes)));
}

function hasSerialLoop(inner: Stmt): boolean {
  let found = false;
  visitStatements(inner, (s) => {
    if (s.kind === "for" && s.loop.kind === "serial") found = true;
  });
  return found;
}

function accumulatorsIn(inner: Stmt): number {
  let n = 0;
  visitStatements(inner, (s) => {
    if (s.kind === "alloc") n++;
  });
  return n;
}

/** The outer loop in whose steps the most vector loads stay the same; null where none does. */
function bestRow(outer: readonly For[], inner: Stmt, vector: Var): For | null {
  const reads = readsIn(inner).filter((r) => movement(r.index, vector) !== "invariant");
  let best: For | null = null;
  let most = 0;
  for (const loop of outer) {
    const extent = constantValue(extentOf(loop));
    const usable =
      (extent === null || extent > 1) &&
      !outer.some((o) => mentions(o.lo, loop.variable) || mentions(o.hi, loop.variable));
    const shared = reads.filter((r) => movement(r.index, loop.variable) === "invariant").length;
    if (usable && shared > most) [best, most] = [loop, shared];
  }
  return best;
}

/** Does the expression mention the variable? */
function mentions(e: Expr, v: Var): boolean {
  return freeVariables(e).has(v.id);
}

// ---- reductions in lanes ----

/** Every reduction of `s` in the lanes of vectors, where that is legal and its innermost loop is contiguous. */
function reduceInLanes(s: Stmt, limits: NestLimits, fresh: FreshId): Stmt {
  const accumulators = new Map<string, Buffer>();
  visitStatements(s, (inner) => {
    if (inner.kind === "alloc") accumulators.set(inner.buffer.id, inner.buffer);
  });
  const go = (inner: Stmt): Stmt => {
    const chain = reductionChain(inner);
    if (chain === null || !lanesFit(chain)) return mapStatements(inner, go);
    const types = chain.step.targets.map((t) => accumulators.get(t.buffer));
    if (!types.every((b) => b !== undefined)) return inner;
    const last = chain.loops.at(-1);
    const copies =
      last === undefined ? 1 : copiesFor(last, limits, Math.min(4, Math.floor(limits.accumulators / types.length)));
    return laneReduction(chain, types, { lanes: limits.lanes, copies }, fresh);
  };
  return hasOnlyNarrow(s) ? go(s) : s;
}

function canReduceInLanes(inner: Stmt): boolean {
  let all = true;
  let any = false;
  const go = (s: Stmt): void => {
    const chain = reductionChain(s);
    if (chain !== null) {
      if (lanesFit(chain)) any = true;
      else all = false;
      return;
    }
    if (s.kind === "for" && s.loop.kind === "serial") all = false;
    mapStatements(s, (c) => {
      go(c);
      return c;
    });
  };
  go(inner);
  return all && any;
}

/** The order may change, the innermost loop's reads are side by side, and its bounds are its own. */
function lanesFit(chain: ReductionChain): boolean {
  const { step, loops } = chain;
  const last = loops.at(-1);
  if (last === undefined) return false;
  const types = step.args.map((a) => a.type);
  const free = (isAssociative(step.reducer) && isCommutative(step.reducer)) || isStrictButExact(step.reducer, types);
  const short = (constantValue(extentOf(last)) ?? 4) < 4;
  const inner = [...step.args, ...(step.guard === null ? [] : [step.guard])];
  const reads = readsIn(step);
  const known = accumulatorTypes(step.reducer, types).length === step.targets.length;
  const sideBySide = reads.every((r) => movement(r.index, last.variable) !== "gather");
  return free && known && !short && sideBySide && inner.some((e) => mentions(e, last.variable));
}

function isStrictButExact(reducer: ReductionChain["step"]["reducer"], types: readonly Expr["type"][]): boolean {
  return reducer.kind === "builtin" && isExact(types);
}
