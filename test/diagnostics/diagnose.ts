/**
 * What the front end says about a text: the functions that the cases of this folder are held against. A stage that joins
 * the front end joins here, and its codes by files beside this one.
 */
import type { CheckedProgram, ModuleReader } from "../../compiler/compile.ts";
import { checkModules, proveKernelOf, readModules, readProgram } from "../../compiler/compile.ts";
import { Diagnostics, type Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Source } from "../../compiler/support/source.ts";

/** Of a text by itself, in which an import is refused. */
export function diagnose(source: Source): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  return prove(readProgram(source, diagnostics), diagnostics);
}

/** Of a text and what it imports. */
export async function diagnoseAll(source: Source, read: ModuleReader): Promise<readonly Diagnostic[]> {
  const diagnostics = new Diagnostics();
  const modules = await readModules(source, read, diagnostics);
  return prove(modules === null ? null : checkModules(modules, diagnostics), diagnostics);
}

function prove(program: CheckedProgram | null, diagnostics: Diagnostics): readonly Diagnostic[] {
  for (const kernel of program?.kernels ?? []) {
    if (program !== null && kernel.fine && kernel.checked) proveKernelOf(program, kernel.name, {}, diagnostics);
  }
  return diagnostics.list;
}
