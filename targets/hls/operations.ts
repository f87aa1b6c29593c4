/**
 * THE table of this target: how C99 spells each core operation. Nothing traps and nothing is undefined, whatever the operands:
 * signed results that may leave their type go through helpers that wrap, shift amounts are masked.
 */
import type { Elem } from "../../compiler/ir/machine.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import type { Helper } from "./helpers.ts";
import type { Range } from "./integer-ranges.ts";
import type { CText, UseHelper } from "./literals.ts";

/** An operand: its text as it stands, and with parentheses where it needs them beside an operator. */
export type Operand = { readonly text: string; readonly inner: string; readonly range: Range | null };

export type Writing = {
  readonly elem: Elem;
  readonly use: UseHelper;
  /** The exact result may leave the type. */
  readonly mayWrap: boolean;
};

type Spelling = (w: Writing, a: Operand, b: Operand, c: Operand) => CText;

const loose = (text: string): CText => ({ text, tight: false });
const tight = (text: string): CText => ({ text, tight: true });

const call = (w: Writing, name: Helper, ...args: readonly Operand[]): CText =>
  tight(`${w.use(name)}(${args.map((a) => a.text).join(", ")})`);

const infix =
  (sign: string): Spelling =>
  (_w, a, b) =>
    loose(`${a.inner} ${sign} ${b.inner}`);

const isSigned = (elem: Elem): elem is "i32" | "i64" => elem === "i32" || elem === "i64";
const isUnsigned = (elem: Elem): elem is "u32" | "u64" => elem === "u32" || elem === "u64";

/** Floats and unsigned integers as they are; signed ones too where they cannot overflow. */
const arithmetic =
  (sign: string, name: "add" | "sub" | "mul"): Spelling =>
  (w, a, b) =>
    isSigned(w.elem) && w.mayWrap ? call(w, `${w.elem}_${name}`, a, b) : loose(`${a.inner} ${sign} ${b.inner}`);

const negation: Spelling = (w, a) => {
  if (isSigned(w.elem) && w.mayWrap) return call(w, `${w.elem}_neg`, a);
  return loose(isUnsigned(w.elem) ? `0u - ${a.inner}` : `-${a.inner}`);
};

const absolute: Spelling = (w, a) => {
  if (isUnsigned(w.elem)) return loose(a.text);
  return call(w, `${signedOrFloat(w.elem)}_abs`, a);
};

/** C truncates, which is the floor where nothing is negative. */
const division =
  (sign: string, name: "floor_div" | "floor_mod"): Spelling =>
  (w, a, b) => {
    const plain = a.range !== null && a.range.lo >= 0n && b.range !== null && b.range.lo > 0n;
    return plain ? loose(`${a.inner} ${sign} ${b.inner}`) : call(w, `${integer(w.elem)}_${name}`, a, b);
  };

const extremum =
  (name: "max" | "min"): Spelling =>
  (w, a, b) =>
    w.elem === "bool"
      ? loose(`${a.inner} ${name === "max" ? "||" : "&&"} ${b.inner}`)
      : call(w, `${w.elem}_${name}`, a, b);

const onFloats =
  (name: "sqrt" | "floor" | "ceil" | "trunc" | "round"): Spelling =>
  (w, a) =>
    call(w, `${float(w.elem)}_${name}`, a);

const amountOf = (w: Writing, b: Operand): string => {
  const bits = w.elem === "i64" || w.elem === "u64" ? 64n : 32n;
  if (b.range !== null && b.range.lo >= 0n && b.range.hi < bits) return b.inner;
  return `(${b.inner} & ${bits - 1n})`;
};

const shiftLeft: Spelling = (w, a, b) => {
  const amount = amountOf(w, b);
  if (!isSigned(w.elem)) return loose(`${a.inner} << ${amount}`);
  const [whole, positive] = w.elem === "i32" ? ["int32_t", "uint32_t"] : ["int64_t", "uint64_t"];
  return tight(`(${whole})((${positive})${a.inner} << ${amount})`);
};

const shiftRight: Spelling = (w, a, b) => loose(`${a.inner} >> ${amountOf(w, b)}`);

const popcount: Spelling = (w, a) => {
  if (isUnsigned(w.elem)) return call(w, `${w.elem}_popcount`, a);
  const [whole, positive, name] =
    integer(w.elem) === "i32"
      ? ["int32_t", "uint32_t", w.use("u32_popcount")]
      : ["int64_t", "uint64_t", w.use("u64_popcount")];
  return tight(`(${whole})${name}((${positive})${a.inner})`);
};

const OPERATIONS = {
  add: arithmetic("+", "add"),
  sub: arithmetic("-", "sub"),
  mul: arithmetic("*", "mul"),
  neg: negation,
  wrapping_add: arithmetic("+", "add"),
  wrapping_sub: arithmetic("-", "sub"),
  wrapping_mul: arithmetic("*", "mul"),
  divide: infix("/"),
  floor_div: division("/", "floor_div"),
  floor_mod: division("%", "floor_mod"),
  max: extremum("max"),
  min: extremum("min"),
  abs: absolute,
  copysign: (w, a, b) => {
    const [from, to] = [w.use(`${float(w.elem)}_from_bits`), w.use(`${float(w.elem)}_to_bits`)];
    const sign = w.elem === "f32" ? "0x80000000u" : "0x8000000000000000u";
    return tight(`${from}((${to}(${a.text}) & ~${sign}) | (${to}(${b.text}) & ${sign}))`);
  },
  sqrt: onFloats("sqrt"),
  floor: onFloats("floor"),
  ceil: onFloats("ceil"),
  trunc: onFloats("trunc"),
  round: onFloats("round"),
  fma: (_w, a, b, c) => loose(`${c.inner} + ${a.inner} * ${b.inner}`),
  eq: infix("=="),
  ne: infix("!="),
  lt: infix("<"),
  le: infix("<="),
  and: infix("&&"),
  or: infix("||"),
  not: (_w, a) => loose(`!${a.inner}`),
  bit_and: infix("&"),
  bit_or: infix("|"),
  bit_xor: infix("^"),
  bit_not: (_w, a) => tight(`~${a.inner}`),
  shl: shiftLeft,
  shr: shiftRight,
  popcount,
  doubling_high_multiply: (w, a, b) => call(w, "i32_doubling_high_multiply", a, b),
} as const satisfies Record<CoreOp, Spelling>;

/** `elem` is that of the operands. */
export function operation(op: CoreOp, w: Writing, operands: readonly Operand[]): CText {
  const nothing: Operand = { text: "", inner: "", range: null };
  const [a = nothing, b = nothing, c = nothing] = operands;
  return OPERATIONS[op](w, a, b, c);
}

function integer(elem: Elem): "i32" | "u32" | "i64" | "u64" {
  if (isSigned(elem) || isUnsigned(elem)) return elem;
  throw new InternalError(`${elem} among integers`);
}

function float(elem: Elem): "f32" | "f64" {
  if (elem === "f32" || elem === "f64") return elem;
  throw new InternalError(`${elem} among floats`);
}

function signedOrFloat(elem: Elem): "i32" | "i64" | "f32" | "f64" {
  return isSigned(elem) ? elem : float(elem);
}
