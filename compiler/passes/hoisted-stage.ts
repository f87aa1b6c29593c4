/** Stages made of subexpressions: what passes that compute something once, apart from where it is used, have in common. */
import type { Stage, Tensor } from "../ir/equations.ts";
import type { Axis, Expr } from "../ir/expr.ts";
import type { Fresh } from "../ir/fresh.ts";
import { instantiate, some } from "../ir/walk.ts";
import { InternalError, known } from "../support/invariant.ts";

/** A stage that computes `e`, which depends on the axes `needed` of `from`, over copies of just these axes. */
export function stageOf(
  e: Expr,
  needed: readonly Axis[],
  name: string,
  from: Stage,
  fresh: Fresh,
): { readonly stage: Stage; readonly tensor: Tensor } {
  if (e.type === "index") throw new InternalError("a tensor cannot hold indices");
  const bindings = new Map(needed.map((a) => [a.variable.id, { ...a.variable, id: fresh(a.variable.id) }] as const));
  const axes = needed.map((a): Axis => ({ ...a, variable: known(bindings.get(a.variable.id), "the copy of an axis") }));
  const dims = axes.map((a) => ({ lo: a.lo, hi: a.hi }));
  const { span } = from;
  const tensor: Tensor = { id: fresh("t"), name, dtype: e.type, dims, values: null, span };
  const body = instantiate(e, bindings, fresh);
  return { tensor, stage: { name, axes, outputs: [{ tensor, body, init: [] }], span } };
}

/** The bounds of the axes mention no axis and no data: a stage over them has a rectangular domain. */
export function isBox(needed: readonly Axis[], axes: readonly Axis[]): boolean {
  const ids = new Set(axes.map((a) => a.variable.id));
  return needed.every(
    (a) => ![a.lo, a.hi].some((b) => some(b, (n) => n.kind === "read" || (n.kind === "var" && ids.has(n.id)))),
  );
}
