/**
 * The package's face in a browser: compile kernels, make tensors, read and write their files. Nothing of Node is loaded;
 * the compiler's heavy parts come when they are first needed. In Node, node/index.ts takes its place, with the same names
 * and more devices.
 */
import { BROWSER_DEVICES } from "./device-list.ts";
import { makeLibrary } from "./library.ts";
import { fetchStandard } from "./standard-library.ts";

export const { compile, openDevice, targets, close } = makeLibrary(BROWSER_DEVICES, fetchStandard);

export { EinkornError } from "../compiler/support/diagnostics.ts";
export type { Diagnostic } from "../compiler/support/diagnostics.ts";
export type { Code } from "../compiler/support/codes.ts";
export { InternalError } from "../compiler/support/invariant.ts";
export { renderDiagnostics } from "../compiler/support/render-diagnostic.ts";
export type { DType, ArrayOf } from "../compiler/ir/dtype.ts";
export type { Argument, Arguments, Outputs } from "./arguments.ts";
export type { Availability, Device } from "./device.ts";
export type { TargetHere } from "./device-list.ts";
export type { TensorArchive } from "./files/archive.ts";
export { readNpy, writeNpy } from "./files/npy.ts";
export { openNpz, writeNpz } from "./files/npz.ts";
export { openSafetensors, writeSafetensors } from "./files/safetensors.ts";
export type { SafetensorsArchive } from "./files/safetensors.ts";
export type { CompileOptions, Kernels } from "./jit.ts";
export type { CallOptions, CompiledKernel } from "./kernel.ts";
export type { Imports } from "./modules.ts";
export type { Shape } from "./shape.ts";
export type { Nested, Value } from "./tensor-values.ts";
export { equalTensors, Tensor } from "./tensor.ts";
export { version } from "./version.ts";
