/** Between tensors and the plain arrays that interpreters and comparisons work on. */
import { ARRAYS, byteLength } from "../compiler/ir/dtype.ts";
import type { DType } from "../compiler/ir/dtype.ts";
import { readElement, writeElement } from "../compiler/ir/elements.ts";
import type { ConstValue } from "../compiler/ir/expr.ts";
import type { NDArray } from "../compiler/ir/values.ts";
import { Tensor } from "./tensor.ts";

/** The elements of a CPU tensor as plain values: bools as booleans, f16 and bf16 as the numbers they stand for. */
export function toArray(t: Tensor): NDArray {
  const { elements } = t;
  const values = Array.from({ length: t.size }, (_, i) => valueAt(t.dtype, readElement(t.dtype, elements, i)));
  return { dtype: t.dtype, shape: t.shape, data: values };
}

function valueAt(dtype: DType, element: number | bigint): ConstValue {
  return dtype === "bool" ? Boolean(element) : element;
}

/** The other way; values are already rounded to the dtype. */
export function fromArray(a: NDArray): Tensor {
  const array = new ARRAYS[a.dtype](byteLength(a.dtype, a.data.length) / ARRAYS[a.dtype].BYTES_PER_ELEMENT);
  for (const [i, v] of a.data.entries()) writeElement(a.dtype, array, i, typeof v === "boolean" ? Number(v) : v);
  return Tensor.over(a.dtype, a.shape, { kind: "cpu", array });
}
