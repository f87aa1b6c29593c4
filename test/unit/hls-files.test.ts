/** Files of a build for target hls, as far as no C compiler is needed to judge them. */
import { expect, test } from "vitest";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { hlsTarget } from "../../targets/hls/target.ts";
import { kernelOf } from "../support/kernel-of.ts";

test("the manifest and the header agree about arguments; names of the user stand in the manifest alone", async () => {
  const kernel = kernelOf(
    "kernel k(Images: u8[N, 2], Offset: i32 in -5..6) -> Sums: i32[N] { Sums[i] = sum[j](Images[i, j]) + Offset; }",
    { N: 4 },
  );
  const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
  const files = new Map((await hlsTarget.files(artifact, kernel, "k")).map((f) => [f.name, String(f.content)]));
  expect([...files.keys()].toSorted()).toEqual(["Makefile", "README.md", "k.c", "k.h", "k_test.c", "manifest.json"]);
  const manifest: unknown = JSON.parse(files.get("manifest.json") ?? "");
  expect(manifest).toMatchObject({
    schema: 1,
    target: "hls",
    dialect: "c99",
    function: "einkorn_k",
    params: [{ name: "Images" }, { name: "Offset", range: ["-5", "6"] }],
    arguments: [
      { name: "Images", argument: "in0", type: "uint8_t", extents: [4, 2], bytes: 8 },
      { name: "Offset", argument: "in1", type: "int32_t", extents: [1], bytes: 4 },
      { name: "Sums", argument: "out0", type: "int32_t", extents: [4], bytes: 16 },
    ],
    golden: { compared: 4 },
    scratchBytes: 0,
  });
  expect(files.get("k.h")).toContain("void einkorn_k(const uint8_t in0[4][2], const int32_t in1[1], int32_t out0[4]);");
  for (const name of ["k.c", "k.h", "k_test.c", "Makefile", "README.md"]) {
    for (const word of ["Images", "Offset", "Sums"]) expect(files.get(name)).not.toContain(word);
  }
});

test("dims that break a where condition are refused", async () => {
  const kernel = kernelOf("kernel k(A: f32[N]) -> B: f32[N] where N >= 4 { B[i] = A[i]; }", { N: 3 });
  const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
  const refused = await hlsTarget.files(artifact, kernel, "k").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(EinkornError);
  expect(refused).toMatchObject({ code: "E6206" });
});

test("a division by a size of 0, in a loop that is never entered, is no mistake", async () => {
  const text = `kernel k<V: dim>(X: f32[W]) -> Y: f32[V] {
    Y[x] = max[q in (x * W) div V..((x + 1)*W + V - 1) div V](X[q]) + f32(x % V);
  }`;
  const kernel = kernelOf(text, { W: 0, V: 0 });
  const artifact = await hlsTarget.emit(lowerToMachine(kernel, hlsTarget));
  const files = await hlsTarget.files(artifact, kernel, "k");
  expect(files.map((f) => f.name)).toContain("k.c");
});
