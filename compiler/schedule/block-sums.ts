/**
 * Long float sums in blocks, so that their error does not grow with their length. A block of a few steps is summed as the
 * nest has it, in the nest's own registers, and its sum enters a total. At the outermost level what that addition rounds
 * away is kept beside the total and added at the end (compensated summation: Kahan 1965; without a comparison, since only
 * the error against Σ|x| counts). So what remains is the rounding inside blocks, and the innermost loops stay as they are.
 *
 * Only the built-in `sum` of floats is free to be cut: a strict sum keeps its order, integers are exact, and a user's
 * reducer says nothing of rounding. Blocks depend on the nest and on dims, never on values: equal runs give equal bits.
 */
import { isFloat } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { add, apply, constant, letIn, read, select, sub, variable } from "../ir/expr.ts";
import type { Accum, Buffer, LoopProgram, Stmt } from "../ir/loops.ts";
import { mapStatements, sequence, visitStatements } from "../ir/walk-loops.ts";
import { some } from "../ir/walk.ts";
import { unreachable } from "../support/invariant.ts";
import { constantValue } from "./blocks.ts";
import type { FreshId } from "./rename-bound.ts";
import type { IsStep } from "./step-bound.ts";
import { mostSteps } from "./step-bound.ts";
import { SumBlocks } from "./sum-blocks.ts";
import { forEachElement, touchedBy } from "./touched-elements.ts";

/** One level of blocks. */
type Level = {
  /** The most steps in a block. */
  readonly size: number;
  /** How the sums of blocks enter their total. */
  readonly fold: "plain" | "compensated";
  /** Levels inside each block; without blocks of this level, these alone. */
  readonly within: readonly Level[];
};

/** Eight equal numbers, the worst of ordinary cases, lose 1.25 ulp of the language; sixteen lose 2.25. */
const compensated: Level = { size: 8, fold: "compensated", within: [] };

/**
 * Levels from the innermost outward. What thousands of totals have lost is itself a sum that loses: after so many steps it
 * is added. Terms that come out of an operation have an error of their own, and sixteen of them lose half of the above. A
 * register tile pays most for the end of a block, and thirty-two random products lose 1.9 ulp.
 */
const OF_VALUES: readonly Level[] = [{ size: 2 ** 15, fold: "compensated", within: [compensated] }];
const OF_RESULTS: readonly Level[] = [{ size: 16, fold: "plain", within: [] }, compensated];
const OF_RESULTS_IN_TILES: readonly Level[] = [{ size: 32, fold: "plain", within: [] }, compensated];

/** So many accumulators side by side are a register tile, if they are not parts of one sum. */
const TILE = 4;

/** Cuts the long sums of every nest. */
export function blockSums(program: LoopProgram): LoopProgram {
  let count = 0;
  const fresh: FreshId = (prefix) => `s${prefix}_${count++}`;
  return { ...program, nests: program.nests.map((nest) => ({ ...nest, body: cutInside(nest.body, fresh) })) };
}

/** Inner accumulators first: a sum inside the terms of another is part of one of its steps. */
function cutInside(s: Stmt, fresh: FreshId): Stmt {
  const done = mapStatements(s, (inner) => cutInside(inner, fresh));
  if (done.kind !== "alloc" || !isFloat(done.buffer.dtype)) return done;
  const isStep: IsStep = (a) => isSum(a) && !a.merge && stepsInto(a, done.buffer);
  const body = cut(done.body, { acc: done.buffer, isStep, levels: levelsFor(done.buffer, done.body, isStep), fresh });
  return body === done.body ? done : { ...done, body };
}

function isSum(s: Accum): boolean {
  return s.reducer.kind === "builtin" && s.reducer.name === "sum";
}

function stepsInto(s: Accum, { id }: Buffer): boolean {
  return s.targets.some((t) => t.buffer === id);
}

function levelsFor(acc: Buffer, body: Stmt, isStep: IsStep): readonly Level[] {
  let computed = false;
  let merged = false;
  visitStatements(body, (s) => {
    if (s.kind !== "accum") return;
    computed ||= isStep(s) && s.args.some(isRounded);
    merged ||= s.merge && s.args.some((e) => some(e, (n) => n.kind === "read" && n.tensor === acc.id));
  });
  if (!computed) return OF_VALUES;
  const elements = acc.extent.reduce((n, e) => n * (constantValue(e) ?? 1), 1);
  const { lanes } = touchedBy(body, isStep);
  return !merged && elements / (lanes?.loop.width ?? 1) >= TILE ? OF_RESULTS_IN_TILES : OF_RESULTS;
}

const EXACT: ReadonlySet<string> = new Set(["neg", "abs", "max", "min", "floor", "ceil", "trunc", "round"]);

/** Does the value come out of an operation that rounds it? Then the terms have an error of their own. */
function isRounded(e: Expr): boolean {
  return some(e, (n) => n.kind === "apply" && !EXACT.has(n.op) && n.type !== "index" && isFloat(n.type));
}

/** A sum to be cut: its accumulator, which steps are its, and the levels that are left. */
type Sum = {
  readonly acc: Buffer;
  readonly isStep: IsStep;
  readonly levels: readonly Level[];
  readonly fresh: FreshId;
};

/** Finds the statements that sum, one after the other, and cuts them where they take too many steps. */
function cut(s: Stmt, sum: Sum): Stmt {
  const [level] = sum.levels;
  if (level === undefined) return s;
  if (mostSteps(s, sum.isStep) <= level.size) return cut(s, { ...sum, levels: level.within });
  switch (s.kind) {
    case "alloc":
      return { ...s, body: cut(s.body, sum) };
    case "seq":
      return sequence(runsOf(s.body, sum.isStep).map((run) => cutRun(run, level, sum)));
    case "for":
    case "if":
      return inBlocks(s, level, sum);
    case "store":
    case "accum":
      return s;
    default:
      return unreachable(s);
  }
}

/** Neighbours that sum, together; anything else alone. */
function runsOf(list: readonly Stmt[], isStep: IsStep): readonly Stmt[] {
  const runs: Stmt[][] = [];
  let before = false;
  for (const s of list) {
    const sums = (s.kind === "for" || s.kind === "if" || s.kind === "accum") && mostSteps(s, isStep) > 0;
    if (sums && before) runs.at(-1)?.push(s);
    else runs.push([s]);
    before = sums;
  }
  return runs.map(sequence);
}

function cutRun(run: Stmt, level: Level, sum: Sum): Stmt {
  if (run.kind !== "seq") return cut(run, sum);
  if (mostSteps(run, sum.isStep) > level.size) return inBlocks(run, level, sum);
  const [inner] = level.within;
  return inner === undefined ? run : cutRun(run, inner, { ...sum, levels: level.within });
}

/** Elements of a buffer at some subscripts. */
type At = readonly Expr[];

/**
 * The steps of `s` in blocks: a total starts as the accumulator, gets each block's sum, and becomes the accumulator. A sum
 * that may turn out to be one block relies on the accumulator being zero before, as every nest makes it.
 */
function inBlocks(s: Stmt, level: Level, sum: Sum): Stmt {
  const { acc, isStep, fresh } = sum;
  const total: Buffer = { ...acc, id: fresh("t"), name: `${acc.name}.total` };
  const blocks = new SumBlocks({ size: level.size, isStep, fresh });
  const several = blocks.areSeveral(s);
  // A single block is the sum already.
  const each = (of: Stmt, make: (at: At) => readonly Stmt[]): Stmt => {
    const then = forEachElement(acc, touchedBy(of, isStep), make, fresh);
    return several === null ? then : { kind: "if", cond: several, then, otherwise: null };
  };
  const held = level.fold === "plain" ? plainTotal(acc, total) : compensatedTotal(acc, total, fresh);
  const swept = blocks.cut(s, (block) => {
    const start = forEachElement(acc, touchedBy(block, isStep), (at) => [store(acc, at, zeroOf(acc))], fresh);
    return sequence([start, cut(block, { ...sum, levels: level.within }), each(block, held.fold)]);
  });
  const body = sequence([each(s, held.start), swept, each(s, held.end)]);
  // The sums of blocks are the steps of the next level.
  const whole =
    level.fold === "plain"
      ? cut(body, { acc: total, isStep: (a) => isSum(a) && stepsInto(a, total), levels: sum.levels.slice(1), fresh })
      : body;
  return held.buffers.reduce<Stmt>((inner, buffer) => ({ kind: "alloc", buffer, body: inner }), whole);
}

/** How a total starts, takes the sum of a block, and ends, element by element; and the buffers that it is kept in. */
type Total = Readonly<Record<"start" | "fold" | "end", (at: At) => readonly Stmt[]>> & {
  readonly buffers: readonly Buffer[];
};

function plainTotal(acc: Buffer, total: Buffer): Total {
  return {
    buffers: [total],
    start: (at) => [store(total, at, element(acc, at))],
    fold: (at) => [mergeInto(total, at, element(acc, at))],
    end: (at) => [store(acc, at, element(total, at))],
  };
}

function compensatedTotal(acc: Buffer, total: Buffer, fresh: FreshId): Total {
  const lost: Buffer = { ...acc, id: fresh("c"), name: `${acc.name}.lost` };
  return {
    buffers: [total, lost],
    start: (at) => [store(total, at, element(acc, at)), store(lost, at, zeroOf(acc))],
    fold: (at) => {
      const next = add(element(total, at), element(acc, at));
      const rounded = sub(element(acc, at), sub(next, element(total, at)));
      return [store(lost, at, add(element(lost, at), rounded)), store(total, at, next)];
    },
    end: (at) => [store(acc, at, corrected(element(total, at), element(lost, at), fresh))],
  };
}

function element(b: Buffer, at: At): Expr {
  return read(b.dtype, b.id, at);
}

function store(b: Buffer, at: At, value: Expr): Stmt {
  return { kind: "store", buffer: b.id, index: at, value };
}

function zeroOf(b: Buffer): Expr {
  return constant(b.dtype, 0);
}

function mergeInto(total: Buffer, at: At, arg: Expr): Stmt {
  const targets = [{ buffer: total.id, index: at }];
  return { kind: "accum", reducer: { kind: "builtin", name: "sum" }, targets, args: [arg], guard: null, merge: true };
}

/** Once the total is infinite, what it has lost is not a number, or the other infinity. */
function corrected(total: Expr, lost: Expr, fresh: FreshId): Expr {
  const both = variable(total.type, fresh("v"), "both");
  return letIn(both, add(total, lost), select(apply("ne", both, both), total, both, false));
}
