/**
 * Programs that were made to explode: nested, chained, doubled, unrolled, with dims and conditions by the thousand. Each
 * ends within a time and a heap that do not depend on what it asks for, as a program or with a code, in a process of its own:
 * what a stack holds where the parser is cold, and what a heap holds at most, shows there only.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { text as textOf } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "einkorn-untrusted-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = join(import.meta.dirname, "..", "..", "bin", "einkorn.mjs");

/** Machines are shared: alone, the slowest takes a tenth of it. */
const SECONDS = 40;
/** Mebibytes that V8 may use. */
const HEAP = 800;

const DEEP = 10_000;
const list = (count: number, item: (n: number) => string, between = " "): string =>
  Array.from({ length: count }, (_, n) => item(n)).join(between);
const nest = (open: string, inner: string, close: string, count = DEEP): string =>
  open.repeat(count) + inner + close.repeat(count);
const body = (e: string): string => `kernel k(x: f32[N]) -> y: f32[N] { y[i] = ${e}; }\n`;
const stages = (count: number, one: (n: number) => string): string =>
  `kernel k(x: f32[N]) -> y: f32[N] { ${list(count, (n) => `let s${n}[i] = ${one(n)};`)} y[i] = s${count - 1}[i]; }`;
const before = (n: number): string => (n === 0 ? "x[i]" : `s${n - 1}[i]`);

/** By code of the first error; null for what is a program. */
const PROGRAMS: Readonly<Record<string, readonly [code: string | null, text: string]>> = {
  parentheses: ["E1003", body(nest("(", "x[i]", ")"))],
  subscripts: ["E1003", body(nest("x[", "0", "]"))],
  calls: ["E1003", body(nest("abs(", "x[i]", ")"))],
  "calls below the limit": [null, body(nest("exp(sin(", "x[i]", "))", 31))],
  "reductions below the limit": [
    null,
    body(`${list(62, (n) => `sum[j${n} in 0..2](x[i] * 1.0 +`)} x[i] ${")".repeat(62)}`),
  ],
  "everything at the limit": [null, body(nest("max(0.0, x[i] > 0.0 ? 1.0 : - ", "x[i]", ")", 63))],
  signs: ["E1003", body(nest("-", "x[i]", ""))],
  negations: ["E1003", body(`${nest("!", "true", "")} ? 1.0 : 0.0`)],
  lets: ["E1003", body(nest("let a = x[i] in ", "a", ""))],
  conditionals: ["E1003", body(nest("x[i] > 0.0 ? 1.0 : ", "x[i]", ""))],
  "conditionals inside": ["E1003", body(nest("x[i] > 0.0 ? ", "x[i]", " : 1.0"))],
  powers: ["E1003", body(nest("x[i] ** ", "x[i]", ""))],
  sums: ["E1003", body(nest("x[i] + ", "x[i]", ""))],
  braces: ["E1002", "{".repeat(DEEP)],
  "comments that nest": ["E1003", body(`x[i] ${nest("/* ", "", "*/ ")}`)],
  "a comment without end": ["E1006", `/*${"/*".repeat(DEEP)}`],
  "a long name": ["E1008", body("q".repeat(10_240))],
  "a long number": ["E1005", body(`${"9".repeat(100_000)} * x[i]`)],
  "a long exponent": ["E1005", body("1e999999999 * x[i]")],
  "a dim of 2^31": ["E2018", "kernel k(x: f32[2147483648]) -> y: f32 { y = x[0]; }"],
  "a dim of 2^64": ["E1005", "kernel k(x: f32[18446744073709551616]) -> y: f32 { y = x[0]; }"],
  "rank 100": [
    "E2018",
    `kernel k(x: f32[${list(100, (n) => `N${n}`, ",")}]) -> y: f32[${list(100, (n) => `N${n}`, ",")}] { y[${list(100, (n) => `i${n}`, ",")}] = x[${list(100, (n) => `i${n}`, ",")}]; }`,
  ],
  "rank 1000": ["E2041", `kernel k(x: f32[${list(1000, (n) => `N${n}`, ",")}]) -> y: f32 { y = 0.0; }`],
  "lets that double": [
    null,
    body(`${list(60, (n) => `let a${n} = ${n === 0 ? "x[i]" : `a${n - 1} + a${n - 1}`} in`)} a59`),
  ],
  "stages that double": [null, stages(200, (n) => `${before(n)} + ${before(n)}`)],
  "functions that double": [
    "E2041",
    `${list(30, (n) => `fn f${n}x(x: f32) -> f32 = ${n === 0 ? "x" : `f${n - 1}x(x) + f${n - 1}x(x + 1.0)`};`)} ${body("f29x(x[i])")}`,
  ],
  "kernels that double": [
    "E2041",
    list(30, (n) =>
      n === 0
        ? "kernel k0(x: f32[N]) -> y: f32[N] { y = x; }"
        : `kernel k${n}(x: f32[N]) -> y: f32[N] { let a = k${n - 1}(x); y = k${n - 1}(a); }`,
    ),
  ],
  "functions in a row": [
    "E2041",
    `${list(5000, (n) => `fn f${n}x(x: f32) -> f32 = ${n === 0 ? "x" : `f${n - 1}x(x)`};`)} ${body("f4999x(x[i])")}`,
  ],
  "a large generic": [
    null,
    "kernel k<s: int = 1000000>(x: f32[N]) -> y: f32 where N > s { y = sum[j in 0..s](x[j]); }",
  ],
  "large dims": [null, "kernel k(x: f32[1000000, 2000]) -> y: f32[1000000] { y[i] = sum[j](x[i, j]); }"],
  "many small axes": [
    null,
    "kernel k(x: f32[3,3,3,3,3,3,3,3,3,3]) -> y: f32 { y = sum[a,b,c,d,e,f,g,h,i,j](x[a,b,c,d,e,f,g,h,i,j]); }",
  ],
  "many axes": [null, body(`sum[${list(2000, (n) => `a${n} in 0..N`, ",")}](1.0)`)],
  "many stages": ["E2041", stages(15_000, before)],
  "many parameters": ["E2041", `kernel k(${list(30_000, (n) => `x${n}: f32[N${n}]`, ",")}) -> y: f32[N0] { y = x0; }`],
  "many dims": ["E2041", `kernel k(${list(900, (n) => `x${n}: f32[N${n}]`, ",")}) -> y: f32[N0] { y = x0; }`],
  "many outputs": [
    "E2041",
    `kernel k(x: f32[N]) -> ${list(10_000, (n) => `y${n}: f32[N]`, ",")} { ${list(10_000, (n) => `y${n} = x;`)} }`,
  ],
  "many generics": [
    "E2041",
    `kernel k<${list(20_000, (n) => `g${n}: int = ${n}`, ",")}>(x: f32[N]) -> y: f32[N] { y = x; }`,
  ],
  "many conditions": [
    "E2041",
    `kernel k(x: f32[N], z: f32[M]) -> y: f32[N] where ${list(15_000, (n) => `N * ${n + 2} < M * ${2 * n + 1}`, ",")} { y = x; }`,
  ],
  "many alternatives": [
    "E2003",
    `kernel k(x: f32[N], z: f32[M]) -> y: f32[N] where ${list(30, (n) => `(N*${n + 1} < M*${n + 2} + 3 || M*M > ${n * 2}*N || N > ${n})`, ",")} { y[i] = x[i] + z[i]; }`,
  ],
  "many kernels": [null, list(8000, (n) => `kernel k${n}(x: f32[N]) -> y: f32[N] { y[i] = x[i]; }`)],
  "many wrong kernels": ["E2003", list(15_000, (n) => `kernel k${n}(x: f32[N]) -> y: f32[N] { y[i] = x[i + 1]; }`)],
  "many subscripts that are not proved": [
    "E2003",
    list(
      1500,
      (n) =>
        `kernel k${n}(x: f32[N], w: f32[K]) -> y: f32[N] where N >= 5, K >= 2 { y[i] = sum[j](x[(i*K*K + j*${n}*i) div (K + ${n})] * w[j]); }`,
    ),
  ],
  "a product that may overflow": [
    "E2101",
    `kernel k(x: i32[N]) -> y: i32[N] { y[i] = ${list(150, (n) => `(x[i] * ${n + 3} + i)`, " * ")}; }`,
  ],
  "a product of dims": [
    "E2003",
    `kernel k(x: f32[N], a: f32[A], b: f32[B], c: f32[C], z: f32[${"(N+A+B+C)*".repeat(20)}1]) -> y: f32[N] { y[i] = z[i]; }`,
  ],
  // Which is always below N.
  "divisions inside each other": [
    null,
    body(`x[${"(".repeat(50)}i${list(50, (n) => `* ${n + 2} + N) div ${n + 3}`)}]`),
  ],
  "extremes inside each other": [
    "E2003",
    body(`x[${list(25, (n) => `min(max(i + ${n},`)} i ${list(25, (n) => `+ ${n}), N - ${n + 1})`)}]`),
  ],
  "imports of nothing": ["E6102", list(10_000, (n) => `import { a${n} } from "./nothing${n}.ein";`)],
  "an import of itself": ["E2072", `import { k } from "./an import of itself.ein";`],
};

describe("a program", () => {
  test.concurrent.each(Object.entries(PROGRAMS))("%s", async (name, [code, text]) => {
    expect(text.length).toBeLessThanOrEqual(2 ** 20);
    const file = join(folder, `${name}.ein`);
    writeFileSync(file, text);
    const started = performance.now();
    const child = spawn(execPath, [`--max-old-space-size=${HEAP}`, bin, "check", file], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 2 * SECONDS * 1000,
    });
    const [stderr, [status]] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
    expect(performance.now() - started).toBeLessThan(SECONDS * 1000);
    expect(stderr).not.toMatch(/internal compiler error|\n\s+at /);
    expect(/error\[(E\d+)\]/.exec(stderr)?.[1] ?? null).toBe(code);
    expect(status).toBe(code === null ? 0 : code.startsWith("E6") ? 2 : 1);
    // No line floods a terminal.
    expect(Math.max(...stderr.split("\n").map((l) => l.length))).toBeLessThan(20_000);
  });
});
