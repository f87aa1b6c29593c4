/** `einkorn run --dump` and `--time`: stages of a kernel, computed by the chosen target, and how long each took. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readNpy } from "../../runtime/files/npy.ts";
import { einkorn, faults } from "../support/cli.ts";

const PROGRAM = `
kernel part(X: f32[N]) -> Y: f32[N] {
  let acc[i] = sum[k | k <= i](X[k]);
  Y[i] = acc[i] * 0.5;
}
export kernel f(X: f32[N, M]) -> Y: f32[N], Z: f32[N], p: i32[N] {
  let e[i, j in -1..M + 1] = X[i, j] pad 0 * 2.0;
  let s[i] = sum[j in 0..M](e[i, j - 1] + e[i, j + 1]);
  let (m[i], at[i]) = argmax[j](X[i, j]);
  let h = part(s);
  rec r[i] = r[i - 1] + s[i] init r[-1] = 100.0;
  Y[i] = h[i] + m[i];
  Z[i] = r[i];
  p[i] = at[i];
}
`;
const WANTED: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  e: [
    [2, 5],
    [0, 0, 2, 4, 0, 0, 6, 8, 10, 0],
  ],
  s: [[2], [8, 32]],
  m: [[2], [2, 5]],
  at: [[2], [2, 2]],
  "h.acc": [[2], [8, 40]],
  r: [[2], [108, 140]],
  Y: [[2], [6, 25]],
};

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-dump-"));
  file = join(folder, "a.ein");
  writeFileSync(file, PROGRAM);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const INPUTS = ["--in", "X=iota", "--dim", "N=2", "--dim", "M=3"];

it.each(["interp", "wasm"])("every stage, on %s", async (target) => {
  const names = Object.keys(WANTED);
  const dumps = names.flatMap((name) => ["--dump", `${name}=${join(folder, `${name}.npy`)}`]);
  const ended = await einkorn("run", file, "--target", target, ...INPUTS, ...dumps);
  expect(ended).toMatchObject({ exit: 0 });
  expect(ended.stdout.split("\n").map((line) => line.split(":")[0])).toEqual(["Z", "p", ""]);
  for (const name of names) {
    const tensor = readNpy(readFileSync(join(folder, `${name}.npy`)), name);
    expect([tensor.shape, [...tensor.data]], name).toEqual(WANTED[name]);
  }
});

it("a stage that wasm would compute inside its reader is what the reference says", async () => {
  const conv = join(import.meta.dirname, "..", "..", "dsl-examples", "conv2d.ein");
  const dims = ["B=2", "C=3", "H=9", "W=7", "O=5", "R=3", "S=3"].flatMap((d) => ["--dim", d]);
  const inputs = ["X=random:9", "F=random:1", "b=random:2"].flatMap((i) => ["--in", i]);
  const values = [];
  for (const target of ["interp", "wasm"]) {
    const out = join(folder, `${target}.npy`);
    const line = [...inputs, ...dims, "--set", "p=1", "--dump", `acc=${out}`, "--target", target];
    expect(await einkorn("run", conv, ...line)).toMatchObject({ exit: 0 });
    values.push(readNpy(readFileSync(out), out));
  }
  const [want, got] = values;
  expect(got?.shape).toEqual([2, 5, 9, 7]);
  const [a, b] = [[...(want?.data ?? [])], [...(got?.data ?? [])]];
  expect(Math.max(...a.map((x, n) => Math.abs(Number(x) - Number(b[n]))))).toBeLessThan(1e-5);
  // Before relu: the stage, not the output.
  expect(Math.min(...b.map(Number))).toBeLessThan(-0.1);
});

it.each([
  ["nothing=x.npy", "E6202"],
  ["e=x.txt", "E6402"],
  ["e", "E6402"],
  ["=x.npy", "E6402"],
])("--dump %s is refused, and nothing is written", async (dump, code) => {
  const before = readdirSync(folder);
  const ended = await einkorn("run", file, ...INPUTS, "--dump", dump.replace("x.", join(folder, "x.")));
  expect(ended).toMatchObject({ exit: 2, stdout: "" });
  expect(ended.stderr).toContain(code);
  expect(readdirSync(folder)).toEqual(before);
});

async function stagesOn(target: string): Promise<readonly string[]> {
  const { stdout } = await einkorn("run", file, "--target", target, ...INPUTS, "--time", "--json");
  const document = JSON.parse(stdout);
  expect(faults("run", document)).toBe("");
  const rows: readonly { readonly stage: string; readonly milliseconds: number }[] = document.result.stages;
  expect(rows.reduce((sum, t) => sum + t.milliseconds, 0)).toBeLessThanOrEqual(document.result.milliseconds.run + 0.1);
  return rows.map((t) => t.stage);
}

it("--time: each stage where the target can tell", async () => {
  const inOrder = await stagesOn("interp");
  expect(inOrder).toEqual(expect.arrayContaining(["e", "s", "h.acc", "r", "Z"]));
  expect(inOrder.indexOf("e")).toBeLessThan(inOrder.indexOf("s"));
  expect(await stagesOn("wasm")).toEqual(expect.arrayContaining(["s", "r"]));
});
