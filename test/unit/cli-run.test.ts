/** `einkorn run` and `build` on files: every source of inputs, every format of outputs, all or nothing on the disk. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readNpy, writeNpy } from "../../runtime/files/npy.ts";
import { openNpz, writeNpz } from "../../runtime/files/npz.ts";
import { openSafetensors, writeSafetensors } from "../../runtime/files/safetensors.ts";
import { equalTensors, Tensor } from "../../runtime/tensor.ts";
import { einkorn } from "../support/cli.ts";

let folder: string;
let file: string;
const X = Tensor.from([1, -2, 3.5]);
const a = Tensor.from(2, { dtype: "f32" });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-run-"));
  file = join(folder, "scale.ein");
  writeFileSync(
    file,
    `// Two outputs.
export kernel scale(X: f32[N], a: f32) -> Y: f32[N], top: f32 {
  Y[i] = X[i] * a;
  top = max[i](X[i]);
}
export kernel ramp(X: f32[N]) -> Y: f32[N, 2] { Y[i, j] = X[i] + f32(j); }
`,
  );
  writeFileSync(join(folder, "x.npy"), writeNpy(X));
  writeFileSync(join(folder, "w.npz"), writeNpz(new Map([["X", X]])));
  writeFileSync(
    join(folder, "both.safetensors"),
    writeSafetensors(
      new Map([
        ["X", X],
        ["a", a],
        ["other", a],
      ]),
    ),
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (name: string): string => join(folder, name);
const load = (name: string): Tensor => readNpy(readFileSync(inFolder(name)), name);

test.each([
  ["x.npy", ["--in", "X=x.npy", "--in", "a=2"]],
  ["a member", ["--in", "X=w.npz:X", "--in", "a=2"]],
  ["a member by the parameter's name", ["--in", "X=w.npz", "--in", "a=both.safetensors"]],
  ["an archive for all", ["--in", "both.safetensors"]],
])("inputs from %s", async (_, inputs) => {
  const paths = inputs.map((i) => i.replace(/(x\.npy|w\.npz|both\.safetensors)/, (name) => inFolder(name)));
  const ended = await einkorn("run", `${file}:scale`, ...paths);
  expect(ended).toEqual({ exit: 0, stdout: "Y: f32[3] [2, -4, 7]\ntop: f32 3.5\n", stderr: "" });
});

test("a source without a name is for every parameter that nothing else gives", async () => {
  const whole = await einkorn("run", `${file}:scale`, "--in", "2", "--dim", "N=3");
  expect(whole).toEqual({ exit: 0, stdout: "Y: f32[3] [4, 4, 4]\ntop: f32 2\n", stderr: "" });
  const rest = await einkorn("run", `${file}:scale`, "--in", "2", "--in", `X=${inFolder("x.npy")}`);
  expect(rest).toEqual({ exit: 0, stdout: "Y: f32[3] [2, -4, 7]\ntop: f32 3.5\n", stderr: "" });
  // Each parameter has random numbers of its own, the same as under its name.
  const drawn = await einkorn("run", `${file}:scale`, "--in", "random:7", "--dim", "N=3");
  const named = await einkorn("run", `${file}:scale`, "--in", "X=random:7", "--in", "a=random:7", "--dim", "N=3");
  expect(drawn).toEqual(named);
  const twice = await einkorn("run", `${file}:scale`, "--in", "zeros", "--in", "random", "--dim", "N=3");
  expect(twice).toMatchObject({ exit: 2, stderr: expect.stringMatching(/E6402.*"random": .* have a source already/) });
});

test("outputs to files of each format, and the rest on the screen", async () => {
  const base = ["run", `${file}:scale`, "--in", inFolder("both.safetensors"), "--target", "interp"];
  const one = await einkorn(...base, "--out", `Y=${inFolder("new/folder/y.npy")}`);
  expect(one.stdout).toBe("top: f32 3.5\n");
  expect(one.stderr).toMatch(/^made the folder .*new\/folder\nmade the folder .*new\nY is in .*y\.npy\n$/);
  const Y = Tensor.from([2, -4, 7]);
  expect(equalTensors(load("new/folder/y.npy"), Y)).toBe(true);

  const all = await einkorn(...base, "--out", inFolder("all.npz"), "--out", inFolder("all.safetensors"));
  expect(all).toMatchObject({ exit: 0, stdout: "" });
  const npz = openNpz(readFileSync(inFolder("all.npz")), "all.npz");
  const safetensors = openSafetensors(readFileSync(inFolder("all.safetensors")), "all.safetensors");
  expect(npz.names).toEqual(["Y", "top"]);
  for (const name of npz.names) expect(equalTensors(npz.read(name), safetensors.read(name))).toBe(true);

  await einkorn(...base, "--out-dir", inFolder("dir"));
  expect(readdirSync(inFolder("dir")).toSorted()).toEqual(["Y.npy", "top.npy"]);
});

test("the time of each stage goes to standard error", async () => {
  const { stdout, stderr } = await einkorn(
    "run",
    `${file}:ramp`,
    "--target",
    "interp",
    "--in",
    "X=iota",
    "--dim",
    "N=2",
    "--time",
  );
  expect(stdout).toBe("Y: f32[2, 2]\n[[0, 1],\n [1, 2]]\n");
  expect(stderr).toMatch(/^check [\d.]+ ms, inputs [\d.]+ ms, compile [\d.]+ ms, run [\d.]+ ms\n  Y {2}[\d.]+ ms\n$/);
});

test("a failure leaves the old file and nothing half", async () => {
  mkdirSync(inFolder("kept"));
  writeFileSync(inFolder("kept/Y.npy"), "old");
  const wrong = await einkorn("run", `${file}:scale`, "--in", "X=zeros", "--in", "a=1", "--out-dir", inFolder("kept"));
  expect(wrong.exit).toBe(2);
  // The second output cannot be written: its place is a folder. So the first is not, either.
  mkdirSync(inFolder("kept/top.npy"));
  const half = await einkorn(
    "run",
    `${file}:scale`,
    "--in",
    inFolder("both.safetensors"),
    "--out-dir",
    inFolder("kept"),
  );
  expect(half.exit).toBe(2);
  expect(half.stderr).toMatch(/E6103.*top\.npy is a folder/);
  expect(readFileSync(inFolder("kept/Y.npy"), "utf8")).toBe("old");
  expect(readdirSync(inFolder("kept")).toSorted()).toEqual(["Y.npy", "top.npy"]);
});

test("no two outputs are written to one file", async () => {
  mkdirSync(inFolder("real"));
  symlinkSync(inFolder("real"), inFolder("link"));
  const base = ["run", `${file}:scale`, "--in", inFolder("both.safetensors")];
  const clashes = [
    ["--out", `Y=${inFolder("real/one.npy")}`, "--out", `top=${inFolder("real/../real/one.npy")}`],
    ["--out", `Y=${inFolder("real/new/one.npy")}`, "--out", `top=${inFolder("link/new/one.npy")}`],
    ["--out", `Y=${inFolder("real/Y.npy")}`, "--out-dir", inFolder("link")],
    ["--out", `Y=${inFolder("real/one.npy")}`, "--dump", `Y=${inFolder("link/one.npy")}`],
  ];
  for (const clash of clashes) {
    const ended = await einkorn(...base, ...clash);
    expect(ended).toMatchObject({
      exit: 2,
      stdout: "",
      stderr: expect.stringMatching(/E6402.*is to be written twice/),
    });
    expect(readdirSync(inFolder("real"))).toEqual([]);
  }
});

test("an .npy file holds one output only", async () => {
  const ended = await einkorn("run", `${file}:scale`, "--in", inFolder("both.safetensors"), "--out", inFolder("z.npy"));
  expect(ended.exit).toBe(2);
  expect(ended.stderr).toMatch(/E6402.*holds one tensor, and there are 2[^]*--out Y=/);
  expect(existsSync(inFolder("z.npy"))).toBe(false);
});

test("build writes a folder per target and kernel, and prints sizes", async () => {
  const out = inFolder("out");
  const ended = await einkorn("build", file, "--target", "wasm,hls,wasm", "-o", out, "--dim", "N=4", "--json");
  expect(ended.exit).toBe(0);
  const { files } = JSON.parse(ended.stdout).result;
  const folders = new Set(files.map((f: { target: string; kernel: string }) => `${f.target}/${f.kernel}`));
  expect([...folders]).toEqual(["wasm/scale", "hls/scale", "wasm/ramp", "hls/ramp"]);
  for (const { path, bytes } of files) expect(readFileSync(path).length).toBe(bytes);
});

test("one dim may be a constant of the kernels that have it", async () => {
  const source = inFolder("dims.ein");
  writeFileSync(
    source,
    "kernel f(x: f32[N]) -> y: f32[N] { y[i] = x[i]; } kernel g(x: f32[M]) -> y: f32[M] { y[i] = x[i]; }",
  );
  expect((await einkorn("build", source, "-o", inFolder("dims"), "--dim", "N=4")).exit).toBe(0);
  expect((await einkorn("build", source, "-o", inFolder("dims"), "--dim", "K=4")).stderr).toMatch(
    /f, g have no dim "K"/,
  );
});
