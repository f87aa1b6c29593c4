/** The main job on real input: the digits that the project ships, and MNIST's where they are, classified by the WASM target. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DemoResult } from "../../runtime/cli/demo.ts";
import { demo } from "../../runtime/cli/demo.ts";

const project = join(import.meta.dirname, "..", "..");
const out = mkdtempSync(join(tmpdir(), "einkorn-demo-"));
let result: DemoResult;

beforeAll(async () => {
  const outcome = await demo({ target: "wasm", out });
  expect(outcome).toMatchObject({ diagnostics: [] });
  expect(outcome.exit).toBeUndefined();
  if (outcome.result === null) throw new Error("no result");
  ({ result } = outcome);
});

afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

test("reads the shipped digits as their reference does", () => {
  const recorded = JSON.parse(readFileSync(join(project, "dsl-examples", "digits", "digits.json"), "utf8"));
  const row = result.rows.find(({ set }) => set === "digits");
  const { heldOutRight: right } = recorded;
  expect(row).toMatchObject({ images: 500, right, rightByReference: right, equalPredictions: 500, agrees: true });
  expect(row?.relativeDifference).toBeLessThan(1e-5);
  expect(right / 500).toBeGreaterThanOrEqual(0.97);
});

test("has 987 of 1,000 MNIST images right", (context) => {
  if (!existsSync(join(project, "..", "shared", "data", "mnist")))
    context.skip("no MNIST files in ../shared/data/mnist");
  const row = result.rows.find(({ set }) => set === "mnist");
  expect(row).toMatchObject({ images: 1000, right: 987, equalPredictions: 1000, agrees: true });
  expect(row?.relativeDifference).toBeLessThanOrEqual(1e-4);
});

test("writes the artifacts it lists", () => {
  expect(result.files.length).toBeGreaterThan(3);
  for (const { path, bytes } of result.files) expect(statSync(path).size).toBe(bytes);
});
