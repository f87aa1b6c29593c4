/**
 * How accesses move when one loop steps: what decides which loop is worth a vector and which registers are worth keeping.
 */
import type { Expr, Read, Var } from "../ir/expr.ts";
import type { Stmt } from "../ir/loops.ts";
import { freeVariables, visit } from "../ir/walk.ts";
import { statementExpressions, visitStatements } from "../ir/walk-loops.ts";

/** `invariant`: does not move; `contiguous`: to the next element of the last dim; `gather`: anything else. */
export type Movement = "invariant" | "contiguous" | "gather";

/** The constant by which `e` grows when `v` grows by one; null where that is not one constant. */
export function slope(e: Expr, v: Var): bigint | null {
  if (!freeVariables(e).has(v.id)) return 0n;
  if (e.kind === "var") return 1n;
  if (e.kind !== "apply") return null;
  const [a, b] = e.args;
  if (a === undefined) return null;
  const left = slope(a, v);
  if (left === null) return null;
  if (e.op === "neg") return -left;
  if (b === undefined) return null;
  const right = slope(b, v);
  if (right === null) return null;
  if (e.op === "add") return left + right;
  if (e.op === "sub") return left - right;
  if (e.op === "mul") return product(a, left, b, right);
  return null;
}

function product(a: Expr, left: bigint, b: Expr, right: bigint): bigint | null {
  if (right === 0n && b.kind === "const" && typeof b.value === "bigint") return left * b.value;
  if (left === 0n && a.kind === "const" && typeof a.value === "bigint") return right * a.value;
  return null;
}

/** How an access with these subscripts moves when `v` steps. */
export function movement(subscripts: readonly Expr[], v: Var): Movement {
  const last = subscripts.length - 1;
  const slopes = subscripts.map((s) => slope(s, v));
  if (slopes.every((s) => s === 0n)) return "invariant";
  return slopes.every((s, d) => s === (d === last ? 1n : 0n)) ? "contiguous" : "gather";
}

/** All reads of a statement and what is inside, registers excepted (they have no cost and no stride). */
export function readsIn(s: Stmt): readonly Read[] {
  const registers = new Set<string>();
  const reads: Read[] = [];
  visitStatements(s, (inner) => {
    if (inner.kind === "alloc") registers.add(inner.buffer.id);
    for (const e of statementExpressions(inner)) {
      visit(e, (n) => {
        if (n.kind === "read") reads.push(n);
      });
    }
  });
  return reads.filter((r) => !registers.has(r.tensor));
}
