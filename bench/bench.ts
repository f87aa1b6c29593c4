/**
 * `npm run bench`: measures the figures that this version is held to, prints them with their bars, and writes them to
 * bench/results/slice.json, with the machine and the versions; what the demonstration finds goes to demo.json beside it, and
 * the tables of both into the README.
 * `--check` ends with 1 where a figure misses its bar, and writes nothing. Measure on a machine that does nothing else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, tmpdir, type } from "node:os";
import { join } from "node:path";
import { argv, exit, versions } from "node:process";
import type { DemoResult } from "../runtime/cli/demo.ts";
import { demo } from "../runtime/cli/demo.ts";
import { close } from "../runtime/node/index.ts";
import { expRow } from "./exp.ts";
import { chainRow, lenetRow } from "./kernels.ts";
import type { Row } from "./row.ts";
import { holds } from "./row.ts";
import { demoTable, figureTable, withTable } from "./tables.ts";
import { compileRows, firstResultRow, versionRow } from "./starts.ts";

const RESULTS = join(import.meta.dirname, "results");

const options = argv.slice(2);
const unknown = options.find((o) => o !== "--check");
if (unknown !== undefined) {
  console.error(`usage: npm run bench [-- --check]; there is no option ${JSON.stringify(unknown)}`);
  exit(2);
}

const rows: Row[] = [];
for (const measure of [lenetRow, chainRow, expRow, firstResultRow, versionRow, compileRows]) {
  for (const row of [await measure()].flat()) {
    rows.push(row);
    console.log(lineOf(row));
  }
}
await close();
const missed = rows.filter((row) => !holds(row));
if (options.includes("--check")) {
  for (const row of missed) console.error(`missed: ${lineOf(row)}`);
  exit(missed.length === 0 ? 0 : 1);
}
const figures = rows.map(figuresOf);
const demonstration = await demoRows();
save("slice.json", figures);
save("demo.json", demonstration);
const readme = join(import.meta.dirname, "..", "README.md");
const page = withTable(readFileSync(readme, "utf8"), "demo", demoTable(demonstration));
writeFileSync(readme, withTable(page, "figures", figureTable(figures)));

function save(file: string, measured: readonly unknown[]): void {
  writeFileSync(join(RESULTS, file), `${JSON.stringify({ ...circumstances(), rows: measured }, null, 2)}\n`);
}

/** Without the files that it writes. */
async function demoRows(): Promise<DemoResult["rows"]> {
  const folder = mkdtempSync(join(tmpdir(), "einkorn-bench-"));
  const { result, exit: code = 0, text } = await demo({ out: folder });
  rmSync(folder, { recursive: true, force: true });
  console.log(text.join("\n"));
  if (result === null || code !== 0) throw new Error("the demonstration does not agree with its reference");
  return result.rows;
}

function lineOf(row: Row): string {
  const bar = `${row.bound === "atLeast" ? "at least" : "at most"} ${row.bar} ${row.unit}`;
  const spread = `${digits(row.min)} to ${digits(row.max)}`;
  return `${holds(row) ? "holds " : "MISSED"}  ${row.name}: ${digits(row.median)} ${row.unit} (${spread}); ${bar}`;
}

/** Three digits that matter. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** When, on what, with which versions. */
function circumstances() {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), system: `${type()} ${release()}` },
    versions: { node: versions.node, v8: versions.v8, binaryen: dependencies.binaryen },
  };
}

function figuresOf(row: Row) {
  return {
    name: row.name,
    unit: row.unit,
    einkorn: rounded(row.median),
    bar: row.bar,
    bound: row.bound,
    holds: holds(row),
    min: rounded(row.min),
    max: rounded(row.max),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
