/**
 * Operations on constants are computed here, with the meaning of the tables in ir/. An integer that leaves its dtype is left alone: it
 * stands where it is never evaluated, and whoever evaluates it defines what happens.
 */
import { isFloat, roundToDType } from "../ir/dtype.ts";
import type { Const, Expr } from "../ir/expr.ts";
import { constant } from "../ir/expr.ts";
import { convertValue } from "../ir/convert.ts";
import { isCoreOp, OPS } from "../ir/ops.ts";
import { elementOf, integerOp, valueOf } from "../ir/values.ts";
import type { Value } from "../ir/values.ts";

/** The constant that the node is, or the node. Its operands are folded already. */
export function foldNode(e: Expr): Expr {
  if (e.kind === "cast" && e.arg.kind === "const") {
    const value = convertValue(e.mode, e.arg.type, e.type, valueOf(e.arg.value));
    return value === null ? e : constantOf(e.type, value);
  }
  if (e.kind !== "apply" || !e.args.every((a) => a.kind === "const")) return e;
  const value = evaluate(
    e,
    e.args.filter((a) => a.kind === "const"),
  );
  return value === null ? e : constantOf(e.type, value);
}

function constantOf(type: Expr["type"], value: Value): Const {
  return constant(type, type === "index" ? BigInt(value) : elementOf(type, value));
}

function evaluate(e: Extract<Expr, { kind: "apply" }>, args: readonly Const[]): Value | null {
  const [first] = args;
  // Derived operations are folded as what they expand to, so that a constant argument gives what a run-time one would.
  if (!isCoreOp(e.op) || first === undefined || e.op === "fma") return null;
  const { type } = first;
  if (type === "bool") {
    const [a, b = false, c = false] = args.map((x) => x.value === true);
    return OPS[e.op].bool?.(a ?? false, b, c) ?? null;
  }
  if (type !== "index" && isFloat(type)) {
    const [a = 0, b = 0, c = 0] = args.map((x) => Number(x.value));
    const result = OPS[e.op].float?.(a, b, c) ?? null;
    return typeof result === "number" ? roundToDType(type, result) : result;
  }
  const integers = args.map((x) => valueOf(x.value)).filter((v) => typeof v !== "boolean");
  return integerOp(e.op, type, integers);
}
