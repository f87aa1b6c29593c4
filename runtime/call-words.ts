/**
 * How refusals of a call tell the way out: a program passes values by name, a command line gives options. What is wrong is
 * the same for both; arguments.ts finds it.
 */
import type { DType } from "../compiler/ir/dtype.ts";
import { DTYPES } from "../compiler/ir/dtype.ts";
import type { Tensor as Param } from "../compiler/ir/equations.ts";
import { counted } from "./refuse.ts";

export type CallWords = {
  /** A parameter that nothing gives. */
  readonly giveParam: (p: Param) => string;
  /** A dim that no shape says. */
  readonly giveDim: (name: string) => string;
  /** Ways from another dtype to this one. */
  readonly convert: (dtype: DType) => readonly string[];
  /** A number where a tensor is wanted. */
  readonly fill: (p: Param) => string;
  /** Where a dim's size stands that was given by its name. */
  readonly ofDim: (name: string) => string;
};

export const IN_A_PROGRAM: CallWords = {
  giveParam: (p) => `pass ${p.name}: a tensor of ${describeParam(p)}`,
  giveDim: (name) => `pass ${name}: a whole number`,
  convert: (dtype) => [inNumPy(dtype), `or here: Tensor.from(t.toArray(), { dtype: "${dtype}" })`],
  fill: () => "make it a tensor: Tensor.full(shape, value)",
  ofDim: (name) => `the argument ${name}`,
};

export const ON_A_COMMAND_LINE: CallWords = {
  giveParam: ({ name, ...p }) =>
    p.dims.length === 0
      ? `give --in ${name}=…: a number`
      : `give --in ${name}=…: a file of ${describeParam(p)}, or random, zeros or a number`,
  giveDim: (name) => `give --dim ${name}=…`,
  convert: (dtype) => [inNumPy(dtype)],
  fill: ({ name }) => `give --in ${name}=FILE`,
  ofDim: (name) => `--dim ${name}`,
};

function inNumPy(dtype: DType): string {
  return `convert it in NumPy: .astype("${DTYPES[dtype].numpy ?? dtype}")`;
}

/** `f32 with 2 dims` */
export function describeParam({ dtype, dims }: Pick<Param, "dtype" | "dims">): string {
  return dims.length === 0 ? `${dtype} (a scalar)` : `${dtype} with ${counted(dims.length, "dim")}`;
}
