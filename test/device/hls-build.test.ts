/**
 * What a build for target hls writes beside the kernel is run as a user would run it: `make check` passes under sanitizers, in C
 * and with the header in C++, and fails when the kernel is wrong.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { hlsTarget } from "../../targets/hls/target.ts";
import { C_PROGRAMS } from "../support/c-programs.ts";
import { NO_SANITIZERS, reasonToSkip, sanitizersHere } from "../support/emit-c.ts";
import { kernelOf } from "../support/kernel-of.ts";

const execute = promisify(execFile);

async function present(...command: readonly [string, ...string[]]): Promise<boolean> {
  const [program, ...args] = command;
  return execute(program, args).then(
    () => true,
    () => false,
  );
}

const hasMake = await present("make", "--version");
const sanitizers = await sanitizersHere();
const absent = (await reasonToSkip()) ?? (hasMake ? null : "make is not installed: apt-get install make");

let folder = "";
beforeEach(async (context) => {
  if (absent !== null) context.skip(absent);
  folder = await mkdtemp(join(tmpdir(), "einkorn-build-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes the files of a build. */
async function build(kernel: Kernel): Promise<void> {
  const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
  for (const f of await hlsTarget.files(artifact, kernel, "k")) await writeFile(join(folder, f.name), f.content);
}

/** Standard output of `make check`; rejects where it fails. */
async function makeCheck(...settings: readonly string[]): Promise<string> {
  const all = sanitizers.length === 0 ? ["SANITIZE=", ...settings] : settings;
  return (await execute("make", ["-s", "-C", folder, "check", ...all])).stdout;
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), "utf8");
  expect(text).toContain(from);
  await writeFile(join(folder, file), text.replace(from, to));
}

for (const { name, source, sizes } of C_PROGRAMS) {
  test(`make check: ${name}`, async () => {
    await build(kernelOf(source, sizes.at(-1)));
    expect(await makeCheck()).toContain("PASS einkorn_k");
  });
}

const MATMUL = "kernel mm(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }";
const SUM =
  "kernel s(A: i32[N] in -9..9) -> B: i32[N], P: bool[N] where N < 1000 { let t = sum[i](A[i]); B[i] = t + A[i]; P[i] = A[i] < t; }";
const HALF = "kernel h(A: f16[N], Y: bf16[N]) -> B: f16[N], Z: bf16[N] { B[i] = A[i] + 1; Z[i] = Y[i] * 3; }";

test.each([
  ["a wrong sum", MATMUL, { M: 3, N: 4, K: 5 }, "v0 + in0", "v0 - in0"],
  ["a last row left out", MATMUL, { M: 3, N: 4, K: 5 }, "i0 < 3", "i0 < 2"],
  ["a wrong integer", SUM, { N: 5 }, "out0[i0] = ", "out0[i0] = 1 + "],
  ["a wrong bool", SUM, { N: 5 }, "out1[i0] = ", "out1[i0] = 1 ^ "],
  ["a wrong half float", HALF, { N: 5 }, "out0[i0] = ", "out0[i0] = (uint16_t)64 ^ "],
  ["a wrong bfloat16", HALF, { N: 5 }, "out1[i0] = ", "out1[i0] = (uint16_t)64 ^ "],
])("make check finds %s", async (_what, source, dims, from, to) => {
  await build(kernelOf(source, dims));
  await edit("k.c", from, to);
  const failure = await makeCheck().catch((error: unknown) => error);
  expect(failure).toMatchObject({ stdout: expect.stringContaining("FAIL") });
});

test("make check finds an access outside", async (context) => {
  if (sanitizers.length === 0) context.skip(NO_SANITIZERS);
  await build(kernelOf(MATMUL, { M: 3, N: 4, K: 5 }));
  await edit("k.c", "i2 < 5", "i2 < 6");
  const failure = await makeCheck().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 2 });
});

test("clang compiles it without a warning, too", async (context) => {
  if (!(await present("clang", "--version"))) context.skip("clang is not installed: apt-get install clang");
  for (const { source, sizes } of C_PROGRAMS) {
    await build(kernelOf(source, sizes.at(-1)));
    await execute("touch", [join(folder, "k.c")]);
    expect(await makeCheck("CC=clang", "SANITIZE=")).toContain("PASS");
    await execute("make", ["-s", "-C", folder, "clean"]);
  }
});

test("the header is C++ as well, the kernel links to C++, and scratch may be on the stack", async (context) => {
  if (!(await present("c++", "--version"))) context.skip("no C++ compiler: apt-get install g++");
  await build(
    kernelOf("kernel k(A: f32[N]) -> B: f32[N] { let t[i] = sum[j | j <= i](A[j]); B[i] = t[i] + sum[j](t[j]); }", {
      N: 3,
    }),
  );
  await writeFile(
    join(folder, "main.cpp"),
    '#include "k.h"\nint main() { float a[3] = {1, 2, 4}, b[3]; einkorn_k(a, b); return b[2] == 18 ? 0 : 1; }\n',
  );
  const object = join(folder, "k.o");
  await execute("cc", ["-std=c99", "-DEINKORN_SCRATCH=", "-c", join(folder, "k.c"), "-o", object]);
  await execute("c++", ["-Wall", "-Wextra", "-Werror", join(folder, "main.cpp"), object, "-o", join(folder, "main")]);
  await execute(join(folder, "main"), []);
  // Nothing but the function is there, and nothing is asked of others.
  const { stdout } = await execute("nm", [object]);
  expect(stdout.split("\n").filter((l) => / [TDBCU] /.test(l))).toEqual([expect.stringContaining(" T einkorn_k")]);
});

test("a kernel that is too large for the interpreter says that nothing is compared", async () => {
  await build(kernelOf(MATMUL, { M: 128, N: 128, K: 128 }));
  expect(await makeCheck()).toContain("nothing is compared: the reference interpreter would take 2113536 steps");
  expect(await readFile(join(folder, "README.md"), "utf8")).toContain("Nothing is compared");
});

test("ranges that lie in the data are run, and the README says that their bounds are no constants", async () => {
  const source = `kernel csr(v: f32[E], c: i32[E] in 0..N, ptr: i32[M + 1] in 0..E + 1, x: f32[N], y0: f32[M]) -> y: f32[M] {
    y[i] = y0[i] + sum[e in ptr[i]..ptr[i + 1]](v[e] * x[c[e]]);
  }`;
  await build(kernelOf(source, { E: 7, N: 3, M: 4 }));
  expect(await makeCheck()).toContain("PASS einkorn_k: 4 elements compared");
  expect(await readFile(join(folder, "README.md"), "utf8")).toContain("takes a range from its inputs");
});

test("large outputs are compared at a regular sample", async () => {
  await build(kernelOf("kernel k(A: i32[N]) -> B: i32[N] { B[i] = wrapping_mul(A[i], 3); }", { N: 10000 }));
  expect(await makeCheck()).toContain("PASS einkorn_k: 3334 elements compared");
});
