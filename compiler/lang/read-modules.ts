/**
 * A file and all that it imports, parsed. The compiler touches no disk: it is handed a `ModuleReader`, and asks it once for
 * each module. Files are asked for by their distance from the root, all of one distance together, so that a slow network
 * is waited for as often as imports are deep. A circle, a module that is not there, or too many of them are reported at
 * the import; the names of such an import are then known and of no use.
 */
import type { Code } from "../support/codes.ts";
import { Diagnostics, diagnostic } from "../support/diagnostics.ts";
import type { Diagnostic } from "../support/diagnostics.ts";
import type { Source } from "../support/source.ts";
import type * as Ast from "./ast.ts";
import { moduleName, normalPath } from "./module-names.ts";
import { parse } from "./parse.ts";

/** Past these, a program is refused. */
export const MODULE_LIMITS = {
  files: 256,
  /** Files that import each other in a row. */
  depth: 32,
  /** Characters of all files. */
  text: 4_194_304,
} as const;

export type ModuleRequest = {
  /** What the module is called, and its text in messages: `std/NAME`, or a path that names the file once and for all. */
  readonly name: string;
  readonly kind: "standard" | "file";
  /** As written, and the name of the file in which it is written first. */
  readonly specifier: string;
  readonly importer: string;
};

export type ModuleRefusal = {
  readonly code: Code;
  readonly message: string;
  readonly notes?: readonly string[];
  readonly help?: readonly string[];
};

/** Gives the text of a module. What else it throws is thrown on. A source that is given again is not parsed again. */
export type ModuleReader = (request: ModuleRequest) => Promise<Source | ModuleRefusal>;

export type Module = {
  readonly program: Ast.Program;
  /** Where each import leads; null where it leads nowhere, which has been reported. */
  readonly imports: ReadonlyMap<Ast.Import, Module | null>;
};

/** Each file once, what is imported before what imports it; the root is the last. Null after a syntax error in any of them. */
export async function readModules(
  root: Source,
  read: ModuleReader,
  diagnostics: Diagnostics,
): Promise<readonly Module[] | null> {
  const found = new Diagnostics();
  const files = await readFiles(root, read, found);
  const modules = inOrder(files, found);
  for (const d of found.list) diagnostics.add(d);
  return files.sound ? modules : null;
}

/** Where an import leads: the name of a module that was read, or why there is none. */
type Link = { readonly node: Ast.Import; readonly target: string | null };
type ReadFile = { readonly program: Ast.Program; readonly links: Link[] };
type Files = { readonly root: string; readonly byName: ReadonlyMap<string, ReadFile>; readonly sound: boolean };
type Wanted = { readonly request: ModuleRequest; readonly node: Ast.Import };

async function readFiles(root: Source, read: ModuleReader, diagnostics: Diagnostics): Promise<Files> {
  const byName = new Map<string, ReadFile>();
  const refused = new Map<string, ModuleRefusal>();
  let sound = true;
  let length = 0;
  const admit = (name: string, source: Source): ReadFile => {
    const parsed = parsedOnce(source);
    for (const d of parsed.diagnostics) diagnostics.add(d);
    if (parsed.diagnostics.some((d) => d.severity === "error")) sound = false;
    const file = { program: parsed.program, links: [] };
    byName.set(name, file);
    length += source.text.length;
    return file;
  };
  let level: (readonly [string, ReadFile])[] = [[normalPath(root.name), admit(normalPath(root.name), root)]];
  for (let depth = 1; level.length > 0; depth++) {
    const wanted = new Map<string, Wanted>();
    const links = level.flatMap(([importer, file]) => requestsOf(importer, file, diagnostics));
    for (const { request, node } of links) {
      const { name } = request;
      if (byName.has(name) || refused.has(name) || wanted.has(name)) continue;
      const excess = excessOf(depth, byName.size + wanted.size + 1, length);
      if (excess === null) wanted.set(name, { request, node });
      else refused.set(name, excess);
    }
    const answers = await Promise.all(
      [...wanted.values()].map(async ({ request }) => [request.name, await read(request)] as const),
    );
    level = [];
    for (const [name, answer] of answers) {
      const excess = "text" in answer ? excessOf(0, 0, length + answer.text.length) : null;
      if (excess !== null) refused.set(name, excess);
      else if ("text" in answer) level.push([name, admit(name, answer)]);
      else refused.set(name, answer);
    }
    for (const { request, node, links: own } of links) {
      const refusal = refused.get(request.name);
      if (refusal !== undefined) diagnostics.add(refusalAt(refusal, node));
      own.push({ node, target: refusal === undefined ? request.name : null });
    }
  }
  return { root: normalPath(root.name), byName, sound };
}

/** What the file imports; malformed specifiers are reported and lead nowhere. */
function requestsOf(
  importer: string,
  { program, links }: ReadFile,
  diagnostics: Diagnostics,
): readonly (Wanted & { readonly links: Link[] })[] {
  return program.declarations.flatMap((node) => {
    if (node.kind !== "import") return [];
    const specifier = node.from.value;
    const name = moduleName(specifier, importer);
    if (name.kind !== "malformed")
      return [{ node, links, request: { name: name.name, kind: name.kind, specifier, importer } }];
    links.push({ node, target: null });
    diagnostics.report("E2070", {
      span: node.from.span,
      message: `"${shown(specifier)}" ${name.why}`,
      help: name.help,
    });
    return [];
  });
}

/** Enough of a text of any length. */
function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function excessOf(depth: number, files: number, length: number): ModuleRefusal | null {
  const what =
    depth > MODULE_LIMITS.depth
      ? `imports are more than ${MODULE_LIMITS.depth} files deep`
      : files > MODULE_LIMITS.files
        ? `a program has at most ${MODULE_LIMITS.files} files`
        : length > MODULE_LIMITS.text
          ? `the files of a program have at most ${MODULE_LIMITS.text} characters`
          : null;
  if (what === null) return null;
  return { code: "E2073", message: `this import is one too many: ${what}`, help: ["join files, or import less"] };
}

function refusalAt({ code, ...words }: ModuleRefusal, node: Ast.Import): Diagnostic {
  return diagnostic(code, { ...words, span: node.from.span });
}

type Parsed = { readonly program: Ast.Program; readonly diagnostics: readonly Diagnostic[] };

const parsedSources = new WeakMap<Source, Parsed>();

function parsedOnce(source: Source): Parsed {
  const before = parsedSources.get(source);
  if (before !== undefined) return before;
  const found = new Diagnostics();
  const parsed = { program: parse(source, found), diagnostics: found.list };
  parsedSources.set(source, parsed);
  return parsed;
}

/** Depth first, so that what is imported comes first; an import that closes a circle is reported and leads nowhere. */
function inOrder({ root, byName }: Files, diagnostics: Diagnostics): readonly Module[] {
  const done = new Map<string, Module>();
  const visit = (name: string, trail: readonly string[]): Module | null => {
    const file = byName.get(name);
    const before = done.get(name);
    if (before !== undefined || file === undefined) return before ?? null;
    const imports = new Map<Ast.Import, Module | null>();
    const here = [...trail, name];
    for (const { node, target } of file.links) {
      if (target !== null && here.includes(target)) {
        imports.set(node, null);
        reportCircle(node, [...here.slice(here.indexOf(target)), target], diagnostics);
      } else imports.set(node, target === null ? null : visit(target, here));
    }
    const module = { program: file.program, imports };
    done.set(name, module);
    return module;
  };
  visit(root, []);
  return [...done.values()];
}

function reportCircle(node: Ast.Import, circle: readonly string[], diagnostics: Diagnostics): void {
  const [first = ""] = circle;
  diagnostics.report("E2072", {
    span: node.from.span,
    message:
      circle.length === 2 ? `${first} imports itself` : `files import each other in a circle: ${circle.join(" → ")}`,
    help: [circle.length === 2 ? "remove the import" : "move what they share into a file of its own"],
  });
}
