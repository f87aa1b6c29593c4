/** How C99 spells conversions between element types. Casts of C are right where every value fits or the result wraps. */
import type { ConvertMode, Elem } from "../../compiler/ir/machine.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import { ELEM_TYPES } from "./c-types.ts";
import type { CText, UseHelper } from "./literals.ts";
import type { Operand } from "./operations.ts";

type Whole = "i32" | "u32" | "i64" | "u64";
const isFloat = (e: Elem): e is "f32" | "f64" => e === "f32" || e === "f64";
const isWhole = (e: Elem): e is Whole => e !== "bool" && !isFloat(e);

export function conversion(mode: ConvertMode, from: Elem, to: Elem, a: Operand, use: UseHelper): CText {
  if (mode === "bits" && isFloat(from) !== isFloat(to)) return throughBits(from, to, a, use);
  if (isFloat(from) && isWhole(to)) return { text: `${use(`${from}_to_${to}`)}(${a.text})`, tight: true };
  if (mode === "saturate" && isWhole(from) && isWhole(to)) {
    throw new InternalError("selection clamps integers before it converts them");
  }
  return { text: `(${ELEM_TYPES[to]})${a.inner}`, tight: true };
}

function throughBits(from: Elem, to: Elem, a: Operand, use: UseHelper): CText {
  if (isFloat(from)) {
    const bits = `${use(`${from}_to_bits`)}(${a.text})`;
    return { text: to === "i32" || to === "i64" ? `(${ELEM_TYPES[to]})${bits}` : bits, tight: true };
  }
  if (!isFloat(to)) throw new InternalError(`the bits of ${from} as ${to}`);
  const positive = to === "f32" ? "uint32_t" : "uint64_t";
  const bits = from === "i32" || from === "i64" ? `(${positive})${a.inner}` : a.text;
  return { text: `${use(`${to}_from_bits`)}(${bits})`, tight: true };
}
