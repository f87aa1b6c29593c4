/**
 * docs/language.md against the compiler: every program in it compiles or is refused with the code that stands at its
 * fence, every message in it is the real one, and its tables are those of the compiler. A row that is missing there is
 * printed as the page wants it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import { DTYPES, DTYPE_NAMES } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import type { Builtin } from "../../compiler/lang/builtins.ts";
import { BUILTINS, REDUCTIONS } from "../../compiler/lang/builtins.ts";
import { LIMITS } from "../../compiler/lang/check/context.ts";
import { BRACKET_LIMIT, CHAIN_LIMIT, NESTING_LIMIT } from "../../compiler/lang/nesting.ts";
import { MODULE_LIMITS } from "../../compiler/lang/read-modules.ts";
import { NAME_LIMIT, SOURCE_LIMIT } from "../../compiler/lang/scan.ts";
import { HARD_KEYWORDS, spellingOf } from "../../compiler/lang/tokens.ts";
import { CODES } from "../../compiler/support/codes.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import type { Source } from "../../compiler/support/source.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { readStandard } from "../../runtime/node/standard-library.ts";
import { diagnoseAll } from "../diagnostics/diagnose.ts";
import { anchorsOf, blocksOf, codeIn, codeWordsOf, tableOf } from "../support/markdown.ts";
import { array } from "../support/nd-array.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "language.md"), "utf8");
const blocks = blocksOf(page);
const programs = blocks.flatMap((block, n) => (block.words[0] === "ein" ? [{ ...block, n }] : []));

/** Blocks that are marked as files, for the others to import. */
const importable = new Map(
  programs.flatMap(({ words, text }) => (words[1] === "file" ? [[words[2] ?? "", text] as const] : [])),
);

async function diagnose(source: Source): Promise<readonly Diagnostic[]> {
  return diagnoseAll(source, async ({ kind, name }) => {
    const text = kind === "standard" ? await readStandard(name) : importable.get(name);
    if (typeof text === "string") return makeSource(name, text);
    return text ?? { code: "E6102", message: `no block of the page is the file ${name}` };
  });
}

/** The codes that a block announces, and whether they are errors or warnings. */
function announced(words: readonly string[]): readonly string[] {
  const [, kind, ...codes] = words;
  if (kind === undefined || kind === "file") return [];
  expect(["error", "warning"], `\`\`\`${words.join(" ")}`).toContain(kind);
  expect(codes.length).toBeGreaterThan(0);
  for (const c of codes) expect(c).toMatch(kind === "error" ? /^E\d{4}$/ : /^W\d{4}$/);
  return codes;
}

describe("programs", () => {
  test("are there", () => {
    expect(programs.filter((p) => p.words.length === 1).length).toBeGreaterThanOrEqual(15);
    expect(programs.filter((p) => p.words[1] === "error").length).toBeGreaterThanOrEqual(15);
  });

  test.each(programs)("line $line: $words", async ({ words, text, n }) => {
    const name = words[1] === "file" ? (words[2] ?? "") : "example.ein";
    const found = await diagnose(makeSource(name, text));
    const codes = announced(words);
    expect(
      found.map((d) => d.code),
      renderDiagnostics(found),
    ).toEqual(codes);
    const next = blocks[n + 1];
    if (next?.words[0] === "text") expect(next.text).toBe(renderDiagnostics(found));
  });

  test("messages stand behind the program that they are about", () => {
    blocks.forEach((block, n) => {
      if (block.words[0] === "text") expect(blocks[n - 1]?.words[1], `line ${block.line}`).toBe("error");
    });
  });
});

/** The proved kernel `k` of a text; the codes where it is refused. */
function prove(text: string): Kernel | readonly string[] {
  const found = new Diagnostics();
  const program = readProgram(makeSource("example.ein", text), found);
  const proved = program === null || found.hasErrors ? null : proveKernelOf(program, "k", {}, found);
  return proved === null ? found.list.map((d) => d.code) : proved.kernel;
}

function mustProve(text: string): Kernel {
  const kernel = prove(text);
  if ("steps" in kernel) return kernel;
  throw new Error(`${kernel.join(" ")}: ${text}`);
}

/** A number or bool as the page writes it. */
function written(value: NDArray["data"][number] | undefined): string {
  if (typeof value !== "number") return String(value);
  return Number.isNaN(value) ? "nan" : String(value).replace("Infinity", "inf");
}

/** The text between the first pair of backticks. */
function code(cell: string | undefined): string {
  const [word] = codeIn(cell ?? "");
  if (word === undefined) throw new Error(`no code in the cell ${cell ?? ""}`);
  return word;
}

describe("values", () => {
  const names = ["operators", "casts", "requantization", "functions", "special"];
  const rows = names.flatMap((name) => tableOf(page, `values ${name}`));

  test.each(rows.map(([expression, dtype, value]) => ({ expression, dtype, value })))(
    "$expression",
    ({ expression, dtype, value }) => {
      const kernel = mustProve(`kernel k() -> y: ${dtype ?? ""} { y = ${code(expression)}; }`);
      expect(written(interpretEquations(kernel, new Map(), new Map()).get("y")?.data[0])).toBe(value);
    },
  );

  test("of pads", () => {
    for (const [rule, ...values] of tableOf(page, "pads")) {
      const kernel = mustProve(`kernel k(A: f32[N]) -> y: f32[9] where N >= 2 { y[i] = A[i - 3] ${code(rule)}; }`);
      const dims = new Map(kernel.dims.map((d) => [d.id, 3n]));
      const inputs = new Map(kernel.params.map((p) => [p.id, array("f32", [10, 20, 30])]));
      expect(interpretEquations(kernel, inputs, dims).get("y")?.data.map(written), rule).toEqual(values);
    }
  });
});

describe("ranges of indices", () => {
  const heads = {
    ranges: "kernel k(X: f32[N], W: f32[K]) -> y: f32 where K <= N",
    windows: "kernel k(X: f32[H], F: f32[3]) -> Y: f32[H]",
  };
  const rows = (["ranges", "windows"] as const).flatMap((name) =>
    tableOf(page, name).map(([equation, range]) => ({
      head: heads[name],
      equation: code(equation),
      range: range ?? "",
    })),
  );

  test.each(rows)("$equation", ({ head, equation, range }) => {
    const kernel = prove(`${head} { ${equation} }`);
    if (!("steps" in kernel)) return expect(kernel).toEqual([range]);
    const binders = [...printEquations(kernel).matchAll(/\b(\w+ in [^,\]|]+?)(?=,| ?\]| \|)/g)].map((m) => m[1]);
    return expect(binders).toContain(code(range));
  });
});

/** Rows of the compiler's table that the page lacks, and rows of the page that the compiler has not. */
function differences(wanted: readonly string[], found: readonly string[]): readonly string[] {
  const [have, want] = [new Set(found), new Set(wanted)];
  return [
    ...wanted.filter((row) => !have.has(row)).map((row) => `missing: ${row}`),
    ...found.filter((row) => !want.has(row)).map((row) => `not so: ${row}`),
  ];
}

const tableRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const quoted = (word: string): string => `\`${word}\``;

describe("tables", () => {
  test("codes", () => {
    const rows = tableOf(page, "codes");
    const wanted = Object.entries(CODES).map(([name, row]) => tableRow([name, row.title]));
    expect(differences(wanted, rows.map(tableRow))).toEqual([]);
    expect(rows).toHaveLength(wanted.length);
  });

  test("every code of the page exists", () => {
    for (const [name] of page.matchAll(/\b[EW]\d{4}\b/g)) expect(Object.keys(CODES)).toContain(name);
  });

  test("reserved words", () => {
    const reserved = [...HARD_KEYWORDS].map((type) => spellingOf(type) ?? "");
    const words = codeWordsOf(page, "keywords");
    const end = words.indexOf("nan") + 1; // what follows are words that are not reserved
    expect(differences(reserved, words.slice(0, end))).toEqual([]);
    expect(words.slice(end).filter((w) => reserved.includes(w))).toEqual([]);
  });

  test("dtypes", () => {
    const wanted = DTYPE_NAMES.map((name) => {
      const row = DTYPES[name];
      const values =
        row.kind === "float"
          ? `${row.significandBits} bits of precision`
          : row.kind === "bool"
            ? "false, true"
            : `${row.min}..${row.max + 1n}`;
      const casts = ["", "sat_", "wrap_"]
        .map((prefix) => prefix + name)
        .filter((c) => BUILTINS.get(c)?.kind === "cast");
      const sum = row.kind === "float" ? name : row.accumulator;
      const arithmetic = row.arithmetic === null ? "–" : quoted(row.arithmetic);
      return tableRow([quoted(name), values, arithmetic, quoted(sum), casts.map(quoted).join(" ")]);
    });
    expect(differences(wanted, tableOf(page, "dtypes").map(tableRow))).toEqual([]);
  });

  test("reductions", () => {
    const classes = { number: "numbers", bool: "bools", "number or bool": "numbers, bools" };
    const wanted = Object.entries(REDUCTIONS).map(([name, row]) => {
      const operands = row.kind === "mean" ? "floats" : new Map(Object.entries(classes)).get(row.operands);
      return tableRow([quoted(name), operands ?? row.kind]);
    });
    const found = tableOf(page, "reductions").map((cells) => tableRow(cells.slice(0, 2)));
    expect(differences(wanted, found)).toEqual([]);
  });

  test("built-in functions", () => {
    const wanted = [...BUILTINS].flatMap(([name, b]) => {
      const row = summary(b);
      return row === null ? [] : [`${name}/${row.arity} of ${row.operands}`];
    });
    const found = tableOf(page, "builtins").map(([call, operands]) => {
      const [, name, args] = /^(\w+)\((.*)\)$/.exec(code(call)) ?? [];
      return `${name ?? ""}/${(args ?? "").split(", ").length} of ${operands ?? ""}`;
    });
    expect(differences(wanted, found)).toEqual([]);
  });

  test("limits", () => {
    const { work, nodes, depth, stages, heads, dims, conditions, calls, programWork, programStages } = LIMITS;
    const { files, depth: deep, text } = MODULE_LIMITS;
    const ofModules = [files, deep, text];
    const ofText = [SOURCE_LIMIT, NAME_LIMIT, BRACKET_LIMIT, NESTING_LIMIT, CHAIN_LIMIT];
    const wanted = [
      ...ofText,
      work,
      nodes,
      depth,
      stages,
      heads,
      dims,
      conditions,
      calls,
      programWork,
      programStages,
      ...ofModules,
    ];
    expect(tableOf(page, "limits").map(([, limit]) => Number(limit))).toEqual(wanted);
  });
});

const CLASSES = {
  float: "floats",
  int: "bits",
  number: "numbers",
  "number or bool": "numbers, bools",
  i32: "i32",
} as const;

/** Null for casts, which stand elsewhere. */
function summary(b: Builtin): { readonly arity: number; readonly operands: string } | null {
  switch (b.kind) {
    case "operation":
    case "composite":
      return { arity: b.arity, operands: CLASSES[b.operands] };
    case "select":
      return { arity: 3, operands: "a bool, two values" };
    case "cast":
      return null;
    default:
      return b satisfies never;
  }
}

test("links within the page lead somewhere", () => {
  const anchors = anchorsOf(page);
  for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
});
