/** Kernels that random testing found to be compiled wrongly, made small; each was a bug that no other test saw. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Device } from "../../runtime/device.ts";
import { openDevice } from "../../runtime/node/devices.ts";
import { tryKernel } from "../support/try-kernel.ts";

const FOUND = {
  "bits of a narrow negative number are counted in its own width": `
export kernel main(X: i16[N], Y: i8[N]) -> P: i16[N], Q: i8[N] {
  P[i] = popcount(X[i]);
  Q[i] = popcount(Y[i]);
}`,
  "one tensor under two pads in one stage": `
export kernel main(X: f32[4, M]) -> Y: f32[4] where M >= 2 {
  Y[i] = sum[k in 0..M, q in 0..2]((X[2 * i - 3, k] pad wrap) * (X[i, 2 * k - q] pad 0));
}`,
  "a divisor in lanes past the end": `
export kernel main(X: i32[N] in -8..3) -> Y: i32[N] {
  Y[i] = X[i] % max(X[i], 1);
}`,
  "a guarded divisor in lanes past the end": `
export kernel main(X: u16[N, 3] in 0..16, P: u16[3] in 0..13) -> Y: u16[N] {
  Y[i] = max[k in 0..3](X[i, k] == 0 ? P[k] : P[k] div X[i, k]);
}`,
} as const satisfies Record<string, string>;

/** Each gives other sizes and inputs; 0 to 3 also choose what is compiled with constant dims. */
const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];

let wasm: Device;
beforeAll(async () => {
  wasm = await openDevice("wasm");
});
afterAll(() => wasm.close());

for (const [name, source] of Object.entries(FOUND)) {
  test(name, async () => {
    for (const seed of SEEDS) {
      const kernel = { seed, source, kinds: new Set<never>(), special: new Set<string>() };
      const trial = await tryKernel(kernel, { passes: true, devices: [wasm] });
      expect(trial.kind === "wrong" ? trial.what : trial.kind, `seed ${seed}`).toBe("fine");
    }
  });
}
