/** compiler/lang/parse.ts: the shape of the tree, its places, precedence, comments, and what a mistake spoils. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Lexer } from "chevrotain";
import { describe, expect, it } from "vitest";
import type { Expr, Name } from "../../compiler/lang/ast.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { TOKENS } from "../../compiler/lang/tokens.ts";
import { printProgram } from "../../compiler/lang/print-ast.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource, spanText } from "../../compiler/support/source.ts";
import { bracketed, read, readExpr, readOne, withoutPlaces } from "../support/syntax.ts";

const everyForm = readFileSync(join(import.meta.dirname, "every-form.ein"), "utf8");

/** The program and the codes of its mistakes. */
function tryRead(text: string) {
  const diagnostics = new Diagnostics();
  const program = parse(makeSource("test.ein", text), diagnostics);
  return { program, codes: diagnostics.list.map((d) => d.code) };
}

describe("precedence", () => {
  it.each([
    ["-x ** 2", "(- (x ** 2))"],
    ["(-x) ** 2", "((- x) ** 2)"],
    ["2 ** -x", "(2 ** (- x))"],
    ["a ** b ** c", "(a ** (b ** c))"],
    ["2 * x ** 2", "(2 * (x ** 2))"],
    ["!a && b", "((! a) && b)"],
    ["!-!a", "(! (- (! a)))"],
    ["a - b - c", "((a - b) - c)"],
    ["a - (b - c)", "(a - (b - c))"],
    ["a + b * c div d % e", "(a + (((b * c) div d) % e))"],
    ["a * -b", "(a * (- b))"],
    ["a < b + 1 && c == d || e", "(((a < (b + 1)) && (c == d)) || e)"],
    ["a || b && c", "(a || (b && c))"],
    ["(a < b) == (c < d)", "((a < b) == (c < d))"],
    ["a ? b : c ? d : e", "(a ? b : (c ? d : e))"],
    ["a || b ? c + 1 : d", "((a || b) ? (c + 1) : d)"],
    ["a ? b ? 1 : 2 : 3", "(a ? (b ? 1 : 2) : 3)"],
    ["let y = x in y + 1", "(let y = x in (y + 1))"],
    ["let (y, z) = x in y ? 1 : 2", "(let y z = x in (y ? 1 : 2))"],
    ["1.0 + (let y = x in y)", "(1.0 + (let y = x in y))"],
    ["a[i] pad 0 * b", "(a[i] pad 0 * b)"],
    ["a[i] pad -1.5 - b[j] pad edge", "(a[i] pad (- 1.5) - b[j] pad edge)"],
    ["a[i] pad (z + 1) ** 2", "(a[i] pad (z + 1) ** 2)"],
    ["a.b.c[i] div 2", "(a.b.c[i] div 2)"],
  ])("%s", (text, expected) => {
    expect(bracketed(readExpr(text))).toBe(expected);
  });
});

describe("names with brackets", () => {
  it("are accesses without arguments and reductions with them", () => {
    expect(readExpr("A[i, j]")).toMatchObject({ kind: "access", pad: null, subscripts: [{ kind: "path" }, {}] });
    expect(readExpr("sum[i, j in 0..3 | i < j](A[i, j])")).toMatchObject({
      kind: "reduction",
      reducer: { names: [{ text: "sum" }] },
      binders: [
        { name: { text: "i" }, range: null },
        { name: { text: "j" }, range: { kind: "range" } },
      ],
      guard: { kind: "binary", operator: "<" },
      args: [{ name: null, value: { kind: "access" } }],
    });
    expect(readExpr("f()")).toMatchObject({ kind: "call", args: [] });
    expect(readExpr("f(a, s = 2)")).toMatchObject({ kind: "call", args: [{ name: null }, { name: { text: "s" } }] });
  });
});

describe("literals", () => {
  it("keep exact integers and the text of floats", () => {
    expect(readExpr("18446744073709551615")).toMatchObject({ kind: "integer", value: 18446744073709551615n });
    expect(readExpr("0xFF")).toMatchObject({ kind: "integer", value: 255n, text: "0xFF" });
    expect(readExpr("0b101")).toMatchObject({ kind: "integer", value: 5n });
    expect(readExpr("1e3")).toMatchObject({ kind: "float", text: "1e3" });
    expect(readExpr("0.1")).toMatchObject({ kind: "float", text: "0.1" });
    expect(readExpr("(true, false, inf, nan)")).toMatchObject({
      kind: "tuple",
      elements: [{ value: true }, { value: false }, { name: "inf" }, { name: "nan" }],
    });
  });
});

describe("declarations", () => {
  it("a kernel", () => {
    const text =
      "export kernel f<s: int = -1>(A: i32[M, 2 * M] in 0..9) -> B: f32, C: f32[M] where M >= 1 { B = 1.0; }";
    expect(readOne("kernel", text)).toMatchObject({
      exported: true,
      name: { text: "f" },
      generics: [{ name: { text: "s" }, sort: { text: "int" }, defaultValue: { kind: "unary" } }],
      params: [{ name: { text: "A" }, type: { dtype: { text: "i32" }, shape: [{}, {}], range: { kind: "range" } } }],
      outputs: [{ type: { shape: [] } }, { name: { text: "C" } }],
      where: [{ operator: ">=" }],
      equations: [{ role: "output", targets: [{ name: { text: "B" }, binders: [] }], inits: [] }],
    });
  });

  it("equations", () => {
    const text = `kernel f(h: f32) -> S: f32[T] {
      rec (S[t], c[t]) = (1.0, 2.0) init (S[-1], c[u in -2..0]) = (h, h);
      let a[i in 0..3, j]: i32 in 0..4 = 1;
    }`;
    expect(readOne("kernel", text).equations).toMatchObject([
      {
        role: "rec",
        targets: [{ name: { text: "S" }, binders: [{ name: { text: "t" } }] }, { name: { text: "c" } }],
        inits: [
          {
            targets: [
              { subscripts: [{ index: { kind: "unary" }, range: null }] },
              { subscripts: [{ index: { kind: "path" }, range: { kind: "range" } }] },
            ],
          },
        ],
      },
      { role: "let", targets: [{ dtype: { text: "i32" }, range: {}, binders: [{ range: {} }, { range: null }] }] },
    ]);
  });

  it("a schedule", () => {
    const text = "schedule f for wasm, wgsl when M >= 1 { cache B at jo in scratch pack(panel = 2) double; auto; }";
    expect(readOne("schedule", text)).toMatchObject({
      kernel: { text: "f" },
      targets: [{ text: "wasm" }, { text: "wgsl" }],
      directives: [
        {
          word: { text: "cache" },
          items: [{ value: { kind: "path" }, to: null }],
          clauses: [
            { kind: "preposition", word: "at" },
            { kind: "preposition", word: "in" },
            { kind: "flag", word: { text: "pack" }, args: [{ name: { text: "panel" } }] },
            { kind: "flag", word: { text: "double" }, args: [] },
          ],
        },
        { word: { text: "auto" }, args: [], items: [], clauses: [] },
      ],
    });
  });

  it("a reducer, its clauses in any order", () => {
    const r = readOne("reducer", "reducer r(x: f32) -> (m: f32) { lift x; combine a, b = a.m; identity 0.0; }");
    expect(r).toMatchObject({
      identity: { text: "0.0" },
      lift: {},
      combine: { left: { text: "a" } },
      bulk: [],
      laws: [],
    });
  });
});

describe("places", () => {
  it("each name has its own text", () => {
    const names = nodesOf(read(everyForm).declarations, isName);
    expect(names.length).toBeGreaterThan(500);
    for (const name of names) expect(spanText(name.span)).toBe(name.text);
  });

  it("each expression has a text that reads as the same expression", () => {
    const list = nodesOf(read(everyForm).declarations, isExpr);
    expect(list.length).toBeGreaterThan(300);
    for (const e of list) {
      expect(withoutPlaces(readExpr(spanText(e.span))), spanText(e.span)).toEqual(withoutPlaces(e));
    }
  });

  it("parentheses belong to what they are an operand of", () => {
    const e = readExpr("(a + b) * (c)");
    if (e.kind !== "binary") throw new Error("expected a product");
    expect(spanText(e.span)).toBe("(a + b) * (c)");
    expect([spanText(e.left.span), spanText(e.operatorSpan), spanText(e.right.span)]).toEqual(["a + b", "*", "c"]);
  });

  it("declarations reach from their first word to their last sign", () => {
    const texts = read("  export fn f() -> f32 = 1.0 ;\nkernel g() -> B: f32 { B = 1.0; } ").declarations.map((d) =>
      spanText(d.span),
    );
    expect(texts).toEqual(["export fn f() -> f32 = 1.0 ;", "kernel g() -> B: f32 { B = 1.0; }"]);
  });
});

/** The documentation of a fn with this text before it. */
function docOf(text: string): string | null {
  return readOne("fn", `${text}fn f() -> f32 = 1.0;`).doc;
}

describe("comments", () => {
  it("just above a declaration document it", () => {
    expect(docOf("// one\n//two \n")).toBe("one\ntwo");
    expect(docOf("/* one\n * two\n */\n")).toBe("one\ntwo");
    expect(docOf("/** one */ ")).toBe("one");
    expect(docOf("// far\n\n// near\n")).toBe("near");
    expect(docOf("/* far */\n// near\n")).toBe("near");
    expect(docOf("// one\r\n// two\r\n")).toBe("one\ntwo");
  });

  it("elsewhere do not", () => {
    expect(docOf("// far\n\n")).toBe(null);
    expect(docOf("")).toBe(null);
    const [, second] = read("fn a() -> f32 = 1.0; // behind\nfn b() -> f32 = 1.0;").declarations;
    expect(second?.doc).toBe(null);
  });

  it("are all kept, with their places", () => {
    const text = "// a\nfn f() -> f32 = /* b */ 1.0; // c";
    expect(read(text).comments.map((c) => c.text)).toEqual(["// a", "/* b */", "// c"]);
    expect(read(text).comments.map((c) => spanText(c.span))).toEqual(["// a", "/* b */", "// c"]);
  });
});

describe("a mistake", () => {
  const good = "kernel good(A: f32[N]) -> B: f32[N] { B[i] = A[i]; }\n";

  it("spoils its own declaration, whose name is kept", () => {
    const { program, codes } = tryRead(`${good}kernel bad(A: f32[N]) -> B: f32[N] { B[i] = ; }\n${good}`);
    expect(codes).toEqual(["E1002"]);
    expect(program.declarations).toHaveLength(2);
    expect(program.broken.map((name) => name.text)).toEqual(["bad"]);
  });

  it("spoils every name of an import, and none of a test or a schedule", () => {
    const { program } = tryRead(
      'import { a, b } of "x";\ntest t within;\nschedule s for wasm { ; }\nderive d grad(x);',
    );
    expect(program.broken.map((name) => name.text)).toEqual(["a", "b", "d"]);
  });

  it("does not hide the next one", () => {
    const { codes } = tryRead(`kernel bad(A: f32[N,]) -> B: f32[N] {
      let a = (1.0;
      let b = 1.0
      let c = 2 3;
    }
    fn f(x: f32) -> f32 { return x; }
    test good for some N;
    ${good}`);
    expect(codes).toEqual(["E1013", "E1022", "E1017", "E1002", "E1002", "E1002"]);
  });

  it("in an unclosed body ends at the next declaration", () => {
    const { program, codes } = tryRead(`kernel bad(A: f32[N]) -> B: f32[N] {\n  B[i] = A[i];\n${good}`);
    expect(codes).toEqual(["E1022"]);
    expect(program.declarations).toHaveLength(1);
  });

  it("of one word gives one message", () => {
    expect(tryRead("kernel bad(A: f32[N]) -> B: f32[N] { B[i] = A[i] $ 2; }").codes).toEqual(["E1001"]);
    expect(tryRead("fn f(x: f32) -> f32 = x /* never closed; }").codes).toEqual(["E1006"]);
    expect(tryRead('import { a } from "x;').codes).toEqual(["E1007"]);
  });
});

describe("the lexer", () => {
  it("has sound patterns (at run time this is not checked again)", () => {
    expect(new Lexer([...TOKENS], { ensureOptimizations: true }).lexerDefinitionErrors).toEqual([]);
  });

  it("takes soft keywords, and words that start with a keyword, for names", () => {
    for (const word of [
      "initial",
      "inner",
      "infinity",
      "fn_",
      "lets",
      "divide",
      "nano",
      "tests",
      "tile",
      "at",
      "pad",
    ]) {
      expect(readExpr(word)).toMatchObject({ kind: "path", names: [{ text: word }] });
    }
  });

  it("ends a number before a range", () => {
    expect(readExpr("sum[k in 1..3, j in 0.5..x.y](k)")).toMatchObject({
      binders: [{ range: { low: { text: "1" }, high: { text: "3" } } }, { range: { low: { text: "0.5" } } }],
    });
  });
});

describe("limits", () => {
  it("64 brackets and 200 levels of every kind are read", () => {
    const [open, n] = [64, 195];
    const texts = [
      `${"(".repeat(open)}x${")".repeat(open)}`,
      `${"A[".repeat(open)}x${"]".repeat(open)}`,
      `${"f(".repeat(open)}x${")".repeat(open)}`,
      `${"sum[k | ".repeat(open)}true${"](x)".repeat(open)}`,
      `${"f(a ? b : -".repeat(open)}x${")".repeat(open)}`,
      `${"a ? b : ".repeat(n)}x`,
      `${"a ? ".repeat(n)}x${" : b".repeat(n)}`,
      `${"let y = 1 in ".repeat(n)}x`,
      `${"let y = ".repeat(n)}x${" in y".repeat(n)}`,
      `${"- ".repeat(n)}x`,
      `${"x ** ".repeat(n)}x`,
      `x${" + x".repeat(499)}`,
    ];
    for (const text of texts) {
      const tree = readExpr(text);
      // Printing recurses like any later walk.
      expect(withoutPlaces(readExpr(spanText(tree.span)))).toEqual(withoutPlaces(tree));
    }
  });

  it("a flat text may be long", () => {
    const terms = Array.from({ length: 3000 }, (_, i) => `let a${i}[i] = A[i] * -1.0 + (2.0 ** -i);`).join("\n");
    expect(readOne("kernel", `kernel f(A: f32[N]) -> B: f32[N] { ${terms} }`).equations).toHaveLength(3000);
    expect(readExpr(`f(${Array.from({ length: 3000 }, () => "a + b").join(", ")})`)).toMatchObject({ kind: "call" });
  });

  it("an empty file is a program", () => {
    expect(read("").declarations).toEqual([]);
    expect(read("\uFEFF \t\r\n// only a comment").declarations).toEqual([]);
  });
});

describe("whole programs", () => {
  it("every form of the grammar reads, and prints to a text that reads the same", () => {
    const program = read(everyForm);
    const kinds = new Set(program.declarations.map((d) => d.kind));
    expect(kinds).toEqual(new Set(["import", "fn", "reducer", "kernel", "derive", "test", "schedule"]));
    const printed = printProgram(program);
    expect(withoutPlaces(read(printed).declarations)).toEqual(withoutPlaces(program.declarations));
    expect(printProgram(read(printed))).toBe(printed);
  });

  it("those of the design pages read", (context) => {
    const shared = join(import.meta.dirname, "../../../shared");
    if (!existsSync(shared)) context.skip("the design pages are not here");
    const page = readFileSync(join(shared, "design/LANGUAGE.md"), "utf8");
    const blocks = [...page.matchAll(/```rust\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const trials = readFileSync(join(shared, "sketches/language/trial.ein"), "utf8");
    expect(blocks).toHaveLength(3);
    for (const text of [...blocks, trials]) {
      const program = read(text);
      expect(withoutPlaces(read(printProgram(program)).declarations)).toEqual(withoutPlaces(program.declarations));
    }
  });
});

const EXPR_KINDS: ReadonlySet<unknown> = new Set<Expr["kind"]>([
  "integer",
  "float",
  "boolean",
  "constant",
  "path",
  "unary",
  "binary",
  "conditional",
  "letIn",
  "tuple",
  "access",
  "reduction",
  "call",
]);

function isExpr(node: object): node is Expr {
  return "kind" in node && EXPR_KINDS.has(node.kind);
}

function isName(node: object): node is Name {
  return "kind" in node && node.kind === "name";
}

/** All nodes of a tree that `wanted` accepts. */
function nodesOf<N>(node: unknown, wanted: (node: object) => node is N & object): readonly N[] {
  if (Array.isArray(node)) return node.flatMap((n) => nodesOf(n, wanted));
  if (typeof node !== "object" || node === null) return [];
  const inside = Object.entries(node).flatMap(([key, value]) =>
    key === "span" || key === "source" ? [] : nodesOf(value, wanted),
  );
  return wanted(node) ? [node, ...inside] : inside;
}
