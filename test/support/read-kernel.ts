/** Source text to a proved kernel, for tests. */
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";

export type Read = { readonly kernel: Kernel } | { readonly errors: readonly Diagnostic[] };

/** The kernel of that name, or the errors. */
export function readKernel(text: string, name = "main"): Read {
  const found = new Diagnostics();
  const program = readProgram(makeSource("test.ein", text), found);
  const proved = program === null || found.hasErrors ? null : proveKernelOf(program, name, {}, found);
  return proved === null ? { errors: found.list.filter((d) => d.severity === "error") } : { kernel: proved.kernel };
}

/** As `readKernel`; an error throws. */
export function mustReadKernel(text: string, name = "main"): Kernel {
  const read = readKernel(text, name);
  if ("kernel" in read) return read.kernel;
  throw new Error(renderDiagnostics(read.errors));
}
