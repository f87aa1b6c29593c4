/** Imported files on the disk, for programs that are files themselves. What the machine refuses is said at the import. */
import { stat } from "node:fs/promises";
import type { ModuleRefusal } from "../../compiler/compile.ts";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import { readFileBytes } from "./files.ts";

/** Source files above this are refused by the parser; reading more would be pointless. */
const LARGEST_SOURCE = 2 ** 24;

/** The text of a source file; throws E6102 or E6104. */
export async function readSourceText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFileBytes(path, LARGEST_SOURCE));
}

/** The same, where a refusal has a place to be said at. */
export async function readText(path: string): Promise<string | ModuleRefusal> {
  // A pipe would be waited for, and nobody named it on the command line.
  const status = await stat(path).catch(() => null);
  if (status !== null && !status.isFile() && !status.isDirectory())
    return { code: "E6102", message: `${path} is not a file that can be imported` };
  try {
    return await readSourceText(path);
  } catch (error) {
    const [first] = error instanceof EinkornError ? error.diagnostics : [];
    if (first === undefined) throw error;
    return first;
  }
}
