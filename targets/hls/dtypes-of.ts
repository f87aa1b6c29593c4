/** The dtypes of a kernel's arguments as the user declared them: buffers of the machine have bits in place of half floats. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { outputsOf } from "../shared/manifest.ts";

/** Inputs, then outputs. */
export function dtypesOf(kernel: Kernel): readonly DType[] {
  return [...kernel.params, ...outputsOf(kernel)].map((t) => t.dtype);
}
