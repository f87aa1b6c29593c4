/**
 * compiler/passes/math/: the expression of an expansion computes what the expansion does on numbers, to the bit; nothing
 * derived is left, in reducers neither; and the program stays sound. How exact the expansions are is math-accuracy.test.ts.
 */
import { describe, expect, test } from "vitest";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import { roundToDType } from "../../compiler/ir/dtype.ts";
import { apply, letIn, mul, variable } from "../../compiler/ir/expr.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import type { LoopProgram } from "../../compiler/ir/loops.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import { isCoreOp } from "../../compiler/ir/ops.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { verifyLoops } from "../../compiler/ir/verify-loops.ts";
import { reducerExpressions, some } from "../../compiler/ir/walk.ts";
import { statementExpressions, visitStatements } from "../../compiler/ir/walk-loops.ts";
import { expandMath } from "../../compiler/passes/math/expand-math.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { elementwise, reduction } from "../support/loop-programs.ts";
import { anyPair } from "../support/math-samples.ts";
import { doubleArithmetic, numberArithmetic } from "../support/number-arithmetic.ts";
import { onlineSoftmax } from "../support/reducers.ts";

const COUNT = 600;

function hasDerived(program: LoopProgram): boolean {
  let found = false;
  for (const nest of program.nests) {
    visitStatements(nest.body, (s) => {
      const own = s.kind === "accum" ? reducerExpressions(s.reducer) : [];
      found ||= [...statementExpressions(s), ...own].some((e) => some(e, (n) => n.kind === "apply" && !isCoreOp(n.op)));
    });
  }
  return found;
}

function run(program: LoopProgram, inputs: readonly NDArray[]): readonly number[] {
  const named = new Map(inputs.map((a, n) => [String.fromCharCode(65 + n), a] as const));
  const result = interpretLoops(program, named, new Map()).get("Y");
  return (result?.data ?? []).map(Number);
}

/** Half any value of the format, half between -8 and 8. */
function operands(seed: number, dtype: WideFloat = "f32"): NDArray {
  const random = makeRandom(seed);
  const data = Array.from({ length: COUNT }, (_, n) =>
    n % 2 === 0 ? anyPair(dtype, random)[0] : roundToDType(dtype, random() * 16 - 8),
  );
  return { dtype, shape: [COUNT], data };
}

describe.each(["f32", "f64"] as const)("expanded expressions of %s compute what the expansions do", (format) => {
  test.each(DERIVED_NAMES)("%s", (op) => {
    const { arity, expand } = DERIVED_OPS[op];
    const inputs = [operands(1, format), operands(2, format)].slice(0, arity);
    const program = elementwise(
      inputs.map((a) => a.dtype),
      format,
      COUNT,
      (...elements) => apply(op, ...elements),
    );
    const expanded = expandMath(program);
    expect(hasDerived(program)).toBe(true);
    expect(hasDerived(expanded)).toBe(false);
    expect(verifyLoops(expanded)).toEqual([]);
    const [single, double] = [numberArithmetic(true), doubleArithmetic(false)];
    const expected = Array.from({ length: COUNT }, (_, n) => {
      const [x, y] = [Number(inputs[0]?.data[n]), Number(inputs[1]?.data[n])];
      return format === "f32" ? expand(single, x, y) : expand(double, x, y);
    });
    expect(run(expanded, inputs)).toEqual(expected);
  });
});

test("operations inside operations, and beside the same variables", () => {
  const v = variable("f32", "v0", "taken");
  const program = elementwise(["f32"], "f32", COUNT, (x) =>
    letIn(v, apply("tanh", x), apply("add", apply("exp", mul(v, v)), apply("log1p", apply("exp", v)))),
  );
  const expanded = expandMath(program);
  expect(hasDerived(expanded)).toBe(false);
  expect(verifyLoops(expanded)).toEqual([]);
  const [before, after] = [run(program, [operands(3)]), run(expanded, [operands(3)])];
  for (const [n, y] of after.entries()) {
    const expected = before[n] ?? 0;
    if (Number.isNaN(expected)) expect(y).toBeNaN();
    else expect(Math.abs(y - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
  }
});

test("a reducer's own expressions", () => {
  const program = reduction(
    onlineSoftmax(),
    "f32",
    COUNT,
    (x) => [x],
    (_, sum) => sum,
  );
  const expanded = expandMath(program);
  expect(hasDerived(program)).toBe(true);
  expect(hasDerived(expanded)).toBe(false);
  expect(verifyLoops(expanded)).toEqual([]);
  const random = makeRandom(4);
  const data = Array.from({ length: COUNT }, () => Math.fround(random() * 8));
  const input: NDArray = { dtype: "f32", shape: [COUNT], data };
  const [before = 0] = run(program, [input]);
  const [after = 0] = run(expanded, [input]);
  expect(after / before).toBeCloseTo(1, 5);
});
