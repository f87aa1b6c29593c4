/**
 * The published package, as a user gets it: packed with npm from a copy of the tree (so that nobody's dist/ is disturbed),
 * installed into an empty project, and used there from the command line, from JavaScript and from TypeScript, on the
 * oldest Node that is supported and on the project's own.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const project = join(import.meta.dirname, "..", "..");
const binaries = join(project, "node_modules", ".bin");
const nodes = ["node22", "node"].map((name) => join(project, "node_modules", name, "bin", "node"));
const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));

const MATMUL = `kernel matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] {
  C[i, j] = sum[k](A[i, k] * B[k, j]);
}
`;

/** Imports from the standard library of the package. */
const HEAD = `import { softmax } from "std/nn";
kernel head(X: f32[M, N]) -> Y: f32[M, N] where N >= 1 { Y = softmax(X); }
`;

/** Multiplies a 2x3 by a 3x2; the same text serves JavaScript and TypeScript. */
const PROGRAM = `import { readFileSync } from "node:fs";
import { compile, Tensor } from "einkorn";

const { matmul } = await compile(readFileSync("matmul.ein", "utf8"), { target: "wasm" });
if (matmul === undefined) throw new Error("no matmul");
const A = Tensor.from([[1, 2, 3], [4, 5, 6]]);
const B = Tensor.from([[1, 0], [0, 1], [1, 1]]);
const { C } = matmul({ A, B });
if (C === undefined) throw new Error("no C");
console.log(JSON.stringify([C.dtype, C.shape, Array.from((await C.read()) as Float32Array)]));
`;

let scratch: string;
let staged: string;
let app: string;
let files: readonly string[];

function run(cwd: string, file: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  // The project's own Node comes first, as in an npm script.
  const path = `${binaries}${delimiter}${process.env["PATH"] ?? ""}`;
  const ended = spawnSync(file, argv, { cwd, encoding: "utf8", env: { ...process.env, PATH: path, ...env } });
  return { status: ended.status, stdout: ended.stdout ?? "", stderr: ended.stderr ?? String(ended.error) };
}

function mustRun(cwd: string, file: string, argv: readonly string[]): string {
  const ended = run(cwd, file, argv);
  const all = `${ended.stdout}${ended.stderr}`;
  if (ended.status !== 0) throw new Error(`${[basename(file), ...argv].join(" ")} ended with ${ended.status}:\n${all}`);
  return ended.stdout;
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "einkorn-pack-"));
  staged = join(scratch, "staged");
  const leftOut = new Set(["node_modules", ".git", "dist", "out", ".cache"]);
  mkdirSync(staged);
  for (const name of readdirSync(project).filter((entry) => !leftOut.has(entry))) {
    cpSync(join(project, name), join(staged, name), { recursive: true });
  }
  symlinkSync(join(project, "node_modules"), join(staged, "node_modules"));
  mustRun(staged, "npm", ["pack", "--pack-destination", scratch, "--loglevel=error"]);
  const tarball = join(scratch, `einkorn-${version}.tgz`);
  files = mustRun(scratch, "tar", ["-tzf", tarball]).trim().split("\n");

  app = join(scratch, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  writeFileSync(join(app, "matmul.ein"), MATMUL);
  // What `npm ci` fetched is in npm's cache; only what is missing there needs the registry. Dawn is optional and large.
  const flags = ["--prefer-offline", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  mustRun(app, "npm", ["install", tarball, ...flags]);
}, 300_000);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test("the tarball holds what runs, and nothing else", () => {
  const expected =
    /^package\/((package\.json|README\.md|LICENSE|NOTICE|CHANGELOG\.md|bin\/einkorn\.mjs)$|dist\/(compiler|targets|runtime)\/.*\.(js|d\.ts)$|dist\/std\/.*\.ein$)/;
  expect(files.filter((file) => !expected.test(file))).toEqual([]);
  for (const file of [
    "bin/einkorn.mjs",
    "dist/runtime/index.js",
    "dist/runtime/index.d.ts",
    "dist/runtime/cli/main.js",
  ]) {
    expect(files).toContain(`package/${file}`);
  }
});

test("publint finds nothing", async () => {
  const { messages, pkg } = await publint({
    pkgDir: join(app, "node_modules", "einkorn"),
    pack: false,
    strict: true,
  });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("its types stand alone", () => {
  writeFileSync(join(app, "program.ts"), PROGRAM);
  writeFileSync(
    join(app, "wrong.ts"),
    'import { Tensor } from "einkorn";\nexport const size: string = Tensor.zeros([1]).size;\n',
  );
  mkdirSync(join(app, "node_modules", "@types"), { recursive: true });
  symlinkSync(join(project, "node_modules", "@types", "node"), join(app, "node_modules", "@types", "node"));
  const options =
    "--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --module nodenext --target es2024 --noEmit";
  const check = (file: string) => run(app, join(binaries, "tsc"), [...options.split(" "), "--types", "node", file]);
  expect(check("program.ts")).toEqual({ status: 0, stdout: "", stderr: "" });
  // Types that cannot be found would be `any`, and everything would be right.
  expect(check("wrong.ts").stdout).toMatch(
    /^wrong\.ts\(2,14\): error TS2322: Type 'number' is not assignable to type 'string'/,
  );
});

describe.each(nodes)("%s", (node) => {
  test("the command", () => {
    const command = join(app, "node_modules", ".bin", "einkorn");
    expect(run(app, node, [command, "--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(run(app, node, [command, "check", "matmul.ein"])).toMatchObject({ status: 0, stderr: "" });
    writeFileSync(join(app, "head.ein"), HEAD);
    expect(run(app, node, [command, "check", "head.ein"])).toMatchObject({ status: 0, stderr: "" });
    const wrong = run(app, node, [command, "check", "nothing.ein"]);
    expect(wrong).toMatchObject({ status: 2 });
  });

  test("the library", () => {
    writeFileSync(join(app, "program.mjs"), PROGRAM.replace(" as Float32Array", ""));
    const ended = run(app, node, ["program.mjs"]);
    expect(ended).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(ended.stdout)).toEqual(["f32", [2, 2], [4, 5, 10, 11]]);
  });
});
