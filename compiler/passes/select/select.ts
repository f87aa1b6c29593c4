/**
 * L2 → L3: loops to three-address code. One function per root nest; on targets that launch invocations the outermost
 * independent loops become its grid. Unrolled loops are written out, vector loops become vector instructions, registers become
 * locals.
 */
import type { Capabilities } from "../../target.ts";
import { DTYPES, isBool, isFloat } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import { apply as applyExpr, index, mul, sub, variable } from "../../ir/expr.ts";
import type { Accum, Buffer, For, LoopProgram, Nest, Stmt, Store } from "../../ir/loops.ts";
import type { MachineBuffer, MachineFunction, MachineProgram, Reg } from "../../ir/machine.ts";
import { merge, step } from "../../ir/reducers.ts";
import { sameExpr } from "../../ir/walk.ts";
import { visitStatements } from "../../ir/walk-loops.ts";
import { InternalError, invariant, known, unreachable } from "../../support/invariant.ts";
import { simplifyExpr } from "../simplify.ts";
import { FunctionBuilder } from "./function-builder.ts";
import { laneUse, Registers } from "./registers.ts";
import type { Context } from "./context.ts";
import { bindVariable } from "./context.ts";
import { placeOf, value } from "./values.ts";

/** The run-time parameter that numbers a grid's invocations. */
export const INVOCATION = "invocation";

export function selectMachine(program: LoopProgram, capabilities: Capabilities): MachineProgram {
  const functions = program.nests.map((nest, n) => selectNest(nest, n, program, capabilities));
  const buffers = program.buffers.map((b): MachineBuffer => {
    invariant(b.space !== "register", "registers are local to nests");
    return { id: b.id, name: b.name, dtype: b.dtype, space: b.space, extent: b.extent, lifetime: null };
  });
  return { kernel: program.kernel, dims: program.dims, addressing: "subscripts", buffers, functions };
}

function selectNest(nest: Nest, n: number, program: LoopProgram, capabilities: Capabilities): MachineFunction {
  const builder = new FunctionBuilder();
  const ctx: Context = {
    builder,
    variables: new Map(),
    buffers: new Map(program.buffers.map((b) => [b.id, b])),
    registers: new Map(),
    vector: null,
    scalarOnly: new Set(capabilities.scalarOnly),
  };
  const name = `nest${n}`;
  if (capabilities.launch === "calls") {
    statement(nest.body, ctx);
    return builder.finish(name, null, false);
  }
  const { loops, grid, body, variables } = launchedGrid(nest, ctx);
  const total = grid.reduce<Expr>((a, b) => mul(a, b), index(1));
  const inside = builder.apply("lt", builder.dim(INVOCATION), value(total, ctx));
  const then = builder.block(() => statement(body, variables()));
  builder.emit({ kind: "if", cond: inside, then, otherwise: [] });
  return builder.finish(name, grid, storesOwnElement(body, loops, ctx));
}

/**
 * The grid of all independent loops; but memory is words of 32 bits there, so where invocations would store parts of words
 * that are not their own, one invocation runs the whole nest.
 */
function launchedGrid(nest: Nest, ctx: Context): Grid {
  const grid = invocationGrid(nest, ctx);
  if (storesOwnElement(grid.body, grid.loops, ctx) || storedBuffers(grid.body, ctx).every(isWord)) return grid;
  return invocationGrid({ ...nest, independent: 0 }, ctx);
}

function isWord(b: Buffer): boolean {
  return DTYPES[b.dtype].storageBits === 32;
}

type StoredAt = { readonly buffer: string; readonly index: readonly Expr[] };

function storesOf(body: Stmt): readonly StoredAt[] {
  const found: StoredAt[] = [];
  visitStatements(body, (s) => {
    if (s.kind === "store") found.push(s);
    if (s.kind === "accum") found.push(...s.targets);
  });
  return found;
}

/** Registers are not among them. */
function storedBuffers(body: Stmt, ctx: Context): readonly Buffer[] {
  return storesOf(body).flatMap((s) => ctx.buffers.get(s.buffer) ?? []);
}

/** Is every store at the grid's very point, in a buffer of the grid's very shape? */
function storesOwnElement(body: Stmt, loops: readonly For[], ctx: Context): boolean {
  return storesOf(body).every(({ buffer: id, index: subscripts }) => {
    const buffer = ctx.buffers.get(id);
    if (buffer === undefined) return true;
    return (
      subscripts.length === loops.length &&
      loops.every(
        (l, d) =>
          sameExpr(known(subscripts[d], "subscript"), l.variable) &&
          sameExpr(known(buffer.lo[d], "lower bound"), l.lo) &&
          // A pass may have folded one of them and not the other.
          sameExpr(simplifyExpr(known(buffer.extent[d], "extent")), simplifyExpr(sub(l.hi, l.lo))),
      )
    );
  });
}

type Grid = {
  readonly loops: readonly For[];
  readonly grid: readonly Expr[];
  readonly body: Stmt;
  readonly variables: () => Context;
};

/** Peels the independent loops off; their variables come from the invocation's number, the last one fastest. */
function invocationGrid(nest: Nest, ctx: Context): Grid {
  const loops: For[] = [];
  let body = nest.body;
  while (loops.length < nest.independent && body.kind === "for") {
    loops.push(body);
    body = body.body;
  }
  const grid = loops.map((l) => (isZero(l.lo) ? l.hi : applyExpr("max", sub(l.hi, l.lo), index(0))));
  const number = variable("index", INVOCATION, INVOCATION);
  const variables = (): Context => {
    let inner = ctx;
    let rest: Expr = number;
    for (const [d, l] of [...loops.entries()].toReversed()) {
      const extent = known(grid[d], "extent");
      const at = d === 0 ? rest : applyExpr("floor_mod", rest, extent);
      inner = bindVariable(inner, l.variable.id, value(isZero(l.lo) ? at : applyExpr("add", l.lo, at), ctx));
      if (d > 0) rest = applyExpr("floor_div", rest, extent);
    }
    return inner;
  };
  return { loops, grid, body, variables };
}

function isZero(e: Expr): boolean {
  return e.kind === "const" && e.value === 0n;
}

function statement(s: Stmt, ctx: Context): void {
  switch (s.kind) {
    case "for":
      return loop(s, ctx);
    case "seq":
      for (const inner of s.body) statement(inner, ctx);
      return;
    case "if": {
      const { builder } = ctx;
      const cond = value(s.cond, ctx);
      const then = builder.block(() => statement(s.then, ctx));
      const otherwise = builder.block(() => {
        if (s.otherwise !== null) statement(s.otherwise, ctx);
      });
      builder.emit({ kind: "if", cond, then, otherwise });
      return;
    }
    case "alloc": {
      const registers = new Registers(s.buffer, laneUse(s.buffer, s.body), ctx);
      statement(s.body, { ...ctx, registers: new Map(ctx.registers).set(s.buffer.id, registers) });
      return;
    }
    case "store":
      return store(s, ctx);
    case "accum":
      return accumulate(s, ctx);
    default:
      return unreachable(s);
  }
}

function loop(s: For, ctx: Context): void {
  const { builder } = ctx;
  switch (s.loop.kind) {
    case "unroll": {
      const [lo, hi] = [builder.constantOf(value(s.lo, ctx)), builder.constantOf(value(s.hi, ctx))];
      if (typeof lo !== "number" || typeof hi !== "number")
        throw new InternalError("an unrolled loop has no constant bounds");
      for (let n = lo; n < hi; n++) statement(s.body, bindVariable(ctx, s.variable.id, builder.constant("i32", n)));
      return;
    }
    case "vector": {
      invariant(
        s.loop.width === 4 && isZero(s.lo) && ctx.vector === null,
        "vector loops have 4 lanes from 0 and do not nest",
      );
      const full = sameExpr(s.hi, index(s.loop.width));
      const active = full ? null : value(s.hi, ctx);
      return statement(s.body, { ...ctx, vector: { lane: s.variable, lanes: 4, active } });
    }
    case "serial":
    case "independent":
    case "parallel": {
      const [lo, hi] = [value(s.lo, ctx), value(s.hi, ctx)];
      const v = builder.register({ elem: "i32", lanes: 1 });
      const body = builder.block(() => statement(s.body, bindVariable(ctx, s.variable.id, v)));
      const parallel = s.loop.kind === "parallel";
      builder.emit({
        kind: "loop",
        variable: v,
        lo,
        hi,
        step: 1,
        parallel,
        body,
        label: `${s.origin.stage}.${s.origin.axis}`,
      });
      return;
    }
    default:
      return unreachable(s.loop);
  }
}

function store(s: Store, ctx: Context): void {
  const { builder } = ctx;
  const computed = value(s.value, ctx);
  const registers = ctx.registers.get(s.buffer);
  if (registers !== undefined) return registers.set(s.index, computed, ctx);
  const buffer = known(ctx.buffers.get(s.buffer), "buffer of a store");
  const { place, lanes } = placeOf(buffer, s.index, false, ctx);
  const byte = isBool(buffer.dtype)
    ? builder.select(computed, builder.constant("i32", 1), builder.constant("i32", 0))
    : computed;
  invariant(ctx.vector === null || lanes === ctx.vector.lanes, "lanes of a vector store one element");
  builder.emit({ kind: "store", value: builder.widen(byte, lanes), place });
}

/** A float sum of products may be contracted: acc := a * b + acc. */
function contracted(s: Accum, accs: readonly Expr[]): readonly Expr[] | null {
  const [arg] = s.args;
  const [acc] = accs;
  if (s.merge || s.reducer.kind !== "builtin" || s.reducer.name !== "sum" || acc === undefined) return null;
  if (arg?.kind !== "apply" || arg.op !== "mul" || arg.type === "index" || !isFloat(arg.type) || arg.type !== acc.type)
    return null;
  return [applyExpr("fma", ...arg.args, acc)];
}

/** targets := reducer(targets, args) in the lanes and at the points that take part. */
function accumulate(s: Accum, ctx: Context): void {
  const { builder } = ctx;
  const targets = s.targets.map((t) => ({ ...t, registers: known(ctx.registers.get(t.buffer), "accumulator") }));
  let inner = ctx;
  const bind = (id: string, r: Reg): void => {
    inner = bindVariable(inner, id, r);
  };
  const before = targets.map((t) => t.registers.get(t.index, ctx));
  const accs = targets.map((t, n) => {
    const dtype = known(ctx.registers.get(t.buffer), "accumulator").dtype;
    bind(`acc.${n}`, known(before[n], "accumulator"));
    return variable(dtype, `acc.${n}`, "acc");
  });
  const args = s.args.map((a, n) => {
    bind(`arg.${n}`, value(a, ctx));
    return variable(a.type, `arg.${n}`, "arg");
  });
  const results = contracted(s, accs) ?? (s.merge ? merge(s.reducer, accs, args) : step(s.reducer, accs, args));
  const takesPart = s.guard === null ? null : value(s.guard, ctx);
  const after = results.map((e) => value(e, inner));
  for (const [n, t] of targets.entries()) {
    const old = known(before[n], "accumulator");
    let result = known(after[n], "result");
    if (takesPart !== null) result = builder.select(takesPart, result, old);
    if (ctx.vector !== null && ctx.vector.active !== null && t.registers.keepsIdleLanes) {
      const zero = builder.constant("i32", 0);
      const ramp = builder.define({ elem: "i32", lanes: ctx.vector.lanes }, { kind: "ramp", start: zero });
      result = builder.select(builder.apply("lt", ramp, ctx.vector.active), result, old);
    }
    t.registers.set(t.index, result, ctx);
  }
}
