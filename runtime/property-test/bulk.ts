/**
 * The `bulk` equations of a reducer against its fold, on blocks of values: small ones of simple values first. Both are
 * stages of one kernel for blocks of a length, which the reference computes with its error scale.
 */
import type { Kernel, Stage, Tensor } from "../../compiler/ir/equations.ts";
import type { Axis, Bulk, Expr, UserReducer } from "../../compiler/ir/expr.ts";
import { index, letIn, read, reduce, variable } from "../../compiler/ir/expr.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { mapAxis, mapChildren } from "../../compiler/ir/walk.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import type { Span } from "../../compiler/support/source.ts";

/** Parameters are tensors of one dim, in order; outputs `0.n` are the fold's components, `1.n` those of the bulk. */
export function bulkKernel(reducer: UserReducer, bulk: Bulk, points: number, span: Span): Kernel {
  const dims = [{ lo: index(0), hi: index(points) }];
  const params = reducer.params.map((p, n): Tensor => {
    return { id: `x${n}`, name: p.name, dtype: dtypeOf(p), dims, values: null, span };
  });
  const stages: Stage[] = [];
  const define = (side: number, component: number, body: Expr): Tensor => {
    const name = `${side}.${component}`;
    const tensor: Tensor = { id: `t${name}`, name, dtype: dtypeOf(body), dims: [], values: null, span };
    stages.push({ name, axes: [], outputs: [{ tensor, body, init: [] }], span });
    return tensor;
  };
  const axis: Axis = { variable: variable("index", "k", "k"), lo: index(0), hi: index(points) };
  const args = params.map((p) => read(p.dtype, p.id, [axis.variable]));
  reducer.identity.forEach((e, component) =>
    define(0, component, reduce({ type: dtypeOf(e), id: "fold", reducer, axes: [axis], guard: null, args, component })),
  );
  const element = new Map(reducer.params.map((p, n) => [p.id, known(params[n], "a parameter")]));
  const found = new Map<string, Expr>([[bulk.size.id, index(points)]]);
  for (const e of bulk.equations) {
    const tensor = define(1, e.component, atPoints(e.value, null, element, found));
    found.set(e.variable.id, read(tensor.dtype, tensor.id, []));
  }
  const outputs = stages.flatMap((s) => s.outputs.map(({ tensor }) => ({ name: s.name, tensor: tensor.id, dims: [] })));
  const steps = stages.map((stage) => ({ kind: "stage", stage }) as const);
  return { name: reducer.name, dims: [], params, outputs, steps, where: [], span };
}

/** Parameters become reads at the innermost index, results and the size what they are. */
function atPoints(
  e: Expr,
  point: Expr | null,
  element: ReadonlyMap<string, Tensor>,
  found: ReadonlyMap<string, Expr>,
): Expr {
  const go = (inner: Expr): Expr => atPoints(inner, point, element, found);
  if (e.kind === "var") {
    const tensor = element.get(e.id);
    if (tensor !== undefined) return read(tensor.dtype, tensor.id, [known(point, "the point of an element")]);
    return found.get(e.id) ?? e;
  }
  if (e.kind === "let") return letIn(e.variable, go(e.value), go(e.body));
  if (e.kind !== "reduce") return mapChildren(e, go);
  const axes = e.axes.map((a) => mapAxis(a, go));
  const inside = (inner: Expr): Expr => atPoints(inner, known(axes.at(-1), "an axis").variable, element, found);
  return reduce({ ...e, axes, guard: e.guard === null ? null : inside(e.guard), args: e.args.map(inside) });
}

function dtypeOf({ type }: Expr): DType {
  invariant(type !== "index", "a reducer works on dtypes");
  return type;
}
