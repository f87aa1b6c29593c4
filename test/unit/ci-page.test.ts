/** docs/ci.md: its files are what they claim to be, and the commands in them run in a project made of nothing else. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf } from "../support/markdown.ts";
import type { Yaml } from "../support/yaml.ts";
import { parseYaml } from "../support/yaml.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(ROOT, "docs", "ci.md"), "utf8");

/** By path: every block of the page that is a file. */
const files = new Map(
  blocksOf(page).flatMap(({ words: [, role, path], text }) =>
    role === "file" && path !== undefined ? [[path, `${text}\n`] as const] : [],
  ),
);

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "einkorn-ci-"));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  // As `npm ci` would have it; npx takes what lies there.
  const bin = join(project, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "einkorn"), `#!/bin/sh\nexec "${execPath}" "${join(ROOT, "bin", "einkorn.mjs")}" "$@"\n`);
  chmodSync(join(bin, "einkorn"), 0o755);
  writeFileSync(join(project, "package.json"), '{ "name": "kernels", "private": true }\n');
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

function shell(command: string): { readonly status: number | null; readonly output: string } {
  // Without npx, which asks a registry where it is in doubt.
  const path = `${join(project, "node_modules", ".bin")}:${env["PATH"] ?? ""}`;
  const ended = spawnSync("sh", ["-e", "-c", command.replaceAll("npx einkorn", "einkorn")], {
    cwd: project,
    encoding: "utf8",
    env: { ...env, PATH: path, GITHUB_ACTIONS: "" },
  });
  return { status: ended.status, output: ended.stdout + ended.stderr };
}

function get(value: Yaml | undefined, ...path: readonly (string | number)[]): Yaml | undefined {
  return path.reduce<Yaml | undefined>((at, key) => {
    if (at === null || typeof at !== "object") return undefined;
    return Object.entries(at).find(([k]) => k === String(key))?.[1];
  }, value);
}

function textOf(value: Yaml | undefined): string {
  if (typeof value !== "string") throw new Error("a text is wanted");
  return value;
}

function listOf(value: Yaml | undefined): readonly Yaml[] {
  if (!Array.isArray(value)) throw new Error("a list is wanted");
  return value;
}

/** On a build server the event and the run number; the C compiler may be missing here. */
function here(command: string): string {
  return command
    .replaceAll("${{ github.run_number }}", "7")
    .replaceAll("wasm,hls", "wasm")
    .replace("--runs 200", "--runs 5");
}

function workflow(): Yaml {
  return parseYaml(files.get(".github/workflows/kernels.yml") ?? "");
}

describe("the workflow of GitHub Actions", () => {
  test("is YAML with the keys that a workflow has", () => {
    const steps = listOf(get(workflow(), "jobs", "kernels", "steps"));
    expect(get(workflow(), "jobs", "kernels", "runs-on")).toBe("ubuntu-latest");
    expect(Object.keys(Object(get(workflow(), "on")))).toStrictEqual(["push", "pull_request", "schedule"]);
    for (const step of steps) {
      const keys = Object.keys(Object(step));
      expect(keys.filter((k) => !["name", "if", "uses", "run", "with"].includes(k))).toStrictEqual([]);
      expect(keys.includes("uses")).not.toBe(keys.includes("run"));
    }
  });

  test("its commands run, and the report is where the last step looks for it", { timeout: 120_000 }, () => {
    const steps = listOf(get(workflow(), "jobs", "kernels", "steps"));
    const runs = steps.flatMap((s) => get(s, "run") ?? []).filter((r) => r !== "npm ci");
    expect(runs).toHaveLength(4);
    for (const run of runs) expect(shell(here(textOf(run)))).toMatchObject({ status: 0 });
    expect(existsSync(join(project, textOf(get(steps.at(-1), "with", "path"))))).toBe(true);
  });
});

test("GitLab's file is YAML, and its script runs", { timeout: 120_000 }, () => {
  const config = parseYaml(files.get(".gitlab-ci.yml") ?? "");
  const script = listOf(get(config, "kernels", "script")).map(textOf);
  expect(script[0]).toBe("npm ci");
  rmSync(join(project, "einkorn.xml"), { force: true });
  for (const line of script.slice(1)) expect(shell(line)).toMatchObject({ status: 0 });
  expect(existsSync(join(project, textOf(get(config, "kernels", "artifacts", "reports", "junit"))))).toBe(true);
});

test("the script runs, and stops at what is wrong", { timeout: 120_000 }, () => {
  const script = files.get("kernels.sh") ?? "";
  expect(shell(script)).toMatchObject({ status: 0 });
  const file = join(project, "kernels", "blur.ein");
  const good = readFileSync(file, "utf8");
  writeFileSync(file, good.replace("X[i + 1] pad edge", "X[i + 1]"));
  const ended = shell(script);
  expect(ended.status).toBe(1);
  expect(ended.output).toContain("error[E2003]");
  writeFileSync(file, good);
});

test("the reader of YAML refuses what is none", () => {
  expect(parseYaml('a:\n  - b: "c"\n    d: e f\n  - g\nh:\n')).toStrictEqual({
    a: [{ b: "c", d: "e f" }, "g"],
    h: null,
  });
  for (const text of ["a:\n\tb: c", "a: b\na: c", "a: b\n  c: d", "a: [b]", "a: b: c", "- a\nb: c", "a"]) {
    expect(() => parseYaml(text), text).toThrow();
  }
});
