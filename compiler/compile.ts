/**
 * From text to artifacts, in steps that callers can stop between: `readModules` parses a file and what it imports,
 * `checkModules` checks them (`readProgram` does both for a text by itself), `proveKernelOf` makes one kernel's proved
 * equations, `emitKernel` lowers them for a target. Everything a user did wrong is in `diagnostics`; null means that there
 * is at least one error there.
 */
import type { Kernel } from "./ir/equations.ts";
import type { MachineProgram } from "./ir/machine.ts";
import { checkProgram, kernelCalled, lowerKernel, sizeNamesOf } from "./lang/check-program.ts";
import type { CheckedProgram, GivenGeneric } from "./lang/check-program.ts";
import { lowerSchedule } from "./lang/lower-schedule.ts";
import { parse } from "./lang/parse.ts";
import type { Module } from "./lang/read-modules.ts";
import { checkTarget } from "./passes/check-target.ts";
import type { AccessProof } from "./passes/prove/proof.ts";
import { proveKernel } from "./passes/prove/prove-kernel.ts";
import { specialise } from "./passes/specialise.ts";
import { lowerToMachine } from "./pipeline.ts";
import { checkSchedule } from "./schedule/check-schedule.ts";
import { Diagnostics } from "./support/diagnostics.ts";
import { known } from "./support/invariant.ts";
import type { Source } from "./support/source.ts";
import type { Artifact, Target } from "./target.ts";

export { readModules } from "./lang/read-modules.ts";
export type { Module, ModuleReader, ModuleRefusal } from "./lang/read-modules.ts";
export type { CheckedProgram, GivenGeneric };

/** A kernel whose every access is proved, and how. */
export type ProvedKernel = { readonly kernel: Kernel; readonly proofs: readonly AccessProof[] };

export type KernelOptions = {
  /** Values of generics by name; the others take their defaults. */
  readonly generics?: ReadonlyMap<string, GivenGeneric>;
};

/** Parses and checks a source by itself, in which an import is refused; null after a syntax error. */
export function readProgram(source: Source, diagnostics: Diagnostics): CheckedProgram | null {
  const found = new Diagnostics();
  const program = parse(source, found);
  for (const d of found.list) diagnostics.add(d);
  return found.hasErrors ? null : checkModules([{ program, imports: new Map() }], diagnostics);
}

/** Checks what `readModules` read: the last is the program, the others are what it imports. */
export function checkModules(modules: readonly Module[], diagnostics: Diagnostics): CheckedProgram {
  const checked = checkProgram(known(modules.at(-1), "a program").program, diagnostics, modules);
  checkSchedules(checked, diagnostics);
  return checked;
}

/** Asks the schedules of a file for their names and words; those that are fine get a warning, being without effect yet. */
function checkSchedules(program: CheckedProgram, diagnostics: Diagnostics): void {
  for (const s of program.schedules) {
    const kernel = kernelCalled(program, s.kernel.text);
    if (kernel === undefined) continue;
    const found = new Diagnostics();
    const block = lowerSchedule(s, found);
    checkSchedule(block, { kernel: kernel.lowered?.kernel ?? null, sizes: sizeNamesOf(kernel.node) }, found);
    for (const d of found.list) diagnostics.add(d);
    if (found.hasErrors) continue;
    diagnostics.report("W3001", {
      span: s.kernel.span,
      message: `schedules are not built yet: \`${s.kernel.text}\` runs with the default nest`,
    });
  }
}

/** The kernel's equations, calls inlined, every access proved. */
export function proveKernelOf(
  program: CheckedProgram,
  name: string,
  options: KernelOptions,
  diagnostics: Diagnostics,
): ProvedKernel | null {
  const found = new Diagnostics();
  const lowered = lowerKernel(program, name, { generics: options.generics ?? new Map() }, found);
  for (const d of found.list) diagnostics.add(d);
  if (lowered === null || found.hasErrors) return null;
  return proveKernel(lowered.kernel, lowered.spans, lowered.claims, diagnostics);
}

/** The kernel with dims as constants, by name of the dim. */
export function specialiseByName(kernel: Kernel, dims: ReadonlyMap<string, bigint>): Kernel {
  const byId = new Map(kernel.dims.flatMap((d) => (dims.has(d.name) ? [[d.id, dims.get(d.name) ?? 0n] as const] : [])));
  return specialise(kernel, byId);
}

/** Code for the target; null where it cannot hold the kernel (E4). */
export async function emitKernel(kernel: Kernel, target: Target, diagnostics: Diagnostics): Promise<Artifact | null> {
  const found = new Diagnostics();
  checkTarget(kernel, target, found);
  for (const d of found.list) diagnostics.add(d);
  if (found.hasErrors) return null;
  return target.emit(target.lowers ? lowerToMachine(kernel, target) : withoutCode(kernel));
}

function withoutCode(kernel: Kernel): MachineProgram {
  return { kernel: kernel.name, dims: kernel.dims, addressing: "subscripts", buffers: [], functions: [] };
}
