/** How figures are written: a line on the terminal, a row of a file of results, and the circumstances they were taken in. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, type } from "node:os";
import { join } from "node:path";
import { versions } from "node:process";
import type { Row } from "./row.ts";
import { holds } from "./row.ts";

export function lineOf(row: Row): string {
  const bar = `${row.bound === "atLeast" ? "at least" : "at most"} ${row.bar} ${row.unit}`;
  const spread = `${digits(row.min)} to ${digits(row.max)}`;
  return `${holds(row) ? "holds " : "MISSED"}  ${row.name}: ${digits(row.median)} ${row.unit} (${spread}); ${bar}`;
}

/** Three digits that matter. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** When, on what, with which versions. */
export function circumstances() {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), system: `${type()} ${release()}` },
    versions: { node: versions.node, v8: versions.v8, binaryen: dependencies.binaryen },
  };
}

export function figuresOf(row: Row) {
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
