/**
 * What every pass over equations must keep (verify-expr.ts says it for expressions):
 * - ids of dims, tensors and reductions are unique, and reads that share a reduction's id mean the same reduction;
 * - shapes, value ranges and `where` mention dims only;
 * - a step reads params and earlier steps; names of stages are unique;
 * - a stage has one axis per dim of each output, and bodies of the outputs' dtypes;
 * - only members of recurrences have initial slices, over one axis per dim;
 * - members of a recurrence have the time axis at the same place; a read at the very time `t` points to an earlier member,
 *   and none looks ahead to `t` plus a constant; slices reach down to the lag, no further;
 * - outputs are defined, with names of their own and the rank of their tensor.
 * That subscripts are in range is the prover's promise and not checked here.
 */
import { DTYPES } from "./dtype.ts";
import type { DimRange, Kernel, Recurrence, Stage, StageOutput, Tensor } from "./equations.ts";
import { stagesOf, tensorsOf } from "./equations.ts";
import type { Expr, Read, ScalarType } from "./expr.ts";
import { expressionKey, visit } from "./walk.ts";
import type { ExprScope, Readable, Report } from "./verify-expr.ts";
import { bindAxes, verifyTyped } from "./verify-expr.ts";

/** The problems found, each with its place; none in a sound kernel. */
export function verifyEquations(kernel: Kernel): readonly string[] {
  const problems: string[] = [];
  const at =
    (place: string): Report =>
    (problem) =>
      problems.push(`${place}: ${problem}`);
  const report = at(kernel.name);
  const dims = new Map<string, ScalarType>(kernel.dims.map((d) => [d.id, d.type]));
  const known = new Map(kernel.params.map((p) => [p.id, p]));
  const scope: ExprScope = { variables: dims, readable: (id) => readable(known.get(id)), level: "equations" };

  verifyIds(kernel, report);
  for (const d of kernel.dims) if (d.type !== "index") report(`dim ${d.name} has type ${d.type}`);
  for (const p of kernel.params) verifyTensor(p, scope, at(p.name));
  for (const w of kernel.where) verifyTyped(w.condition, "bool", "a where condition", shapeScope(scope), report);
  for (const s of kernel.steps) {
    const members = s.kind === "stage" ? [s.stage] : s.members;
    if (s.kind === "recurrence") {
      for (const m of members) for (const o of m.outputs) known.set(o.tensor.id, o.tensor);
      verifyRecurrence(s, at);
    }
    for (const m of members) verifyStage(m, s.kind === "recurrence", scope, at);
    for (const m of members) for (const o of m.outputs) known.set(o.tensor.id, o.tensor);
  }
  verifyOutputs(kernel, known, shapeScope(scope), report);
  return problems;
}

function readable(t: Tensor | undefined): Readable | null {
  return t === undefined ? null : { dtype: t.dtype, rank: t.dims.length };
}

/** Shapes may not read tensors. */
function shapeScope(scope: ExprScope): ExprScope {
  return { ...scope, readable: () => null };
}

function repeated(list: readonly string[]): readonly string[] {
  return [...new Set(list.filter((x, n) => list.indexOf(x) !== n))];
}

function verifyIds(kernel: Kernel, report: Report): void {
  const stages = stagesOf(kernel);
  const tensors = [...kernel.params, ...stages.flatMap((s) => s.outputs.map((o) => o.tensor))];
  const ids = [...kernel.dims.map((d) => d.id), ...tensors.map((t) => t.id)];
  for (const id of repeated(ids)) report(`the id ${id} is used twice`);
  for (const name of repeated(stages.map((s) => s.name))) report(`two stages are called ${name}`);
  for (const name of repeated(kernel.outputs.map((o) => o.name))) report(`two outputs are called ${name}`);
  const reductions = new Map<string, string>();
  for (const body of stages.flatMap((s) => s.outputs.flatMap((o) => [o.body, ...o.init.map((i) => i.body)]))) {
    visit(body, (e) => {
      if (e.kind !== "reduce") return;
      const key = expressionKey({ ...e, component: 0, type: "i32" });
      if ((reductions.get(e.id) ?? key) !== key) report(`two reductions have the id ${e.id}`);
      reductions.set(e.id, key);
    });
  }
}

function verifyRanges(dims: readonly DimRange[], scope: ExprScope, report: Report): void {
  for (const { lo, hi } of dims) {
    verifyTyped(lo, "index", "a lower bound", shapeScope(scope), report);
    verifyTyped(hi, "index", "an upper bound", shapeScope(scope), report);
  }
}

function verifyTensor(t: Tensor, scope: ExprScope, report: Report): void {
  verifyRanges(t.dims, scope, report);
  if (t.values === null) return;
  if (DTYPES[t.dtype].kind !== "int") report(`values of ${t.dtype} have no range`);
  verifyRanges([t.values], scope, report);
}

function verifyStage(stage: Stage, recurs: boolean, scope: ExprScope, at: (place: string) => Report): void {
  const report = at(stage.name);
  if (stage.outputs.length === 0) report("no outputs");
  const inner = { ...bindAxes(stage.axes, shapeScope(scope), report), readable: scope.readable };
  for (const output of stage.outputs) {
    const { tensor, body, init } = output;
    const here = at(`${stage.name}, ${tensor.name}`);
    verifyTensor(tensor, scope, here);
    if (tensor.dims.length !== stage.axes.length) here(`${tensor.dims.length} dims over ${stage.axes.length} axes`);
    verifyTyped(body, tensor.dtype, "the body", inner, here);
    if (init.length > 0 && !recurs) here("initial slices outside a recurrence");
    verifyInit(output, scope, here);
  }
}

function verifyInit({ tensor, init }: StageOutput, scope: ExprScope, report: Report): void {
  for (const { axes, body } of init) {
    if (axes.length !== tensor.dims.length)
      report(`initial slices over ${axes.length} axes of ${tensor.dims.length} dims`);
    verifyTyped(body, tensor.dtype, "an initial body", bindAxes(axes, scope, report), report);
  }
}

function verifyRecurrence(r: Recurrence, at: (place: string) => Report): void {
  const earlier = new Set<string>();
  const members = new Set(r.members.flatMap((m) => m.outputs.map((o) => o.tensor.id)));
  if (r.members.length === 0) at("a recurrence")("no members");
  if (r.lag < 0) at("a recurrence")(`a lag of ${r.lag}`);
  for (const m of r.members) {
    const report = at(m.name);
    const time = m.axes[r.time];
    if (time === undefined) {
      report(`no axis ${r.time} for the time`);
      continue;
    }
    for (const { tensor, body } of m.outputs) {
      const lo = constantOf(tensor.dims[r.time]?.lo);
      if (lo !== null && lo < BigInt(-r.lag)) report(`${tensor.name} starts at ${lo}, the lag is ${r.lag}`);
      visit(body, (e) => {
        if (e.kind === "read" && members.has(e.tensor)) verifySelfRead(e, r.time, time.variable.id, earlier, report);
      });
    }
    for (const o of m.outputs) earlier.add(o.tensor.id);
  }
}

function constantOf(e: Expr | undefined): bigint | null {
  return e?.kind === "const" && typeof e.value === "bigint" ? e.value : null;
}

function verifySelfRead(e: Read, time: number, t: string, earlier: ReadonlySet<string>, report: Report): void {
  const when = e.index[time];
  if (when === undefined) return;
  if (when.kind === "var" && when.id === t && !earlier.has(e.tensor))
    report(`${e.tensor} is read at t before it is written`);
  if (when.kind !== "apply" || when.op !== "add") return;
  const [a, b] = when.args;
  const ahead =
    a?.kind === "var" && a.id === t ? constantOf(b) : b?.kind === "var" && b.id === t ? constantOf(a) : null;
  if (ahead !== null && ahead > 0n) report(`${e.tensor} is read ${ahead} steps ahead`);
}

function verifyOutputs(kernel: Kernel, known: ReadonlyMap<string, Tensor>, scope: ExprScope, report: Report): void {
  const computed = new Set(tensorsOf(kernel).keys());
  for (const out of kernel.outputs) {
    const tensor = known.get(out.tensor);
    if (tensor === undefined || !computed.has(out.tensor)) {
      report(`output ${out.name} is not defined`);
      continue;
    }
    if (tensor.dims.length !== out.dims.length)
      report(`output ${out.name} has ${out.dims.length} dims, its tensor ${tensor.dims.length}`);
    verifyRanges(out.dims, scope, report);
  }
}
