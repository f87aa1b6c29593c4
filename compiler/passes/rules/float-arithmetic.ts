/**
 * What IEEE arithmetic allows: nothing that loses a NaN, an infinity or the sign of a zero. x + 0 = x is not here, since
 * -0 + 0 is +0.
 */
import { add, apply, constant, mul, sub } from "../../ir/expr.ts";
import type { Rule } from "./rule.ts";
import { FLOATS } from "./rule.ts";

export const FLOAT_ARITHMETIC: readonly Rule[] = [
  { name: "x + -0 = x", types: FLOATS, sides: ({ x }, t) => [add(x, constant(t, -0)), x] },
  { name: "-0 + x = x", types: FLOATS, sides: ({ x }, t) => [add(constant(t, -0), x), x] },
  { name: "x - 0 = x", types: FLOATS, sides: ({ x }, t) => [sub(x, constant(t, 0)), x] },
  { name: "x * 1 = x", types: FLOATS, sides: ({ x }, t) => [mul(x, constant(t, 1)), x] },
  { name: "1 * x = x", types: FLOATS, sides: ({ x }, t) => [mul(constant(t, 1), x), x] },
  { name: "x / 1 = x", types: FLOATS, sides: ({ x }, t) => [apply("divide", x, constant(t, 1)), x] },
  { name: "-(-x) = x", types: FLOATS, sides: ({ x }) => [apply("neg", apply("neg", x)), x] },
  { name: "|-x| = |x|", types: FLOATS, sides: ({ x }) => [apply("abs", apply("neg", x)), apply("abs", x)] },
  { name: "||x|| = |x|", types: FLOATS, sides: ({ x }) => [apply("abs", apply("abs", x)), apply("abs", x)] },
  { name: "x - -y = x + y", types: FLOATS, sides: ({ x, y }) => [sub(x, apply("neg", y)), add(x, y)] },
  { name: "x + -y = x - y", types: FLOATS, sides: ({ x, y }) => [add(x, apply("neg", y)), sub(x, y)] },
];
