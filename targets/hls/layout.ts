/**
 * Names and array types of a program's buffers. Names come from positions (`in0`, `out0`, `work0`): no word of the user
 * enters the code. C has no arrays of length 0: an empty dim becomes 1, and the loops over it do not run. A scalar is an
 * array of one element.
 */
import { DTYPES } from "../../compiler/ir/dtype.ts";
import { evaluateSize } from "../../compiler/ir/evaluate-index.ts";
import type { MachineBuffer, MachineProgram } from "../../compiler/ir/machine.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { CType } from "./c-types.ts";
import { C_BYTES, STORAGE_TYPES } from "./c-types.ts";

export type CArray = {
  /** Its dtype is what the machine sees: f16 and bf16 are u16. */
  readonly buffer: MachineBuffer;
  readonly name: string;
  readonly type: CType;
  /** As the language has it: may be empty, may have zeros. */
  readonly shape: readonly number[];
  /** As C declares it. */
  readonly extents: readonly number[];
  /** Elements that the language counts. */
  readonly count: number;
  /** Bytes of the C array. */
  readonly bytes: number;
};

export type Layout = {
  readonly inputs: readonly CArray[];
  readonly outputs: readonly CArray[];
  readonly scratch: readonly CArray[];
  readonly byId: ReadonlyMap<string, CArray>;
};

/** The dims of the program are constants (capabilities.constantDims). */
export function layoutOf(program: MachineProgram): Layout {
  const named = (space: MachineBuffer["space"], prefix: string): readonly CArray[] =>
    program.buffers.filter((b) => b.space === space).map((b, n) => arrayOf(b, `${prefix}${n}`));
  const [inputs, outputs, scratch] = [named("input", "in"), named("output", "out"), named("scratch", "work")];
  return { inputs, outputs, scratch, byId: new Map([...inputs, ...outputs, ...scratch].map((a) => [a.buffer.id, a])) };
}

function arrayOf(buffer: MachineBuffer, name: string): CArray {
  const shape = buffer.extent.map((e) => Math.max(0, evaluateSize(e, new Map())));
  const extents = shape.length === 0 ? [1] : shape.map((n) => Math.max(1, n));
  const type = known(STORAGE_TYPES[buffer.dtype], `a C type for ${DTYPES[buffer.dtype].bits}-bit elements`);
  const count = shape.reduce((n, extent) => n * extent, 1);
  return { buffer, name, type, shape, extents, count, bytes: extents.reduce((n, e) => n * e, C_BYTES[type]) };
}

/** `float in0[3][5]`: a declaration, or a parameter. */
export function declarator(a: CArray, name = a.name): string {
  return `${a.type} ${name}${a.extents.map((n) => `[${n}]`).join("")}`;
}

/** Inputs are const; what a kernel writes is not, nor is scratch that one nest only reads: C99 does not convert such arrays. */
export function parameter(a: CArray): string {
  return a.buffer.space === "input" ? `const ${declarator(a)}` : declarator(a);
}
