/** Programs of loops for tests of passes over them: elementwise stages and single reductions, over whole vectors. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Expr, Reducer, Var } from "../../compiler/ir/expr.ts";
import { index, read, variable } from "../../compiler/ir/expr.ts";
import type { Buffer, LoopProgram, Space, Stmt } from "../../compiler/ir/loops.ts";
import { accumulatorTypes, identity } from "../../compiler/ir/reducers.ts";

const origin = { stage: "s", axis: "i", by: "test", span: null };

export function vectorBuffer(id: string, dtype: DType, length: number, space: Space): Buffer {
  return { id, name: id, dtype, lo: [index(0)], extent: [index(length)], space };
}

function loopOver(v: Var, length: number, body: Stmt, kind: "independent" | "serial"): Stmt {
  return { kind: "for", variable: v, lo: index(0), hi: index(length), loop: { kind }, body, origin };
}

/** `Y[i] = value(inputs at i)`; the inputs are A, B, … */
export function elementwise(
  inputs: readonly DType[],
  result: DType,
  length: number,
  value: (...elements: readonly Expr[]) => Expr,
): LoopProgram {
  const i = variable("index", "i", "i");
  const buffers = inputs.map((dtype, n) => vectorBuffer(String.fromCharCode(65 + n), dtype, length, "input"));
  const elements = buffers.map((b) => read(b.dtype, b.id, [i]));
  const store: Stmt = { kind: "store", buffer: "Y", index: [i], value: value(...elements) };
  const nests = [{ stage: "s", body: loopOver(i, length, store, "independent"), independent: 1 }];
  return { kernel: "k", dims: [], buffers: [...buffers, vectorBuffer("Y", result, length, "output")], nests };
}

/** The reduction of `arg(A at k)` over the vector A, in registers; `result` reads its components into Y[0]. */
export function reduction(
  reducer: Reducer,
  input: DType,
  length: number,
  arg: (element: Expr, position: Var) => readonly Expr[],
  result: (...components: readonly Expr[]) => Expr,
): LoopProgram {
  const k = variable("index", "k", "k");
  const args = arg(read(input, "A", [k]), k);
  const types = accumulatorTypes(
    reducer,
    args.map((e) => e.type),
  );
  const registers = types.map((dtype, n): Buffer => {
    const id = `acc${n}`;
    return { id, name: id, dtype, lo: [], extent: [], space: "register" };
  });
  const targets = registers.map((r) => ({ buffer: r.id, index: [] }));
  const starts = identity(reducer, types).map((value, n): Stmt => ({
    kind: "store",
    buffer: `acc${n}`,
    index: [],
    value,
  }));
  const step: Stmt = { kind: "accum", reducer, targets, args, guard: null, merge: false };
  const value = result(...registers.map((r) => read(r.dtype, r.id, [])));
  if (value.type === "index") throw new Error("an output holds no indices");
  const store: Stmt = { kind: "store", buffer: "Y", index: [index(0)], value };
  const sequence: Stmt = { kind: "seq", body: [...starts, loopOver(k, length, step, "serial"), store] };
  const body = registers.reduceRight<Stmt>((inner, buffer) => ({ kind: "alloc", buffer, body: inner }), sequence);
  const buffers = [vectorBuffer("A", input, length, "input"), vectorBuffer("Y", value.type, 1, "output")];
  return { kernel: "k", dims: [], buffers, nests: [{ stage: "s", body, independent: 0 }] };
}
