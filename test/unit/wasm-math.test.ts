/**
 * Derived operations and narrow floats on the WASM target. Without relaxed SIMD a product is always rounded, so the module
 * gives to the bit what the expansions give on numbers; with it each result keeps to the ulps of its row.
 */
import { describe, expect, test } from "vitest";
import type { DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { roundToDType, ulp } from "../../compiler/ir/dtype.ts";
import { apply, cast } from "../../compiler/ir/expr.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { openWasm } from "../../runtime/devices/wasm.ts";
import { toArray } from "../../runtime/nd-array.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { anyPair } from "../support/math-samples.ts";
import { doubleArithmetic, numberArithmetic } from "../support/number-arithmetic.ts";
import { callOf, dimsOf, loadKernel } from "../support/run-kernel.ts";

/** Not a multiple of the lanes. */
const COUNT = 2003;

function operands(dtype: DType, seed: number): NDArray {
  const random = makeRandom(seed);
  const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-45, -1e-40];
  const data = Array.from({ length: COUNT }, (_, n) => {
    const wild = special[n] ?? anyPair(dtype === "f64" ? "f64" : "f32", random)[0];
    return roundToDType(dtype, n % 2 === 0 || n < special.length ? wild : random() * 40 - 20);
  });
  return { dtype, shape: [COUNT], data };
}

describe.each([
  [false, "f32"],
  [true, "f32"],
  [false, "f64"],
] as const)("relaxed %s, %s", (relaxed, format) => {
  test.each(DERIVED_NAMES)("%s", async (op) => {
    const row: DerivedRow = DERIVED_OPS[op];
    const b = new KernelBuilder("one");
    const N = b.dim("N");
    const params = ["A", "B"].slice(0, row.arity).map((name) => b.param(name, format, [N]));
    b.output(b.stage("Y", { i: N }, (i) => apply(op, ...params.map((p) => p.at(i)))));
    const kernel = b.build();
    const inputs = kernel.params.map((_, n) => operands(format, 7 + n));
    const dims = dimsOf(kernel, [COUNT]);
    const named = new Map(kernel.params.map((p, n) => [p.id, inputs[n] ?? operands(format, 0)] as const));
    const { run } = await loadKernel(await openWasm({ relaxed }), kernel);
    const [result] = run(callOf(kernel, named, dims));
    const got = result === undefined ? [] : toArray(result).data.map(Number);
    expect(got).toHaveLength(COUNT);
    const [single, double] = [numberArithmetic(false), doubleArithmetic(false)];
    for (const [n, y] of got.entries()) {
      const [x0, x1] = [Number(inputs[0]?.data[n]), Number(inputs[1]?.data[n])];
      const expected = format === "f32" ? row.expand(single, x0, x1) : row.expand(double, x0, x1);
      if (!relaxed || !Number.isFinite(expected)) expect(y, `${op}(${x0}, ${x1})`).toBe(expected);
      else
        expect(Math.abs(y - expected), `${op}(${x0}, ${x1})`).toBeLessThanOrEqual(
          2 * row.ulps[format] * ulp("f32", expected),
        );
    }
  });
});

test.each(["f16", "bf16"] as const)("%s in, %s out: sums, products, quotients and casts, to the bit", async (dtype) => {
  const b = new KernelBuilder("narrow");
  const N = b.dim("N");
  const [A, B] = [b.param("A", dtype, [N]), b.param("B", dtype, [N])];
  for (const op of ["add", "sub", "mul", "divide"] as const) {
    b.output(b.stage(op, { i: N }, (i) => apply(op, A.at(i), B.at(i))));
  }
  b.output(b.stage("chain", { i: N }, (i) => apply("sqrt", apply("abs", apply("mul", A.at(i), B.at(i))))));
  b.output(b.stage("wide", { i: N }, (i) => cast("f32", "exact", A.at(i))));
  const kernel = b.build();
  const dims = dimsOf(kernel, [COUNT]);
  const inputs = new Map(kernel.params.map((p, n) => [p.id, operands(dtype, 3 + n)] as const));
  const { run } = await loadKernel(await openWasm(), kernel);
  const results = run(callOf(kernel, inputs, dims)).map((t) => toArray(t).data);
  const reference = interpretEquations(kernel, inputs, dims);
  for (const [n, { name }] of kernel.outputs.entries()) {
    expect(results[n], name).toEqual(reference.get(name)?.data);
  }
});
