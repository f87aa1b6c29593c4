/** The C of a program of c-programs.ts, and where a C compiler for tests is. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { compileC, findCCompiler } from "../../runtime/node/c-compiler.ts";
import type { Found } from "../../runtime/node/c-compiler.ts";
import { emitC } from "../../targets/hls/emit.ts";
import { hlsTarget } from "../../targets/hls/target.ts";
import { kernelOf } from "./kernel-of.ts";

function cOf(kernel: Kernel): string {
  return emitC(lowerToMachine(kernel, hlsTarget), { top: "einkorn_kernel", header: null });
}

export function cOfSource(source: string, dims: Readonly<Record<string, number>>): string {
  return cOf(kernelOf(source, dims));
}

/** Why device tests of hls are skipped here; null where they run. */
export async function reasonToSkip(compiler?: string): Promise<string | null> {
  const found: Found = await (compiler === undefined ? findCCompiler() : findCCompiler(compiler));
  return "compiler" in found ? null : `${found.reason}: ${found.help}`;
}

/** What users' `make check` asks for, but for the program's name. */
export const STRICT = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic"];
const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
export const NO_SANITIZERS = "the C compiler has no sanitizers: they come with gcc and clang of most distributions";

/** The sanitizers' flags, none where the compiler does not link them. */
export async function sanitizersHere(): Promise<readonly string[]> {
  const found = await findCCompiler();
  if (!("compiler" in found)) return [];
  const folder = await mkdtemp(join(tmpdir(), "einkorn-test-"));
  try {
    await writeFile(join(folder, "trial.c"), "int main(void) { return 0; }\n");
    await compileC(found.compiler, join(folder, "trial.c"), join(folder, "trial"), SANITIZERS);
    return SANITIZERS;
  } catch {
    return [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
