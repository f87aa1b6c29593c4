/** What people get wrong on a command line: each mistake has its code, its exit code and, where one is near, the way out. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../runtime/cli/main.ts";
import { writeNpz } from "../../runtime/files/npz.ts";
import { writeSafetensors } from "../../runtime/files/safetensors.ts";
import { writeNpy } from "../../runtime/files/npy.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { einkorn } from "../support/cli.ts";

let folder: string;
let written: readonly string[];

const PROGRAM = `export kernel blend<k: float = 0.5>(left: f32[N], right: f32[N]) -> out: f32[N] where N >= 1 {
  out[i] = left[i] * k + right[i] * (1.0 - k);
}
export kernel pick(table: f32[V], ids: i32[N] in 0..V) -> out: f32[N] { out[i] = table[ids[i]]; }
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-mistakes-"));
  writeFileSync(join(folder, "two.ein"), PROGRAM);
  writeFileSync(join(folder, "three.npy"), writeNpy(Tensor.from([1, 2, 3])));
  writeFileSync(join(folder, "whole.npy"), writeNpy(Tensor.from([1, 2, 3], { dtype: "i32" })));
  writeFileSync(join(folder, "square.npy"), writeNpy(Tensor.zeros([3, 3])));
  writeFileSync(
    join(folder, "scaled.ein"),
    "kernel f<M: dim>(a: f32[N], s: f32) -> y: f32[N], z: f32[M] { y[i] = s * a[i]; z[i] = s; }",
  );
  const archive = new Map([["x", Tensor.from([1, 2, 3])]]);
  writeFileSync(join(folder, "some.npz"), writeNpz(archive));
  writeFileSync(join(folder, "some.safetensors"), writeSafetensors(archive));
  writeFileSync(join(folder, "wide.ein"), Buffer.from("\uFEFF// wide", "utf16le"));
  writeFileSync(join(folder, "binary.ein"), Uint8Array.of(47, 47, 0, 10));
  writeFileSync(join(folder, "empty.ein"), "// nothing\n");
  writeFileSync(join(folder, "many.ein"), `kernel f() -> y: f32 { y = ${"q + ".repeat(90)}q; }`);
  writeFileSync(join(folder, "outside.ein"), "kernel f(x: f32[N]) -> y: f32[N] { y[i] = x[i + 1]; }");
  written = readdirSync(folder).toSorted();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** `@` is the folder; exit code, code of the diagnostic, and what the text must have besides. */
const MISTAKES: readonly (readonly [line: string, exit: number, code: string, text: RegExp])[] = [
  ["chekc @/two.ein", 2, "E6401", /did you mean check\?/],
  ["tune @/two.ein", 2, "E6403", /the command tune is not built yet/],
  ["explain --primitives", 2, "E6403", /--primitives is not built yet/],
  ["explain --primitives @/two.ein", 2, "E6403", /--primitives is not built yet/],
  ["check --jsno @/two.ein", 2, "E6401", /did you mean --json\?/],
  ["check", 2, "E6401", /missing required argument .*\n.*einkorn help check/],
  ["targets x", 2, "E6401", /too many arguments/],
  ["check @/tow.ein", 2, "E6102", /read .*two\.ein/],
  ["check @", 2, "E6102", /is a folder/],
  ["check @/outside.ein", 1, "E2003", /outside\.ein:1:45/],
  ["run @/outside.ein --in x=1", 1, "E2003", /this read may be outside x/],
  ["run @/two.ein", 2, "E6401", /several kernels: blend, pick/],
  [
    "run std/nn:gelu --in random",
    2,
    "E6211",
    /"gelu" is a function of std\/nn, and no kernel\n.*a kernel that calls it/,
  ],
  ["run std/nn --in random", 2, "E6401", /several kernels: (?:\w+, ){30,}\w+\n/],
  ["check @/empty.ein", 2, "E6211", /empty\.ein declares nothing/],
  ["run @/three.npy", 2, "E6102", /three\.npy is an \.npy array, not a program\n.*--in NAME=/],
  ["check @/some.npz", 2, "E6102", /some\.npz is an \.npz or another zip archive, not a program/],
  ["explain @/some.safetensors", 2, "E6102", /is a \.safetensors archive, not a program/],
  ["check @/wide.ein", 2, "E6102", /is a text in UTF-16\n.*save it as UTF-8/],
  ["build @/binary.ein -o @/out", 2, "E6102", /is not text, for it has zero bytes/],
  ["run @/two.ein:blnd", 2, "E6211", /did you mean blend\?/],
  ["run @/two.ein: --in left=1", 2, "E6401", /names no kernel after the colon/],
  ["run @/two.ein:blend --target wsam", 2, "E6301", /did you mean wasm\?/],
  ["run @/two.ein:blend --in lef=@/three.npy", 2, "E6202", /did you mean left\?/],
  ["run @/two.ein:blend --in left=@/three.npy", 2, "E6201", /argument right is missing/],
  ["run @/two.ein:blend --in left=@/three.npy --in left=zeros", 2, "E6402", /left is given twice/],
  ["run @/two.ein:blend --in @/three.npy", 2, "E6402", /--in NAME=/],
  ["run @/two.ein:blend --in left=@/thre.npy", 2, "E6102", /read .*three\.npy/],
  ["run @/two.ein:blend --in left=@/three.txt", 2, "E6101", /files can be \.npy, \.npz, \.safetensors/],
  [
    "run @/two.ein:blend --in left=@/whole.npy --in right=zeros",
    1,
    "E6203",
    /left is f32, the argument is i32\n.*astype\("float32"\)\n\n$/,
  ],
  ["run @/two.ein:blend --in left=@/square.npy --in right=zeros", 1, "E6204", /left has 1 dim, the argument has 2/],
  [
    "run @/two.ein:blend --in left=@/three.npy --in right=zeros --dim N=4",
    1,
    "E6205",
    /N is 3 in dim 0 of left and 4 in --dim N/,
  ],
  ["run @/two.ein:blend --in left=zeros --in right=zeros --dim N=0", 1, "E6206", /only where N >= 1/],
  ["run @/two.ein:blend --in left=zeros --in right=zeros", 2, "E6402", /give --dim N=/],
  ["run @/two.ein:blend --in left=zeros --in right=zeros --dim N", 2, "E6402", /form NAME=SIZE/],
  ["run @/two.ein:blend --in left=zeros --in right=zeros --dim N=-1", 2, "E6402", /whole number from 0/],
  ["run @/two.ein:blend --in left=zeros --in right=zeros --dim M=1", 2, "E6202", /no dim "M"/],
  [
    "run @/two.ein:blend --in left=1 --in right=1 --dim N=1 --set k=x",
    2,
    "E6402",
    /--set k="x": k is of kind float, a number/,
  ],
  ["run @/two.ein:blend --in left=1 --in right=1 --dim N=1 --set q=1", 2, "E6202", /no generic "q"\n.*there is k/],
  ["run @/two.ein:pick --set q=1", 2, "E6202", /no generic "q"\n.*there are none/],
  ["explain @/two.ein:blend --set ki=1", 2, "E6202", /no generic "ki"\n.*did you mean k\?/],
  ["run @/two.ein:blend --set N=1", 2, "E6202", /no generic "N"\n.*it is a dim: give --dim N=/],
  ["run @/two.ein:blend --dim k=1", 2, "E6202", /no dim "k"\n.*it is a generic: give --set k=1/],
  ["explain @/two.ein:pick --dim M=1", 2, "E6202", /no dim "M"\n.*there are V, N/],
  ["build @/two.ein -o @/out --set q=2", 2, "E6202", /blend, pick have no generic "q"/],
  ["run @/two.ein:blend", 2, "E6201", /give --in left=…: a file of f32 with 1 dim, or random/],
  ["run @/scaled.ein --in a=@/three.npy", 2, "E6201", /give --in s=…: a number/],
  ["run @/scaled.ein --in a=@/three.npy --in s=2", 2, "E6201", /give --dim M=…/],
  ["run @/two.ein:blend --in left=1 --in right=1 --dim N=1 --out uot=x.npy", 2, "E6202", /did you mean out\?/],
  ["run @/two.ein:blend --in left=1 --in right=1 --dim N=1 --out out=x.txt", 2, "E6402", /must end in \.npy/],
  [
    "run @/two.ein:blend --in left=1 --in right=1 --dim N=1 --out-dir @/two.ein/x --target interp",
    2,
    "E6103",
    /folder/,
  ],
  ["run @/two.ein:pick --in table=random --in ids=3 --dim V=3 --dim N=2", 1, "E6207", /ids holds 3 .* 0\.\.3/],
  ["run @/two.ein:pick --in ids=random --dim N=2", 2, "E6402", /the size V of ids is not known/],
  ["run @/two.ein:pick --in table=random --in ids=0 --dim V=3 --dim N=2147483648", 2, "E6402", /2\^31/],
  ["run @/two.ein:blend --const left=x.npy", 2, "E6403", /--const is not built yet/],
  ["run @/two.ein:blend --dialect vitis", 2, "E6403", /the dialect vitis is not built yet/],
  ["build @/two.ein", 2, "E6401", /required option '-o, --out <DIR>'/],
  ["build @/two.ein -o @/out --target wasm,wgls", 2, "E6301", /did you mean wgsl\?/],
  ["build @/two.ein -o @/out --target interp", 2, "E6402", /nothing to build/],
  ["build @/two.ein -o @/out --target wasm,hls --dim V=3", 1, "E4002", /--dim N=/],
  ["build @/two.ein -o @/out --dim Q=3", 2, "E6202", /no dim "Q"/],
  ["explain @/two.ein:pick --after selct", 2, "E6402", /did you mean select\?/],
  ["explain @/two.ein:pick --diff select", 2, "E6402", /two passes, and 1 is given/],
  ["explain @/two.ein:pick --target interp --after select", 2, "E6402", /has no select/],
  ["explain @/two.ein:pick --primitives", 2, "E6403", /--primitives is not built yet/],
  ["conformance --seed 1.5", 2, "E6402", /whole number/],
  ["conformance @/two.ein --target wsam", 2, "E6301", /did you mean wasm\?/],
];

describe("a mistake", () => {
  test.each(MISTAKES)("%s", async (line, exit, code, text) => {
    const ended = await einkorn(...line.replaceAll("@", folder).split(" "));
    expect(ended.stderr).toContain(`error[${code}]`);
    expect(ended.stderr).toMatch(text);
    expect(ended.exit).toBe(exit);
    expect(ended.stdout).toBe("");
  });

  test("writes nothing", () => {
    expect(readdirSync(folder).toSorted()).toEqual(written);
  });
});

test("one bad file of several does not hide the others", async () => {
  const { exit, stdout, stderr } = await einkorn("check", join(folder, "nothing.ein"), join(folder, "two.ein"));
  expect(exit).toBe(2);
  expect(stderr).toMatch(/E6102[^]*1 error\n$/);
  expect(stdout).toMatch(/blend: \d+ subscripts proved[^]*pick: \d+ subscripts proved/);
});

test("of very many mistakes the first are printed, and all are in JSON", async () => {
  const file = join(folder, "many.ein");
  const { exit, stderr } = await einkorn("check", file);
  expect(exit).toBe(1);
  expect(stderr.match(/^error/gm)).toHaveLength(40);
  const count = JSON.parse((await einkorn("check", "--json", file)).stdout).diagnostics.length;
  expect(count).toBeGreaterThan(40);
  expect(stderr).toContain(`… and ${count - 40} more, which --json has\n`);
});

test("what is wrong stands below what is right", async () => {
  const order: string[] = [];
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation(() => order.push(name) > 0),
  );
  await main(["check", join(folder, "two.ein"), join(folder, "outside.ein")]);
  for (const spy of spies) spy.mockRestore();
  expect(order[0]).toBe("stdout");
  expect(order.slice(1)).toEqual(order.slice(1).map(() => "stderr"));
});

test("help is there for each command, with examples", async () => {
  for (const name of ["check", "run", "build", "explain", "conformance", "targets"]) {
    const { exit, stdout } = await einkorn(name, "--help");
    expect(exit).toBe(0);
    expect(stdout).toMatch(new RegExp(`Usage: einkorn ${name} [^]*Examples:\n  einkorn ${name}`));
    expect((await einkorn("help", name)).stdout).toBe(stdout);
  }
  expect((await einkorn("--help")).stdout).not.toContain("demo");
  expect(await einkorn()).toMatchObject({ exit: 2, stdout: "" });
});
