/**
 * Walking and rebuilding L2 statements. As in walk.ts, nothing is changed in place, and a statement that no function
 * touched comes back as itself.
 */
import { unreachable } from "../support/invariant.ts";
import type { Expr, Var } from "./expr.ts";
import type { Stmt } from "./loops.ts";
import { substitute } from "./walk.ts";

/** The statements directly inside. */
export function childStatements(s: Stmt): readonly Stmt[] {
  switch (s.kind) {
    case "for":
    case "alloc":
      return [s.body];
    case "seq":
      return s.body;
    case "if":
      return s.otherwise === null ? [s.then] : [s.then, s.otherwise];
    case "store":
    case "accum":
      return [];
    default:
      return unreachable(s);
  }
}

/** Calls `f` on the statement and all inside it, parents first. */
export function visitStatements(s: Stmt, f: (s: Stmt) => void): void {
  f(s);
  for (const child of childStatements(s)) visitStatements(child, f);
}

/** The expressions of the statement itself: bounds, condition, subscripts, values, guard. */
export function statementExpressions(s: Stmt): readonly Expr[] {
  switch (s.kind) {
    case "for":
      return [s.lo, s.hi];
    case "if":
      return [s.cond];
    case "store":
      return [...s.index, s.value];
    case "accum":
      return [...s.targets.flatMap((t) => t.index), ...s.args, ...(s.guard === null ? [] : [s.guard])];
    case "seq":
    case "alloc":
      return [];
    default:
      return unreachable(s);
  }
}

/** Maps the statements directly inside. */
export function mapStatements(s: Stmt, f: (s: Stmt) => Stmt): Stmt {
  switch (s.kind) {
    case "for":
    case "alloc":
      return { ...s, body: f(s.body) };
    case "seq":
      return { ...s, body: s.body.map(f) };
    case "if":
      return { ...s, then: f(s.then), otherwise: s.otherwise === null ? null : f(s.otherwise) };
    case "store":
    case "accum":
      return s;
    default:
      return unreachable(s);
  }
}

/** Applies `f` to every expression of the statement and of all inside it. */
export function mapExpressions(s: Stmt, f: (e: Expr) => Expr): Stmt {
  const inner = mapStatements(s, (c) => mapExpressions(c, f));
  switch (inner.kind) {
    case "for":
      return { ...inner, lo: f(inner.lo), hi: f(inner.hi) };
    case "if":
      return { ...inner, cond: f(inner.cond) };
    case "store":
      return { ...inner, index: inner.index.map(f), value: f(inner.value) };
    case "accum":
      return {
        ...inner,
        targets: inner.targets.map((t) => ({ ...t, index: t.index.map(f) })),
        args: inner.args.map(f),
        guard: inner.guard === null ? null : f(inner.guard),
      };
    case "seq":
    case "alloc":
      return inner;
    default:
      return unreachable(inner);
  }
}

/** Replaces a variable by an expression everywhere inside. */
export function substituteIn(s: Stmt, variable: Var, by: Expr): Stmt {
  return mapExpressions(s, (e) => substitute(e, new Map([[variable.id, by]])));
}

/** A sequence without nested sequences; a single statement stays alone. */
export function sequence(list: readonly Stmt[]): Stmt {
  const flat = list.flatMap((s) => (s.kind === "seq" ? s.body : [s]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: "seq", body: flat };
}
