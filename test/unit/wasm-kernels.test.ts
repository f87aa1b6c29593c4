/** Kernels on the WASM device, both variants, against the reference interpreter, at sizes around the vector width. */
import { beforeAll, expect, test } from "vitest";
import type { Device, Executable } from "../../runtime/device.ts";
import { openWasm } from "../../runtime/devices/wasm.ts";
import { dimsOf, expectReference, loadKernel, randomInputs } from "../support/run-kernel.ts";
import { sampleKernels } from "../support/sample-kernels.ts";

const devices = new Map<string, Device>();

beforeAll(async () => {
  devices.set("baseline", await openWasm({ relaxed: false }));
  devices.set("relaxed", await openWasm({ relaxed: true }));
});

for (const variant of ["baseline", "relaxed"]) {
  for (const { name, kernel, sizes } of sampleKernels()) {
    test(`${name}, ${variant}`, async () => {
      const device = devices.get(variant);
      if (device === undefined) throw new Error("no device");
      const executable: Executable = await loadKernel(device, kernel);
      for (const size of sizes) {
        const dims = dimsOf(kernel, size);
        expectReference(executable, kernel, randomInputs(kernel, dims), dims);
      }
      expect(sizes.length).toBeGreaterThan(0);
    });
  }
}

/** Sizes at which loops take several strips: in one loop, with accumulators that pass from strip to strip, over light rows. */
const LONG: Readonly<Record<string, readonly number[]>> = {
  "elementwise chain": [20_011],
  "wide totals": [9001],
  "i8 in memory": [9001, 3],
  "bool in memory": [3, 9001],
  "float reductions": [3, 5003],
  bools: [9001],
  matmul: [1501, 3, 2],
  "row statistics": [1601, 3],
  recurrence: [1300, 2],
};

test.each(Object.entries(LONG))("%s in strips", async (name, size) => {
  const device = devices.get("baseline");
  const sample = sampleKernels().find((s) => s.name === name);
  if (device === undefined || sample === undefined) throw new Error(`no ${name}`);
  const { kernel } = sample;
  const dims = dimsOf(kernel, size);
  expectReference(await loadKernel(device, kernel), kernel, randomInputs(kernel, dims), dims);
});
