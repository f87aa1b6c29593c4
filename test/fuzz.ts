/**
 * `npm run fuzz -- [--count N] [--seed S] [--targets wasm,hls,wgsl] [--restart]`: random kernels without end through every
 * pass and every device that is asked for. Where it stopped is kept in .cache/fuzz.json, and the next run goes on from there;
 * failures are printed, small, and kept there too. Exits with 1 if this run found one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { DEVICE_NAMES, openDevice } from "../runtime/node/devices.ts";
import { randomKernel } from "./support/random-kernel.ts";
import { report, tryKernel } from "./support/try-kernel.ts";

type Progress = { readonly next: number; readonly failed: readonly number[] };

/** Below it are the seeds of the test suite. */
const FIRST_SEED = 1_000_000;
const KEPT = join(dirname(dirname(fileURLToPath(import.meta.url))), ".cache", "fuzz.json");

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    seed: { type: "string" },
    targets: { type: "string", default: "wasm" },
    restart: { type: "boolean", default: false },
  },
});

const count = wholeNumber("count", values.count);
const before = values.restart ? null : readProgress();
const first = values.seed === undefined ? (before?.next ?? FIRST_SEED) : wholeNumber("seed", values.seed);
const names = values.targets.split(",").filter((n) => n !== "");
for (const n of names) if (!DEVICE_NAMES.includes(n)) throw new Error(`there is no target ${n}`);
const devices = await Promise.all(names.map((n) => openDevice(n)));
const options = { passes: true, devices };

const started = performance.now();
const found: number[] = [];
let [refused, unable] = [0, 0];
for (let n = 0; n < count; n++) {
  const seed = first + n;
  const k = randomKernel(seed);
  const trial = await tryKernel(k, options);
  if (trial.kind === "refused") refused++;
  if (trial.kind === "fine") unable += trial.unable.length;
  if (trial.kind === "wrong") {
    found.push(seed);
    console.log(`\n${await report(k, trial.what, options, 30_000)}\n`);
  }
  if (n % 100 === 99 || n === count - 1 || trial.kind === "wrong") {
    // A run over seeds that were asked for does not move the place to go on from.
    const next = values.seed === undefined ? seed + 1 : (before?.next ?? FIRST_SEED);
    writeProgress({ next, failed: [...new Set([...(before?.failed ?? []), ...found])] });
    console.log(
      `${rate(n + 1)}: seeds ${first}..${seed}, ${found.length} failed, ${refused} refused by the front end, ${unable} by a target`,
    );
  }
}
await Promise.all(devices.map((d) => d.close()));
process.exitCode = found.length > 0 ? 1 : 0;

function rate(done: number): string {
  const seconds = (performance.now() - started) / 1000;
  return `${done} kernels in ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(1)} a second`;
}

function wholeNumber(name: string, text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n >= 0) return n;
  throw new Error(`--${name} ${text}: a whole number is needed`);
}

function readProgress(): Progress | null {
  let text: string;
  try {
    text = readFileSync(KEPT, "utf8");
  } catch {
    return null;
  }
  const kept: unknown = JSON.parse(text);
  if (typeof kept !== "object" || kept === null || !("next" in kept) || !("failed" in kept)) return null;
  const { next, failed } = kept;
  if (typeof next !== "number" || !Array.isArray(failed)) return null;
  return { next, failed: failed.filter((n) => typeof n === "number") };
}

function writeProgress(p: Progress): void {
  mkdirSync(dirname(KEPT), { recursive: true });
  writeFileSync(`${KEPT}.new`, `${JSON.stringify(p)}\n`);
  renameSync(`${KEPT}.new`, KEPT);
}
