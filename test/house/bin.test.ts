/**
 * The command before the compiler: which Node it takes, what it hands over, how it ends. Each test lays out a small
 * checkout or an installed package around the real bin/einkorn.mjs, with an entry that says where it runs. A Node that
 * strips no types stands for an old one: it cannot run a checkout either.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const project = join(import.meta.dirname, "..", "..");
const node26 = join(project, "node_modules", "node", "bin", "node");
const node22 = join(project, "node_modules", "node22", "bin", "node");
const UNABLE = ["--no-experimental-strip-types"];

const ENTRY = `
export async function main(argv) {
  if (argv[0] === "throw") throw new Error("no input leads here");
  if (argv[0] === "pour") {
    for (let line = 0; line < 200_000; line++) process.stdout.write("line " + line + "\\n");
    return 0;
  }
  if (argv[0] === "wait") {
    process.on("SIGTERM", () => process.exit(7));
    setInterval(() => {}, 1000);
    console.log("waiting");
    await new Promise(() => {});
  }
  console.log(JSON.stringify({ node: process.versions.node, file: import.meta.filename, argv }));
  return /^\\d+$/.test(argv[0]) ? Number(argv[0]) : 0;
}
`;

let scratch: string;
/** A checkout with packages installed, one without, and an installed package. */
let checkout: string;
let bare: string;
let installed: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "einkorn bin-"));
  checkout = layOut(join(scratch, "checkout"), "runtime/cli/main.ts");
  mkdirSync(join(checkout, "node_modules", ".bin"), { recursive: true });
  symlinkSync(node26, join(checkout, "node_modules", ".bin", "node"));
  bare = layOut(join(scratch, "bare"), "runtime/cli/main.ts");
  installed = layOut(join(scratch, "app", "node_modules", "einkorn"), "dist/runtime/cli/main.js");
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function layOut(root: string, entry: string): string {
  for (const folder of ["bin", dirname(entry)]) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(join(project, "bin", "einkorn.mjs"), join(root, "bin", "einkorn.mjs"));
  copyFileSync(join(project, "package.json"), join(root, "package.json"));
  // The type is what a Node without type stripping stumbles over.
  writeFileSync(
    join(root, entry),
    entry.endsWith(".ts") ? ENTRY.replace("(argv)", "(argv: readonly string[])") : ENTRY,
  );
  return root;
}

/** An environment in which no other Node can be found, unless `path` has one. */
function environment(path: readonly string[] = []): Record<string, string> {
  const home = join(scratch, "home");
  return { HOME: home, XDG_CACHE_HOME: join(home, "cache"), PATH: path.join(delimiter) };
}

function einkorn(root: string, node: readonly string[], argv: readonly string[], env = environment()) {
  const [file = "", ...options] = node;
  const ended = spawnSync(file, [...options, join(root, "bin", "einkorn.mjs"), ...argv], { env, encoding: "utf8" });
  return { status: ended.status, signal: ended.signal, stdout: ended.stdout, stderr: ended.stderr };
}

const versionOf = (file: string): string => spawnSync(file, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1);

test.each([
  ["the project's Node", [node26]],
  ["Node 22", [node22]],
  ["a Node that cannot run the compiler", [node26, ...UNABLE]],
])("--version on %s", (_, node) => {
  const ended = einkorn(bare, node, ["--version"]);
  expect(ended.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
});

test.each([[node26], [node22]])("a checkout runs its source on %s", (node) => {
  const ended = einkorn(checkout, [node], ["5", "--in", "a b=*.npy", ""]);
  expect(ended).toMatchObject({ status: 5, stderr: "" });
  expect(JSON.parse(ended.stdout)).toEqual({
    node: versionOf(node),
    file: join(checkout, "runtime", "cli", "main.ts"),
    argv: ["5", "--in", "a b=*.npy", ""],
  });
});

test("an installed package runs dist/, on a Node that strips no types too", () => {
  const ended = einkorn(installed, [node22, ...UNABLE], ["0"]);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(ended.stdout)).toMatchObject({ file: join(installed, "dist", "runtime", "cli", "main.js") });
});

test("an unable Node hands over to the project's own, with arguments and exit code", () => {
  const ended = einkorn(checkout, [node22, ...UNABLE], ["6", "a b"], environment([dirname(node22)]));
  expect(ended).toMatchObject({ status: 6, stderr: "" });
  expect(JSON.parse(ended.stdout)).toMatchObject({ node: versionOf(node26), argv: ["6", "a b"] });
});

test("without one of its own, to a Node on PATH", () => {
  const ended = einkorn(bare, [node26, ...UNABLE], ["0"], environment(["", join(scratch, "nothing"), dirname(node22)]));
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(ended.stdout)).toMatchObject({ node: versionOf(node22) });
});

test("without any, it says so and ends with 3 (E5001)", () => {
  const ended = einkorn(bare, [node26, ...UNABLE], ["check", "a.ein"]);
  expect(ended).toMatchObject({ status: 3, stdout: "" });
  expect(ended.stderr).toMatch(/^error\[E5001\]: einkorn needs Node 22\.18 or newer, and this is Node 26\./);
  expect(ended.stderr).toContain("help: run ./setup.sh in ");
});

test("with --json it says so in JSON", () => {
  const ended = einkorn(bare, [node26, ...UNABLE], ["check", "a.ein", "--json"]);
  expect(ended).toMatchObject({ status: 3, stderr: "" });
  expect(JSON.parse(ended.stdout)).toMatchObject({
    schema: 1,
    command: "check",
    ok: false,
    diagnostics: [{ code: "E5001" }],
  });
});

test("a package that was never built says so", () => {
  const unbuilt = layOut(join(scratch, "unbuilt", "node_modules", "einkorn"), "dist/other.js");
  const ended = einkorn(unbuilt, [node26], ["check"]);
  expect(ended.status).toBe(3);
  expect(ended.stderr).toContain("npm run build");
});

test("what nobody foresaw is an internal error, 4", () => {
  const ended = einkorn(checkout, [node26], ["throw"]);
  expect(ended).toMatchObject({ status: 4, stdout: "" });
  expect(ended.stderr).toMatch(/^internal compiler error: Error: no input leads here\n/);
});

test("the compile cache is the user's own, and a run without one is a run", () => {
  rmSync(join(scratch, "home"), { recursive: true, force: true });
  expect(einkorn(checkout, [node26], ["0"]).status).toBe(0);
  expect(existsSync(join(scratch, "home", "cache", "einkorn", "node"))).toBe(true);
  const file = join(scratch, "a file");
  writeFileSync(file, "");
  expect(einkorn(checkout, [node26], ["0"], { ...environment(), XDG_CACHE_HOME: file })).toMatchObject({
    status: 0,
    stderr: "",
  });
});

test.each([
  ["itself", [node26]],
  ["through another Node", [node22, ...UNABLE]],
])("a signal ends it, and its exit code stands: %s", async (_, [file = "", ...options]) => {
  const child = spawn(file, [...options, join(checkout, "bin", "einkorn.mjs"), "wait"], { env: environment() });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([7, null]);
});

test("a reader that leaves early is no error", async () => {
  const child = spawn(node26, [join(checkout, "bin", "einkorn.mjs"), "pour"], { env: environment() });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.on("data", (chunk) => (complaint += String(chunk)));
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [status] = await once(child, "close");
  expect({ status, complaint }).toEqual({ status: 0, complaint: "" });
});
