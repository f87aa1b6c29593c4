/** `bulk` equations say of a whole block what the fold says: kept with the reducer, tried on blocks, shown. */
import { expect, test } from "vitest";
import { readProgram } from "../../compiler/compile.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { some } from "../../compiler/ir/walk.ts";
import { lowerReducer } from "../../compiler/lang/check-program.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { checkLaws } from "../../runtime/property-test/laws.ts";
import { kernelOf } from "../support/kernel-of.ts";

const reducer = (bulk: string): string => `reducer spread<T: anyfloat = f32>(x: T, w: T) -> (m: T, l: T) {
  identity (-inf, 0.0);
  lift (x, w);
  combine a, b = (max(a.m, b.m), a.l + b.l);
  law associative commutative;
  bulk ${bulk};
}
`;
const RIGHT = "m = max[k](x), l = sum[j](w)";

function laws(bulk: string) {
  const found = new Diagnostics();
  const program = known(readProgram(makeSource("<test>", reducer(bulk)), found), "a program");
  const node = known(
    program.program.declarations.find((d) => d.kind === "reducer"),
    "the reducer",
  );
  return checkLaws(known(lowerReducer(program, node), "the reducer"), node.span, 1, 0);
}

test("a right bulk holds, however its equations are ordered", () => {
  for (const bulk of [
    RIGHT,
    "l = sum[k](w), m = max[k](x)",
    "m = max[k](x), l = sum[k](w) + (m - m == 0.0 ? 0.0 : 0.0)",
  ])
    expect(laws(bulk).map((l) => [l.law, l.verdict])).toEqual([
      ["identity", "holds"],
      ["commutative", "holds"],
      ["associative", "holds"],
      ["bulk", "holds"],
    ]);
});

test.each([
  ["m = max[k](x), l = max[k](w)", "the fold of (1, 1), (1, 1) is (1, 2), but bulk gives (1, 1)"],
  ["m = max[k](x), l = sum[k](x)", null],
  ["m = max[k](x), l = sum[k | x < m](w)", "the fold of (1, 1) is (1, 1), but bulk gives (1, 0)"],
])("a wrong one is shown with a small block: %s", (bulk, shown) => {
  const found = laws(bulk).at(-1);
  expect(found).toMatchObject({ law: "bulk", verdict: "broken", counterexample: expect.any(String) });
  if (shown !== null) expect(found?.counterexample).toBe(shown);
});

test("it stays with the reducer, and listings show it", () => {
  const source = `${reducer(RIGHT)}kernel f(X: f32[N]) -> m: f32, l: f32 { (m, l) = spread[i](X[i], 1.0); }`;
  const kernel = kernelOf(source);
  const keeps = stagesOf(kernel).some((s) =>
    s.outputs.some((o) =>
      some(o.body, (e) => e.kind === "reduce" && e.reducer.kind === "user" && e.reducer.bulk?.equations.length === 2),
    ),
  );
  expect(keeps).toBe(true);
  expect(printEquations(kernel)).toContain(
    "reducer spread bulk m = max[k in 0..block](x), l = sum[j in 0..block](w);\n",
  );
});
