/**
 * `npm run mutants [-- --only TEXT] [--workers N]`: seeds each miscompile of mutants.ts, one at a time, into a copy of the
 * compiler, and runs a fast part of the tests on it. Prints which test caught which; exits with 1 if more than two survive. A
 * mutant whose text is no longer there, or is there twice, is an error: the list is kept up with the code.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Edit, Mutant } from "./mutants.ts";
import { MUTANTS } from "./mutants.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COPIED = [
  "compiler",
  "targets",
  "runtime",
  "test",
  "bin",
  "dsl-examples",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];
/** This many may get away. */
const SURVIVORS = 2;
const TIME_LIMIT = 120_000;
const RANDOM_KERNELS = "120";

/** Run one after the other, until one fails. */
const SUITES: readonly (readonly string[])[] = [
  ["test/unit/machine-memory-order.test.ts", "test/property/hard-kernels.test.ts"],
  ["test/property/random-kernels.test.ts"],
  ["test/property/pipeline.test.ts"],
  ["test/unit/wasm-math.test.ts", "test/unit/wasm-canaries.test.ts", "test/unit/narrow-floats.test.ts"],
];

type Verdict = { readonly mutant: Mutant; readonly caughtBy: string | null; readonly seconds: number };

const { values } = parseArgs({ options: { only: { type: "string" }, workers: { type: "string", default: "2" } } });
const chosen = MUTANTS.filter((m) => values.only === undefined || m.name.includes(values.only));
const folder = mkdtempSync(join(tmpdir(), "einkorn-mutants-"));
const verdicts: Verdict[] = [];
try {
  for (const m of chosen) for (const e of m.edits) edited(e);
  const copies = Array.from({ length: Math.max(1, Math.min(8, Number(values.workers))) }, (_, n) => makeCopy(n));
  const [first] = copies;
  if (first !== undefined) {
    const broken = await caughtBy(first, SUITES);
    if (broken !== null) throw new Error(`the tests fail without a mutant: ${broken}`);
  }
  const queue = [...chosen];
  await Promise.all(copies.map((copy) => work(copy, queue)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printTable();

async function work(copy: string, queue: Mutant[]): Promise<void> {
  for (let m = queue.shift(); m !== undefined; m = queue.shift()) {
    const started = performance.now();
    for (const e of m.edits) writeFileSync(join(copy, e.file), edited(e));
    typeCheck(copy, m);
    const by = await caughtBy(copy, SUITES);
    for (const e of m.edits) writeFileSync(join(copy, e.file), readFileSync(join(ROOT, e.file)));
    const seconds = (performance.now() - started) / 1000;
    verdicts.push({ mutant: m, caughtBy: by, seconds });
    console.log(`${by === null ? "SURVIVED" : "caught  "} ${seconds.toFixed(0).padStart(4)} s  ${m.name}`);
  }
}

/** A mutant that the type checker would see shows nothing about the tests. */
function typeCheck(copy: string, m: Mutant): void {
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const checked = spawnSync(tsc, ["--noUnusedLocals", "false", "--noUnusedParameters", "false"], { cwd: copy });
  const errors = checked.stdout
    .toString()
    .split("\n")
    .filter((line) => m.edits.some((e) => line.startsWith(e.file)));
  if (errors.length > 0) throw new Error(`"${m.name}" is no type-correct program:\n${errors.join("\n")}`);
}

function makeCopy(n: number): string {
  const copy = join(folder, `${n}`);
  mkdirSync(copy);
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** The file's text with the edit in it. */
function edited({ file, find, replace }: Edit): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}

/** The first test that fails in the copy; null where all pass. */
async function caughtBy(copy: string, suites: typeof SUITES): Promise<string | null> {
  for (const files of suites) {
    const report = join(copy, "report.json");
    rmSync(report, { force: true });
    const ended = await runTests(copy, files, report);
    if (ended === 0) continue;
    return ended === "time" ? "the time limit" : firstFailure(report);
  }
  return null;
}

function runTests(copy: string, files: readonly string[], report: string): Promise<number | "time"> {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--bail=1", "--maxWorkers=1", "--reporter=json", `--outputFile=${report}`, ...files];
  const path = `${join(ROOT, "node_modules", ".bin")}${delimiter}${env["PATH"] ?? ""}`;
  return new Promise((resolve) => {
    const child = spawn(execPath, args, {
      cwd: copy,
      stdio: "ignore",
      env: { ...env, PATH: path, EINKORN_RANDOM_KERNELS: RANDOM_KERNELS },
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve("time");
    }, TIME_LIMIT);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

type Report = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
};

function firstFailure(report: string): string {
  let found: Report;
  try {
    // The shape is vitest's own.
    found = JSON.parse(readFileSync(report, "utf8")) satisfies Report;
  } catch {
    return "the tests do not start";
  }
  for (const file of found.testResults) {
    const failed = file.assertionResults.find((t) => t.status === "failed");
    const name = file.name.replace(/^.*\/test\//, "");
    if (failed !== undefined) return `${name}: ${firstLine(failed.failureMessages[0] ?? failed.fullName)}`;
    if (file.message !== "") return `${name}: ${firstLine(file.message)}`;
  }
  return "an error outside of tests";
}

function firstLine(text: string): string {
  const line = (text.split("\n")[0] ?? "").replace(/^AssertionError: /, "");
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}

function printTable(): void {
  const survived = verdicts.filter((v) => v.caughtBy === null);
  const width = Math.max(...verdicts.map((v) => v.mutant.name.length));
  console.log("");
  for (const m of chosen) {
    const v = verdicts.find((x) => x.mutant === m);
    console.log(`${m.name.padEnd(width)}  ${v?.caughtBy ?? "SURVIVED"}`);
  }
  console.log(`\n${verdicts.length - survived.length} of ${verdicts.length} caught`);
  process.exitCode = survived.length > SURVIVORS ? 1 : 0;
}
