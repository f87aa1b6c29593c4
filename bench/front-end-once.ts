/**
 * A process of its own for front-end.ts: a generated program is parsed, checked and proved once. Prints the processor
 * time in milliseconds and the memory in megabytes as JSON. Run it with `--max-old-space-size` to hold it to a heap.
 */
import { argv, cpuUsage, exit, memoryUsage } from "node:process";
import { checkProgram, lowerKernel } from "../compiler/lang/check-program.ts";
import { parse } from "../compiler/lang/parse.ts";
import { proveKernel } from "../compiler/passes/prove/prove-kernel.ts";
import { Diagnostics } from "../compiler/support/diagnostics.ts";
import { makeSource } from "../compiler/support/source.ts";
import { BIG_SOURCES, isSourceName } from "./big-sources.ts";

/** Milliseconds of the processor: those on the wall where nothing else runs, or fewer. */
function now(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

const [name = "", kilobytes = "", stopAfter = "prove"] = argv.slice(2);
if (!isSourceName(name) || !(Number(kilobytes) > 0)) {
  console.error(`usage: front-end-once.ts ${Object.keys(BIG_SOURCES).join("|")} KILOBYTES [parse|prove]`);
  exit(2);
}

const source = makeSource(`${name}.ein`, BIG_SOURCES[name](Number(kilobytes) * 1024));
const diagnostics = new Diagnostics();
const start = now();
const program = parse(source, diagnostics);
const parsed = now();
let [checked, proved, proofs] = [parsed, parsed, 0];
if (stopAfter === "prove") {
  const table = checkProgram(program, diagnostics);
  checked = now();
  for (const kernel of table.kernels) {
    const lowered = lowerKernel(table, kernel.name, {}, diagnostics);
    if (lowered === null) continue;
    proofs += proveKernel(lowered.kernel, lowered.spans, lowered.claims, diagnostics)?.proofs.length ?? 0;
  }
  proved = now();
}
for (const d of diagnostics.list.slice(0, 5)) console.error(`${d.code}: ${d.message}`);
if (diagnostics.hasErrors) exit(1);
console.log(
  JSON.stringify({
    name,
    bytes: source.text.length,
    declarations: program.declarations.length,
    proofs,
    parse: parsed - start,
    check: checked - parsed,
    prove: proved - checked,
    heap: memoryUsage().heapUsed / 2 ** 20,
  }),
);
