/**
 * Index expressions with numbers folded, so that a generic that is given leaves no trace: `y*s + r - p` with s = 1, p = 0
 * is `y + r`. Nothing else is simplified here; that is the work of passes.
 */
import type { Expr } from "../../ir/expr.ts";
import { apply, constant, index } from "../../ir/expr.ts";
import type { CoreOp, OpRow } from "../../ir/ops.ts";
import { OPS } from "../../ir/ops.ts";
import { known } from "../../support/invariant.ts";

const isNumber = (e: Expr | undefined, value: bigint): boolean => e?.kind === "const" && e.value === value;

/** Applies an operation to index expressions. */
export function applyIndex(op: CoreOp, ...args: readonly Expr[]): Expr {
  const folded = foldIndex(
    op,
    args.map((a) => (a.kind === "const" && typeof a.value === "bigint" ? a.value : null)),
  );
  if (folded !== null) return typeof folded === "bigint" ? index(folded) : constant("bool", folded);
  const [a, b] = args;
  if (a !== undefined && b !== undefined) {
    if ((op === "add" || op === "sub") && isNumber(b, 0n)) return a;
    if (op === "add" && isNumber(a, 0n)) return b;
    if ((op === "mul" || op === "floor_div") && isNumber(b, 1n)) return a;
    if (op === "mul" && isNumber(a, 1n)) return b;
  }
  return apply(op, ...args);
}

/** Longest integers that are folded, in bits: past that the text is no index. */
const LONGEST = 4096n;

/** The value where all operands are numbers and it has one. */
export function foldIndex(op: CoreOp, args: readonly (bigint | null)[]): bigint | boolean | null {
  const row: OpRow = OPS[op];
  if (row.int === null || row.overflow === "wrap") return null;
  const values = args.filter((a) => a !== null);
  if (values.length !== args.length) return null;
  const [a, b, c] = values;
  if ((op === "floor_div" || op === "floor_mod") && b === 0n) return null;
  const bits = values.reduce((n, v) => n + BigInt(v.toString(2).length), 0n);
  if (bits > LONGEST || op === "shr") return null;
  return row.int(known(a, "an operand"), b ?? 0n, c ?? 0n);
}
