/**
 * Speed of compiled code on WASM, one thread: the digit network in batches, and a chain of elementwise operations that is
 * bound by memory. Tensors live in the memory of WebAssembly, as those that kernels make do.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "../runtime/files/safetensors.ts";
import { compile, Tensor } from "../runtime/node/index.ts";
import { rates, timeCalls } from "./measure.ts";
import type { Row } from "./row.ts";

const examples = join(import.meta.dirname, "..", "dsl-examples");

/** A copy whose elements lie in the memory of WebAssembly: what a kernel makes. */
async function resident(t: Tensor): Promise<Tensor> {
  const shape = t.shape.map((_, n) => `N${n}`).join(", ");
  const at = t.shape.map((_, n) => `i${n}`).join(", ");
  const source = `kernel copy(x: ${t.dtype}[${shape}]) -> y: ${t.dtype}[${shape}] { y[${at}] = x[${at}]; }`;
  const { copy } = await compile(source, { kernels: ["copy"] });
  return present(copy({ x: t })["y"]);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

/** Images per second in batches of 1,000. */
export async function lenetRow(): Promise<Row> {
  const batch = 1000;
  const source = readFileSync(join(examples, "lenet.ein"), "utf8");
  const { lenet } = await compile(source, { kernels: ["lenet"] });
  const weights = openSafetensors(readFileSync(join(examples, "digits", "weights.safetensors")), "weights");
  const X = await resident(Tensor.random([batch, 1, 28, 28]));
  const args = { X, ...Object.fromEntries(weights.names.map((name) => [name, weights.read(name)])) };
  const out = { Y: present(lenet(args)["Y"]) };
  const samples = timeCalls(() => lenet(args, { out }), 10, 3000);
  const images = rates(samples, (ms) => (batch / ms) * 1000);
  return { name: "lenet, batches of 1,000", unit: "images/s", bar: 5000, bound: "atLeast", ...images };
}

/** Bytes read and written per second by `y = max(a*x + b, 0) * c` over a million f32. */
export async function chainRow(): Promise<Row> {
  const length = 1 << 20;
  const source = `kernel chain(x: f32[N], a: f32, b: f32, c: f32) -> y: f32[N] { y[i] = max(a * x[i] + b, 0.0) * c; }`;
  const { chain } = await compile(source, { kernels: ["chain"] });
  const args = { x: await resident(Tensor.random([length])), a: 1.5, b: -0.25, c: 0.75 };
  const out = { y: present(chain(args)["y"]) };
  const samples = timeCalls(() => chain(args, { out }), 200, 2000);
  const throughput = rates(samples, (ms) => (8 * length) / ms / 1e6);
  return { name: "max(a*x + b, 0) * c, 1M f32", unit: "GB/s", bar: 30, bound: "atLeast", ...throughput };
}
