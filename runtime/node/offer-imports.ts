/**
 * A function that a file uses and does not declare may be one of the standard library, which the compiler knows nothing
 * of: its errors are given the import that is missing. Nothing is read where nothing is missing.
 */
import { parse } from "../../compiler/lang/parse.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { readStandard, standardModules } from "./standard-library.ts";

/** Rewords the errors about functions that the standard library has. */
export async function offerImports(diagnostics: Diagnostics): Promise<void> {
  const missing = new Set(diagnostics.list.flatMap((d) => d.missing ?? []));
  if (missing.size === 0) return;
  const modules = await exporters(missing);
  diagnostics.reword(({ missing: name, help }) => {
    const module = modules.get(name ?? "");
    return { help: module === undefined ? help : [`add import { ${name} } from "${module}";`] };
  });
}

/** The first module that exports each of the names, where one does. */
async function exporters(names: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const module of await standardModules()) {
    const text = await readStandard(module);
    if (typeof text !== "string") continue;
    for (const d of parse(makeSource(module, text), new Diagnostics()).declarations) {
      if (d.kind !== "kernel" && d.kind !== "fn" && d.kind !== "reducer") continue;
      const { text: name } = d.name;
      if (d.exported && names.has(name) && !found.has(name)) found.set(name, module);
    }
  }
  return found;
}
