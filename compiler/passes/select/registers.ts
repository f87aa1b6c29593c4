/**
 * Scalar replacement: a register buffer becomes locals, one per element, or one vector local per row where its last dim
 * is indexed by lanes. All subscripts are constants by then (loops over registers are unrolled or in lanes); the one mechanism
 * serves accumulators, register tiles and partial results.
 */
import type { DType } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Buffer, Stmt } from "../../ir/loops.ts";
import type { Local, MachineType, Reg } from "../../ir/machine.ts";
import { expressionKey, visit } from "../../ir/walk.ts";
import { statementExpressions } from "../../ir/walk-loops.ts";
import { InternalError, invariant, known } from "../../support/invariant.ts";
import type { Context, RegisterFile } from "./context.ts";
import { value } from "./values.ts";
import { elemOf } from "./types.ts";

/** How the buffer is used in the lanes of vector loops: which loops' extents (as keys) index its last dim. */
export type LaneUse = { readonly inLanes: boolean; readonly extents: ReadonlySet<string> };

/** Looks through the body of the allocation for accesses whose last subscript is a vector loop's variable. */
export function laneUse(buffer: Buffer, body: Stmt): LaneUse {
  const extents = new Set<string>();
  let inLanes = false;
  const noteIn = (subscripts: readonly Expr[], lanes: ReadonlyMap<string, Expr>): void => {
    const last = subscripts.at(-1);
    const hi = last?.kind === "var" ? lanes.get(last.id) : undefined;
    if (hi === undefined) return;
    inLanes = true;
    extents.add(expressionKey(hi));
  };
  const go = (s: Stmt, lanes: ReadonlyMap<string, Expr>): void => {
    for (const e of statementExpressions(s)) {
      visit(e, (n) => {
        if (n.kind === "read" && n.tensor === buffer.id) noteIn(n.index, lanes);
      });
    }
    if (s.kind === "store" && s.buffer === buffer.id) noteIn(s.index, lanes);
    if (s.kind === "accum") for (const t of s.targets) if (t.buffer === buffer.id) noteIn(t.index, lanes);
    const inner = s.kind === "for" && s.loop.kind === "vector" ? new Map(lanes).set(s.variable.id, s.hi) : lanes;
    if (s.kind === "for" || s.kind === "alloc") go(s.body, inner);
    if (s.kind === "seq") for (const c of s.body) go(c, inner);
    if (s.kind === "if") {
      go(s.then, inner);
      if (s.otherwise !== null) go(s.otherwise, inner);
    }
  };
  go(body, new Map());
  return { inLanes, extents };
}

/** The locals of one register buffer. */
export class Registers implements RegisterFile {
  readonly #buffer: Buffer;
  readonly #inLanes: boolean;
  /** True where vector loops of different lengths write it: then idle lanes must keep what they hold. */
  readonly keepsIdleLanes: boolean;
  readonly #locals: readonly Local[];
  readonly #type: MachineType;
  readonly #extents: readonly number[];

  /** Declares the locals; they start as zero, which nobody may rely on. */
  constructor(buffer: Buffer, use: LaneUse, ctx: Context) {
    this.#buffer = buffer;
    this.#inLanes = use.inLanes;
    this.keepsIdleLanes = use.extents.size > 1;
    const extents = buffer.extent.map((e) => constantOf(e, buffer));
    this.#extents = use.inLanes ? extents.slice(0, -1) : extents;
    const lanes = use.inLanes ? known(extents.at(-1), "lanes") : 1;
    invariant(lanes === 1 || lanes === 4, `registers of ${lanes} lanes`);
    const elem = elemOf(buffer.dtype);
    this.#type = { elem, lanes };
    const zero = ctx.builder.constant(elem, elem === "bool" ? false : elem === "i64" || elem === "u64" ? 0n : 0);
    const count = this.#extents.reduce((n, e) => n * e, 1);
    this.#locals = Array.from({ length: count }, () => ctx.builder.local(this.#type, ctx.builder.widen(zero, lanes)));
  }

  get dtype(): DType {
    return this.#buffer.dtype;
  }

  /** The element at these subscripts; a lane of a vector where the last one is a constant. */
  get(subscripts: readonly Expr[], ctx: Context): Reg {
    const { local, lane } = this.#at(subscripts, ctx);
    const whole = ctx.builder.define(this.#type, { kind: "get", local });
    return lane === null ? whole : ctx.builder.lane(whole, lane);
  }

  set(subscripts: readonly Expr[], r: Reg, ctx: Context): void {
    const { local, lane } = this.#at(subscripts, ctx);
    invariant(lane === null, "one lane of a vector register cannot be set");
    ctx.builder.emit({ kind: "set", local, value: ctx.builder.widen(r, this.#type.lanes) });
  }

  /** The local, and the lane where the access is of a single one. */
  #at(subscripts: readonly Expr[], ctx: Context): { readonly local: Local; readonly lane: number | null } {
    const leading = this.#inLanes ? subscripts.slice(0, -1) : subscripts;
    const position = leading.reduce((at, s, d) => at * known(this.#extents[d], "extent") + this.#constant(s, ctx), 0);
    const last = subscripts.at(-1);
    const isLane = this.#inLanes && last !== undefined && last.kind === "var" && last.id === ctx.vector?.lane.id;
    const lane = this.#inLanes && !isLane && last !== undefined ? this.#constant(last, ctx) : null;
    return { local: known(this.#locals[position], `element ${position} of ${this.#buffer.name}`), lane };
  }

  #constant(s: Expr, ctx: Context): number {
    const v = ctx.builder.constantOf(value(s, ctx));
    if (typeof v !== "number") throw new InternalError(`a register of ${this.#buffer.name} is indexed by a variable`);
    return v;
  }
}

function constantOf(e: Expr, buffer: Buffer): number {
  if (e.kind !== "const" || typeof e.value !== "bigint") {
    throw new InternalError(`the extent of register ${buffer.name} is not a constant`);
  }
  return Number(e.value);
}
