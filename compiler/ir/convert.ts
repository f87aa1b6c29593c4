/**
 * What each cast means on single values: one table of meanings for the three interpreters, as ops.ts is for operations.
 */
import { invariant, unreachable } from "../support/invariant.ts";
import type { DType, IntDType } from "./dtype.ts";
import {
  bf16FromBits,
  bf16ToBits,
  DTYPES,
  dtypeRange,
  f16FromBits,
  f16ToBits,
  isFloat,
  isInt,
  roundToDType,
} from "./dtype.ts";
import type { CastMode, ScalarType } from "./expr.ts";
import type { Integer, Value } from "./values.ts";
import { canonical, fits, wrapTo } from "./values.ts";

/**
 * `value` of type `from` as a `to`. Null where an `exact` cast has no exact result (not whole, out of range), which a proof
 * was to exclude. Between floats every mode but `bits` rounds to nearest even; bool becomes 0 or 1.
 */
export function convertValue(mode: CastMode, from: ScalarType, to: ScalarType, value: Value): Value | null {
  if (mode === "bits") return fromBits(asDType(to), toBits(asDType(from), value));
  const x: Integer = typeof value === "boolean" ? Number(value) : value;
  if (to !== "index" && isFloat(to)) return roundToDType(to, x);
  switch (mode) {
    case "exact":
      return exactly(to, x);
    case "saturate":
      invariant(to !== "index" && isInt(to), `saturating cast to ${to}`);
      return saturated(to, x);
    case "wrap":
      invariant(to !== "index" && isInt(to) && (from === "index" || !isFloat(from)), `wrapping cast to ${to}`);
      return wrapTo(to, x);
    default:
      return unreachable(mode);
  }
}

function exactly(to: ScalarType, x: Integer): Value | null {
  if (typeof x === "number" && !Number.isInteger(x)) return null;
  const whole = typeof x === "number" && !Number.isSafeInteger(x) ? canonical(BigInt(x)) : canonical(x);
  if (to === "bool") return whole === 0 ? false : whole === 1 ? true : null;
  return fits(to, whole) ? whole : null;
}

function saturated(to: IntDType, x: Integer): Integer {
  const { min, max } = dtypeRange(to);
  if (typeof x === "number" && Number.isNaN(x)) return 0;
  if (x <= min) return canonical(min);
  if (x >= max) return canonical(max);
  return typeof x === "number" ? canonical(BigInt(Math.trunc(x))) : x;
}

function asDType(type: ScalarType): DType {
  invariant(type !== "index", "an index has no bits");
  return type;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The bit pattern, as an unsigned integer of the dtype's width. */
function toBits(dtype: DType, value: Value): bigint {
  if (!isFloat(dtype)) return BigInt.asUintN(DTYPES[dtype].bits, BigInt(value));
  switch (dtype) {
    case "f16":
      return BigInt(f16ToBits(Number(value)));
    case "bf16":
      return BigInt(bf16ToBits(Number(value)));
    case "f32":
      scratch.setFloat32(0, Number(value));
      return BigInt(scratch.getUint32(0));
    case "f64":
      scratch.setFloat64(0, Number(value));
      return scratch.getBigUint64(0);
    default:
      return unreachable(dtype);
  }
}

function fromBits(dtype: DType, bits: bigint): Value {
  if (dtype === "bool") return bits !== 0n;
  if (isInt(dtype)) return wrapTo(dtype, bits);
  switch (dtype) {
    case "f16":
      return f16FromBits(Number(bits));
    case "bf16":
      return bf16FromBits(Number(bits));
    case "f32":
      scratch.setUint32(0, Number(bits));
      return scratch.getFloat32(0);
    case "f64":
      scratch.setBigUint64(0, bits);
      return scratch.getFloat64(0);
    default:
      return unreachable(dtype);
  }
}
