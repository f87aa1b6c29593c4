/**
 * Scalar functions, built-ins and operators work on whole tensors of equal shape, element by element, with scalars
 * beside them: `relu(c1)`, `X + h`, `0.5 * X`.
 */
import { proveEqual } from "../../analysis/prover.ts";
import { index } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import type { Context } from "./context.ts";
import { componentHelp } from "./types.ts";
import type { DimSlot, Scalar, TensorValue, TupleValue, Value } from "./value.ts";
import { poison, rangeOf, scalar } from "./value.ts";

/** Applies `f` to scalars, or to each element where some argument is a tensor. */
export function lift(
  context: Context,
  args: readonly Value[],
  span: Span,
  f: (args: readonly Scalar[]) => Value,
  hint = "lifted",
): Value {
  const scalars: Scalar[] = [];
  const tensors: TensorValue[] = [];
  for (const a of args) {
    if (a.kind === "poison") return poison(span);
    if (a.kind === "tuple") return refuseTuple(context, a);
    if (a.kind === "tensor") tensors.push(a);
    else scalars.push(a);
  }
  const [first] = tensors;
  if (first === undefined) return f(scalars);
  for (const other of tensors) if (!sameShape(context, first, other)) return poison(span);
  const at = (indices: readonly Scalar[]): Value => {
    const elements: Scalar[] = [];
    for (const a of args) {
      const element = a.kind === "tensor" ? a.at(indices) : a;
      if (element.kind !== "scalar") return poison(span);
      elements.push(element);
    }
    return f(elements);
  };
  // Types are checked once here, at a point that stands for all.
  if (at(sampleIndices(first.dims, span)).kind !== "scalar") return poison(span);
  return { kind: "tensor", dims: first.dims, at, symbol: null, hint, operand: first.operand, span };
}

function sampleIndices(dims: readonly DimSlot[], span: Span): readonly Scalar[] {
  return dims.map(() => scalar("index", span, () => index(0), { pure: true }));
}

function refuseTuple(context: Context, value: TupleValue): Value {
  context.report("E2028", {
    span: value.span,
    message:
      value.elements.length === 1 ? "a number is needed here" : "this gives several values, and one is needed here",
    help: componentHelp(value) ?? ["take them apart first: let (v, p) = …"],
  });
  return poison(value.span);
}

/** `i, j`: a name for each axis of the tensor that has more. */
function indicesFor(a: TensorValue, b: TensorValue): string {
  const rank = Math.max(a.dims.length, b.dims.length);
  return Array.from({ length: rank }, (_, n) => (rank <= 4 ? "ijkl".charAt(n) : `i${n}`)).join(", ");
}

/** Are the shapes provably equal? Reports if not. */
function sameShape(context: Context, a: TensorValue, b: TensorValue): boolean {
  if (a === b) return true;
  const polys = context.polys;
  const facts = context.facts;
  const extents = (t: TensorValue): readonly string[] =>
    t.dims.map((d) => (d.range === null ? "?" : polys.print(polys.poly(rangeOf(d).hi))));
  const equal =
    a.dims.length === b.dims.length &&
    a.dims.every((d, n) => {
      const other = b.dims[n];
      if (other === undefined || d.range === null || other.range === null) return false;
      const same = (x: "lo" | "hi"): boolean =>
        proveEqual(facts, polys.poly(rangeOf(d)[x]), polys.poly(rangeOf(other)[x])).proved;
      return same("lo") && same("hi");
    });
  if (equal) return true;
  context.report("E2029", {
    span: b.span,
    message: `these tensors have shapes [${extents(a).join(", ")}] and [${extents(b).join(", ")}], which are not provably equal`,
    related: [{ span: a.span, message: `shape [${extents(a).join(", ")}]` }],
    help: [`write the equation with indices: Y[${indicesFor(a, b)}] = …`],
  });
  return false;
}
