/** Every place of the front end that reports a diagnostic is reached by a case of test/diagnostics. `npm run mutants:checks` also hushes each. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { execPath } from "node:process";
import { expect, test } from "vitest";

test("every place that reports is reached by a case", { timeout: 280_000 }, () => {
  const run = spawnSync(execPath, [join(import.meta.dirname, "checks.ts"), "--reach"], {
    encoding: "utf8",
    timeout: 240_000,
  });
  const open = run.stdout.split("\n").filter((line) => /^(not reached|survives)/.test(line));
  expect(`${open.join("\n")}${run.stderr}`).toBe("");
  expect(run.stdout).toMatch(/^survivors {2}0$/m);
  expect(run.status).toBe(0);
});
