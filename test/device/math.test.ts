/**
 * Derived operations on the devices beside WebAssembly: within the ulps that their rows promise, where
 * numbers below the normals may count as zero if the target says so.
 */
import { describe, expect, test } from "vitest";
import type { DerivedRow } from "../../compiler/ir/derived-ops.ts";
import { DERIVED_NAMES, DERIVED_OPS } from "../../compiler/ir/derived-ops.ts";
import { ulp } from "../../compiler/ir/dtype.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import type { Device } from "../../runtime/device.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import { DEVICE_NAMES, deviceFactory } from "../../runtime/node/devices.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { floatFromBits } from "../support/number-arithmetic.ts";
import { loadKernel } from "../support/run-kernel.ts";

const COUNT = 1500;
const SMALLEST_NORMAL = 2 ** -126;

function operands(seed: number): readonly number[] {
  const random = makeRandom(seed);
  const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, Math.fround(88.8), -103, 16367173 * 2 ** 72];
  return Array.from({ length: COUNT }, (_, n) => {
    const wild = special[n] ?? floatFromBits((random() * 2 ** 32) | 0);
    return n % 2 === 0 || n < special.length ? wild : Math.fround(random() * 40 - 20);
  });
}

async function run(device: Device, op: string, inputs: readonly (readonly number[])[]): Promise<readonly number[]> {
  const names = ["A", "B"].slice(0, inputs.length);
  const params = names.map((n) => `${n}: f32[N]`).join(", ");
  const source = `kernel one(${params}) -> Y: f32[N] { Y[i] = ${op}(${names.map((n) => `${n}[i]`).join(", ")}); }`;
  const executable = await loadKernel(device, kernelOf(source, { N: COUNT }));
  const tensors = inputs.map((data): NDArray => ({ dtype: "f32", shape: [COUNT], data }));
  const outputs = [{ dtype: "f32" as const, shape: [COUNT], out: null }];
  const [result] = executable.run({ inputs: tensors.map(fromArray), dims: new Map(), outputs });
  return result === undefined ? [] : toArray(await result.cpu()).data.map(Number);
}

/** In ulps; where numbers below the normals may count as zero, also inside an expansion, the smallest normal is one. */
function errorOf(got: number, exact: number, subnormals: boolean): number {
  const nearest = Math.fround(exact);
  if (Object.is(got, nearest) || (got === 0 && nearest === 0)) return 0;
  const unit = Math.max(ulp("f32", Math.min(Math.abs(nearest), 2 ** 127)), subnormals ? 0 : SMALLEST_NORMAL);
  const [a = 0, b = 0] = [got, exact].map((x) => Math.max(-(2 ** 128), Math.min(2 ** 128, x)));
  return Math.abs(a - b) / unit;
}

describe.each(DEVICE_NAMES.filter((n) => n !== "interp" && n !== "wasm"))("%s", (name) => {
  test("derived operations", { timeout: 300_000 }, async (context) => {
    const factory = await deviceFactory(name);
    const here = await factory.probe();
    if (!here.available) context.skip(`${name}: ${here.reason}`);
    const device = await factory.open();
    const { subnormals } = device.target.capabilities;
    const table: string[] = [];
    try {
      for (const op of DERIVED_NAMES) {
        const row: DerivedRow = DERIVED_OPS[op];
        const inputs = [operands(5), operands(6)].slice(0, row.arity);
        const got = await run(device, op, inputs);
        expect(got).toHaveLength(COUNT);
        let worst = 0;
        for (const [n, y] of got.entries()) {
          const [a, b] = [inputs[0]?.[n] ?? 0, inputs[1]?.[n] ?? 0];
          if (!subnormals && [a, b].some((x) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL)) continue;
          const error = errorOf(y, row.reference(a, b), subnormals);
          expect(error, `${op}(${a}, ${b}) is ${y}`).toBeLessThanOrEqual(row.ulps);
          worst = Math.max(worst, error);
        }
        table.push(`${op} ${worst.toFixed(2)}`);
      }
    } finally {
      await device.close();
    }
    console.log(`${name}, largest errors in ulp: ${table.join(", ")}`);
  });
});
