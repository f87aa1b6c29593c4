/**
 * Source text to callable kernels. What was compiled is kept with its device by its full key (source and all that it
 * imports, name, kernel, generics, dims): asking again costs a look-up, and nothing outlives the device.
 */
import type { CheckedProgram, GivenGeneric } from "../compiler/compile.ts";
import { checkModules, emitKernel, proveKernelOf, readModules } from "../compiler/compile.ts";
import type { Kernel } from "../compiler/ir/equations.ts";
import { kernelCalled } from "../compiler/lang/check-program.ts";
import type { Diagnostic } from "../compiler/support/diagnostics.ts";
import { Diagnostics, EinkornError } from "../compiler/support/diagnostics.ts";
import { known } from "../compiler/support/invariant.ts";
import type { Device } from "./device.ts";
import type { CompiledKernel } from "./kernel.ts";
import { makeKernel } from "./kernel.ts";
import type { Imports, StandardLibrary } from "./modules.ts";
import { moduleReader, sourceOf } from "./modules.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";
import { legalDim, specialiseChecked } from "./specialise.ts";

export type CompileOptions<Name extends string = string> = {
  /** A target's name, by default `wasm`; or a device that is open already. */
  readonly target?: string | Device;
  /** Dims that become constants, by name, in each kernel that has them: code for one size, which is faster. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values of generics, by name: numbers, booleans, or the name of a dtype. */
  readonly generics?: Readonly<Record<string, GivenGeneric | number>>;
  /** Which kernels to compile; by default the exported ones, or all where none is exported. */
  readonly kernels?: readonly Name[];
  /** What messages call the source. */
  readonly name?: string;
  /** Texts of the files that the source imports; `std/…` needs none. */
  readonly imports?: Imports;
  /** Hears of warnings, each time the source is compiled anew. */
  readonly onWarning?: (warning: Diagnostic) => void;
};

export type Kernels<Name extends string> = Readonly<Record<Name, CompiledKernel>>;

/** Things kept per device, and programs; the least recently used leave. */
const KEPT = 256;

/** Compiles a source; throws an EinkornError with every diagnostic when something in it is wrong. */
export async function compileOn<Name extends string>(
  device: Device,
  text: string,
  options: CompileOptions<Name>,
  standard: StandardLibrary,
): Promise<Kernels<Name>>;
export async function compileOn(
  device: Device,
  text: string,
  options: CompileOptions,
  standard: StandardLibrary,
): Promise<Kernels<string>> {
  const { key: sourceKey, program, warnings } = await read(text, options, standard);
  for (const w of warnings) options.onWarning?.(w);
  const names = options.kernels ?? defaultKernels(program);
  const dims = new Map(Object.entries(options.dims ?? {}).map(([n, size]) => [n, legalDim(n, size)] as const));
  const generics = new Map(Object.entries(options.generics ?? {}).map(([n, v]) => [n, asGeneric(v)] as const));
  const kernels: CompiledKernel[] = [];
  for (const name of names) {
    const key = JSON.stringify([sourceKey, name, [...generics].map(([n, v]) => [n, typeof v, String(v)])]);
    const proved = await remembered(cachesOf(device).proved, key, async () => prove(program, name, generics, options));
    kernels.push(await load(proved, new Map([...dims].filter(([d]) => hasDim(proved, d))), device, key));
  }
  refuseStrayDims(kernels, [...dims.keys()]);
  return Object.fromEntries(names.map((name, n) => [name, known(kernels[n], "kernel")] as const));
}

type ReadSource = { readonly key: string; readonly program: CheckedProgram; readonly warnings: readonly Diagnostic[] };

const programs = new Map<string, Promise<ReadSource>>();

/** The program of a source. Its key has the name and text of every file, whose reader may give others the next time. */
async function read(text: string, options: CompileOptions, standard: StandardLibrary): Promise<ReadSource> {
  const label = options.name ?? "<source>";
  const found = new Diagnostics();
  const modules = await readModules(sourceOf(label, text), moduleReader(label, options.imports, standard), found);
  if (modules === null) throw new EinkornError(found.list);
  const key = JSON.stringify(modules.map(({ program: { source } }) => [source.name, source.text]));
  const check = async (): Promise<ReadSource> => {
    const program = checkModules(modules, found);
    if (found.hasErrors) throw new EinkornError(found.list);
    return { key, program, warnings: found.list };
  };
  return found.hasErrors ? check() : remembered(programs, key, check);
}

function defaultKernels({ kernels }: CheckedProgram): readonly string[] {
  const exported = kernels.filter((k) => k.node.exported);
  return (exported.length > 0 ? exported : kernels.filter((k) => k.checked)).map((k) => k.name);
}

/** A whole number is an int, which a float generic takes as well. */
function asGeneric(value: GivenGeneric | number): GivenGeneric {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function prove(
  program: CheckedProgram,
  name: string,
  generics: ReadonlyMap<string, GivenGeneric>,
  options: CompileOptions,
): Kernel {
  const names = program.kernels.map((k) => k.name);
  if (kernelCalled(program, name) === undefined) {
    const near = nearest(name, names);
    refuse("E6211", `the source has no kernel ${quoted(name)}`, {
      help: [near === null ? `its kernels are ${listed(names)}` : `did you mean ${near}?`],
    });
  }
  const diagnostics = new Diagnostics();
  const proved = proveKernelOf(program, name, { generics }, diagnostics);
  if (proved === null || diagnostics.hasErrors) throw new EinkornError(diagnostics.list);
  for (const w of diagnostics.list) options.onWarning?.(w);
  return proved.kernel;
}

function hasDim(kernel: Kernel, name: string): boolean {
  return kernel.dims.some((d) => d.name === name);
}

/** A dim that no kernel has is a mistake; one that only some have is not. */
function refuseStrayDims(kernels: readonly CompiledKernel[], asked: readonly string[]): void {
  const there = new Set(kernels.flatMap((k) => k.allDims));
  const stray = asked.find((d) => !there.has(d));
  if (stray === undefined) return;
  const near = nearest(stray, [...there]);
  refuse("E6202", `no kernel has a dim ${quoted(stray)}`, {
    help: [near === null ? `the dims are ${listed([...there])}` : `did you mean ${near}?`],
  });
}

type Caches = {
  readonly proved: Map<string, Promise<Kernel>>;
  readonly loaded: Map<string, Promise<CompiledKernel>>;
};

const caches = new WeakMap<Device, Caches>();

function cachesOf(device: Device): Caches {
  const found = caches.get(device) ?? { proved: new Map(), loaded: new Map() };
  caches.set(device, found);
  return found;
}

function remembered<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, made);
  // A failure is not kept: the next attempt may have more luck with the device.
  made.catch(() => cache.delete(key));
  const oldest = cache.keys().next().value;
  if (cache.size > KEPT && oldest !== undefined) cache.delete(oldest);
  return made;
}

/** `proved`: the kernel with all dims open; `key` says which it is. */
function load(proved: Kernel, dims: ReadonlyMap<string, bigint>, device: Device, key: string): Promise<CompiledKernel> {
  const sizes = [...dims].map(([n, v]) => `${n}=${v}`).toSorted();
  return remembered(cachesOf(device).loaded, JSON.stringify([key, sizes]), async () => {
    const equations = specialiseChecked(proved, dims);
    const isOpen = device.target.capabilities.constantDims && equations.dims.length > 0;
    return makeKernel({
      equations,
      fixed: dims,
      allDims: proved.dims.map((d) => d.name),
      executable: isOpen ? null : await loadNow(equations, device),
      device,
      specialise: (more) => load(proved, withDims(proved, dims, more), device, key),
    });
  });
}

async function loadNow(equations: Kernel, device: Device): ReturnType<Device["load"]> {
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(equations, device.target, diagnostics);
  if (artifact === null) throw new EinkornError(diagnostics.list);
  return device.load(artifact, equations);
}

function withDims(
  proved: Kernel,
  dims: ReadonlyMap<string, bigint>,
  more: Readonly<Record<string, number>>,
): ReadonlyMap<string, bigint> {
  const all = new Map(dims);
  for (const [name, size] of Object.entries(more)) {
    const old = all.get(name);
    const wanted = legalDim(name, size);
    if (old !== undefined && old !== wanted) {
      refuse("E6205", `${proved.name} was compiled for ${name} = ${old}, and is now to have ${name} = ${wanted}`);
    }
    all.set(name, wanted);
  }
  return all;
}
