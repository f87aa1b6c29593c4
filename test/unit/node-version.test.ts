/** runtime/node/node-version.ts: an old Node is told so, before any package is loaded. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refuseOldNode } from "../../runtime/node/node-version.ts";
import { refusal } from "../support/refusal.ts";

test("Node 22 and newer are taken, older ones are refused", () => {
  for (const version of ["22.0.0", "22.23.3", "26.10.0", "100.0.0"]) refuseOldNode(version);
  for (const version of ["21.7.3", "20.20.2", "9.0.0"]) {
    const refused = refusal(() => refuseOldNode(version));
    expect(refused.code).toBe("E5001");
    expect(refused.message).toBe(`the library needs Node 22 or newer, and this is Node ${version}`);
  }
});

test("it is the first import of the library, and loads nothing but the words of a refusal", () => {
  const root = join(import.meta.dirname, "..", "..");
  const importsOf = (path: string): readonly string[] =>
    [...readFileSync(join(root, path), "utf8").matchAll(/^(?:import|export) (?:.* from )?"([^"]+)"/gm)].map(
      (m) => m[1] ?? "",
    );
  expect(importsOf("runtime/node/index.ts")[0]).toBe("./node-version.ts");
  expect(importsOf("runtime/node/node-version.ts")).toEqual(["node:process", "../refuse.ts"]);
});
