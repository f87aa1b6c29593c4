/**
 * What the compiler makes of a few small kernels, level by level, to be read whole: `<case>.ein` and `<case>.<stage>.txt`
 * beside it. `UPDATE_GOLDEN=1 vitest run test/golden` writes the files anew; a missing one fails.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { runPipeline } from "../../compiler/pipeline.ts";
import type { Target } from "../../compiler/target.ts";
import { imaginedTarget, printState, problemsOf } from "../support/agreement.ts";
import { mustReadKernel } from "../support/read-kernel.ts";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const IS_UPDATE = env["UPDATE_GOLDEN"] === "1";

/** As WebAssembly, with fewer copies, so that the files stay short. */
const vectors = imaginedTarget("vectors", { interleave: 1, accumulators: 2 });
/** Machine code for vectors is long: most cases show it without. */
const scalars = imaginedTarget("scalars", { lanes: 1, addressing: "linear" });
const IN_VECTORS: readonly string[] = ["scale", "dot"];

/** The name of a stage, and the last pass before it is printed; null: as it was proved. */
const STAGES = {
  prove: null,
  "hoist-reductions": "hoist-reductions",
  "initial-nest": "initial-nest",
  "default-nest": "default-nest",
  machine: "dead-code",
} as const satisfies Record<string, string | null>;

const cases = readdirSync(FOLDER)
  .filter((f) => f.endsWith(".ein"))
  .map((f) => f.slice(0, -".ein".length));

function textOf(kernel: Kernel, last: string | null, target: Target): string {
  const state =
    last === null ? ({ level: "equations", kernel } as const) : runPipeline(kernel, target, { last });
  expect(problemsOf(state)).toEqual([]);
  return `${printState(state).trimEnd()}\n`;
}

test("there are cases", () => {
  expect(cases.length).toBeGreaterThanOrEqual(8);
});

for (const name of cases) {
  const source = readFileSync(join(FOLDER, `${name}.ein`), "utf8");
  for (const [stage, last] of Object.entries(STAGES)) {
    test(`${name}: ${stage}`, () => {
      const file = join(FOLDER, `${name}.${stage}.txt`);
      const text = textOf(mustReadKernel(source), last, stage === "machine" && !IN_VECTORS.includes(name) ? scalars : vectors);
      if (IS_UPDATE) writeFileSync(file, text);
      expect(existsSync(file), `${name}.${stage}.txt is missing; UPDATE_GOLDEN=1 writes it`).toBe(true);
      expect(text).toBe(readFileSync(file, "utf8"));
    });
  }
}

test("no file is left of a case that is gone", () => {
  const wanted = new Set(cases.flatMap((c) => Object.keys(STAGES).map((s) => `${c}.${s}.txt`)));
  const stages = new RegExp(`\\.(?:${Object.keys(STAGES).join("|")})\\.txt$`);
  expect(readdirSync(FOLDER).filter((f) => stages.test(f) && !wanted.has(f))).toEqual([]);
});
