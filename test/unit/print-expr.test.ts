/** compiler/ir/print-expr.ts: precedence, names that meet, numbers. */
import { expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import {
  add,
  apply,
  cast,
  constant,
  index,
  less,
  letIn,
  mul,
  read,
  reduce,
  select,
  sub,
  variable,
} from "../../compiler/ir/expr.ts";
import { bindNames, printExpr, printFloat } from "../../compiler/ir/print-expr.ts";

const [a, b, c] = ["a", "b", "c"].map((n) => variable("index", `id_${n}`, n));
const names = bindNames(
  new Map(),
  [a, b, c].flatMap((v) => (v === undefined ? [] : [v])),
);

function print(e: Expr): string {
  return printExpr(e, names);
}

test("parentheses stand where they change the meaning, and nowhere else", () => {
  if (a === undefined || b === undefined || c === undefined) throw new Error("no variables");
  expect(print(sub(a, sub(b, c)))).toBe("a - (b - c)");
  expect(print(sub(sub(a, b), c))).toBe("a - b - c");
  expect(print(mul(add(a, b), c))).toBe("(a + b) * c");
  expect(print(add(a, mul(b, c)))).toBe("a + b * c");
  expect(print(apply("floor_div", a, mul(b, c)))).toBe("a div (b * c)");
  expect(print(apply("neg", add(a, b)))).toBe("-(a + b)");
  expect(print(apply("neg", apply("neg", a)))).toBe("-(-a)");
  expect(print(mul(a, index(-2)))).toBe("a * -2");
  const condition = apply("and", less(a, b), apply("or", less(b, c), apply("not", less(c, a))));
  expect(print(condition)).toBe("a < b && (b < c || !(c < a))");
  expect(print(apply("eq", less(a, b), less(b, c)))).toBe("(a < b) == (b < c)");
  expect(print(add(select(less(a, b), a, b), c))).toBe("(a < b ? a : b) + c");
  expect(print(select(less(a, b), a, b, false))).toBe("select(a < b, a, b)");
  expect(print(cast("i8", "saturate", cast("f32", "exact", a)))).toBe("sat_i8(f32(a))");
});

test("an inner name that meets an outer one gets a suffix; neighbours do not meet", () => {
  if (a === undefined) throw new Error("no variables");
  const inner = variable("index", "other", "a");
  const shadow = letIn(inner, a, add(inner, a));
  expect(print(shadow)).toBe("let a_2 = a in a_2 + a");
  expect(print(add(shadow, shadow))).toBe("(let a_2 = a in a_2 + a) + (let a_2 = a in a_2 + a)");
  const sum = reduce({
    id: "r",
    type: "f32",
    reducer: { kind: "builtin", name: "sum" },
    axes: [{ variable: inner, lo: index(0), hi: a }],
    guard: less(inner, a),
    args: [read("f32", "id_b", [inner], { pad: { kind: "value", value: constant("f32", -1) }, guarded: true })],
    component: 0,
  });
  expect(print(sum)).toBe("sum[a_2 in 0..a | a_2 < a](b?[a_2] pad -1.0)");
});

test("floats are the shortest text that reads back as the same value", () => {
  const list: readonly (readonly [number, DType, string])[] = [
    [Math.fround(0.1), "f32", "0.1"],
    [0.1, "f64", "0.1"],
    [1, "f32", "1.0"],
    [-0, "f32", "-0.0"],
    [2 ** -149, "f32", "1e-45"],
    [65504, "f16", "65500.0"],
    [Number.NEGATIVE_INFINITY, "f32", "-inf"],
    [Number.NaN, "f32", "nan"],
  ];
  for (const [x, dtype, text] of list) expect(printFloat(x, dtype)).toBe(text);
});
