/** compiler/ir/values.ts, convert.ts, evaluate-index.ts: fast paths against exact integers, casts against typed arrays. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convertValue } from "../../compiler/ir/convert.ts";
import { ARRAYS, DTYPES, dtypeRange, holds } from "../../compiler/ir/dtype.ts";
import type { IntDType } from "../../compiler/ir/dtype.ts";
import { evaluateCondition, evaluateIndex, evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import { add, apply, constant, index, less, letIn, mul, select, variable } from "../../compiler/ir/expr.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { CORE_OPS, OPS } from "../../compiler/ir/ops.ts";
import { canonical, integerOp, wrapTo } from "../../compiler/ir/values.ts";

const INTS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"] as const satisfies readonly IntDType[];

/** Integers of a dtype, ends included. */
function values(dtype: IntDType): fc.Arbitrary<bigint> {
  const { min, max } = dtypeRange(dtype);
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 1n), fc.bigInt({ min: 0n, max: 7n }));
}

const BINARY = CORE_OPS.filter((op) => OPS[op].int !== null && OPS[op].arity === 2);

/** What the row says, on exact integers. */
function expected(op: CoreOp, dtype: IntDType, a: bigint, b: bigint): number | bigint | boolean | null {
  const { bits, signed } = DTYPES[dtype];
  if (op.startsWith("floor_") && b === 0n) return null;
  if ((op === "shl" || op === "shr") && (b < 0n || b >= bits)) return null;
  const exact = OPS[op].int?.(a, b, 0n) ?? 0n;
  if (typeof exact === "boolean") return exact;
  if (OPS[op].overflow === "wrap") return canonical(signed ? BigInt.asIntN(bits, exact) : BigInt.asUintN(bits, exact));
  return holds(dtype, exact) ? canonical(exact) : null;
}

describe("integerOp", () => {
  test.each(INTS)("%s: each binary operation is its row, wrapped or refused outside the dtype", (dtype) => {
    fc.assert(
      fc.property(fc.constantFrom(...BINARY), values(dtype), values(dtype), (op, a, b) => {
        const amount = op === "shl" || op === "shr" ? b % 70n : b;
        expect(integerOp(op, dtype, [canonical(a), canonical(amount)])).toBe(expected(op, dtype, a, amount));
      }),
      { numRuns: 500 },
    );
  });

  test("indices are unbounded, and safe results are never -0", () => {
    expect(integerOp("mul", "index", [2 ** 40, 2 ** 40])).toBe(2n ** 80n);
    expect(Object.is(integerOp("mul", "i32", [0, -5]), 0)).toBe(true);
    expect(Object.is(integerOp("floor_div", "i32", [0, -5]), 0)).toBe(true);
    expect(integerOp("popcount", "i8", [-1])).toBe(8);
    expect(integerOp("bit_not", "u8", [1])).toBe(254);
  });
});

describe("casts", () => {
  test("wrapping is what a typed array does", () => {
    const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(any, fc.constantFrom(...INTS), (x, to) => {
        const array = new ARRAYS[to](1);
        if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[0] = x;
        else array[0] = Number(BigInt.asIntN(32, x));
        expect(wrapTo(to, canonical(x))).toBe(canonical(array[0] ?? 0));
      }),
    );
  });

  test("bits go there and back", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const bits = convertValue("bits", "f32", "u32", x);
        expect(bits).toBe(new Uint32Array(new Float32Array([x]).buffer)[0]);
        expect(convertValue("bits", "u32", "f32", bits ?? 0)).toBe(x);
      }),
    );
  });

  test("floats to integers saturate, NaN is 0, exact refuses fractions", () => {
    expect(convertValue("saturate", "f64", "i64", 1e30)).toBe(2n ** 63n - 1n);
    expect(convertValue("saturate", "f32", "u8", Number.NEGATIVE_INFINITY)).toBe(0);
    expect(convertValue("saturate", "f32", "i32", Number.NaN)).toBe(0);
    expect(convertValue("saturate", "i64", "i8", -(2n ** 40n))).toBe(-128);
    expect(convertValue("exact", "f32", "i32", 1.5)).toBe(null);
    expect(convertValue("exact", "f32", "i32", -0)).toBe(0);
    expect(convertValue("exact", "i32", "u8", 256)).toBe(null);
    expect(convertValue("exact", "i64", "f32", 2n ** 60n + 1n)).toBe(2 ** 60);
    expect(convertValue("exact", "bool", "f32", true)).toBe(1);
  });
});

describe("index expressions at run time", () => {
  const [M, N] = [variable("index", "m", "M"), variable("index", "n", "N")];
  const dims = new Map([
    ["m", 7n],
    ["n", 0n],
  ]);

  test("values, shapes, conditions", () => {
    const t = variable("index", "t", "t");
    expect(evaluateIndex(apply("floor_div", add(M, index(1)), index(-3)), dims)).toBe(-3n);
    expect(evaluateIndex(letIn(t, mul(M, M), add(t, t)), dims)).toBe(98n);
    expect(evaluateIndex(select(less(N, M), N, M), dims)).toBe(0n);
    expect(
      evaluateShape(
        [
          { lo: index(-1), hi: M },
          { lo: M, hi: N },
        ],
        dims,
      ),
    ).toEqual([8, 0]);
    expect(evaluateCondition(apply("or", less(M, N), less(N, M)), dims)).toBe(true);
  });

  test("the right of && and || is evaluated only where the left leaves it open", () => {
    const quotient = less(index(1), apply("floor_div", M, N));
    expect(evaluateCondition(apply("and", less(index(0), N), quotient), dims)).toBe(false);
    expect(evaluateCondition(apply("or", less(N, M), quotient), dims)).toBe(true);
    expect(() => evaluateCondition(quotient, dims)).toThrow("division by zero");
    expect(() => evaluateIndex(constant("f32", 0.5), dims)).toThrow("a fraction");
  });
});
