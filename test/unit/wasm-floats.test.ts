/**
 * Float operations of the WASM target on every pair of awkward numbers: NaN, infinities, signed zeros, subnormals, halves.
 * Results equal the reference to the last bit; of two zeros a maximum or minimum may give either.
 */
import { expect, test } from "vitest";
import { roundToDType } from "../../compiler/ir/dtype.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { openWasm } from "../../runtime/devices/wasm.ts";
import { toArray } from "../../runtime/nd-array.ts";
import { callOf, dimsOf, loadKernel } from "../support/run-kernel.ts";
import { floats } from "../support/sample-operations.ts";

const NUMBERS = [
  [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, 1e-45, -1e-45, 1.1754944e-38],
  [3.4028234e38, -3.4028234e38, 16777216, 8388607.5, Infinity, -Infinity, Number.NaN],
].flat();

/** fma may be fused, which gives other bits. */
const FREE = new Set(["fma"]);
const EITHER_ZERO = new Set(["max", "min", "max0", "min0"]);

for (const dtype of ["f32", "f64"] as const) {
  test.each([false, true])(`${dtype}, relaxed %s`, async (relaxed) => {
    const { kernel } = floats(dtype);
    const device = await openWasm({ relaxed });
    const pairs = NUMBERS.flatMap((x) => NUMBERS.map((y) => [x, y] as const));
    const column = (n: 0 | 1): NDArray => ({
      dtype,
      shape: [pairs.length],
      data: pairs.map((p) => roundToDType(dtype, p[n])),
    });
    const inputs = new Map(kernel.params.map((p, n) => [p.id, column(n === 0 ? 0 : 1)] as const));
    const dims = dimsOf(kernel, [pairs.length]);
    const { run } = await loadKernel(device, kernel);
    const results = run(callOf(kernel, inputs, dims)).map((t) => toArray(t).data);
    const reference = interpretEquations(kernel, inputs, dims);
    for (const [n, { name }] of kernel.outputs.entries()) {
      if (FREE.has(name)) continue;
      const expected = reference.get(name)?.data ?? [];
      const wrong = expected.flatMap((e, i) => {
        const got = results[n]?.[i];
        const same = Object.is(e, got) || (EITHER_ZERO.has(name) && e === got);
        return same ? [] : [`${name}(${pairs[i]?.join(", ")}) is ${String(got)}, not ${String(e)}`];
      });
      expect(wrong).toEqual([]);
      expect(expected.length).toBe(pairs.length);
    }
  });
}
