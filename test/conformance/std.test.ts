/**
 * Every exported kernel of the standard library on every target equals the reference, at several sizes; and layers that
 * call them with generics other than the defaults. A target that cannot run here is skipped, and says why; a refusal must
 * be one that the list below expects.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { conformance } from "../../runtime/cli/conformance.ts";
import { EXIT } from "../../runtime/cli/exit-codes.ts";
import { test as runTests } from "../../runtime/cli/test.ts";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";

const root = join(import.meta.dirname, "..", "..");
const modules = readdirSync(join(root, "std")).filter((name) => name.endsWith(".ein"));
const variants = ["std-variants.ein", "std-more-variants.ein"].map((name) => join("test", "programs", name));
const files = [...modules.toSorted().map((name) => join("std", name)), ...variants];

/** What a target cannot hold: by its name, kernels with the code that says so. */
const EXPECTED_REFUSALS: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

describe.each(DEVICE_NAMES)("%s", (target) => {
  test.for(files)("%s", { timeout: 280_000 }, async (file, context) => {
    const here = await (await deviceFactory(target)).probe();
    if (!here.available) context.skip(`${target}: ${here.reason}`);
    const outcome = await conformance([join(root, file)], { target, seed: "5" });
    expect(outcome.diagnostics).toEqual([]);
    const kernels = outcome.result?.kernels ?? [];
    expect(kernels.length).toBeGreaterThan(0);
    const cells = outcome.result?.targets[0]?.cells ?? [];
    const bad = cells.flatMap((cell, n) => {
      const kernel = kernels[n] ?? "";
      if (cell.verdict === "equal") return [];
      if (cell.verdict === "refused" && EXPECTED_REFUSALS[target]?.[kernel] === cell.code) return [];
      return [{ kernel, ...cell }];
    });
    expect(bad).toStrictEqual([]);
  });
});

test("what its test declarations and the laws of its reducers say holds", { timeout: 280_000 }, async () => {
  const std = modules.map((name) => join(root, "std", name));
  const outcome = await runTests(std, { target: "wasm", runs: "10", seed: "1", dim: [], set: [] });
  expect(outcome.diagnostics).toEqual([]);
  expect(outcome.result?.tests.length).toBeGreaterThanOrEqual(49);
  expect(outcome.exit, outcome.text.join("\n")).toBe(EXIT.fine);
});
