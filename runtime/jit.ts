/**
 * Source text to callable kernels. Compiled kernels are kept by their full key: source, kernel, generics, dims, target
 * and what the target's device can do; asking again costs a look-up.
 */
import type { CheckedProgram, ProvedKernel } from "../compiler/compile.ts";
import { emitKernel, proveKernelOf, readProgram, specialiseByName } from "../compiler/compile.ts";
import type { GivenGeneric } from "../compiler/compile.ts";
import { Diagnostics, EinkornError } from "../compiler/support/diagnostics.ts";
import { known } from "../compiler/support/invariant.ts";
import { makeSource } from "../compiler/support/source.ts";
import type { Device } from "./device.ts";
import type { CompiledKernel } from "./kernel.ts";
import { makeKernel } from "./kernel.ts";
import { listed, quoted, refuse } from "./refuse.ts";

export type CompileOptions = {
  /** `wasm` by default; or a device that is open already. */
  readonly target?: string | Device;
  /** Dims that become constants, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values of generics, by name. */
  readonly generics?: Readonly<Record<string, GivenGeneric>>;
  /** Which kernels to compile; by default the exported ones, or all where none is exported. */
  readonly kernels?: readonly string[];
  /** What messages call the source. */
  readonly name?: string;
};

export type OpenDevice = (name: string) => Promise<Device>;

/** Kernels kept per process; the least recently used leave. */
const KEPT = 256;
const cache = new Map<string, Promise<CompiledKernel>>();

/** Compiles a source; throws an EinkornError with every diagnostic when something in it is wrong. */
export async function compileWith(
  open: OpenDevice,
  text: string,
  options: CompileOptions,
): Promise<Readonly<Record<string, CompiledKernel>>> {
  const device = typeof options.target === "object" ? options.target : await open(options.target ?? "wasm");
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource(options.name ?? "<source>", text), diagnostics);
  if (program === null || diagnostics.hasErrors) throw new EinkornError(diagnostics.list);
  const names = options.kernels ?? defaultKernels(program);
  const generics = new Map(Object.entries(options.generics ?? {}));
  const dims = new Map(Object.entries(options.dims ?? {}).map(([n, v]) => [n, BigInt(v)] as const));
  const compiled: [string, CompiledKernel][] = [];
  for (const name of names) {
    if (!program.kernels.some((k) => k.name === name)) {
      refuse("E6211", `the source has no kernel ${quoted(name)}`, {
        help: [`its kernels are ${listed(program.kernels.map((k) => k.name))}`],
      });
    }
    const key = JSON.stringify([
      text,
      name,
      [...generics].map(([n, v]) => [n, String(v)]),
      dimsKey(dims),
      deviceKey(device),
    ]);
    const make = async (): Promise<CompiledKernel> => {
      const proved = proveKernelOf(program, name, { generics }, diagnostics);
      if (proved === null || diagnostics.hasErrors) throw new EinkornError(diagnostics.list);
      return load(proved, dims, device, key);
    };
    compiled.push([name, await remembered(key, make)]);
  }
  return Object.fromEntries(compiled);
}

function defaultKernels({ kernels }: CheckedProgram): readonly string[] {
  const exported = kernels.filter((k) => k.node.exported);
  return (exported.length > 0 ? exported : kernels).map((k) => k.name);
}

function dimsKey(dims: ReadonlyMap<string, bigint>): readonly string[] {
  return [...dims].map(([n, v]) => `${n}=${v}`).toSorted();
}

/** Two devices of one name may differ in capabilities; two open devices do not share executables. */
const deviceNumbers = new WeakMap<Device, number>();
let devicesSeen = 0;
function deviceKey(device: Device): string {
  const number = deviceNumbers.get(device) ?? devicesSeen++;
  deviceNumbers.set(device, number);
  return `${device.target.name}#${number}`;
}

function remembered(key: string, make: () => Promise<CompiledKernel>): Promise<CompiledKernel> {
  const old = cache.get(key);
  cache.delete(key);
  const kernel = old ?? make();
  cache.set(key, kernel);
  // A failure is not kept: the next attempt may have more luck with the device.
  kernel.catch(() => cache.delete(key));
  const oldest = cache.keys().next().value;
  if (cache.size > KEPT && oldest !== undefined) cache.delete(oldest);
  return kernel;
}

async function load(
  proved: ProvedKernel,
  dims: ReadonlyMap<string, bigint>,
  device: Device,
  key: string,
): Promise<CompiledKernel> {
  const equations = specialiseByName(proved.kernel, dims);
  const specialised = (more: Readonly<Record<string, number>>): Promise<CompiledKernel> => {
    const all = new Map([...dims, ...Object.entries(more).map(([n, v]) => [n, BigInt(v)] as const)]);
    const longer = `${key}+${JSON.stringify(dimsKey(all))}`;
    return remembered(longer, () => load(proved, all, device, longer));
  };
  if (device.target.capabilities.constantDims && equations.dims.length > 0) {
    // Nothing to load yet: the call says which dims are missing.
    const executable = { run: () => known<never>(undefined, "the code of a kernel with open dims"), dispose: () => {} };
    return makeKernel({ equations, executable, device, specialise: specialised });
  }
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(equations, device.target, diagnostics);
  if (artifact === null) throw new EinkornError(diagnostics.list);
  return makeKernel({ equations, executable: await device.load(artifact, equations), device, specialise: specialised });
}
