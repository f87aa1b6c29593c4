/**
 * Generated modules write their outputs and scratch and nothing else, at any alignment, and what lies in the spare bytes
 * behind a buffer never shows in a result.
 */
import { expect, test } from "vitest";
import { compareToReference } from "../../compiler/ir/compare.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { outputsOf } from "../../targets/shared/manifest.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { runWithCanaries } from "../support/canaries.ts";
import { dimsOf, randomInputs } from "../support/run-kernel.ts";
import { sampleKernels } from "../support/sample-kernels.ts";

const target = wasmTarget({ relaxed: false });

test.each(sampleKernels())("$name", async ({ kernel, sizes }) => {
  const artifact = await target.emit(lowerToMachine(kernel, target));
  const dtypes = outputsOf(kernel).map((o) => o.dtype);
  for (const [n, size] of sizes.entries()) {
    const dims = dimsOf(kernel, size);
    const inputs = randomInputs(kernel, dims, 23);
    const options = { skew: n % 2, packed: n % 3 === 0, dtypes };
    const { outputs, damaged } = await runWithCanaries(artifact, inputs, dims, options);
    expect(damaged, `at ${size.join(", ")}`).toEqual([]);
    for (const [o, { array, errors }] of [...interpretWithErrors(kernel, inputs, dims).values()].entries()) {
      const got = outputs[o];
      if (got === undefined) throw new Error("an output is missing");
      expect(compareToReference(got, array, errors, 2).first, `output ${o} at ${size.join(", ")}`).toBe(null);
    }
  }
});
