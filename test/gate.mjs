/**
 * `npm test`: runs the steps of package.json's `check` one after another, all of them even when one fails, and prints as
 * its last line `N passed, N failed`: every vitest test counts as one, and so does every other step. JavaScript rather
 * than TypeScript, so that a machine whose Node is old or whose packages are missing gets a sentence instead of a stack.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binaries = join(root, "node_modules", ".bin");
const scratch = mkdtempSync(join(tmpdir(), "einkorn-gate-"));
const countsFile = join(scratch, "counts.json");

let passed = 0;
let failed = 0;
try {
  if (existsSync(binaries)) runSteps();
  else failStep("the packages are not installed: run ./setup.sh first");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function runSteps() {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const step of scripts.check.split(" && ")) {
    console.log(`\n> ${step}`);
    const started = performance.now();
    const ok = runStep(step);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? "ok" : "FAILED"} in ${seconds} s: ${step}`);
  }
}

function runStep(step) {
  const ended = spawnSync(step, {
    cwd: root,
    shell: true,
    stdio: "inherit",
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}`, EINKORN_TEST_COUNTS: countsFile },
  });
  if (/^vitest\b/.test(step)) return countTests(ended.status);
  if (ended.status === 0) passed++;
  else failed++;
  return ended.status === 0;
}

/** Adds vitest's counts; a file that did not load, a run without tests and an unhandled error count as one failure each. */
function countTests(status) {
  if (!existsSync(countsFile)) return failStep("vitest wrote no counts");
  const counts = JSON.parse(readFileSync(countsFile, "utf8"));
  const didNotLoad = counts.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  passed += counts.numPassedTests;
  failed += counts.numFailedTests + didNotLoad;
  if (counts.numPassedTests + counts.numFailedTests === 0) return failStep("vitest ran no test");
  const ok = counts.numFailedTests + didNotLoad === 0;
  if (ok && status !== 0) return failStep(`vitest ended with ${status} although every test passed`);
  return ok;
}

function failStep(reason) {
  console.error(reason);
  failed++;
  return false;
}
