/**
 * Runs kernels of equations on a device and compares what comes back with the reference interpreter: for tests of targets
 * that start below the front end.
 */
import { expect } from "vitest";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import type { Call, Device, Executable } from "../../runtime/device.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { randomArray } from "./nd-array.ts";

/** The kernel's dims by id, from values in the kernel's order. */
export function dimsOf(kernel: Kernel, sizes: readonly number[]): ReadonlyMap<string, bigint> {
  return new Map(kernel.dims.map((d, n) => [d.id, BigInt(sizes[n] ?? 0)] as const));
}

/** Inputs for the kernel at these dims, the same for the same seed. */
export function randomInputs(
  kernel: Kernel,
  dims: ReadonlyMap<string, bigint>,
  seed = 11,
): ReadonlyMap<string, NDArray> {
  return new Map(
    kernel.params.map((p, n) => [p.id, randomArray(p.dtype, evaluateShape(p.dims, dims), seed + n)] as const),
  );
}

export async function loadKernel(device: Device, kernel: Kernel): Promise<Executable> {
  return device.load(await device.target.emit(lowerToMachine(kernel, device.target)), kernel);
}

/** A call of a kernel with these inputs, by parameter id. */
export function callOf(
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  outs: readonly (Tensor | null)[] = [],
): Call {
  const reference = interpretWithErrors(kernel, inputs, dims);
  return {
    inputs: kernel.params.map((p) => fromArray(present(inputs.get(p.id)))),
    dims,
    outputs: [...reference.values()].map(({ array }, n) => ({
      dtype: array.dtype,
      shape: array.shape,
      out: outs[n] ?? null,
    })),
  };
}

/** Runs a loaded kernel and expects what the reference gives, floats within `ulp` of the language's error scale. */
export function expectReference(
  executable: Executable,
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  ulp = 2,
): readonly Tensor[] {
  const results = executable.run(callOf(kernel, inputs, dims));
  const reference = [...interpretWithErrors(kernel, inputs, dims).values()];
  for (const [n, { array, errors }] of reference.entries()) {
    const got = toArray(present(results[n]));
    expect(got.shape).toEqual(array.shape);
    const at = compareToReference(got, array, errors, ulp).first;
    expect(at, `output ${n} of ${kernel.name} at ${[...dims.values()].join(", ")}`).toBe(null);
  }
  return results;
}

function present<T>(x: T | undefined): T {
  if (x === undefined) throw new Error("a value is missing");
  return x;
}
