/**
 * README.md, docs/library.md and docs/cli.md against the project: their programs run and print what stands behind them,
 * their command lines work, their tables are those of the code and of the committed measurements, their links lead
 * somewhere. docs/language.md has a test of its own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoTable, figureTable, withTable } from "../../bench/tables.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { COMMANDS } from "../../runtime/cli/commands.ts";
import { EXIT } from "../../runtime/cli/exit-codes.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { einkorn } from "../support/cli.ts";
import { blocksOf, codeIn, tableOf } from "../support/markdown.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const PAGES = ["README.md", "docs/library.md", "docs/cli.md"] as const;
const programs = PAGES.flatMap((page) =>
  blocksOf(read(page)).flatMap(({ words, text, line }) => (words[0] === "js" ? [{ page, line, text }] : [])),
);

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "einkorn-docs-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test.each(programs)("the program of $page:$line prints what it says", ({ text, line }) => {
  const face = pathToFileURL(join(root, "runtime", "node", "index.ts")).href;
  const file = join(scratch, `${line}.mjs`);
  writeFileSync(file, text.replace('from "einkorn"', `from "${face}"`));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const said = [...text.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((m) => m[1]);
  expect(said.length).toBeGreaterThan(0);
  expect(stdout.trimEnd().split("\n")).toEqual(said);
});

test("the README's first message is the real one", () => {
  const message = blocksOf(read("README.md")).find(({ words }) => words[0] === "text")?.text ?? "";
  const line = /^ +2 \| (.*)$/m.exec(message)?.[1] ?? "";
  const source = makeSource("smooth.ein", `export kernel smooth(x: f32[N]) -> y: f32[N] {\n${line}\n}`);
  expect(renderDiagnostics(diagnose(source))).toBe(message);
});

describe("the README's command lines work", () => {
  const lines = blocksOf(read("README.md"))
    .flatMap(({ words, text }) => (words[0] === "sh" ? text.split("\n") : []))
    .filter((line) => line.startsWith("node bin/einkorn.mjs "));
  test("are there", () => expect(lines.length).toBeGreaterThanOrEqual(6));
  test.each(lines)("%s", async (line) => {
    const argv = line.split(" ").slice(2);
    const paths = argv.map((a) =>
      a === "out" || a === "my-kernels" ? join(scratch, a) : a.startsWith("dsl-examples/") ? join(root, a) : a,
    );
    expect(await einkorn(...paths)).toMatchObject({ exit: 0 });
  });
  test("and its npm scripts are there", () => {
    const { scripts } = JSON.parse(read("package.json"));
    for (const [, name = ""] of read("README.md").matchAll(/npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(name);
  });
});

describe("docs/cli.md", () => {
  const page = read("docs/cli.md");
  const shown = COMMANDS.filter((c) => c.hidden !== true);

  test("has every command", () => {
    const rows = tableOf(page, "commands").map(([command = ""]) => codeIn(command)[0]?.split(" ")[0]);
    expect(rows).toEqual(shown.map((c) => c.name));
  });

  test("has every option of every command", () => {
    const rows = tableOf(page, "options").flatMap(([option = "", of = ""]) =>
      of === "every command" ? [] : codeIn(of).map((command) => `${command} ${codeIn(option)[0]}`),
    );
    const known = shown.flatMap((c) =>
      c.options.filter((o) => o.hidden !== true).map((o) => `${c.name} ${/--[a-z-]+/.exec(o.flags)?.[0]}`),
    );
    expect(rows.toSorted()).toEqual(known.toSorted());
  });

  test("has the exit codes", () => {
    expect(tableOf(page, "exit codes").map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });
});

describe("the README's figures are the committed ones", () => {
  const page = read("README.md");

  test("of the benchmark", () => {
    const { rows } = JSON.parse(read("bench/results/slice.json"));
    expect(page).toContain(figureTable(rows));
    expect(rows.filter((r: { readonly holds: boolean }) => !r.holds)).toEqual([]);
  });

  test("of the demonstration", () => {
    const { rows } = JSON.parse(read("bench/results/demo.json"));
    expect(page).toContain(demoTable(rows));
    expect(withTable(page, "demo", demoTable(rows))).toBe(page);
  });
});

test.each(PAGES)("links of %s lead somewhere", (page) => {
  const prose = read(page)
    .replaceAll(/^```[^]*?^```/gm, "")
    .replaceAll(/`[^`]*`/g, "");
  const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((m) => m[1] ?? "");
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((to) => !existsSync(join(root, dirname(page), to)))).toEqual([]);
});
