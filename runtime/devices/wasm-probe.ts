/**
 * What this WebAssembly engine can do: SIMD at all, and relaxed SIMD, asked by validating a module and by running it.
 * Validation alone would trust an engine whose relaxed instructions are wrong.
 */

// (module (func (export "f") (param f32 f32 f32) (result f32)
//   (f32x4.extract_lane 0 (f32x4.relaxed_madd (f32x4.splat …) (f32x4.splat …) (f32x4.splat …)))))
const RELAXED_MADD = joined(
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  [0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d],
  [0x03, 0x02, 0x01, 0x00],
  [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  [0x0a, 0x16, 0x01, 0x14, 0x00],
  [0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13, 0x20, 0x02, 0xfd, 0x13],
  [0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b],
);

// (module (func (result v128) (i32x4.splat (i32.const 0))))
const SIMD = joined(
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  [0x03, 0x02, 0x01, 0x00],
  [0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x11, 0x0b],
);

export function hasSimd(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(SIMD);
}

/** True where relaxed multiply-add exists and rounds once or twice, as it may; anything else is a fault of the engine. */
export async function hasRelaxedMadd(): Promise<boolean> {
  if (!hasSimd() || !WebAssembly.validate(RELAXED_MADD)) return false;
  const { instance } = await WebAssembly.instantiate(RELAXED_MADD);
  const { f } = instance.exports;
  if (typeof f !== "function") return false;
  // (1 + e)² - (1 + 2e) is e² where it is fused, and 0 where the square was rounded; e = 2^-12.
  const x = 1 + 2 ** -12;
  const results: readonly unknown[] = [f(x, x, -(1 + 2 ** -11)), f(3, 5, 7), f(Number.NaN, 1, 1), f(-2, 0.5, 1)];
  const [fused, exact, nan, zero] = results;
  return (fused === 0 || fused === 2 ** -24) && exact === 22 && Number.isNaN(nan) && zero === 0;
}

function joined(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(sections.flat());
}
