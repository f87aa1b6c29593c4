/** Functions of the standard library that a file uses without importing them: the error says what to import. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readProgram } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { offerImports } from "../../runtime/node/offer-imports.ts";
import { einkorn } from "../support/cli.ts";

async function helpOf(text: string): Promise<readonly string[]> {
  const diagnostics = new Diagnostics();
  readProgram(makeSource("a.ein", text), diagnostics);
  await offerImports(diagnostics);
  return diagnostics.list.flatMap((d) => d.help);
}

test.each([
  ["gelu", "std/nn"],
  ["softmax", "std/nn"],
  ["hann", "std/signal"],
])("%s is of %s", async (name, module) => {
  const text = `kernel f(X: f32[N]) -> Y: f32[N] { Y = ${name}(X); }`;
  expect(await helpOf(text)).toEqual([`add import { ${name} } from "${module}";`]);
});

test("what no module exports keeps its advice", async () => {
  expect(await helpOf("kernel f(X: f32[N]) -> Y: f32[N] { Y[i] = maxx(X[i], 0.0); }")).toEqual(["did you mean max ?"]);
});

test("the command line says it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "einkorn-imports-"));
  try {
    writeFileSync(join(folder, "a.ein"), "kernel f(X: f32[N]) -> Y: f32[N] { Y = softmax(X); }");
    const { exit, stdout, stderr } = await einkorn("check", join(folder, "a.ein"));
    expect([exit, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining('add import { softmax } from "std/nn";')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
