/**
 * Where imports of the library come from: files are texts that the caller of `compile` hands over, the standard library is
 * read where the package lies. Nothing is read that was not handed over.
 */
import type { ModuleReader, ModuleRefusal } from "../compiler/compile.ts";
import { moduleName } from "../compiler/lang/module-names.ts";
import type { Source } from "../compiler/support/source.ts";
import { makeSource } from "../compiler/support/source.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";

/**
 * Files that a source imports: their texts by path, as the source itself would write it (`"./math.ein"`); or a function
 * that gives the text for what stands behind `from`, and the name of the file in which it stands.
 */
export type Imports =
  | Readonly<Record<string, string>>
  | ((specifier: string, importer: string) => string | null | undefined | Promise<string | null | undefined>);

/** The text of a module of the standard library, by its name. */
export type StandardLibrary = (name: string) => Promise<string | ModuleRefusal>;

/** Reads for a source called `root`. Refuses paths that no import could mean (E6141). */
export function moduleReader(root: string, imports: Imports | undefined, standard: StandardLibrary): ModuleReader {
  const give = giverOf(root, imports);
  return async ({ kind, name, specifier, importer }) => {
    const answer = kind === "standard" ? await standard(name) : await give(name, specifier, importer);
    return typeof answer === "string" ? sourceOf(name, answer) : answer;
  };
}

type Giver = (name: string, specifier: string, importer: string) => Promise<string | ModuleRefusal>;

function giverOf(root: string, imports: Imports | undefined): Giver {
  if (typeof imports === "function") {
    return async (_name, specifier, importer) => {
      const text: unknown = await imports(specifier, importer);
      return typeof text === "string" ? text : notGiven(specifier, ["return its text from the function `imports`"]);
    };
  }
  if (imports !== undefined && (typeof imports !== "object" || imports === null))
    return refuse("E6141", "`imports` are texts by path, or a function that gives them");
  const texts = new Map(Object.entries(imports ?? {}).map(([path, text]) => [pathOf(root, path, text), text] as const));
  const paths = Object.keys(imports ?? {});
  return async (name, specifier) => {
    const text = texts.get(name);
    if (text !== undefined) return text;
    if (paths.length === 0) return notGiven(specifier, [`pass its text: { imports: { ${quoted(specifier)}: "…" } }`]);
    const near = nearest(specifier, paths);
    return notGiven(specifier, [near === null ? `\`imports\` has ${listed(paths)}` : `did you mean ${near} ?`]);
  };
}

function pathOf(root: string, path: string, text: unknown): string {
  const name = moduleName(path, root);
  if (name.kind === "malformed") return refuse("E6141", `imports: ${quoted(path)} ${name.why}`, { help: name.help });
  if (name.kind === "standard")
    return refuse("E6141", `imports: ${quoted(path)} is of the standard library, which comes with the package`);
  if (typeof text !== "string") return refuse("E6141", `imports: ${quoted(path)} is given something that is no text`);
  return name.name;
}

function notGiven(specifier: string, help: readonly string[]): ModuleRefusal {
  return { code: "E6141", message: `the text of ${quoted(specifier)} was not given`, help };
}

/** Sources kept; the least recently used leave. */
const KEPT = 256;
const sources = new Map<string, Source>();

/** One object for one name and text: what was read before is not parsed again. */
export function sourceOf(name: string, text: string): Source {
  const key = JSON.stringify([name, text]);
  const source = sources.get(key) ?? makeSource(name, text);
  sources.delete(key);
  sources.set(key, source);
  const oldest = sources.keys().next().value;
  if (sources.size > KEPT && oldest !== undefined) sources.delete(oldest);
  return source;
}

/** Keeps what was read; a failure is not kept: the next attempt may have more luck. */
export function readingOnce(read: StandardLibrary): StandardLibrary {
  const texts = new Map<string, string>();
  return async (name) => {
    const answer = texts.get(name) ?? (await read(name));
    if (typeof answer === "string") texts.set(name, answer);
    return answer;
  };
}
