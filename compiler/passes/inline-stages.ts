/**
 * Elementwise stages are computed where they are read instead of being stored. A stage is inlined when that costs no
 * recomputation (one reader, which looks at each element once) or when its body is so cheap that recomputing beats a
 * round trip through memory. A reduction may be inlined too, into the one elementwise stage that reads it point for
 * point: that is how bias and activation join a convolution. What readers look at in windows or sweeps stays stored.
 */
import type { Kernel, Stage, Tensor } from "../ir/equations.ts";
import { stagesOf } from "../ir/equations.ts";
import type { Expr, Read } from "../ir/expr.ts";
import { read } from "../ir/expr.ts";
import { DERIVED_OPS } from "../ir/derived-ops.ts";
import { freshIds } from "../ir/fresh.ts";
import type { Fresh } from "../ir/fresh.ts";
import { flatMapStages, mapBodies, removeDeadSteps } from "../ir/map-kernel.ts";
import { children, freeVariables, instantiate, rewrite, some, visit } from "../ir/walk.ts";
import { known } from "../support/invariant.ts";
import { axesIn, runsOver } from "./expand-pads.ts";

/** A body of at most this cost is recomputed rather than stored; a stored element costs a store, a load and its cache line. */
const CHEAP = 3;
/** Bodies never grow beyond this by inlining, so that chains of many stages stay compilable. */
const LARGEST_BODY = 2000;

export function inlineStages(kernel: Kernel): Kernel {
  const fresh = freshIds(kernel);
  let current = kernel;
  for (const { name } of stagesOf(kernel)) {
    const stage = stagesOf(current).find((s) => s.name === name);
    if (stage === undefined || !isCandidate(stage, current) || !pays(stage, current)) continue;
    current = removeDeadSteps(inlineOne(stage, current, fresh));
  }
  return current;
}

/** One plain output, not asked for by the caller, not a member of a recurrence, every axis the whole dim. */
function isCandidate(stage: Stage, kernel: Kernel): boolean {
  const [output, second] = stage.outputs;
  if (output === undefined || second !== undefined || output.init.length > 0) return false;
  if (kernel.outputs.some((o) => o.tensor === output.tensor.id)) return false;
  return kernel.steps.some((s) => s.kind === "stage" && s.stage === stage);
}

/** One place that reads a tensor. */
type Use = {
  readonly read: Read;
  readonly stage: Stage;
  readonly inInit: boolean;
  readonly around: ReadonlySet<string>;
};

function usesOf(tensor: string, kernel: Kernel): readonly Use[] {
  const uses: Use[] = [];
  for (const stage of stagesOf(kernel)) {
    const own = stage.axes.map((a) => a.variable.id);
    for (const output of stage.outputs) {
      collect(output.body, new Set(own), stage, false);
      for (const slices of output.init)
        collect(slices.body, new Set(slices.axes.map((a) => a.variable.id)), stage, true);
    }
  }
  return uses;

  function collect(e: Expr, around: ReadonlySet<string>, stage: Stage, inInit: boolean): void {
    if (e.kind === "read" && e.tensor === tensor) uses.push({ read: e, stage, inInit, around });
    const inner = e.kind === "reduce" ? new Set([...around, ...e.axes.map((a) => a.variable.id)]) : around;
    for (const c of children(e)) collect(c, inner, stage, inInit);
  }
}

function pays(stage: Stage, kernel: Kernel): boolean {
  const { tensor, body } = known(stage.outputs[0], "output");
  const uses = usesOf(tensor.id, kernel);
  const [use, second] = uses;
  if (use === undefined || uses.some((u) => u.read.pad !== null || u.inInit)) return false;
  if (uses.some((u) => known(u.stage.outputs[0], "output") && sizeOf(u.stage) + sizeOf(stage) > LARGEST_BODY))
    return false;
  const reduces = some(body, (n) => n.kind === "reduce");
  if (reduces) return second === undefined && isPointwise(use, tensor, kernel);
  if (costOf(body) <= CHEAP && readsIn(body) <= 1) return true;
  return second === undefined && looksOnce(use);
}

function sizeOf(stage: Stage): number {
  let size = 0;
  for (const o of stage.outputs) visit(o.body, () => size++);
  return size;
}

function readsIn(body: Expr): number {
  let n = 0;
  visit(body, (node) => {
    if (node.kind === "read") n++;
  });
  return n;
}

/** Rough cost of one element in vector instructions; subscripts are not counted. */
function costOf(e: Expr): number {
  if (e.kind === "read") return 0;
  const own =
    e.kind === "apply" ? (Object.hasOwn(DERIVED_OPS, e.op) ? 12 : e.op === "divide" || e.op === "sqrt" ? 4 : 1) : 0;
  return children(e).reduce((sum, c) => sum + costOf(c), own + (e.kind === "select" ? 1 : 0));
}

/** Does the reader see each element at most once: is every variable around it in the subscripts? */
function looksOnce(use: Use): boolean {
  const seen = new Set(use.read.index.flatMap((e) => [...freeVariables(e).keys()]));
  return [...use.around].every((v) => seen.has(v));
}

/** Read at exactly the reader's own point, outside its reductions, by a stage that has no reduction of its own. */
function isPointwise(use: Use, tensor: Tensor, kernel: Kernel): boolean {
  const inRecurrence = kernel.steps.some((s) => s.kind === "recurrence" && s.members.includes(use.stage));
  if (inRecurrence || use.stage.outputs.length > 1) return false;
  if (use.stage.outputs.some((o) => some(o.body, (n) => n.kind === "reduce"))) return false;
  const axes = axesIn(use.stage);
  const at = use.read.index;
  const distinct = new Set(at.map((e) => (e.kind === "var" ? e.id : e))).size === at.length;
  return (
    distinct &&
    at.length === use.stage.axes.length &&
    at.every((e, d) => runsOver(e, known(tensor.dims[d], "dim"), axes))
  );
}

function inlineOne(stage: Stage, kernel: Kernel, fresh: Fresh): Kernel {
  const { tensor, body } = known(stage.outputs[0], "output");
  return flatMapStages(kernel, (reader) => [
    mapBodies(reader, (e) =>
      rewrite(e, (node) => {
        if (node.kind !== "read" || node.tensor !== tensor.id) return node;
        const at = new Map(stage.axes.map((a, d) => [a.variable.id, known(node.index[d], "subscript")] as const));
        const value = instantiate(body, at, fresh);
        return node.guarded ? guardReads(value) : value;
      }),
    ),
  ]);
}

/** What is read only under a condition reads its own operands only under that condition. */
function guardReads(e: Expr): Expr {
  return rewrite(e, (n) => (n.kind === "read" && !n.guarded ? read(n.type, n.tensor, n.index, { guarded: true }) : n));
}
