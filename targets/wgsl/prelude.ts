/**
 * Functions that WGSL lacks, each emitted only where it is called. Operands come as parameters, so that a constant operand
 * is no constant expression in them: those a shader may not overflow, divide by zero or reinterpret as an infinity.
 */

/** The source of each function, by its name. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  // Division truncates: one less where the remainder has the other sign than the divisor.
  floor_div_i32: `fn floor_div_i32(a: i32, b: i32) -> i32 {
  let r = a % b;
  return select(a / b, a / b - 1i, r != 0i && (r ^ b) < 0i);
}`,
  floor_div_u32: `fn floor_div_u32(a: u32, b: u32) -> u32 {
  return a / b;
}`,
  floor_mod_i32: `fn floor_mod_i32(a: i32, b: i32) -> i32 {
  let r = a % b;
  return select(r, r + b, r != 0i && (r ^ b) < 0i);
}`,
  floor_mod_u32: `fn floor_mod_u32(a: u32, b: u32) -> u32 {
  return a % b;
}`,
  // The 64-bit product of the magnitudes by 16-bit limbs, the nudge, and a shift right by 31. A negative product is nudged by
  // one less, so that halves go away from zero as in gemmlowp. Only the least number squared leaves i32.
  doubling_high_multiply: `fn doubling_high_multiply(a: i32, b: i32) -> i32 {
  let negative = (a ^ b) < 0i;
  let x = bitcast<u32>(abs(a));
  let y = bitcast<u32>(abs(b));
  let low_low = (x & 0xffffu) * (y & 0xffffu);
  let low_high = (x & 0xffffu) * (y >> 16u);
  let high_low = (x >> 16u) * (y & 0xffffu);
  let middle = (low_low >> 16u) + (low_high & 0xffffu) + (high_low & 0xffffu);
  let low = (low_low & 0xffffu) | (middle << 16u);
  let high = (x >> 16u) * (y >> 16u) + (low_high >> 16u) + (high_low >> 16u) + (middle >> 16u);
  let nudged = low + select(0x40000000u, 0x3fffffffu, negative);
  let carried = high + select(0u, 1u, nudged < low);
  let magnitude = bitcast<i32>((carried << 1u) | (nudged >> 31u));
  if (carried >= 0x40000000u) {
    return 0x7fffffffi;
  }
  return select(magnitude, -magnitude, negative);
}`,
  // From bits: infinities, NaNs, -0 and subnormal numbers cannot be written as numbers everywhere.
  f32_of: `fn f32_of(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}`,
  // Truncates, saturates, NaN to 0: decided on the bits, since WGSL leaves what is out of range to the machine.
  saturate_i32: `fn saturate_i32(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  let end = select(0x7fffffffi, i32(-2147483648), bits >= 0x80000000u);
  return select(select(i32(x), end, magnitude >= 0x4f000000u), 0i, magnitude > 0x7f800000u);
}`,
  saturate_u32: `fn saturate_u32(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let inside = select(u32(x), 0xffffffffu, bits >= 0x4f800000u);
  return select(inside, 0u, bits > 0x7f800000u);
}`,
  // An element of 8 or 16 bits in its word, the first one lowest.
  i8_in: `fn i8_in(word: u32, at: i32) -> i32 {
  return extractBits(bitcast<i32>(word), 8u * (bitcast<u32>(at) & 3u), 8u);
}`,
  u8_in: `fn u8_in(word: u32, at: i32) -> i32 {
  return bitcast<i32>(extractBits(word, 8u * (bitcast<u32>(at) & 3u), 8u));
}`,
  i16_in: `fn i16_in(word: u32, at: i32) -> i32 {
  return extractBits(bitcast<i32>(word), 16u * (bitcast<u32>(at) & 1u), 16u);
}`,
  u16_in: `fn u16_in(word: u32, at: i32) -> i32 {
  return bitcast<i32>(extractBits(word, 16u * (bitcast<u32>(at) & 1u), 16u));
}`,
};

/** The functions that `code` calls, in a fixed order. None of them calls another. */
export function preludeFor(code: string): readonly string[] {
  return Object.entries(FUNCTIONS).flatMap(([name, source]) => (code.includes(`${name}(`) ? [source] : []));
}
