/**
 * `einkorn test` finds bugs: seeded miscompiles, each in a copy of the compiler, are found by a test declaration, shrunk to
 * a few elements, and brought back by the printed line; the compiler as it is passes the same line.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { known } from "../../compiler/support/invariant.ts";
import type { Mutant } from "../mutants/mutants.ts";
import { MUTANTS } from "../mutants/mutants.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COPIED = ["compiler", "targets", "runtime", "bin", "package.json"];

/** By the mutant's name: a kernel with a test that has to find it, and the most elements that inputs may have in the end. */
const CASES: Readonly<Record<string, readonly [source: string, elements: number]>> = {
  "remainder of a tiled loop dropped": [
    "kernel k(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 2.0; } test k for all N in 0..67;",
    32,
  ],
  "argmax takes the last of equals": [
    "kernel k(X: i32[N]) -> v: i32, p: i32 where N >= 1 { (v, p) = argmax[i](X[i]); } test k for all N in 1..40;",
    4,
  ],
  "NaN lost in a vector maximum": [
    "kernel k(X: f32[N], Y: f32[N]) -> Z: f32[N] { Z[i] = max(X[i], Y[i]); } test k for all N in 0..40;",
    40,
  ],
  "wrap pad clamps as edge does": [
    "kernel k(X: f32[N]) -> Y: f32[N] where N >= 1 { Y[i] = X[i + 1] pad wrap; } test k for all N in 0..40;",
    4,
  ],
  "quotient truncated instead of floored": [
    "kernel k(X: i32[N] in -100..100) -> Y: i32[N] { Y[i] = X[i] div 7; } test k for all N in 0..40;",
    1,
  ],
};

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "einkorn-seeded-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

test.each(Object.entries(CASES))("%s", { timeout: 60_000 }, (name, [source, elements]) => {
  const mutant = known(
    MUTANTS.find((m) => m.name === name),
    `the mutant ${name}`,
  );
  const file = join(copy, "kernels.ein");
  writeFileSync(file, `${source}\n`);
  const restore = seeded(mutant);
  try {
    const found = einkorn(copy, ["test", file, "--target", "wasm", "--json"]);
    expect(found.status).toBe(1);
    const [target] = JSON.parse(found.stdout).result.tests[0].targets;
    expect(target.verdict).toBe("failed");
    const inputs: readonly { readonly data: readonly unknown[] }[] = Object.values(target.failure.inputs);
    const count = inputs.reduce((n, a) => n + a.data.length, 0);
    expect(count).toBeLessThanOrEqual(elements);

    const { failure } = target;
    const sizes = Object.entries(failure.dims).flatMap(([d, size]) => ["--dim", `${d}=${String(size)}`]);
    const line = ["test", `${file}:k`, "--target", "wasm", "--seed", String(failure.seed), ...sizes];
    const text = einkorn(copy, line);
    expect(text.status).toBe(1);
    // The printed line is that line.
    expect(text.stdout).toContain(`einkorn ${line.join(" ")}`);
    const again = JSON.parse(einkorn(copy, [...line, "--json"]).stdout).result.tests[0].targets[0];
    expect(again.failure.wrong).toEqual(failure.wrong);
    expect(again.failure.inputs).toEqual(failure.inputs);
    expect(einkorn(ROOT, line)).toMatchObject({ status: 0 });
  } finally {
    restore();
  }
});

/** Puts the mutant into the copy; the result takes it out again. */
function seeded({ edits }: Mutant): () => void {
  for (const { file, find, replace } of edits) {
    writeFileSync(
      join(copy, file),
      readFileSync(join(ROOT, file), "utf8").replace(find, () => replace),
    );
  }
  return () => {
    for (const { file } of edits) cpSync(join(ROOT, file), join(copy, file));
  };
}

function einkorn(root: string, argv: readonly string[]) {
  const { GITHUB_ACTIONS: _, ...quiet } = env;
  return spawnSync(execPath, [join(root, "bin", "einkorn.mjs"), ...argv], { encoding: "utf8", env: quiet });
}
