/**
 * Derived operations become core ones (ir/derived-ops.ts has the expansions), in loops and in users' reducers. It comes
 * after narrow-floats.ts, so there are only f32 and f64.
 */
import { DERIVED_OPS } from "../../ir/derived-ops.ts";
import type { Apply, Expr } from "../../ir/expr.ts";
import type { FreshValue } from "../../ir/fresh-values.ts";
import { freshValues } from "../../ir/fresh-values.ts";
import type { LoopProgram, Stmt } from "../../ir/loops.ts";
import { isCoreOp } from "../../ir/ops.ts";
import { mapReducer, rewrite } from "../../ir/walk.ts";
import { mapExpressions, mapStatements } from "../../ir/walk-loops.ts";
import { invariant } from "../../support/invariant.ts";
import { expandOver } from "./expression-arithmetic.ts";

/** The program without derived operations. Fails on one of a narrow float. */
export function expandMath(program: LoopProgram): LoopProgram {
  const fresh = freshValues(program);
  const expression = (e: Expr): Expr => expandIn(e, fresh);
  const reducers = (s: Stmt): Stmt => {
    const inner = mapStatements(s, reducers);
    return inner.kind === "accum" ? { ...inner, reducer: mapReducer(inner.reducer, expression) } : inner;
  };
  const nests = program.nests.map((nest) => ({ ...nest, body: reducers(mapExpressions(nest.body, expression)) }));
  return { ...program, nests };
}

/** One expression without derived operations. */
export function expandIn(e: Expr, fresh: FreshValue): Expr {
  return rewrite(e, (node) => (node.kind === "apply" ? expandApply(node, fresh) : node));
}

function expandApply(e: Apply, fresh: FreshValue): Expr {
  const { op } = e;
  if (isCoreOp(op)) return e;
  const { type } = e;
  invariant(type === "f32" || type === "f64", () => `${op} of ${type} has no expansion`);
  const { expand } = DERIVED_OPS[op];
  return expandOver(e.args, op, fresh, (m, x, y) => expand(m, x ?? m.float(0), y ?? m.float(0)));
}
