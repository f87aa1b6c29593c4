/**
 * compiler/passes/narrow-floats.ts: programs give the same bits before and after, where the meaning before is the
 * language's (every operation in doubles, rounded once); afterwards nothing is f16 or bf16 and the program is sound. Random
 * expressions with their seeds, then what is easy to get wrong: casts from longer numbers at ties, reductions, reducers.
 */
import { describe, expect, test } from "vitest";
import type { DType, FloatDType } from "../../compiler/ir/dtype.ts";
import { bf16FromBits, DTYPES, f16FromBits, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Expr, UserReducer } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, letIn, mul, select, sub, variable } from "../../compiler/ir/expr.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import type { LoopProgram } from "../../compiler/ir/loops.ts";
import type { NarrowFloat } from "../../compiler/ir/math/narrow-formats.ts";
import { isNarrowFloat, NARROW_FORMATS } from "../../compiler/ir/math/narrow-formats.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { verifyLoops } from "../../compiler/ir/verify-loops.ts";
import { some } from "../../compiler/ir/walk.ts";
import { statementExpressions, visitStatements } from "../../compiler/ir/walk-loops.ts";
import { narrowFloats } from "../../compiler/passes/narrow-floats.ts";
import { known } from "../../compiler/support/invariant.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { elementwise, reduction } from "../support/loop-programs.ts";
import { numberArithmetic } from "../support/number-arithmetic.ts";

const FORMATS: readonly NarrowFloat[] = ["f16", "bf16"];
const FROM_BITS = { f16: f16FromBits, bf16: bf16FromBits } as const satisfies Record<NarrowFloat, unknown>;
const { POSITIVE_INFINITY: inf, NaN: nan } = Number;

function expectNoNarrow(program: LoopProgram): void {
  expect(program.buffers.filter((b) => isNarrowFloat(b.dtype))).toEqual([]);
  for (const nest of program.nests) {
    visitStatements(nest.body, (s) => {
      if (s.kind === "alloc") expect(isNarrowFloat(s.buffer.dtype)).toBe(false);
      for (const e of statementExpressions(s)) expect(some(e, (n) => isNarrowFloat(n.type))).toBe(false);
    });
  }
}

function narrowBits(array: NDArray): NDArray {
  if (!isNarrowFloat(array.dtype)) return array;
  const { encode } = NARROW_FORMATS[array.dtype];
  const m = numberArithmetic(false);
  return { ...array, dtype: "u16", data: array.data.map((x) => encode(m, Number(x))) };
}

const inputNames = (list: readonly NDArray[]) => new Map(list.map((a, n) => [String.fromCharCode(65 + n), a] as const));
const signless = (list: readonly unknown[]) => list.map((x) => (x === 0 ? 0 : x));
const withPosition = (x: Expr, k: Expr): readonly Expr[] => [x, cast("i32", "exact", k)];

/** Y before and after; both as plain values. */
function runBoth(program: LoopProgram, inputs: readonly NDArray[]): readonly [readonly unknown[], readonly unknown[]] {
  const narrowed = narrowFloats(program);
  expect(verifyLoops(narrowed)).toEqual([]);
  expectNoNarrow(narrowed);
  const before = interpretLoops(program, inputNames(inputs), new Map()).get("Y");
  const after = interpretLoops(narrowed, inputNames(inputs.map(narrowBits)), new Map()).get("Y");
  expect(before?.data.length).toBeGreaterThan(0);
  const format = before?.dtype ?? "f32";
  const values = after?.data ?? [];
  return [before?.data ?? [], isNarrowFloat(format) ? values.map((bits) => FROM_BITS[format](Number(bits))) : values];
}

function expectSame(program: LoopProgram, inputs: readonly NDArray[]): void {
  const [before, after] = runBoth(program, inputs);
  expect(after).toEqual(before);
}

// ---- random expressions ----

const OPERATIONS: readonly CoreOp[] = ["add", "sub", "mul", "divide", "sqrt", "neg", "abs", "max", "min", "floor"];
const ROUNDING: readonly CoreOp[] = ["ceil", "trunc", "round"];
const COUNT = 64;

/** A random expression of the format over the elements. */
function randomExpression(format: NarrowFloat, elements: readonly Expr[], random: () => number): Expr {
  let count = 0;
  const pick = <T>(list: readonly T[]): T => known(list[Math.floor(random() * list.length)], "a choice");
  const leaf = (type: FloatDType): Expr => {
    const same = elements.filter((e) => e.type === type);
    if (same.length > 0 && random() < 0.8) return pick(same);
    return constant(type, pick([0, -0, 1, -1.5, 0.1, 3, 1e-5, 6e-8, 60000, 65504, inf, nan]));
  };
  const build = (type: FloatDType, depth: number): Expr => {
    if (depth === 0) return leaf(type);
    const choice = random();
    if (choice < 0.6) {
      const op = pick([...OPERATIONS, ...OPERATIONS, ...ROUNDING]);
      const operands = Array.from({ length: ["add", "sub", "mul", "divide", "max", "min"].includes(op) ? 2 : 1 }, () =>
        build(type, depth - 1),
      );
      return apply(op, ...operands);
    }
    if (choice < 0.75) return cast(type, "exact", build(pick<FloatDType>(["f16", "bf16", "f32", "f64"]), depth - 1));
    if (choice < 0.85) {
      const v = variable(type, `let${count++}`, "let");
      return letIn(v, build(type, depth - 1), add(mul(v, build(type, depth - 1)), v));
    }
    const cond = apply(pick<CoreOp>(["lt", "le", "eq", "ne"]), build(type, depth - 1), build(type, depth - 1));
    return select(cond, build(type, depth - 1), build(type, depth - 1), random() < 0.5);
  };
  return build(format, 4);
}

/** All magnitudes, with the ends of the range, numbers below the normals and special values among them. */
function randomValues(dtype: FloatDType, random: () => number): NDArray {
  const { minExponent, maxExponent, significandBits } = DTYPES[isNarrowFloat(dtype) ? dtype : "f16"];
  const special = [0, -0, 1, inf, -inf, nan];
  const data = Array.from({ length: COUNT }, (_, n) => {
    if (n < special.length) return special[n] ?? 0;
    const wild = n % 3 === 0 ? minExponent - significandBits + random() * (maxExponent - minExponent + 12) : 0;
    return roundToDType(dtype, (random() - 0.5) * 2 ** (n % 3 === 0 ? wild : 1 + random() * 6));
  });
  return { dtype, shape: [COUNT], data };
}

describe.each(FORMATS)("%s", (format) => {
  test("random expressions give the same bits", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = makeRandom(seed);
      const other: FloatDType = format === "f16" ? "bf16" : "f16";
      const inputs = ([format, format, other, "f32", "f64"] as const).map((dtype) => randomValues(dtype, random));
      const types = inputs.map((a) => a.dtype);
      const program = elementwise(types, format, COUNT, (...elements) => randomExpression(format, elements, random));
      const [before, after] = runBoth(program, inputs);
      // Of two zeros max and min may give either.
      expect(signless(after), `seed ${seed}`).toEqual(signless(before));
    }
  });

  test("a copy keeps every pattern", () => {
    const data = Array.from({ length: 65536 }, (_, bits) => FROM_BITS[format](bits));
    expectSame(
      elementwise([format], format, 65536, (x) => x),
      [{ dtype: format, shape: [65536], data }],
    );
  });

  test("f64 is rounded once: a hair beside a tie, past the ends, below everything", () => {
    const { minExponent, significandBits } = DTYPES[format];
    const tie = 1 + 2 ** -significandBits;
    const least = 2 ** (minExponent - significandBits + 1);
    const near = [tie, tie * 3, least / 2, least * 1.5, 2 ** 16 - 16, 3.4e38, 2 ** 128].flatMap((x) =>
      [1, 1 + 2 ** -30, 1 - 2 ** -30, 1 + 2 ** -52, 1 - 2 ** -53].map((f) => x * f),
    );
    const data = [...near, 1e-300, 5e-324, 1e300, inf, nan, 0].flatMap((x) => [x, -x]);
    expectSame(
      elementwise(["f64"], format, data.length, (x) => cast(format, "exact", x)),
      [{ dtype: "f64", shape: [data.length], data }],
    );
  });

  test.each(["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"] as const)("%s is rounded once", (dtype) => {
    const { min, max } = DTYPES[dtype];
    const powers = Array.from({ length: 64 }, (_, k) => 1n << BigInt(k));
    // Ties of 8 and of 11 bits, one more and one less; 65520 is where f16 ends.
    const shapes = powers.flatMap((p) => [p, p + p / 256n, p + (3n * p) / 256n, p + p / 2048n, 65520n, p - 1n]);
    const all = shapes.flatMap((n) => [n, n - 1n, n + 1n, -n, 1n - n]).filter((n) => n >= min && n <= max);
    const numbers = [...new Set([...all, min, max, 0n])];
    const data = numbers.map((n) => roundToDType(dtype, n));
    expectSame(
      elementwise([dtype], format, data.length, (x) => cast(format, "exact", x)),
      [{ dtype, shape: [data.length], data }],
    );
  });

  test("to integers, bools and wider floats, from bools, and as bits", () => {
    const values = randomValues(format, makeRandom(9));
    const to = (dtype: DType, build: (x: Expr) => Expr): void =>
      expectSame(elementwise([format], dtype, COUNT, build), [values]);
    for (const dtype of ["i8", "u8", "i32", "u32", "i64"] as const) to(dtype, (x) => cast(dtype, "saturate", x));
    to("f32", (x) => cast("f32", "exact", x));
    to("f64", (x) => cast("f64", "exact", x));
    to("bool", (x) => apply("lt", x, constant(format, 0)));
    to(format, (x) => cast(format, "exact", apply("lt", x, constant(format, 1))));
    to("u16", (x) => cast("u16", "bits", select(apply("ne", x, x), constant(format, 1), x, false)));
    to("i16", (x) => cast("i16", "bits", select(apply("ne", x, x), constant(format, 1), x, false)));
    to(format, (x) => cast(format, "bits", cast("u16", "bits", x)));
    to(format, (x) => cast(format, "bits", cast("i16", "bits", x)));
  });

  test("derived operations and fma are computed in f32 and rounded", () => {
    const values = randomValues(format, makeRandom(10));
    for (const op of ["exp", "tanh", "sin", "log"] as const) {
      expectSame(
        elementwise([format], format, COUNT, (x) => apply(op, x)),
        [values],
      );
    }
    const program = elementwise([format, format], format, COUNT, (a, b) => apply("fma", a, b, a));
    const [before, after] = runBoth(program, [values, randomValues(format, makeRandom(11))]);
    for (const [n, x] of after.entries()) {
      const expected = Number(before[n]);
      const difference = Math.abs(Number(x) - expected);
      if (Number.isFinite(expected))
        expect(difference).toBeLessThanOrEqual(Math.abs(expected) * 2 ** (1 - DTYPES[format].significandBits));
      else expect(x).toEqual(expected);
    }
  });
});

// ---- reductions ----

describe.each(FORMATS)("reductions of %s", (format) => {
  const values: NDArray = {
    dtype: format,
    shape: [COUNT],
    data: Array.from({ length: COUNT }, (_, n) => roundToDType(format, Math.sin(n * 7) * 3)),
  };

  test.each(["sum", "sum_strict", "prod", "max", "min"] as const)("%s", (name) => {
    const rounded = (acc: Expr): Expr => cast(format, "exact", acc);
    expectSame(
      reduction({ kind: "builtin", name }, format, COUNT, (x) => [x], rounded),
      [values],
    );
  });

  test("argmax keeps value and place", () => {
    const reducer = { kind: "builtin", name: "argmax" } as const;
    expectSame(
      reduction(reducer, format, COUNT, withPosition, (_, at) => at),
      [values],
    );
    expectSame(
      reduction(reducer, format, COUNT, withPosition, (x) => x),
      [values],
    );
  });

  test("products inside a sum are formed in f32 and rounded with it", () => {
    const program = reduction(
      { kind: "builtin", name: "sum" },
      format,
      COUNT,
      (x) => [mul(x, x)],
      (acc) => acc,
    );
    const [, [after]] = runBoth(program, [values]);
    const exact = values.data.reduce<number>((total, x) => Math.fround(total + Number(x) * Number(x)), 0);
    expect(after).toBe(exact);
  });

  test("a user's reducer rounds each of its operations", () => {
    const named = (name: string) => variable(format, `reducer.${name}`, name);
    const [x, a, b] = [named("x"), named("a"), named("b")];
    const reducer: UserReducer = {
      kind: "user",
      name: "drift",
      params: [x],
      identity: [constant(format, 0.1)],
      lift: [mul(x, x)],
      left: [a],
      right: [b],
      combine: [sub(mul(a, constant(format, 0.9)), b)],
      laws: [],
      bulk: null,
    };
    expectSame(
      reduction(
        reducer,
        format,
        COUNT,
        (e) => [e],
        (acc) => acc,
      ),
      [values],
    );
  });
});

test("a program without narrow floats comes back as it is", () => {
  const program = elementwise(["f32", "u16"], "f32", 4, (x, y) => add(x, cast("f32", "exact", y)));
  expect(narrowFloats(program)).toBe(program);
});
