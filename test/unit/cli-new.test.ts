/** `einkorn new`: a project that checks, tests and formats clean; and names and places that are refused without a trace. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import { afterEach, beforeEach, expect, it } from "vitest";
import { version } from "../../runtime/version.ts";
import { einkorn } from "../support/cli.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-new-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("a project that does what its files say", async () => {
  const project = join(folder, "my-kernels");
  const made = await einkorn("new", project);
  expect(made).toMatchObject({ exit: 0 });
  const files = made.stdout.trim().split("\n");
  for (const file of files) expect(readFileSync(file, "utf8")).toMatch(/\n$/);
  expect(readdirSync(folder)).toEqual(["my-kernels"]);

  const kernel = join(project, "kernels", "neighbours.ein");
  expect(files).toContain(kernel);
  // The package is in no registry: what is printed says where it comes from, and where to put it.
  expect(made.stderr).toContain(`npm pack`);
  expect(made.stderr).toContain(`cd ${project} && npm install --save-dev ./einkorn-${version}.tgz && npx einkorn test`);
  expect(await einkorn("fmt", "--check", kernel)).toMatchObject({ exit: 0 });
  const checked = await einkorn("check", kernel);
  expect(checked).toMatchObject({ exit: 0 });
  expect(checked.stdout).toContain("neighbours: 3 subscripts proved in range");
  expect(checked.stderr).not.toContain("error");
  // A warning of its own file is explained in it.
  const text = readFileSync(kernel, "utf8") + readFileSync(join(project, "README.md"), "utf8");
  for (const [, code = ""] of checked.stderr.matchAll(/^warning\[(\w+)\]/gm)) {
    expect(text.split(code).length).toBeGreaterThan(2);
  }
  expect(await einkorn("test", kernel, "--target", "interp,wasm", "--runs", "5")).toMatchObject({ exit: 0 });
  const run = await einkorn("run", kernel, "--in", "X=iota", "--dim", "N=4");
  expect(run.stdout).toContain("Y: f32[4]");
});

it("package, workflow and page name what is there", async () => {
  const project = join(folder, "blurs_2");
  await einkorn("new", project);
  const read = (path: string): string => readFileSync(join(project, path), "utf8");
  const packageJson = JSON.parse(read("package.json"));
  expect(packageJson).toMatchObject({ name: "blurs_2", private: true });
  expect(packageJson.devDependencies.einkorn).toBe(`^${version}`);
  expect(packageJson.engines).toEqual({ node: ">=22" });
  expect(read("README.md")).toMatch(/Node 22 or newer[^]*Copy it into this folder and commit it/);
  expect(read("README.md")).toContain(`./einkorn-${version}.tgz`);
  expect(read(".gitignore")).not.toMatch(/tgz/);
  const commands = [
    read(".github/workflows/kernels.yml"),
    read("README.md"),
    ...Object.values<string>(packageJson.scripts),
  ]
    .join("\n")
    .matchAll(/^(?:.*npx )?einkorn ([a-z]+)|run: npx einkorn ([a-z]+)/gm);
  const named = [...commands].map((m) => m[1] ?? m[2]);
  expect(new Set(named)).toEqual(new Set(["fmt", "check", "test", "run", "explain", "build"]));
  for (const name of new Set(named)) expect(await einkorn("help", name ?? "")).toMatchObject({ exit: 0 });
});

it.each(["Blurs", "my kernels", "-x", "2d", "a..b", "..", "con", "node_modules", "einkorn", "ä", "x".repeat(65)])(
  "the name %j is refused",
  async (name) => {
    const ended = await einkorn("new", `${folder}/${name}`);
    expect(ended).toMatchObject({ exit: 2, stdout: "" });
    expect(ended.stderr).toContain("E6402");
    expect(readdirSync(folder)).toEqual([]);
  },
);

it("a name that is nearly right is told how to write it", async () => {
  expect((await einkorn("new", join(folder, "My Kernels"))).stderr).toContain("write einkorn new my-kernels");
});

it.each(["folder", "file", "link"])("what is there already: a %s", async (what) => {
  const project = join(folder, "there");
  if (what === "folder") mkdirSync(project);
  if (what === "file") writeFileSync(project, "mine");
  if (what === "link") symlinkSync("nowhere", project);
  const ended = await einkorn("new", project);
  expect(ended).toMatchObject({ exit: 2, stdout: "" });
  expect(ended.stderr).toContain("E6103");
  expect(readdirSync(folder)).toEqual(["there"]);
  if (what === "file") expect(readFileSync(project, "utf8")).toBe("mine");
});

it("a place that is not there", async () => {
  const ended = await einkorn("new", join(folder, "none", "x"));
  expect(ended).toMatchObject({ exit: 2, stdout: "" });
  expect(readdirSync(folder)).toEqual([]);
});

it("a place that may not be written to", async (context) => {
  if (getuid?.() === 0) context.skip("root may write everywhere");
  chmodSync(folder, 0o555);
  expect(await einkorn("new", join(folder, "x"))).toMatchObject({ exit: 2, stdout: "" });
  chmodSync(folder, 0o755);
  expect(readdirSync(folder)).toEqual([]);
});
