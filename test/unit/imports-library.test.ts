/**
 * Imports where the world is: texts that the caller of `compile` hands over, files that the command line reads, and the
 * standard library beside the package, in Node and in a browser.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { makeLibrary } from "../../runtime/library.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { NODE_DEVICES } from "../../runtime/node/devices.ts";
import { standardLibraryIn } from "../../runtime/node/standard-library.ts";
import { einkorn, faults } from "../support/cli.ts";
import { rejection } from "../support/refusal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "einkorn-imports-"));
  mkdirSync(join(folder, "lib", "folder.ein"), { recursive: true });
  mkdirSync(join(folder, "std"));
  writeFileSync(
    join(folder, "std", "little.ein"),
    'import { two } from "std/less"; export fn four() -> f32 = two() * two();',
  );
  writeFileSync(join(folder, "std", "less.ein"), "export fn two() -> f32 = 2.0;");
  writeFileSync(join(folder, "std", "file.ein"), 'import { two } from "./less.ein";');
  writeFileSync(join(folder, "main.ein"), `import { f } from "./lib/f.ein";\n${KERNEL}`);
  writeFileSync(
    join(folder, "lib", "f.ein"),
    'import { g } from "../g.ein";\nexport fn f(x: f32) -> f32 = g(x) + 1.0;',
  );
  writeFileSync(join(folder, "g.ein"), "export fn g(x: f32) -> f32 = x * 2.0;");
  writeFileSync(join(folder, "faulty.ein"), `import { f } from "./lib/faulty.ein";\n${KERNEL}`);
  writeFileSync(join(folder, "lib", "faulty.ein"), "\nexport fn f(x: f32) -> f32 = x + nothing;");
  writeFileSync(
    join(folder, "missing.ein"),
    `import { f } from "./lib/ff.ein";\nimport { g } from "./lib/folder.ein";\n${KERNEL}`,
  );
  symlinkSync(join(folder, "main.ein"), join(folder, "lib", "link.ein"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KERNEL = "export kernel main(A: f32[N]) -> B: f32[N] { B[i] = f(A[i]); }";
const MAIN = `import { f } from "./f.ein"; ${KERNEL}`;
const times = (k: number): string => `export fn f(x: f32) -> f32 = x * ${k}.0;`;
const A = Tensor.from([1, 2, 3]);

const source = (name: string): string =>
  `import { four } from "std/${name}"; export kernel main(A: f32[N]) -> B: f32[N] { B[i] = A[i] * four(); }`;

/** A library that fetches its standard library as a page does. */
const browser = async (
  answer: (url: string) => Response | Promise<Response>,
): Promise<ReturnType<typeof makeLibrary>> => {
  vi.resetModules();
  vi.stubGlobal("fetch", async (url: URL) => answer(url.href));
  return makeLibrary(NODE_DEVICES, (await import("../../runtime/standard-library.ts")).fetchStandard);
};

/** What the library says where a server answers like this. */
const code = async (answer: () => Response | Promise<Response>): Promise<string> => {
  const { code: given, message } = await rejection((await browser(answer)).compile(source("little")));
  return `${given}: ${message}`;
};

describe("the library", () => {
  test("takes texts by path, as the source would write it", async () => {
    const imports = {
      "./f.ein": 'import { g } from "./deep/g.ein"; export fn f(x: f32) -> f32 = g(x);',
      "./deep/g.ein": 'import { h } from "../h.ein"; export fn g(x: f32) -> f32 = h(x) + 1.0;',
      "./deep/../h.ein": "export fn h(x: f32) -> f32 = x * 2.0;",
    };
    for (const name of ["app/main.ein", "main.ein", "<text>"]) {
      const { main } = await compile(MAIN, { imports, name, kernels: ["main"] });
      expect(main({ A })["B"]?.toArray()).toEqual([3, 5, 7]);
    }
  });

  test("asks a function, which may wait, for each file once", async () => {
    const asked: string[] = [];
    const imports = async (specifier: string, importer: string): Promise<string | null> => {
      asked.push(`${specifier} in ${importer}`);
      return specifier === "./f.ein"
        ? `import { g } from "./sub/g.ein"; export fn f(x: f32) -> f32 = g(x);`
        : times(5).replace("f(", "g(");
    };
    const { main } = await compile(MAIN, { imports, name: "main.ein", kernels: ["main"] });
    expect(main({ A })["B"]?.toArray()).toEqual([5, 10, 15]);
    expect(asked).toEqual(["./f.ein in main.ein", "./sub/g.ein in f.ein"]);
  });

  test("keeps programs by all their texts", async () => {
    const run = async (text: string): Promise<unknown> =>
      (await compile(MAIN, { imports: { "./f.ein": text }, kernels: ["main"] })).main({ A })["B"]?.toArray();
    expect([await run(times(2)), await run(times(3)), await run(times(2))]).toEqual([
      [2, 4, 6],
      [3, 6, 9],
      [2, 4, 6],
    ]);
    const [first, again] = [
      await compile(MAIN, { imports: () => times(4) }),
      await compile(MAIN, { imports: () => times(4) }),
    ];
    expect(first["main"]).toBe(again["main"]);
  });

  test("says what is missing, and how it is passed", async () => {
    expect(await rejection(compile(MAIN))).toMatchObject({
      code: "E6141",
      message: 'the text of "./f.ein" was not given',
      help: ['pass its text: { imports: { "./f.ein": "…" } }'],
      span: { start: 18 },
    });
    expect(await rejection(compile(MAIN, { imports: { "./ff.ein": times(1) } }))).toMatchObject({
      code: "E6141",
      help: ["did you mean ./ff.ein ?"],
    });
    expect(await rejection(compile(MAIN, { imports: () => undefined }))).toMatchObject({ code: "E6141" });
  });

  test("refuses what no import could mean", async () => {
    const given = async (imports: object): Promise<string> =>
      (await rejection(Reflect.apply(compile, null, [MAIN, { imports }]))).message;
    expect(await given({ "f.ein": times(1) })).toMatch(/^imports: "f.ein" is neither a file/);
    expect(await given({ "std/nn": times(1) })).toMatch(/which comes with the package$/);
    expect(await given({ "./f.ein": 5 })).toMatch(/is given something that is no text$/);
    expect(await rejection(Reflect.apply(compile, null, [MAIN, { imports: "./f.ein" }]))).toMatchObject({
      code: "E6141",
    });
  });

  test("an error of the caller's function is the caller's", async () => {
    const imports = vi.fn<() => never>().mockRejectedValue(new TypeError("no network"));
    await expect(compile(MAIN, { imports })).rejects.toThrow(new TypeError("no network"));
  });

  test("warns of the source's own unused imports, each time it is compiled", async () => {
    const warnings: string[] = [];
    const text = `import { f, g } from "./f.ein"; ${KERNEL}`;
    const other = `import { unused } from "./h.ein"; ${times(2)} export fn g(x: f32) -> f32 = x;`;
    const imports = { "./f.ein": other, "./h.ein": "export fn unused(x: f32) -> f32 = x;" };
    for (let n = 0; n < 2; n++) await compile(text, { imports, onWarning: (w) => warnings.push(w.message) });
    expect(warnings).toEqual(["`g` is imported and not used", "`g` is imported and not used"]);
  });
});

describe("the standard library", () => {
  test("in Node is read beside the package", async () => {
    const library = makeLibrary(NODE_DEVICES, standardLibraryIn(join(folder, "std")));
    const { main } = await library.compile(source("little"), { kernels: ["main"] });
    expect(main({ A })["B"]?.toArray()).toEqual([4, 8, 12]);
    expect(await rejection(library.compile(source("litle")))).toMatchObject({
      code: "E2074",
      message: "the standard library has no module std/litle",
      help: ["did you mean std/little ?"],
    });
    expect(await rejection(library.compile(source("file")))).toMatchObject({
      code: "E2070",
      span: { source: { name: "std/file" } },
    });
    await library.close();
  });

  describe("in a browser", () => {
    afterEach(() => vi.unstubAllGlobals());

    test("is fetched from beside the modules, once", async () => {
      const fetched: string[] = [];
      const library = await browser((url) => {
        fetched.push(url.split("/").slice(-2).join("/"));
        return new Response(
          url.endsWith("/std/little.ein")
            ? 'import { two } from "std/less"; export fn four() -> f32 = two() + 2.0;'
            : "export fn two() -> f32 = 2.0;",
        );
      });
      for (let n = 0; n < 2; n++) {
        const { main } = await library.compile(source("little"), { kernels: ["main"] });
        expect(main({ A })["B"]?.toArray()).toEqual([4, 8, 12]);
      }
      expect(fetched).toEqual(["std/little.ein", "std/less.ein"]);
    });

    test("may be missing on the server, or out of reach", async () => {
      const missing = "E2074: the standard library has no module std/little";
      expect(await code(() => new Response("", { status: 404 }))).toBe(missing);
      expect(await code(() => new Response("<p>", { headers: { "content-type": "text/html; charset=utf-8" } }))).toBe(
        missing,
      );
      expect(await code(() => new Response("", { status: 500 }))).toBe(
        "E6102: std/little cannot be read: the server says 500",
      );
      expect(await code(() => Promise.reject(new TypeError("offline")))).toBe(
        "E6102: std/little cannot be read: TypeError: offline",
      );
    });
  });
});

describe("the command line", () => {
  test("reads files from beside the file that imports them", async () => {
    const ended = await einkorn(
      "run",
      join(folder, "main.ein"),
      "--target",
      "interp",
      "--in",
      "A=iota",
      "--dim",
      "N=3",
    );
    expect(ended).toMatchObject({ exit: 0, stdout: "B: f32[3] [1, 3, 5]\n" });
  });

  test("as the path is written, whatever a link leads to", async () => {
    const ended = await einkorn("check", join(folder, "lib", "link.ein"));
    expect(ended).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(`${join(folder, "lib", "lib", "f.ein")} cannot be read`),
    });
  });

  test("and calls them as they are reached from here", async () => {
    const cwd = process.cwd();
    process.chdir(folder);
    try {
      expect(await einkorn("check", "./faulty.ein")).toMatchObject({
        exit: 1,
        stderr: expect.stringContaining("--> lib/faulty.ein:2:34\n"),
      });
    } finally {
      process.chdir(cwd);
    }
  });

  test("says in JSON in which file a mistake is", async () => {
    const { exit, stdout } = await einkorn("check", "--json", join(folder, "faulty.ein"));
    const document = JSON.parse(stdout);
    expect(exit).toBe(1);
    expect(faults("check", document)).toBe("");
    expect(document.diagnostics).toMatchObject([
      {
        code: "E2002",
        file: join(folder, "lib", "faulty.ein"),
        start: { line: 2, column: 34 },
        end: { line: 2, column: 41 },
      },
    ]);
  });

  test("takes nothing that is no file", async () => {
    const server = createServer().listen(join(folder, "socket.ein"));
    await once(server, "listening");
    writeFileSync(join(folder, "sockets.ein"), 'import { f } from "./socket.ein";');
    const ended = await einkorn("check", join(folder, "sockets.ein"));
    server.close();
    expect(ended).toMatchObject({ exit: 2, stderr: expect.stringMatching(/E6102.*socket\.ein is not a file/) });
  });

  test("runs, checks and tests kernels that a file imports", async () => {
    const text = `import { first } from "./lib/tested.ein"; test first for all N in 1..9 within 0 ulp;`;
    writeFileSync(join(folder, "tested.ein"), text);
    const own = "export kernel first(A: f32[N]) -> y: f32 where N >= 1 { y = A[0]; }";
    writeFileSync(join(folder, "lib", "tested.ein"), `${own} test first for all N in 1..9 within 0 ulp;`);
    const named = `${join(folder, "tested.ein")}:first`;
    expect((await einkorn("test", join(folder, "tested.ein"), "--target", "interp")).stdout).toMatch(/^1 test /m);
    expect(await einkorn("check", named)).toMatchObject({
      exit: 0,
      stdout: `${join(folder, "tested.ein")}: first: 1 subscript proved in range\n`,
    });
    expect(await einkorn("run", named, "--target", "interp", "--in", "A=iota", "--dim", "N=3")).toMatchObject({
      exit: 0,
      stdout: "y: f32 0\n",
    });
    expect((await einkorn("conformance", named, "--target", "wasm")).stdout).toMatch(/^first +equal$/m);
    const { first } = await compile(text, { imports: { "./lib/tested.ein": own }, kernels: ["first"] });
    expect(first({ A })["y"]?.item()).toBe(1);
  });

  test("says of each access where it stands", async () => {
    const text = `import { first } from "./lib/first.ein";\nexport kernel main(A: f32[N]) -> y: f32 where N >= 1 { let h[i] = A[i]; y = first(h); }`;
    writeFileSync(join(folder, "places.ein"), text);
    writeFileSync(
      join(folder, "lib", "first.ein"),
      "export kernel first(A: f32[N]) -> y: f32 where N >= 1 { y = A[0]; }",
    );
    const { stdout } = await einkorn("explain", join(folder, "places.ein"));
    expect(stdout).toContain("\n2:67  0 <= i < N");
    expect(stdout).toContain(`\n${join(folder, "lib", "first.ein")}:1:61  0 <= 0 < N`);
  });

  test("says at the import that a file is missing, or is none", async () => {
    const { exit, stdout } = await einkorn("check", "--json", join(folder, "missing.ein"));
    expect(exit).toBe(2);
    const lib = join(folder, "lib");
    expect(JSON.parse(stdout).diagnostics).toMatchObject([
      {
        code: "E6102",
        message: `${join(lib, "ff.ein")} cannot be read: there is no such file or folder`,
        file: join(folder, "missing.ein"),
        start: { line: 1, column: 19 },
        help: [`read ${join(lib, "f.ein")}`],
      },
      { code: "E6102", message: `${join(lib, "folder.ein")} is a folder, not a file`, start: { line: 2, column: 19 } },
    ]);
  });

  test("takes modules of the standard library by name", async () => {
    expect(await einkorn("check", "std/no_such_module")).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("E2074"),
    });
    expect(await einkorn("check", "std/no_such_module:kernel")).toMatchObject({ exit: 1 });
    expect(await einkorn("check", "std/../std/nn")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("E6102"),
    });
  });
});
