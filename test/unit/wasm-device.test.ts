/** The WASM device: memory that grows, is given back and is shared, tensors from elsewhere, and what it refuses. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, constant, mul, sub } from "../../compiler/ir/expr.ts";
import type { Call } from "../../runtime/device.ts";
import { openWasm, wasmDevice } from "../../runtime/devices/wasm.ts";
import { WasmMemory, WasmStorage } from "../../runtime/devices/wasm-memory.ts";
import { hasRelaxedMadd, hasSimd } from "../../runtime/devices/wasm-probe.ts";
import { Tensor } from "../../runtime/tensor.ts";
import type { Handle } from "../support/build-kernel.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { refusal } from "../support/refusal.ts";
import { loadKernel } from "../support/run-kernel.ts";

/** y[i] = 2 x[i] + 1, after a scratch stage that keeps it from being one expression. */
function doubled(): Kernel {
  const k = new KernelBuilder("doubled");
  const n = k.dim("N");
  const x = k.param("x", "f32", [n]);
  k.output(k.stage("y", { i: n }, (i) => add(mul(x.at(i), constant("f32", 2)), constant("f32", 1))));
  return k.build();
}

/** Row maxima of products, which need scratch memory of M × M elements, once or thrice. */
function needsScratch(thrice = false): Kernel {
  const k = new KernelBuilder("scratch");
  const m = k.dim("M");
  const x = k.param("x", "f32", [m]);
  const product = (name: string): Handle =>
    k.stage(name, { i: m, j: m }, (i, j) => k.reduce("sum", { q: 2 }, (q) => mul(x.at(i), mul(x.at(j), asF32(q)))));
  const outer = product("outer");
  const [other, third] = thrice ? [product("other"), product("third")] : [outer, outer];
  const difference = (i: Expr, j: Expr): Expr => sub(other.at(j, i), third.at(j, i));
  k.output(
    k.stage("y", { i: m }, (i) =>
      k.reduce("max", { j: m }, (j) =>
        thrice ? add(outer.at(i, j), difference(i, j)) : add(outer.at(i, j), outer.at(j, i)),
      ),
    ),
  );
  return k.build();
}

const asF32 = (e: Expr): Expr => ({
  kind: "cast",
  type: "f32",
  mode: "exact",
  arg: { kind: "cast", type: "i32", mode: "exact", arg: e },
});

function callWith(kernel: Kernel, x: Tensor, out: Tensor | null = null): Call {
  const [size = 0] = x.shape;
  const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(size)] as const));
  return { inputs: [x], dims, outputs: [{ dtype: "f32", shape: x.shape, out }] };
}

const first = <T>(list: readonly T[]): T => {
  const [head] = list;
  if (head === undefined) throw new Error("nothing there");
  return head;
};

const startOf = (t: Tensor): number => (t.storage instanceof WasmStorage ? t.storage.block.start : -1);

test("an engine with SIMD has a device, and its multiply-add is probed", async () => {
  expect(hasSimd()).toBe(true);
  const here = await wasmDevice.probe();
  expect(here.available).toBe(true);
  const device = await wasmDevice.open();
  expect(device.target.name).toBe((await hasRelaxedMadd()) ? "wasm-relaxed" : "wasm");
  await device.close();
});

test("results feed further kernels in place; arrays from elsewhere are copied, and the copy is counted", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const x = Tensor.from(Float32Array.of(1, 2, 3, 4, 5));
  const y = first(run(callWith(kernel, x)));
  expect([...y.data]).toEqual([3, 5, 7, 9, 11]);
  expect(device.traffic()).toEqual({ copiedIn: 20, copiedOut: 0 });
  const z = first(run(callWith(kernel, y)));
  expect([...z.data]).toEqual([7, 11, 15, 19, 23]);
  expect(device.traffic()).toEqual({ copiedIn: 20, copiedOut: 0 });
});

test("a result goes where it is asked for", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const x = Tensor.from(Float32Array.of(1, 2, 3));
  const foreign = Tensor.zeros([3]);
  expect(first(run(callWith(kernel, x, foreign)))).toBe(foreign);
  expect([...foreign.data]).toEqual([3, 5, 7]);
  expect(device.traffic().copiedOut).toBe(12);
  const own = first(run(callWith(kernel, x)));
  expect(first(run(callWith(kernel, foreign, own)))).toBe(own);
  expect([...own.data]).toEqual([7, 11, 15]);
  expect(device.traffic().copiedOut).toBe(12);
});

test("views are fresh after the memory has grown", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const small = first(run(callWith(kernel, Tensor.from(Float32Array.of(1)))));
  const old = small.data;
  const large = first(run(callWith(kernel, Tensor.full([3_000_000], 2))));
  expect(old.length).toBe(0);
  expect([...small.data]).toEqual([3]);
  expect(large.data[2_999_999]).toBe(5);
});

test("a tensor made over this memory is read where it is, although the call makes the memory grow", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const y = first(run(callWith(kernel, Tensor.full([200_000], 1))));
  const { copiedIn } = device.traffic();
  const view = Tensor.from(y.data);
  const { buffer } = y.data;
  expect(first(run(callWith(kernel, view))).data[199_999]).toBe(7);
  expect(y.data.buffer, "the memory grew").not.toBe(buffer);
  expect(device.traffic().copiedIn).toBe(copiedIn);
  expect(refusal(() => run(callWith(kernel, view)))).toMatchObject({ code: "E6008" });
});

test("memory that is disposed of is used again", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const x = first(run(callWith(kernel, Tensor.full([1000], 1))));
  const y = first(run(callWith(kernel, x)));
  const start = startOf(y);
  y.dispose();
  y.dispose();
  const z = first(run(callWith(kernel, x)));
  expect(startOf(z)).toBe(start);
  expect(refusal(() => y.data).code).toBe("E6008");
});

test("past the limit results are copied out, so that a loop without disposal never runs out of memory", async () => {
  const kernel = doubled();
  const device = await openWasm({ lentLimit: 10_000 });
  const { run } = await loadKernel(device, kernel);
  const x = Tensor.full([1000], 1);
  const results = Array.from({ length: 50 }, () => first(run(callWith(kernel, x))));
  const lent = results.filter((t) => t.storage instanceof WasmStorage);
  expect(lent.length).toBe(2);
  expect(results.every((t) => t.data[999] === 3)).toBe(true);
  expect(device.traffic().copiedOut).toBe(48 * 4000);
});

test("scratch memory is found again by other sizes", async () => {
  const kernel = needsScratch();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  for (const m of [3, 0, 200, 1, 64]) {
    const x = Tensor.iota([m]);
    const [y] = run(callWith(kernel, x));
    const expected = Array.from({ length: m }, (_, i) => 2 * i * (m - 1));
    expect([...(y?.data ?? [])]).toEqual(expected);
  }
});

test("a tensor of 2^31 bytes or more is refused with the dims", async () => {
  const kernel = needsScratch();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const { code, notes, message } = refusal(() => run(callWith(kernel, Tensor.zeros([30_000]))));
  expect(code).toBe("E6210");
  expect(notes).toContain("M = 30000");
  expect(message).toMatch(/outer, which scratch keeps in between, needs 3600000000 bytes/);
});

test("more memory than WebAssembly has is refused", async () => {
  const kernel = needsScratch(true);
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const { code, message } = refusal(() => run(callWith(kernel, Tensor.zeros([20_000]))));
  expect(code).toBe("E6305");
  expect(message).toMatch(/^a call that makes f32\[20000\] needs 48\d+ more bytes/);
  expect([...(run(callWith(kernel, Tensor.iota([3])))[0]?.data ?? [])]).toEqual([0, 2, 4]);
});

test("a memory that cannot grow gives nothing", () => {
  const memory = new WasmMemory();
  expect(memory.allocate(2 ** 33)).toBe(null);
  expect(memory.allocate(100)).not.toBe(null);
});

test("a closed device says so", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const executable = await loadKernel(device, kernel);
  await device.close();
  expect(refusal(() => executable.run(callWith(kernel, Tensor.zeros([1])))).code).toBe("E6304");
  await expect(loadKernel(device, kernel)).rejects.toThrow(/E6304/);
});

test("blocks are merged when they are freed, and never overlap", () => {
  const memory = new WasmMemory();
  const live = new Map<number, number>();
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  for (let n = 0; n < 3000; n++) {
    if (live.size > 0 && random(2) === 0) {
      const [start, size] = first([...live].slice(random(live.size)));
      live.delete(start);
      memory.free({ start, size });
      continue;
    }
    const block = memory.allocate(random(5000));
    if (block === null) throw new Error("no memory");
    expect(block.start % 64).toBe(0);
    expect(block.start).toBeGreaterThanOrEqual(64);
    const overlap = [...live].some(([s, size]) => block.start < s + size && s < block.start + block.size);
    expect(overlap).toBe(false);
    live.set(block.start, block.size);
  }
  const { bytes } = memory;
  for (const [start, size] of live) memory.free({ start, size });
  const whole = memory.allocate(bytes - 64 - 64);
  expect(whole?.start).toBe(64);
  expect(memory.bytes).toBe(bytes);
});

test.each([
  ["its array", (data: Tensor["data"]) => data],
  ["a part of its array", (data: Tensor["data"]) => data.subarray(1)],
  ["a part of a part", (data: Tensor["data"]) => data.subarray(0, 900).subarray(-100)],
])("what is collected gives its memory back, but not while someone holds %s", async (_, part) => {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc !== "function") throw new Error("no collector");
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const x = Tensor.full([1000], 1);
  const dropped = new Set(Array.from({ length: 20 }, () => startOf(first(run(callWith(kernel, x))))));
  const { held, at } = ((): { readonly held: Tensor["data"]; readonly at: number } => {
    const t = first(run(callWith(kernel, x)));
    return { held: part(t.data), at: startOf(t) };
  })();
  let reused = false;
  for (let n = 0; n < 20 && !reused; n++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    // More than there are free blocks before the one that is held.
    const made = Array.from({ length: 30 }, () => first(run(callWith(kernel, x))));
    reused = made.some((t) => dropped.has(startOf(t)));
    expect(made.map(startOf)).not.toContain(at);
    for (const t of made) t.dispose();
  }
  expect(reused).toBe(true);
  expect([held[0], held.at(-1)]).toEqual([3, 3]);
  expect(held.length).toBeGreaterThan(0);
});

test("a part of the elements is what the engine's own subarray gives", async () => {
  const kernel = doubled();
  const device = await openWasm();
  const { run } = await loadKernel(device, kernel);
  const { data } = first(run(callWith(kernel, Tensor.iota([7]))));
  const plain = data.slice();
  for (const [from, to] of [[], [2], [1, 5], [-3], [0, -2], [5, 2], [9]]) {
    const part = data.subarray(from, to);
    expect(part.constructor).toBe(plain.constructor);
    expect([...part]).toEqual([...plain.subarray(from, to)]);
    expect(part.buffer).toBe(data.buffer);
  }
  data.subarray(3)[0] = -1;
  expect(data[3]).toBe(-1);
  expect(Object.keys(data)).toEqual(Object.keys(plain));
});
