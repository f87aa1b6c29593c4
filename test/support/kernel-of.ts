/** A kernel from source text, checked and proved: for tests of what comes after the front end. */
import type { Kernel } from "../../compiler/ir/equations.ts";
import { proveKernelOf, readProgram, specialiseByName } from "../../compiler/compile.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";

/** The only kernel of the source, with dims as constants; throws what the front end refuses. */
export function kernelOf(text: string, dims: Readonly<Record<string, number>> = {}): Kernel {
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource("<test>", text), diagnostics);
  const name = program?.kernels[0]?.name;
  const proved =
    program === null || name === undefined || diagnostics.hasErrors
      ? null
      : proveKernelOf(program, name, {}, diagnostics);
  if (proved === null) throw new EinkornError(diagnostics.list);
  return specialiseByName(proved.kernel, new Map(Object.entries(dims).map(([n, v]) => [n, BigInt(v)])));
}
