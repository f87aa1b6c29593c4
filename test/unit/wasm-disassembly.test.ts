/**
 * What the modules of all sample and example kernels are made of: no import but the memory, one entry, no call where time is spent,
 * and float arithmetic on vectors.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { proveKernelOf } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { openProgram } from "../../runtime/cli/program-file.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { disassemble } from "../support/disassemble.ts";
import { sampleKernels } from "../support/sample-kernels.ts";

/** f64 has no vectors of four lanes, and an innermost axis of three does not fill one. */
const SCALAR = /f64|i64|u64|wide|reshapes/;

/** The kernels that the examples export. */
async function exampleKernels(): Promise<readonly { readonly name: string; readonly kernel: Kernel }[]> {
  const folder = join(import.meta.dirname, "../../dsl-examples");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ein"));
  const kernels = files.map(async (file) => {
    const diagnostics = new Diagnostics();
    const opened = await openProgram(join(folder, file), diagnostics);
    if (opened === null) throw new Error(`${file} is refused`);
    return opened.kernels.map((name) => {
      const proved = proveKernelOf(opened.program, name, {}, diagnostics);
      if (proved === null) throw new Error(`${name} of ${file} is refused`);
      return { name: `${name} of ${file}`, kernel: proved.kernel };
    });
  });
  return (await Promise.all(kernels)).flat();
}

const KERNELS = [...sampleKernels(), ...(await exampleKernels())];

for (const relaxed of [false, true]) {
  const target = wasmTarget({ relaxed });
  test.each(KERNELS)(`$name, ${target.name}`, async ({ name, kernel }) => {
    const { code } = await target.emit(lowerToMachine(kernel, target));
    if (typeof code === "string") throw new Error("a module is bytes");
    const found = await disassemble(code);
    expect(found.imports).toEqual(["memory env.memory"]);
    expect(found.exports).toEqual(["run"]);
    expect(found.callsInInnermostLoops).toBe(0);
    expect(relaxed || !found.usesRelaxedSimd).toBe(true);
    if (SCALAR.test(name)) return;
    const { scalar, vector } = found.floatsInInnermostLoops;
    // One vector instruction does the work of four scalar ones.
    expect(4 * vector, `${scalar} scalar and ${vector} vector instructions`).toBeGreaterThanOrEqual(9 * scalar);
  });
}

test("a module in text is read as it is written", async () => {
  const { default: binaryen } = await import("binaryen");
  const m = binaryen.parseText(`(module (import "env" "f" (func $f)) (import "env" "memory" (memory 1))
    (func $leaf (nop)) (func $loops (loop $c (br_if $c (i32.const 0))))
    (func (export "run") (local f32)
      (loop $a (call $f)
        (loop $b (local.set 0 (f32.add (local.get 0) (f32.const 1))) (call $f) (call $leaf) (br_if $b (i32.const 0))))
      (loop $d (call $loops) (br_if $d (i32.const 0)))))`);
  const found = await disassemble(m.emitBinary());
  m.dispose();
  expect(found.imports.toSorted()).toEqual(["function env.f", "memory env.memory"]);
  // $b, and the one in $loops: $d runs that one, and $a runs $b.
  expect(found.innermostLoops).toBe(2);
  expect(found.callsInInnermostLoops).toBe(2);
  expect(found.floatsInInnermostLoops).toEqual({ scalar: 1, vector: 0 });
});
