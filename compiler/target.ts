/**
 * The plug that a target fills. The compiler is handed a `Target` value and never imports one; what a target cannot
 * hold is said here as data, so that passes ask a capability and nobody asks for a target's name.
 */
import type { DType } from "./ir/dtype.ts";
import type { Kernel } from "./ir/equations.ts";
import type { Addressing, Elem, MachineProgram } from "./ir/machine.ts";
import type { CoreOp } from "./ir/ops.ts";

export type Capabilities = {
  /** Lanes of a vector of 32-bit elements; 1: the target wants scalar code. */
  readonly lanes: 1 | 4;
  /** Vectors in flight in code without reductions: how many copies the innermost loop is unrolled into. */
  readonly interleave: number;
  /** Vector accumulators that stay in registers. */
  readonly accumulators: number;
  /** Element types registers can hold. */
  readonly elems: readonly Elem[];
  /** Dtypes a buffer can have. */
  readonly storage: readonly DType[];
  /** Core operations that exist per element type; `null`: all of them. An absent one is expanded or refused. */
  readonly lacks: readonly { readonly op: CoreOp; readonly elem: Elem }[];
  /** Core operations that vectors lack: computed lane by lane. */
  readonly scalarOnly: readonly CoreOp[];
  /** What its loads and stores want. */
  readonly addressing: Addressing;
  /** `invocations`: independent loops become a grid of invocations; `calls`: one call runs a nest. */
  readonly launch: "calls" | "invocations";
  /** True where every dim must be a constant (fixed arrays). */
  readonly constantDims: boolean;
  /** False where the target may assume that floats are finite: max, min and isnan are then expanded to integer comparisons. */
  readonly ieeeNaN: boolean;
  /** False where a float below the normal f32 (2^-126) may count as zero, as an operand and as a result. */
  readonly subnormals: boolean;
};

export type ArtifactFile = { readonly name: string; readonly content: string | Uint8Array };

/** What a target makes of one program. `code` is the module a device loads; `files` what `build` writes beside the manifest. */
export type Artifact = {
  readonly target: string;
  readonly program: MachineProgram;
  readonly code: string | Uint8Array;
};

export type Target = {
  readonly name: string;
  /** One line for `einkorn targets`. */
  readonly summary: string;
  readonly capabilities: Capabilities;
  /** False for the reference, which runs the equations themselves: nothing is lowered for it. */
  readonly lowers: boolean;
  /** Spells a legal program. Rejects only on a compiler bug; asynchronous because a toolchain may have to be loaded. */
  readonly emit: (program: MachineProgram) => Promise<Artifact>;
  /**
   * The files of an ahead-of-time build: module, wrapper, declarations, header; names are generated from `stem`. `kernel` is
   * what the artifact was lowered from: wrappers check its shapes, `where` conditions and range types before they run.
   */
  readonly files: (artifact: Artifact, kernel: Kernel, stem: string) => Promise<readonly ArtifactFile[]>;
};
