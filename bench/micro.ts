/**
 * A quick look at the speed of WASM kernels on this machine: streaming arithmetic, exp, products, a convolution, softmax and
 * the digit network, for both variants. Times are the best of batches of calls on tensors that lie in the device's memory; the
 * clock is calibrated by a chain of dependent additions, so that cycles per vector can be told. Run it alone:
 * `node bench/micro.ts [name …]`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argv, versions } from "node:process";
import type { WasmDevice } from "../runtime/devices/wasm.ts";
import { openWasm } from "../runtime/devices/wasm.ts";
import { compile } from "../runtime/index.ts";
import { Tensor } from "../runtime/tensor.ts";

type Workload = {
  readonly name: string;
  readonly source: string;
  readonly kernel: string;
  /** Shapes of the parameters by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** What one call does, in units of `unit`: 1e9 bytes or operations, images, vectors. */
  readonly work: number;
  readonly unit: "GB/s" | "GFLOP/s" | "cycles per 4" | "images/s";
};

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../dsl-examples", `${name}.ein`), "utf8");

const MATMUL = example("matmul");
const product = (n: number): Workload => ({
  name: `matmul ${n}`,
  source: MATMUL,
  kernel: "matmul",
  shapes: { A: [n, n], B: [n, n] },
  work: (2 * n ** 3) / 1e9,
  unit: "GFLOP/s",
});

const streams = (name: string, body: string, count: number): Workload => ({
  name: `${name}, ${count >= 1 << 20 ? `${count >> 20}M` : `${count >> 10}k`}`,
  source: `export kernel f(X: f32[N], a: f32, b: f32, c: f32) -> Y: f32[N] { Y[i] = ${body}; }`,
  kernel: "f",
  shapes: { X: [count], a: [], b: [], c: [] },
  work: (8 * count) / 1e9,
  unit: "GB/s",
});

const math = (name: string): Workload => ({
  ...streams(name, `${name}(X[i])`, 1 << 16),
  work: (1 << 16) / 4,
  unit: "cycles per 4",
});

const LENET_WEIGHTS = { w1: [8, 1, 5, 5], b1: [8], w2: [16, 8, 5, 5], b2: [16], wf: [256, 10], bf: [10] };

const WORKLOADS: readonly Workload[] = [
  streams("max(a*x + b, 0) * c", "max(a * X[i] + b, 0.0) * c", 1 << 20),
  streams("max(a*x + b, 0) * c", "max(a * X[i] + b, 0.0) * c", 1 << 15),
  ...["exp", "tanh", "sigmoid", "log", "erf", "sin"].map(math),
  ...[64, 256, 512].map(product),
  {
    name: "conv 5x5, 8→16, 14x14, batch 32",
    source: example("lenet").replace("kernel conv5", "export kernel conv5"),
    kernel: "conv5",
    shapes: { X: [32, 8, 14, 14], F: [16, 8, 5, 5], b: [16] },
    work: (32 * 2 * 16 * 14 * 14 * 8 * 25) / 1e9,
    unit: "GFLOP/s",
  },
  {
    name: "softmax 1024x1024",
    source: example("softmax"),
    kernel: "softmax",
    shapes: { X: [1024, 1024] },
    work: (8 * 1024 * 1024) / 1e9,
    unit: "GB/s",
  },
  {
    name: "layer norm 1024x768",
    source: example("layer_norm"),
    kernel: "layer_norm",
    shapes: { X: [1024, 768], g: [768], b: [768] },
    work: (8 * 1024 * 768) / 1e9,
    unit: "GB/s",
  },
  ...[1, 1000].map((batch): Workload => ({
    name: `lenet, batch ${batch}`,
    source: example("lenet"),
    kernel: "lenet",
    shapes: { X: [batch, 1, 28, 28], ...LENET_WEIGHTS },
    work: batch,
    unit: "images/s",
  })),
];

/** Seconds of one call: the best of 25 batches of about 5 ms, since others may use the machine too, after 200 ms of warming. */
function timeOf(run: () => void): number {
  const batch = (calls: number): number => {
    const start = performance.now();
    for (let n = 0; n < calls; n++) run();
    return (performance.now() - start) / 1000 / calls;
  };
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < 200; calls++) run();
  const size = Math.max(1, Math.ceil(calls / 40));
  return Math.min(...Array.from({ length: 25 }, () => batch(size)));
}

/** A loop of 32 additions and exclusive ors that wait for each other: one cycle each on every processor of today. */
async function cyclesPerSecond(): Promise<number> {
  const { default: binaryen } = await import("binaryen");
  const m = new binaryen.Module();
  const [n, s, x] = [0, 1, 2].map((i) => () => m.local.get(i, binaryen.i32));
  if (n === undefined || s === undefined || x === undefined) throw new Error("three locals");
  const steps = Array.from({ length: 16 }, () => m.local.set(2, m.i32.add(m.i32.xor(x(), s()), n())));
  const count = m.local.set(0, m.i32.sub(n(), m.i32.const(1)));
  const loop = m.loop("l", m.block(null, [...steps, count, m.br_if("l", n())]));
  const params = binaryen.createType([binaryen.i32, binaryen.i32]);
  m.addFunction("f", params, binaryen.i32, [binaryen.i32], m.block(null, [loop, x()], binaryen.i32));
  m.addFunctionExport("f", "f");
  const { instance } = await WebAssembly.instantiate(new Uint8Array(m.emitBinary()));
  m.dispose();
  const { f } = instance.exports;
  if (typeof f !== "function") throw new Error("no function");
  return (10_000 * 32) / timeOf(() => void f(10_000, 3));
}

async function measure(w: Workload, device: WasmDevice, clock: number): Promise<string> {
  const kernels = await compile(w.source, { target: device, kernels: [w.kernel] });
  const kernel = kernels[w.kernel];
  if (kernel === undefined) throw new Error(`no kernel ${w.kernel}`);
  const { copy } = await compile("export kernel copy(X: f32[N]) -> Y: f32[N] { Y[i] = X[i]; }", { target: device });
  const args = Object.fromEntries(
    Object.entries(w.shapes).map(([name, shape], seed) => {
      const t = Tensor.random(shape, { seed });
      const flat = copy?.({ X: Tensor.from(t.data, { shape: [t.size] }) })["Y"];
      // In the device's memory, so that no copy is timed.
      return [name, flat === undefined ? t : Tensor.over("f32", shape, flat.storage)];
    }),
  );
  const out = kernel(args);
  const seconds = timeOf(() => void kernel(args, { out }));
  const figure = w.unit === "cycles per 4" ? (seconds * clock) / w.work : w.work / seconds;
  return `${(seconds * 1e6).toFixed(1).padStart(10)} us ${figure.toFixed(figure < 100 ? 1 : 0).padStart(8)} ${w.unit}`;
}

const wanted = argv.slice(2);
console.log(`V8 ${versions.v8}`);
for (const relaxed of [true, false]) {
  const device = await openWasm({ relaxed });
  const clock = await cyclesPerSecond();
  console.log(`${device.target.name}, ${(clock / 1e9).toFixed(2)} GHz`);
  for (const w of WORKLOADS) {
    if (wanted.length > 0 && !wanted.some((name) => w.name.includes(name))) continue;
    console.log(`  ${w.name.padEnd(34)} ${await measure(w, device, clock)}`);
  }
  await device.close();
}
