/** `einkorn test`: verdicts, exit codes, what is printed, the report for build servers, and what it refuses. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Ended } from "../support/cli.ts";
import { einkorn, faults } from "../support/cli.ts";

let folder: string;

const FILES: Readonly<Record<string, string>> = {
  "good.ein": `export kernel scale<k: int = 2>(X: f32[N]) -> Y: f32[N] where k >= 1 { Y[i] = X[i] * k; }
test scale for all N in 0..40, k in 0..4 within 2 ulp;
test scale within 1e-6 rel;`,
  // Two targets cannot agree about what rounding decides; the reference is sure of it to 0 ulp.
  "strict.ein": `kernel total(X: f32[N]) -> y: f32 { y = sum[i](exp(X[i])); }
test total for all N in 20..60 within 0 abs;`,
  "laws.ein": `reducer last(x: f32) -> (v: f32) { identity 0.0; lift x; combine a, b = b.v; law associative commutative; }
reducer most(x: f32) -> (v: f32) { identity -inf; lift x; combine a, b = max(a.v, b.v); law associative commutative; }
kernel f(X: f32[N]) -> y: f32 { y = most[i](X[i]); }`,
  "none.ein": "kernel f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i]; }",
  "wrong.ein": "kernel f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i + 1]; }\ntest f for all N in 0..4;",
  "narrow.ein": `kernel f(X: f32[N], Y: f32[M]) -> Z: f32[N] where N == 3 * M + 64, M >= 7 { Z[i] = X[i] * 2.0; }
test f for all N in 1..4000, M in 0..200;
kernel never(X: f32[N]) -> Y: f32[N] where N >= 100 { Y[i] = X[i]; }
test never for all N in 0..9;`,
  "large.ein": `kernel f(A: f32[N, N], B: f32[N, N]) -> C: f32[N, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }
test f for all N in 1..4097;`,
  "f64.ein": "kernel f(X: f64[N]) -> Y: f64[N] { Y[i] = X[i] + 1.0; }\ntest f for all N in 0..9;",
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-test-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), `${text}\n`);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function run(line: string): Promise<Ended> {
  return einkorn("test", ...line.replaceAll("@", folder).split(" "));
}

async function result(line: string) {
  const { exit, stdout } = await run(`${line} --json`);
  const document = JSON.parse(stdout);
  expect(faults("test", document)).toBe("");
  expect(document.ok).toBe(exit === 0);
  return { exit, ...document };
}

describe("verdicts", () => {
  test("a right kernel passes, with generics drawn within their where", async () => {
    const { exit, stdout } = await run("@/good.ein --target wasm,interp");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^test +wasm +interp\nscale +20 runs, .+\nscale +20 runs, .+\n2 tests \(seed 1\)\n$/);
  });

  test("a failure is small, says what is wrong, and the printed line brings it back", async () => {
    const failed = await result("@/strict.ein --target wasm");
    expect(failed.exit).toBe(1);
    const [cell] = failed.result.tests[0].targets;
    expect(cell).toMatchObject({ target: "wasm", verdict: "failed" });
    expect(cell.failure.wrong).toMatchObject({ output: "y", at: [], allowed: 0 });
    expect(cell.failure.dims).toStrictEqual({ N: 20 });
    const { stdout } = await run("@/strict.ein --target wasm");
    expect(stdout).toContain(`${folder}/strict.ein:2: total fails on wasm with N = 20\n  y is `);
    const line = /einkorn test (\S+:total --target wasm --seed \d+ --dim N=20)\n/.exec(stdout)?.[1] ?? "";
    const again = await result(line);
    expect(again.exit).toBe(1);
    expect(again.result.tests[0].targets[0].failure.wrong).toStrictEqual(cell.failure.wrong);
  });

  test("laws: the simplest case that breaks one", async () => {
    const { exit, result: found } = await result("@/laws.ein");
    expect(exit).toBe(1);
    const verdicts = found.laws.map((l: { reducer: string; law: string; counterexample: string | null }) => [
      l.reducer,
      l.law,
      l.counterexample,
    ]);
    expect(verdicts).toStrictEqual([
      ["last", "identity", "lift(1) is 1, but lift(1) ∘ identity is 0"],
      ["last", "commutative", "identity ∘ lift(1) is 1, but lift(1) ∘ identity is 0"],
      ["last", "associative", null],
      ["most", "identity", null],
      ["most", "commutative", null],
      ["most", "associative", null],
    ]);
    expect((await result("@/laws.ein:f")).result.laws).toStrictEqual([]);
  });

  test("a file with mistakes is not run", async () => {
    const { exit, stdout, stderr } = await run("@/wrong.ein");
    expect(exit).toBe(1);
    expect(stderr).toContain("error[E2003]");
    expect(stdout).not.toContain("equal");
  });

  test("no tests are no failure", async () => {
    expect(await run("@/none.ein")).toMatchObject({ exit: 0, stdout: "there are no tests\n" });
    expect((await result("@/none.ein")).result).toMatchObject({ tests: [], laws: [] });
  });

  test("conditions that blind draws miss are searched; ones that nothing satisfies are said", async () => {
    const { exit, result: found } = await result("@/narrow.ein --target wasm --runs 3");
    expect(exit).toBe(1);
    expect(found.tests[0].targets[0]).toMatchObject({ verdict: "passed", runs: 3 });
    expect(found.tests[1].problem).toBe("no sizes in these ranges satisfy its where conditions");
  });

  test("sizes that the reference cannot afford are made smaller, and that is said", async () => {
    const { exit, stdout } = await run("@/large.ein --target wasm --runs 3");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/f: \d of 3 draws made smaller: .*; the largest sizes were N = \d+\n/);
  });
});

describe("targets", () => {
  test("a refusal is passed over, unless the target was named", async () => {
    const named = await result("@/f64.ein --target wgsl");
    // Where there is no GPU at all the machine is at fault.
    expect(named.exit).toBe(named.result.unavailable.length > 0 ? 3 : 1);
    expect((await result("@/f64.ein")).exit).toBe(0);
  });

  test.each([
    ["@/good.ein --target wsam", 2, "E6301"],
    ["@/good.ein --target wasm --dim M=3", 2, "E6202"],
    ["@/good.ein --target wasm --set q=3", 2, "E6202"],
    ["@/good.ein --runs 0", 2, "E6402"],
    ["@/good.ein --seed x", 2, "E6402"],
    ["@/good.ein --seed 9007199254740991", 2, "E6402"],
    ["@/gone.ein", 2, "E6102"],
    ["@/good.ein:scael", 2, "E6211"],
    ["@/good.ein --target interp --junit @/nowhere/report.xml", 2, "E6103"],
  ])("%s", async (line, exit, code) => {
    const ended = await run(line);
    expect(ended.stderr).toContain(`error[${code}]`);
    expect(ended).toMatchObject({ exit, stdout: "" });
  });
});

describe("for build servers", () => {
  test("JUnit XML, with whatever a message holds", async () => {
    const file = join(folder, "report.xml");
    const { exit } = await run(`@/strict.ein @/laws.ein @/good.ein --target wasm --junit ${file}`);
    expect(exit).toBe(1);
    const xml = readFileSync(file, "utf8");
    expect(xml.split("\n")[1]).toMatch(
      /^<testsuites name="einkorn test" tests="9" failures="3" errors="0" skipped="0"/,
    );
    expect(wellFormed(xml)).toBe(true);
    expect(xml).toContain("lift(1) is 1, but");
    expect(xml).toContain('line="2"');
  });

  test("annotations on GitHub, and there only", async () => {
    vi.stubEnv("GITHUB_ACTIONS", "true");
    const there = await run("@/strict.ein --target wasm");
    expect(there.stderr).toMatch(
      /^::error file=[^\n]*strict\.ein,line=2,title=total on wasm::[^\n]*%0A {2}y is [^\n]*\n$/,
    );
    vi.stubEnv("GITHUB_ACTIONS", "");
    expect((await run("@/strict.ein --target wasm")).stderr).toBe("");
  });

  test("nothing is written where nothing could be run", async () => {
    const file = join(folder, "none.xml");
    await run(`@/gone.ein --junit ${file}`);
    expect(existsSync(file)).toBe(false);
  });
});

/** Every tag is closed by its like, and nothing but text and entities stands between tags. */
function wellFormed(xml: string): boolean {
  const open: string[] = [];
  const rest = xml.replace(/^<\?xml [^?]*\?>\n/, "");
  const tag = /<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g;
  for (const [, closing, name = "", , empty] of rest.matchAll(tag)) {
    if (closing === "/" && open.pop() !== name) return false;
    if (closing === "" && empty === "") open.push(name);
  }
  const between = rest.replaceAll(tag, "");
  return open.length === 0 && !/[<>]|&(?!(?:amp|lt|gt|quot|apos);)/.test(between);
}
