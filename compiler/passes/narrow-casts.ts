/**
 * Numbers of every type on their way to f16 or bf16, as an f32 from which the last rounding gives what rounding once
 * would give. Where the f32 cannot hold the number, it holds one of its two neighbours, the one whose last bit is 1
 * ("round to odd": Boldo & Melquiond 2008): it is no tie of the narrow format, and lies on the number's side of each.
 */
import type { DType } from "../ir/dtype.ts";
import { DTYPES } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { apply, both, cast, constant, letIn, less, lessEqual, select } from "../ir/expr.ts";
import type { FreshValue } from "../ir/fresh-values.ts";
import type { NarrowFloat } from "../ir/math/narrow-formats.ts";
import { unreachable } from "../support/invariant.ts";

/** The value, which is of any type but a narrow float, as an f32 fit for rounding to `to`. */
export function inF32(value: Expr, to: NarrowFloat, fresh: FreshValue): Expr {
  const { type } = value;
  switch (type) {
    case "f32":
      return value;
    case "f64":
      return bind(value, fresh, oddFromF64(fresh));
    case "index":
      return inF32(cast("i32", "exact", value), to, fresh);
    case "i32":
    case "u32":
      // f16 ends far below 2^24, up to which an f32 holds every integer.
      return cast("f32", "exact", to === "f16" ? value : shortened(value, type, 24, fresh));
    case "i64":
    case "u64":
      if (to === "f16") return cast("f32", "exact", value);
      return inF32(cast("f64", "exact", shortened(value, type, 53, fresh)), to, fresh);
    case "bool":
    case "i8":
    case "u8":
    case "i16":
    case "u16":
    case "i4":
    case "u4":
    case "i2":
    case "u2":
    case "u1":
      return cast("f32", "exact", value);
    case "f16":
    case "bf16":
      return value;
    default:
      return unreachable(type);
  }
}

function bind(value: Expr, fresh: FreshValue, body: (bound: Expr) => Expr): Expr {
  if (value.kind === "var" || value.kind === "const") return body(value);
  const v = fresh(value.type, "cast");
  return letIn(v, value, body(v));
}

/**
 * An integer from 2^bits on loses its low bits, as many as it can have too many, and the lowest one left says whether any
 * of them was 1. What is left has at most `bits` significant bits.
 */
function shortened(value: Expr, type: "i32" | "u32" | "i64" | "u64", bits: 24 | 53, fresh: FreshValue): Expr {
  const number = (n: bigint): Expr => constant(type, n);
  const excess = BigInt(DTYPES[type].bits - bits);
  const low = (1n << excess) - 1n;
  const limit = 1n << BigInt(bits);
  const { signed, max } = DTYPES[type];
  const mask = number(signed ? ~low : max - low);
  return bind(value, fresh, (n) => {
    const isLong = signed
      ? apply("or", lessEqual(number(limit), n), less(n, number(-limit)))
      : lessEqual(number(limit), n);
    const lost = apply("ne", apply("bit_and", n, number(low)), number(0n));
    const sticky = select(lost, number(low + 1n), number(0n), false);
    return select(isLong, apply("bit_or", apply("bit_and", n, mask), sticky), n, false);
  });
}

const i32 = (n: number): Expr => constant("i32", n);

/** The f32 nearest to an f64 that is too long has its last bit 1, or its neighbour on the other side of the f64 has. */
const oddFromF64 =
  (fresh: FreshValue) =>
  (x: Expr): Expr =>
    bind(cast("f32", "exact", x), fresh, (nearest) =>
      bind(cast("i32", "bits", nearest), fresh, (bits) => {
        const isEven = apply("eq", apply("bit_and", bits, i32(1)), i32(0));
        const [wanted, found] = [apply("abs", x), apply("abs", cast("f64", "exact", nearest))];
        const step = (up: Expr, down: Expr): Expr => select(up, i32(1), select(down, i32(-1), i32(0), false), false);
        // One more in the bits is one step away from zero; from an infinity one step back is the largest number.
        const correction = step(both(isEven, less(found, wanted)), both(isEven, less(wanted, found)));
        return cast("f32", "bits", apply("wrapping_add", bits, correction));
      }),
    );

/** Is every value of this type a value of the format too? */
export function isHeldBy(type: DType | "index", format: NarrowFloat): boolean {
  if (type === "index" || DTYPES[type].kind === "float") return false;
  const { bits } = DTYPES[type];
  return bits <= DTYPES[format].significandBits;
}
