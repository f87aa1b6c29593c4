/** The standard library in Node: files of the package, read when a source imports them. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModuleRefusal } from "../../compiler/compile.ts";
import type { StandardLibrary } from "../modules.ts";
import { readingOnce } from "../modules.ts";
import { listed, nearest } from "../refuse.ts";
import { readText } from "./module-files.ts";

/** `std/` of the checkout, or `dist/std/` of the package. */
const FOLDER = fileURLToPath(new URL("../../std/", import.meta.url));

export const readStandard = standardLibraryIn(FOLDER);

/** What its modules are called. */
export async function standardModules(): Promise<readonly string[]> {
  const files = await readdir(FOLDER).catch((): readonly string[] => []);
  return files
    .filter((f) => f.endsWith(".ein"))
    .map((f) => `std/${f.slice(0, -".ein".length)}`)
    .toSorted();
}

/** The modules that lie in a folder: `std/NAME` is `NAME.ein` there. */
export function standardLibraryIn(folder: string): StandardLibrary {
  return readingOnce(async (name) => {
    const file = `${name.slice("std/".length)}.ein`;
    const files = await readdir(folder).catch((): readonly string[] => []);
    return files.includes(file) ? readText(join(folder, file)) : noModule(name, files);
  });
}

function noModule(name: string, files: readonly string[]): ModuleRefusal {
  const names = files.filter((f) => f.endsWith(".ein")).map((f) => `std/${f.slice(0, -".ein".length)}`);
  const near = nearest(name, names);
  return {
    code: "E2074",
    message: `the standard library has no module ${name}`,
    notes: near === null && names.length > 0 ? [`its modules are ${listed(names.toSorted(), 20)}`] : [],
    help: near === null ? [] : [`did you mean ${near} ?`],
  };
}
