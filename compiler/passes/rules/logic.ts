/** Bools, comparisons of a value with itself, choices, bits. */
import type { Expr } from "../../ir/expr.ts";
import { apply, both, constant, less, lessEqual, select } from "../../ir/expr.ts";
import type { Rule } from "./rule.ts";
import { ANY, BOOL, INTEGERS, INTEGERS_AND_INDEX } from "./rule.ts";

const not = (p: Expr): Expr => apply("not", p);
const either = (p: Expr, q: Expr): Expr => apply("or", p, q);
const yes = constant("bool", true);
const no = constant("bool", false);

export const LOGIC: readonly Rule[] = [
  { name: "p && true = p", types: BOOL, sides: ({ p }) => [both(p, yes), p] },
  { name: "true && p = p", types: BOOL, sides: ({ p }) => [both(yes, p), p] },
  { name: "p && false = false", types: BOOL, sides: ({ p }) => [both(p, no), no] },
  { name: "false && p = false", types: BOOL, sides: ({ p }) => [both(no, p), no] },
  { name: "p && p = p", types: BOOL, sides: ({ p }) => [both(p, p), p] },
  { name: "p || true = true", types: BOOL, sides: ({ p }) => [either(p, yes), yes] },
  { name: "true || p = true", types: BOOL, sides: ({ p }) => [either(yes, p), yes] },
  { name: "p || false = p", types: BOOL, sides: ({ p }) => [either(p, no), p] },
  { name: "false || p = p", types: BOOL, sides: ({ p }) => [either(no, p), p] },
  { name: "p || p = p", types: BOOL, sides: ({ p }) => [either(p, p), p] },
  { name: "!!p = p", types: BOOL, sides: ({ p }) => [not(not(p)), p] },
  { name: "!(x < y) = y <= x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [not(less(x, y)), lessEqual(y, x)] },
  { name: "!(x <= y) = y < x", types: INTEGERS_AND_INDEX, sides: ({ x, y }) => [not(lessEqual(x, y)), less(y, x)] },
  { name: "!(x == y) = x != y", types: ANY, sides: ({ x, y }) => [not(apply("eq", x, y)), apply("ne", x, y)] },
  { name: "!(x != y) = x == y", types: ANY, sides: ({ x, y }) => [not(apply("ne", x, y)), apply("eq", x, y)] },
  { name: "x == x", types: INTEGERS_AND_INDEX, sides: ({ x }) => [apply("eq", x, x), yes] },
  { name: "x <= x", types: INTEGERS_AND_INDEX, sides: ({ x }) => [lessEqual(x, x), yes] },
  { name: "!(x < x)", types: INTEGERS_AND_INDEX, sides: ({ x }) => [less(x, x), no] },
];

export const CHOICE: readonly Rule[] = [
  { name: "true ? x : y = x", types: ANY, sides: ({ x, y }) => [select(yes, x, y), x] },
  { name: "false ? x : y = y", types: ANY, sides: ({ x, y }) => [select(no, x, y), y] },
  { name: "p ? x : x = x", types: ANY, sides: ({ p, x }) => [select(p, x, x), x] },
  { name: "!p ? x : y = p ? y : x", types: ANY, sides: ({ p, x, y }) => [select(not(p), x, y), select(p, y, x)] },
  { name: "p ? true : false = p", types: BOOL, sides: ({ p }) => [select(p, yes, no), p] },
];

const zero = (t: Expr["type"]): Expr => constant(t, 0);

export const BITS: readonly Rule[] = [
  { name: "x & 0 = 0", types: INTEGERS, sides: ({ x }, t) => [apply("bit_and", x, zero(t)), zero(t)] },
  { name: "x & x = x", types: INTEGERS, sides: ({ x }) => [apply("bit_and", x, x), x] },
  { name: "x | 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("bit_or", x, zero(t)), x] },
  { name: "x | x = x", types: INTEGERS, sides: ({ x }) => [apply("bit_or", x, x), x] },
  { name: "x ^ 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("bit_xor", x, zero(t)), x] },
  { name: "x ^ x = 0", types: INTEGERS, sides: ({ x }, t) => [apply("bit_xor", x, x), zero(t)] },
  { name: "~~x = x", types: INTEGERS, sides: ({ x }) => [apply("bit_not", apply("bit_not", x)), x] },
  { name: "x << 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("shl", x, zero(t)), x] },
  { name: "x >> 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("shr", x, zero(t)), x] },
  { name: "x +% 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("wrapping_add", x, zero(t)), x] },
  { name: "x -% 0 = x", types: INTEGERS, sides: ({ x }, t) => [apply("wrapping_sub", x, zero(t)), x] },
  { name: "x -% x = 0", types: INTEGERS, sides: ({ x }, t) => [apply("wrapping_sub", x, x), zero(t)] },
  { name: "x *% 1 = x", types: INTEGERS, sides: ({ x }, t) => [apply("wrapping_mul", x, constant(t, 1)), x] },
  { name: "x *% 0 = 0", types: INTEGERS, sides: ({ x }, t) => [apply("wrapping_mul", x, zero(t)), zero(t)] },
];
