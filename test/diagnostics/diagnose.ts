/**
 * What the front end says about a text: the functions that the cases of this folder are held against. A stage that joins
 * the front end joins here, and its codes by files beside this one.
 */
import type { CheckedProgram, GivenGeneric, ModuleReader } from "../../compiler/compile.ts";
import { checkModules, proveKernelOf, readModules, readProgram } from "../../compiler/compile.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { Diagnostics, type Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Source } from "../../compiler/support/source.ts";
import type { Target } from "../../compiler/target.ts";

/** A kernel that the command line asks for, with values for some of its generics. */
export type Asked = { readonly kernel: string; readonly generics: readonly (readonly [string, GivenGeneric])[] };

/** What is asked beyond the proofs: a kernel with generics of its own, whether a target can hold the kernels. */
export type Wanted = { readonly asked?: Asked | null; readonly target?: Target | null };

/** Of a text by itself, in which an import is refused. */
export function diagnose(source: Source, asked: Asked | null = null): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  return prove(readProgram(source, diagnostics), { asked }, diagnostics);
}

/** Of a text and what it imports. */
export async function diagnoseAll(
  source: Source,
  read: ModuleReader,
  wanted: Wanted = {},
): Promise<readonly Diagnostic[]> {
  const diagnostics = new Diagnostics();
  const modules = await readModules(source, read, diagnostics);
  return prove(modules === null ? null : checkModules(modules, diagnostics), wanted, diagnostics);
}

function prove(
  program: CheckedProgram | null,
  { asked = null, target = null }: Wanted,
  diagnostics: Diagnostics,
): readonly Diagnostic[] {
  for (const kernel of program?.kernels ?? []) {
    if (program === null || !kernel.fine || !kernel.checked) continue;
    const proved = proveKernelOf(program, kernel.name, {}, diagnostics);
    if (proved !== null && target !== null) checkTarget(proved.kernel, target, diagnostics);
  }
  if (program !== null && asked !== null)
    proveKernelOf(program, asked.kernel, { generics: new Map(asked.generics) }, diagnostics);
  return diagnostics.list;
}
