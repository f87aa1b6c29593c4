/**
 * Two projects: what runs on every machine, and what needs a device (test/device/: WebGPU, a C compiler, threads), which
 * runs one file at a time so that measurements and drivers are not disturbed, and prints why it skips.
 */
import { env } from "node:process";
import { defineConfig } from "vitest/config";
import { skipReasons } from "./test/house/skip-reasons.ts";

/** Where test/gate.mjs wants the counts. */
const countsFile = env["EINKORN_TEST_COUNTS"];

export default defineConfig({
  test: {
    // Generous because two slow cores may be shared; a test that needs seconds is still a slow test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", skipReasons, ...(countsFile === undefined ? [] : ["json" as const])],
    ...(countsFile === undefined ? {} : { outputFile: { json: countsFile } }),
    projects: [
      { extends: true, test: { name: "base", include: ["test/**/*.test.ts"], exclude: ["test/device/**"] } },
      { extends: true, test: { name: "device", include: ["test/device/**/*.test.ts"], fileParallelism: false } },
    ],
  },
});
