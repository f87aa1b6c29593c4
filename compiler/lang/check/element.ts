/** One element of a tensor: the read that accesses, whole tensors and results of kernels share. */
import type { Expr, Pad } from "../../ir/expr.ts";
import { read } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import type { Context } from "./context.ts";
import type { Scalar, TensorSymbol, Value } from "./value.ts";
import { exprOf, poison, scalar, typeOnly } from "./value.ts";

type ElementDetails = { readonly pad?: (() => Pad) | null; readonly span: Span };

/** One element of a tensor. */
export function element(
  context: Context,
  symbol: TensorSymbol,
  indices: readonly Scalar[],
  how: ElementDetails,
): Value {
  const { dtype } = symbol;
  if (dtype === null) return poison(how.span);
  if (dtype === "unknown") return typeOnly("unknown", how.span);
  const build = (): Expr => {
    const at = indices.map((x) => context.at(x.span, exprOf(x, "index")));
    return context.at(how.span, read(dtype, symbol.id, at, { pad: how.pad?.() ?? null }));
  };
  return scalar(dtype, how.span, build);
}
