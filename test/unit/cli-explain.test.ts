/** `einkorn explain`: what each section says, the declaration as it is written, and what is refused. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { PIPELINE } from "../../compiler/pipeline.ts";
import { einkorn } from "../support/cli.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "dsl-examples");
const example = (name: string): string => join(EXAMPLES, `${name}.ein`);

type Section = { readonly title: string; readonly text: string };

async function sectionsOf(...line: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { exit, stdout } = await einkorn("explain", ...line, "--json");
  expect(exit).toBe(0);
  const sections: readonly Section[] = JSON.parse(stdout).result.sections;
  return new Map(sections.map((s) => [s.title, s.text]));
}

it("all sections, in order", async () => {
  const titles = [...(await sectionsOf(example("conv2d"))).keys()];
  const [machine, ...rest] = ["machine code", "memory", "loops", "cost"].map((what) => `${what} for wasm`);
  expect(titles).toEqual(["equations", "proofs", ...rest.toReversed(), machine]);
  expect([...(await sectionsOf(example("conv2d"), "--target", "interp")).keys()]).toEqual([
    "equations",
    "proofs",
    "cost for interp",
  ]);
});

it("cost: expressions while dims are open, numbers when they are given", async () => {
  const open = await sectionsOf(example("matmul"));
  expect(open.get("cost for wasm")).toMatch(/^operations: 2 \* K \* M \* N$/m);
  expect(open.get("cost for wasm")).toContain("(4 * M * K + 4 * K * N in, 4 * M * N out)");
  const fixed = await sectionsOf(example("matmul"), ...["M=4", "K=5", "N=6"].flatMap((d) => ["--dim", d]));
  expect(fixed.get("cost for wasm")).toMatch(/^C +24 +240$/m);
  expect(fixed.get("cost for wasm")).toMatch(/^operations for each byte: 0.811$/m);
});

it("an output that a called kernel computes has the name of the output", async () => {
  const sections = await sectionsOf(example("mnist_cnn"));
  expect(sections.get("equations")).toMatch(/^kernel .* = Y\.Y /m);
  expect(sections.get("cost for wasm")).toMatch(/^Y \(Y\.Y\) /m);
  expect(sections.get("memory for wasm")).toMatch(/^output +Y \(Y\.Y\) /m);
  expect((await sectionsOf(example("matmul"))).get("memory for wasm")).toMatch(/^output +C {2}/m);
});

it("memory: offsets, launches, arena and live set", async () => {
  const text = (await sectionsOf(example("lenet"), "--dim", "B=1")).get("memory for wasm") ?? "";
  expect(text).toMatch(/^scratch +h1\.Y +f32\[1, 8, 14, 14\] +6272 +\d+ /m);
  const [, arena = "0", share = "0"] = /arena: (\d+) bytes, ([\d.]+) of/.exec(text) ?? [];
  const [, largest = "0"] = /largest live set: (\d+) bytes/.exec(text) ?? [];
  expect(Number(largest)).toBeGreaterThan(25_000);
  expect(Number(arena) / Number(largest)).toBeCloseTo(Number(share), 2);
  expect((await sectionsOf(example("lenet"))).get("memory for wasm")).toContain("arena: laid out at each call");
  expect((await sectionsOf(example("matmul"))).get("memory for wasm")).toContain("arena: none");
});

it("loops say whose axis they are and what made them", async () => {
  expect((await sectionsOf(example("matmul"))).get("loops for wasm")).toMatch(/ {2}\/\/ C\.i: \w/);
});

it("--after parse: the declaration, with its comment, of files and of the standard library", async () => {
  const { stdout } = await einkorn("explain", example("rnn"), "--after", "parse");
  expect(stdout).toMatch(/^\/\/ Recurrent network: .*\nexport kernel rnn\(/);
  expect(stdout).toMatch(/^ {2}rec Hs\[t, n, j\] = tanh\(/m);
  const standard = await einkorn("explain", "std/nn:conv2d", "--after", "parse");
  expect(standard).toMatchObject({ exit: 0, stderr: "" });
  expect(standard.stdout).toMatch(/^export kernel conv2d</m);
});

it("--after every pass prints something, and --diff of a pass with itself has no changes", async () => {
  for (const { name } of PIPELINE) {
    const { exit, stdout } = await einkorn("explain", example("softmax"), "--after", name);
    expect([exit, stdout.length > 100], name).toEqual([0, true]);
  }
  const { stdout } = await einkorn("explain", example("softmax"), "--diff", "select", "select");
  expect(stdout.split("\n").filter((line) => /^[-+]/.test(line))).toEqual([]);
});

it("a pass that is none, and one that the target does not run", async () => {
  const typo = await einkorn("explain", example("softmax"), "--after", "simplfy");
  expect(typo).toMatchObject({ exit: 2, stdout: "" });
  expect(typo.stderr).toContain("did you mean simplify?");
  const none = await einkorn("explain", example("softmax"), "--target", "interp", "--after", "select");
  expect(none).toMatchObject({ exit: 2, stdout: "" });
});
