/**
 * What the front end says about a text: the one function that the cases of this folder are held against. A stage that
 * joins the front end joins here, and its codes by files beside this one.
 */
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import { Diagnostics, type Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Source } from "../../compiler/support/source.ts";

export function diagnose(source: Source): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  const program = readProgram(source, diagnostics);
  if (program === null) return diagnostics.list;
  for (const kernel of program.kernels) {
    if (kernel.fine && kernel.checked) proveKernelOf(program, kernel.name, {}, diagnostics);
  }
  return diagnostics.list;
}
