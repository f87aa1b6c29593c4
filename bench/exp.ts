/**
 * Cycles that exp takes per four lanes, load and store included. The clock is calibrated with a chain of dependent
 * additions, one a cycle on every processor of these years, so that the figure does not depend on what the machine says
 * its frequency is.
 */
import binaryen from "binaryen";
import { compile, Tensor } from "../runtime/node/index.ts";
import { summarise, timeCalls } from "./measure.ts";
import type { Row } from "./row.ts";

/** Dependent instructions per turn of the loop: additions and exclusive ors, which no compiler can merge. */
const CHAIN = 64;
const TURNS = 100_000;

/** The clock in cycles per millisecond. */
async function calibrate(): Promise<number> {
  const m = new binaryen.Module();
  const { i32 } = binaryen;
  const [x, y, n] = [0, 1, 2];
  let value = m.local.get(x, i32);
  for (let k = 0; k < CHAIN / 2; k++) value = m.i32.xor(m.i32.add(value, m.local.get(y, i32)), m.local.get(n, i32));
  const turn = m.block(null, [
    m.local.set(x, value),
    m.br_if("loop", m.local.tee(n, m.i32.sub(m.local.get(n, i32), m.i32.const(1)), i32)),
  ]);
  const body = m.block(null, [m.loop("loop", turn), m.local.get(x, i32)], i32);
  m.addFunction("chain", binaryen.createType([i32, i32, i32]), i32, [], body);
  m.addFunctionExport("chain", "chain");
  const bytes = new Uint8Array(m.emitBinary());
  m.dispose();
  const { instance } = await WebAssembly.instantiate(bytes);
  const { chain } = instance.exports;
  if (typeof chain !== "function") throw new Error("no chain");
  const { min } = summarise(timeCalls(() => void chain(1, 3, TURNS), 20, 500));
  return (CHAIN * TURNS) / min;
}

export async function expRow(): Promise<Row> {
  const length = 1 << 17;
  const source = "kernel f(x: f32[N]) -> y: f32[N] { y[i] = exp(x[i]); }";
  const { f } = await compile(source, { kernels: ["f"] });
  const { y: x } = f({ x: Tensor.random([length]) });
  const { y } = f({ x: Tensor.zeros([length]) });
  if (x === undefined || y === undefined) throw new Error("no outputs");
  const clock = await calibrate();
  const cycles = timeCalls(() => f({ x }, { out: { y } }), 200, 1000).map((ms) => (ms * clock) / (length / 4));
  return { name: "exp", unit: "cycles per 4 lanes", bar: 12, bound: "atMost", ...summarise(cycles) };
}
