/** Where the examples of the package are. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout or of the installed package. */
export function packageRoot(): string {
  const here = fileURLToPath(new URL(".", import.meta.url));
  return here.includes(`${join("dist", "runtime")}`) ? join(here, "..", "..", "..") : join(here, "..", "..");
}

/** Every example program, in order of name. */
export async function exampleFiles(): Promise<readonly string[]> {
  const folder = join(packageRoot(), "dsl-examples");
  const names = await readdir(folder);
  return names
    .filter((n) => n.endsWith(".ein"))
    .toSorted()
    .map((n) => join(folder, n));
}
