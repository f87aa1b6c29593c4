/**
 * Ahead-of-time builds for WASM: one module for all sizes, run by plain Node in a process of its own; what the wrapper
 * checks; and that nobody's names become code.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, cast, index, lessEqual, mul, sub } from "../../compiler/ir/expr.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { disassemble } from "../support/disassemble.ts";
import { indexPastLimit } from "../../compiler/analysis/index-limits.ts";
import { known } from "../../compiler/support/invariant.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { kernelOf } from "../support/kernel-of.ts";

const root = mkdtempSync(join(tmpdir(), "einkorn-wasm-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const NODE_22 = join(import.meta.dirname, "../../node_modules/node22/bin/node");
const NODES = [execPath, NODE_22].filter((path) => existsSync(path));

function matmul(): Kernel {
  const k = new KernelBuilder("matmul");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "f32", [m, d]), k.param("B", "f32", [d, n])];
  k.output(k.stage("C", { i: m, j: n }, (i, j) => k.reduce("sum", { k: d }, (x) => mul(a.at(i, x), b.at(x, j)))));
  return k.build();
}

const span = { source: makeSource("<test>", ""), start: 0, end: 0 };

/** Every dtype and form of argument: a gather with a range type, a scalar, bools, i64, scratch memory, an open dim, `where`. */
function everything(): Kernel {
  const k = new KernelBuilder("everything");
  const [n, v, c] = [k.dim("N"), k.dim("V"), k.dim("C")];
  const table = k.param("E", "f32", [v, c]);
  const ids = k.param("ids", "i32", [n]);
  const scale = k.param("s", "f32", []);
  const flags = k.param("on", "bool", [n]);
  const big = k.param("big", "i64", []);
  const id = (i: Expr): Expr => cast("index", "exact", ids.at(i));
  const rows = k.stage("rows", { i: n, j: c }, (i, j) =>
    k.reduce("max", { q: add(j, index(1)) }, (q) => mul(table.at(id(i), q), scale.at())),
  );
  k.output(
    k.stage("Y", { i: n, j: c }, (i, j) => sub(rows.at(i, j), rows.at(i, index(0)))),
    k.stage("count", { j: apply("floor_div", add(n, index(1)), index(2)) }, (j) =>
      add(
        big.at(),
        cast(
          "i64",
          "exact",
          k.reduce(
            "sum",
            { i: n },
            (i) => ids.at(i),
            (i) => apply("and", flags.at(i), lessEqual(j, i)),
          ),
        ),
      ),
    ),
  );
  const kernel = k.build();
  const params = kernel.params.map((p) => (p.name === "ids" ? { ...p, values: { lo: index(0), hi: v } } : p));
  return { ...kernel, params, where: [{ condition: lessEqual(index(1), c), text: 'C >= 1 // "quoted" `${C}`', span }] };
}

/** A kernel whose names would do harm as code. */
function hostile(): Kernel {
  const k = new KernelBuilder('k"; throw 1; //');
  const n = k.dim("__proto__");
  const x = k.param("*/ process.exit(1) /*`${1}`\u2028", "f32", [n]);
  k.output(k.stage("__proto__", { i: n }, (i) => add(x.at(i), x.at(i))));
  return k.build();
}

async function build(kernel: Kernel, stem: string, relaxed = false): Promise<readonly string[]> {
  const target = wasmTarget({ relaxed });
  const artifact = await target.emit(lowerToMachine(kernel, target));
  const files = await target.files(artifact, kernel, stem);
  for (const f of files) writeFileSync(join(root, f.name), f.content);
  return files.map((f) => f.name);
}

/** Runs a module's text beside the built files; what it prints, as JSON. */
function runScript(text: string, node: string = execPath): unknown {
  const path = join(root, "script.mjs");
  writeFileSync(path, text);
  return JSON.parse(execFileSync(node, [path], { encoding: "utf8" }));
}

const FIVE_SHAPES = `
import { load } from "./matmul.mjs";
const kernel = await load();
const wrong = [];
for (const [M, K, N] of [[0, 2, 3], [1, 1, 1], [5, 0, 3], [17, 9, 6], [33, 40, 70]]) {
  const A = Float32Array.from({ length: M * K }, (_, i) => (i % 7) - 3);
  const B = Float32Array.from({ length: K * N }, (_, i) => (i % 5) - 2);
  const { C } = kernel.run({ A: { data: A, shape: [M, K] }, B: { data: B, shape: [K, N] } });
  if (C.shape.join() !== [M, N].join() || C.dtype !== "f32" || C.data.length !== M * N) wrong.push([M, K, N]);
  for (let i = 0; i < M; i++) for (let j = 0; j < N; j++) {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += A[i * K + k] * B[k * N + j];
    if (sum !== C.data[i * N + j]) wrong.push([M, K, N, i, j]);
  }
}
console.log(JSON.stringify(wrong));
`;

describe("a build", () => {
  test.each(NODES)("of matmul runs at five shapes on %s", async (node) => {
    expect(await build(matmul(), "matmul")).toEqual(["matmul.wasm", "matmul.mjs", "matmul.d.mts", "manifest.json"]);
    expect(runScript(FIVE_SHAPES, node)).toEqual([]);
  });

  test("says in its manifest what it is", async () => {
    const target = wasmTarget({ relaxed: true });
    const kernel = everything();
    const files = await target.files(await target.emit(lowerToMachine(kernel, target)), kernel, "all");
    const text = files.find((f) => f.name === "manifest.json")?.content;
    const manifest: unknown = JSON.parse(String(text));
    expect(manifest).toMatchObject({
      schema: 1,
      kernel: "everything",
      target: "wasm-relaxed",
      dims: ["N", "V", "C"],
      needs: ["wasm", "simd128", "relaxed-simd"],
      where: ['C >= 1 // "quoted" `${C}`'],
    });
    expect(manifest).toHaveProperty("params.1", { name: "ids", dtype: "i32", shape: ["N"], range: ["0", "V"] });
    expect(manifest).toHaveProperty("outputs.1", { name: "count", dtype: "i64", shape: ["(N + 1) div 2"] });
    const sizes = files.slice(0, -1).map((f) => ({ name: f.name, bytes: Buffer.byteLength(f.content) }));
    expect(manifest).toMatchObject({ files: sizes, bytes: sizes.reduce((sum, f) => sum + f.bytes, 0) });
  });

  test("names the variant in the module", async () => {
    for (const relaxed of [true, false]) {
      const target = wasmTarget({ relaxed });
      const { code } = await target.emit(lowerToMachine(matmul(), target));
      if (typeof code === "string") throw new Error("a module is bytes");
      const found = await disassemble(code);
      expect(found.text).toContain(`(module $${relaxed ? "wasm-relaxed" : "wasm"}`);
      expect(found.usesRelaxedSimd).toBe(relaxed);
    }
  });

  test("copies no name into code", async () => {
    const files = await build(hostile(), "hostile");
    expect(files).toContain("hostile.mjs");
    const result = runScript(`
      import { load } from "./hostile.mjs";
      const kernel = await load();
      const name = ${JSON.stringify(hostile().params[0]?.name)};
      const results = kernel.run({ [name]: Float32Array.of(1, 2, 3) });
      console.log(JSON.stringify([Object.keys(results), [...results["__proto__"].data]]));
    `);
    expect(result).toEqual([["__proto__"], [2, 4, 6]]);
  });
});

const callWith = (given: string): string =>
  `(() => { try { kernel.run(${given}); } catch (e) { return e.name + " " + e.message; } })()`;

describe("the wrapper", () => {
  beforeAll(() => build(everything(), "everything"));

  const START = `
    import { readFileSync } from "node:fs";
    import { load } from "./everything.mjs";
    const kernel = await load(readFileSync(new URL("./everything.wasm", import.meta.url)));
    const whole = new Float32Array(9);
    const args = () => ({
      E: { data: Float32Array.of(1, 5, 2, 3, 4, 9), shape: [2, 3] },
      ids: Int32Array.of(1, 0, 1), s: 2, on: Uint8Array.of(1, 1, 0), big: 10n,
    });
    const attempt = (change, options) => {
      try { kernel.run({ ...args(), ...change }, options); return "accepted"; }
      catch (e) { return e.name + " " + e.message; }
    };`;

  test("takes every form of argument and gives arrays with shapes", () => {
    const result = runScript(`${START}
      const { Y, count } = kernel.run(args());
      const mine = new Float32Array(9);
      const again = kernel.run({ ...args(), E: Float32Array.of(1, 5, 2, 3, 4, 9), s: Float32Array.of(2), on: { data: Uint8Array.of(1, 1, 0), shape: [3] } },
        { dims: { V: 2, C: 3 }, out: { Y: mine } });
      console.log(JSON.stringify([[...Y.data], Y.shape, [...count.data].map(String), count.dtype, again.Y.data === mine, [...mine]]));`);
    const y = [0, 2, 12, 0, 8, 8, 0, 2, 12];
    expect(result).toEqual([y, [3, 3], ["11", "10"], "i64", true, y]);
  });

  test.each([
    ["{ ids: undefined }", "", "TypeError E6201: argument ids is missing"],
    ["{ Z: 1 }", "", 'TypeError E6202: everything has no parameter "Z"; it has E, ids, s, on, big'],
    ["{}", "{ dims: { Q: 1 } }", 'TypeError E6202: everything has no dim "Q"; it has N, V, C'],
    ["{}", "{ out: { Q: 1 } }", 'TypeError E6202: everything has no output "Q"; it has Y, count'],
    [
      "{ ids: Int16Array.of(1, 0, 1) }",
      "",
      "TypeError E6203: ids is i32, kept in a Int32Array, the argument is a Int16Array",
    ],
    ["{ ids: 3 }", "", "TypeError E6204: ids has 1 dim, the argument is a number"],
    [
      "{ ids: [1, 0, 1] }",
      "",
      "TypeError E6203: ids is i32, kept in a Int32Array, the argument is an Array; write Int32Array.of(…), or { data, shape }",
    ],
    ["{ ids: {} }", "", "TypeError E6203: ids is i32, kept in a Int32Array, the argument has no data"],
    ["{ ids: { data: [1] } }", "", "TypeError E6203: ids is i32, kept in a Int32Array, the argument is a Array"],
    ["{}", "{ outs: {} }", 'TypeError E6202: everything has no option "outs"; it has dims, out'],
    [
      "{ E: { data: new Float32Array(6), shape: [6] } }",
      "",
      "TypeError E6204: E has 2 dims, the argument's shape is [6]",
    ],
    ["{ big: 1.5 }", "", "TypeError E6203: big is i64, the argument is 1.5"],
    ["{ big: 2n ** 63n }", "", "RangeError E6004: 9223372036854775808 for big is not in i64's range"],
    [
      "{ E: new Float32Array(6) }",
      "",
      "TypeError E6201: dim V is unknown; give the arguments' shapes, or { dims: { V: … } }",
    ],
    ["{ on: Uint8Array.of(1, 1) }", "", "RangeError E6205: N is 3 and, by dim 0 of on, 2"],
    ["{}", "{ dims: { N: 4 } }", "RangeError E6205: N is 3 and, by the dims given, 4"],
    [
      "{ E: new Float32Array(6) }",
      "{ dims: { V: 2, C: 2 } }",
      "RangeError E6205: E of shape [2, 2] has 4 elements, the array has 6",
    ],
    [
      "{ E: { data: new Float32Array(0), shape: [2, 0] } }",
      "",
      'RangeError E6206: everything is defined only where C >= 1 // "quoted" `${C}`; N = 3, V = 2, C = 0',
    ],
    ["{ ids: Int32Array.of(1, 2, 1) }", "", "RangeError E6207: ids holds 2 at element 1; its values are in 0..2"],
    ["{ on: Uint8Array.of(1, 2, 1) }", "", "RangeError E6207: on holds 2 at element 1; its values are in 0..2"],
    ["{}", "{ out: { Y: new Float32Array(8) } }", "RangeError E6209: output Y wants a Float32Array of 9 elements"],
    [
      "{ E: new Float32Array(0) }",
      "{ dims: { V: 0, C: 2147483648 } }",
      "RangeError E6210: C = 2147483648 is too large: dims stay below 2^31",
    ],
    ["{}", "null", "TypeError E6202: the options of a call of everything must be an object, not null"],
    ["{}", "{ dims: 3 }", "TypeError E6202: dims of a call of everything must be an object, not 3"],
    ["{}", "{ out: 'Y' }", 'TypeError E6202: out of a call of everything must be an object, not "Y"'],
    ["{}", "{ dims: { N: '3' } }", 'TypeError E6202: N is a dim: a whole number from 0, not "3"'],
    [
      "{ E: { data: new Float32Array(6), shape: [2n, 3n] } }",
      "",
      "TypeError E6001: dim 0 of the shape [2, 3] given for E is a bigint",
    ],
    [
      "{ E: { data: new Float32Array(6), shape: [-2, -3] } }",
      "",
      "TypeError E6001: dim 0 of the shape [-2, -3] given for E is no whole number from 0",
    ],
    [
      "{ E: { data: new Float32Array(6), shape: [2, 1.5] } }",
      "",
      "TypeError E6001: dim 1 of the shape [2, 1.5] given for E is no whole number from 0",
    ],
    [
      "{ E: { data: whole.subarray(3, 9), shape: [2, 3] } }",
      "{ out: { Y: whole } }",
      "RangeError E6208: the array given for output Y shares memory with an argument",
    ],
    [
      "{}",
      "{ out: { Y: whole, count: new BigInt64Array(whole.buffer, 16, 2) } }",
      "RangeError E6208: the arrays given for outputs Y and count share memory",
    ],
  ])("refuses %s %s", (change, options, message) => {
    expect(runScript(`${START} console.log(JSON.stringify(attempt(${change}, ${options || "{}"})));`)).toBe(message);
  });

  test("refuses a call without arguments", () => {
    const calls = ["undefined", "null", "3", '"E"'];
    const found = runScript(`${START} console.log(JSON.stringify([${calls.map(callWith).join(", ")}]));`);
    const message = "the arguments of everything are missing; pass them by name: { E, ids, s, on, big }";
    expect(found).toEqual(calls.map(() => `TypeError E6201: ${message}`));
  });

  test("takes arrays side by side in one buffer", () => {
    const result = runScript(`${START}
      const both = new ArrayBuffer(56);
      const out = { Y: new Float32Array(both, 0, 9), count: new BigInt64Array(both, 40, 2) };
      console.log(JSON.stringify(kernel.run(args(), { out }).Y.data === out.Y));`);
    expect(result).toBe(true);
  });

  test("loads from every kind of source", () => {
    const result = runScript(`
      import { readFileSync } from "node:fs";
      import { load } from "./matmul.mjs";
      const url = new URL("./matmul.wasm", import.meta.url);
      const bytes = readFileSync(url);
      const response = new Response(bytes, { headers: { "content-type": "application/wasm" } });
      const sources = [undefined, url, url.href, "./matmul.wasm", bytes, bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
        await WebAssembly.compile(bytes), response, "data:application/wasm;base64," + bytes.toString("base64")];
      const found = [];
      for (const source of sources) {
        const kernel = await load(source);
        found.push(kernel.run({ A: { data: Float32Array.of(2), shape: [1, 1] }, B: { data: Float32Array.of(3), shape: [1, 1] } }).C.data[0]);
      }
      console.log(JSON.stringify(found));`);
    expect(result).toEqual([6, 6, 6, 6, 6, 6, 6, 6, 6]);
  });
});

/** What a call gives, with an empty `A`: so that nothing but the dims is large. */
async function attempt(text: string, stem: string, calls: readonly string[]): Promise<unknown> {
  await build(kernelOf(text), stem);
  return runScript(`
    import { load } from "./${stem}.mjs";
    const kernel = await load();
    const attempt = (A, dims) => {
      try { return kernel.run({ A }, { dims }).C.data.length; } catch (e) { return e.name + " " + e.message; }
    };
    const empty = (...shape) => ({ data: new Float32Array(0), shape });
    console.log(JSON.stringify([${calls.join(", ")}]));`);
}

describe("index arithmetic past 2^31", () => {
  const PADDED = "export kernel far(A: f32[N, M]) -> C: f32[M, 2] { C[j, i] = A[(j * 99999) div 100000, j] pad 0; }";

  test("is refused at the call, with the dims", async () => {
    expect(await attempt(PADDED, "far", ["attempt(empty(0, 50_000))", "attempt(empty(0, 3))"])).toEqual([
      "RangeError E6210: an index of far may reach 4999850001; kernels compute indices in 32 bits; N = 0, M = 50000",
      6,
    ]);
  });

  test("is refused where no array is large at all", async () => {
    const text = "export kernel f(A: f32[N, M, K]) -> C: f32[K] { C[k] = sum[i, j](A[i, j, k] * f32(i * j)); }";
    const past = (2n ** 31n - 2n) * 2n;
    expect(
      await attempt(text, "zero", ["attempt(empty(2147483647, 3, 0))", "attempt(empty(2147483647, 2, 0))"]),
    ).toEqual([
      `RangeError E6210: an index of f may reach ${past}; kernels compute indices in 32 bits; N = 2147483647, M = 3, K = 0`,
      0,
    ]);
  });

  test("is refused by the wrapper just where the library refuses it", async () => {
    const text =
      "export kernel g(A: f32[N]) -> C: f32[N] where N >= 2 { C[i] = A[(i * i * i - N * i) div (i + 1)] pad mirror; }";
    const kernel = kernelOf(text);
    const id = known(kernel.dims[0], "N").id;
    const sizes = [2, 3, 1289, 1290, 1291, 1292, 1500, 40_000];
    const expected = sizes.map((n) => indexPastLimit(kernel, new Map([[id, BigInt(n)]])) !== null);
    expect(new Set(expected).size).toBe(2);
    const found = await attempt(
      text,
      "cubes",
      sizes.map((n) => `typeof attempt(new Float32Array(${n})) === "string"`),
    );
    expect(found).toEqual(expected);
  });

  test("costs a kernel nothing that cannot reach it", async () => {
    const target = wasmTarget({ relaxed: false });
    const files = await target.files(await target.emit(lowerToMachine(matmul(), target)), matmul(), "m");
    expect(files.find((f) => f.name === "m.mjs")?.content).toContain("const INDEX_ENDS = (d) => {\n  return [];\n};");
  });
});
