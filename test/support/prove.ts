/** The proof pass over hand-built kernels: ranges of parameters and `where` conditions added to what the builder makes. */
import type { Claim } from "../../compiler/ir/claims.ts";
import type { Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { stagesOf, tensorsOf } from "../../compiler/ir/equations.ts";
import { evaluateIndex } from "../../compiler/ir/evaluate-index.ts";
import type { Expr, Read } from "../../compiler/ir/expr.ts";
import { index } from "../../compiler/ir/expr.ts";
import { visit } from "../../compiler/ir/walk.ts";
import type { AccessProof } from "../../compiler/passes/prove/proof.ts";
import { proveKernel } from "../../compiler/passes/prove/prove-kernel.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import type { Handle, Index } from "./build-kernel.ts";

type Range = readonly [Index, Index];
const toIndex = (x: Index): Expr => (typeof x === "number" ? index(x) : x);

/** The kernel with range types on parameters and conditions on dims. */
export function withFacts(
  kernel: Kernel,
  facts: { readonly ranges?: readonly (readonly [Handle, Range])[]; readonly where?: readonly Expr[] },
): Kernel {
  const ranges = new Map((facts.ranges ?? []).map(([h, r]) => [h.tensor.id, r]));
  const ranged = (t: Tensor): Tensor => {
    const r = ranges.get(t.id);
    return r === undefined ? t : { ...t, values: { lo: toIndex(r[0]), hi: toIndex(r[1]) } };
  };
  const where = (facts.where ?? []).map((condition, i) => ({ condition, text: `condition ${i}`, span: kernel.span }));
  return { ...kernel, params: kernel.params.map(ranged), where };
}

export function claim(t: Handle, lo: Index, hi: Index): Claim {
  return {
    tensor: t.tensor.id,
    lo: toIndex(lo),
    hi: toIndex(hi),
    span: t.tensor.span,
    why: `${t.tensor.name} is declared`,
  };
}

export type Outcome = {
  /** Null where the kernel was refused. */
  readonly kernel: Kernel | null;
  readonly proofs: readonly AccessProof[];
  readonly diagnostics: readonly Diagnostic[];
  /** Codes of errors, in order. */
  readonly errors: readonly string[];
};

export function prove(kernel: Kernel, claims: readonly Claim[] = []): Outcome {
  const diagnostics = new Diagnostics();
  const proved = proveKernel(kernel, new WeakMap(), claims, diagnostics);
  const errors = diagnostics.list.filter((d) => d.severity === "error").map((d) => d.code);
  return { kernel: proved?.kernel ?? null, proofs: proved?.proofs ?? [], diagnostics: diagnostics.list, errors };
}

/** Every read of the kernel's bodies, in order. */
function readsIn(kernel: Kernel): readonly Read[] {
  const reads: Read[] = [];
  for (const stage of stagesOf(kernel)) {
    for (const o of stage.outputs) {
      for (const e of [o.body, ...o.init.map((i) => i.body)]) {
        visit(e, (n) => {
          if (n.kind === "read") reads.push(n);
        });
      }
    }
  }
  return reads;
}

/** The reads of one tensor, by its user's name. */
export function readsOfName(kernel: Kernel, name: string): readonly Read[] {
  const tensors = tensorsOf(kernel);
  return readsIn(kernel).filter((r) => tensors.get(r.tensor)?.name === name);
}

/** A diagnostic as one text: message, label, notes, help. */
export function textOf(d: Diagnostic): string {
  return [`${d.code}: ${d.message}`, d.label ?? "", ...d.notes, ...d.help.map((h) => `help: ${h}`)].join("\n");
}

/** The range found for a stage, at given dims. */
export function rangeOf(
  kernel: Kernel | null,
  h: Handle,
  dims: Readonly<Record<string, number>>,
): readonly bigint[] | null {
  if (kernel === null) throw new Error("refused");
  const tensor = stagesOf(kernel)
    .flatMap((s) => s.outputs)
    .find((o) => o.tensor.id === h.tensor.id)?.tensor;
  if (tensor?.values == null) return null;
  const sizes = new Map(kernel.dims.map((d) => [d.id, BigInt(dims[d.name] ?? 0)]));
  return [evaluateIndex(tensor.values.lo, sizes), evaluateIndex(tensor.values.hi, sizes)];
}
