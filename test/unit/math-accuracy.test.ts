/**
 * Every derived operation's expansion against the true value, in f32 and in f64: random bit patterns, values from its working
 * range and values where something changes, with fused and with unfused multiply-add, within the ulps its row promises
 * (the smallest subnormal is an ulp of results below the normals). The largest errors and the number of instructions are
 * printed. EINKORN_FUZZ=n takes n times as many values; test/accuracy.ts takes millions, on the targets.
 */
import { describe, expect, test } from "vitest";
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { apply, variable } from "../../compiler/ir/expr.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import { visit } from "../../compiler/ir/walk.ts";
import { expandIn } from "../../compiler/passes/math/expand-math.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { anyPair, edgesOf, workingPair } from "../support/math-samples.ts";
import { doubleArithmetic, numberArithmetic } from "../support/number-arithmetic.ts";
import { errorInUlps } from "../support/ulps.ts";

const SEED = 20260;
const FUZZ = Number(process.env["EINKORN_FUZZ"] ?? 1);
/** Of each kind; an f64 costs twenty times as much, by its reference. */
const SAMPLES = { f32: 50_000 * FUZZ, f64: 1_000 * FUZZ };

type Worst = { error: number; at: string };

function measure(op: DerivedOp, format: WideFloat, fused: boolean): Worst {
  const row: DerivedRow = DERIVED_OPS[op];
  const [single, double] = [numberArithmetic(fused), doubleArithmetic(fused)];
  const random = makeRandom(SEED);
  const worst: Worst = { error: -1, at: "" };
  const look = (x: number, y: number): void => {
    const got = format === "f32" ? row.expand(single, x, y) : row.expand(double, x, y);
    const error = errorInUlps(op, format, got, x, y);
    if (error <= worst.error) return;
    worst.error = error;
    worst.at = `${op}(${x}${row.arity === 2 ? `, ${y}` : ""}) = ${got}`;
  };
  const edges = edgesOf(format);
  for (const x of edges) for (const y of row.arity === 2 ? edges : [0]) look(x, y);
  for (let n = 0; n < SAMPLES[format]; n++) {
    look(...anyPair(format, random));
    look(...workingPair(op, format, random));
  }
  return worst;
}

/** Operations of an expression, less what only looks at the same bits as another type. */
function instructions(e: Expr): number {
  let count = 0;
  visit(e, (n) => {
    if (n.kind === "apply" || n.kind === "select" || (n.kind === "cast" && n.mode !== "bits")) count++;
  });
  return count;
}

function costOf(op: DerivedOp, format: WideFloat): number {
  const args = ["x", "y"].slice(0, DERIVED_OPS[op].arity).map((id) => variable(format, id, id));
  let count = 0;
  return instructions(expandIn(apply(op, ...args), (type, name) => variable(type, `v${count++}`, name)));
}

/** Instructions in f32 and in f64: one may only be raised by someone who measured what it costs. */
const BUDGET: Readonly<Record<DerivedOp, readonly [number, number]>> = {
  exp: [19, 26],
  exp2: [18, 25],
  expm1: [26, 32],
  log: [30, 41],
  log2: [28, 39],
  log1p: [30, 41],
  tanh: [28, 39],
  sigmoid: [27, 33],
  erf: [31, 60],
  rsqrt: [2, 2],
  sin: [168, 199],
  cos: [167, 198],
  tan: [169, 200],
  asin: [21, 29],
  acos: [28, 36],
  atan: [20, 31],
  atan2: [38, 49],
  sinh: [31, 41],
  cosh: [21, 28],
  asinh: [43, 54],
  acosh: [41, 52],
  atanh: [37, 48],
  pow: [101, 134],
  fmod: [185, 455],
};

describe.each(["f32", "f64"] as const)("expansions in %s", (format) => {
  const table: string[] = [];

  test.each(DERIVED_NAMES)(`%s, seed ${SEED}`, (op) => {
    const ulps = DERIVED_OPS[op].ulps[format];
    const [fused, unfused] = [measure(op, format, true), measure(op, format, false)];
    const cost = costOf(op, format);
    table.push(
      `${op.padEnd(8)} fused ${fused.error.toFixed(3)} ulp, unfused ${unfused.error.toFixed(3)} ulp, ${cost} instructions`,
    );
    expect(fused.error, fused.at).toBeLessThanOrEqual(ulps);
    expect(unfused.error, unfused.at).toBeLessThanOrEqual(ulps);
    expect(cost).toBeLessThanOrEqual(BUDGET[op][format === "f32" ? 0 : 1]);
  });

  test("the table", () => {
    console.log([format, ...table].join("\n"));
    expect(table).toHaveLength(DERIVED_NAMES.length);
  });
});
