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
