/** What selection knows at a place in the loops: registers of variables, where buffers are, the vector loop around. */
import type { DType } from "../../ir/dtype.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import type { Buffer } from "../../ir/loops.ts";
import type { Reg } from "../../ir/machine.ts";
import type { CoreOp } from "../../ir/ops.ts";
import type { FunctionBuilder } from "./function-builder.ts";

/** The vector loop around: its lane variable, how many lanes, and how many of them are active (null: all). */
export type VectorContext = { readonly lane: Var; readonly lanes: 4; readonly active: Reg | null };

/** A register buffer in locals; see registers.ts. */
export type RegisterFile = {
  readonly dtype: DType;
  /** True where vector loops of different lengths write it: then idle lanes must keep what they hold. */
  readonly keepsIdleLanes: boolean;
  /** The element at these subscripts; a lane of a vector where the last one is a constant. */
  readonly get: (subscripts: readonly Expr[], ctx: Context) => Reg;
  readonly set: (subscripts: readonly Expr[], r: Reg, ctx: Context) => void;
};

export type Context = {
  readonly builder: FunctionBuilder;
  /** Registers of variables in scope. */
  readonly variables: ReadonlyMap<string, Reg>;
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly registers: ReadonlyMap<string, RegisterFile>;
  readonly vector: VectorContext | null;
  /** Operations that exist for scalars only. */
  readonly scalarOnly: ReadonlySet<CoreOp>;
};

export function bindVariable(ctx: Context, id: string, r: Reg): Context {
  return { ...ctx, variables: new Map(ctx.variables).set(id, r) };
}
