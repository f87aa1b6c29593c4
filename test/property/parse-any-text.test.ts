/**
 * The front end never throws, whatever the text: random characters, random tokens, and valid programs that were cut
 * off, had a token removed, doubled, swapped or replaced. Also: a text is either read whole or complained about, every
 * complaint has a place inside the text, and it can be rendered.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "../../compiler/lang/parse.ts";
import { scan } from "../../compiler/lang/scan.ts";
import { spellingOf, TOKENS } from "../../compiler/lang/tokens.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";

const everyForm = readFileSync(join(import.meta.dirname, "../unit/every-form.ein"), "utf8");
const tokens = scan(makeSource("every-form.ein", everyForm), new Diagnostics()).tokens.map((t) => t.image);
const spellings = TOKENS.flatMap((type) => spellingOf(type) ?? []);

/** Reads the text and checks what must hold for any. Returns the number of complaints. */
function survive(text: string): number {
  const diagnostics = new Diagnostics();
  const program = parse(makeSource("fuzz.ein", text), diagnostics);
  for (const { span, related, message } of diagnostics.list) {
    expect(message).not.toMatch(/undefined|NaN|\[object/);
    for (const place of [span, ...related.map((r) => r.span)]) {
      if (place === null) throw new Error(`no place: ${message}`);
      const isInside = 0 <= place.start && place.start <= place.end && place.end <= text.length;
      if (!isInside) throw new Error(`${message} at ${place.start}-${place.end} of ${text.length}`);
    }
  }
  const rendered = renderDiagnostics(diagnostics.list.slice(0, 5));
  expect(rendered === "").toBe(diagnostics.list.length === 0);
  if (program.broken.length > 0) expect(diagnostics.list.length).toBeGreaterThan(0);
  return diagnostics.list.length;
}

describe("random text", () => {
  it("of any characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void survive(text)),
      { numRuns: 2000 },
    );
  });

  it("of the characters of the language", () => {
    const unit = fc.constantFrom(...Array.from("()[]{}<>;:,.=+-*/%!&|^~?\"'0123456789eExbaAinlt_ \n\t#@"));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 300 }), (text) => void survive(text)),
      { numRuns: 3000 },
    );
  });

  it("of words of the language", () => {
    const word = fc.oneof(
      fc.constantFrom(...spellings),
      fc.constantFrom(
        "x",
        "sum",
        "f32",
        "0",
        "1.5",
        '"s"',
        "// c\n",
        "/* c */",
        "\n",
        "1.",
        ".5",
        "é",
        "\u0000",
        "toString",
        "__proto__",
      ),
    );
    const soup = fc.array(word, { maxLength: 80 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(soup, (text) => void survive(text)),
      { numRuns: 4000 },
    );
  });
});

describe("a valid program", () => {
  it("cut off anywhere", () => {
    for (let end = 0; end <= everyForm.length; end += 2) survive(everyForm.slice(0, end));
  });

  it("with its beginning cut off", () => {
    for (let start = 0; start <= everyForm.length; start += 11) survive(everyForm.slice(start));
  });

  it("with one token gone", () => {
    let refused = 0;
    tokens.forEach((_, i) => {
      if (survive(tokens.toSpliced(i, 1).join(" ")) > 0) refused++;
    });
    // Dropping an `export` or a unary minus leaves a valid program; most other tokens are needed.
    expect(refused / tokens.length).toBeGreaterThan(0.7);
  });

  it("with tokens doubled, swapped, replaced", () => {
    const place = fc.nat(tokens.length - 2);
    const edit = fc.oneof(
      place.map((i) => tokens.toSpliced(i, 0, tokens[i] ?? "")),
      place.map((i) => tokens.toSpliced(i, 2, tokens[i + 1] ?? "", tokens[i] ?? "")),
      fc.tuple(place, fc.constantFrom(...spellings)).map(([i, word]) => tokens.toSpliced(i, 1, word)),
      fc.tuple(place, fc.constantFrom(...spellings)).map(([i, word]) => tokens.toSpliced(i, 0, word)),
    );
    fc.assert(
      fc.property(edit, (list) => void survive(list.join(" "))),
      { numRuns: 1500 },
    );
  });

  it("with several tokens a line mangled", () => {
    const mangle = fc.array(fc.tuple(fc.nat(tokens.length - 1), fc.constantFrom(...spellings)), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(mangle, (edits) => {
        const list = [...tokens];
        for (const [i, word] of edits) list[i] = `${word}\n`;
        survive(list.join(" "));
      }),
      { numRuns: 500 },
    );
  });
});

it("long and hopeless texts are done with in time", () => {
  const started = performance.now();
  for (const unit of [
    "(",
    "[",
    "{",
    "a ",
    "1 ",
    "let ",
    "- ",
    "a[",
    "kernel f(",
    "x ** ",
    ";",
    "}",
    "#",
    "x ? ",
    "/*",
    '"',
    ".",
  ]) {
    survive(unit.repeat(Math.floor(200_000 / unit.length)));
  }
  expect(performance.now() - started).toBeLessThan(20_000);
});
