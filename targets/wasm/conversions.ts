/**
 * Conversions between forms. Floats become integers by truncation with saturation, NaN to 0 (the `trunc_sat` family), as
 * machine.ts wants; between integer widths the low bits are kept, since selection has clamped before; `bits` costs nothing
 * but a change of register.
 */
import type { ConvertMode } from "../../compiler/ir/machine.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import type { Module, Ref } from "./load-binaryen.ts";
import type { Shape } from "./shape.ts";

type Conversion = (m: Module) => (a: Ref) => Ref;
const same: Conversion = () => (a) => a;

/** Integers of 32 bits hold bools as 0 and 1; a mask has all bits set. */
const fromMask: Conversion = (m) => (a) => m.v128.and(a, m.i32x4.splat(m.i32.const(1)));

const VALUES: { readonly [From in Shape]?: { readonly [To in Shape]?: Conversion } } = {
  bool: { i32: same, u32: same, i64: (m) => m.i64.extend_u, u64: (m) => m.i64.extend_u },
  boolx4: { i32x4: fromMask, u32x4: fromMask },
  i32: {
    u32: same,
    i64: (m) => m.i64.extend_s,
    u64: (m) => m.i64.extend_s,
    f32: (m) => m.f32.convert_s.i32,
    f64: (m) => m.f64.convert_s.i32,
  },
  u32: {
    i32: same,
    i64: (m) => m.i64.extend_u,
    u64: (m) => m.i64.extend_u,
    f32: (m) => m.f32.convert_u.i32,
    f64: (m) => m.f64.convert_u.i32,
  },
  i64: {
    i32: (m) => m.i32.wrap,
    u32: (m) => m.i32.wrap,
    u64: same,
    f32: (m) => m.f32.convert_s.i64,
    f64: (m) => m.f64.convert_s.i64,
  },
  u64: {
    i32: (m) => m.i32.wrap,
    u32: (m) => m.i32.wrap,
    i64: same,
    f32: (m) => m.f32.convert_u.i64,
    f64: (m) => m.f64.convert_u.i64,
  },
  f32: {
    i32: (m) => m.i32.trunc_s_sat.f32,
    u32: (m) => m.i32.trunc_u_sat.f32,
    i64: (m) => m.i64.trunc_s_sat.f32,
    u64: (m) => m.i64.trunc_u_sat.f32,
    f64: (m) => m.f64.promote,
  },
  f64: {
    i32: (m) => m.i32.trunc_s_sat.f64,
    u32: (m) => m.i32.trunc_u_sat.f64,
    i64: (m) => m.i64.trunc_s_sat.f64,
    u64: (m) => m.i64.trunc_u_sat.f64,
    f32: (m) => m.f32.demote,
  },
  i32x4: { u32x4: same, f32x4: (m) => m.f32x4.convert_i32x4_s },
  u32x4: { i32x4: same, f32x4: (m) => m.f32x4.convert_i32x4_u },
  f32x4: { i32x4: (m) => m.i32x4.trunc_sat_f32x4_s, u32x4: (m) => m.i32x4.trunc_sat_f32x4_u },
};

/** Reinterpretations; vectors have one register for all. */
const BITS: { readonly [From in Shape]?: { readonly [To in Shape]?: Conversion } } = {
  i32: { u32: same, f32: (m) => m.f32.reinterpret },
  u32: { i32: same, f32: (m) => m.f32.reinterpret },
  f32: { i32: (m) => m.i32.reinterpret, u32: (m) => m.i32.reinterpret },
  i64: { u64: same, f64: (m) => m.f64.reinterpret },
  u64: { i64: same, f64: (m) => m.f64.reinterpret },
  f64: { i64: (m) => m.i64.reinterpret, u64: (m) => m.i64.reinterpret },
  i32x4: { u32x4: same, f32x4: same },
  u32x4: { i32x4: same, f32x4: same },
  f32x4: { i32x4: same, u32x4: same },
};

/** The value in another form. */
export function convert(m: Module, mode: ConvertMode, from: Shape, to: Shape, value: Ref): Ref {
  if (from === to) return value;
  const conversion = (mode === "bits" ? BITS : VALUES)[from]?.[to];
  const clamps = mode === "saturate" && !from.startsWith("f");
  if (conversion === undefined || clamps) throw new InternalError(`no conversion "${mode}" from ${from} to ${to}`);
  return conversion(m)(value);
}
