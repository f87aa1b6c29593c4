/**
 * Float sums of any length within the 2 ulp that the language promises by default: every target's machine code in the
 * interpreter, and WebAssembly itself; test/device/long-sums.test.ts has the other devices.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { lowerToMachine, runPipeline } from "../../compiler/pipeline.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Device } from "../../runtime/device.ts";
import { deviceFactory } from "../../runtime/node/devices.ts";
import { imaginedTarget, imaginedTargets, machineFailure, onDevice } from "../support/agreement.ts";
import type { DATA } from "../support/long-sums.ts";
import { callWith, longSumCases } from "../support/long-sums.ts";
import { mustReadKernel } from "../support/read-kernel.ts";

const KINDS = ["positive", "mixed", "equal"] as const satisfies readonly (keyof typeof DATA)[];

let wasm: Device;
beforeAll(async () => {
  wasm = await (await deviceFactory("wasm")).open();
});
afterAll(async () => {
  await wasm.close();
});

test.each(longSumCases(100_000))("$name on wasm", { timeout: 60_000 }, async (sum) => {
  for (const data of KINDS) {
    const calls = sum.lengths.flatMap((n) => callWith(sum, n, data, 7 + n) ?? []);
    expect(await onDevice(sum.kernel, wasm, calls), data).toMatchObject({ kind: "equal" });
  }
});

/** Sums that one accumulator takes to the end are found wrong by these very calls. */
test("one accumulator in a row is not enough", () => {
  const target = imaginedTarget("scalar", { lanes: 1, addressing: "subscripts" });
  const [values] = longSumCases(1009);
  const call = values === undefined ? null : callWith(values, 513, "equal", 7);
  if (values === undefined || call === null) throw new Error("a case");
  const distance = (last: string): number => {
    const state = runPipeline(values.kernel, target, { last });
    if (state.level !== "loops") throw new Error("loops");
    const [got] = interpretLoops(state.program, call.inputs, call.dims).values();
    const [expected] = call.reference.values();
    if (got === undefined || expected === undefined) throw new Error("an output");
    return compareToReference(got, expected.array, expected.errors, 2).largest;
  };
  expect(distance("default-nest")).toBeGreaterThan(2);
  expect(distance("block-sums")).toBeLessThan(2);
});

test.each(longSumCases(129))("$name in the interpreter of machine code", { timeout: 60_000 }, (sum) => {
  for (const target of imaginedTargets(sum.kernel)) {
    const program = lowerToMachine(sum.kernel, target);
    for (const [n, length] of sum.lengths.entries()) {
      const call = callWith(sum, length, KINDS[n % KINDS.length] ?? "mixed", 3 + n);
      if (call !== null) expect(machineFailure(program, call), `${length} on ${target.name}`).toBe(null);
    }
  }
});

test.each([
  ["an infinity", [Infinity]],
  ["infinities of both signs", [Infinity, -Infinity]],
  ["a NaN", [Number.NaN]],
  ["numbers past the largest", [3e38, 3e38]],
])("%s in a long sum", async (_, among) => {
  for (const sum of longSumCases(257).filter((c) => ["values", "columns", "products"].includes(c.name))) {
    const calls = [40, 100, 257].map((length) => {
      const drawn = callWith(sum, length, "positive", length);
      if (drawn === null) throw new Error("a call");
      const inputs = new Map(
        [...drawn.inputs].map(([id, a]) => {
          const data = a.data.map((x, n) => (n % 20 === 19 ? (among[((n - 19) / 20) % among.length] ?? x) : x));
          return [id, { ...a, data }] as const;
        }),
      );
      return { inputs, dims: drawn.dims, reference: interpretWithErrors(sum.kernel, inputs, drawn.dims) };
    });
    expect(await onDevice(sum.kernel, wasm, calls), sum.name).toMatchObject({ kind: "equal", excused: 0 });
  }
});

/** What has no freedom, or nothing to lose, is left alone: the nests before and after are the same text. */
test.each([
  ["a strict sum", "kernel main(X: f32[N]) -> y: f32 { y = sum_strict[k](X[k]); }"],
  ["integers", "kernel main(X: i8[N]) -> y: i32 where N <= 1000 { y = sum[k](X[k]); }"],
  ["a maximum", "kernel main(X: f32[N]) -> y: f32 { y = max[k](X[k]); }"],
  ["a product", "kernel main(X: f32[N]) -> y: f32 { y = prod[k](X[k]); }"],
  ["a short sum", "kernel main(X: f32[8]) -> y: f32 { y = sum[k](X[k]); }"],
  ["a short sum of products", "kernel main(X: f32[16], Z: f32[16]) -> y: f32 { y = sum[k](X[k] * Z[k]); }"],
  [
    "a user's reducer",
    `reducer total(x: f32) -> (s: f32) { identity (0.0); lift (x); combine a, b = (a.s + b.s); law associative commutative; }
     kernel main(X: f32[N]) -> y: f32 { y = total[k](X[k]); }`,
  ],
])("%s stays as it is", (_, source) => {
  const kernel = mustReadKernel(source);
  for (const target of imaginedTargets(kernel)) {
    const text = (last: string): string => {
      const state = runPipeline(kernel, target, { last });
      return state.level === "loops" ? printLoops(state.program) : "";
    };
    expect(text("block-sums")).toBe(text("default-nest"));
  }
});
