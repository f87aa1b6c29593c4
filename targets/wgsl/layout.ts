/**
 * The interface of a WGSL module, which its printer, the device and the files of an ahead-of-time build must see alike:
 * binding 0 is a uniform of 32-bit words, the dims first, then where each scratch buffer starts in the arena; after it come the
 * inputs, the outputs and last the arena, one storage buffer for all scratch. All storage is words of 32 bits; narrower elements
 * lie packed in them, the first lowest, so that buffers look as typed arrays do. Each function is one launch.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES } from "../../compiler/ir/dtype.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import type { MachineBuffer, MachineFunction, MachineProgram } from "../../compiler/ir/machine.ts";
import { visitInstructions } from "../../compiler/ir/walk-machine.ts";
import { INVOCATION } from "../../compiler/passes/select/select.ts";
import { InternalError, invariant, known } from "../../compiler/support/invariant.ts";

/** Invocations of a workgroup. */
export const WORKGROUP = 64;

export type Access = "uniform" | "read" | "read_write";

/** One call of an entry point. */
export type Launch = {
  readonly entry: string;
  /** Extents whose product is the number of elements computed; empty: one. */
  readonly grid: readonly Expr[];
  /** Elements that one invocation computes, so that it fills whole words of packed outputs. */
  readonly elements: 1 | 2 | 4;
  /** Invocations of one workgroup: 1 or {@link WORKGROUP}. */
  readonly workgroup: number;
  /** The bindings of its layout, ascending. */
  readonly bindings: readonly { readonly binding: number; readonly access: Access }[];
};

/** Where a buffer of the program is. */
export type BufferPlace = {
  readonly buffer: MachineBuffer;
  /** Its position in the program. */
  readonly number: number;
  /** The module's variable that holds it. */
  readonly variable: string;
  readonly binding: number;
  /** Position in the uniform of the word that says where in the arena it starts; null: it is a binding of its own. */
  readonly startsAt: number | null;
  readonly perWord: 1 | 2 | 4;
};

export type WgslLayout = {
  /** Ids of the dims, in the order of the uniform's words. */
  readonly dims: readonly string[];
  /** Of the uniform: one for each dim and each scratch buffer. */
  readonly words: number;
  readonly buffers: ReadonlyMap<string, BufferPlace>;
  /** Its binding; null where nothing is scratch. */
  readonly arena: number | null;
  readonly launches: readonly Launch[];
};

/** Elements of a dtype in a 32-bit word. */
function perWord(dtype: DType): 1 | 2 | 4 {
  const { storageBits } = DTYPES[dtype];
  if (storageBits === 32) return 1;
  if (storageBits === 16) return 2;
  if (storageBits === 8) return 4;
  throw new InternalError(`a buffer of ${dtype} for WGSL`);
}

export function layoutOf(program: MachineProgram): WgslLayout {
  const arena = program.buffers.filter((b) => b.space !== "scratch").length + 1;
  let words = program.dims.length;
  const places = program.buffers.map((buffer, number): BufferPlace => {
    const shared = { buffer, number, perWord: perWord(buffer.dtype) };
    if (buffer.space !== "scratch") return { ...shared, variable: `b${number}`, binding: number + 1, startsAt: null };
    return { ...shared, variable: "arena", binding: arena, startsAt: words++ };
  });
  const buffers = new Map(places.map((p) => [p.buffer.id, p]));
  const dims = program.dims.map((d) => d.id);
  const launches = program.functions.map((fn) => launchOf(fn, buffers));
  return { dims, words, buffers, arena: words === dims.length ? null : arena, launches };
}

/** The uniform is an array of vectors: a struct has at most 1023 members, and WGSL aligns elements of arrays to 16 bytes. */
export function uniformBytes({ words }: Pick<WgslLayout, "words">): number {
  return 16 * Math.ceil(words / 4);
}

function launchOf(fn: MachineFunction, buffers: ReadonlyMap<string, BufferPlace>): Launch {
  const access = new Map<number, Access>();
  const packed = [1];
  visitInstructions(fn.body, (inst) => {
    if (inst.kind === "dim" && inst.dim !== INVOCATION) access.set(0, "uniform");
    if (inst.kind !== "load" && inst.kind !== "store") return;
    const place = known(buffers.get(inst.place.buffer), "buffer");
    access.set(place.binding, place.buffer.space === "input" ? "read" : "read_write");
    if (place.startsAt !== null) access.set(0, "uniform");
    if (inst.kind === "store") packed.push(place.perWord);
  });
  const grid = known(fn.grid, `the grid of ${fn.name}`);
  const single = grid.length === 0;
  const elements = single ? 1 : Math.max(...packed);
  invariant(elements === 1 || fn.ownsElement, `${fn.name} packs elements that are not its own`);
  return {
    entry: fn.name,
    grid,
    elements: elements === 4 ? 4 : elements === 2 ? 2 : 1,
    workgroup: single ? 1 : WORKGROUP,
    bindings: [...access].toSorted(([a], [b]) => a - b).map(([binding, kind]) => ({ binding, access: kind })),
  };
}
