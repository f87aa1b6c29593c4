/**
 * What the modules of all sample kernels are made of: no import but the memory, one entry, no call where time is spent,
 * and float arithmetic on vectors.
 */
import { expect, test } from "vitest";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { disassemble } from "../support/disassemble.ts";
import { sampleKernels } from "../support/sample-kernels.ts";

/** f64 has no vectors of four lanes, and an innermost axis of three does not fill one. */
const SCALAR = /f64|i64|u64|wide|reshapes/;

for (const relaxed of [false, true]) {
  const target = wasmTarget({ relaxed });
  test.each(sampleKernels())(`$name, ${target.name}`, async ({ name, kernel }) => {
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
  const m =
    binaryen.parseText(`(module (import "env" "f" (func $f)) (import "env" "memory" (memory 1)) (func (export "run") (local f32)
    (loop $a (call $f) (loop $b (local.set 0 (f32.add (local.get 0) (f32.const 1))) (call $f) (br_if $b (i32.const 0))))))`);
  const found = await disassemble(m.emitBinary());
  m.dispose();
  expect(found.imports.toSorted()).toEqual(["function env.f", "memory env.memory"]);
  expect(found.innermostLoops).toBe(1);
  expect(found.callsInInnermostLoops).toBe(1);
  expect(found.floatsInInnermostLoops).toEqual({ scalar: 1, vector: 0 });
});
