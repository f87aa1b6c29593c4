/**
 * Rewriting by the rules of rules/, bottom-up, until none applies; constants are folded first. On loops it also drops what
 * never runs: loops without iterations, branches never taken.
 */
import type { Kernel } from "../ir/equations.ts";
import type { Expr, ScalarType } from "../ir/expr.ts";
import type { LoopProgram, Nest, Stmt } from "../ir/loops.ts";
import { mapKernel } from "../ir/map-kernel.ts";
import { rewrite } from "../ir/walk.ts";
import { mapExpressions, mapStatements, sequence } from "../ir/walk-loops.ts";
import { foldNode } from "./fold-constants.ts";
import { fill, match } from "./match.ts";
import { RULES } from "./rules/all.ts";
import { holesOf } from "./rules/rule.ts";

type Ready = { readonly from: Expr; readonly to: Expr; readonly when: (found: ReadonlyMap<string, Expr>) => boolean };

/** Rules by what their left side starts with, so that a node meets only those that could apply. */
const BY_HEAD: ReadonlyMap<string, readonly Ready[]> = (() => {
  const table = new Map<string, Ready[]>();
  for (const rule of RULES) {
    for (const type of rule.types) {
      const [from, to] = rule.sides(holesOf(type), type);
      const key = headOf(from);
      table.set(key, [...(table.get(key) ?? []), { from, to, when: rule.when ?? (() => true) }]);
    }
  }
  return table;
})();

function headOf(e: Expr): string {
  const operand: ScalarType = e.kind === "apply" ? (e.args[0]?.type ?? e.type) : e.type;
  return `${e.kind === "apply" ? e.op : e.kind}:${operand}`;
}

/** The expression with every rule applied wherever it can be. */
export function simplifyExpr(e: Expr): Expr {
  return rewrite(e, simplifyNode);
}

function simplifyNode(node: Expr): Expr {
  const folded = foldNode(node);
  if (folded.kind !== "apply" && folded.kind !== "select") return folded;
  for (const rule of BY_HEAD.get(headOf(folded)) ?? []) {
    const found = match(rule.from, folded);
    if (found === null || !rule.when(found)) continue;
    return simplifyExpr(fill(rule.to, found, folded.kind === "select" && folded.lazy));
  }
  return folded;
}

/** Bodies, bounds, shapes, conditions: alike everywhere, so that what was the same expression still is. */
export function simplifyEquations(kernel: Kernel): Kernel {
  return mapKernel(kernel, simplifyExpr);
}

export function simplifyLoops(program: LoopProgram): LoopProgram {
  const nests = program.nests.map((n): Nest => {
    const body = withoutDead(mapExpressions(n.body, simplifyExpr));
    return { ...n, body, independent: Math.min(n.independent, nestedLoops(body)) };
  });
  const buffers = program.buffers.map((b) => ({
    ...b,
    lo: b.lo.map(simplifyExpr),
    extent: b.extent.map(simplifyExpr),
  }));
  return { ...program, buffers, nests };
}

/** How many loops stand directly in each other: fewer than before where they never ran. */
function nestedLoops(s: Stmt): number {
  return s.kind === "for" ? 1 + nestedLoops(s.body) : 0;
}

/** Without loops that never run and branches never taken. A nest that does nothing is an empty sequence. */
function withoutDead(s: Stmt): Stmt {
  const inner = mapStatements(s, withoutDead);
  if (inner.kind === "seq") return sequence(inner.body);
  const nothing: Stmt = { kind: "seq", body: [] };
  if (inner.kind === "if" && inner.cond.kind === "const") {
    return inner.cond.value === true ? inner.then : (inner.otherwise ?? nothing);
  }
  if (inner.kind !== "for" || inner.lo.kind !== "const" || inner.hi.kind !== "const") return inner;
  return inner.hi.value <= inner.lo.value ? nothing : inner;
}
