/**
 * Padded reads become ordinary ones: `edge`, `wrap` and `mirror` move the subscript into the tensor, a value is selected
 * where the subscript lies outside. Subscripts that obviously run over the dim itself are left alone. After this pass no
 * read has a `pad`; those that are only in range under their condition are marked `guarded`.
 */
import type { DimRange, Kernel, Stage, Tensor } from "../ir/equations.ts";
import { tensorsOf } from "../ir/equations.ts";
import type { Axis, Expr, Pad, Read, ScalarType } from "../ir/expr.ts";
import {
  apply,
  both,
  cast,
  index,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  read,
  select,
  sub,
  add,
} from "../ir/expr.ts";
import { flatMapStages, mapBodies } from "../ir/map-kernel.ts";
import { rewrite, sameExpr, visit } from "../ir/walk.ts";
import { known, unreachable } from "../support/invariant.ts";

export function expandPads(kernel: Kernel): Kernel {
  const tensors = tensorsOf(kernel);
  return flatMapStages(kernel, (stage) => {
    const axes = axesIn(stage);
    return [mapBodies(stage, (body) => expandIn(body, tensors, axes))];
  });
}

/** Every axis by variable: the stage's, its initial slices', its reductions'. */
export function axesIn(stage: Stage): ReadonlyMap<string, Axis> {
  const axes = new Map<string, Axis>();
  const note = (list: readonly Axis[]): void => {
    for (const a of list) axes.set(a.variable.id, a);
  };
  note(stage.axes);
  for (const output of stage.outputs) {
    for (const slices of output.init) note(slices.axes);
    for (const e of [output.body, ...output.init.map((s) => s.body)]) {
      visit(e, (node) => {
        if (node.kind === "reduce") note(node.axes);
      });
    }
  }
  return axes;
}

function expandIn(body: Expr, tensors: ReadonlyMap<string, Tensor>, axes: ReadonlyMap<string, Axis>): Expr {
  return rewrite(body, (node) =>
    node.kind === "read" && node.pad !== null
      ? expandPad(fitted(node, node.pad, tensors), node.pad, known(tensors.get(node.tensor), "tensor").dims, axes)
      : node,
  );
}

/** Is the subscript an axis that runs over exactly this dim? */
export function runsOver(e: Expr, dim: DimRange, axes: ReadonlyMap<string, Axis>): boolean {
  const axis = e.kind === "var" ? axes.get(e.id) : undefined;
  return axis !== undefined && sameExpr(axis.lo, dim.lo) && sameExpr(axis.hi, dim.hi);
}

function expandPad(e: Read, pad: Pad, dims: readonly DimRange[], axes: ReadonlyMap<string, Axis>): Expr {
  const outside = e.index.map((at, d) => ({ at, dim: known(dims[d], "dim") })).map((s) => !runsOver(s.at, s.dim, axes));
  if (pad.kind !== "value") {
    const moved = e.index.map((at, d) => (outside[d] === true ? moveInside(pad.kind, at, known(dims[d], "dim")) : at));
    return read(e.type, e.tensor, moved, { guarded: e.guarded });
  }
  const conditions = e.index.flatMap((at, d) => {
    const dim = known(dims[d], "dim");
    return outside[d] === true ? [lessEqual(dim.lo, at), less(at, dim.hi)] : [];
  });
  const [first, ...rest] = conditions;
  if (first === undefined) return read(e.type, e.tensor, e.index, { guarded: e.guarded });
  return select(rest.reduce(both, first), read(e.type, e.tensor, e.index, { guarded: true }), pad.value);
}

/**
 * Subscripts that are read from wide integers may be any of them, and an index has 32 bits: they become ones that fit and
 * that the pad answers alike. The ends of i32 are outside every tensor; `wrap` and `mirror` want the same remainder.
 */
function fitted(e: Read, pad: Pad, tensors: ReadonlyMap<string, Tensor>): Read {
  const dims = known(tensors.get(e.tensor), "tensor").dims;
  const at = e.index.map((x, d) => {
    if (x.kind !== "cast" || !WIDE.has(x.arg.type)) return x;
    const period = periodOf(pad.kind, known(dims[d], "dim"));
    if (period === null) return cast("index", "exact", cast("i32", "saturate", x.arg));
    return cast("index", "exact", apply("floor_mod", x.arg, cast(x.arg.type, "exact", period)));
  });
  return read(e.type, e.tensor, at, { pad, guarded: e.guarded });
}

/** Types with values that no index has. */
const WIDE: ReadonlySet<ScalarType> = new Set(["u32", "i64", "u64"]);

/** After how many elements a pad repeats; null: it does not. At least 1: where the read's condition fails, the dim may be empty. */
function periodOf(kind: Pad["kind"], { lo, hi }: DimRange): Expr | null {
  if (kind === "wrap") return maximum(sub(hi, lo), index(1));
  // There and back without reading the ends twice; a single element repeats with period 1.
  return kind === "mirror" ? maximum(mul(index(2), sub(sub(hi, index(1)), lo)), index(1)) : null;
}

/** The subscript inside `lo..hi` that an `edge`, `wrap` or `mirror` pad stands for. */
function moveInside(kind: "edge" | "wrap" | "mirror", at: Expr, { lo, hi }: DimRange): Expr {
  const last = sub(hi, index(1));
  switch (kind) {
    case "edge":
      return minimum(maximum(at, lo), last);
    case "wrap":
      return add(lo, apply("floor_mod", sub(at, lo), known(periodOf(kind, { lo, hi }), "a period")));
    case "mirror": {
      const turn = mul(index(2), sub(last, lo));
      const phase = apply("floor_mod", sub(at, lo), known(periodOf(kind, { lo, hi }), "a period"));
      return add(lo, minimum(phase, sub(turn, phase)));
    }
    default:
      return unreachable(kind);
  }
}
