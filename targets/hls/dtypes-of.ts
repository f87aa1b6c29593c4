/** The dtypes of a kernel's arguments as the user declared them: buffers of the machine have bits in place of half floats. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { tensorsOf } from "../../compiler/ir/equations.ts";
import { known } from "../../compiler/support/invariant.ts";

/** Inputs, then outputs. */
export function dtypesOf(kernel: Kernel): readonly DType[] {
  const tensors = tensorsOf(kernel);
  const outputs = kernel.outputs.map((o) => known(tensors.get(o.tensor), `output ${o.name}`).dtype);
  return [...kernel.params.map((p) => p.dtype), ...outputs];
}
