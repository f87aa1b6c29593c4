/** compiler/lang/format: what changes, what stays, and that formatting twice is formatting once. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatSource, LINE_WIDTH } from "../../compiler/lang/format/format.ts";
import { scan } from "../../compiler/lang/scan.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { read, withoutPlaces } from "../support/syntax.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Every `.ein` file that reads without a mistake. */
const FILES: readonly string[] = ["dsl-examples", "std", "test"].flatMap((folder) =>
  readdirSync(ROOT)
    .filter((name) => name === folder)
    .flatMap((name) => readdirSync(join(ROOT, name), { recursive: true, encoding: "utf8" }))
    .filter((name) => name.endsWith(".ein") && !/^diagnostics|node_modules/.test(name))
    .map((name) => `${folder}/${name}`),
);

const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8").replaceAll("\r\n", "\n");

function format(text: string): string {
  const diagnostics = new Diagnostics();
  const result = formatSource(makeSource("test.ein", text), diagnostics);
  if (result === null) throw new Error(`refused: ${diagnostics.list.map((d) => d.message).join("; ")}`);
  return result;
}

const scanned = (text: string) => scan(makeSource("test.ein", text), new Diagnostics());
const treeOf = (text: string): unknown => withoutPlaces(read(text).declarations);

/** Without the space that is the formatter's. */
const comments = (t: string): readonly string[] =>
  scanned(t).comments.map((c) => c.text.replace(/ *$/gm, "").replace(/^ *\*/gm, " *"));

/** Formats, and looks at everything that must not change. */
function formatChecked(text: string): string {
  const result = format(text);
  expect(treeOf(result)).toEqual(treeOf(text));
  expect(comments(result)).toEqual(comments(text));
  expect(format(result)).toBe(result);
  return result;
}

/** A comment after each token for which there is a form. */
function commented(text: string, form: (index: number) => ((n: number) => string) | null): string {
  let result = "";
  let at = 0;
  scanned(text).tokens.forEach((token, index) => {
    const end = token.startOffset + token.image.length;
    // A comment right behind a division would make it one, too.
    const space = token.image === "/" ? " " : "";
    result += text.slice(at, end) + space + (form(index)?.(index) ?? "");
    at = end;
  });
  return result + text.slice(at);
}

describe("every file of the tree", () => {
  it("is there", () => {
    expect(FILES.length).toBeGreaterThan(20);
    expect(FILES).toContain("dsl-examples/conv2d.ein");
  });

  it.each(FILES)("%s", (file) => {
    const result = formatChecked(textOf(file));
    for (const line of result.split("\n")) {
      if (!line.includes("//")) expect(line.length, line).toBeLessThanOrEqual(LINE_WIDTH);
      expect(line).toBe(line.trimEnd());
    }
  });

  it.each(FILES.filter((f) => f.startsWith("dsl-examples/")))("%s is formatted: run einkorn fmt on it", (file) => {
    expect(format(textOf(file))).toBe(textOf(file));
  });
});

describe("a comment after every token", () => {
  const FORMS: readonly ((n: number) => string)[] = [
    (n) => ` // c${n}\n`,
    (n) => `\n// c${n}\n`,
    (n) => ` /* c${n} */ `,
    (n) => `/* c${n} */`,
    (n) => `\n\n/* c${n}\n * more */\n`,
    (n) => `\n/* c${n} */ `,
    (n) => ` /* a${n} */ // b${n}\n`,
  ];

  it.each(FILES)("%s, all at once", (file) => {
    const text = textOf(file);
    const few = text.length > 3000 && !file.includes("every-form");
    for (const form of few ? FORMS.slice(0, 1) : FORMS) formatChecked(commented(text, () => form));
    formatChecked(commented(text, (index) => FORMS[(index * 5 + 3) % FORMS.length] ?? null));
  });

  it("one at a time, in every form of the grammar, each in three of the ways", () => {
    const text = textOf("test/unit/every-form.ein");
    // Declaration by declaration: the whole file once for each token would take minutes.
    for (const d of read(text).declarations) {
      const part = `${text.slice(d.span.start, d.span.end)}\n`;
      scanned(part).tokens.forEach((_, index) => {
        for (const n of [index, index + 2, index + 5]) {
          formatChecked(commented(part, (i) => (i === index ? (FORMS[n % FORMS.length] ?? null) : null)));
        }
      });
    }
  });
});

const inside = (equation: string): string => `kernel f(X: f32[N]) -> Y: f32[N] {\n  ${equation}\n}\n`;
const onTwoLines = (a: string, b: string): string =>
  `kernel long_name(${a}\n                 ${b}) -> y: f32 {\n  y = 1.0;\n}\n`;

describe("the form", () => {
  it.each([
    ["spaces", "fn  f( x:f32 )->f32=x<0.0?-x:x**2.0 ;", "fn f(x: f32) -> f32 = x < 0.0 ? -x : x ** 2.0;\n"],
    ["needless parentheses", "fn f(x: f32) -> f32 = ((x)) + (1.0);", "fn f(x: f32) -> f32 = ((x)) + (1.0);\n"],
    ["spelling", "fn f(x: u32) -> u32 = bit_xor(x, 0X0f);", "fn f(x: u32) -> u32 = bit_xor(x, 0X0f);\n"],
    [
      "products of indices",
      inside("Y[i] = X[2 * i + 1] + 2.0*X[2 * i];"),
      inside("Y[i] = X[2*i + 1] + 2.0 * X[2 * i];"),
    ],
    ["empty", " \n\n", ""],
    ["only a comment", "\n\n// a  \n\n\n/* b */", "// a\n\n/* b */\n"],
    ["byte order", "\uFEFFtest f;", "test f;\n"],
    ["blank lines", "\n\ntest f;\n\n\n\ntest g;\ntest h;\n\n", "test f;\n\ntest g;\ntest h;\n"],
    [
      "blank lines in a body",
      "kernel f(x: f32) -> y: f32 {\n\n  let a = x;\n\n\n  y = a;\n\n}",
      "kernel f(x: f32) -> y: f32 {\n  let a = x;\n\n  y = a;\n}\n",
    ],
    ["a body on one line", "kernel f(x: f32) -> y: f32 {y=x;}", "kernel f(x: f32) -> y: f32 { y = x; }\n"],
    [
      "equations that share a line",
      "kernel f(x: f32) -> y: f32 {\n let a = x;  y = a;\n}",
      "kernel f(x: f32) -> y: f32 {\n  let a = x;\n  y = a;\n}\n",
    ],
    [
      "directives that share a line",
      "schedule f for wasm {\n unroll a;  vectorize b;\n auto; }",
      "schedule f for wasm {\n  unroll a; vectorize b;\n  auto;\n}\n",
    ],
    [
      "comments in a body",
      "kernel f(x: f32) -> y: f32 { // a\n\n// b\ny = x; // c\n\n// d\n\n} // e",
      "kernel f(x: f32) -> y: f32 { // a\n\n  // b\n  y = x; // c\n\n  // d\n} // e\n",
    ],
    [
      "stars in a column",
      "kernel f(x: f32) -> y: f32 {\n/* a\n     * b\n */\ny = x;\n}",
      "kernel f(x: f32) -> y: f32 {\n  /* a\n   * b\n   */\n  y = x;\n}\n",
    ],
  ])("%s", (_what, text, expected) => {
    expect(formatChecked(text)).toBe(expected);
  });

  it("a list that must be broken keeps its lines, if they fit", () => {
    const [many, few] = [
      "aaaaaaaaa: f32[M, N], bbbbbbbbbbbb: f32[N, K],",
      "c: f32, d: f32[Ooooooooo, Pppppppppppp, Qqqqqqqqqq]",
    ];
    expect(formatChecked(onTwoLines(many, few))).toBe(onTwoLines(many, few));
    expect(formatChecked(`kernel f(a: f32,\n b: f32) -> y: f32 { y = a; }`)).toBe(
      "kernel f(a: f32, b: f32) -> y: f32 { y = a; }\n",
    );
  });

  it("documentation stays documentation, and nothing becomes it", () => {
    const kept = read(formatChecked("test a; // not b's\ntest b;\n\n// c's\n// own\n\ttest c; /* not d's */ test d;"));
    expect(kept.declarations.map((d) => d.doc)).toEqual([null, null, "c's\nown", null]);
  });

  it("mistakes are reported, and there is no text", () => {
    const diagnostics = new Diagnostics();
    expect(formatSource(makeSource("a.ein", "kernel f("), diagnostics)).toBe(null);
    expect(diagnostics.hasErrors).toBe(true);
  });

  it("what would be too large to be read again is refused", () => {
    const diagnostics = new Diagnostics();
    const text = "fn f(x:f32)->f32=x;\n".repeat(52_000);
    expect(formatSource(makeSource("a.ein", text), diagnostics)).toBe(null);
    expect(diagnostics.list).toMatchObject([{ code: "E1004" }]);
  });

  it("a megabyte takes seconds, on one line, too", () => {
    const one = textOf("test/programs/twelve-kernels.ein").replaceAll(/\/\/.*/g, "");
    for (const text of [one, one.replaceAll("\n", " ")]) {
      const large = text.repeat(Math.floor(950_000 / text.length));
      const start = performance.now();
      expect(format(large).length).toBeGreaterThan(900_000);
      // 1.5 s where nothing else runs; the limit leaves room for a busy machine.
      expect(performance.now() - start).toBeLessThan(10_000);
    }
  });
});
