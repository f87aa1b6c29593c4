/** A random syntax tree, printed, parses back to itself: the printer drops no parenthesis that counts. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { printDeclaration, printExpr, printProgram } from "../../compiler/lang/print-ast.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { read, readExpr, withoutPlaces } from "../support/syntax.ts";
import { randomDeclaration, randomExpr } from "./random-syntax.ts";

it("expressions", () => {
  fc.assert(
    fc.property(randomExpr, (e) => {
      const text = printExpr(e);
      expect(withoutPlaces(readExpr(text)), text).toEqual(withoutPlaces(e));
    }),
    { numRuns: 3000 },
  );
});

it("declarations", () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(randomDeclaration, (d) => {
      kinds.set(d.kind, (kinds.get(d.kind) ?? 0) + 1);
      const text = printDeclaration(d);
      expect(withoutPlaces(read(text).declarations), text).toEqual([withoutPlaces(d)]);
    }),
    { numRuns: 1500 },
  );
  for (const kind of ["import", "fn", "reducer", "kernel", "derive", "test", "schedule"]) {
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(100);
  }
});

it("programs, and printing settles at once", () => {
  fc.assert(
    fc.property(fc.array(randomDeclaration, { maxLength: 5 }), (declarations) => {
      const source = makeSource("random", "");
      const span = { source, start: 0, end: 0 };
      const text = printProgram({ kind: "program", source, declarations, broken: [], comments: [], span });
      const program = read(text);
      expect(withoutPlaces(program.declarations), text).toEqual(withoutPlaces(declarations));
      expect(printProgram(program)).toBe(text);
    }),
    { numRuns: 200 },
  );
});
