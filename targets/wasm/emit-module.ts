/**
 * A machine program as a module: one function per launch, and `run`, the only export, which calls them in order. It imports
 * nothing but its memory. No pass of Binaryen runs: what comes in is scheduled already, and its optimiser made nothing
 * faster. Engines do not replace a running loop by optimised code, so that each launch is a function that may be swapped
 * between calls.
 */
import type { MachineFunction, MachineProgram } from "../../compiler/ir/machine.ts";
import { visitInstructions } from "../../compiler/ir/walk-machine.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import { abiOf, argumentPositions } from "../shared/abi.ts";
import { emitFunction } from "./emit-function.ts";
import type { Binaryen, Module, WasmType } from "./load-binaryen.ts";

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
      const used = usedArguments(fn, positions);
      addFunction(b, m, fn, program, used, relaxed);
      const operands = used.arguments.map((n) => m.local.get(n, b.i32));
      return m.call(fn.name, operands, b.none);
    });
    m.addFunction("run", i32s(b, positions.count), b.none, [], m.block(null, calls));
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

function i32s(b: Binaryen, count: number): WasmType {
  return b.createType(Array.from({ length: count }, () => b.i32));
}

/** The arguments of `run` that a function reads, in order. */
type UsedArguments = {
  readonly arguments: readonly number[];
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
  const place = (n: number | undefined): number => list.indexOf(known(n, "an argument"));
  return {
    arguments: list,
    buffer: (id) => place(positions.buffer.get(id)),
    dim: (id) => place(positions.dim.get(id)),
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
    params: used.arguments.length,
    given: { registers: new Map(), locals: new Map() },
    strips: true,
    emit: emitFunction,
    freshName: (prefix) => `${prefix}.${count++}`,
    freshLabel: () => `l${count++}`,
  });
  m.addFunction(fn.name, i32s(b, used.arguments.length), b.none, [...locals], body);
}

/** The contents of a `name` section that names only the module. */
function moduleName(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  invariant(text.length < 100, "a short name");
  return Uint8Array.of(0, text.length + 1, text.length, ...text);
}
