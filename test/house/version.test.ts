/** The version that the library reports is the package's. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { version } from "../../runtime/version.ts";

test("runtime/version.ts says what package.json says", () => {
  expect(JSON.parse(readFileSync("package.json", "utf8"))).toMatchObject({ version });
});
