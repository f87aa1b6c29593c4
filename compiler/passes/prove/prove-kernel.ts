/**
 * The proof pass over equations: every read in range or padded, no integer overflow, no division by 0, every exact cast
 * exact, every claimed range true, every recurrence causal. What cannot be proved is refused with the missing condition
 * and, where one is found, a point at which it fails (docs/language.md, "What is proved"). The kernel comes back with reads
 * marked `guarded` that are in range only under the conditions around them, with divisors made harmless that are not 0
 * only there, without pads that no dim needs, and with the range of every integer tensor.
 *
 * Steps are walked in order, so what is found out about a stage's values is known to its readers. No proof enumerates
 * points: all are answers of analysis/prover.ts.
 */
import { atMost, less } from "../../analysis/condition.ts";
import { DIM_LIMIT, Facts } from "../../analysis/facts.ts";
import { IndexPolynomials } from "../../analysis/index-polynomial.ts";
import { ZERO, constant, sub } from "../../analysis/polynomial.ts";
import type { Claim } from "../../ir/claims.ts";
import type { DimRange, Kernel, Recurrence, Stage, Step, Tensor } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { some } from "../../ir/walk.ts";
import { Diagnostics } from "../../support/diagnostics.ts";
import type { Span } from "../../support/source.ts";
import { checkExpression } from "./check-expression.ts";
import { checkParameterClaim } from "./claims.ts";
import { Names } from "./names.ts";
import type { AccessProof } from "./proof.ts";
import { Refused } from "./refused.ts";
import { Scope } from "./scope.ts";
import type { Group, Shared } from "./shared.ts";
import { isHopeless } from "./shared.ts";
import { checkStage } from "./stages.ts";
import { isIntDType } from "./integers.ts";

export type Proved = { readonly kernel: Kernel; readonly proofs: readonly AccessProof[] };

/**
 * The proved kernel and how each access was proved, in order of evaluation; null after an error, which `diagnostics`
 * then has. `spans` gives the text of expressions, and learns that of the nodes that are rebuilt.
 */
export function proveKernel(
  kernel: Kernel,
  spans: WeakMap<Expr, Span>,
  claims: readonly Claim[],
  diagnostics: Diagnostics,
): Proved | null {
  const found = new Diagnostics();
  const tensors = new Map(kernel.params.map((t) => [t.id, t]));
  const polys = new IndexPolynomials((id) => tensors.get(id)?.values ?? null);
  const shared: Shared = {
    polys,
    names: new Names(polys, spans, tensors),
    spans,
    diagnostics: found,
    tensors,
    proofs: [],
    dims: new Set(kernel.dims.map((d) => d.id)),
    params: new Set(kernel.params.map((t) => t.id)),
    refused: new Refused(),
    claims: new Map(claims.map((c) => [c.tensor, c])),
    totals: new WeakMap(),
    partitions: new Map(),
    sizes: [],
  };
  const { scope, where } = scopeOfDims(kernel, shared);
  for (const t of kernel.params) checkShape(t, scope);
  for (const t of [...kernel.params, ...kernel.outputs]) limitSize(t.name, t.dims, scope);
  for (const claim of claims) {
    const param = kernel.params.find((t) => t.id === claim.tensor);
    if (param !== undefined) checkParameterClaim(claim, param, scope);
  }
  const steps = kernel.steps.map((step) => (isHopeless(shared) ? step : checkStep(step, kernel, claims, scope)));
  for (const d of found.list) diagnostics.add(d);
  if (found.hasErrors) return null;
  return { kernel: { ...kernel, steps, where }, proofs: distinct(shared.proofs) };
}

/** What is known everywhere: dims are sizes, `where` holds. Conditions that divide are checked under those that do not. */
function scopeOfDims(kernel: Kernel, shared: Shared): { readonly scope: Scope; readonly where: Kernel["where"] } {
  let facts = Facts.none(shared.polys.atoms);
  for (const d of kernel.dims) {
    shared.polys.poly(d); // so that it has a name
    facts = facts.assumeDim(d.id, `0 <= ${d.name} < 2**31`);
  }
  let scope = Scope.of(shared, facts);
  const where = kernel.where.toSorted((a, b) => Number(divides(a.condition)) - Number(divides(b.condition)));
  for (const { condition, text, span } of where) {
    const checked = checkExpression(condition, scope, { span, group: null });
    scope = scope.assumeAlways(scope.condition(checked), `where ${text}`);
  }
  return { scope, where };
}

function divides(e: Expr): boolean {
  return some(e, (n) => n.kind === "apply" && (n.op === "floor_div" || n.op === "floor_mod"));
}

/** Extents and ranges are evaluated at every call, so their own divisions must be defined. */
function checkShape(t: Tensor, scope: Scope): void {
  const place = { span: t.span, group: null };
  const ranges = t.values === null ? t.dims : [...t.dims, t.values];
  for (const { lo, hi } of ranges) for (const e of [lo, hi]) checkExpression(e, scope, place);
}

/** A call with a tensor of 2^31 elements or more is refused (E6210), so there are fewer. */
function limitSize(name: string, dims: readonly DimRange[], scope: Scope): void {
  const extents = dims.map((d) => sub(scope.poly(d.hi), scope.poly(d.lo)));
  // Of an extent below 0 the call makes 0; the product of two would say something else.
  if (extents.length < 2 || !extents.every((x) => scope.holds(atMost(ZERO, x)))) return;
  const elements = extents.reduce((n, x) => scope.shared.polys.atoms.product(n, x));
  const condition = less(elements, constant(DIM_LIMIT));
  scope.shared.sizes.push({ condition, label: `${name} has fewer than 2**31 elements` });
}

function checkStep(step: Step, kernel: Kernel, claims: readonly Claim[], scope: Scope): Step {
  const prepare = (stage: Stage): void => {
    for (const { tensor } of stage.outputs) {
      checkShape(tensor, scope);
      // What a recurrence claims of itself is its induction hypothesis: it is proved of each slice from earlier ones.
      const claim = step.kind === "recurrence" ? claims.find((c) => c.tensor === tensor.id) : undefined;
      const values = claim === undefined ? null : { lo: claim.lo, hi: claim.hi };
      scope.shared.tensors.set(tensor.id, isIntDType(tensor.dtype) ? { ...tensor, values } : tensor);
      if (kernel.outputs.some((o) => o.tensor === tensor.id)) {
        for (const axis of stage.axes) scope.shared.names.setOrigin(axis.variable.id, `from ${tensor.name}'s shape`);
      }
    }
  };
  if (step.kind === "stage") {
    prepare(step.stage);
    return { kind: "stage", stage: checkStage(step.stage, null, claims, scope) };
  }
  for (const member of step.members) prepare(member);
  const members = step.members.map((member, n) => checkStage(member, groupOf(step, n), claims, scope));
  return { ...step, members };
}

function groupOf(step: Recurrence, member: number): Group {
  const members = new Map(step.members.flatMap((m, n) => m.outputs.map((o) => [o.tensor.id, n] as const)));
  const now = step.members[member]?.axes[step.time]?.variable ?? null;
  return { time: step.time, members, member, now };
}

/** A read that stands at several places of the tree with the same proof is listed once. */
function distinct(proofs: readonly AccessProof[]): readonly AccessProof[] {
  const seen = new Set<string>();
  return proofs.filter((p) => {
    const key = [p.tensor, p.span.source.name, p.span.start, p.span.end, p.dim, p.goal, p.method, p.guarded].join("\n");
    return seen.size < seen.add(key).size;
  });
}
