/** Times that a user waits: for a process to start, for a first result, for a kernel to be compiled. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { execPath } from "node:process";
import { summarise } from "./measure.ts";
import type { Row } from "./row.ts";

const root = join(import.meta.dirname, "..");
const bin = join(root, "bin", "einkorn.mjs");

function run(argv: readonly string[]): { readonly milliseconds: number; readonly stdout: string } {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(execPath, argv, { cwd: root, encoding: "utf8" });
  const milliseconds = performance.now() - before;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return { milliseconds, stdout };
}

function startRow(name: string, bar: number, argv: readonly string[], samples: number): Row {
  // The first start fills the compile cache.
  run([bin, ...argv]);
  return waitRow(
    name,
    bar,
    Array.from({ length: samples }, () => run([bin, ...argv]).milliseconds),
  );
}

export function versionRow(): Row {
  return startRow("--version, from the start of the process", 150, ["--version"], 11);
}

export function firstResultRow(): Row {
  const program = join("dsl-examples", "matmul.ein");
  const sizes = ["M", "N", "K"].flatMap((d) => ["--dim", `${d}=64`]);
  const argv = ["run", program, "--in", "A=random", "--in", "B=random:1", ...sizes];
  return startRow("run of matmul 64, from the start of the process", 900, argv, 7);
}

/** First kernel of a process and next ones, Binaryen loaded. */
export function compileRows(): readonly Row[] {
  const file = join(import.meta.dirname, "compile-once.ts");
  const times = Array.from({ length: 7 }, (): { readonly first: number; readonly next: number } =>
    JSON.parse(run([file]).stdout),
  );
  return [
    waitRow(
      "source to callable, first kernel",
      120,
      times.map((t) => t.first),
    ),
    waitRow(
      "source to callable, next kernel",
      15,
      times.map((t) => t.next),
    ),
  ];
}

function waitRow(name: string, bar: number, milliseconds: readonly number[]): Row {
  return { name, unit: "ms", bar, bound: "atMost", ...summarise(milliseconds) };
}
