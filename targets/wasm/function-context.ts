/** What a function of a module knows of its surroundings: the module, and where its arguments are. */
import type { Local, MachineBuffer, MachineFunction, Reg } from "../../compiler/ir/machine.ts";
import type { Binaryen, Module, Ref, WasmType } from "./load-binaryen.ts";

/** What a function needs besides its parameters. */
export type FunctionBody = { readonly locals: readonly WasmType[]; readonly body: Ref };

export type FunctionContext = {
  readonly b: Binaryen;
  readonly m: Module;
  /** Relaxed SIMD is there. */
  readonly relaxed: boolean;
  readonly buffers: ReadonlyMap<string, MachineBuffer>;
  /** The local that holds a buffer's address. */
  readonly addressOf: (buffer: string) => number;
  /** The local that holds a dim. */
  readonly dim: (id: string) => number;
  /** How many parameters and arguments come before the function's own locals. */
  readonly taken: number;
  /** Parameters that are registers and locals of the function around; see emit-strips.ts. */
  readonly given: { readonly registers: ReadonlyMap<Reg, number>; readonly locals: ReadonlyMap<Local, number> };
  /** Long loops become functions of their own. */
  readonly strips: boolean;
  /** Emits a function; see emit-function.ts. */
  readonly emit: (fn: MachineFunction, context: FunctionContext) => FunctionBody;
  /** A name for another function of the module. */
  readonly freshName: (prefix: string) => string;
  /** A label that no other block of the module has. */
  readonly freshLabel: () => string;
};
