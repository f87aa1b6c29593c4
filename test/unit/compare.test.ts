/** compiler/ir/compare.ts and error-scale.ts: what passes as equal to the reference, and what does not. */
import { describe, expect, test } from "vitest";
import { compareToReference } from "../../compiler/ir/compare.ts";
import { ulp } from "../../compiler/ir/dtype.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, constant, less, mul, sub } from "../../compiler/ir/expr.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { known } from "../../compiler/support/invariant.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { array } from "../support/nd-array.ts";

/** The body at each element of X. */
function measure(x: NDArray, body: (x: Expr, b: KernelBuilder) => Expr): MeasuredArray {
  const b = new KernelBuilder("unary");
  const X = b.param("X", x.dtype, x.shape);
  b.output(b.stage("Y", { i: x.shape[0] ?? 0 }, (i) => body(X.at(i), b)));
  const [result] = interpretWithErrors(b.build(), new Map([[X.tensor.id, x]]), new Map()).values();
  if (result === undefined) throw new Error("no output");
  return result;
}

function compare(result: MeasuredArray, got: readonly (number | boolean)[], n = 2) {
  return compareToReference({ ...result.array, data: got }, result.array, result.errors, n);
}

const f32 = (x: number): Expr => constant("f32", x);
/** x * x < 2. */
const close = (x: number) => measure(array("f32", [x]), (v) => less(mul(v, v), f32(2)));
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("floats", () => {
  test("one operation: n ulp", () => {
    const r = measure(array("f32", [1.5]), (x) => mul(x, x));
    const unit = ulp("f32", 2.25);
    expect(r.errors.error[0]).toBe(2.25 * 2 ** -24);
    expect(compare(r, [2.25 + unit], 1).equal).toBe(true);
    const far = compare(r, [2.25 + 3 * unit]);
    expect(far).toMatchObject({ equal: false, mismatches: 1, excused: 0 });
    expect(far.first).toMatchObject({ at: [0], got: 2.25 + 3 * unit, expected: 2.25 });
  });

  test("where subnormal numbers may be flushed, so may they be here", () => {
    const r = measure(array("f32", [2 ** -100]), (x) => mul(x, f32(2 ** -40)));
    const flushed = { ...r.array, data: [0] };
    expect(compareToReference(flushed, r.array, r.errors, 2, false).equal).toBe(true);
    expect(compareToReference(flushed, r.array, r.errors, 2).equal).toBe(false);
    const normal = measure(array("f32", [2 ** -100]), (x) => mul(x, f32(2 ** -20)));
    expect(compareToReference({ ...normal.array, data: [0] }, normal.array, normal.errors, 2, false).equal).toBe(false);
  });

  test("cancellation widens the tolerance, and only where it happens", () => {
    const cancelling = measure(array("f32", [1 + 2 ** -20]), (x) => sub(mul(x, x), f32(1)));
    const y = Number(cancelling.array.data[0]);
    expect(compare(cancelling, [y + 2 ** -24]).equal).toBe(true);
    expect(compare(cancelling, [y * 1.2]).equal).toBe(false);
    const plain = measure(array("f32", [3]), (x) => add(mul(x, x), f32(1)));
    expect(compare(plain, [10 + 8 * ulp("f32", 10)]).equal).toBe(false);
  });

  test("a derivative carries the error: exp of a large product", () => {
    const r = measure(array("f32", [9]), (x) => apply("exp", mul(x, x)));
    const [e = 0] = r.errors.error;
    // e = 81 · u · exp(81) + u · exp(81)
    expect(e / (Math.exp(81) * 2 ** -24)).toBeCloseTo(82, 2);
  });

  test("a sum allows for each term", () => {
    const r = measure(array("f32", [1e6, -1e6]), (x, b) => b.reduce("sum", { k: 100 }, () => x));
    expect(r.errors.error[0]).toBeCloseTo(1e8 * 2 ** -24, 3);
  });

  test("NaN meets NaN, infinities their like, zeros either sign", () => {
    const r = measure(array("f32", [nan, inf, -inf, 0]), (x) => x);
    expect(compare(r, [nan, inf, -inf, -0]).equal).toBe(true);
    expect(compare(r, [0, inf, -inf, 0]).mismatches).toBe(1);
    expect(compare(r, [nan, -inf, 3e38, 0]).mismatches).toBe(2);
  });

  test("an exact operation allows nothing but the smallest subnormal", () => {
    const r = measure(array("f32", [2]), (x) => apply("max", x, f32(0)));
    expect(compare(r, [2 + ulp("f32", 2)]).equal).toBe(false);
    expect(compare(r, [2]).largest).toBe(0);
  });
});

describe("discrete results", () => {
  test("a comparison may differ where its margin is within the error", () => {
    expect(compare(close(Math.SQRT2), [false])).toMatchObject({ equal: true, excused: 1 });
    expect(compare(close(1.4), [false])).toMatchObject({ equal: false, excused: 0 });
  });

  test("inputs have no error, so comparing them is certain", () => {
    const r = measure(array("f32", [2, 3]), (x) => less(x, f32(2)));
    expect(compare(r, [true, false]).mismatches).toBe(1);
  });

  test("rounding and argmax", () => {
    const rounded = measure(array("f32", [0.5, 0.3]), (x) => apply("round", mul(mul(x, f32(3)), f32(1 / 3))));
    expect(compare(rounded, [1, 0])).toMatchObject({ equal: true, excused: 1 });
    expect(compare(rounded, [0, 1]).equal).toBe(false);
    const tie = (factor: number) => {
      const x = array("f32", [0.1]);
      return measure(x, (v, b) => {
        const [, position] = b.components("argmax", { k: 2 }, (k) => apply("exp", mul(v, castIndex(k, factor))));
        return position ?? v;
      });
    };
    expect(compare(tie(0), [1])).toMatchObject({ equal: true, excused: 1 });
    expect(compare(tie(1), [0])).toMatchObject({ equal: false, excused: 0 });
  });

  test("integers are exact", () => {
    const r = measure(array("i32", [7]), (x) => add(x, constant("i32", 1)));
    expect(compare(r, [8]).equal).toBe(true);
    expect(compare(r, [9])).toMatchObject({ equal: false, largest: inf });
  });
});

/** f32(k) * factor. */
function castIndex(k: Expr, factor: number): Expr {
  return mul({ kind: "cast", type: "f32", mode: "exact", arg: k }, f32(factor));
}

function reduced(name: "sum" | "sum_strict" | "prod", xs: readonly number[]): MeasuredArray {
  const kernel = kernelOf(`kernel k(X: f32[N]) -> y: f32 { y = ${name}[i](X[i]); }`);
  const dims = new Map(kernel.dims.map((d) => [d.id, BigInt(xs.length)]));
  const inputs = new Map(kernel.params.map((p) => [p.id, array("f32", xs)]));
  return known(interpretWithErrors(kernel, inputs, dims).get("y"), "y");
}

describe("what hangs on the order of a reduction", () => {
  const largest = 3.4e38;

  test("partial sums that may overflow excuse any result, but in a strict sum", () => {
    const r = reduced("sum", [largest, -largest, largest, 1]);
    expect(compare(r, [nan])).toMatchObject({ equal: true, excused: 1 });
    expect(compare(reduced("sum_strict", [largest, -largest, largest, 1]), [nan]).equal).toBe(false);
    expect(compare(reduced("sum", [largest, 1, 2, 3]), [nan]).equal).toBe(false);
    expect(compare(reduced("sum", [1e30, -1e30, 1]), [nan]).equal).toBe(false);
  });

  test("a product that overflows alone is infinite, but once something is added a target may round both at once", () => {
    const product = measure(array("f32", [largest]), (x) => mul(x, f32(2)));
    expect(compare(product, [inf]).equal).toBe(true);
    expect(compare(product, [largest]).equal).toBe(false);
    const fused = measure(array("f32", [largest]), (x) => sub(mul(x, f32(2)), x));
    expect(compare(fused, [largest])).toMatchObject({ equal: true, excused: 1 });
    expect(
      compare(
        measure(array("f32", [inf]), (x) => sub(mul(x, f32(2)), f32(1))),
        [1],
      ).equal,
    ).toBe(false);
  });

  test("and partial products", () => {
    expect(compare(reduced("prod", [1e30, 1e30, 1e-30, 1e-30]), [nan]).equal).toBe(true);
    expect(compare(reduced("prod", [1e30, 1e-30]), [inf]).equal).toBe(false);
  });
});

describe("tolerances that are not in ulp", () => {
  const r = measure(array("f32", [100]), (x) => mul(x, x));
  const within = (amount: number, unit: "rel" | "abs", got: number): boolean =>
    compareToReference({ ...r.array, data: [got] }, r.array, r.errors, { amount, unit }).equal;

  test("rel is a part of the expected number", () => {
    expect(within(1e-2, "rel", 10_099)).toBe(true);
    expect(within(1e-2, "rel", 10_101)).toBe(false);
    expect(within(1e-2, "rel", nan)).toBe(false);
  });

  test("abs is a distance", () => {
    expect(within(0.5, "abs", 10_000.4)).toBe(true);
    expect(within(0.5, "abs", 9_999.4)).toBe(false);
  });
});
