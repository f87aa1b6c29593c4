/**
 * `npm run bench`: measures the figures that this version is held to, prints them with their bars, and writes them to
 * bench/results/slice.json, with the machine and the versions; what the demonstration finds goes to demo.json beside it, and
 * the tables of both into the README.
 * `--check` ends with 1 where a figure misses its bar, and writes nothing. Measure on a machine that does nothing else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, exit } from "node:process";
import type { DemoResult } from "../runtime/cli/demo.ts";
import { demo } from "../runtime/cli/demo.ts";
import { close } from "../runtime/node/index.ts";
import { expRow } from "./exp.ts";
import { circumstances, figuresOf, lineOf } from "./figures.ts";
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
