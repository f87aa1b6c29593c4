/**
 * Constants as C99 spells them, exactly: short dyadic fractions in decimal, all other floats in hexadecimal, infinities and
 * NaNs by their bits (there is no <math.h>), and the least integers by their macros, since C has no negative literals.
 */
import type { Elem } from "../../compiler/ir/machine.ts";
import { InternalError, invariant, unreachable } from "../../compiler/support/invariant.ts";
import type { Helper } from "./helpers.ts";

/** A piece of C: `tight` where it needs no parentheses as an operand. */
export type CText = { readonly text: string; readonly tight: boolean };

/** What a literal may ask for: a static function of helpers.ts. */
export type UseHelper = (name: Helper) => string;

export function literal(elem: Elem, value: number | bigint | boolean, use: UseHelper): CText {
  switch (elem) {
    case "bool":
      return { text: value === true ? "true" : "false", tight: true };
    case "i32":
      return signed(BigInt(value), -(2n ** 31n), "INT32_MIN", String);
    case "i64":
      return signed(BigInt(value), -(2n ** 63n), "INT64_MIN", (n) => `INT64_C(${n})`);
    case "u32":
      return { text: `${BigInt(value)}u`, tight: true };
    case "u64":
      return { text: `UINT64_C(${BigInt(value)})`, tight: true };
    case "f32":
    case "f64":
      return floatLiteral(elem, Number(value), use);
    default:
      return unreachable(elem);
  }
}

function signed(value: bigint, least: bigint, leastMacro: string, spell: (n: bigint) => string): CText {
  if (value === least) return { text: leastMacro, tight: true };
  return value < 0n ? { text: `-${spell(-value)}`, tight: false } : { text: spell(value), tight: true };
}

function floatLiteral(elem: "f32" | "f64", value: number, use: UseHelper): CText {
  if (!Number.isFinite(value)) return { text: `${use(`${elem}_from_bits`)}(${specialBits(elem, value)})`, tight: true };
  const negative = value < 0 || Object.is(value, -0);
  const text = `${finite(Math.abs(value))}${elem === "f32" ? "f" : ""}`;
  return negative ? { text: `-${text}`, tight: false } : { text, tight: true };
}

function specialBits(elem: "f32" | "f64", value: number): string {
  const [nan, infinity, minusInfinity] =
    elem === "f32"
      ? ["0x7fc00000u", "0x7f800000u", "0xff800000u"]
      : ["UINT64_C(0x7ff8000000000000)", "UINT64_C(0x7ff0000000000000)", "UINT64_C(0xfff0000000000000)"];
  const text = Number.isNaN(value) ? nan : value > 0 ? infinity : minusInfinity;
  if (text === undefined) throw new InternalError("bits of a special value");
  return text;
}

/** A finite value, not negative. Multiples of 2^-10 below 2^24 have short decimals that are exact. */
function finite(value: number): string {
  if (value < 2 ** 24 && Number.isInteger(value * 1024)) {
    const text = String(value);
    invariant(!text.includes("e"), "a short decimal");
    return text.includes(".") ? text : `${text}.0`;
  }
  return hexadecimal(value);
}

const scratch = new DataView(new ArrayBuffer(8));

/** `0x1.8p+3`; every double has at most 13 such digits, and an f32 value is a double too. */
function hexadecimal(value: number): string {
  // Subnormals are scaled up first, so that the leading digit is always 1.
  const subnormal = value < 2 ** -1022;
  scratch.setFloat64(0, subnormal ? value * 2 ** 54 : value);
  const bits = scratch.getBigUint64(0);
  const exponent = Number(bits >> 52n) - 1023 - (subnormal ? 54 : 0);
  const digits = (bits & 0xfffffffffffffn).toString(16).padStart(13, "0").replace(/0+$/, "");
  return `0x1${digits === "" ? "" : `.${digits}`}p${exponent < 0 ? "" : "+"}${exponent}`;
}
