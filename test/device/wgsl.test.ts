/**
 * WGSL on a real WebGPU: what SwiftShader, or the machine's GPU, computes is what the reference interpreter does. Shapes are
 * small, since the driver may be software.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { specialise } from "../../compiler/passes/specialise.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import type { Device, Executable } from "../../runtime/device.ts";
import { dawnDevice } from "../../runtime/devices/dawn.ts";
import { toArray } from "../../runtime/nd-array.ts";
import { useSoftwareVulkan } from "../../runtime/node/software-vulkan.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import { callOf, dimsOf, loadKernel, randomInputs } from "../support/run-kernel.ts";
import { sampleKernels } from "../support/sample-kernels.ts";
import { edgeKernels } from "../support/wgsl-kernels.ts";

let device: Device | string = "not opened";

beforeAll(async () => {
  useSoftwareVulkan();
  const factory = dawnDevice();
  const here = await factory.probe();
  device = here.available ? await factory.open() : `${here.reason}: ${here.help}`;
});

afterAll(async () => {
  if (typeof device !== "string") await device.close();
});

function opened(context: TestContext): Device {
  return typeof device === "string" ? context.skip(`no WebGPU: ${device}`) : device;
}

async function expectReference(
  executable: Executable,
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
): Promise<readonly Tensor[]> {
  const results = executable.run(callOf(kernel, inputs, dims));
  for (const [n, [name, { array, errors }]] of [...interpretWithErrors(kernel, inputs, dims)].entries()) {
    const result = results[n];
    if (result === undefined) throw new Error(`no output ${name}`);
    const found = compareToReference(toArray(await result.cpu()), array, errors, 2, false);
    expect(found.first, `${name} of ${kernel.name} at ${[...dims.values()].join(", ")}`).toBe(null);
  }
  return results;
}

const held = sampleKernels().filter(({ kernel }) => {
  const diagnostics = new Diagnostics();
  checkTarget(kernel, wgslTarget, diagnostics);
  return !diagnostics.hasErrors;
});

describe("kernels of every kind", () => {
  for (const { name, kernel, sizes } of held) {
    test(name, async (context) => {
      const executable = await loadKernel(opened(context), kernel);
      for (const size of sizes) {
        const dims = dimsOf(kernel, size);
        for (const t of await expectReference(executable, kernel, randomInputs(kernel, dims), dims)) t.dispose();
      }
      executable.dispose();
    });

    test(`${name}, specialised`, async (context) => {
      const size = sizes.at(-2) ?? [];
      const constant = specialise(kernel, dimsOf(kernel, size));
      const executable = await loadKernel(opened(context), constant);
      await expectReference(executable, constant, randomInputs(constant, new Map()), new Map());
      executable.dispose();
    });
  }
});

describe("ends of ranges and packed elements", () => {
  for (const { name, kernel, inputs, dims } of edgeKernels()) {
    test(name, async (context) => {
      const executable = await loadKernel(opened(context), kernel);
      const byId = new Map(kernel.params.map((p, n) => [p.id, present(inputs[n])] as const));
      await expectReference(executable, kernel, byId, dimsOf(kernel, dims));
      executable.dispose();
    });
  }
});

function present<T>(x: T | undefined): T {
  if (x === undefined) throw new Error("a value is missing");
  return x;
}
