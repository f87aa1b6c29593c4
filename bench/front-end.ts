/**
 * `node bench/front-end.ts`: how long large programs take to be parsed, checked and proved, in how much memory, and whether
 * that grows with their length alone. Prints the figures with their bars and writes them to bench/results/front-end.json,
 * with the time of each step at each size. `--check` ends with 1 where a figure misses its bar, and writes nothing.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, execPath, exit } from "node:process";
import type { SourceName } from "./big-sources.ts";
import { BIG_SOURCES, isSourceName } from "./big-sources.ts";
import { circumstances, figuresOf, lineOf } from "./figures.ts";
import { summarise } from "./measure.ts";
import type { Row } from "./row.ts";
import { holds } from "./row.ts";

/** What front-end-once.ts prints: milliseconds and megabytes. */
type Once = {
  readonly bytes: number;
  readonly declarations: number;
  readonly proofs: number;
  readonly parse: number;
  readonly check: number;
  readonly prove: number;
  readonly heap: number;
};

const KILOBYTES = [128, 256, 512, 1024] as const;
const LARGEST = 1024;
/** The size that the largest is compared with: below it the first use of everything shows. */
const COMPARED = 256;
const SAMPLES = 3;

const options = argv.slice(2);
const unknown = options.find((o) => o !== "--check");
if (unknown !== undefined) {
  console.error(`usage: node bench/front-end.ts [--check]; there is no option ${JSON.stringify(unknown)}`);
  exit(2);
}

const names = Object.keys(BIG_SOURCES).filter(isSourceName);
const taken = names.flatMap((name) =>
  KILOBYTES.map((kilobytes) => ({ name, kilobytes, samples: measure(name, kilobytes) })),
);
const rows = names.flatMap(rowsOf);
for (const row of rows) console.log(lineOf(row));
const missed = rows.filter((row) => !holds(row));
if (options.includes("--check")) {
  for (const row of missed) console.error(`missed: ${lineOf(row)}`);
  exit(missed.length === 0 ? 0 : 1);
}
const sizes = taken.map(({ name, kilobytes, samples }) => ({ program: name, kilobytes, ...medians(samples) }));
const results = { ...circumstances(), rows: rows.map(figuresOf), sizes };
writeFileSync(join(import.meta.dirname, "results", "front-end.json"), `${JSON.stringify(results, null, 2)}\n`);

/** In processes of their own, so that one does not warm up another. */
function measure(name: SourceName, kilobytes: number): readonly Once[] {
  return Array.from({ length: SAMPLES }, () => once(name, kilobytes, []));
}

function once(name: SourceName, kilobytes: number, flags: readonly string[], last = "prove"): Once {
  const file = join(import.meta.dirname, "front-end-once.ts");
  const { status, stdout, stderr } = spawnSync(execPath, [...flags, file, name, `${kilobytes}`, last], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${kilobytes} KB of ${name}: ${stderr}`);
  return JSON.parse(stdout);
}

function samplesOf(name: SourceName, kilobytes: number): readonly Once[] {
  return taken.find((t) => t.name === name && t.kilobytes === kilobytes)?.samples ?? [];
}

function rowsOf(name: SourceName): readonly Row[] {
  const samples = samplesOf(name, LARGEST);
  const seconds = (of: (o: Once) => number) => summarise(samples.map((o) => of(o) / 1000));
  const before = summarise(samplesOf(name, COMPARED).map(perByte)).median;
  const growth = summarise(samples.map((o) => perByte(o) / before));
  return [
    { name: `${name}, 1 MB: parse`, unit: "s", bar: 3, bound: "atMost", ...seconds((o) => o.parse) },
    { name: `${name}, 1 MB: parse`, unit: "MB of heap", bar: 400, bound: "atMost", ...leastHeap(name) },
    {
      name: `${name}, 1 MB: check and prove`,
      unit: "s",
      bar: 20,
      bound: "atMost",
      ...seconds((o) => o.check + o.prove),
    },
    { name: `${name}, 1 MB against 256 KB`, unit: "times for a byte", bar: 1.5, bound: "atMost", ...growth },
  ];
}

/** Milliseconds of all steps. */
function perByte(o: Once): number {
  return (o.parse + o.check + o.prove) / o.bytes;
}

/** The smallest heap, in steps of 50 MB, that the largest program can be parsed in: the engine is held to it. */
function leastHeap(name: SourceName): ReturnType<typeof summarise> {
  for (let heap = 50; heap < 4000; heap += 50) {
    try {
      once(name, LARGEST, [`--max-old-space-size=${heap}`], "parse");
      return summarise([heap]);
    } catch {
      // The process ended for lack of memory: a larger one is tried.
    }
  }
  throw new Error(`1 MB of ${name} is not parsed in 4 GB`);
}

function medians(samples: readonly Once[]) {
  const median = (of: (o: Once) => number): number => Math.round(summarise(samples.map(of)).median);
  const [first] = samples;
  return {
    bytes: first?.bytes ?? 0,
    declarations: first?.declarations ?? 0,
    proofs: first?.proofs ?? 0,
    parse: median((o) => o.parse),
    check: median((o) => o.check),
    prove: median((o) => o.prove),
    heap: median((o) => o.heap),
  };
}
