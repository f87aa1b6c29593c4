/**
 * compiler/passes/math/: the expression of an expansion computes what the expansion does on numbers, to the bit; nothing
 * derived is left, in reducers neither; and the program stays sound. How exact the expansions are is math-accuracy.test.ts.
 */
import { describe, expect, test } from "vitest";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import type { UserReducer, Var } from "../../compiler/ir/expr.ts";
import { add, apply, constant, letIn, mul, variable } from "../../compiler/ir/expr.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import type { LoopProgram } from "../../compiler/ir/loops.ts";
import { isCoreOp } from "../../compiler/ir/ops.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { verifyLoops } from "../../compiler/ir/verify-loops.ts";
import { reducerExpressions, some } from "../../compiler/ir/walk.ts";
import { statementExpressions, visitStatements } from "../../compiler/ir/walk-loops.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { expandMath } from "../../compiler/passes/math/expand-math.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import type { Target } from "../../compiler/target.ts";
import { interpTarget } from "../../targets/interp/target.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import type { Handle } from "../support/build-kernel.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { elementwise, reduction } from "../support/loop-programs.ts";
import { floatFromBits, numberArithmetic } from "../support/number-arithmetic.ts";
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

/** Half any f32, half between -8 and 8. */
function operands(seed: number): NDArray {
  const random = makeRandom(seed);
  const data = Array.from({ length: COUNT }, (_, n) =>
    n % 2 === 0 ? floatFromBits((random() * 2 ** 32) | 0) : Math.fround(random() * 16 - 8),
  );
  return { dtype: "f32", shape: [COUNT], data };
}

describe("expanded expressions compute what the expansions do", () => {
  test.each(DERIVED_NAMES)("%s", (op) => {
    const { arity, expand } = DERIVED_OPS[op];
    const inputs = [operands(1), operands(2)].slice(0, arity);
    const program = elementwise(
      inputs.map((a) => a.dtype),
      "f32",
      COUNT,
      (...elements) => apply(op, ...elements),
    );
    const expanded = expandMath(program);
    expect(hasDerived(program)).toBe(true);
    expect(hasDerived(expanded)).toBe(false);
    expect(verifyLoops(expanded)).toEqual([]);
    const m = numberArithmetic(true);
    const expected = Array.from({ length: COUNT }, (_, n) =>
      expand(m, Number(inputs[0]?.data[n]), Number(inputs[1]?.data[n])),
    );
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

test("rsqrt holds in f64", () => {
  const program = elementwise(["f64"], "f64", 3, (x) => apply("rsqrt", x));
  expect(run(expandMath(program), [{ dtype: "f64", shape: [3], data: [3, 0.1, 1e300] }])).toEqual([
    1 / Math.sqrt(3),
    1 / Math.sqrt(0.1),
    1 / Math.sqrt(1e300),
  ]);
});

/** What the target refuses of a kernel of one vector of f64. */
function refusals(target: Target, build: (b: KernelBuilder, N: Var, A: Handle) => Handle): readonly string[] {
  const b = new KernelBuilder("wide");
  const N = b.dim("N");
  b.output(build(b, N, b.param("A", "f64", [N])));
  const diagnostics = new Diagnostics();
  checkTarget(b.build(), target, diagnostics);
  return diagnostics.list.map((d) => `${d.code}: ${d.message}`);
}

function tanhTwice(b: KernelBuilder, N: Var, A: Handle): Handle {
  return b.stage("Y", { i: N }, (i) => apply("tanh", apply("tanh", A.at(i))));
}

describe("f64 is refused by name where code is made of it and there is no expansion", () => {
  const wasm = wasmTarget({ relaxed: false });

  test("in a stage", () => {
    expect(refusals(wasm, tanhTwice)).toEqual(["E4003: wasm has no tanh of f64, which Y computes"]);
    expect(refusals(interpTarget, tanhTwice)).toEqual([]);
  });

  test("but not rsqrt", () => {
    expect(refusals(wasm, (b, N, A) => b.stage("Y", { i: N }, (i) => apply("rsqrt", A.at(i))))).toEqual([]);
  });

  test("in a reducer", () => {
    const found = refusals(wasm, (b, N, A) => {
      const [x, l, r] = [b.variable("x", "f64"), b.variable("l", "f64"), b.variable("r", "f64")];
      const sumOfExp: UserReducer = {
        kind: "user",
        name: "sum_of_exp",
        params: [x],
        identity: [constant("f64", 0)],
        lift: [apply("exp", x)],
        left: [l],
        right: [r],
        combine: [add(l, r)],
        laws: ["associative", "commutative"],
      };
      return b.stage("S", {}, () => b.reduce(sumOfExp, { k: N }, (k) => A.at(k)));
    });
    expect(found).toEqual(["E4003: wasm has no exp of f64, which S computes"]);
  });
});

test("in f64 it is a bug of whoever let it through", () => {
  const program = elementwise(["f64"], "f64", 1, (x) => apply("exp", x));
  expect(() => expandMath(program)).toThrow("exp of f64 has no expansion");
});
