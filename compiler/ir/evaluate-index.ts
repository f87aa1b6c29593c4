/**
 * Shapes and launch sizes at run time: the exact value of an index or bool expression over dims, once the dims are
 * known. Only what such expressions may hold is understood; a read or a reduction in a shape is a compiler bug.
 */
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";
import { isFloat } from "./dtype.ts";
import type { DimRange } from "./equations.ts";
import type { Apply, Expr } from "./expr.ts";
import { isCoreOp, OPS } from "./ops.ts";

/** Values of dims by the id of their variable. */
export type Dims = ReadonlyMap<string, bigint>;

/** The value of an index expression (or of an integer constant) over dims. */
export function evaluateIndex(e: Expr, dims: Dims): bigint {
  const value = evaluate(e, dims);
  invariant(typeof value === "bigint", () => `an index was expected, found a ${e.type}`);
  return value;
}

/** The same as a number; it must be a safe integer, which dispatch has checked for every shape. */
export function evaluateSize(e: Expr, dims: Dims): number {
  const value = Number(evaluateIndex(e, dims));
  invariant(Number.isSafeInteger(value), () => `${value} is too large for a size`);
  return value;
}

/** The value of a bool expression over dims, such as a `where` condition. */
export function evaluateCondition(e: Expr, dims: Dims): boolean {
  const value = evaluate(e, dims);
  invariant(typeof value === "boolean", () => `a condition was expected, found a ${e.type}`);
  return value;
}

/** Elements along each dim, none below 0: an empty range is an empty dim. */
export function evaluateShape(ranges: readonly DimRange[], dims: Dims): readonly number[] {
  return ranges.map((r) => Math.max(0, evaluateSize(r.hi, dims) - evaluateSize(r.lo, dims)));
}

function evaluate(e: Expr, dims: Dims): bigint | boolean {
  switch (e.kind) {
    case "const":
      invariant(typeof e.value !== "number" || Number.isInteger(e.value), "a fraction in a shape");
      return typeof e.value === "boolean" ? e.value : BigInt(e.value);
    case "var":
      return known(dims.get(e.id), `the value of dim ${e.name}`);
    case "apply":
      return applyExactly(e, dims);
    case "select":
      return evaluate(e.cond, dims) === true ? evaluate(e.yes, dims) : evaluate(e.no, dims);
    case "cast":
      invariant(e.mode === "exact" && (e.type === "index" || !isFloat(e.type)), `a cast to ${e.type} in a shape`);
      return evaluate(e.arg, dims);
    case "let":
      return evaluate(e.body, new Map([...dims, [e.variable.id, evaluateIndex(e.value, dims)]]));
    case "read":
    case "reduce":
      throw new InternalError(`a ${e.kind} in a shape`);
    default:
      return unreachable(e);
  }
}

function applyExactly(e: Apply, dims: Dims): bigint | boolean {
  const [left, right] = e.args;
  if (left?.type === "bool" && right !== undefined && (e.op === "and" || e.op === "or")) {
    // The right operand is proved under the left one (`N > 0 && M div N > 2`), so it is not evaluated without it.
    return evaluate(left, dims) === (e.op === "and") ? evaluate(right, dims) : e.op === "or";
  }
  invariant(isCoreOp(e.op), () => `${e.op} in a shape`);
  const row = OPS[e.op];
  const [a, b, c] = e.args.map((x) => evaluate(x, dims));
  if (typeof a === "boolean") {
    invariant(row.bool !== null && typeof b !== "bigint", () => `${e.op} of conditions`);
    return row.bool(a, b ?? false, false);
  }
  invariant(row.int !== null && a !== undefined, () => `${e.op} in a shape`);
  invariant(typeof b !== "boolean" && typeof c !== "boolean", () => `${e.op} of mixed operands`);
  invariant((e.op !== "floor_div" && e.op !== "floor_mod") || b !== 0n, "division by zero in a shape");
  return row.int(a, b ?? 0n, c ?? 0n);
}
