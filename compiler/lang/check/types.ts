/**
 * Which types meet and which convert. A weak operand takes the other's dtype; between dtypes only
 * widening without loss is implicit; nothing narrows and no integer tensor becomes a float by itself.
 */
import type { DType } from "../../ir/dtype.ts";
import { DTYPES, holds, isFloat, isInt, isStorageDType } from "../../ir/dtype.ts";
import { spanText } from "../../support/source.ts";
import type { Span } from "../../support/source.ts";
import type { Context } from "./context.ts";
import type { Scalar, ValueType } from "./value.ts";
import { isReal, poison, typeName } from "./value.ts";
import type { Poison, TupleValue } from "./value.ts";

/** The type in which both operands fit, or null where only a written cast can say what is meant. */
export function promote(a: ValueType, b: ValueType): ValueType | null {
  if (a === b || b === "unknown") return a;
  if (a === "unknown") return b;
  if (a === "index") return b === "bool" ? null : computingType(b);
  if (b === "index") return a === "bool" ? null : computingType(a);
  if (a === "real") return b !== "real" && isFloat(b) ? b : null;
  if (b === "real") return isFloat(a) ? a : null;
  if (a === "bool" || b === "bool") return null;
  if (isFloat(a) && isFloat(b)) return widerFloat(a, b);
  return isInt(a) && isInt(b) ? commonInt(a, b) : null;
}

function widerFloat(a: DType, b: DType): DType | null {
  if (DTYPES[a].bits === DTYPES[b].bits) return null;
  return DTYPES[a].bits > DTYPES[b].bits ? a : b;
}

function commonInt(a: DType, b: DType): DType | null {
  const [x, y] = [computingDType(a), computingDType(b)];
  if (fitsIn(x, y)) return y;
  if (fitsIn(y, x)) return x;
  return fitsIn(x, "i32") && fitsIn(y, "i32") ? "i32" : null;
}

/** Operations compute with storage types as i32. */
export function computingType(type: ValueType): ValueType {
  return type === "index" || type === "real" || type === "unknown" ? type : computingDType(type);
}

/** The same of a dtype. */
export function computingDType(t: DType): DType {
  return isStorageDType(t) ? "i32" : t;
}

/** Is every value of `from` one of `to`? */
export function fitsIn(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (isFloat(from) && isFloat(to)) return widerFloat(from, to) === to;
  const [x, y] = [DTYPES[from], DTYPES[to]];
  return x.kind === "int" && y.kind === "int" && x.min >= y.min && x.max <= y.max;
}

/** The type in which `+ - *` of operands of this type compute; null where they are not defined. */
export function arithmeticType(t: ValueType): ValueType | null {
  return t === "index" || t === "real" || t === "unknown" ? t : DTYPES[t].arithmetic;
}

/** The cast that would bring a value of type `from` to `to`. */
export function castHelp(from: ValueType, to: DType, text: string): string {
  const fromFloat = from === "real" || (from !== "index" && from !== "unknown" && isFloat(from));
  const name = fromFloat && !isFloat(to) ? `sat_${to}` : to;
  return `write ${name}(${text})`;
}

/** Does the value go where `to` is expected? Reports what is wrong and gives a poison if not. */
export function convert(context: Context, value: Scalar, to: DType, what: string): Scalar | Poison {
  const { type, span } = value;
  if (type === "unknown" || type === to) return value;
  if (type === "index" && to !== "bool") return fitConstant(context, value, to);
  if (type === "real" && isFloat(to)) return value;
  if (type !== "index" && type !== "real" && fitsIn(type, to)) return value;
  context.report("E2021", {
    span,
    message: `${what} is ${to}, but this is ${typeName(type)}`,
    help: conversionHelp(type, to, shortText(span)),
  });
  return poison(span);
}

/** The casts that give a value of `to`; where there are several, what sets them apart. */
export function conversionHelp(from: ValueType, to: DType, text: string): readonly string[] {
  if (to === "bool") return [`compare with a number: ${text} != ${isReal(from) ? "0.0" : "0"}`];
  if (from === "real" && isInt(to) && /^-?\d+\.0*$/.test(text)) return [`write ${text.replace(/\.0*$/, "")}`];
  if (isReal(from) && isInt(to))
    return /^(?:round|round_away|floor|ceil|trunc)\(/.test(text)
      ? [`write sat_${to}(${text})`]
      : [`write sat_${to}(round(${text})) to round, sat_${to}(${text}) to cut off`];
  if (from !== "index" && from !== "real" && from !== "unknown" && isInt(from) && isInt(to))
    return [
      `write ${to}(${text}) if it always fits, which is proved`,
      `write sat_${to}(${text}) to saturate, wrap_${to}(${text}) to keep the low bits`,
    ];
  return [castHelp(from, to, text)];
}

/** A literal must be a value of the dtype that it takes, and so must each that the value may be. */
export function fitConstant(context: Context, value: Scalar, to: DType): Scalar | Poison {
  const { constant, span } = value;
  const choices = (value.choices ?? []).map((c) => fitConstant(context, c, to));
  if (choices.some((c) => c.kind === "poison")) return poison(span);
  if (typeof constant !== "bigint" || holds(to, constant)) return value;
  const row = DTYPES[to];
  const range = row.kind === "float" ? "it is too large" : `${to} holds ${row.min} to ${row.max}`;
  context.report("E2024", { span, message: `${constant} is not a value of ${to}: ${range}` });
  return poison(span);
}

/** Source text for suggestions, shortened. */
export function shortText(span: Span): string {
  const text = spanText(span).replace(/\s+/g, " ");
  return text.length <= 40 ? text : "…";
}

/** `write a.m`, for each of at most two components of a value that has a name; null where it has none. */
export function componentHelp({ names, span }: TupleValue): readonly string[] | null {
  const owner = shortText(span);
  if (names === null || !/^\w+$/.test(owner)) return null;
  return names.slice(0, 2).map((name) => `write ${owner}.${name}`);
}
