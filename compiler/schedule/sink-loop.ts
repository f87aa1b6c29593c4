/**
 * The mechanism under unroll-and-jam, register tiles and vectors: a loop of constant width is pushed inward until it
 * stands directly around each store and accumulation. Sequences are split (the loop's iterations are independent, so
 * every order of statements and iterations is the same), serial loops are interchanged, and registers get one more dim,
 * so that each iteration keeps its own. What remains at the leaves is straight-line code over `width` copies.
 */
import type { Expr, Var } from "../ir/expr.ts";
import { index, read } from "../ir/expr.ts";
import type { Buffer, For, Stmt } from "../ir/loops.ts";
import { freeVariables, rewrite } from "../ir/walk.ts";
import { mapExpressions, mapStatements, sequence } from "../ir/walk-loops.ts";
import { unreachable } from "../support/invariant.ts";

/** The loop to push: independent iterations from 0 to `hi`, which is at most `width`. */
export type SinkLoop = Pick<For, "variable" | "hi" | "loop" | "origin"> & { readonly width: number };

/** `body` with the loop around its leaves; null where bounds or conditions inside depend on the loop's variable. */
export function sinkLoop(loop: SinkLoop, body: Stmt): Stmt | null {
  switch (body.kind) {
    case "seq": {
      const parts = body.body.map((s) => sinkLoop(loop, s));
      return parts.every((p) => p !== null) ? sequence(parts) : null;
    }
    case "alloc": {
      const buffer = widen(body.buffer, loop.width);
      const inner = sinkLoop(loop, indexBy(body.body, body.buffer, loop.variable));
      return inner === null ? null : { kind: "alloc", buffer, body: inner };
    }
    case "for": {
      if (dependsOn([body.lo, body.hi], loop.variable)) return null;
      const inner = sinkLoop(loop, body.body);
      return inner === null ? null : { ...body, body: inner };
    }
    case "if": {
      if (dependsOn([body.cond], loop.variable)) return null;
      const then = sinkLoop(loop, body.then);
      const otherwise = body.otherwise === null ? null : sinkLoop(loop, body.otherwise);
      if (then === null || (body.otherwise !== null && otherwise === null)) return null;
      return { ...body, then, otherwise };
    }
    case "store":
    case "accum":
      return {
        kind: "for",
        variable: loop.variable,
        lo: index(0),
        hi: loop.hi,
        loop: loop.loop,
        origin: loop.origin,
        body,
      };
    default:
      return unreachable(body);
  }
}

function dependsOn(list: readonly Expr[], v: Var): boolean {
  return list.some((e) => freeVariables(e).has(v.id));
}

function widen(b: Buffer, width: number): Buffer {
  return { ...b, lo: [...b.lo, index(0)], extent: [...b.extent, index(width)] };
}

/** Every use of the register gets the loop's variable as one more subscript. */
function indexBy(s: Stmt, buffer: Buffer, lane: Var): Stmt {
  const reads = (e: Expr): Expr =>
    rewrite(e, (n) =>
      n.kind === "read" && n.tensor === buffer.id
        ? read(n.type, n.tensor, [...n.index, lane], { guarded: n.guarded })
        : n,
    );
  const writes = (stmt: Stmt): Stmt => {
    const inner = mapStatements(stmt, writes);
    if (inner.kind === "store" && inner.buffer === buffer.id) return { ...inner, index: [...inner.index, lane] };
    if (inner.kind !== "accum") return inner;
    const targets = inner.targets.map((t) => (t.buffer === buffer.id ? { ...t, index: [...t.index, lane] } : t));
    return { ...inner, targets };
  };
  return writes(mapExpressions(s, reads));
}
