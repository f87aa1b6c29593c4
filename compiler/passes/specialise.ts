/** Dims that are known become constants everywhere: shapes, axes, bodies, conditions. The kernel keeps its other dims. */
import type { Kernel } from "../ir/equations.ts";
import { index } from "../ir/expr.ts";
import { mapKernel } from "../ir/map-kernel.ts";
import { substitute } from "../ir/walk.ts";

/** `dims`: values by the dim's id; those not named stay symbolic. */
export function specialise(kernel: Kernel, dims: ReadonlyMap<string, bigint>): Kernel {
  const given = kernel.dims.filter((d) => dims.has(d.id));
  if (given.length === 0) return kernel;
  const bindings = new Map(given.map((d) => [d.id, index(dims.get(d.id) ?? 0n)] as const));
  const mapped = mapKernel(kernel, (e) => substitute(e, bindings));
  return { ...mapped, dims: kernel.dims.filter((d) => !bindings.has(d.id)) };
}
