/**
 * How far a result of a derived operation is from the true value, in units in the last place of its format. What is special (NaN,
 * infinite or zero by its operands) must be the very value. The true value of f32 is that of doubles, to 2^-28 ulp; of f64 that
 * of precise-math.ts, to 2^-47 ulp.
 */
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import { roundToDType } from "../../compiler/ir/dtype.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import type { BigFloat } from "./big-float.ts";
import { big, exponentOf, sub, toNumber, scale } from "./big-float.ts";
import { PRECISE } from "./precise-math.ts";

const LIMITS = {
  f32: { most: 128, least: -149, fraction: 23 },
  f64: { most: 1024, least: -1074, fraction: 52 },
} as const;

/** Distance of `got` from op(x, y): 0 is the very value, infinity a special value that is another. */
export function errorInUlps(op: DerivedOp, format: WideFloat, got: number, x: number, y: number): number {
  const row: DerivedRow = DERIVED_OPS[op];
  const reference = row.reference(x, y);
  const special = op === "fmod" || isSpecial(op, reference, x, y, row.arity);
  if (special && (op === "fmod" || reference === 0 || !Number.isFinite(reference))) {
    return Object.is(got, roundToDType(format, reference)) ? 0 : Infinity;
  }
  if (Number.isNaN(got) || Math.sign(got) * Math.sign(reference) < 0) return Infinity;
  return distance(format, got, special ? big(reference) : trueValue(op, format, x, y, reference));
}

/** Is the value that of a double, exactly? */
function isSpecial(op: DerivedOp, reference: number, x: number, y: number, arity: 1 | 2): boolean {
  if (Number.isNaN(reference)) return true;
  // The poles, where x is finite; elsewhere an infinity is an overflow.
  if ((op === "log1p" || op === "atanh") && !Number.isFinite(reference)) return true;
  return [x, y].slice(0, arity).some((v) => v === 0 || !Number.isFinite(v));
}

function trueValue(
  op: Exclude<DerivedOp, "fmod">,
  format: WideFloat,
  x: number,
  y: number,
  reference: number,
): BigFloat {
  if (format === "f32" && Number.isFinite(reference) && reference !== 0) return big(reference);
  const value = PRECISE[op](big(x), big(y));
  return reference < 0 && value.m > 0n ? { m: -value.m, e: value.e } : value;
}

function distance(format: WideFloat, got: number, value: BigFloat): number {
  const { most, least, fraction } = LIMITS[format];
  const beyond = value.m === 0n ? -5000 : exponentOf(value);
  if (beyond >= most)
    return Number.isFinite(got) ? (beyond > most ? Infinity : distanceOf(big(got), value, most - 1 - fraction)) : 0;
  // Beyond the largest number lies the next power of two, as if it were one.
  const near = Number.isFinite(got) ? big(got) : { m: got < 0 ? -1n : 1n, e: most };
  return distanceOf(near, value, Math.max(beyond - fraction, least));
}

function distanceOf(a: BigFloat, b: BigFloat, unit: number): number {
  const d = sub(a, b);
  return d.m === 0n ? 0 : Math.abs(toNumber(scale(d, -unit)));
}
