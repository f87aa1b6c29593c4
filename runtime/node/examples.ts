/** Where the package lies on the disk, and the examples of a checkout. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout or of the installed package. */
export function packageRoot(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  return existsSync(join(root, "package.json")) ? root : dirname(root);
}

/** Every example program, in order of name; none in an installed package, which leaves them out. */
export async function exampleFiles(): Promise<readonly string[]> {
  const folder = join(packageRoot(), "dsl-examples");
  if (!existsSync(folder)) return [];
  const names = await readdir(folder);
  return names
    .filter((n) => n.endsWith(".ein"))
    .toSorted()
    .map((n) => join(folder, n));
}
