/** Constants as WGSL writes them: exact, with the suffix of their type. */
import { InternalError } from "../../compiler/support/invariant.ts";
import type { WgslElem } from "./operations.ts";

const SMALLEST_NORMAL = 2 ** -126;
const LEAST_I32 = -2147483648;
const scratch = new DataView(new ArrayBuffer(4));

/** An f32's shortest double is read back as that f32; what is no number, and what a reader may flush, is given by its bits. */
export function literal(elem: WgslElem, value: number | bigint | boolean): string {
  if (elem === "bool") return value === true ? "true" : "false";
  if (typeof value !== "number") throw new InternalError(`a constant ${elem} of type ${typeof value}`);
  if (elem === "u32") return `${value}u`;
  // The literal is the number after the sign, which i32 cannot hold here.
  if (elem === "i32") return value === LEAST_I32 ? `i32(${LEAST_I32})` : `${value}i`;
  const plain = Number.isFinite(value) && !Object.is(value, -0) && (value === 0 || Math.abs(value) >= SMALLEST_NORMAL);
  return plain ? `${value}f` : `f32_of(${bitsOf(value)})`;
}

function bitsOf(value: number): string {
  scratch.setFloat32(0, value);
  return `0x${scratch.getUint32(0).toString(16).padStart(8, "0")}u`;
}

export function zeroOf(elem: WgslElem): string {
  return literal(elem, elem === "bool" ? false : 0);
}
