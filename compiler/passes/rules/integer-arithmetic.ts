/** Sums, products, quotients, minima of integers and indices. Constants are folded before rules are tried. */
import { add, apply, constant, maximum, minimum, mul, sub } from "../../ir/expr.ts";
import type { Rule } from "./rule.ts";
import { INDEX, INTEGERS_AND_INDEX } from "./rule.ts";

export const INTEGER_ARITHMETIC: readonly Rule[] = [
  { name: "x + 0 = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [add(x, constant(t, 0)), x] },
  { name: "0 + x = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [add(constant(t, 0), x), x] },
  { name: "x - 0 = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [sub(x, constant(t, 0)), x] },
  { name: "x - x = 0", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [sub(x, x), constant(t, 0)] },
  { name: "x * 1 = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [mul(x, constant(t, 1)), x] },
  { name: "1 * x = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [mul(constant(t, 1), x), x] },
  { name: "x * 0 = 0", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [mul(x, constant(t, 0)), constant(t, 0)] },
  { name: "0 * x = 0", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [mul(constant(t, 0), x), constant(t, 0)] },
  { name: "(x + y) - y = x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [sub(add(x, y), y), x] },
  { name: "(x + y) - x = y", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [sub(add(x, y), x), y] },
  { name: "(x - y) + y = x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [add(sub(x, y), y), x] },
  { name: "y + (x - y) = x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [add(y, sub(x, y)), x] },
  { name: "x - (x - y) = y", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [sub(x, sub(x, y)), y] },
  { name: "-(-x) = x", types: ["index", "i32", "i64"], sides: ({ x }) => [apply("neg", apply("neg", x)), x] },
  { name: "x div 1 = x", types: INTEGERS_AND_INDEX, sides: ({ x }, t) => [apply("floor_div", x, constant(t, 1)), x] },
  {
    name: "x % 1 = 0",
    types: INTEGERS_AND_INDEX,
    sides: ({ x }, t) => [apply("floor_mod", x, constant(t, 1)), constant(t, 0)],
  },
  {
    name: "(x * c) div c = x",
    types: INDEX,
    sides: ({ x, c }) => [apply("floor_div", mul(x, c), c), x],
    when: isPositive,
  },
  {
    name: "(x * c) % c = 0",
    types: INDEX,
    sides: ({ x, c }, t) => [apply("floor_mod", mul(x, c), c), constant(t, 0)],
    when: isPositive,
  },
  { name: "min(x, x) = x", types: INTEGERS_AND_INDEX, sides: ({ x }) => [minimum(x, x), x] },
  { name: "max(x, x) = x", types: INTEGERS_AND_INDEX, sides: ({ x }) => [maximum(x, x), x] },
  { name: "min(x, max(x, y)) = x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [minimum(x, maximum(x, y)), x] },
  { name: "max(x, min(x, y)) = x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [maximum(x, minimum(x, y)), x] },
];

function isPositive(found: Parameters<NonNullable<Rule["when"]>>[0]): boolean {
  const c = found.get("?c");
  return c?.kind === "const" && typeof c.value === "bigint" && c.value > 0n;
}
