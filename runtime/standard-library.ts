/**
 * The standard library in a browser: its files lie beside the package's modules and are fetched when a source imports
 * them, so that a page loads what it uses.
 */
import type { ModuleRefusal } from "../compiler/compile.ts";
import type { StandardLibrary } from "./modules.ts";
import { readingOnce } from "./modules.ts";

export const fetchStandard: StandardLibrary = readingOnce(async (name) => {
  const url = new URL(`../${name}.ein`, import.meta.url);
  const response = await fetch(url).catch((error: unknown) => String(error));
  if (typeof response === "string") return unread(name, response);
  // A server that answers every address with the page itself has no such file either.
  const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
  if (response.status === 404 || isPage) {
    return {
      code: "E2074",
      message: `the standard library has no module ${name}`,
      notes: [`there is nothing at ${url.href}`],
      help: ["see that the server gives the package's folder dist/std as it is"],
    };
  }
  return response.ok ? response.text() : unread(name, `the server says ${response.status}`);
});

function unread(name: string, reason: string): ModuleRefusal {
  return { code: "E6102", message: `${name} cannot be read: ${reason}` };
}
