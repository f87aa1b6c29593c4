/**
 * The form a machine register takes in WebAssembly. Signedness stays visible, since it chooses instructions; a bool is an
 * i32 of 0 or 1, four of them are a lane mask of all ones or all zeros.
 */
import type { MachineType } from "../../compiler/ir/machine.ts";
import { InternalError, unreachable } from "../../compiler/support/invariant.ts";
import type { Binaryen, WasmType } from "./load-binaryen.ts";

export type Shape = "bool" | "i32" | "u32" | "i64" | "u64" | "f32" | "f64" | "boolx4" | "i32x4" | "u32x4" | "f32x4";

export function shapeOf({ elem, lanes }: MachineType): Shape {
  if (lanes === 1) return elem;
  if (lanes === 4 && (elem === "bool" || elem === "i32" || elem === "u32" || elem === "f32")) return `${elem}x4`;
  throw new InternalError(`a vector of ${lanes} ${elem} has no form in WebAssembly`);
}

export function wasmType(shape: Shape, b: Binaryen): WasmType {
  switch (shape) {
    case "bool":
    case "i32":
    case "u32":
      return b.i32;
    case "i64":
    case "u64":
      return b.i64;
    case "f32":
      return b.f32;
    case "f64":
      return b.f64;
    case "boolx4":
    case "i32x4":
    case "u32x4":
    case "f32x4":
      return b.v128;
    default:
      return unreachable(shape);
  }
}

export function isVector(shape: Shape): boolean {
  return shape.endsWith("x4");
}
