/**
 * WebAssembly with 128-bit vectors, through Binaryen. Two variants: the baseline runs everywhere; the relaxed one uses
 * fused multiply-add where the machine has it, and needs an engine with relaxed SIMD.
 */
import type { Elem } from "../../compiler/ir/machine.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { CORE_OPS, OPS } from "../../compiler/ir/ops.ts";
import type { Capabilities, Target } from "../../compiler/target.ts";
import { STORAGE } from "./elements.ts";
import { emitModule } from "./emit-module.ts";
import { wasmFiles } from "./files.ts";
import { loadBinaryen } from "./load-binaryen.ts";
import { spellingOf } from "./operations.ts";

const ELEMS: readonly Elem[] = ["bool", "i32", "u32", "i64", "u64", "f32", "f64"];

/** Operations that a vector of 32-bit lanes lacks and its scalar has. */
const SCALAR_ONLY: readonly CoreOp[] = CORE_OPS.filter((op) =>
  (["i32", "f32", "bool"] as const).every((e) => spellingOf(op, e) === null || spellingOf(op, `${e}x4`) === null),
);

const LACKS: Capabilities["lacks"] = CORE_OPS.flatMap((op) =>
  ELEMS.filter((elem) => exists(op, elem) && spellingOf(op, elem) === null).map((elem) => ({ op, elem })),
);

function exists(op: CoreOp, elem: Elem): boolean {
  if (elem === "bool") return OPS[op].bool !== null;
  return (elem === "f32" || elem === "f64" ? OPS[op].float : OPS[op].int) !== null;
}

const CAPABILITIES: Capabilities = {
  lanes: 4,
  interleave: 4,
  // 15 usable vector registers on x86-64: 8 accumulators, the vectors of a step, and one broadcast.
  accumulators: 8,
  elems: ELEMS,
  storage: STORAGE,
  lacks: LACKS,
  scalarOnly: SCALAR_ONLY,
  addressing: "bytes",
  launch: "calls",
  constantDims: false,
  ieeeNaN: true,
  subnormals: true,
};

/** `relaxed`: use relaxed SIMD; the device says whether its engine can. */
export function wasmTarget({ relaxed }: { readonly relaxed: boolean }): Target {
  const name = relaxed ? "wasm-relaxed" : "wasm";
  return {
    name,
    summary: relaxed
      ? "WebAssembly SIMD with relaxed multiply-add: one thread, any size"
      : "WebAssembly SIMD: one thread, any size, every browser and Node",
    lowers: true,
    capabilities: CAPABILITIES,
    emit: async (program) => {
      const code = emitModule(await loadBinaryen(), program, relaxed, name);
      return { target: name, program, code };
    },
    files: async (artifact, kernel, stem) => wasmFiles(artifact, kernel, stem, relaxed),
  };
}
