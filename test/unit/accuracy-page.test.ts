/**
 * The table of accuracies in docs/language.md against bench/results/accuracy.json and the rows of derived-ops.ts; special
 * values are those of the references, which math-accuracy.test.ts holds the expansions to.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import { tableOf } from "../support/markdown.ts";

type Largest = { readonly ulps: number };
type Measured = {
  readonly function: string;
  readonly dtype: string;
  readonly values: number;
  readonly bits: Largest;
  readonly working: Largest;
  readonly reference: Largest;
};

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "language.md"), "utf8");
const results: { readonly rows: readonly Measured[] } = JSON.parse(
  readFileSync(join(root, "bench", "results", "accuracy.json"), "utf8"),
);

/** The measured error and the promise. */
function cellOf(op: DerivedOp, dtype: WideFloat): string {
  const row = results.rows.find((r) => r.function === op && r.dtype === dtype);
  if (row === undefined) return "not measured";
  const largest = Math.max(row.bits.ulps, row.working.ulps);
  return largest === 0 ? "exact" : `${(Math.ceil(largest * 100) / 100).toFixed(2)} of ${DERIVED_OPS[op].ulps[dtype]}`;
}

const NAMES = new Map([
  [Math.PI / 2, "π/2"],
  [-Math.PI / 2, "−π/2"],
  [Math.PI, "π"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
]);
const show = (x: number): string =>
  Object.is(x, -0) ? "−0" : Number.isNaN(x) ? "nan" : (NAMES.get(x) ?? String(x).replace("-", "−"));

function specialCells(op: DerivedOp): readonly string[] {
  const row: DerivedRow = DERIVED_OPS[op];
  if (row.arity === 2) return ["as in IEEE 754", "", ""];
  const at = (x: number): number => row.reference(x, 0);
  const zeros = [at(0), at(-0)].map(show);
  return [[...new Set(zeros)].join(", "), show(at(-Infinity)), show(at(Infinity))];
}

test("what the page says was measured", () => {
  const wanted = DERIVED_NAMES.map((op) => [`\`${op}\``, cellOf(op, "f32"), cellOf(op, "f64"), ...specialCells(op)]);
  expect(tableOf(page, "accuracy"), wanted.map((cells) => `| ${cells.join(" | ")} |`).join("\n")).toEqual(wanted);
});

test("two million values of every function, within what its row promises", () => {
  expect(results.rows).toHaveLength(2 * DERIVED_NAMES.length);
  for (const op of DERIVED_NAMES) {
    for (const dtype of ["f32", "f64"] as const) {
      const row = results.rows.find((r) => r.function === op && r.dtype === dtype);
      expect(row?.values, `${op} of ${dtype}`).toBeGreaterThanOrEqual(2_000_000);
      const largest = Math.max(row?.bits.ulps ?? Infinity, row?.working.ulps ?? Infinity);
      expect(largest, `${op} of ${dtype}`).toBeLessThanOrEqual(DERIVED_OPS[op].ulps[dtype]);
    }
  }
});
