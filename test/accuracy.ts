/**
 * `npm run accuracy [-- NAME…]`: the largest errors of the derived operations as the WebAssembly target computes them, in f32 and
 * f64, over 10^6 random bit patterns and 10^6 values of each operation's working range, beside every value where something
 * changes; and of the interpreters' own definitions, over a hundredth of these. References: test/support/ulps.ts. Writes
 * bench/results/accuracy.json; exits with 1 if an error is larger than its row allows. EINKORN_SAMPLES=n takes n of each.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DerivedOp, DerivedRow } from "../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS, isDerivedOp, REFERENCE_ULPS } from "../compiler/ir/derived-ops.ts";
import { roundToDType } from "../compiler/ir/dtype.ts";
import type { WideFloat } from "../compiler/ir/math/arithmetic.ts";
import type { NDArray } from "../compiler/ir/values.ts";
import { makeRandom } from "../compiler/support/shuffle.ts";
import type { Executable } from "../runtime/device.ts";
import { openWasm } from "../runtime/devices/wasm.ts";
import { fromArray, toArray } from "../runtime/nd-array.ts";
import { kernelOf } from "./support/kernel-of.ts";
import { anyPair, edgesOf, workingPair } from "./support/math-samples.ts";
import { loadKernel } from "./support/run-kernel.ts";
import { errorInUlps } from "./support/ulps.ts";

const SEED = 1;
const SAMPLES = Number(process.env["EINKORN_SAMPLES"] ?? 1_000_000);
const BATCH = 10_000;
const FILE = join(import.meta.dirname, "..", "bench", "results", "accuracy.json");

type Largest = { ulps: number; at: readonly number[]; result: number };
type Row = {
  readonly function: DerivedOp;
  readonly dtype: WideFloat;
  readonly promised: number;
  readonly values: number;
  /** Over random bit patterns and edges, over the working range, and of the reference. */
  readonly bits: Largest;
  readonly working: Largest;
  readonly reference: Largest;
};

type Pairs = readonly (readonly [number, number])[];

function load(op: DerivedOp, format: WideFloat, extent: number): Promise<Executable> {
  const names = ["A", "B"].slice(0, DERIVED_OPS[op].arity);
  const params = names.map((n) => `${n}: ${format}[N]`).join(", ");
  const source = `kernel one(${params}) -> Y: ${format}[N] { Y[i] = ${op}(${names.map((n) => `${n}[i]`).join(", ")}); }`;
  return openWasm().then((device) => loadKernel(device, kernelOf(source, { N: extent })));
}

async function compute(executable: Executable, op: DerivedOp, format: WideFloat, pairs: Pairs) {
  const operands = [pairs.map(([x]) => x), pairs.map(([, y]) => y)].slice(0, DERIVED_OPS[op].arity);
  const inputs = operands.map((data): NDArray => ({ dtype: format, shape: [pairs.length], data }));
  const outputs = [{ dtype: format, shape: [pairs.length], out: null }];
  const [result] = executable.run({ inputs: inputs.map(fromArray), dims: new Map(), outputs });
  if (result === undefined) throw new Error(`${op} of ${format} gave nothing`);
  return toArray(await result.cpu()).data.map(Number);
}

function note(
  largest: Largest,
  op: DerivedOp,
  format: WideFloat,
  got: number,
  [x, y]: readonly [number, number],
): void {
  const ulps = errorInUlps(op, format, got, x, y);
  if (ulps <= largest.ulps) return;
  Object.assign(largest, { ulps, at: DERIVED_OPS[op].arity === 1 ? [x] : [x, y], result: got });
}

async function measure(op: DerivedOp, format: WideFloat): Promise<Row> {
  const row: DerivedRow = DERIVED_OPS[op];
  const random = makeRandom(SEED);
  const executable = await load(op, format, BATCH);
  const [bits, working, reference] = [1, 2, 3].map((): Largest => ({ ulps: 0, at: [], result: 0 }));
  if (bits === undefined || working === undefined || reference === undefined) throw new Error("three");
  const edges = edgesOf(format);
  const special = edges.flatMap((x) => (row.arity === 2 ? edges : [0]).map((y) => [x, y] as const));
  const batches = Math.ceil(SAMPLES / BATCH);
  for (let n = 0; n <= batches; n++) {
    const wild = Array.from({ length: BATCH }, (_, k) => (n === 0 ? special[k] : undefined) ?? anyPair(format, random));
    const tame = Array.from({ length: BATCH }, () => workingPair(op, format, random));
    for (const [pairs, largest] of [
      [wild, bits],
      [tame, working],
    ] as const) {
      const got = await compute(executable, op, format, pairs);
      for (const [k, pair] of pairs.entries()) {
        note(largest, op, format, got[k] ?? Number.NaN, pair);
        if (k % 100 === 0) note(reference, op, format, roundToDType(format, row.reference(...pair)), pair);
      }
    }
  }
  const values = 2 * BATCH * (batches + 1);
  return { function: op, dtype: format, promised: row.ulps[format], values, bits, working, reference };
}

function previous(): readonly Row[] {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")).rows;
  } catch {
    return [];
  }
}

/** JSON has no infinities and no NaN, and -0 loses its sign. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? Object.is(value, -0)
      ? "-0"
      : String(value)
    : value;

const chosen = process.argv.slice(2).filter(isDerivedOp);
const rows: Row[] = [];
let tooFar = 0;
for (const format of ["f32", "f64"] as const) {
  for (const op of chosen.length === 0 ? DERIVED_NAMES : chosen) {
    const row = await measure(op, format);
    rows.push(row);
    const right = Math.max(row.bits.ulps, row.working.ulps) <= row.promised && row.reference.ulps <= REFERENCE_ULPS;
    if (!right) tooFar++;
    const [a, b, c] = [row.bits, row.working, row.reference].map((l) => l.ulps.toFixed(3));
    console.log(`${format} ${op.padEnd(8)} bits ${a}, working range ${b}, reference ${c}${right ? "" : "  TOO FAR"}`);
  }
}
const kept = previous().filter((old) => !rows.some((r) => r.function === old.function && r.dtype === old.dtype));
const about = "largest errors in ulp on wasm; where, and what came; reference: the interpreters' own definition";
const place = (r: Row): string => `${r.dtype} ${String(DERIVED_NAMES.indexOf(r.function)).padStart(2, "0")}`;
const all = [...kept, ...rows].toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
writeFileSync(FILE, `${JSON.stringify({ about, seed: SEED, rows: all }, plain, 2)}\n`);
if (tooFar > 0) process.exitCode = 1;
