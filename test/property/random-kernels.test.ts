/**
 * Random programs through the whole compiler: after every pass, for three imagined targets, the program is well formed
 * and means what the reference interpreter says; and the compiled module computes it. How much of the language that covers
 * is counted and printed. Devices that not every machine has are in test/device/random-kernels.test.ts.
 */
import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Device } from "../../runtime/device.ts";
import { openDevice } from "../../runtime/node/devices.ts";
import { randomKernel } from "../support/random-kernel.ts";
import { KINDS } from "../support/random-kernel/kinds.ts";
import { report, tryKernel } from "../support/try-kernel.ts";

/** `npm run mutants` asks for fewer. */
const COUNT = Number(env["EINKORN_RANDOM_KERNELS"] ?? 560);
const IS_WHOLE = env["EINKORN_RANDOM_KERNELS"] === undefined;
const FIRST_SEED = 1;
/** Fewer than this of a kind, and the test shows little about it. */
const LEAST = 20;

let wasm: Device;
beforeAll(async () => {
  wasm = await openDevice("wasm");
});
afterAll(() => wasm.close());

test(`${COUNT} random kernels mean the same after every pass and in WebAssembly`, { timeout: 300_000 }, async () => {
  const options = { passes: true, devices: [wasm] };
  const covered = new Map<string, number>(KINDS.map((k) => [k, 0]));
  const refused: string[] = [];
  const unable = new Map<string, number>();
  let [elements, excused] = [0, 0];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) {
    const k = randomKernel(seed);
    const trial = await tryKernel(k, options);
    if (trial.kind === "wrong") expect.fail(await report(k, trial.what, options, IS_WHOLE ? 15_000 : 0));
    if (trial.kind === "refused") {
      refused.push(`${seed} ${trial.code}`);
      continue;
    }
    [elements, excused] = [elements + trial.elements, excused + trial.excused];
    for (const kind of [...k.kinds, ...trial.sizes]) covered.set(kind, (covered.get(kind) ?? 0) + 1);
    for (const u of trial.unable) unable.set(u, (unable.get(u) ?? 0) + 1);
  }
  if (!IS_WHOLE) return;
  console.log(table(covered));
  console.log(`refused by the front end: ${refused.length} of ${COUNT} (${refused.join(", ")})`);
  console.log(`refused by a device: ${[...unable].map(([why, n]) => `${why}: ${n}`).join(", ") || "none"}`);
  console.log(`elements compared: ${elements}, ${excused} of them in doubt`);
  expect(refused.length).toBeLessThan(0.15 * COUNT);
  expect(excused).toBeLessThan(0.05 * elements);
  expect([...covered].filter(([, n]) => n < LEAST)).toEqual([]);
});

function table(covered: ReadonlyMap<string, number>): string {
  const rows = [...covered].map(([kind, n]) => `${kind.padEnd(28)}${String(n).padStart(4)}`);
  const third = Math.ceil(rows.length / 3);
  return rows
    .slice(0, third)
    .map((row, n) => [row, rows[third + n] ?? "", rows[2 * third + n] ?? ""].join("   "))
    .join("\n");
}
