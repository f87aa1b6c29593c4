/** A copy of a statement with names of its own: what unrolling and tails need, since ids are unique in a program. */
import type { Var } from "../ir/expr.ts";
import { read, variable } from "../ir/expr.ts";
import type { Buffer, Stmt } from "../ir/loops.ts";
import { rewrite } from "../ir/walk.ts";
import { mapExpressions, mapStatements, substituteIn, visitStatements } from "../ir/walk-loops.ts";

/** Makes ids that are unique in the program. */
export type FreshId = (prefix: string) => string;

/** New ids for the loop variables and registers bound inside. */
export function renameBound(s: Stmt, fresh: FreshId): Stmt {
  let result = s;
  visitStatements(s, (inner) => {
    if (inner.kind === "alloc") result = renameBuffer(result, inner.buffer, fresh("r"));
    if (inner.kind === "for") result = renameVariable(result, inner.variable, fresh("i"));
  });
  return result;
}

function renameVariable(s: Stmt, from: Var, id: string): Stmt {
  const to = variable(from.type, id, from.name);
  const rename = (stmt: Stmt): Stmt => {
    const inner = mapStatements(stmt, rename);
    return inner.kind === "for" && inner.variable.id === from.id ? { ...inner, variable: to } : inner;
  };
  return rename(substituteIn(s, from, to));
}

function renameBuffer(s: Stmt, from: Buffer, id: string): Stmt {
  const reads = mapExpressions(s, (e) =>
    rewrite(e, (n) =>
      n.kind === "read" && n.tensor === from.id ? read(n.type, id, n.index, { guarded: n.guarded }) : n,
    ),
  );
  const writes = (stmt: Stmt): Stmt => {
    const inner = mapStatements(stmt, writes);
    if (inner.kind === "alloc" && inner.buffer.id === from.id) return { ...inner, buffer: { ...from, id } };
    if (inner.kind === "store" && inner.buffer === from.id) return { ...inner, buffer: id };
    if (inner.kind !== "accum") return inner;
    return { ...inner, targets: inner.targets.map((t) => (t.buffer === from.id ? { ...t, buffer: id } : t)) };
  };
  return writes(reads);
}
