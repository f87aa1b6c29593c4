/**
 * An ahead-of-time build runs on a GPUDevice from its own folder, in which nothing of the project can be found, and gives
 * what the library gives.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestContext } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { openDawn } from "../../runtime/devices/dawn.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import { useSoftwareVulkan } from "../../runtime/node/software-vulkan.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import { dimsOf, randomInputs } from "../support/run-kernel.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { sampleKernels } from "../support/sample-kernels.ts";

type Result = { readonly data: Uint8Array; readonly shape: readonly number[]; readonly dtype: string };
type Loaded = { readonly run: (args: unknown, options?: unknown) => Promise<Readonly<Record<string, Result>>> };

let folder = "";
let gpu: GPUDevice | null = null;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-wgsl-"));
  useSoftwareVulkan();
  gpu = await openDawn()
    .then((instance) => instance.requestAdapter())
    .then((adapter) => adapter?.requestDevice() ?? null)
    .catch(() => null);
});

afterAll(() => {
  gpu?.destroy();
  rmSync(folder, { recursive: true });
});

async function build(context: TestContext, kernel: Kernel): Promise<Loaded> {
  if (gpu === null) return context.skip("no WebGPU: Dawn or a driver is missing");
  const artifact = await wgslTarget.emit(lowerToMachine(kernel, wgslTarget));
  for (const file of await wgslTarget.files(artifact, kernel, kernel.name)) {
    writeFileSync(join(folder, file.name), file.content);
  }
  const url = pathToFileURL(join(folder, `${kernel.name}.mjs`)).href;
  const module: { readonly load: (device: GPUDevice) => Promise<Loaded> } = await import(/* @vite-ignore */ url);
  return module.load(gpu);
}

const CHOSEN = new Set(["matmul", "recurrence", "int8 product", "gathers", "u8 in memory", "stages", "pads"]);

for (const { name, kernel, sizes } of sampleKernels().filter((s) => CHOSEN.has(s.name))) {
  test(name, async (context) => {
    const loaded = await build(context, kernel);
    for (const size of sizes) {
      const dims = dimsOf(kernel, size);
      const inputs = randomInputs(kernel, dims);
      const tensors = kernel.params.map(
        (p) => [p.name, fromArray(inputs.get(p.id) ?? expect.fail("no input"))] as const,
      );
      const args = Object.fromEntries(tensors.map(([key, t]) => [key, { data: t.data, shape: t.shape }]));
      const results = await loaded.run(args);
      for (const [output, { array, errors }] of interpretWithErrors(kernel, inputs, dims)) {
        const got = results[output] ?? expect.fail(`no output ${output}`);
        expect(got.dtype).toBe(array.dtype);
        const tensor = Tensor.from(got.data, { dtype: array.dtype, shape: got.shape });
        const found = compareToReference(toArray(tensor), array, errors, 2, false);
        expect(found.first, `${output} at ${size.join(", ")}`).toBe(null);
      }
    }
  });
}

test("arguments are checked, results are written into given arrays", async (context) => {
  const { kernel } = sampleKernels().find((s) => s.name === "matmul") ?? expect.fail("no sample");
  const loaded = await build(context, kernel);
  const a = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
  await expect(loaded.run({ A: a })).rejects.toThrow("E6201: argument B is missing");
  await expect(loaded.run({ A: a, B: { ...a, shape: [4, 1] } })).rejects.toThrow(/^E6205/);
  const out = new Float32Array(4);
  const { C } = await loaded.run({ A: a, B: a }, { out: { C: out } });
  expect(C?.data).toBe(out);
  expect([...out]).toEqual([7, 10, 15, 22]);
});

test("what is no call is refused", async (context) => {
  const { kernel } = sampleKernels().find((s) => s.name === "matmul") ?? expect.fail("no sample");
  const loaded = await build(context, kernel);
  const a = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
  for (const args of [undefined, null, 3]) {
    await expect(loaded.run(args)).rejects.toThrow(/^E6201: the arguments of matmul are missing/);
  }
  await expect(loaded.run({ A: 5, B: a })).rejects.toThrow("E6204: A has 2 dims, the argument is a number");
  await expect(loaded.run({ A: a, B: a }, null)).rejects.toThrow(/^E6202: the options/);
  await expect(loaded.run({ A: a, B: a }, { out: { C: a.data } })).rejects.toThrow(/^E6208: .* shares memory/);
});

test("two outputs do not share memory", async (context) => {
  const loaded = await build(
    context,
    kernelOf("kernel pair(A: f32[N]) -> B: f32[N], C: f32[N] { B[i] = A[i]; C[i] = -A[i]; }"),
  );
  const out = new Float32Array(2);
  const message = "E6208: the arrays given for outputs B and C share memory";
  await expect(loaded.run({ A: Float32Array.of(1, 2) }, { out: { B: out, C: out } })).rejects.toThrow(message);
});

function empty(...shape: readonly number[]): unknown {
  return { data: new Float32Array(0), shape };
}

test("index arithmetic past 2^31 is refused", async (context) => {
  const text = "kernel far(A: f32[N, M]) -> C: f32[M, 2] { C[j, i] = A[(j * 99999) div 100000, j] pad 0; }";
  const loaded = await build(context, kernelOf(text));
  const message = "E6210: an index of far may reach 4999850001; kernels compute indices in 32 bits; N = 0, M = 50000";
  await expect(loaded.run({ A: empty(0, 50_000) })).rejects.toThrow(message);
  expect((await loaded.run({ A: empty(0, 3) }))["C"]?.shape).toEqual([3, 2]);
});
