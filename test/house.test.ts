/**
 * The rules of the house, asserted on every source file: who may import whom, where the machine is touched, where
 * libraries come in, that nothing knows an example by its name, and that files can be read. Each rule is also shown to
 * fail on a made-up file, for a rule that cannot fail says nothing. docs/architecture.md gives the reasons.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BUILTINS, REDUCTIONS } from "../compiler/lang/builtins.ts";
import { DIRECTIVES } from "../compiler/schedule/signatures.ts";
import { namesIn, occurrences } from "./house/program-names.ts";
import * as rules from "./house/rules.ts";
import { parseSource, readSources, readTexts } from "./house/source-tree.ts";

const root = join(import.meta.dirname, "..");
const sources = readSources(root, ["bin", "compiler", "targets", "runtime", "bench", "dsl-examples", "test"]);

/**
 * Words of the language itself, which the compiler must know, from its own tables: what is built in, and what schedules
 * are written with. A program may give them to its kernels; `tile` in the compiler still means the directive.
 */
const WORDS_OF_THE_LANGUAGE = new Set([
  ...BUILTINS.keys(),
  ...Object.keys(REDUCTIONS),
  ...Object.entries(DIRECTIVES).flatMap(([word, { options = {}, settings = [] }]) => [
    word,
    ...Object.entries(options).flatMap(([option, names]) => [option, ...names]),
    ...settings,
  ]),
]);

/** Files that exist to show one example. */
const SHOWS_AN_EXAMPLE = new Set(["runtime/cli/demo.ts"]);

const RULES = {
  "imports go down": rules.keepsToItsFloor,
  "nothing imports itself": rules.hasNoCycles,
  "Node's modules stay in their rooms": rules.keepsNodeOut,
  "packages come in through their doors": rules.keepsToTheDoors,
  "the compiler and the printers are pure": rules.staysPure,
  "no interpreter stands on another": rules.interpretersStandAlone,
  "files are easy to read": rules.isEasyToRead,
};

describe("the house", () => {
  test.each(Object.entries(RULES))("%s", (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });

  test("a browser can load what package.json gives it", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const entry = String(exports["."].browser).replace(/^\.\/dist\/(.*)\.js$/, "$1.ts");
    expect(sources.map(({ path }) => path)).toContain(entry);
    expect(rules.runsInABrowser(sources, entry)).toEqual([]);
  });

  test("nothing knows a program by its name", () => {
    const programs = readTexts(root, ["dsl-examples", "std"], /\.ein$/);
    const names = [...new Set(programs.flatMap(({ text }) => namesIn(text)))].filter(
      (name) => !WORDS_OF_THE_LANGUAGE.has(name),
    );
    const searched = sources.filter((file) => /^(compiler|targets|runtime)\//.test(file.path));
    const found = occurrences(
      searched.filter((file) => !SHOWS_AN_EXAMPLE.has(file.path)),
      names,
    );
    expect(
      found.map(
        ({ name, path, line, text }) =>
          `${path}:${line} says ${text}, and a program calls something ${name}; recognise structure, not names`,
      ),
    ).toEqual([]);
  });
});

/** A file that keeps every rule, with `body` after its header. */
const file = (path: string, body: string) =>
  parseSource(path, `/** A made-up file, to show that the rules of the house can fail. */\n${body}\n`);

describe("a rule fails", () => {
  const broken: readonly (readonly [rule: keyof typeof RULES, path: string, body: string, message: RegExp])[] = [
    [
      "imports go down",
      "compiler/ir/a.ts",
      'import { b } from "../lang/b.ts";',
      /a higher floor \(compiler\/ir → compiler\/lang\)/,
    ],
    ["imports go down", "compiler/ir/a.ts", 'import type { B } from "../passes/b.ts";', /a higher floor/],
    ["imports go down", "compiler/ir/a.ts", 'type B = import("../passes/b.ts").B;', /a higher floor/],
    ["imports go down", "compiler/ir/a.ts", 'export * from "../passes/b.ts";', /a higher floor/],
    ["imports go down", "compiler/compile.ts", 'await import("../targets/wasm/target.ts");', /a higher floor/],
    ["imports go down", "compiler/lang/a.ts", 'import { b } from "../passes/b.ts";', /a sibling/],
    ["imports go down", "targets/wasm/emit.ts", 'import { b } from "../wgsl/emit.ts";', /a sibling/],
    ["imports go down", "targets/wasm/emit.ts", 'import { b } from "../registry.ts";', /a higher floor/],
    ["imports go down", "targets/shared/text.ts", 'import { b } from "../wasm/emit.ts";', /a higher floor/],
    ["imports go down", "runtime/tensor.ts", 'import { b } from "./cli/main.ts";', /a higher floor/],
    ["imports go down", "runtime/cli/main.ts", 'import { b } from "../../test/b.ts";', /a higher floor/],
    ["imports go down", "bin/run.mjs", 'import { b } from "../runtime/cli/main.ts";', /stands alone/],
    ["imports go down", "compiler/attic/a.ts", "", /lies in no room/],
    ["imports go down", "compiler/ir/a.ts", 'import { b } from "../attic/b.ts";', /lies in no room/],
    ["nothing imports itself", "compiler/ir/a.ts", 'import type { A } from "./a.ts";', /a\.ts → compiler\/ir\/a\.ts/],
    [
      "Node's modules stay in their rooms",
      "compiler/ir/a.ts",
      'import { join } from "node:path";',
      /only runtime\/node\//,
    ],
    ["Node's modules stay in their rooms", "runtime/tensor.ts", 'import { join } from "path";', /only runtime\/node\//],
    ["Node's modules stay in their rooms", "dsl-examples/digits/a.ts", 'import "node:fs";', /only runtime\/node\//],
    [
      "packages come in through their doors",
      "compiler/ir/a.ts",
      'import { CstParser } from "chevrotain";',
      /its door is compiler\/lang\//,
    ],
    [
      "packages come in through their doors",
      "runtime/jit.ts",
      'await import("binaryen");',
      /its door is targets\/wasm\//,
    ],
    ["packages come in through their doors", "runtime/a.ts", 'import pad from "@left/pad/deep";', /it has no door/],
    ["the compiler and the printers are pure", "compiler/ir/a.ts", "process.exit();", /the global process/],
    [
      "the compiler and the printers are pure",
      "targets/wasm/a.ts",
      "export const b = [Buffer.alloc(1)];",
      /the global Buffer/,
    ],
    [
      "the compiler and the printers are pure",
      "compiler/ir/a.ts",
      'export const f = new Function("return 1");',
      /the global Function/,
    ],
    [
      "no interpreter stands on another",
      "compiler/ir/interpret-a.ts",
      'import { b } from "./interpret-b.ts";',
      /reaches .*interpret-b\.ts/,
    ],
    ["files are easy to read", "compiler/ir/twoWords.ts", "", /kebab-case/],
    ["files are easy to read", "compiler/ir/a.ts", "export default 1;", /default export/],
    ["files are easy to read", "compiler/ir/a.ts", "const a = 1;\nexport { a as default };", /default export/],
    ["files are easy to read", "compiler/ir/a.ts", "//".concat("\n".repeat(400)), /has 40\d lines/],
  ];

  test.each(broken)("%s: %s: %s", (rule, path, body, message) => {
    const files = [file(path, body), file("compiler/ir/interpret-b.ts", "export const b = 1;")];
    expect(RULES[rule](files)).toEqual([expect.stringMatching(message)]);
  });

  test("no header", () => {
    expect(
      rules.isEasyToRead([parseSource("compiler/ir/a.ts", "const a = 1;\n/** A comment, but much too late. */")]),
    ).toEqual([expect.stringMatching(/has no header/)]);
  });

  test("a circle through three files, one of them type-only", () => {
    const circle = [
      file("compiler/ir/a.ts", 'import { b } from "./b.ts";'),
      file("compiler/ir/b.ts", 'import type { C } from "./c.ts";'),
      file("compiler/ir/c.ts", 'export { a } from "./a.ts";'),
    ];
    expect(rules.hasNoCycles(circle)).toEqual([
      expect.stringContaining("a.ts → compiler/ir/b.ts → compiler/ir/c.ts → "),
    ]);
  });

  test("a browser would load Node's modules through a third file", () => {
    const chain = [
      file(
        "runtime/index.ts",
        'import { b } from "./b.ts";\nawait import("./node/c.ts");\nimport type { C } from "./node/c.ts";',
      ),
      file("runtime/b.ts", 'import { type C } from "./node/c.ts";'),
      file("runtime/node/c.ts", 'import { readFileSync } from "node:fs";'),
    ];
    expect(rules.runsInABrowser(chain, "runtime/index.ts")).toEqual([
      expect.stringContaining("(runtime/index.ts → runtime/b.ts → runtime/node/c.ts)"),
    ]);
    expect(rules.runsInABrowser([file("runtime/index.ts", 'await import("node:fs");')], "runtime/index.ts")).toEqual(
      [],
    );
  });

  test("an interpreter reaches another through a third file", () => {
    const chain = [
      file("compiler/ir/interpret-a.ts", 'import { c } from "./common.ts";'),
      file("compiler/ir/common.ts", 'import { b } from "./interpret-b.ts";'),
      file("compiler/ir/interpret-b.ts", ""),
    ];
    expect(rules.interpretersStandAlone(chain)).toHaveLength(1);
  });

  test("a program's name in code, in a text, in a file's name, in any spelling", () => {
    const names = namesIn("export kernel max_pool(x: f32) -> y: f32 {} // kernel ghost\nreducer online(x: f32)");
    expect(names).toEqual(["max_pool", "online"]);
    const places = [
      file("compiler/passes/a.ts", 'if (kernel.name === "max_pool") {}'),
      file("compiler/passes/a.ts", "const isMaxPool = 1;"),
      file("compiler/passes/a.ts", "const t = `nn.max_pool(${1})`;"),
      file("compiler/passes/max-pool.ts", ""),
      file("compiler/passes/a.ts", "const MAX_POOL_LIMIT = 3;"),
      file("compiler/passes/a.ts", "const special = /^online$/;"),
      file("compiler/passes/a.ts", 'switch (kernel.name) { case "online": break; }'),
      file("compiler/passes/a.ts", "const known = new Set([`online`]);"),
      file("compiler/passes/a.ts", 'if (["online", "other"].includes(kernel.name)) {}'),
      file("compiler/passes/a.ts", 'if (kernel.name.startsWith("online")) {}'),
    ];
    for (const place of places) expect(occurrences([place], names), JSON.stringify(place.words)).toHaveLength(1);
  });
});

describe("a rule allows", () => {
  const fine: readonly (readonly [path: string, body: string])[] = [
    [
      "compiler/lang/parse.ts",
      'import { CstParser } from "chevrotain";\nimport { a } from "../ir/a.ts";\nimport { b } from "./b.ts";',
    ],
    ["compiler/passes/slide.ts", "export const size = (window: number): number => window + { window }.window;"],
    ["compiler/passes/tile.ts", 'import type { Target } from "../target.ts"; // process, Buffer'],
    ["targets/registry.ts", 'import { wasm } from "./wasm/target.ts";\nimport { text } from "./shared/text.ts";'],
    ["runtime/cli/run.ts", 'import { readFileSync } from "node:fs";\nimport { jit } from "../jit.ts";'],
    ["test/unit/a.test.ts", 'import binaryen from "binaryen";\nimport "../../runtime/cli/main.ts";'],
  ];

  test.each(fine)("%s: %s", (path, body) => {
    expect(Object.values(RULES).flatMap((rule) => rule([file(path, body)]))).toEqual([]);
  });

  test("a long file that says why", () => {
    const text = `/** A made-up table of rows. Long because a table is read as one. */\n${"//\n".repeat(500)}`;
    expect(rules.isEasyToRead([parseSource("compiler/ir/a.ts", text)])).toEqual([]);
  });

  test("words that only look like a program's name", () => {
    const place = file(
      "compiler/passes/a.ts",
      "const maxPools = maximumPool + pool_max + 'explain max_pool'; // max_pool",
    );
    expect(occurrences([place], ["max_pool", "pad"])).toEqual([]);
    const words = file(
      "compiler/passes/a.ts",
      'const flip = { outer: `a flip of bits, ${1}` }; flip.outer += "an outer loop";',
    );
    expect(occurrences([words], ["flip", "outer"])).toEqual([]);
    const own = file("compiler/ir/a.ts", 'type T = { kind: "flip" }; const f = (t: T) => t.kind === "flip";');
    const table = file("compiler/ir/b.ts", 'const ALL = ["outer"] as const; const g = (t: string) => t === "outer";');
    expect(occurrences([own, table], ["flip", "outer"])).toEqual([]);
  });
});
