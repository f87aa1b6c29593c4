/**
 * Elements below a byte: packed parameters and outputs of every dtype, shape and odd count mean the same after every
 * pass, in WebAssembly and in its builds; the library reads them right.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { specialise } from "../../compiler/passes/specialise.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import type { Device } from "../../runtime/device.ts";
import { openDevice } from "../../runtime/node/devices.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { known } from "../../compiler/support/invariant.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import type { Dims } from "../support/agreement.ts";
import { imaginedTargets, onDevice, passFailure, referenceOf } from "../support/agreement.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { drawInputs } from "../support/random-call.ts";

const STORAGE = ["i4", "u4", "i2", "u2", "u1"] as const;

let wasm: Device;
beforeAll(async () => {
  wasm = await openDevice("wasm");
});
afterAll(() => wasm.close());

/** A copy, casts of every mode, a transposed and a padded read, a number alone, a recurrence with an initial slice. */
const everything = (t: string): string => `kernel every(X: ${t}[M, N], A: i32[N] in 0..2, F: f32[M, N], x: ${t})
    -> C: ${t}[M, N], E: ${t}[N], S: ${t}[M, N], W: ${t}[N, M, 3], T: ${t}[N, M], y: ${t}, R: ${t}[N], m: i32[M] where N >= 1, N <= 9 {
  C[i, j] = i % 2 == 0 ? X[i, j] : sat_${t}(X[i, j] - 1);
  E[j] = ${t}(A[j] == 1 ? 0 : max(X[0, j] pad 0, 0));
  S[i, j] = sat_${t}(F[i, j] * 9.0);
  W[j, i, k] = wrap_${t}(i + 2 * j - k);
  let t[i, j] = X[i, j - 1] pad edge;
  T[j, i] = t[i, j];
  y = x;
  rec R[j] = ${t}(max(R[j - 1], 0)) init R[-1] = ${t}(1 < 2${t.startsWith("i") ? " && 2 < 1" : ""});
  m[i] = sum[j](X[i, j] * T[j, i]) + max[j](X[i, j]);
}`;

/** Rows that fill whole bytes keep their dims. */
const rows = (
  t: string,
): string => `kernel rows(X: ${t}[M, 8], Y: ${t}[M, 3, 8]) -> C: ${t}[8, M], D: ${t}[M, 8], s: i32 where M <= 99 {
  C[j, i] = X[i, j];
  D[i, j] = X[i, 7 - j];
  s = sum[i, k, j](Y[i, k, j]);
}`;

const SIZES = [
  [0, 1],
  [3, 5],
] as const;

describe.each(STORAGE)("%s", (t) => {
  test.each([everything(t), rows(t)])("means the same after every pass and in WebAssembly: %#", async (source) => {
    const kernel = kernelOf(source);
    for (const sizes of SIZES) {
      const dims: Dims = new Map(kernel.dims.map((d, n) => [d.id, BigInt(sizes[n] ?? 0)]));
      const seen = new Set<string>();
      const inputs = drawInputs(kernel, dims, 5, new Set());
      const call = { inputs, dims, reference: referenceOf(kernel, inputs, dims) };
      for (const target of imaginedTargets(kernel)) {
        expect(passFailure(kernel, target, { ...call, seen })).toBe(null);
      }
      const [vectors] = imaginedTargets(kernel);
      expect(passFailure(specialise(kernel, dims), known(vectors, "a target"), { ...call, seen })).toBe(null);
      expect(await onDevice(kernel, wasm, [call])).toMatchObject({ kind: "equal" });
    }
  });
});

test("the library gives and takes packed tensors", async () => {
  const source = `export kernel swap(X: i4[M, N]) -> Y: i4[N, M], top: u1 { Y[j, i] = X[i, j]; top = u1(any[i, j](X[i, j] == 7)); }`;
  for (const target of ["interp", "wasm"] as const) {
    const { swap } = await compile(source, { target });
    const { Y, top } = known(swap, "the kernel")({ X: Tensor.from([[-8, 7, -1]], { dtype: "i4" }) });
    expect([Y?.dtype, Y?.toArray(), Y?.bytes, top?.item()]).toEqual(["i4", [[-8], [7], [-1]], 2, 1]);
    expect(Y?.data).toEqual(Uint8Array.of(0x78, 0x0f));
  }
});

describe("a build for WASM", () => {
  const root = mkdtempSync(join(tmpdir(), "einkorn-packed-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("takes and gives bytes, and checks elements", async () => {
    const target = wasmTarget({ relaxed: false });
    const kernel = kernelOf("kernel inc(X: i4[N] in -8..7, s: u2) -> Y: i4[N] { Y[i] = i4(X[i] + (s > 2 ? 1 : 0)); }");
    const artifact = await target.emit(lowerToMachine(kernel, target));
    for (const f of await target.files(artifact, kernel, "inc")) writeFileSync(join(root, f.name), f.content);
    const { load } = await import(pathToFileURL(join(root, "inc.mjs")).href);
    const inc = await load();
    const run = (bytes: Uint8Array, n: number, s: number): unknown =>
      inc.run({ X: { data: bytes, shape: [n] }, s }).Y.data;
    expect(run(Uint8Array.of(0xf8, 0x06), 3, 3)).toEqual(Uint8Array.of(0x09, 0x07));
    expect(run(Uint8Array.of(), 0, 3)).toEqual(Uint8Array.of());
    expect(() => run(Uint8Array.of(0xf8, 0x07), 3, 3)).toThrow(
      "E6207: X holds 7 at element 2; its values are in -8..7",
    );
    expect(() => run(Uint8Array.of(0xf8), 3, 3)).toThrow("E6205: X of shape [3] has 3 elements in 2 bytes");
    expect(() => run(Uint8Array.of(0xf8, 0x06), 3, 4)).toThrow("E6004: 4 for s is not in u2's range");
  });
});
