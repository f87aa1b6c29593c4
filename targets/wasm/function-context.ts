/** What a function of a module knows of its surroundings: the module, and its parameters by what they stand for. */
import type { MachineBuffer } from "../../compiler/ir/machine.ts";
import type { Binaryen, Module } from "./load-binaryen.ts";

export type FunctionContext = {
  readonly b: Binaryen;
  readonly m: Module;
  /** Relaxed SIMD is there. */
  readonly relaxed: boolean;
  readonly buffers: ReadonlyMap<string, MachineBuffer>;
  /** The parameter that holds a buffer's address. */
  readonly addressOf: (buffer: string) => number;
  /** The parameter that holds a dim. */
  readonly dim: (id: string) => number;
  /** How many parameters come before the locals. */
  readonly params: number;
};
