/**
 * What stands behind `from`: `std/NAME`, a module of the standard library, or the path of a file as seen from the file that
 * imports it, `./lib/math.ein`. A module has one name wherever it is imported from: `std/NAME`, or the path with the
 * importer's folder in front and its dots worked out. Names are texts; nothing here looks at a disk.
 */

export type ModuleName =
  | { readonly kind: "standard" | "file"; readonly name: string }
  /** In the user's words, as the end of the sentence `"…" …`; `help` says what to write. */
  | { readonly kind: "malformed"; readonly why: string; readonly help: readonly string[] };

const STANDARD = /^std\/[a-z][a-z0-9_]*$/;
/** Longer paths are on no disk. */
const LONGEST = 1000;

export function isStandardModule(name: string): boolean {
  return STANDARD.test(name);
}

/** The name of the module that `specifier` means in the file called `importer`. */
export function moduleName(specifier: string, importer: string): ModuleName {
  if (isStandardModule(specifier)) return { kind: "standard", name: specifier };
  const flaw = flawOf(specifier);
  if (flaw !== null) return { kind: "malformed", ...flaw };
  if (isStandardModule(importer))
    return malformed("is a file, and the standard library does not import files", ["write std/… there"]);
  const name = normalPath(`${folderOf(importer)}${specifier}`);
  return { kind: "file", name };
}

function malformed(why: string, help: readonly string[]): ModuleName {
  return { kind: "malformed", why, help };
}

type Flaw = { readonly why: string; readonly help: readonly string[] };

function flawOf(specifier: string): Flaw | null {
  if (specifier.length > LONGEST) return { why: "is too long for a path", help: [] };
  if (/^std(\/|$)/.test(specifier)) {
    return {
      why: "is not how modules of the standard library are called",
      help: ["write std/ and one word of small letters, digits and _, without .ein"],
    };
  }
  // Backslashes, colons and what cannot be seen mean other things on other machines.
  if (/[\\:?*"<>|\p{C}\p{Zl}\p{Zp}]/u.test(specifier))
    return {
      why: "has a character that no path of an import has",
      help: [specifier.includes("\\") ? "separate folders by /" : "name a file that lies here, as in ./lib/math.ein"],
    };
  if (!/^\.\.?\//.test(specifier)) {
    const path = specifier.endsWith(".ein") ? specifier : `${specifier}.ein`;
    return {
      why: "is neither a file, ./…, nor a module of the standard library, std/…",
      help: /^[\w./-]+$/.test(specifier) && !specifier.startsWith("/") ? [`write ./${path}`] : [],
    };
  }
  if (!specifier.endsWith(".ein") || /(^|\/)\.ein$/.test(specifier)) {
    const isNameless = specifier.endsWith(".ein");
    const help = /[\w-]$/.test(specifier) && !isNameless ? [`write ${specifier}.ein`] : [];
    return { why: "is not a file that ends in .ein", help };
  }
  return specifier.includes("//") ? { why: "has an empty part between two /", help: [] } : null;
}

/** With its last `/`; "" for the folder that one is in. */
function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/") + 1);
}

/** Without `.` and, where they have something to take back, without `..`. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const last = parts.at(-1);
    if (part !== ".." || (last === undefined && !path.startsWith("/")) || last === "..") parts.push(part);
    else parts.pop();
  }
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}
