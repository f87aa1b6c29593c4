/**
 * Programs of several files never throw: names, paths and numbers of files that import each other are exchanged, so that
 * circles, clashes, names of other kinds and imports of what is not there occur in every mixture. What is refused says so
 * with words and a place; what is accepted is proved or refused by the proof. A round can be repeated by its seed.
 */
import { expect, test } from "vitest";
import { checkModules, proveKernelOf, readModules } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { makeSource } from "../../compiler/support/source.ts";

const FIRST_SEED = Number(process.env["EINKORN_FUZZ_SEED"] ?? 1);
const ROUNDS = Number(process.env["EINKORN_FUZZ_ROUNDS"] ?? 400);

const FILES: ReadonlyMap<string, string> = new Map([
  [
    "main.ein",
    `import { scaled, total, first, open } from "./a.ein"; import { shifted } from "./b.ein"; import { rows, relu } from "std/m";
    fn hidden(x: f32) -> f32 = scaled(x, k = 3);
    reducer own(x: f32) -> (s: f32) { identity 0.0; lift x; combine a, b = a.s + b.s; law associative; }
    export kernel main(A: f32[N], X: f32[M, N]) -> y: f32, z: f32, W: f32[N], Q: f32[M] where N >= 3 {
      let (r, s) = first(A, k = 2); y = r + hidden(s[0]) + open(A, k = 3);
      z = total[i](A[i]) + own[j](A[j]); W = shifted(relu(A)); Q = rows(X);
    }
    kernel again(A: f32[N]) -> y: f32 where N >= 1 { let q = first(A); y = q.b + q.C[0]; }
    test first for all N in 1..4 within 2 ulp; schedule rows for wasm { vectorize Y.i; }`,
  ],
  [
    "a.ein",
    `import { base, shifted } from "./b.ein"; import { relu, rows } from "std/m";
    export fn scaled<k: int = 2>(x: f32) -> f32 = base(x) * k; fn hidden(x: f32) -> f32 = relu(scaled(x));
    export reducer total(x: f32) -> (s: f32) { identity 0.0; lift hidden(x); combine a, b = a.s + b.s; law associative; }
    export kernel first<T: anyfloat = f32, k: int = 1>(A: T[N]) -> b: T, C: T[N] where N >= k, k >= 1 {
      b = A[k - 1]; C[i] = A[i] * 2.0;
    }
    export kernel open<k: int>(A: f32[N]) -> b: f32 where N >= k, k >= 1 { let h = shifted(A); b = h[k - 1]; }
    export derive g = grad(first, wrt = A);`,
  ],
  [
    "b.ein",
    `export fn base(x: f32) -> f32 = x + 1.0;
    export kernel shifted(A: f32[N]) -> B: f32[N] { B[i] = base(A[i]); }`,
  ],
  ["std/m", "export kernel rows(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum[j](X[i, j]); }"],
]);

const KEYWORDS = new Set(
  "import export fn reducer kernel derive test schedule let where in from identity lift combine law for all within".split(
    " ",
  ),
);
const tokensOf = (text: string): readonly string[] =>
  text.match(/"[^"]*"|[A-Za-z_]\w*|\d+(?:\.\d+)?|\.\.|->|[<>=!]=|\S/g) ?? [];
const all = [...FILES.values()].flatMap(tokensOf);
const isName = (token: string): boolean => /^[A-Za-z]/.test(token) && !KEYWORDS.has(token);

/** Some names, paths and numbers are exchanged for others of their sort; now and then an `export` goes. */
function mutate(text: string, random: () => number): string {
  const pick = (n: number): number => Math.floor(random() * n);
  const tokens = [...tokensOf(text)];
  for (let edits = random() < 0.5 ? 0 : 1 + pick(2); edits > 0; edits--) {
    const sorts = [isName, isName, isName, (t: string) => t.startsWith('"'), (t: string) => /^\d+$/.test(t)];
    const isOfSort = sorts[pick(sorts.length)] ?? isName;
    const places = tokens.flatMap((t, n) => (isOfSort(t) ? [n] : []));
    const others = all.filter(isOfSort);
    const at = places[pick(places.length)];
    if (at !== undefined) tokens[at] = others[pick(others.length)] ?? "";
  }
  const exported = tokens.indexOf("export");
  if (exported >= 0 && random() < 0.1) tokens.splice(exported, 1);
  return tokens.join(" ");
}

/** The codes of the program `main.ein`. */
async function judge(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const found = new Diagnostics();
  const sources = new Map([...files].map(([name, text]) => [name, makeSource(name, text)] as const));
  const root = sources.get("main.ein") ?? makeSource("main.ein", "");
  const modules = await readModules(
    root,
    async ({ name }) => sources.get(name) ?? { code: "E6102", message: "it is not there" },
    found,
  );
  const program = modules === null ? null : checkModules(modules, found);
  if (program === null) expect(found.hasErrors).toBe(true);
  for (const k of program?.kernels ?? []) {
    if (program !== null && k.fine && k.checked) proveKernelOf(program, k.name, {}, found);
  }
  expect(renderDiagnostics(found.list)).not.toMatch(/undefined|\[object/);
  for (const d of found.list) expect(d.span).not.toBeNull();
  return found.list.map((d) => d.code);
}

test("what is mutated is a program without mistakes", async () => {
  const codes = await judge(FILES);
  expect(codes.filter((c) => c !== "W3001" && c !== "W2070")).toEqual([]);
});

test(`${ROUNDS} mixtures of files neither throw nor pass in silence`, async () => {
  const seen = new Set<string>();
  let accepted = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
    const random = makeRandom(seed);
    const files = new Map([...FILES].map(([name, text]) => [name, mutate(text, random)]));
    const codes = await judge(files).catch((error: unknown) => {
      throw new Error(`seed ${seed}:\n${[...files].map(([name, text]) => `// ${name}\n${text}`).join("\n")}`, {
        cause: error,
      });
    });
    for (const c of codes) seen.add(c);
    if (codes.every((c) => c.startsWith("W"))) accepted++;
  }
  // A generator that never gets past the first mistake would test nothing.
  expect([...seen]).toEqual(expect.arrayContaining(["E2002", "E2004", "E2017", "E2071", "E2072", "W2070"]));
  expect(accepted).toBeGreaterThan(ROUNDS / 20);
});
