/**
 * The work of checking and proving grows with the length of a program, not faster: counted in questions that the parts
 * ask each other, so that the answer is the same on every machine.
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { chain, shrinking } from "../../bench/big-sources.ts";
import { Atoms } from "../../compiler/analysis/atoms.ts";
import { Facts } from "../../compiler/analysis/facts.ts";
import { IndexPolynomials } from "../../compiler/analysis/index-polynomial.ts";
import { AccessIndex } from "../../compiler/lang/check/access-index.ts";
import { Context } from "../../compiler/lang/check/context.ts";
import { ExpansionSizes } from "../../compiler/lang/check/expansion-size.ts";
import { tabulate } from "../../compiler/lang/check/program-table.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";

afterEach(() => vi.restoreAllMocks());

/** How often each question was asked while the program was checked and proved; it must be free of mistakes. */
function questions(text: string): ReadonlyMap<string, number> {
  const asked = {
    "ranges of an index": vi.spyOn(AccessIndex.prototype, "mentioning"),
    "readers of an axis": vi.spyOn(AccessIndex.prototype, "reading"),
    "symbols of a polynomial": vi.spyOn(Atoms.prototype, "symbolsOf"),
    "facts for a goal": vi.spyOn(Facts.prototype, "factFor"),
    "polynomials of expressions": vi.spyOn(IndexPolynomials.prototype, "poly"),
    "expressions looked at": vi.spyOn(Context.prototype, "spend"),
  };
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource("growth.ein", text), diagnostics);
  const proved = program?.kernels.map((k) => proveKernelOf(program, k.name, {}, diagnostics));
  expect(diagnostics.list).toEqual([]);
  expect(proved).not.toContain(null);
  const counts = new Map(Object.entries(asked).map(([what, spy]) => [what, spy.mock.calls.length]));
  vi.restoreAllMocks();
  return counts;
}

/** Calls after each other. */
const layers = (n: number): string =>
  [
    "kernel dense(X: f32[B, I], W: f32[I, O]) -> Y: f32[B, O] { Y[n, o] = relu(sum[i](X[n, i] * W[i, o])); }",
    "kernel net(X: f32[B, I], W: f32[I, I]) -> Y: f32[B, I] {",
    ...Array.from({ length: n }, (_, k) => `  let h${k} = dense(${k === 0 ? "X" : `h${k - 1}`}, W);`),
    `  Y[i, j] = h${n - 1}[i, j];`,
    "}",
  ].join("\n");

/** Ranges that come from the readers, the last one first. */
const backwards = (n: number): string =>
  [
    "kernel back(X: f32[N]) -> Y: f32[N] {",
    ...Array.from({ length: n }, (_, k) => `  let s${k}[i] = relu(X[i % N]);`),
    ...Array.from({ length: n }, (_, k) => `  let t${k}[i] = s${k}[i] + ${k === 0 ? "s0" : `t${k - 1}`}[i];`),
    `  Y[i] = t${n - 1}[i];`,
    "}",
  ].join("\n");

/** One stage that reads all the others. */
const wide = (n: number): string =>
  [
    `kernel wide(X: f32[N]) -> Y: f32[N - ${n}] where N >= ${n} {`,
    ...Array.from({ length: n }, (_, k) => `  let s${k}[i] = X[i] + X[i + ${k}];`),
    `  Y[i] = ${Array.from({ length: n }, (_, k) => `s${k}[i]`).join(" + ")};`,
    "}",
  ].join("\n");

describe("twice the stages ask about twice the questions", () => {
  it.each([
    ["element by element and stencils", (n: number) => chain("k", n)],
    ["each shorter than the one before", (n: number) => shrinking("k", n)],
    ["called kernels", layers],
    ["ranges from readers", backwards],
    ["one reader of all", wide],
  ])("%s", (_, source) => {
    const [before, after] = [questions(source(40)), questions(source(80))];
    for (const [what, count] of before) expect(after.get(what), what).toBeLessThanOrEqual(2.25 * count + 10);
  });
});

/** Each function calls the one before it twice. */
const ladder = (depth: number): string =>
  [
    "fn g0(x: f32) -> f32 = x + 1.0;",
    ...Array.from({ length: depth }, (_, n) => `fn g${n + 1}(x: f32) -> f32 = g${n}(x) * g${n}(x + 1.0);`),
    `kernel top(X: f32[N]) -> Y: f32[N] { Y[i] = g${depth}(X[i]); }`,
  ].join("\n");

describe("functions that call functions", () => {
  it("and double with every line are one mistake", () => {
    const diagnostics = new Diagnostics();
    readProgram(makeSource("ladder.ein", ladder(60)), diagnostics);
    expect(diagnostics.list.map((d) => [d.code, d.message])).toEqual([
      ["E2041", "the program grows too large here: more than 400000 expressions after inlining"],
    ]);
  });

  it("in a chain of thousands are one mistake", () => {
    const chained = Array.from({ length: 3000 }, (_, n) => `fn h${n + 1}(x: f32) -> f32 = h${n}(x) * 2.0;`);
    for (const list of [chained, chained.toReversed()]) {
      const diagnostics = new Diagnostics();
      readProgram(makeSource("chain.ein", ["fn h0(x: f32) -> f32 = x;", ...list].join("\n")), diagnostics);
      expect(diagnostics.list.map((d) => [d.code, d.message])).toEqual([
        ["E2041", "the program grows too large here: calls nest deeper than 40"],
      ]);
    }
  });
});

/** How many are admitted before all of them together are too much, and why no more are. */
const admitted = (text: string): readonly [number, string | undefined] => {
  const diagnostics = new Diagnostics();
  const program = parse(makeSource("many.ein", text), diagnostics);
  const table = tabulate(program, new Map(), true, diagnostics);
  expect(diagnostics.list.map((d) => d.message)).toEqual([]);
  const sizes = new ExpansionSizes();
  const answers = program.declarations.map((d) =>
    d.kind === "fn" || d.kind === "kernel" ? sizes.admit(d, table) : null,
  );
  return [answers.filter((a) => a === null).length, answers.at(-1)?.what];
};

describe("declarations that are each small enough", () => {
  it("are counted with their calls", () => {
    const users = Array.from({ length: 300 }, (_, n) => `fn user${n}(x: f32) -> f32 = g13(x);`);
    const text = [ladder(13), ...users].join("\n");
    // g13 has 5 expressions of its own for each of 2**13 calls, and 3 at the bottom.
    const each = 6 * 2 ** 13 + 2 ** 14;
    const [count, what] = admitted(text);
    expect(count).toBeGreaterThan(14);
    expect(Math.abs(count - 2_000_000 / each)).toBeLessThan(20);
    expect(what).toBe("more than 2000000 expressions in this program, calls expanded");
  });

  it("have so many stages together", () => {
    // 90 stages, and ten calls of them with 11 equations around.
    const stages = Array.from({ length: 89 }, (_, n) => `let s${n}[i] = X[i];`).join(" ");
    const base = `kernel base(X: f32[N]) -> Y: f32[N] { ${stages} Y[i] = s0[i]; }`;
    const calls = Array.from({ length: 10 }, (_, n) => `let b${n} = base(X);`).join(" ");
    const user = (n: number): string => `kernel user${n}(X: f32[N]) -> Y: f32[N] { ${calls} Y[i] = b0[i]; }`;
    const [count, what] = admitted([base, ...Array.from({ length: 200 }, (_, n) => user(n))].join("\n"));
    expect(count).toBe(1 + Math.floor((100_000 - 90) / 911));
    expect(what).toBe("more than 100000 stages in this program, calls expanded");
  });
});
