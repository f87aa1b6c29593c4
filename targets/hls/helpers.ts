/**
 * The static functions that generated C may call: what C99 leaves undefined (overflow, a zero divisor, a float that fits no
 * integer) or would take from libm (floor, sqrt, …). Only those that a kernel calls are printed. All are total: they give some
 * value for every operand, since both sides of a branch may be computed.
 *
 * Square root: digit by digit, two bits of the significand at a time, then rounded to nearest; a root of p bits is never
 * half-way between two floats of p bits, so ties cannot occur. Source: the schoolbook method, as in fdlibm's e_sqrt.c.
 * HLS users may replace `f32_sqrt` by their tool's operator: it is the same function.
 */
import { known } from "../../compiler/support/invariant.ts";

type Row = {
  /** Helpers that it calls itself. */
  readonly needs: readonly string[];
  readonly text: string;
};

type Whole = { readonly e: "i32" | "i64"; readonly bits: 32 | 64; readonly c: string; readonly u: string };
const I32: Whole = { e: "i32", bits: 32, c: "int32_t", u: "uint32_t" };
const I64: Whole = { e: "i64", bits: 64, c: "int64_t", u: "uint64_t" };

const line = (text: string, ...needs: readonly string[]): Row => ({ needs, text });

/** `static T name(params) { return value; }` */
const returns = (type: string, name: string, params: string, value: string, ...needs: readonly string[]): Row =>
  line(`static ${type} ${name}(${params})\n{\n  return ${value};\n}`, ...needs);

/** Signed arithmetic that may overflow where its result is not used: computed unsigned, which wraps. */
const wrapping = ({ e, c, u }: Whole, name: string, sign: string): Row =>
  returns(c, `${e}_${name}`, `${c} a, ${c} b`, `(${c})((${u})a ${sign} (${u})b)`);

const negation = ({ e, c, u }: Whole): Row => returns(c, `${e}_neg`, `${c} a`, `(${c})(0u - (${u})a)`);

const absolute = (k: Whole): Row => returns(k.c, `${k.e}_abs`, `${k.c} a`, `a < 0 ? ${k.e}_neg(a) : a`, `${k.e}_neg`);

const floorDivision = ({ e, c, u }: Whole): Row =>
  line(`static ${c} ${e}_floor_div(${c} a, ${c} b)
{
  const ${c} d = (b == 0 || b == -1) ? 1 : b;
  const ${c} q = a / d;
  const ${c} r = a % d;
  const ${c} floored = (r != 0 && (r < 0) != (d < 0)) ? q - 1 : q;
  return b == -1 ? (${c})(0u - (${u})a) : floored;
}`);

const floorRemainder = ({ e, c }: Whole): Row =>
  line(`static ${c} ${e}_floor_mod(${c} a, ${c} b)
{
  const ${c} d = (b == 0 || b == -1) ? 1 : b;
  const ${c} r = a % d;
  return (r != 0 && (r < 0) != (d < 0)) ? r + d : r;
}`);

const unsignedDivision = (e: string, c: string, name: string, sign: string): Row =>
  returns(c, `${e}_${name}`, `${c} a, ${c} b`, `b == 0 ? 0 : a ${sign} b`);

const ordered = (e: string, c: string, name: "max" | "min"): Row =>
  returns(c, `${e}_${name}`, `${c} a, ${c} b`, `a ${name === "max" ? ">" : "<"} b ? a : b`);

/** A NaN in `a` is caught by `a != a`; one in `b` makes the comparison false. */
const orderedFloats = (e: string, c: string, name: "max" | "min"): Row =>
  returns(c, `${e}_${name}`, `${c} a, ${c} b`, `(a ${name === "max" ? ">" : "<"} b || a != a) ? a : b`);

const popcount = (e: "u32" | "u64"): Row => {
  const wide = e === "u64";
  const c = wide ? "uint64_t" : "uint32_t";
  const every = (byte: string): string => (wide ? `UINT64_C(0x${byte.repeat(8)})` : `0x${byte.repeat(4)}u`);
  return line(`static ${c} ${e}_popcount(${c} a)
{
  const ${c} pairs = a - ((a >> 1) & ${every("55")});
  const ${c} nibbles = (pairs & ${every("33")}) + ((pairs >> 2) & ${every("33")});
  const ${c} bytes = (nibbles + (nibbles >> 4)) & ${every("0f")};
  return (bytes * ${every("01")}) >> ${wide ? 56 : 24};
}`);
};

/** How a float type is laid out: significand bits without the hidden one, exponent bias, and C's words for its integer. */
type Layout = {
  readonly e: "f32" | "f64";
  readonly c: string;
  readonly u: string;
  readonly fraction: number;
  readonly bias: number;
  readonly one: string;
  readonly exponent: string;
  readonly f: string;
};
const F32: Layout = {
  e: "f32",
  c: "float",
  u: "uint32_t",
  fraction: 23,
  bias: 127,
  one: "1u",
  exponent: "0xffu",
  f: "f",
};
const F64: Layout = {
  e: "f64",
  c: "double",
  u: "uint64_t",
  fraction: 52,
  bias: 1023,
  one: "UINT64_C(1)",
  exponent: "0x7ffu",
  f: "",
};

const fromBits = ({ e, c, u }: Layout): Row =>
  line(`static ${c} ${e}_from_bits(${u} bits)
{
  union { ${u} bits; ${c} value; } both;
  both.bits = bits;
  return both.value;
}`);

const toBits = ({ e, c, u }: Layout): Row =>
  line(`static ${u} ${e}_to_bits(${c} value)
{
  union { ${u} bits; ${c} value; } both;
  both.value = value;
  return both.bits;
}`);

const absoluteFloat = ({ e, c, u, one, fraction }: Layout): Row => {
  const sign = `((${u})${one} << ${fraction === 23 ? 31 : 63})`;
  const value = `${e}_from_bits(${e}_to_bits(a) & ~${sign})`;
  return returns(c, `${e}_abs`, `${c} a`, value, `${e}_from_bits`, `${e}_to_bits`);
};

/** Clears the bits behind the point. NaNs, infinities and whole numbers come back as they are, and -0 keeps its sign. */
const truncation = ({ e, c, u, one, fraction, bias, exponent }: Layout): Row =>
  line(
    `static ${c} ${e}_trunc(${c} a)
{
  const ${u} bits = ${e}_to_bits(a);
  const int32_t exponent = (int32_t)((bits >> ${fraction}) & ${exponent}) - ${bias};
  const ${u} sign = (${u})${one} << ${fraction === 23 ? 31 : 63};
  const uint32_t places = exponent < 0 || exponent > ${fraction} ? 0u : (uint32_t)(${fraction} - exponent);
  const ${u} behind = ((${u})${one} << places) - ${one};
  return exponent > ${fraction} ? a : ${e}_from_bits(exponent < 0 ? bits & sign : bits & ~behind);
}`,
    `${e}_from_bits`,
    `${e}_to_bits`,
  );

const floorOf = ({ e, c, f }: Layout): Row =>
  line(
    `static ${c} ${e}_floor(${c} a)
{
  const ${c} whole = ${e}_trunc(a);
  return whole > a ? whole - 1.0${f} : whole;
}`,
    `${e}_trunc`,
  );

const ceilOf = ({ e, c, f }: Layout): Row =>
  line(
    `static ${c} ${e}_ceil(${c} a)
{
  const ${c} whole = ${e}_trunc(a);
  return whole < a ? whole + 1.0${f} : whole;
}`,
    `${e}_trunc`,
  );

/** Half to even. An operand with a fraction of a half is far below 2^31 (f32) or 2^63 (f64). */
const roundOf = ({ e, c, u, f }: Layout): Row => {
  const whole = u.replace("u", "");
  return line(
    `static ${c} ${e}_round(${c} a)
{
  const ${c} whole = ${e}_trunc(a);
  const ${c} behind = a > whole ? a - whole : whole - a;
  const bool tie = behind == 0.5${f};
  const bool odd = tie && ((${whole})whole % 2) != 0;
  const ${c} away = a < 0.0${f} ? whole - 1.0${f} : whole + 1.0${f};
  return (behind > 0.5${f} || odd) ? away : whole;
}`,
    `${e}_trunc`,
  );
};

/** The root has one bit more than the significand, for rounding; its two operands come from above, zeros after them. */
const squareRoot = ({ e, c, u, fraction, bias, one, exponent }: Layout): Row => {
  const zero = one.replace("1", "0");
  const top = fraction + 1;
  return line(
    `static ${c} ${e}_sqrt(${c} a)
{
  const ${u} bits = ${e}_to_bits(a);
  int32_t exponent = (int32_t)((bits >> ${fraction}) & ${exponent}) - ${bias};
  ${u} significand = bits & (((${u})${one} << ${fraction}) - ${one});
  ${u} root = ${zero};
  ${u} rest = ${zero};
  const bool special = !(a > ${fraction === 23 ? "0.0f" : "0.0"}) || exponent == ${bias + 1};
  const ${c} unusual = (a == a && a < ${fraction === 23 ? "0.0f" : "0.0"}) ? ${e}_from_bits(${
    fraction === 23 ? "0x7fc00000u" : "UINT64_C(0x7ff8000000000000)"
  }) : a;
  if (exponent == -${bias}) {
    exponent = ${1 - bias};
    ${e}_sqrt_normalise: for (int32_t i = 0; i < ${fraction}; i++) {
      if (significand >> ${fraction} == ${zero}) {
        significand <<= 1;
        exponent--;
      }
    }
  } else {
    significand |= (${u})${one} << ${fraction};
  }
  if (exponent % 2 != 0) {
    significand <<= 1;
    exponent--;
  }
  ${e}_sqrt_digits: for (int32_t i = 0; i < ${fraction + 2}; i++) {
    const ${u} digits = (significand >> ${fraction}) & 3u;
    const ${u} trial = (root << 2) | ${one};
    significand = (significand << 2) & (((${u})${one} << ${top + 1}) - ${one});
    rest = (rest << 2) | digits;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= ${one};
    }
  }
  root = (root + ${one}) >> 1;
  return special ? unusual
                 : ${e}_from_bits(root + ((${u})(exponent / 2 + ${bias - 1}) << ${fraction}));
}`,
    `${e}_from_bits`,
    `${e}_to_bits`,
  );
};

/** Truncates; what lies outside goes to the nearest end, NaN to 0. `past` is the first value above the range. */
const toSigned = (e: string, c: string, { e: to, c: whole, bits }: Whole): Row => {
  const past = `${bits === 32 ? "2147483648.0" : "9223372036854775808.0"}${e === "f32" ? "f" : ""}`;
  return line(`static ${whole} ${e}_to_${to}(${c} a)
{
  return a != a ? 0 : a >= ${past} ? INT${bits}_MAX : a < -${past} ? INT${bits}_MIN : (${whole})a;
}`);
};

const toUnsigned = (e: string, c: string, bits: 32 | 64): Row => {
  const past = `${bits === 32 ? "4294967296.0" : "18446744073709551616.0"}${e === "f32" ? "f" : ""}`;
  return line(`static uint${bits}_t ${e}_to_u${bits}(${c} a)
{
  return !(a > ${e === "f32" ? "0.0f" : "0.0"}) ? 0u : a >= ${past} ? UINT${bits}_MAX : (uint${bits}_t)a;
}`);
};

const doublingHighMultiply = line(`static int32_t i32_doubling_high_multiply(int32_t a, int32_t b)
{
  const int64_t product = (int64_t)a * (int64_t)b;
  const int64_t nudge = product >= 0 ? INT64_C(1073741824) : -INT64_C(1073741823);
  const int64_t high = (product + nudge) / INT64_C(2147483648);
  return high > INT64_C(2147483647) ? INT32_MAX : (int32_t)high;
}`);

const HELPERS = {
  i32_add: wrapping(I32, "add", "+"),
  i32_sub: wrapping(I32, "sub", "-"),
  i32_mul: wrapping(I32, "mul", "*"),
  i32_neg: negation(I32),
  i32_abs: absolute(I32),
  i32_max: ordered("i32", "int32_t", "max"),
  i32_min: ordered("i32", "int32_t", "min"),
  i32_floor_div: floorDivision(I32),
  i32_floor_mod: floorRemainder(I32),
  i32_doubling_high_multiply: doublingHighMultiply,
  i64_add: wrapping(I64, "add", "+"),
  i64_sub: wrapping(I64, "sub", "-"),
  i64_mul: wrapping(I64, "mul", "*"),
  i64_neg: negation(I64),
  i64_abs: absolute(I64),
  i64_max: ordered("i64", "int64_t", "max"),
  i64_min: ordered("i64", "int64_t", "min"),
  i64_floor_div: floorDivision(I64),
  i64_floor_mod: floorRemainder(I64),
  u32_max: ordered("u32", "uint32_t", "max"),
  u32_min: ordered("u32", "uint32_t", "min"),
  u32_floor_div: unsignedDivision("u32", "uint32_t", "floor_div", "/"),
  u32_floor_mod: unsignedDivision("u32", "uint32_t", "floor_mod", "%"),
  u32_popcount: popcount("u32"),
  u64_max: ordered("u64", "uint64_t", "max"),
  u64_min: ordered("u64", "uint64_t", "min"),
  u64_floor_div: unsignedDivision("u64", "uint64_t", "floor_div", "/"),
  u64_floor_mod: unsignedDivision("u64", "uint64_t", "floor_mod", "%"),
  u64_popcount: popcount("u64"),
  f32_from_bits: fromBits(F32),
  f32_to_bits: toBits(F32),
  f32_abs: absoluteFloat(F32),
  f32_max: orderedFloats("f32", "float", "max"),
  f32_min: orderedFloats("f32", "float", "min"),
  f32_trunc: truncation(F32),
  f32_floor: floorOf(F32),
  f32_ceil: ceilOf(F32),
  f32_round: roundOf(F32),
  f32_sqrt: squareRoot(F32),
  f32_to_i32: toSigned("f32", "float", I32),
  f32_to_u32: toUnsigned("f32", "float", 32),
  f32_to_i64: toSigned("f32", "float", I64),
  f32_to_u64: toUnsigned("f32", "float", 64),
  f64_from_bits: fromBits(F64),
  f64_to_bits: toBits(F64),
  f64_abs: absoluteFloat(F64),
  f64_max: orderedFloats("f64", "double", "max"),
  f64_min: orderedFloats("f64", "double", "min"),
  f64_trunc: truncation(F64),
  f64_floor: floorOf(F64),
  f64_ceil: ceilOf(F64),
  f64_round: roundOf(F64),
  f64_sqrt: squareRoot(F64),
  f64_to_i32: toSigned("f64", "double", I32),
  f64_to_u32: toUnsigned("f64", "double", 32),
  f64_to_i64: toSigned("f64", "double", I64),
  f64_to_u64: toUnsigned("f64", "double", 64),
} as const satisfies Record<string, Row>;

export type Helper = keyof typeof HELPERS;

/** Every helper, in the order they are printed in: callees before callers. */
export const HELPER_NAMES: readonly Helper[] = Object.keys(HELPERS).filter(isHelper);

function isHelper(name: string): name is Helper {
  return Object.hasOwn(HELPERS, name);
}

/** The C of these helpers and of what they call, in a fixed order. */
export function helperText(used: ReadonlySet<Helper>): readonly string[] {
  const wanted = new Set<string>();
  const want = (name: string): void => {
    wanted.add(name);
    for (const needed of rowOf(name).needs) want(needed);
  };
  for (const name of used) want(name);
  return HELPER_NAMES.filter((name) => wanted.has(name)).map((name) => rowOf(name).text);
}

function rowOf(name: string): Row {
  return known(isHelper(name) ? HELPERS[name] : null, `helper ${name}`);
}
