/**
 * Expressions to registers. Inside a vector loop a value is a scalar while it does not depend on the lane and a vector
 * from where it does, so that what all lanes share is computed once. Operations that vectors lack are computed lane by
 * lane. A read that is in range only under a condition around it gets that very check as its predicate.
 */
import { DTYPES, isBool, isFloat } from "../../ir/dtype.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Apply, Cast, Expr, Read, ScalarType, Var } from "../../ir/expr.ts";
import { index } from "../../ir/expr.ts";
import type { Buffer } from "../../ir/loops.ts";
import type { Elem, Place, Reg } from "../../ir/machine.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { isCoreOp, OPS } from "../../ir/ops.ts";
import { freeVariables, substitute } from "../../ir/walk.ts";
import { InternalError, invariant, known, unreachable } from "../../support/invariant.ts";
import type { Context } from "./context.ts";
import { bindVariable } from "./context.ts";
import { elemOf, loadedElem } from "./types.ts";

/** Whether `e` differs from lane to lane: it holds the lane's number, or a `let` whose value does. */
export function dependsOnLane(e: Expr, ctx: Context): boolean {
  const { vector, variables, builder } = ctx;
  if (vector === null) return false;
  return [...freeVariables(e).keys()].some((id) => {
    const bound = variables.get(id);
    return id === vector.lane.id || (bound !== undefined && builder.lanesOf(bound) > 1);
  });
}

/** The register that holds `e`. */
export function value(e: Expr, ctx: Context): Reg {
  const { builder } = ctx;
  switch (e.kind) {
    case "const":
      return builder.constant(
        elemOf(e.type),
        typeof e.value === "bigint" ? narrowed(e.value, elemOf(e.type)) : e.value,
      );
    case "var":
      return variableValue(e, ctx);
    case "read":
      return readValue(e, ctx);
    case "apply":
      return applyValue(e, ctx);
    case "select":
      return builder.select(value(e.cond, ctx), value(e.yes, ctx), value(e.no, ctx));
    case "cast":
      return castValue(e, ctx);
    case "let":
      return value(e.body, bindVariable(ctx, e.variable.id, value(e.value, ctx)));
    case "reduce":
      throw new InternalError("a reduction is left in the loops");
    default:
      return unreachable(e);
  }
}

/** Only 64-bit registers keep bigints. */
function narrowed(v: bigint, elem: Elem): number | bigint {
  return elem === "i64" || elem === "u64" ? v : Number(v);
}

function variableValue(e: Var, ctx: Context): Reg {
  const bound = ctx.variables.get(e.id);
  if (bound !== undefined) return bound;
  if (ctx.vector?.lane.id === e.id) {
    const start = ctx.builder.constant("i32", 0);
    return ctx.builder.define({ elem: "i32", lanes: ctx.vector.lanes }, { kind: "ramp", start });
  }
  return ctx.builder.dim(e.id);
}

function applyValue(e: Apply, ctx: Context): Reg {
  const { builder } = ctx;
  const { op } = e;
  invariant(isCoreOp(op), `${op} reaches the machine level unexpanded`);
  const args = e.args.map((a) => (op === "popcount" ? ownBits(a.type, value(a, ctx), ctx) : value(a, ctx)));
  const whole =
    powerOfTwo(op, args, ctx) ??
    withLanes(
      op,
      args.map((a, n) => safeDivisor(op, n, a, args, ctx)),
      ctx,
    );
  return OPS[op].overflow === "wrap" && e.type !== "index" ? wrapTo(e.type, whole, ctx) : whole;

  function withLanes(o: CoreOp, operands: readonly Reg[], c: Context): Reg {
    const lanes = operands.reduce<number>((most, r) => Math.max(most, builder.lanesOf(r)), 1);
    if (lanes === 1 || !c.scalarOnly.has(o)) return builder.apply(o, ...operands);
    const scalars = Array.from({ length: lanes }, (_, l) =>
      builder.apply(o, ...operands.map((r) => builder.lane(r, l))),
    );
    const elem = builder.typeOf(known(scalars[0], "lane")).elem;
    return builder.define({ elem, lanes: 4 }, { kind: "pack", args: scalars });
  }
}

/** Floor division and remainder by 2^k are a shift and a mask, for every sign. */
function powerOfTwo(op: CoreOp, args: readonly Reg[], ctx: Context): Reg | null {
  if (op !== "floor_div" && op !== "floor_mod") return null;
  const { builder } = ctx;
  const [a, b] = [known(args[0], "dividend"), known(args[1], "divisor")];
  const by = builder.constantOf(b);
  const { elem } = builder.typeOf(a);
  if (typeof by !== "number" || by < 1 || !Number.isInteger(Math.log2(by)) || by > 2 ** 30) return null;
  if (op === "floor_mod") return builder.apply("bit_and", a, builder.constant(elem, by - 1));
  return by === 1 ? a : builder.apply("shr", a, builder.constant(elem, Math.log2(by)));
}

/**
 * Both sides of a branch may be computed, idle lanes too, and hardware traps on a zero divisor and on least / -1: a
 * divisor that is not a constant is replaced where that would happen (the result is not used there).
 */
function safeDivisor(op: CoreOp, n: number, r: Reg, args: readonly Reg[], ctx: Context): Reg {
  if ((op !== "floor_div" && op !== "floor_mod") || n !== 1) return r;
  const { builder } = ctx;
  if (builder.constantOf(r) !== undefined) return r;
  const { elem } = builder.typeOf(r);
  const wide = elem === "i64" || elem === "u64";
  const number = (v: bigint): Reg => builder.constant(elem, wide ? v : Number(v));
  let bad = builder.apply("eq", r, number(0n));
  if (elem === "i32" || elem === "i64") {
    const least = number(elem === "i64" ? -(1n << 63n) : -(1n << 31n));
    const overflows = builder.apply(
      "and",
      builder.apply("eq", r, number(-1n)),
      builder.apply("eq", known(args[0], "dividend"), least),
    );
    bad = builder.apply("or", bad, overflows);
  }
  return builder.select(bad, number(1n), r);
}

/** The bits of a narrow negative number in its own width: in the register its sign fills the rest. */
function ownBits(type: ScalarType, r: Reg, ctx: Context): Reg {
  if (type === "index" || DTYPES[type].bits >= 32) return r;
  return ctx.builder.apply("bit_and", r, ctx.builder.constant("i32", 2 ** DTYPES[type].bits - 1));
}

/** The low bits of a narrow dtype, sign- or zero-extended in the wide register. */
function wrapTo(dtype: DType, r: Reg, ctx: Context): Reg {
  const row = DTYPES[dtype];
  if (row.kind !== "int" || row.bits >= 32) return r;
  const { builder } = ctx;
  if (!row.signed) return builder.apply("bit_and", r, builder.constant("i32", Number(row.max)));
  const amount = builder.constant("i32", 32 - row.bits);
  return builder.apply("shr", builder.apply("shl", r, amount), amount);
}

function castValue(e: Cast, ctx: Context): Reg {
  const { builder } = ctx;
  const from = e.arg.type;
  const r = value(e.arg, ctx);
  const to = elemOf(e.type);
  const source = builder.typeOf(r);
  const convert = (mode: "exact" | "saturate" | "wrap" | "bits", elem: Elem, arg: Reg): Reg =>
    builder.typeOf(arg).elem === elem
      ? arg
      : builder.define({ elem, lanes: source.lanes }, { kind: "convert", mode, arg });
  if (e.type === "bool") return builder.apply("ne", r, builder.constant(source.elem, zeroOf(source.elem)));
  if (from === "bool") return builder.select(r, builder.constant(to, oneOf(to)), builder.constant(to, zeroOf(to)));
  if (e.mode === "bits") return convert("bits", to, r);
  const fromFloat = from !== "index" && isFloat(from);
  if (e.type !== "index" && isFloat(e.type)) return convert("exact", to, r);
  const type: DType = e.type === "index" ? "i32" : e.type;
  if (fromFloat) return clampTo(type, convert("saturate", to, r), ctx);
  if (e.mode === "wrap") return wrapTo(type, convert("wrap", to, r), ctx);
  if (e.mode === "saturate") return convert("wrap", to, clampTo(type, r, ctx));
  return convert("wrap", to, r);
}

const zeroOf = (elem: Elem): number | bigint => (elem === "i64" || elem === "u64" ? 0n : 0);
const oneOf = (elem: Elem): number | bigint => (elem === "i64" || elem === "u64" ? 1n : 1);

/** Clamps an integer register of any width to the range of an integer dtype; ends the register cannot pass are left out. */
function clampTo(dtype: DType, r: Reg, ctx: Context): Reg {
  const row = DTYPES[dtype];
  invariant(row.kind === "int", "clamping needs an integer dtype");
  const { builder } = ctx;
  const { elem } = builder.typeOf(r);
  invariant(elem !== "bool" && elem !== "f32" && elem !== "f64", "clamping needs an integer register");
  const has = DTYPES[elem];
  const at = (v: bigint): Reg => builder.constant(elem, narrowed(v, elem));
  const above = row.min > has.min ? builder.apply("max", r, at(row.min)) : r;
  return row.max < has.max ? builder.apply("min", above, at(row.max)) : above;
}

// ---- reads ----

function readValue(e: Read, ctx: Context): Reg {
  const registers = ctx.registers.get(e.tensor);
  if (registers !== undefined) return registers.get(e.index, ctx);
  const buffer = known(ctx.buffers.get(e.tensor), "buffer of a read");
  const { place, lanes } = placeOf(buffer, e.index, e.guarded, ctx);
  const loaded = ctx.builder.define({ elem: loadedElem(buffer.dtype), lanes }, { kind: "load", place });
  return isBool(buffer.dtype) ? ctx.builder.apply("ne", loaded, ctx.builder.constant("i32", 0)) : loaded;
}

/** Where an access of these subscripts goes, and in how many lanes. */
export function placeOf(
  buffer: Buffer,
  subscripts: readonly Expr[],
  guarded: boolean,
  ctx: Context,
): { readonly place: Place; readonly lanes: 1 | 4 } {
  const varying = subscripts.map((s) => dependsOnLane(s, ctx));
  const shape = shapeOf(subscripts, varying, ctx);
  const atLaneZero = ctx.vector === null ? null : new Map([[ctx.vector.lane.id, index(0)]]);
  const list = subscripts.map((s, d) => {
    const e = shape === "contiguous" && varying[d] === true && atLaneZero !== null ? substitute(s, atLaneZero) : s;
    return fromLowerBound(value(e, ctx), known(buffer.lo[d], "lower bound"), ctx);
  });
  const lanes = shape === "scalar" ? 1 : 4;
  const active = shape === "scalar" ? null : (ctx.vector?.active ?? null);
  const when = guarded ? inRange(buffer, subscripts, ctx) : null;
  return { place: { buffer: buffer.id, index: list, offset: 0, shape, active, when }, lanes };
}

function fromLowerBound(r: Reg, lo: Expr, ctx: Context): Reg {
  return lo.kind === "const" && lo.value === 0n ? r : ctx.builder.apply("sub", r, value(lo, ctx));
}

function shapeOf(subscripts: readonly Expr[], varying: readonly boolean[], ctx: Context): Place["shape"] {
  if (ctx.vector === null || !varying.includes(true)) return "scalar";
  const last = subscripts.length - 1;
  const onlyLast = varying.every((v, d) => v === (d === last));
  return onlyLast && hasUnitSlope(known(subscripts[last], "subscript"), ctx.vector.lane, ctx) ? "contiguous" : "gather";
}

/** Does `e` grow by one from lane to lane? Sums and differences with exactly one such term. */
function hasUnitSlope(e: Expr, lane: Var, ctx: Context): boolean {
  if (e.kind === "var") return e.id === lane.id;
  if (e.kind !== "apply" || (e.op !== "add" && e.op !== "sub")) return false;
  const [a, b] = [known(e.args[0], "term"), known(e.args[1], "term")];
  const [inA, inB] = [dependsOnLane(a, ctx), dependsOnLane(b, ctx)];
  if (inA && !inB) return hasUnitSlope(a, lane, ctx);
  return e.op === "add" && inB && !inA && hasUnitSlope(b, lane, ctx);
}

/** 0 <= subscript - lo < extent in every dim. */
function inRange(buffer: Buffer, subscripts: readonly Expr[], ctx: Context): Reg | null {
  const { builder } = ctx;
  let all: Reg | null = null;
  for (const [d, s] of subscripts.entries()) {
    const at = fromLowerBound(value(s, ctx), known(buffer.lo[d], "lower bound"), ctx);
    const extent = value(known(buffer.extent[d], "extent"), ctx);
    const inside = builder.apply(
      "and",
      builder.apply("le", builder.constant("i32", 0), at),
      builder.apply("lt", at, extent),
    );
    all = all === null ? inside : builder.apply("and", all, inside);
  }
  return all;
}
