/** The WebGPU device beyond what kernels compute: when data move, what is refused, and how it ends. */
import { execFile } from "node:child_process";
import { env, execPath } from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, cast, constant, index, mul } from "../../compiler/ir/expr.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import type { Call, Device, Executable } from "../../runtime/device.ts";
import { dawnDevice, openDawn } from "../../runtime/devices/dawn.ts";
import { webGpuDevice } from "../../runtime/devices/webgpu.ts";
import { useSoftwareVulkan } from "../../runtime/node/software-vulkan.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { bufferOf } from "../support/machine-code.ts";
import { refusal, rejection } from "../support/refusal.ts";
import { loadKernel } from "../support/run-kernel.ts";

let device: Device | string = "not opened";

beforeAll(async () => {
  useSoftwareVulkan();
  const here = await dawnDevice().probe();
  device = here.available ? await dawnDevice().open() : `${here.reason}: ${here.help}`;
});

afterAll(async () => {
  if (typeof device !== "string") await device.close();
});

function opened(context: TestContext): Device {
  return typeof device === "string" ? context.skip(`no WebGPU: ${device}`) : device;
}

/** Y = X * by + 1, in a dtype. */
function scale(dtype: "f32" | "u8", by: number): Kernel {
  const k = new KernelBuilder("scale");
  const n = k.dim("N");
  const x = k.param("X", dtype, [n]);
  const body = (e: Expr): Expr =>
    add(mul(e, constant(dtype === "u8" ? "i32" : dtype, by)), constant(dtype === "u8" ? "i32" : dtype, 1));
  k.output(
    k.stage("Y", { i: n }, (i) =>
      dtype === "u8" ? cast("u8", "wrap", body(cast("i32", "exact", x.at(i)))) : body(x.at(i)),
    ),
  );
  return k.build();
}

function callWith(kernel: Kernel, x: Tensor, out: Tensor | null = null): Call {
  const [dim] = kernel.dims;
  const dims = new Map(dim === undefined ? [] : [[dim.id, BigInt(x.shape[0] ?? 0)] as const]);
  return { inputs: [x], dims, outputs: [{ dtype: x.dtype, shape: x.shape, out }] };
}

function runOne(executable: Executable, call: Call): Tensor {
  const [first] = executable.run(call);
  return first ?? expect.fail("no output");
}

describe("where data are", () => {
  test("results chain on the GPU, and are read only when asked", async (context) => {
    const kernel = scale("f32", 2);
    const executable = await loadKernel(opened(context), kernel);
    let t = Tensor.from(Float32Array.of(1, 2, 3));
    for (let n = 0; n < 5; n++) t = runOne(executable, callWith(kernel, t));
    expect(t.storage.kind).toBe("device");
    expect(refusal(() => t.data).code).toBe("E6005");
    expect([...(await t.read())]).toEqual([63, 95, 127]);
    // Reading leaves the tensor where it is.
    expect([...(await t.read())]).toEqual([63, 95, 127]);
    executable.dispose();
  });

  test("an argument is what it was at the call, and is looked at again at the next", async (context) => {
    const kernel = scale("f32", 1);
    const executable = await loadKernel(opened(context), kernel);
    const values = Float32Array.of(1, 2);
    const first = runOne(executable, callWith(kernel, Tensor.from(values)));
    values.fill(10);
    const second = runOne(executable, callWith(kernel, Tensor.from(values)));
    values.fill(20);
    expect([...(await first.read()), ...(await second.read())]).toEqual([2, 3, 11, 11]);
  });

  test("an output tensor is written in place, whole words of it", async (context) => {
    const kernel = scale("u8", 3);
    const executable = await loadKernel(opened(context), kernel);
    const x = Tensor.from(Uint8Array.of(1, 2, 3, 4, 5));
    const out = runOne(executable, callWith(kernel, Tensor.from(Uint8Array.of(9, 9, 9, 9, 9))));
    expect(runOne(executable, callWith(kernel, x, out))).toBe(out);
    expect([...(await out.read())]).toEqual([4, 7, 10, 13, 16]);
  });

  test("calls of other sizes keep apart", async (context) => {
    const kernel = scale("f32", 1);
    const executable = await loadKernel(opened(context), kernel);
    const sizes = [1, 1000, 3, 0, 200, 1001];
    const results = sizes.map((n) => runOne(executable, callWith(kernel, Tensor.full([n], n))));
    for (const [at, t] of results.entries()) {
      const n = sizes[at] ?? 0;
      expect([...(await t.read())]).toEqual(Array.from({ length: n }, () => n + 1));
    }
  });

  test("more groups than a row of them holds", async (context) => {
    const k = new KernelBuilder("many");
    const n = k.dim("N");
    k.output(k.stage("Y", { i: n }, (i) => cast("i32", "exact", mul(i, index(3)))));
    const kernel = k.build();
    const executable = await loadKernel(opened(context), kernel);
    const count = 65536 * 64 + 77;
    const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(count)] as const));
    const y = runOne(executable, { inputs: [], dims, outputs: [{ dtype: "i32", shape: [count], out: null }] });
    expect((await y.read()).findIndex((v, i) => v !== 3 * i)).toBe(-1);
  });
});

describe("what is refused", () => {
  test("output tensors of other devices", async (context) => {
    const kernel = scale("f32", 2);
    const executable = await loadKernel(opened(context), kernel);
    const out = Tensor.zeros([2]);
    const { code, message, help } = refusal(() => executable.run(callWith(kernel, Tensor.zeros([2]), out)));
    expect([code, message]).toEqual([
      "E6306",
      "the tensor given for output Y is not on the GPU, which writes to its own memory only",
    ]);
    expect(help[0]).toBe("leave it out and read the result: await Y.read()");
  });

  test("arguments of another GPU device", async (context) => {
    const [here, there] = [opened(context), await dawnDevice().open()];
    const kernel = scale("f32", 2);
    const [executable, other] = [await loadKernel(here, kernel), await loadKernel(there, kernel)];
    const foreign = runOne(other, callWith(kernel, Tensor.full([2], 1)));
    expect(refusal(() => executable.run(callWith(kernel, foreign))).code).toBe("E6306");
    // A copy is accepted.
    const copied = runOne(executable, callWith(kernel, await foreign.cpu()));
    expect([...(await copied.read())]).toEqual([7, 7]);
    await there.close();
  });

  test("calls after closing, and reading what was there", async (context) => {
    opened(context);
    const short = await dawnDevice().open();
    const kernel = scale("f32", 2);
    const executable = await loadKernel(short, kernel);
    const y = runOne(executable, callWith(kernel, Tensor.full([2], 1)));
    await short.close();
    await short.close();
    expect(refusal(() => executable.run(callWith(kernel, Tensor.zeros([2])))).code).toBe("E6304");
    expect((await rejection(y.read())).code).toBe("E6304");
    expect((await rejection(loadKernel(short, kernel))).code).toBe("E6304");
  });

  test("calls after the GPU was lost", async (context) => {
    opened(context);
    const adapter = await (await openDawn()).requestAdapter();
    const gpu = (await adapter?.requestDevice()) ?? expect.fail("no device");
    const lost = webGpuDevice(gpu, "to be lost");
    const kernel = scale("f32", 2);
    const executable = await loadKernel(lost, kernel);
    const y = runOne(executable, callWith(kernel, Tensor.full([2], 1)));
    gpu.destroy();
    expect((await rejection(y.read())).code).toBe("E6303");
    expect(refusal(() => executable.run(callWith(kernel, Tensor.zeros([2])))).code).toBe("E6303");
    await lost.close();
  });
});

async function withoutDriver(context: TestContext): Promise<Device> {
  let instance: GPU;
  try {
    instance = await openDawn(["backend=null"]);
  } catch (error) {
    return context.skip(`Dawn cannot be loaded: ${String(error)}`);
  }
  const gpu = await (await instance.requestAdapter())?.requestDevice();
  return webGpuDevice(gpu ?? expect.fail("Dawn has no null backend"), "nothing");
}

describe("limits, on a device without a driver", () => {
  test("tensors of a launch", async (context) => {
    const nothing = await withoutDriver(context);
    const k = new KernelBuilder("sum_of_many");
    const params = Array.from({ length: 9 }, (_, n) => k.param(`X${n}`, "f32", [4]));
    k.output(k.stage("Y", { i: 4 }, (i) => params.map((p): Expr => p.at(i)).reduce((a, b) => add(a, b))));
    const { code, message } = await rejection(loadKernel(nothing, k.build()));
    expect([code, message]).toEqual([
      "E6307",
      "sum_of_many has an equation over 10 tensors; this GPU binds 8 to a launch (maxStorageBuffersPerShaderStage)",
    ]);
    await nothing.close();
  });

  test("tensors that are kept between launches", async (context) => {
    const nothing = await withoutDriver(context);
    const k = new KernelBuilder("long");
    k.output(k.stage("Y", { i: 4 }, (i) => cast("i32", "exact", i)));
    const kernel = k.build();
    const artifact = await nothing.target.emit(lowerToMachine(kernel, nothing.target));
    const kept = Array.from({ length: 16_385 }, (_, n) =>
      bufferOf(`S${n}`, "f32", [1], "scratch", { first: 0, last: 0 }),
    );
    const program = { ...artifact.program, buffers: [...artifact.program.buffers, ...kept] };
    const { code, message } = await rejection(nothing.load({ ...artifact, program }, kernel));
    expect([code, message]).toEqual([
      "E6307",
      "long keeps 16385 tensors between its equations; to say where takes 65552 bytes, and this GPU binds at most 65536 (maxUniformBufferBindingSize)",
    ]);
    await nothing.close();
  });

  test("bytes of a tensor", async (context) => {
    const nothing = await withoutDriver(context);
    const k = new KernelBuilder("large");
    const n = k.dim("N");
    k.output(k.stage("Y", { i: n }, (i) => cast("i32", "exact", i)));
    const kernel = k.build();
    const executable = await loadKernel(nothing, kernel);
    const count = 40_000_000;
    const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(count)] as const));
    const call: Call = { inputs: [], dims, outputs: [{ dtype: "i32", shape: [count], out: null }] };
    const { code, message } = refusal(() => executable.run(call));
    expect([code, message]).toEqual([
      "E6307",
      "Y takes 160000000 bytes; this GPU binds at most 134217728 at once (maxStorageBufferBindingSize)",
    ]);
    await nothing.close();
  });
});

test("a program that opens a device and closes nothing ends by itself", async (context) => {
  opened(context);
  const root = new URL("../..", import.meta.url).pathname;
  const program = `
    import { dawnDevice } from "./runtime/devices/dawn.ts";
    const device = await dawnDevice().open();
    console.log(device.name);
  `;
  const { stdout } = await promisify(execFile)(execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    env,
    timeout: 20_000,
  });
  expect(stdout).toBe("wgsl\n");
});
