/**
 * A machine program as a module: one function per launch, and `run`, the only export, which calls them in order. It imports
 * nothing but its memory. Engines allow 1000 parameters and a kernel may have more buffers, so that the arguments of
 * targets/shared/abi.ts lie in memory, 32 bits each, and `run` is told where; each function reads those that it uses into locals
 * before it starts. No pass of Binaryen runs: what comes in is scheduled already, and its optimiser made nothing
 * faster. Engines do not replace a running loop by optimised code, so that each launch is a function that may be swapped
 * between calls.
 */
import type { MachineFunction, MachineProgram } from "../../compiler/ir/machine.ts";
import { visitInstructions } from "../../compiler/ir/walk-machine.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import { abiOf, argumentPositions } from "../shared/abi.ts";
import { emitFunction } from "./emit-function.ts";
import type { Binaryen, Module } from "./load-binaryen.ts";

/** Pages of 64 KiB that 32-bit addresses reach. */
const MOST_PAGES = 65536;

/** The bytes of a valid module; `variant` is written into it as its name. */
export function emitModule(b: Binaryen, program: MachineProgram, relaxed: boolean, variant: string): Uint8Array {
  invariant(program.addressing === "bytes", "WebAssembly wants addresses in bytes");
  const m = new b.Module();
  try {
    m.setFeatures(featuresOf(b, relaxed));
    m.setMemory(1, MOST_PAGES, null, [], false, false, "memory");
    m.addMemoryImport("memory", "env", "memory");
    const positions = argumentPositions(abiOf(program));
    const calls = program.functions.map((fn) => {
      addFunction(b, m, fn, program, usedArguments(fn, positions), relaxed);
      return m.call(fn.name, [m.local.get(0, b.i32)], b.none);
    });
    m.addFunction("run", b.i32, b.none, [], m.block(null, calls));
    m.addFunctionExport("run", "run");
    m.addCustomSection("name", moduleName(variant));
    invariant(m.validate() === 1, "Binaryen finds the module invalid");
    return m.emitBinary();
  } finally {
    m.dispose();
  }
}

function featuresOf(b: Binaryen, relaxed: boolean): number {
  const { SIMD128, NontrappingFPToInt, SignExt, Multivalue, RelaxedSIMD } = b.Features;
  return SIMD128 | NontrappingFPToInt | SignExt | Multivalue | (relaxed ? RelaxedSIMD : 0);
}

/** The arguments that a function reads. Locals with them come first, behind the parameter. */
type UsedArguments = {
  /** Positions among all arguments, in order. */
  readonly arguments: readonly number[];
  /** The local that holds an address, and a dim. */
  readonly buffer: (id: string) => number;
  readonly dim: (id: string) => number;
};

function usedArguments(fn: MachineFunction, positions: ReturnType<typeof argumentPositions>): UsedArguments {
  const used = new Set<number>();
  visitInstructions(fn.body, (inst) => {
    if (inst.kind === "base") used.add(known(positions.buffer.get(inst.buffer), "a buffer's argument"));
    if (inst.kind === "dim") used.add(known(positions.dim.get(inst.dim), "a dim's argument"));
  });
  const list = [...used].toSorted((a, b) => a - b);
  const locals = new Map(list.map((n, at) => [n, at + 1]));
  const localOf = (n: number | undefined): number => known(locals.get(known(n, "an argument")), "a used argument");
  return {
    arguments: list,
    buffer: (id) => localOf(positions.buffer.get(id)),
    dim: (id) => localOf(positions.dim.get(id)),
  };
}

function addFunction(
  b: Binaryen,
  m: Module,
  fn: MachineFunction,
  program: MachineProgram,
  used: UsedArguments,
  relaxed: boolean,
): void {
  invariant(fn.grid === null, "one call runs the whole nest");
  let count = 0;
  const { locals, body } = emitFunction(fn, {
    b,
    m,
    relaxed,
    buffers: new Map(program.buffers.map((x) => [x.id, x] as const)),
    addressOf: used.buffer,
    dim: used.dim,
    taken: 1 + used.arguments.length,
    given: { registers: new Map(), locals: new Map() },
    strips: true,
    emit: emitFunction,
    freshName: (prefix) => `${prefix}.${count++}`,
    freshLabel: () => `l${count++}`,
  });
  const reads = used.arguments.map((n, at) => m.local.set(at + 1, m.i32.load(4 * n, 4, m.local.get(0, b.i32))));
  const words = reads.map(() => b.i32);
  m.addFunction(fn.name, b.i32, b.none, [...words, ...locals], m.block(null, [...reads, body]));
}

/** The contents of a `name` section that names only the module. */
function moduleName(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  invariant(text.length < 100, "a short name");
  return Uint8Array.of(0, text.length + 1, text.length, ...text);
}
