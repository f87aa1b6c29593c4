/** Random programs with random spaces, lines and comments between their words: formatting keeps all words, and settles at once. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { formatSource } from "../../compiler/lang/format/format.ts";
import { printDeclaration } from "../../compiler/lang/print-ast.ts";
import { scan } from "../../compiler/lang/scan.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { read, withoutPlaces } from "../support/syntax.ts";
import { randomDeclaration } from "./random-syntax.ts";

const GAPS = [
  " ",
  " ",
  " ",
  " ",
  "\n",
  "\n\n\n",
  "  \t ",
  " // c\n",
  "\n// c\n",
  " /* c */ ",
  "\n/* c */ ",
  " /* c\n */\n",
];

function format(text: string): string {
  const diagnostics = new Diagnostics();
  const result = formatSource(makeSource("test.ein", text), diagnostics);
  if (result === null) throw new Error(diagnostics.list.map((d) => d.message).join("; "));
  return result;
}

const imagesOf = (text: string): readonly string[] =>
  scan(makeSource("test.ein", text), new Diagnostics()).tokens.map((t) => t.image);

it("any program, with anything between its words", () => {
  const gaps = fc.infiniteStream(fc.constantFrom(...GAPS));
  const calm = fc.infiniteStream(fc.constantFrom(" ", " ", " ", " ", " ", " ", " ", "\n"));
  fc.assert(
    fc.property(
      fc.array(randomDeclaration, { minLength: 1, maxLength: 3 }),
      fc.oneof(gaps, calm),
      (declarations, between) => {
        const words = declarations.flatMap((d) => imagesOf(printDeclaration({ ...d, doc: null })));
        const text = words.map((word) => word + (between.next().value ?? " ")).join("");
        const tree = withoutPlaces(read(text).declarations);
        const result = format(text);
        expect(withoutPlaces(read(result).declarations), text).toEqual(tree);
        expect(imagesOf(result)).toEqual(words);
        expect(format(result), text).toBe(result);
        expect(result).not.toMatch(/[ \t]$|\n\n\n/m);
      },
    ),
    { numRuns: 300 },
  );
});
