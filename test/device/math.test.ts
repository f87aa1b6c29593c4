/**
 * Derived operations on the devices beside WebAssembly, in f32 and, where they have it, f64: within the ulps that their rows
 * promise, where numbers below the normals may count as zero if the target says so.
 */
import { describe, expect, test } from "vitest";
import type { DerivedOp, DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import type { WideFloat } from "../../compiler/ir/math/arithmetic.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import type { Device } from "../../runtime/device.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { anyPair, edgesOf, workingPair } from "../support/math-samples.ts";
import { loadKernel } from "../support/run-kernel.ts";
import { errorInUlps } from "../support/ulps.ts";

/** Values for each operation; not a multiple of the lanes. */
const COUNT = 1501;
const SMALLEST_NORMAL = 2 ** -126;

function operandsOf(op: DerivedOp, format: WideFloat): readonly [readonly number[], readonly number[]] {
  const random = makeRandom(5);
  const edges = edgesOf(format);
  const pairs = Array.from({ length: COUNT }, (_, n) => {
    const edge = edges[n];
    if (edge !== undefined) return [edge, edges[(7 * n) % edges.length] ?? 0] as const;
    return n % 2 === 0 ? anyPair(format, random) : workingPair(op, format, random);
  });
  return [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
}

async function run(
  device: Device,
  op: string,
  format: WideFloat,
  inputs: readonly (readonly number[])[],
): Promise<readonly number[]> {
  const names = ["A", "B"].slice(0, inputs.length);
  const params = names.map((n) => `${n}: ${format}[N]`).join(", ");
  const source = `kernel one(${params}) -> Y: ${format}[N] { Y[i] = ${op}(${names.map((n) => `${n}[i]`).join(", ")}); }`;
  const executable = await loadKernel(device, kernelOf(source, { N: COUNT }));
  const tensors = inputs.map((data): NDArray => ({ dtype: format, shape: [COUNT], data }));
  const outputs = [{ dtype: format, shape: [COUNT], out: null }];
  const [result] = executable.run({ inputs: tensors.map(fromArray), dims: new Map(), outputs });
  return result === undefined ? [] : toArray(await result.cpu()).data.map(Number);
}

/** Where numbers below the normals may count as zero, also inside an expansion, the smallest normal is one ulp. */
function isFlushed(got: number, exact: number): boolean {
  return Math.abs(got - exact) <= 2 * SMALLEST_NORMAL;
}

describe.each(DEVICE_NAMES.filter((n) => n !== "interp" && n !== "wasm"))("%s", (name) => {
  test.for(["f32", "f64"] as const)("derived operations of %s", { timeout: 300_000 }, async (format, context) => {
    const factory = await deviceFactory(name);
    const here = await factory.probe();
    if (!here.available) context.skip(`${name}: ${here.reason}`);
    const device = await factory.open();
    const table: string[] = [];
    try {
      const { subnormals, elems } = device.target.capabilities;
      if (!elems.includes(format)) context.skip(`${name} has no ${format}`);
      for (const op of DERIVED_NAMES) {
        const row: DerivedRow = DERIVED_OPS[op];
        const inputs = operandsOf(op, format).slice(0, row.arity);
        const got = await run(device, op, format, inputs);
        expect(got).toHaveLength(COUNT);
        let worst = 0;
        for (const [n, y] of got.entries()) {
          const [a, b] = [inputs[0]?.[n] ?? 0, inputs[1]?.[n] ?? 0];
          if (!subnormals && [a, b].some((x) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL)) continue;
          // The sign of a zero, and of what was flushed to it, is not the device's to keep.
          if (!subnormals && isFlushed(y, row.reference(a, b))) continue;
          const error = errorInUlps(op, format, y, a, b);
          expect(error, `${op}(${a}, ${b}) is ${y}`).toBeLessThanOrEqual(row.ulps[format]);
          worst = Math.max(worst, error);
        }
        table.push(`${op} ${worst.toFixed(2)}`);
      }
    } finally {
      await device.close();
    }
    console.log(`${name}, ${format}, largest errors in ulp: ${table.join(", ")}`);
  });
});
