/** `einkorn build FILE[:KERNEL,…] --target T[,T] -o DIR`: ahead-of-time artifacts, each target in a folder of its own. */
import { join } from "node:path";
import { emitKernel, specialiseByName } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { targetNamed } from "../../targets/registry.ts";
import { makeFolder, writeFileBytes } from "../node/files.ts";
import { listed, quoted, refuse } from "../refuse.ts";
import { parseDims, parseGenerics } from "./options.ts";
import { openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";

export type BuildOptions = {
  readonly target: string;
  readonly out: string;
  readonly dim: readonly string[];
  readonly set: readonly string[];
};

export async function build(argument: string, options: BuildOptions): Promise<Outcome> {
  const diagnostics = new Diagnostics();
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const dims = parseDims(options.dim);
  const generics = parseGenerics(options.set);
  const targets = options.target.split(",").map((name) => targetNamed(name));
  const made: { readonly path: string; readonly content: string | Uint8Array }[] = [];
  for (const name of file.kernels) {
    const proved = provedOrThrow(file, name, generics, diagnostics);
    const names = proved.kernel.dims.map((d) => d.name);
    const stray = [...dims.keys()].find((d) => !names.includes(d));
    if (stray !== undefined && file.kernels.length === 1) {
      refuse("E6202", `${name} has no dim ${quoted(stray)}`, { help: [`its dims are ${listed(names)}`] });
    }
    const kernel = specialiseByName(proved.kernel, dims);
    for (const target of targets) {
      const artifact = await emitKernel(kernel, target, diagnostics);
      if (artifact === null) return { diagnostics: diagnostics.list, text: [], result: null };
      const files = await target.files(artifact, kernel, name);
      for (const f of files) made.push({ path: join(options.out, target.name, name, f.name), content: f.content });
    }
  }
  // Nothing is written before everything has been made.
  for (const f of made) {
    await makeFolder(join(f.path, ".."));
    await writeFileBytes(f.path, f.content);
  }
  const sizes = made.map((f) => ({
    path: f.path,
    bytes: typeof f.content === "string" ? new TextEncoder().encode(f.content).length : f.content.length,
  }));
  return { diagnostics: diagnostics.list, text: sizes.map((f) => `${f.path}  ${f.bytes} B`), result: { files: sizes } };
}
