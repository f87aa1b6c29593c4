/**
 * The reference as a target: it holds everything the language has, compiles nothing, and its device interprets the
 * equations themselves. What the other targets give is compared with this one.
 */
import { DTYPE_NAMES } from "../../compiler/ir/dtype.ts";
import type { Target } from "../../compiler/target.ts";

export const interpTarget: Target = {
  name: "interp",
  summary: "the reference interpreter: every kernel, exactly as the equations say, slowly",
  lowers: false,
  capabilities: {
    lanes: 1,
    interleave: 1,
    accumulators: 1,
    elems: ["bool", "i32", "u32", "i64", "u64", "f32", "f64"],
    storage: DTYPE_NAMES,
    lacks: [],
    scalarOnly: [],
    addressing: "subscripts",
    launch: "calls",
    constantDims: false,
    ieeeNaN: true,
    subnormals: true,
  },
  emit: async (program) => ({ target: "interp", program, code: "" }),
  files: async () => [],
};
