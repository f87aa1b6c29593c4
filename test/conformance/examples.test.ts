/**
 * Every example on every target equals the reference: one loop over two registries, through the command that users call.
 * A target that cannot run here is skipped, and says why; a refusal must be one that the list below expects.
 */
import { describe, expect, test } from "vitest";
import { conformance } from "../../runtime/cli/conformance.ts";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";

/** What a target cannot hold, by kernel: nothing yet. */
const EXPECTED_REFUSALS: Readonly<Record<string, readonly string[]>> = {};

describe.each(DEVICE_NAMES)("%s", (target) => {
  test("every example", { timeout: 180_000 }, async (context) => {
    const here = await (await deviceFactory(target)).probe();
    if (!here.available) context.skip(`${target}: ${here.reason}`);
    const outcome = await conformance([], { target, seed: "3" });
    const kernels = outcome.result?.kernels ?? [];
    expect(kernels.length).toBeGreaterThanOrEqual(30);
    const cells = outcome.result?.targets[0]?.cells ?? [];
    const bad = cells.flatMap((cell, n) => {
      const kernel = kernels[n] ?? "";
      if (cell.verdict === "equal") return [];
      if (cell.verdict === "refused" && EXPECTED_REFUSALS[target]?.includes(kernel) === true) return [];
      return [{ kernel, ...cell }];
    });
    expect(bad).toStrictEqual([]);
  });
});
