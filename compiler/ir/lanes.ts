/**
 * One lane of machine arithmetic, with poison: what an idle lane loads, what an operation gives where a proof was to keep
 * it from going (an overflow, a shift too far), and all that is computed from it, unless the other operand decides alone.
 * Poison may be computed with, since idle lanes and untaken branches are; it must never decide anything.
 */
import { InternalError, invariant, known } from "../support/invariant.ts";
import { convertValue } from "./convert.ts";
import type { ConvertMode, Elem } from "./machine.ts";
import type { CoreOp } from "./ops.ts";
import { OPS } from "./ops.ts";
import type { Integer, Value } from "./values.ts";
import { integerOp } from "./values.ts";

/** Stands for bits that nobody may rely on. */
export const POISON = Symbol("poison");

export type Lane = Value | typeof POISON;

/** The value of a lane that something hangs on; `what` names it. */
export function defined(lane: Lane | undefined, what: string | (() => string)): Value {
  if (lane === POISON || lane === undefined) {
    throw new InternalError(`${typeof what === "string" ? what : what()} depends on undefined bits`);
  }
  return lane;
}

/** An operation on lanes of one element type. Throws where hardware would trap: a divisor that is known to be zero. */
export function applyToLanes(op: CoreOp, elem: Elem, operands: readonly Lane[]): Lane {
  const decided = decidedAlone(op, operands);
  if (decided !== null) return decided;
  // An idle lane's divisor too: selection replaces a zero by 1 there, which poison cannot show.
  const values = operands.filter((x) => x !== POISON);
  if (values.length < operands.length) return POISON;
  if (elem === "f32" || elem === "f64") return onFloats(op, elem, values.map(Number));
  if (elem !== "bool") return onIntegers(op, elem, values);
  const [a, b] = values.map((x) => x === true);
  return known(OPS[op].bool, `${op} of bools`)(a === true, b === true, false);
}

/** A false operand decides `and`, a true one `or`, a zero `bit_and`, whatever the other's bits are. */
function decidedAlone(op: CoreOp, operands: readonly Lane[]): Lane | null {
  if (op === "and" && operands.includes(false)) return false;
  if (op === "or" && operands.includes(true)) return true;
  if (op === "bit_and" && operands.includes(0)) return 0;
  return null;
}

/** f32 rounds after each operation; fma is computed as two, which every target may do. */
function onFloats(
  op: CoreOp,
  elem: "f32" | "f64",
  [a = Number.NaN, b = Number.NaN, c = Number.NaN]: readonly number[],
): Value {
  const round = (x: number): number => (elem === "f32" ? Math.fround(x) : x);
  if (op === "fma") return round(round(a * b) + c);
  const result = known(OPS[op].float, `${op} of floats`)(a, b, c);
  return typeof result === "boolean" ? result : round(result);
}

function onIntegers(op: CoreOp, elem: Elem, values: readonly Value[]): Lane {
  const integers = values.map((x): Integer => {
    invariant(typeof x !== "boolean", `${op} of a bool among integers`);
    return x;
  });
  const result = integerOp(op, elem, integers);
  if (result === null && (op === "floor_div" || op === "floor_mod")) {
    throw new InternalError(`${op}(${integers.join(", ")}) traps`);
  }
  return result ?? POISON;
}

/** A conversion of one lane. A float becomes an int by truncation and saturation in every mode but `bits`. */
export function convertLane(mode: ConvertMode, from: Elem, to: Elem, lane: Lane): Lane {
  if (lane === POISON) return POISON;
  const fromFloat = from === "f32" || from === "f64";
  const toFloat = to === "f32" || to === "f64";
  const actual = mode !== "bits" && fromFloat && !toFloat ? "saturate" : mode;
  return convertValue(actual, from, to, lane) ?? POISON;
}
