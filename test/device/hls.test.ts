/**
 * The C of target hls, compiled by this machine's compiler with all warnings as errors and under the address and
 * undefined-behaviour sanitizers, gives what the reference interpreter gives: integers bit by bit, floats within 2 ulp.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import type { Device } from "../../runtime/device.ts";
import { hlsDeviceWith } from "../../runtime/node/hls-device.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { hlsTarget } from "../../targets/hls/target.ts";
import { C_PROGRAMS } from "../support/c-programs.ts";
import { NO_SANITIZERS, reasonToSkip, sanitizersHere, STRICT } from "../support/emit-c.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { drawInputs } from "../support/random-call.ts";
import { callOf, expectReference, loadKernel } from "../support/run-kernel.ts";

const absent = await reasonToSkip();
const sanitizers = await sanitizersHere();
const NO_DIMS = new Map<string, bigint>();

async function thrownCode(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
  } catch (error) {
    if (error instanceof EinkornError) return error.code;
    throw error;
  }
  return undefined;
}

describe("strict and sanitized", () => {
  let device: Device | null = null;
  const open = (): Device => known(device, "the device");
  beforeEach((context) => {
    if (absent !== null) context.skip(absent);
  });
  beforeAll(async () => {
    if (absent === null) device = await hlsDeviceWith({ flags: [...STRICT, ...sanitizers] }).open();
  });
  afterAll(() => device?.close());

  for (const { name, source, sizes } of C_PROGRAMS) {
    test(name, async () => {
      for (const [n, dims] of sizes.entries()) {
        const kernel = kernelOf(source, dims);
        const executable = await loadKernel(open(), kernel);
        expectReference(executable, kernel, drawInputs(kernel, NO_DIMS, 17 + n, new Set()), NO_DIMS);
      }
    });
  }

  test("NaN, infinities and -0 as inputs", async () => {
    const kernel = kernelOf(
      `kernel k(X: f32[N], Y: f32[N]) -> A: f32[N], B: f32[N], C: i32[N], D: u8[N], E: f32, F: i32, G: f32[N] {
        A[i] = max(X[i], Y[i]) + min(X[i], Y[i]);
        B[i] = X[i] < Y[i] ? floor(X[i]) : sqrt(abs(Y[i]));
        C[i] = sat_i32(X[i] * 3e9);
        D[i] = sat_u8(Y[i]);
        (E, F) = argmax[i](X[i]);
        G[i] = round(X[i]) + trunc(Y[i]) - ceil(X[i]);
      }`,
      { N: 60 },
    );
    const executable = await loadKernel(open(), kernel);
    expectReference(executable, kernel, drawInputs(kernel, NO_DIMS, 5, new Set(["X", "Y"])), NO_DIMS);
  });
});

describe("the device", () => {
  let device: Device | null = null;
  const open = (): Device => known(device, "the device");
  beforeEach((context) => {
    if (absent !== null) context.skip(absent);
  });
  beforeAll(async () => {
    if (absent === null) device = await hlsDeviceWith({}).open();
  });
  afterAll(() => device?.close());
  const kernel = kernelOf("kernel twice(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 2; }", { N: 3 });

  test("writes into the tensor of the caller", async () => {
    const executable = await loadKernel(open(), kernel);
    const out = Tensor.zeros([3]);
    const call = callOf(kernel, drawInputs(kernel, NO_DIMS, 1, new Set()), NO_DIMS, [out]);
    const [result] = executable.run(call);
    expect(result).toBe(out);
    const doubled = [...known(call.inputs[0], "input").as("f32").data].map((x) => 2 * x);
    expect([...out.data]).toEqual(doubled);
  });

  test("compiles equal code once", async () => {
    await loadKernel(open(), kernel);
    const start = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => loadKernel(open(), kernel)));
    // 50 runs of a compiler take seconds.
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test("a crash is E6303, with what the program said", async () => {
    const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
    const crash = "#include <stdio.h>\n#include <stdlib.h>\n";
    const code =
      crash + String(artifact.code).replace("  nest0(", '  fprintf(stderr, "the last words\\n"); abort();\n  nest0(');
    const executable = await open().load({ ...artifact, code }, kernel);
    const call = callOf(kernel, drawInputs(kernel, NO_DIMS, 1, new Set()), NO_DIMS);
    try {
      executable.run(call);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof EinkornError)) throw error;
      expect(error.code).toBe("E6303");
      expect(error.diagnostics[0]?.notes).toContain("the last words");
      expect(error.message).toContain("SIGABRT");
    }
  });

  test("what does not end is stopped", async () => {
    const hasty = await hlsDeviceWith({ timeLimit: 200 }).open();
    const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
    const code = String(artifact.code).replace("  nest0(", "  for (volatile int x = 1; x != 0; ) {}\n  nest0(");
    const executable = await hasty.load({ ...artifact, code }, kernel);
    const call = callOf(kernel, drawInputs(kernel, NO_DIMS, 1, new Set()), NO_DIMS);
    expect(await thrownCode(() => executable.run(call))).toBe("E6303");
    await hasty.close();
    expect(await thrownCode(() => executable.run(call))).toBe("E6304");
  });

  test("an access outside is what the sanitizer reports", async (context) => {
    if (sanitizers.length === 0) context.skip(NO_SANITIZERS);
    const watched = await hlsDeviceWith({ flags: ["-O1", "-g", ...sanitizers] }).open();
    const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
    const executable = await watched.load(
      { ...artifact, code: String(artifact.code).replace("i0 < 3", "i0 < 4") },
      kernel,
    );
    const call = callOf(kernel, drawInputs(kernel, NO_DIMS, 1, new Set()), NO_DIMS);
    expect(await thrownCode(() => executable.run(call))).toBe("E6303");
    await watched.close();
  });

  test("code that does not compile is E5101", async () => {
    const odd = await hlsDeviceWith({ flags: ["-fno-such-flag-at-all"] }).open();
    expect(await thrownCode(() => loadKernel(odd, kernel))).toBe("E5101");
    await odd.close();
  });
});

test("a machine without a compiler says how to get one", async () => {
  const factory = hlsDeviceWith({ compiler: "no-such-compiler-anywhere" });
  const here = await factory.probe();
  expect(here.available).toBe(false);
  if (here.available) return;
  expect(here.reason).toContain("no such program");
  expect(here.help).toContain("gcc");
  expect(await thrownCode(() => factory.open())).toBe("E6302");
});
