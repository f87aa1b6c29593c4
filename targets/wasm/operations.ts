/**
 * How WebAssembly spells the core operations: THE table of this target, one cell per operation, in it one spelling per
 * form of operand. Nothing here traps: divisors are made safe by selection, or are constants.
 *
 * Maximum and minimum of f32 vectors do not use f32x4.max: engines on x86-64 spell it in eight instructions (11 cycles in
 * a chain). `pmax(a, b)` is `a < b ? b : a`, one instruction, and keeps a NaN in `a`; a NaN in `b` is or-ed in, off the
 * chain of an accumulator, which stands first.
 */
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { relaxedMadd } from "./load-binaryen.ts";
import type { Binaryen, Module, Ref } from "./load-binaryen.ts";
import type { Shape } from "./shape.ts";

/** An operand on its way into an instruction. */
export type Value = {
  /** The expression itself, for the only use of the operand in this instruction. */
  readonly once: () => Ref;
  /** The operand kept in a local; ask as often as needed, but not mixed with `once`. */
  readonly many: () => Ref;
  /** The number it is known to be, in every lane. */
  readonly constant: number | bigint | boolean | undefined;
  /** The scalar that fills all lanes, if it was made that way. */
  readonly splatted: (() => Ref) | null;
};

/** What a spelling may use. */
export type Writer = {
  readonly b: Binaryen;
  readonly m: Module;
  /** Relaxed SIMD is there. */
  readonly relaxed: boolean;
  /** Computes an expression now, into a local of its own, which may then be read as often as needed. */
  readonly keep: (shape: Shape, value: Ref) => () => Ref;
};

export type Spelling = (w: Writer, a: Value, b: Value, c: Value) => Ref;
/** Null: no such operation on this form. */
type Cell = { readonly [S in Shape]?: Spelling | null };

type Family = "i32" | "i64" | "f32" | "f64" | "i32x4" | "f32x4" | "v128";
/** Instructions of a family with so many operands. */
type Named<F extends Family, Count extends number> = {
  [N in keyof Module[F]]: Module[F][N] extends (...operands: infer P extends Ref[]) => Ref
    ? P["length"] extends Count
      ? N
      : never
    : never;
}[keyof Module[F]];

/** The instruction of that name, on one operand. */
const one = {
  i32:
    (name: Named<"i32", 1>): Spelling =>
    (w, a) =>
      w.m.i32[name](a.once()),
  i64:
    (name: "popcnt"): Spelling =>
    (w, a) =>
      w.m.i64[name](a.once()),
  f32:
    (name: Named<"f32", 1>): Spelling =>
    (w, a) =>
      w.m.f32[name](a.once()),
  f64:
    (name: Exclude<Named<"f64", 1>, "const_bits">): Spelling =>
    (w, a) =>
      w.m.f64[name](a.once()),
  i32x4:
    (name: Named<"i32x4", 1>): Spelling =>
    (w, a) =>
      w.m.i32x4[name](a.once()),
  f32x4:
    (name: Named<"f32x4", 1>): Spelling =>
    (w, a) =>
      w.m.f32x4[name](a.once()),
  v128:
    (name: Named<"v128", 1>): Spelling =>
    (w, a) =>
      w.m.v128[name](a.once()),
};

/** The instruction of that name, on two operands. */
const two = {
  i32:
    (name: Named<"i32", 2>): Spelling =>
    (w, a, b) =>
      w.m.i32[name](a.once(), b.once()),
  i64:
    (name: Named<"i64", 2>): Spelling =>
    (w, a, b) =>
      w.m.i64[name](a.once(), b.once()),
  f32:
    (name: Named<"f32", 2>): Spelling =>
    (w, a, b) =>
      w.m.f32[name](a.once(), b.once()),
  f64:
    (name: Named<"f64", 2>): Spelling =>
    (w, a, b) =>
      w.m.f64[name](a.once(), b.once()),
  i32x4:
    (name: Named<"i32x4", 2>): Spelling =>
    (w, a, b) =>
      w.m.i32x4[name](a.once(), b.once()),
  f32x4:
    (name: Named<"f32x4", 2>): Spelling =>
    (w, a, b) =>
      w.m.f32x4[name](a.once(), b.once()),
  v128:
    (name: Named<"v128", 2>): Spelling =>
    (w, a, b) =>
      w.m.v128[name](a.once(), b.once()),
};

const floats = (f32: Spelling, f64: Spelling, f32x4: Spelling): Cell => ({ f32, f64, f32x4 });
const signed = (i32: Spelling, i64: Spelling, i32x4: Spelling | null): Cell => ({ i32, i64, i32x4 });
const unsigned = (u32: Spelling, u64: Spelling, u32x4: Spelling | null): Cell => ({ u32, u64, u32x4 });
/** Integers whose sign does not matter. */
const ints = (...of: Parameters<typeof signed>): Cell => ({ ...signed(...of), ...unsigned(...of) });
const bools = (bool: Spelling, boolx4: Spelling): Cell => ({ bool, boolx4 });

const OPERATIONS = {
  add: {
    ...ints(two.i32("add"), two.i64("add"), two.i32x4("add")),
    ...floats(two.f32("add"), two.f64("add"), two.f32x4("add")),
  },
  sub: {
    ...ints(two.i32("sub"), two.i64("sub"), two.i32x4("sub")),
    ...floats(two.f32("sub"), two.f64("sub"), two.f32x4("sub")),
  },
  mul: {
    ...ints(two.i32("mul"), two.i64("mul"), two.i32x4("mul")),
    ...floats(two.f32("mul"), two.f64("mul"), two.f32x4("mul")),
  },
  neg: {
    ...ints(
      (w, a) => w.m.i32.sub(w.m.i32.const(0), a.once()),
      (w, a) => w.m.i64.sub(w.m.i64.const(0n), a.once()),
      one.i32x4("neg"),
    ),
    ...floats(one.f32("neg"), one.f64("neg"), one.f32x4("neg")),
  },
  wrapping_add: ints(two.i32("add"), two.i64("add"), two.i32x4("add")),
  wrapping_sub: ints(two.i32("sub"), two.i64("sub"), two.i32x4("sub")),
  wrapping_mul: ints(two.i32("mul"), two.i64("mul"), two.i32x4("mul")),
  divide: floats(two.f32("div"), two.f64("div"), two.f32x4("div")),
  floor_div: { i32: floorDiv32, u32: two.i32("div_u"), i64: floorDiv64, u64: two.i64("div_u") },
  floor_mod: { i32: floorMod32, u32: two.i32("rem_u"), i64: floorMod64, u64: two.i64("rem_u") },
  max: {
    ...chosen("gt"),
    i32x4: two.i32x4("max_s"),
    u32x4: two.i32x4("max_u"),
    ...floats(two.f32("max"), two.f64("max"), extreme("pmax")),
    ...bools(two.i32("or"), two.v128("or")),
  },
  min: {
    ...chosen("lt"),
    i32x4: two.i32x4("min_s"),
    u32x4: two.i32x4("min_u"),
    ...floats(two.f32("min"), two.f64("min"), extreme("pmin")),
    ...bools(two.i32("and"), two.v128("and")),
  },
  abs: {
    i32: (w, a) => {
      const { i32 } = w.m;
      return w.m.select(i32.lt_s(a.many(), i32.const(0)), i32.sub(i32.const(0), a.many()), a.many());
    },
    i64: (w, a) => {
      const { i64 } = w.m;
      return w.m.select(i64.lt_s(a.many(), i64.const(0n)), i64.sub(i64.const(0n), a.many()), a.many());
    },
    u32: (_, a) => a.once(),
    u64: (_, a) => a.once(),
    i32x4: one.i32x4("abs"),
    u32x4: (_, a) => a.once(),
    ...floats(one.f32("abs"), one.f64("abs"), one.f32x4("abs")),
  },
  copysign: floats(two.f32("copysign"), two.f64("copysign"), (w, a, b) =>
    w.m.v128.bitselect(b.once(), a.once(), w.m.i32x4.splat(w.m.i32.const(-0x80000000))),
  ),
  sqrt: floats(one.f32("sqrt"), one.f64("sqrt"), one.f32x4("sqrt")),
  floor: floats(one.f32("floor"), one.f64("floor"), one.f32x4("floor")),
  ceil: floats(one.f32("ceil"), one.f64("ceil"), one.f32x4("ceil")),
  trunc: floats(one.f32("trunc"), one.f64("trunc"), one.f32x4("trunc")),
  round: floats(one.f32("nearest"), one.f64("nearest"), one.f32x4("nearest")),
  fma: floats(
    (w, a, b, c) => w.m.f32.add(w.m.f32.mul(a.once(), b.once()), c.once()),
    (w, a, b, c) => w.m.f64.add(w.m.f64.mul(a.once(), b.once()), c.once()),
    (w, a, b, c) =>
      w.relaxed
        ? relaxedMadd(w.b, w.m, a.once(), b.once(), c.once())
        : w.m.f32x4.add(w.m.f32x4.mul(a.once(), b.once()), c.once()),
  ),
  eq: {
    ...ints(two.i32("eq"), two.i64("eq"), two.i32x4("eq")),
    ...floats(two.f32("eq"), two.f64("eq"), two.f32x4("eq")),
    ...bools(two.i32("eq"), two.i32x4("eq")),
  },
  ne: {
    ...ints(two.i32("ne"), two.i64("ne"), two.i32x4("ne")),
    ...floats(two.f32("ne"), two.f64("ne"), two.f32x4("ne")),
    ...bools(two.i32("ne"), two.i32x4("ne")),
  },
  lt: {
    ...signed(two.i32("lt_s"), two.i64("lt_s"), two.i32x4("lt_s")),
    ...unsigned(two.i32("lt_u"), two.i64("lt_u"), two.i32x4("lt_u")),
    ...floats(two.f32("lt"), two.f64("lt"), two.f32x4("lt")),
  },
  le: {
    ...signed(two.i32("le_s"), two.i64("le_s"), two.i32x4("le_s")),
    ...unsigned(two.i32("le_u"), two.i64("le_u"), two.i32x4("le_u")),
    ...floats(two.f32("le"), two.f64("le"), two.f32x4("le")),
  },
  and: bools(two.i32("and"), two.v128("and")),
  or: bools(two.i32("or"), two.v128("or")),
  not: bools(one.i32("eqz"), one.v128("not")),
  bit_and: ints(two.i32("and"), two.i64("and"), two.v128("and")),
  bit_or: ints(two.i32("or"), two.i64("or"), two.v128("or")),
  bit_xor: ints(two.i32("xor"), two.i64("xor"), two.v128("xor")),
  bit_not: ints(
    (w, a) => w.m.i32.xor(a.once(), w.m.i32.const(-1)),
    (w, a) => w.m.i64.xor(a.once(), w.m.i64.const(-1n)),
    one.v128("not"),
  ),
  // Hardware takes shift amounts modulo the width, so that one that a proof kept out of sight cannot trap.
  shl: ints(two.i32("shl"), two.i64("shl"), shift("shl")),
  shr: {
    ...signed(two.i32("shr_s"), two.i64("shr_s"), shift("shr_s")),
    ...unsigned(two.i32("shr_u"), two.i64("shr_u"), shift("shr_u")),
  },
  popcount: ints(one.i32("popcnt"), one.i64("popcnt"), (w, a) => {
    const inBytes = w.m.i8x16.popcnt(a.once());
    return w.m.i32x4.extadd_pairwise_i16x8_u(w.m.i16x8.extadd_pairwise_i8x16_u(inBytes));
  }),
  doubling_high_multiply: { i32: doublingHighMultiply, i32x4: doublingHighMultiply4 },
} as const satisfies Record<CoreOp, Cell>;

/** How to spell the operation on this form; null where WebAssembly has none. */
export function spellingOf(op: CoreOp, shape: Shape): Spelling | null {
  const cell: Cell = OPERATIONS[op];
  return cell[shape] ?? null;
}

/** The rounded quotient is one too large where the remainder is not zero and has the other sign than the divisor. */
function floorDiv32(w: Writer, a: Value, b: Value): Ref {
  const { i32 } = w.m;
  // Hardware traps on the least number / -1.
  if (b.constant === -1) return i32.sub(i32.const(0), a.once());
  const remainder = i32.rem_s(a.many(), b.many());
  if (typeof b.constant === "number" && b.constant > 0) {
    return i32.add(i32.div_s(a.many(), b.many()), i32.shr_s(remainder, i32.const(31)));
  }
  const again = i32.rem_s(a.many(), b.many());
  const otherSign = i32.lt_s(i32.xor(again, b.many()), i32.const(0));
  return i32.sub(i32.div_s(a.many(), b.many()), i32.and(otherSign, i32.ne(remainder, i32.const(0))));
}

function floorDiv64(w: Writer, a: Value, b: Value): Ref {
  const { i32, i64 } = w.m;
  if (b.constant === -1n) return i64.sub(i64.const(0n), a.once());
  const remainder = (): Ref => i64.rem_s(a.many(), b.many());
  const otherSign = i64.lt_s(i64.xor(remainder(), b.many()), i64.const(0n));
  const inexact = i64.ne(remainder(), i64.const(0n));
  return i64.sub(i64.div_s(a.many(), b.many()), i64.extend_u(i32.and(otherSign, inexact)));
}

/** The truncated remainder, plus the divisor where its sign is the other. */
function floorMod32(w: Writer, a: Value, b: Value): Ref {
  const { i32 } = w.m;
  const remainder = (): Ref => i32.rem_s(a.many(), b.many());
  if (typeof b.constant === "number" && b.constant > 0) {
    return i32.add(remainder(), i32.and(i32.shr_s(remainder(), i32.const(31)), b.many()));
  }
  const otherSign = i32.lt_s(i32.xor(remainder(), b.many()), i32.const(0));
  const wrong = i32.and(otherSign, i32.ne(remainder(), i32.const(0)));
  return i32.add(remainder(), w.m.select(wrong, b.many(), i32.const(0)));
}

function floorMod64(w: Writer, a: Value, b: Value): Ref {
  const { i32, i64 } = w.m;
  const remainder = (): Ref => i64.rem_s(a.many(), b.many());
  const otherSign = i64.lt_s(i64.xor(remainder(), b.many()), i64.const(0n));
  const wrong = i32.and(otherSign, i64.ne(remainder(), i64.const(0n)));
  return i64.add(remainder(), w.m.select(wrong, b.many(), i64.const(0n)));
}

/** Scalar integers have no max and min: the operand of which the comparison holds. */
function chosen(by: "gt" | "lt"): Cell {
  return {
    i32: pick((m, a, b) => m.i32[`${by}_s`](a, b)),
    u32: pick((m, a, b) => m.i32[`${by}_u`](a, b)),
    i64: pick((m, a, b) => m.i64[`${by}_s`](a, b)),
    u64: pick((m, a, b) => m.i64[`${by}_u`](a, b)),
  };
}

function pick(compare: (m: Module, a: Ref, b: Ref) => Ref): Spelling {
  return (w, a, b) => w.m.select(compare(w.m, a.many(), b.many()), a.many(), b.many());
}

const isNumber = (v: Value): boolean => typeof v.constant === "number" && !Number.isNaN(v.constant);

/** See the head of the file. */
function extreme(name: "pmax" | "pmin"): Spelling {
  return (w, a, b) => {
    const { f32x4, v128 } = w.m;
    if (isNumber(b)) return f32x4[name](a.once(), b.once());
    if (isNumber(a)) return f32x4[name](b.once(), a.once());
    return v128.or(f32x4[name](a.once(), b.many()), f32x4.ne(b.many(), b.many()));
  };
}

/** Vectors shift all lanes by one amount; where lanes differ each is shifted alone. */
function shift(name: "shl" | "shr_s" | "shr_u"): Spelling {
  return (w, a, b) => {
    const { i32, i32x4 } = w.m;
    if (b.splatted !== null) return i32x4[name](a.once(), b.splatted());
    const at = (n: number): Ref => i32[name](i32x4.extract_lane(a.many(), n), i32x4.extract_lane(b.many(), n));
    return [1, 2, 3].reduce((v, n) => i32x4.replace_lane(v, n, at(n)), i32x4.splat(at(0)));
  };
}

/**
 * gemmlowp nudges by ±2^30 and truncates, which for either sign is the floor of (a * b + 2^30) / 2^31. Only the least number
 * squared leaves i32, and only it gives the least number, whose complement is the saturated result.
 */
function doublingHighMultiply(w: Writer, a: Value, b: Value): Ref {
  const { i32, i64 } = w.m;
  const product = i64.mul(i64.extend_s(a.many()), i64.extend_s(b.many()));
  const rounded = i32.wrap(i64.shr_s(i64.add(product, i64.const(1n << 30n)), i64.const(31n)));
  const least = (v: Value): Ref => i32.eq(v.many(), i32.const(-2147483648));
  return i32.xor(rounded, i32.sub(i32.const(0), i32.and(least(a), least(b))));
}

const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

function doublingHighMultiply4(w: Writer, a: Value, b: Value): Ref {
  const { i32, i64, i64x2, i32x4, i8x16, v128 } = w.m;
  const half = (): Ref => i64x2.splat(i64.const(1n << 30n));
  const rounded = (product: Ref): Ref => i64x2.shr_u(i64x2.add(product, half()), i32.const(31));
  const low = rounded(i64x2.extmul_low_i32x4_s(a.many(), b.many()));
  const high = rounded(i64x2.extmul_high_i32x4_s(a.many(), b.many()));
  const least = (v: Value): Ref => i32x4.eq(v.many(), i32x4.splat(i32.const(-2147483648)));
  return v128.xor(i8x16.shuffle(low, high, EVEN_WORDS), v128.and(least(a), least(b)));
}
