/**
 * `manifest.json`: what an ahead-of-time build is, for programs that use it. One form for every target; `needs` says what
 * the machine must have. Shapes and conditions are texts in the language, made of the names in `dims`.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { DimRange, Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { tensorsOf } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { bindNames, printExpr } from "../../compiler/ir/print-expr.ts";
import type { Names } from "../../compiler/ir/print-expr.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { ArtifactFile } from "../../compiler/target.ts";

export type ManifestParts = {
  readonly kernel: Kernel;
  readonly target: string;
  /** All files but the manifest itself. */
  readonly files: readonly ArtifactFile[];
  /** What a machine must have, in the words of the target: `simd128`. */
  readonly needs: readonly string[];
  /** What only this target has to say. */
  readonly more?: Readonly<Record<string, unknown>>;
};

/** The manifest as a file. */
export function manifestFile({ kernel, target, files, needs, more = {} }: ManifestParts): ArtifactFile {
  const names = bindNames(new Map(), kernel.dims);
  const sizes = files.map((f) => ({ name: f.name, bytes: bytesIn(f.content) }));
  const facts = {
    schema: 1,
    kernel: kernel.name,
    target,
    params: kernel.params.map((p) => ({ ...entry(p.name, p.dtype, p.dims, names), range: rangeOf(p, names) })),
    outputs: outputsOf(kernel).map((o) => entry(o.name, o.dtype, o.dims, names)),
    dims: kernel.dims.map((d) => d.name),
    where: kernel.where.map((w) => w.text),
    files: sizes,
    bytes: sizes.reduce((sum, f) => sum + f.bytes, 0),
    needs,
    ...more,
  };
  return { name: "manifest.json", content: `${JSON.stringify(facts, null, 2)}\n` };
}

/** Outputs with the dtypes of their tensors, in declared order. */
export function outputsOf(
  kernel: Kernel,
): readonly { readonly name: string; readonly dtype: DType; readonly dims: readonly DimRange[] }[] {
  const tensors = tensorsOf(kernel);
  return kernel.outputs.map((o) => ({
    name: o.name,
    dtype: known(tensors.get(o.tensor), "the tensor of an output").dtype,
    dims: o.dims,
  }));
}

function entry(name: string, dtype: DType, dims: readonly DimRange[], names: Names): Readonly<Record<string, unknown>> {
  return { name, dtype, shape: dims.map((d) => printExpr(d.hi, names)) };
}

function rangeOf(p: Tensor, names: Names): readonly string[] | null {
  const print = (e: Expr): string => printExpr(e, names);
  return p.values === null ? null : [print(p.values.lo), print(p.values.hi)];
}

function bytesIn(content: string | Uint8Array): number {
  return typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
}
