/**
 * `npm run bench`: measures the figures that this version is held to, prints them with their bars, and writes
 * bench/results/slice.json with the machine and the versions. `--check` ends with 1 where a figure misses its bar; nothing
 * is written then. Measure on a machine that does nothing else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, type } from "node:os";
import { join } from "node:path";
import { argv, exit, versions } from "node:process";
import { close } from "../runtime/node/index.ts";
import { expRow } from "./exp.ts";
import { chainRow, lenetRow } from "./kernels.ts";
import type { Row } from "./row.ts";
import { holds } from "./row.ts";
import { compileRows, firstResultRow, versionRow } from "./starts.ts";

const RESULTS = join(import.meta.dirname, "results", "slice.json");

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
writeFileSync(RESULTS, `${JSON.stringify(report(rows), null, 2)}\n`);

function lineOf(row: Row): string {
  const bar = `${row.bound === "atLeast" ? "at least" : "at most"} ${row.bar} ${row.unit}`;
  const spread = `${digits(row.min)} to ${digits(row.max)}`;
  return `${holds(row) ? "holds " : "MISSED"}  ${row.name}: ${digits(row.median)} ${row.unit} (${spread}); ${bar}`;
}

/** Three digits that matter. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function report(measured: readonly Row[]) {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), system: `${type()} ${release()}` },
    versions: { node: versions.node, v8: versions.v8, binaryen: dependencies.binaryen },
    rows: measured.map((row) => ({
      name: row.name,
      unit: row.unit,
      einkorn: rounded(row.median),
      bar: row.bar,
      bound: row.bound,
      holds: holds(row),
      min: rounded(row.min),
      max: rounded(row.max),
    })),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
