/**
 * Index and bool expressions over dims as JavaScript on BigInts, for wrappers that evaluate shapes and conditions without
 * the compiler. They are exact, as evaluate-index.ts is. The text uses the functions of `INDEX_FUNCTIONS` and the names it is
 * given for dims; it holds no word of a user's.
 */
import { isFloat } from "../../compiler/ir/dtype.ts";
import type { Apply, Expr } from "../../compiler/ir/expr.ts";
import { InternalError, invariant, known, unreachable } from "../../compiler/support/invariant.ts";

/** What printed expressions call. */
export const INDEX_FUNCTIONS = `const floorDiv = (a, b) => { const q = a / b; return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q; };
const floorMod = (a, b) => a - b * floorDiv(a, b);
const most = (a, b) => (a > b ? a : b);
const least = (a, b) => (a < b ? a : b);
`;

type Print = (...operands: readonly string[]) => string;
const infix =
  (sign: string): Print =>
  (a, b) =>
    `(${a} ${sign} ${b})`;
const call =
  (name: string): Print =>
  (a, b) =>
    `${name}(${a}, ${b})`;

const OPERATIONS: Readonly<Partial<Record<Apply["op"], Print>>> = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  neg: (a) => `(-${a})`,
  abs: (a) => `most(${a}, -${a})`,
  floor_div: call("floorDiv"),
  floor_mod: call("floorMod"),
  max: call("most"),
  min: call("least"),
  eq: infix("==="),
  ne: infix("!=="),
  lt: infix("<"),
  le: infix("<="),
  and: infix("&&"),
  or: infix("||"),
  not: (a) => `(!${a})`,
};

/** `nameOf` spells a dim, by its id: `d[0]`. */
export function indexToJs(e: Expr, nameOf: (id: string) => string): string {
  switch (e.kind) {
    case "const":
      if (typeof e.value === "boolean") return String(e.value);
      invariant(typeof e.value !== "number" || Number.isInteger(e.value), "a fraction in a shape");
      return e.value < 0 ? `(${BigInt(e.value)}n)` : `${BigInt(e.value)}n`;
    case "var":
      return nameOf(e.id);
    case "apply":
      return known(OPERATIONS[e.op], `${e.op} in a shape`)(...e.args.map((a) => indexToJs(a, nameOf)));
    case "select":
      return `(${indexToJs(e.cond, nameOf)} ? ${indexToJs(e.yes, nameOf)} : ${indexToJs(e.no, nameOf)})`;
    case "cast":
      invariant(e.mode === "exact" && (e.type === "index" || !isFloat(e.type)), `a cast to ${e.type} in a shape`);
      return indexToJs(e.arg, nameOf);
    case "let":
      return indexToJs(e.body, (id) => (id === e.variable.id ? indexToJs(e.value, nameOf) : nameOf(id)));
    case "read":
    case "reduce":
      throw new InternalError(`a ${e.kind} in a shape`);
    default:
      return unreachable(e);
  }
}
