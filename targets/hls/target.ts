/**
 * C99 for hardware synthesis and microcontrollers: freestanding, constant bounds, fixed arrays, one subscript per dim,
 * every loop labelled. The dialect c99 is the base of the tools' own dialects and compiles with any C compiler.
 */
import type { Elem } from "../../compiler/ir/machine.ts";
import { DTYPE_NAMES } from "../../compiler/ir/dtype.ts";
import type { Capabilities, Target } from "../../compiler/target.ts";
import { STORAGE_TYPES } from "./c-types.ts";
import { emitC } from "./emit.ts";
import { hlsFiles } from "./files.ts";

const ELEMS: readonly Elem[] = ["bool", "i32", "u32", "i64", "u64", "f32", "f64"];

const CAPABILITIES: Capabilities = {
  lanes: 1,
  interleave: 1,
  accumulators: 1,
  elems: ELEMS,
  storage: DTYPE_NAMES.filter((d) => STORAGE_TYPES[d] !== null),
  lacks: [],
  scalarOnly: [],
  addressing: "subscripts",
  launch: "calls",
  constantDims: true,
  ieeeNaN: true,
  subnormals: true,
};

/** The function that devices call; ahead-of-time builds name it after the kernel. */
export const JIT_TOP = "einkorn_kernel";

export const hlsTarget: Target = {
  name: "hls",
  summary: "freestanding C99 for synthesis tools and microcontrollers: constant sizes, no library",
  lowers: true,
  capabilities: CAPABILITIES,
  emit: async (program) => ({ target: "hls", program, code: emitC(program, { top: JIT_TOP, header: null }) }),
  files: hlsFiles,
};
