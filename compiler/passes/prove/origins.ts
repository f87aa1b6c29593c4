/** Where the range of an index comes from, for notes: the tensor that is read along the whole of that dim. */
import type { Axis, Expr } from "../../ir/expr.ts";
import { sameExpr, visit } from "../../ir/walk.ts";
import type { Scope } from "./scope.ts";

/** `from F`, where `F[…, r, …]` is read without a pad in one of the bodies and the range is that of its dim. */
export function noteOrigin(axis: Axis, bodies: readonly Expr[], scope: Scope): void {
  const { names, tensors } = scope.shared;
  for (const body of bodies) {
    visit(body, (e) => {
      if (e.kind !== "read" || e.pad !== null) return;
      const dims = tensors.get(e.tensor)?.dims ?? [];
      const along = e.index.findIndex((x) => x.kind === "var" && x.id === axis.variable.id);
      const dim = dims[along];
      if (dim !== undefined && sameExpr(dim.lo, axis.lo) && sameExpr(dim.hi, axis.hi)) {
        names.setOrigin(axis.variable.id, `from ${names.tensor(e.tensor)}`);
      }
    });
  }
}
