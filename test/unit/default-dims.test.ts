/** A generic of kind `dim` is a size of the call: its default holds where the call gives none. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { known } from "../../compiler/support/invariant.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { einkorn } from "../support/cli.ts";
import { kernelOf } from "../support/kernel-of.ts";

const SOURCE = `kernel repeat<R: dim = 3>(X: f32[N]) -> Y: f32[R, N] { Y[r, i] = X[i] + r; }
export kernel both(X: f32[N]) -> A: f32[3, N], B: f32[1, N] { A = repeat(X); B = repeat(X, R = 1); }
`;
const X = Tensor.from([5]);

const folder = mkdtempSync(join(tmpdir(), "einkorn-dims-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("in the library, by name; as a constant; in a call of a kernel", async () => {
  for (const target of ["interp", "wasm"] as const) {
    const { repeat, both } = await compile(SOURCE, { target, kernels: ["repeat", "both"] });
    expect(repeat({ X })["Y"]?.toArray()).toEqual([[5], [6], [7]]);
    expect(repeat({ X, R: 1 })["Y"]?.toArray()).toEqual([[5]]);
    expect(repeat({ X, R: 0 })["Y"]?.shape).toEqual([0, 1]);
    expect(both({ X })["B"]?.toArray()).toEqual([[5]]);
  }
  const { repeat } = await compile(SOURCE, { dims: { R: 2 }, kernels: ["repeat"] });
  expect(repeat({ X })["Y"]?.shape).toEqual([2, 1]);
});

test("on the command line, and in tests", async () => {
  const file = join(folder, "repeat.ein");
  writeFileSync(file, `${SOURCE}test repeat for all R in 0..5, N in 0..4;\n`);
  const shape = async (...args: readonly string[]): Promise<string> =>
    (await einkorn("run", `${file}:repeat`, "--in", "iota", "--dim", "N=2", ...args)).stdout.split("\n")[0] ?? "";
  expect(await shape()).toBe("Y: f32[3, 2]");
  expect(await shape("--dim", "R=1")).toBe("Y: f32[1, 2]");
  const { exit, stdout } = await einkorn("test", file, "--target", "wasm");
  expect([exit, stdout]).toEqual([0, expect.stringContaining("equal")]);
});

test("in a build", async () => {
  const target = wasmTarget({ relaxed: false });
  const kernel = kernelOf(SOURCE.split("\n")[0] ?? "");
  const artifact = await target.emit(lowerToMachine(kernel, target));
  for (const f of await target.files(artifact, kernel, "repeat")) writeFileSync(join(folder, f.name), f.content);
  const { load } = await import(pathToFileURL(join(folder, "repeat.mjs")).href);
  const built = known(await load(), "the kernel");
  expect(built.run({ X: Float32Array.of(5) }).Y.shape).toEqual([3, 1]);
  expect(built.run({ X: Float32Array.of(5) }, { dims: { R: 2 } }).Y.shape).toEqual([2, 1]);
});
