/** Float sums of any length, within 2 ulp on every device that this machine has beside WebAssembly. */
import { expect, test } from "vitest";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";
import { onDevice } from "../support/agreement.ts";
import { callWith, longSumCases } from "../support/long-sums.ts";

/** A compiler process for each size is slow. */
const ONE_SIZE_A_BUILD: readonly number[] = [0, 1, 9, 129, 1009, 100_000];

for (const name of DEVICE_NAMES.filter((n) => n !== "interp" && n !== "wasm")) {
  test(`long sums on ${name}`, { timeout: 600_000 }, async (context) => {
    const factory = await deviceFactory(name);
    const here = await factory.probe();
    context.skip(!here.available, here.available ? "" : `${name}: ${here.reason}`);
    const device = await factory.open();
    try {
      let ran = 0;
      for (const sum of longSumCases(100_000)) {
        const { constantDims } = device.target.capabilities;
        const lengths = constantDims ? sum.lengths.filter((n) => ONE_SIZE_A_BUILD.includes(n)) : sum.lengths;
        for (const data of ["positive", "equal"] as const) {
          const calls = lengths.flatMap((n) => callWith(sum, n, data, n) ?? []);
          const verdict = await onDevice(sum.kernel, device, calls);
          if (verdict.kind === "differs") expect.fail(`${sum.name} of ${data} numbers: ${verdict.what}`);
          if (verdict.kind === "equal") ran++;
        }
      }
      expect(ran).toBeGreaterThan(20);
    } finally {
      await device.close();
    }
  });
}
