/**
 * From equations to loops: one perfect nest per stage over its axes, in the order in which they are written, with the
 * reductions of the body as register accumulators inside. Nothing is chosen here; default-nest.ts and the primitives
 * reshape what this file makes. A recurrence becomes one nest whose outer loop is time.
 */
import type { Kernel, Recurrence, Stage, StageOutput, Tensor } from "../ir/equations.ts";
import { stagesOf } from "../ir/equations.ts";
import type { Axis, Expr, Reduce } from "../ir/expr.ts";
import { add, cast, index, mul, read, sub, variable } from "../ir/expr.ts";
import type { Buffer, LoopProgram, Nest, Origin, Stmt } from "../ir/loops.ts";
import { accumulatorTypes, identity, isPositional } from "../ir/reducers.ts";
import { freeVariables, mapChildren, some, substitute } from "../ir/walk.ts";
import { sequence, substituteIn } from "../ir/walk-loops.ts";
import type { Span } from "../support/source.ts";
import { known } from "../support/invariant.ts";

/** Makes names that are unique in one program. */
type Names = { readonly fresh: (prefix: string) => string };

function makeNames(): Names {
  let count = 0;
  return { fresh: (prefix) => `${prefix}${count++}` };
}

/** L1 → L2. The kernel has no padded reads left (passes/expand-pads.ts). */
export function buildLoops(kernel: Kernel): LoopProgram {
  const names = makeNames();
  const { buffers, copies } = planBuffers(kernel);
  const nests: Nest[] = kernel.steps.map((step) =>
    step.kind === "stage" ? stageNest(step.stage, names) : recurrenceNest(step, names),
  );
  return {
    kernel: kernel.name,
    dims: kernel.dims,
    buffers,
    nests: [...nests, ...copies.map((c) => copyNest(c, names))],
  };
}

/** An output whose tensor cannot be the output buffer itself: it has initial slices, or is wanted twice. */
type Copy = { readonly from: Tensor; readonly to: Buffer; readonly span: Span };

function planBuffers(kernel: Kernel): { readonly buffers: readonly Buffer[]; readonly copies: readonly Copy[] } {
  const inputs = kernel.params.map((t) => bufferOf(t, "input"));
  const defined = new Map(stagesOf(kernel).flatMap((s) => s.outputs.map((o) => [o.tensor.id, o] as const)));
  const direct = new Set<string>();
  const outputs: Buffer[] = [];
  const copies: Copy[] = [];
  for (const [n, out] of kernel.outputs.entries()) {
    const source = known(defined.get(out.tensor), `the stage of output ${out.name}`);
    if (source.init.length === 0 && !direct.has(out.tensor)) {
      direct.add(out.tensor);
      outputs.push(bufferOf(source.tensor, "output"));
      continue;
    }
    const to: Buffer = {
      id: `out${n}`,
      name: out.name,
      dtype: source.tensor.dtype,
      lo: out.dims.map((d) => d.lo),
      extent: out.dims.map((d) => difference(d.hi, d.lo)),
      space: "output",
    };
    outputs.push(to);
    copies.push({ from: source.tensor, to, span: source.tensor.span });
  }
  const scratch = [...defined.values()]
    .filter((o) => !direct.has(o.tensor.id))
    .map((o) => bufferOf(o.tensor, "scratch"));
  return { buffers: [...inputs, ...outputs, ...scratch], copies };
}

function bufferOf(t: Tensor, space: Buffer["space"]): Buffer {
  const lo = t.dims.map((d) => d.lo);
  const extent = t.dims.map((d) => difference(d.hi, d.lo));
  return { id: t.id, name: t.name, dtype: t.dtype, lo, extent, space };
}

function difference(hi: Expr, lo: Expr): Expr {
  return lo.kind === "const" && lo.value === 0n ? hi : sub(hi, lo);
}

function copyNest(copy: Copy, names: Names): Nest {
  const axes = copy.to.extent.map((extent, d): Axis => {
    const lo = known(copy.to.lo[d], "lower bound");
    const v = variable("index", names.fresh("c"), `d${d}`);
    return { variable: v, lo, hi: lo.kind === "const" && lo.value === 0n ? extent : add(lo, extent) };
  });
  const at = axes.map((a) => a.variable);
  const store: Stmt = { kind: "store", buffer: copy.to.id, index: at, value: read(copy.from.dtype, copy.from.id, at) };
  const stage = copy.from.name;
  return {
    stage,
    body: wrapLoops(axes, store, { stage, by: "copy of an output", span: copy.span }, "independent"),
    independent: axes.length,
  };
}

type Maker = Omit<Origin, "axis">;

/** Puts loops over `axes` around `body`, first axis outermost. */
function wrapLoops(axes: readonly Axis[], body: Stmt, maker: Maker, kind: "independent" | "serial"): Stmt {
  return axes.reduceRight<Stmt>(
    (inner, a) => ({
      kind: "for",
      variable: a.variable,
      lo: a.lo,
      hi: a.hi,
      loop: { kind },
      body: inner,
      origin: { ...maker, axis: a.variable.name },
    }),
    body,
  );
}

function makerOf(stage: Stage): Maker {
  return { stage: stage.name, by: "default nest", span: stage.span };
}

function stageNest(stage: Stage, names: Names): Nest {
  const body = wrapLoops(stage.axes, pointBody(stage, stage.outputs, names), makerOf(stage), "independent");
  return { stage: stage.name, body, independent: stage.axes.length };
}

/** Initial slices first, then time ascending; within a step the members in order. */
function recurrenceNest(group: Recurrence, names: Names): Nest {
  const starts = group.members.flatMap((stage) =>
    stage.outputs.flatMap((o) =>
      o.init.map((slices): Stmt => {
        const start: Stage = {
          name: stage.name,
          span: stage.span,
          axes: slices.axes,
          outputs: [{ ...o, body: slices.body, init: [] }],
        };
        return wrapLoops(
          start.axes,
          pointBody(start, start.outputs, names),
          { ...makerOf(stage), by: "initial slices" },
          "independent",
        );
      }),
    ),
  );
  const first = known(group.members[0], "a member of the recurrence");
  const time = known(first.axes[group.time], "the time axis");
  const steps = group.members.map((stage): Stmt => {
    const own = known(stage.axes[group.time], "the time axis of a member");
    const inner = stage.axes.filter((a) => a !== own);
    const nest = wrapLoops(inner, pointBody(stage, stage.outputs, names), makerOf(stage), "independent");
    return own.variable.id === time.variable.id ? nest : substituteIn(nest, own.variable, time.variable);
  });
  const sweep = wrapLoops(
    [time],
    { kind: "seq", body: steps },
    { ...makerOf(first), by: "time of a recurrence" },
    "serial",
  );
  return { stage: first.name, body: { kind: "seq", body: [...starts, sweep] }, independent: 0 };
}

/** What happens at one point: accumulate the reductions, then store the outputs. */
function pointBody(stage: Stage, outputs: readonly StageOutput[], names: Names): Stmt {
  const found: Found = { here: new Map(), complete: new Map() };
  const at = stage.axes.map((a) => a.variable);
  const stores = outputs.map((o): Stmt => {
    const value = lowerReductions(o.body, found, names);
    return { kind: "store", buffer: o.tensor.id, index: at, value };
  });
  return withAccumulators(found, stores, makerOf(stage), names);
}

/** The register buffers of one reduction, one per component. */
type Accumulator = { readonly reduce: Reduce; readonly buffers: readonly Buffer[] };

/** Reductions by id: those of this level, which are being collected, and those whose accumulators are complete already. */
type Found = { readonly here: Map<string, Accumulator>; readonly complete: ReadonlyMap<string, Accumulator> };

/** Replaces the outermost reductions of `e` by reads of their accumulators. */
function lowerReductions(e: Expr, found: Found, names: Names): Expr {
  if (e.kind === "let" && feedsReduction(e.body, e.variable.id)) {
    return lowerReductions(substitute(e.body, new Map([[e.variable.id, e.value]])), found, names);
  }
  if (e.kind !== "reduce") return mapChildren(e, (c) => lowerReductions(c, found, names));
  let acc = found.complete.get(e.id) ?? found.here.get(e.id);
  if (acc === undefined) {
    const types = accumulatorTypes(
      e.reducer,
      stepArgs(e).map((a) => a.type),
    );
    const buffers = types.map((dtype, n): Buffer => ({
      id: names.fresh("acc"),
      name: types.length === 1 ? "acc" : `acc.${n}`,
      dtype,
      lo: [],
      extent: [],
      space: "register",
    }));
    acc = { reduce: e, buffers };
    found.here.set(e.id, acc);
  }
  const b = known(acc.buffers[e.component], "component of a reduction");
  return cast(e.type, "exact", read(b.dtype, b.id, []));
}

/** Does a reduction inside `e` use the variable? Then its `let` cannot stay around the accumulator's read. */
function feedsReduction(e: Expr, id: string): boolean {
  return some(e, (c) => c.kind === "reduce" && freeVariables(c).has(id));
}

/** The values of one step: the body's, and for argmax and argmin the point's position, row-major from the lower bounds. */
function stepArgs(r: Reduce): readonly Expr[] {
  if (!isPositional(r.reducer)) return r.args;
  const position = r.axes.reduce<Expr>(
    (before, a) => add(mul(before, sub(a.hi, a.lo)), sub(a.variable, a.lo)),
    index(0),
  );
  return [...r.args, cast("i32", "exact", position)];
}

/** Allocates the accumulators, fills them one reduction after another, then runs `last`. */
function withAccumulators(found: Found, last: readonly Stmt[], maker: Maker, names: Names): Stmt {
  const complete = new Map(found.complete);
  const fills = [...found.here].flatMap(([id, acc]): readonly Stmt[] => {
    const { reduce, buffers } = acc;
    const start = identity(
      reduce.reducer,
      buffers.map((b) => b.dtype),
    ).map((value, n): Stmt => ({ kind: "store", buffer: known(buffers[n], "accumulator").id, index: [], value }));
    const fill = wrapLoops(reduce.axes, accumulate(acc, complete, maker, names), maker, "serial");
    complete.set(id, acc);
    return [...start, fill];
  });
  return [...found.here.values()]
    .flatMap((a) => a.buffers)
    .reduceRight<Stmt>((inner, buffer) => ({ kind: "alloc", buffer, body: inner }), sequence([...fills, ...last]));
}

/** One step; reductions nested in its arguments or guard are accumulated first, inside the loops. */
function accumulate(acc: Accumulator, complete: Found["complete"], maker: Maker, names: Names): Stmt {
  const { reduce: r, buffers } = acc;
  const nested: Found = { here: new Map(), complete };
  const args = stepArgs(r).map((a) => lowerReductions(a, nested, names));
  const guard = r.guard === null ? null : lowerReductions(r.guard, nested, names);
  const targets = buffers.map((b) => ({ buffer: b.id, index: [] }));
  const step: Stmt = { kind: "accum", reducer: r.reducer, targets, args, guard, merge: false };
  return withAccumulators(nested, [step], maker, names);
}
