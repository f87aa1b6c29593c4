/** What a sample kernel for tests of targets is; see sample-kernels.ts. */
import type { Kernel } from "../../compiler/ir/equations.ts";

export type Sample = {
  readonly name: string;
  readonly kernel: Kernel;
  /** Values of the kernel's dims, in its order. */
  readonly sizes: readonly (readonly number[])[];
};

/** Lengths around the width of vectors and of blocks of them. */
export const LENGTHS: readonly (readonly number[])[] = [0, 1, 3, 4, 5, 7, 8, 17, 37].map((n) => [n]);
