/**
 * Programs of several files: each has its own names, is read and checked once, and says its mistakes at their own place.
 * What a text alone is refused with is in test/diagnostics/E207?.ein and imports.ein.
 */
import { describe, expect, test } from "vitest";
import { checkModules, proveKernelOf, readModules, readProgram } from "../../compiler/compile.ts";
import type { CheckedProgram, ModuleReader } from "../../compiler/compile.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { moduleName, normalPath } from "../../compiler/lang/module-names.ts";
import { MODULE_LIMITS } from "../../compiler/lang/read-modules.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostic, renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { array } from "../support/nd-array.ts";

type Texts = Readonly<Record<string, string>>;
type Checked = {
  readonly program: CheckedProgram | null;
  readonly found: readonly Diagnostic[];
  /** Names that were asked for, in order. */
  readonly asked: readonly string[];
};

/** The program `main.ein` of these texts; a module that is not among them is refused. */
async function checkFiles(texts: Texts): Promise<Checked> {
  const asked: string[] = [];
  const read: ModuleReader = async ({ name }) => {
    asked.push(name);
    const text = texts[name];
    return text === undefined ? { code: "E6102", message: `${name} is not there` } : makeSource(name, text);
  };
  const diagnostics = new Diagnostics();
  const modules = await readModules(makeSource("main.ein", texts["main.ein"] ?? ""), read, diagnostics);
  const program = modules === null ? null : checkModules(modules, diagnostics);
  return { program, found: diagnostics.list, asked };
}

const complaints = async (texts: Texts): Promise<readonly string[]> =>
  (await checkFiles(texts)).found.map((d) => `${d.code}: ${d.message}`);

/** What the kernel gives for A = 1, 2, 3. */
async function values(texts: Texts, kernel = "main"): Promise<readonly unknown[]> {
  const { program, found } = await checkFiles(texts);
  const diagnostics = new Diagnostics();
  const proved = program === null || found.length > 0 ? null : proveKernelOf(program, kernel, {}, diagnostics);
  if (proved === null) throw new Error(renderDiagnostics([...found, ...diagnostics.list]));
  const dims = new Map(proved.kernel.dims.map((d) => [d.id, 3n]));
  const inputs = new Map(proved.kernel.params.map((p) => [p.id, array("f32", [1, 2, 3])]));
  return [...interpretEquations(proved.kernel, inputs, dims).values()].flatMap(({ data }) => [...data]);
}

const MAIN = "kernel main(A: f32[N]) -> B: f32[N]";

/** A file with a reducer and a kernel that uses it. */
const reducer = (lift: string): string =>
  `export reducer total(x: f32) -> (s: f32) { identity 0.0; lift ${lift}; combine a, b = a.s + b.s; law associative; }
   export kernel whole(A: f32[N]) -> s: f32 { s = total[i](A[i]); }`;

describe("a name means what its own file says", () => {
  test("of functions, also where both files have one of that name", async () => {
    const texts = {
      "main.ein": `import { f } from "./a.ein"; fn g(x: f32) -> f32 = x * 10.0; ${MAIN} { B[i] = f(A[i]) + g(A[i]); }`,
      "a.ein": "export fn f(x: f32) -> f32 = g(x); fn g(x: f32) -> f32 = x + 0.5;",
    };
    expect(await values(texts)).toEqual([11.5, 22.5, 33.5]);
  });

  test("a chain through three files whose functions are all called alike is no recursion", async () => {
    const texts = {
      "main.ein": `import { b } from "./a.ein"; fn c(x: f32) -> f32 = b(x); ${MAIN} { B[i] = c(A[i]); }`,
      "a.ein": 'import { d } from "./b.ein"; export fn b(x: f32) -> f32 = c(x); fn c(x: f32) -> f32 = d(x) * 2.0;',
      "b.ein": "export fn d(x: f32) -> f32 = c(x); fn c(x: f32) -> f32 = x + 1.0;",
    };
    expect(await values(texts)).toEqual([4, 6, 8]);
  });

  test("of reducers, which are told apart where both are used", async () => {
    const texts = {
      "main.ein": `import { total } from "./a.ein"; import { whole } from "./b.ein";
        kernel main(A: f32[N]) -> s: f32, t: f32 { s = total[i](A[i]); t = whole(A); }`,
      "a.ein": reducer("x"),
      "b.ein": reducer("x * 2.0"),
    };
    expect(await values(texts)).toEqual([6, 12]);
  });

  test("of kernels, with their stages, generics and the functions they call", async () => {
    const texts = {
      "main.ein": `import { scale } from "./a.ein"; fn by(x: f32) -> f32 = 0.0;
        kernel main<T: anyfloat = f32>(A: T[N]) -> B: T[N], C: T[N] { B = scale(A, k = 3); C = scale(B); }`,
      "a.ein": `export kernel scale<T: anyfloat = f32, k: int = two(1)>(A: T[N]) -> B: T[N] { let t[i] = A[i] * k; B[i] = by(t[i]); }
        fn by<T: anyfloat>(x: T) -> T = x + 1.0;`,
    };
    const { found } = await checkFiles(texts);
    expect(found.map((d) => d.code)).toEqual(["E2002"]); // `two` is nothing in a.ein
    expect(await values({ ...texts, "a.ein": texts["a.ein"].replace("two(1)", "2") })).toEqual([4, 7, 10, 9, 15, 21]);
  });

  test("a default sees nothing of the call", async () => {
    const texts = {
      "main.ein": `import { f } from "./a.ein"; ${MAIN} { B[i] = f(A[i]); }`,
      "a.ein": "export fn f<k: int = N>(x: f32) -> f32 = x * k;",
    };
    expect(await complaints(texts)).toEqual(["E2002: nothing here is called `N`"]);
  });

  test("what a file imports is not seen in the files that import it", async () => {
    const texts = {
      "main.ein": `import { f } from "./a.ein"; ${MAIN} { B[i] = f(g(A[i])); }`,
      "a.ein": 'import { g } from "./b.ein"; export fn f(x: f32) -> f32 = g(x);',
      "b.ein": "export fn g(x: f32) -> f32 = x;",
    };
    expect(await complaints(texts)).toEqual(["E2002: no function or kernel is called `g`"]);
    expect(await complaints({ ...texts, "main.ein": 'import { g } from "./a.ein";' })).toEqual([
      'E2071: "./a.ein" exports no `g`',
    ]);
  });
});

/** Files that import each other in a row. */
const chain = (n: number): Texts =>
  Object.fromEntries(
    Array.from({ length: n }, (_, k) => [
      k === 0 ? "main.ein" : `${k}.ein`,
      `${k < n - 1 ? `import { s${k + 1} } from "./${k + 1}.ein";` : ""} export fn s${k}(x: f32) -> f32 = ${k < n - 1 ? `s${k + 1}(x)` : "x"};`,
    ]),
  );

/** One file that imports all the others. */
const wide = (n: number, padding = ""): Texts => ({
  "main.ein": Array.from({ length: n }, (_, k) => `import { s${k} } from "./${k}.ein";`).join("\n"),
  ...Object.fromEntries(
    Array.from({ length: n }, (_, k) => [`${k}.ein`, `export fn s${k}(x: f32) -> f32 = x;${padding}`]),
  ),
});

/** Without the warnings. */
const errors = async (texts: Texts): Promise<readonly string[]> =>
  (await complaints(texts)).filter((c) => c.startsWith("E"));

describe("files", () => {
  const DIAMOND: Texts = {
    "main.ein": `import { l } from "./lib/l.ein"; import { r } from "./lib/r.ein"; ${MAIN} { B[i] = l(A[i]) * r(A[i]); }`,
    "lib/l.ein": 'import { base } from "../base.ein"; export fn l(x: f32) -> f32 = base(x);',
    "lib/r.ein": 'import { base } from "./.././base.ein"; export fn r(x: f32) -> f32 = base(x) + 1.0;',
    "base.ein": "export fn base(x: f32) -> f32 = x * 2.0;",
  };

  test("are asked for once, whoever imports them and however the path is written", async () => {
    expect(await values(DIAMOND)).toEqual([6, 20, 42]);
    expect((await checkFiles(DIAMOND)).asked).toEqual(["lib/l.ein", "lib/r.ein", "base.ein"]);
  });

  test("are checked once", async () => {
    const broken = { ...DIAMOND, "base.ein": "export fn base(x: f32) -> f32 = y;" };
    const { found } = await checkFiles(broken);
    expect(found.map((d) => `${d.span?.source.name} ${d.code}`)).toEqual(["base.ein E2002"]);
  });

  test("that have a syntax error are read no further, and say so", async () => {
    const { program, found } = await checkFiles({ ...DIAMOND, "base.ein": "export fn base(x: f32) -> f32 = ;" });
    expect(program).toBeNull();
    expect(found.map((d) => `${d.span?.source.name} ${d.code}`)).toEqual(["base.ein E1002"]);
  });

  test("keep what nobody imports to themselves: mistakes, warnings, tests and schedules", async () => {
    const texts = {
      "main.ein": `import { f } from "./a.ein"; ${MAIN} { B[i] = f(A[i]); }`,
      "a.ein": `export fn f(x: f32) -> f32 = x; export kernel g(A: f32[N]) -> B: f32[N] { B[i] = nowhere; }
        import { exp } from "std/s"; test nothing within 2 ulp; schedule nothing for wasm { vectorize i; }
        derive h = grad(g, wrt = A);`,
      "std/s": "",
    };
    const { found, program } = await checkFiles(texts);
    expect(found).toEqual([]);
    expect(program?.tests).toEqual([]);
    expect(program?.kernels.map((k) => k.name)).toEqual(["main"]);
    const alone = await complaints({ ...texts, "main.ein": texts["a.ein"] });
    expect(alone.map((c) => c.slice(0, 5)).toSorted()).toEqual(["E2002", "E2051", "E2060", "E2060", "W2070"]);
  });

  test("without end are refused at the import that leads too deep", async () => {
    expect(await complaints(chain(MODULE_LIMITS.depth + 1))).toEqual([]);
    const { found } = await checkFiles(chain(MODULE_LIMITS.depth + 2));
    expect(found.map((d) => `${d.code} ${d.span?.source.name}`)).toEqual([`E2073 ${MODULE_LIMITS.depth}.ein`]);
  });

  test("are limited in number and in text", async () => {
    expect(await errors(wide(MODULE_LIMITS.files - 1))).toEqual([]);
    expect(await errors(wide(MODULE_LIMITS.files))).toEqual([
      `E2073: this import is one too many: a program has at most ${MODULE_LIMITS.files} files`,
    ]);
    const text = `\n// ${"x".repeat(MODULE_LIMITS.text / 4 - 1000)}`;
    expect(await errors(wide(3, text))).toEqual([]);
    expect(await errors(wide(5, text))).toEqual([
      `E2073: this import is one too many: the files of a program have at most ${MODULE_LIMITS.text} characters`,
    ]);
  });

  test("a text alone imports nothing", () => {
    const diagnostics = new Diagnostics();
    readProgram(makeSource("main.ein", `import { f } from "./a.ein"; ${MAIN} { B[i] = f(A[i]); }`), diagnostics);
    expect(diagnostics.list.map((d) => d.code)).toEqual(["E6141"]);
  });
});

describe("both places are shown", () => {
  test("of a condition that an imported kernel needs", async () => {
    const { found } = await checkFiles({
      "main.ein": 'import { last } from "./a.ein";\nkernel main(A: f32[N]) -> y: f32 { y = last(A); }',
      "a.ein": "// one line\nexport kernel last(A: f32[N]) -> y: f32 where N >= 1 { y = A[N - 1]; }",
    });
    expect(renderDiagnostics(found)).toBe(`error[E2017]: \`last\` needs \`N >= 1\`, which is not proved here
  --> main.ein:2:40
   2 | kernel main(A: f32[N]) -> y: f32 { y = last(A); }
     |                                        ^^^^^^^
  ::: a.ein:2:47
   2 | export kernel last(A: f32[N]) -> y: f32 where N >= 1 { y = A[N - 1]; }
     |                                               ------ required here
   = here that is 1 <= N
   = help: add where 1 <= N to the kernel around`);
  });

  test("of a mistake inside an imported kernel that only this call makes", async () => {
    const { found } = await checkFiles({
      "main.ein": `import { pick } from "./a.ein";\n${MAIN} {\n  B = pick(A, k = 2);\n}`,
      "a.ein": "export kernel pick<k: int>(A: f32[N]) -> B: f32[N] { B[i] = A[i, k]; }",
    });
    const [first] = found;
    expect(found).toHaveLength(1);
    expect(first?.span?.source.name).toBe("a.ein");
    expect(first?.related.map((r) => `${r.span.source.name}: ${r.message}`)).toContain(
      "main.ein: in this call of `pick`",
    );
    expect(first === undefined ? "" : renderDiagnostic(first)).toContain("::: main.ein:3:7");
  });

  test("of two declarations", async () => {
    const { found } = await checkFiles({
      "main.ein": `import { f } from "./a.ein";\nfn f(x: f32) -> f32 = x;\n${MAIN} { B[i] = f(A[i]); }`,
      "a.ein": "export fn f(x: f32) -> f32 = x + 1.0;",
    });
    expect(found.map((d) => [d.code, d.related[0]?.message])).toEqual([["E2004", "imported here"]]);
    const below = await checkFiles({
      "main.ein": `fn f(x: f32) -> f32 = x;\n${MAIN} { B[i] = f(A[i]); }\nimport { f } from "./a.ein";`,
      "a.ein": "export fn f(x: f32) -> f32 = x + 1.0;",
    });
    expect(below.found.map((d) => [d.code, d.related[0]?.message])).toEqual([["E2004", "declared here"]]);
  });
});

test("tests and schedules may be of an imported kernel", async () => {
  const { program, found } = await checkFiles({
    "main.ein": 'import { k } from "./a.ein"; test k for all N in 0..9 within 2 ulp; test f within 1 ulp;',
    "a.ein": "export kernel k(A: f32[N]) -> B: f32[N] { B[i] = A[i]; }",
  });
  expect(found.map((d) => d.code)).toEqual(["E2060"]);
  const diagnostics = new Diagnostics();
  expect(program === null ? null : proveKernelOf(program, "k", {}, diagnostics)?.kernel.name).toBe("k");
});

describe("what stands behind `from`", () => {
  test.each([
    ["./a.ein", "main.ein", "a.ein"],
    ["./a.ein", "<source>", "a.ein"],
    ["./a.ein", "lib/main.ein", "lib/a.ein"],
    ["../a.ein", "lib/main.ein", "a.ein"],
    ["../a.ein", "main.ein", "../a.ein"],
    ["../a.ein", "../b.ein", "../../a.ein"],
    ["./x/../../a.ein", "/p/q/main.ein", "/p/a.ein"],
    ["../../../a.ein", "/p/main.ein", "/a.ein"],
    ["./a b/ü.ein", "main.ein", "a b/ü.ein"],
    ["std/nn", "std/other", "std/nn"],
  ])("%s in %s is %s", (specifier, importer, name) => {
    expect(moduleName(specifier, importer)).toMatchObject({ name });
  });

  test.each([
    "",
    ".",
    "./",
    "a.ein",
    "/a.ein",
    "./a",
    "./a.txt",
    "./a.ein/",
    "./a.EIN",
    "./a\\b.ein",
    "./a\0.ein",
    "./\u202ea.ein",
    "./a?.ein",
    "file:./a.ein",
    "//host/a.ein",
    ".//a.ein",
    "std",
    "std/",
    "std/a/b",
    "std/../a",
    "std/./a",
    "std/%2e%2e",
    "std/A",
    "std/a.ein",
    "std\\a",
    "./std/../../",
    `./${"a".repeat(1000)}.ein`,
    "__proto__",
  ])("%j is refused", (specifier) => {
    expect(moduleName(specifier, "main.ein").kind).toBe("malformed");
  });

  test("std imports no files", () => {
    expect(moduleName("./a.ein", "std/nn").kind).toBe("malformed");
  });

  test("paths that are the same have one name", () => {
    for (const path of ["a/b.ein", "./a/b.ein", "a//b.ein", "a/./b.ein", "a/c/../b.ein", "x/../a/b.ein"])
      expect(normalPath(path)).toBe("a/b.ein");
  });
});
