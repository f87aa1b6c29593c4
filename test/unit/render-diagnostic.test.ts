/** compiler/support/render-diagnostic.ts: what people read, to the column. */
import { describe, expect, it } from "vitest";
import { diagnostic, type DiagnosticInput } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostic, renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource, type Source, type Span } from "../../compiler/support/source.ts";
import { cellsOf } from "../../compiler/support/text-columns.ts";

/** The first place of `text` in the source, or the one behind `after`. */
function find(source: Source, text: string, after = 0): Span {
  const start = source.text.indexOf(text, after);
  return { source, start, end: start + text.length };
}

/** The rendered lines of an error. */
function render(input: DiagnosticInput): readonly string[] {
  return renderDiagnostic(diagnostic("E1002", input)).split("\n");
}

const conv = makeSource(
  "conv.ein",
  [
    "kernel conv(X: f32[B, C, H, W])",
    "    -> Y: f32[B, O, H, W] {",
    "  // the sum",
    "  let acc[n, o, y] = sum[c, r](X[n, c, y*s + r - p] * F[o, c, r]);",
    "}",
    "",
  ].join("\n"),
);

describe("a diagnostic", () => {
  it("has its place, its line, a caret with what is wanted, facts and ways out", () => {
    expect(
      render({
        message: "this read may be outside X",
        span: find(conv, "y*s + r - p"),
        label: "needs 0 <= y*s + r - p < H",
        notes: ["y in 0..H (from Y's shape, line 2)", "counterexample: H=3, y=0, r=0 gives index -1"],
        help: ["write X[…] pad 0", "add where p == 0 to the kernel"],
      }),
    ).toEqual([
      "error[E1002]: this read may be outside X",
      "  --> conv.ein:4:40",
      "   4 |   let acc[n, o, y] = sum[c, r](X[n, c, y*s + r - p] * F[o, c, r]);",
      "     |                                        ^^^^^^^^^^^ needs 0 <= y*s + r - p < H",
      "   = y in 0..H (from Y's shape, line 2)",
      "   = counterexample: H=3, y=0, r=0 gives index -1",
      "   = help: write X[…] pad 0",
      "   = help: add where p == 0 to the kernel",
    ]);
  });

  it("shows related lines in the order of the text", () => {
    const related = [
      { span: find(conv, "F[o, c, r]"), message: "F is read here" },
      { span: find(conv, "Y"), message: "Y's shape" },
      { span: find(conv, "H, W])"), message: "X's" },
    ];
    expect(render({ message: "m", span: find(conv, "X[n"), related })).toEqual([
      "error[E1002]: m",
      "  --> conv.ein:4:32",
      "   1 | kernel conv(X: f32[B, C, H, W])",
      "     |                          ------ X's",
      "   2 |     -> Y: f32[B, O, H, W] {",
      "     |        - Y's shape",
      "  ...",
      "   4 |   let acc[n, o, y] = sum[c, r](X[n, c, y*s + r - p] * F[o, c, r]);",
      "     |                                ^^^",
      "     |                                                       ---------- F is read here",
    ]);
  });

  it("shows related places of other files", () => {
    const std = makeSource("std/nn.ein", "export fn relu(x: f32) -> f32 = max(x, 0.0);\n");
    const related = [{ span: find(std, "relu"), message: "declared here" }];
    expect(render({ message: "m", span: find(conv, "conv"), related })).toEqual([
      "error[E1002]: m",
      "  --> conv.ein:1:8",
      "   1 | kernel conv(X: f32[B, C, H, W])",
      "     |        ^^^^",
      "  ::: std/nn.ein:1:11",
      "   1 | export fn relu(x: f32) -> f32 = max(x, 0.0);",
      "     |           ---- declared here",
    ]);
  });

  it("without a place is its sentence and what follows", () => {
    expect(render({ message: "no such file: x.npy", span: null, help: ["check the path"] })).toEqual([
      "error[E1002]: no such file: x.npy",
      "   = help: check the path",
    ]);
  });

  it("keeps the lines of a note together", () => {
    expect(render({ message: "m", span: null, notes: ["a\nb"], help: ["c\nd"] })).toEqual([
      "error[E1002]: m",
      "   = a",
      "     b",
      "   = help: c",
      "           d",
    ]);
  });

  it("of several, each stands alone", () => {
    const one = diagnostic("E1002", { message: "m", span: null });
    expect(renderDiagnostics([one, one])).toBe("error[E1002]: m\n\nerror[E1002]: m");
    expect(renderDiagnostics([])).toBe("");
  });
});

/** The source line and the carets. */
function at(text: string, start: number, end: number): readonly string[] {
  return render({ message: "m", span: { source: makeSource("t.ein", text), start, end } }).slice(2);
}

describe("carets", () => {
  it("of an empty span is one", () => {
    expect(at("abc\ndef", 3, 3)).toEqual(["   1 | abc", "     |    ^"]);
    expect(at("", 0, 0)).toEqual(["   1 |", "     | ^"]);
    expect(at("abc\n", 4, 4)).toEqual(["   2 |", "     | ^"]);
  });

  it("stop at the end of the line", () => {
    expect(at("abc def\nghi", 4, 11)).toEqual(["   1 | abc def", "     |     ^^^"]);
    expect(at("abc def\r\nghi", 4, 12)).toEqual(["   1 | abc def", "     |     ^^^"]);
  });

  it("stand right behind tabs", () => {
    expect(at("\tab\tc", 1, 3)).toEqual(["   1 |     ab  c", "     |     ^^"]);
    expect(at("\tab\tc", 4, 5)).toEqual(["   1 |     ab  c", "     |         ^"]);
    expect(at("ab\tc", 2, 3)).toEqual(["   1 | ab  c", "     |   ^^"]);
  });

  it("stand right behind wide and combined characters", () => {
    expect(at("矩阵 = x", 5, 6)).toEqual(["   1 | 矩阵 = x", "     |        ^"]);
    expect(at("矩阵 = x", 0, 2)).toEqual(["   1 | 矩阵 = x", "     | ^^^^"]);
    expect(at("e\u0301 = x", 5, 6)).toEqual(["   1 | e\u0301 = x", "     |     ^"]);
    expect(at("👩‍🔬 = x", 8, 9)).toEqual(["   1 | 👩‍🔬 = x", "     |      ^"]);
  });

  it("fit the width of the line numbers", () => {
    const text = `${"\n".repeat(12_345)}abc`;
    expect(at(text, 12_345, 12_348)).toEqual(["12346 | abc", "      | ^^^"]);
  });

  it("stay near in a line that is too long", () => {
    const text = `${"a".repeat(5000)}HERE${"b".repeat(5000)}`;
    const [line = "", carets = ""] = at(text, 5000, 5004);
    expect(line.length).toBeLessThan(160);
    expect(line).toMatch(/^ {3}1 \| …a+HEREb+…$/);
    expect(carets.indexOf("^")).toBe(line.indexOf("HERE"));
    expect(carets.endsWith("^^^^")).toBe(true);
    const [start = "", first = ""] = at(text, 0, 3);
    expect(start).toMatch(/^ {3}1 \| a+…$/);
    expect(first).toBe("     | ^^^");
  });
});

describe("text from outside", () => {
  it("cannot drive the terminal or turn the reading direction", () => {
    const hostile = makeSource("\u001B[2Jx.ein", "a \u001B[31m b \u202E c \u0000");
    const message = "name \u001B]0;title\u0007";
    const lines = render({ message, span: { source: hostile, start: 0, end: 1 }, notes: ["\u2066x"] });
    for (const c of "\u001B\u0007\u0000\u202E\u2066") expect(lines.join("")).not.toContain(c);
    expect(lines[2]).toBe("   1 | a \uFFFD[31m b \uFFFD c \uFFFD");
  });

  it("has one cell for each thing that is seen", () => {
    expect(cellsOf("a\t矩").map((c) => [c.offset, c.column, c.width])).toEqual([
      [0, 0, 1],
      [1, 1, 3],
      [2, 4, 2],
    ]);
  });
});

it("colours are the caller's, by role", () => {
  const d = diagnostic("E1002", {
    message: "m",
    span: find(conv, "conv"),
    related: [{ span: find(conv, "X"), message: "r" }],
    help: ["h"],
  });
  const painted = renderDiagnostic(d, (role, text) => `<${role}>${text}</>`);
  expect(painted.split("\n")).toEqual([
    "<error>error[E1002]</><message>: m</>",
    "  <gutter>--></> conv.ein:1:8",
    "<gutter>   1 |</> kernel conv(X: f32[B, C, H, W])",
    "<gutter>     |</>        <error>^^^^</>",
    "<gutter>     |</>             <related>- r</>",
    "   <gutter>=</> <help>help: </>h",
  ]);
});
