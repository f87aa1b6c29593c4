/** A sample of the random kernels on every device that this machine has beside WebAssembly. */
import { env } from "node:process";
import { expect, test } from "vitest";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";
import { randomKernel } from "../support/random-kernel.ts";
import { report, tryKernel } from "../support/try-kernel.ts";

/** Other seeds than those of test/property/random-kernels.test.ts. */
const FIRST_SEED = 100_000;
/** A compiler process for each kernel makes some devices slow. */
const COUNTS: Readonly<Record<string, number>> = { wgsl: 100, hls: 60 };
const OTHERS = 60;
/** How many on each device, where time does not matter: whoever has hours asks for 500. */
const ASKED = env["EINKORN_RANDOM_DEVICE_KERNELS"];

for (const name of DEVICE_NAMES.filter((n) => n !== "interp" && n !== "wasm")) {
  const count = ASKED === undefined ? (COUNTS[name] ?? OTHERS) : Number(ASKED);
  test(`${count} random kernels on ${name}`, { timeout: 900_000 }, async (context) => {
    const factory = await deviceFactory(name);
    const here = await factory.probe();
    context.skip(!here.available, here.available ? "" : `${name}: ${here.reason}`);
    const device = await factory.open();
    const options = { passes: false, devices: [device] };
    let [ran, unable] = [0, 0];
    try {
      // A target without 64-bit types refuses about half; one that refuses nearly all would go on for ever.
      for (let seed = FIRST_SEED; ran < count && unable < 4 * count; seed++) {
        const k = randomKernel(seed);
        const trial = await tryKernel(k, options);
        if (trial.kind === "wrong") expect.fail(await report(k, trial.what, options, 15_000));
        if (trial.kind === "fine" && trial.unable.length === 0) ran++;
        else unable++;
      }
    } finally {
      await device.close();
    }
    console.log(`${name}: ${ran} kernels agree, ${unable} are refused`);
    expect(ran).toBe(count);
  });
}
