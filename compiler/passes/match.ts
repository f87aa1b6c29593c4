/** Matching a rule's left side and filling its right one: the two inverses. */
import type { Expr } from "../ir/expr.ts";
import { rewrite, sameExpr } from "../ir/walk.ts";
import { children } from "../ir/walk.ts";

/** The holes of `pattern` as `e` fills them, or null. */
export function match(pattern: Expr, e: Expr): ReadonlyMap<string, Expr> | null {
  const found = new Map<string, Expr>();
  return matches(pattern, e, found) ? found : null;
}

function matches(pattern: Expr, e: Expr, found: Map<string, Expr>): boolean {
  if (pattern.type !== e.type) return false;
  if (pattern.kind === "var") {
    const before = found.get(pattern.id);
    if (before !== undefined) return sameExpr(before, e);
    if (pattern.name === "c" && e.kind !== "const") return false;
    found.set(pattern.id, e);
    return true;
  }
  if (pattern.kind === "const") return e.kind === "const" && Object.is(e.value, pattern.value);
  if (pattern.kind !== e.kind) return false;
  if (pattern.kind === "apply" && e.kind === "apply" && pattern.op !== e.op) return false;
  const [parts, theirs] = [children(pattern), children(e)];
  return parts.every((p, n) => {
    const part = theirs[n];
    return part !== undefined && matches(p, part, found);
  });
}

/** The template with its holes filled. A choice is as lazy as the one that was matched. */
export function fill(template: Expr, found: ReadonlyMap<string, Expr>, lazy: boolean): Expr {
  return rewrite(template, (n) => {
    if (n.kind === "var") return found.get(n.id) ?? n;
    return n.kind === "select" && n.lazy !== lazy ? { ...n, lazy } : n;
  });
}
