/** Which register holds a value of a scalar type. Narrow types live in wide registers; see machine.ts. */
import type { DType } from "../../ir/dtype.ts";
import type { ScalarType } from "../../ir/expr.ts";
import type { Elem } from "../../ir/machine.ts";
import { InternalError, unreachable } from "../../support/invariant.ts";

export function elemOf(type: ScalarType): Elem {
  switch (type) {
    case "index":
    case "i8":
    case "u8":
    case "i16":
    case "u16":
    case "i32":
    case "i4":
    case "u4":
    case "i2":
    case "u2":
    case "u1":
      return "i32";
    case "bool":
    case "u32":
    case "i64":
    case "u64":
    case "f32":
    case "f64":
      return type;
    case "f16":
    case "bf16":
      throw new InternalError(`${type} reaches the machine level: passes/narrow-floats.ts comes first`);
    default:
      return unreachable(type);
  }
}

/** What a load of the dtype gives: bools are bytes in memory. */
export function loadedElem(dtype: DType): Elem {
  return dtype === "bool" ? "i32" : elemOf(dtype);
}
