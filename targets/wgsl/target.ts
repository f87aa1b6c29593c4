/**
 * WGSL: one invocation per output element (per word of packed outputs), scalar code, one storage buffer per tensor. The
 * language lets an implementation take floats for finite, flush subnormal numbers to zero, and divide within 2.5 ulp.
 */
import type { Target } from "../../compiler/target.ts";
import { emitWgsl } from "./emit.ts";
import { wgslFiles } from "./files.ts";
import { lackingOperations, WGSL_ELEMS } from "./operations.ts";

export const wgslTarget: Target = {
  name: "wgsl",
  summary: "WebGPU shaders, in browsers and in Node through Dawn",
  capabilities: {
    lanes: 1,
    interleave: 1,
    accumulators: 1,
    elems: WGSL_ELEMS,
    storage: ["bool", "i8", "u8", "i16", "u16", "i32", "u32", "f16", "bf16", "f32"],
    lacks: lackingOperations(),
    scalarOnly: [],
    addressing: "linear",
    launch: "invocations",
    constantDims: false,
    ieeeNaN: false,
    subnormals: false,
  },
  lowers: true,
  emit: async (program) => ({ target: "wgsl", program, code: emitWgsl(program) }),
  files: async (artifact, kernel, stem) => wgslFiles(artifact, kernel, stem),
};
