/**
 * How WGSL spells the core operations: THE table of this target, one cell per operation, in it one spelling per class of
 * operand. All of them are defined for every operand, as the language has them: integers wrap, shift amounts are masked,
 * and division is done in functions (prelude.ts), to which a zero divisor is no constant that a shader may not hold.
 */
import type { Elem } from "../../compiler/ir/machine.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { CORE_OPS, OPS } from "../../compiler/ir/ops.ts";

/** What WGSL's registers hold here; it has no i64, u64 or f64. */
export type WgslElem = "bool" | "i32" | "u32" | "f32";
export const WGSL_ELEMS: readonly WgslElem[] = ["bool", "i32", "u32", "f32"];

export function isWgslElem(elem: Elem): elem is WgslElem {
  return WGSL_ELEMS.some((e) => e === elem);
}

/** From the texts of the operands, each a name or a literal. */
export type Spelling = (a: string, b: string, c: string) => string;
/** Absent: no such operation on this class. */
type Cell = {
  readonly float?: Spelling;
  readonly int?: Spelling;
  readonly i32?: Spelling;
  readonly u32?: Spelling;
  readonly bool?: Spelling;
};

const infix =
  (sign: string): Spelling =>
  (a, b) =>
    `${a} ${sign} ${b}`;
const call =
  (name: string): Spelling =>
  (a, b) =>
    `${name}(${a}, ${b})`;
const call1 =
  (name: string): Spelling =>
  (a) =>
    `${name}(${a})`;
const shift =
  (sign: string): Spelling =>
  (a, b) =>
    `${a} ${sign} (u32(${b}) & 31u)`;

const numbers = (spelling: Spelling): Cell => ({ float: spelling, int: spelling });
const anything = (spelling: Spelling): Cell => ({ float: spelling, int: spelling, bool: spelling });
const floats = (spelling: Spelling): Cell => ({ float: spelling });
const ints = (spelling: Spelling): Cell => ({ int: spelling });
const bools = (spelling: Spelling): Cell => ({ bool: spelling });

const OPERATIONS = {
  add: numbers(infix("+")),
  sub: numbers(infix("-")),
  mul: numbers(infix("*")),
  neg: { float: (a) => `-(${a})`, i32: (a) => `-(${a})`, u32: (a) => `0u - ${a}` },
  wrapping_add: ints(infix("+")),
  wrapping_sub: ints(infix("-")),
  wrapping_mul: ints(infix("*")),
  divide: floats(infix("/")),
  floor_div: { i32: call("floor_div_i32"), u32: call("floor_div_u32") },
  floor_mod: { i32: call("floor_mod_i32"), u32: call("floor_mod_u32") },
  max: { ...numbers(call("max")), ...bools(infix("|")) },
  min: { ...numbers(call("min")), ...bools(infix("&")) },
  abs: numbers(call1("abs")),
  copysign: floats((a, b) => `bitcast<f32>((bitcast<u32>(${a}) & 0x7fffffffu) | (bitcast<u32>(${b}) & 0x80000000u))`),
  sqrt: floats(call1("sqrt")),
  floor: floats(call1("floor")),
  ceil: floats(call1("ceil")),
  trunc: floats(call1("trunc")),
  // Half to even, as the language wants it.
  round: floats(call1("round")),
  fma: floats((a, b, c) => `fma(${a}, ${b}, ${c})`),
  eq: anything(infix("==")),
  ne: anything(infix("!=")),
  lt: numbers(infix("<")),
  le: numbers(infix("<=")),
  and: bools(infix("&")),
  or: bools(infix("|")),
  not: bools((a) => `!${a}`),
  bit_and: ints(infix("&")),
  bit_or: ints(infix("|")),
  bit_xor: ints(infix("^")),
  bit_not: ints((a) => `~${a}`),
  shl: ints(shift("<<")),
  shr: ints(shift(">>")),
  popcount: ints(call1("countOneBits")),
  doubling_high_multiply: { i32: call("doubling_high_multiply") },
} as const satisfies Record<CoreOp, Cell>;

/** How to spell the operation on operands of this type; null where there is no such operation. */
export function spellingOf(op: CoreOp, elem: WgslElem): Spelling | null {
  const cell: Cell = OPERATIONS[op];
  if (elem === "bool") return cell.bool ?? null;
  if (elem === "f32") return cell.float ?? null;
  return cell[elem] ?? cell.int ?? null;
}

/** What OPS defines and the table has no cell for. */
export function lackingOperations(): readonly { readonly op: CoreOp; readonly elem: WgslElem }[] {
  return CORE_OPS.flatMap((op) =>
    WGSL_ELEMS.filter((elem) => {
      const { float, int, bool } = OPS[op];
      const meaning = elem === "bool" ? bool : elem === "f32" ? float : int;
      return meaning !== null && spellingOf(op, elem) === null;
    }).map((elem) => ({ op, elem })),
  );
}
