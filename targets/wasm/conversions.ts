/**
 * Conversions between forms. Floats become integers by truncation with saturation, NaN to 0 (the `trunc_sat` family), as
 * machine.ts wants; between integer widths the low bits are kept, since selection has clamped before; `bits` costs nothing
 * but a change of register.
 */
import type { ConvertMode } from "../../compiler/ir/machine.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import type { Module, Ref } from "./load-binaryen.ts";
import type { Shape } from "./shape.ts";

type Conversion = (m: Module, a: Ref) => Ref;
const same: Conversion = (_, a) => a;

/** Integers of 32 bits hold bools as 0 and 1; a mask has all bits set. */
const fromMask: Conversion = (m, a) => m.v128.and(a, m.i32x4.splat(m.i32.const(1)));

const VALUES: { readonly [From in Shape]?: { readonly [To in Shape]?: Conversion } } = {
  bool: { i32: same, u32: same, i64: (m, a) => m.i64.extend_u(a), u64: (m, a) => m.i64.extend_u(a) },
  boolx4: { i32x4: fromMask, u32x4: fromMask },
  i32: {
    u32: same,
    i64: (m, a) => m.i64.extend_s(a),
    u64: (m, a) => m.i64.extend_s(a),
    f32: (m, a) => m.f32.convert_s.i32(a),
    f64: (m, a) => m.f64.convert_s.i32(a),
  },
  u32: {
    i32: same,
    i64: (m, a) => m.i64.extend_u(a),
    u64: (m, a) => m.i64.extend_u(a),
    f32: (m, a) => m.f32.convert_u.i32(a),
    f64: (m, a) => m.f64.convert_u.i32(a),
  },
  i64: {
    i32: (m, a) => m.i32.wrap(a),
    u32: (m, a) => m.i32.wrap(a),
    u64: same,
    f32: (m, a) => m.f32.convert_s.i64(a),
    f64: (m, a) => m.f64.convert_s.i64(a),
  },
  u64: {
    i32: (m, a) => m.i32.wrap(a),
    u32: (m, a) => m.i32.wrap(a),
    i64: same,
    f32: (m, a) => m.f32.convert_u.i64(a),
    f64: (m, a) => m.f64.convert_u.i64(a),
  },
  f32: {
    i32: (m, a) => m.i32.trunc_s_sat.f32(a),
    u32: (m, a) => m.i32.trunc_u_sat.f32(a),
    i64: (m, a) => m.i64.trunc_s_sat.f32(a),
    u64: (m, a) => m.i64.trunc_u_sat.f32(a),
    f64: (m, a) => m.f64.promote(a),
  },
  f64: {
    i32: (m, a) => m.i32.trunc_s_sat.f64(a),
    u32: (m, a) => m.i32.trunc_u_sat.f64(a),
    i64: (m, a) => m.i64.trunc_s_sat.f64(a),
    u64: (m, a) => m.i64.trunc_u_sat.f64(a),
    f32: (m, a) => m.f32.demote(a),
  },
  i32x4: { u32x4: same, f32x4: (m, a) => m.f32x4.convert_i32x4_s(a) },
  u32x4: { i32x4: same, f32x4: (m, a) => m.f32x4.convert_i32x4_u(a) },
  f32x4: { i32x4: (m, a) => m.i32x4.trunc_sat_f32x4_s(a), u32x4: (m, a) => m.i32x4.trunc_sat_f32x4_u(a) },
};

/** Reinterpretations; vectors have one register for all. */
const BITS: { readonly [From in Shape]?: { readonly [To in Shape]?: Conversion } } = {
  i32: { u32: same, f32: (m, a) => m.f32.reinterpret(a) },
  u32: { i32: same, f32: (m, a) => m.f32.reinterpret(a) },
  f32: { i32: (m, a) => m.i32.reinterpret(a), u32: (m, a) => m.i32.reinterpret(a) },
  i64: { u64: same, f64: (m, a) => m.f64.reinterpret(a) },
  u64: { i64: same, f64: (m, a) => m.f64.reinterpret(a) },
  f64: { i64: (m, a) => m.i64.reinterpret(a), u64: (m, a) => m.i64.reinterpret(a) },
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
  return conversion(m, value);
}
