/** The list of mutants is kept up with the code: each edit still fits, at one place only. `npm run mutants` runs them. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test("there are thirty, with names of their own", () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(MUTANTS.map((m) => m.name)).size).toBe(MUTANTS.length);
});

for (const m of MUTANTS) {
  test(m.name, () => {
    for (const e of m.edits) {
      const places = readFileSync(join(ROOT, e.file), "utf8").split(e.find).length - 1;
      expect(places, `${e.file}: ${e.find}`).toBe(1);
      expect(e.replace).not.toBe(e.find);
    }
  });
}
