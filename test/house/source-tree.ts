/**
 * What the rules of the house read of a source file: its imports, the words in it and its comments, taken from the syntax
 * tree (oxc), so that text in a comment or a string is never mistaken for code.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "oxc-parser";

/** `target` is the path of the imported file from the root of the project, null for a package or a Node module. */
export type Import = {
  readonly specifier: string;
  readonly target: string | null;
  /** `load`: when the file is loaded; `later`: by `import()`; `type`: never at run time. */
  readonly when: "load" | "later" | "type";
  readonly line: number;
};

/** An identifier, a property name, or the text of a string, template or regular expression. */
export type Word = {
  readonly text: string;
  readonly isText: boolean;
  /**
   * What a text is there for. `compared`: something is held against it (`==`, `case`, an argument of a method, an element of
   * an array, a regular expression); `declared`: a member of a union type, or of an array `as const`.
   */
  readonly use: "compared" | "declared" | "other";
  readonly line: number;
};

export type SourceFile = {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly lineCount: number;
  /** The comment that the file opens with, "" if there is none. */
  readonly header: string;
  /** Type-only imports, re-exports, `import()` and `import("…")` types included. */
  readonly imports: readonly Import[];
  readonly words: readonly Word[];
  /** Names that the file uses and nowhere declares: globals, or misspelt. */
  readonly undeclared: readonly Word[];
  readonly exportsDefault: boolean;
};

type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value;

/** Throws on a syntax error: a file that cannot be read cannot be judged. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  const fault = errors[0];
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
  const reader = new Reader(path, lineFinder(text));
  const tree: unknown = program;
  if (!isNode(tree)) throw new Error(`${path}: no syntax tree`);
  reader.read(tree, null, "");
  const opening = /^(#!.*\n)?\s*/.exec(text)?.[0].length ?? 0;
  return {
    path,
    lineCount: lineFinder(text)(text.replace(/\n$/, "").length),
    header: comments.find((comment) => comment.start === opening)?.value ?? "",
    imports: reader.imports,
    words: reader.words,
    undeclared: reader.used.filter((word) => !reader.declared.has(word.text)),
    exportsDefault: reader.exportsDefault,
  };
}

/** Every .ts and .mjs file of the given folders, parsed; paths sorted. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return readTexts(root, folders, /\.(ts|mjs)$/).map(({ path, text }) => parseSource(path, text));
}

/** Every file of the folders whose name matches; a folder that is not there has none. */
export function readTexts(
  root: string,
  folders: readonly string[],
  name: RegExp,
): readonly { readonly path: string; readonly text: string }[] {
  const present = new Set(readdirSync(root));
  return folders
    .filter((folder) => present.has(folder))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((f) => join(folder, f)),
    )
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => name.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** From an offset to its line, both in the text, lines from 1. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [...text.matchAll(/^/gm)].map((match) => match.index);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Collects while it walks one tree. */
class Reader {
  readonly imports: Import[] = [];
  readonly words: Word[] = [];
  readonly used: Word[] = [];
  readonly declared = new Set<string>();
  exportsDefault = false;
  readonly #constant = new WeakSet<Node>();
  readonly #path: string;
  readonly #lineOf: (offset: number) => number;

  constructor(path: string, lineOf: (offset: number) => number) {
    this.#path = path;
    this.#lineOf = lineOf;
  }

  read(node: Node, parent: Node | null, key: string): void {
    if (node.type === "ExportDefaultDeclaration") this.exportsDefault = true;
    if (node.type === "ExportSpecifier" && nameOf(node["exported"]) === "default") this.exportsDefault = true;
    if (IMPORTING.has(node.type)) this.#addImport(node["source"], whenLoaded(node));
    if (BINDING.has(`${node.type}.id`)) this.#declare(node["id"]);
    if (BINDING.has(`${node.type}.local`)) this.#declare(node["local"]);
    if (BINDING.has(`${node.type}.param`)) this.#declare(node["param"]);
    if (Array.isArray(node["params"])) for (const param of node["params"]) this.#declare(param);
    if (node.type === "TSAsExpression" && isNode(node["expression"])) this.#constant.add(node["expression"]);
    this.#addWord(node, parent, key);
    for (const [name, child] of Object.entries(node)) {
      if (name === "source" && IMPORTING.has(node.type)) continue;
      for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) this.read(item, node, name);
    }
  }

  #addImport(source: unknown, when: Import["when"]): void {
    const specifier = isNode(source) ? source["value"] : null;
    if (typeof specifier !== "string" || !isNode(source)) return;
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(this.#path), specifier) : null;
    this.imports.push({ specifier, target, when, line: this.#lineOf(source.start) });
  }

  #declare(pattern: unknown): void {
    if (!isNode(pattern)) return;
    if (pattern.type === "Identifier") this.declared.add(nameOf(pattern));
    for (const key of ["value", "left", "argument", "parameter"]) this.#declare(pattern[key]);
    for (const key of ["elements", "properties"]) {
      const parts = pattern[key];
      if (Array.isArray(parts)) for (const part of parts) this.#declare(part);
    }
  }

  #addWord(node: Node, parent: Node | null, key: string): void {
    const line = this.#lineOf(node.start);
    if (node.type === "Identifier" || node.type === "PrivateIdentifier") {
      const word: Word = { text: nameOf(node), isText: false, use: "other", line };
      this.words.push(word);
      const isReference = node.type === "Identifier" && (parent === null || !isPropertyName(parent, key));
      if (isReference) this.used.push(word);
    } else if (node.type === "Literal" && typeof node["value"] === "string") {
      this.words.push({ text: node["value"], isText: true, use: this.#useOf(parent, key), line });
    } else if (node.type === "Literal" && "regex" in node) {
      this.words.push({ text: patternOf(node["regex"]), isText: true, use: "compared", line });
    } else if (node.type === "TemplateElement") {
      const value = node["value"];
      const cooked = typeof value === "object" && value !== null && "cooked" in value ? value.cooked : "";
      this.words.push({ text: String(cooked), isText: true, use: "compared", line });
    }
  }

  #useOf(parent: Node | null, key: string): Word["use"] {
    if (parent?.type === "TSLiteralType") return "declared";
    if (parent?.type === "ArrayExpression") return this.#constant.has(parent) ? "declared" : "compared";
    if (parent?.type === "BinaryExpression" || parent?.type === "SwitchCase") return "compared";
    const called = parent?.type === "CallExpression" && key === "arguments" ? parent["callee"] : null;
    return isNode(called) && called.type === "MemberExpression" ? "compared" : "other";
  }
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** `import { type A }` does load its file: only `import type` goes away with the types. */
function whenLoaded(node: Node): Import["when"] {
  if (node.type === "ImportExpression") return "later";
  return node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type"
    ? "type"
    : "load";
}

/** Fields whose identifiers come into being there. */
const BINDING = new Set([
  "VariableDeclarator.id",
  "FunctionDeclaration.id",
  "FunctionExpression.id",
  "TSDeclareFunction.id",
  "ClassDeclaration.id",
  "ClassExpression.id",
  "TSTypeAliasDeclaration.id",
  "TSInterfaceDeclaration.id",
  "ImportSpecifier.local",
  "ImportDefaultSpecifier.local",
  "ImportNamespaceSpecifier.local",
  "CatchClause.param",
]);

const patternOf = (regex: unknown): string =>
  typeof regex === "object" && regex !== null && "pattern" in regex ? String(regex.pattern) : "";

function nameOf(node: unknown): string {
  return isNode(node) && typeof node["name"] === "string" ? node["name"] : "";
}

/** `x.window`, `{ window: 1 }`, `import { window as w }`: a name inside something else, not a reference. */
function isPropertyName(parent: Node, key: string): boolean {
  if (key === "property") return parent.type === "MemberExpression" && parent["computed"] !== true;
  if (key === "key") return parent["computed"] !== true;
  if (key === "right") return parent.type === "TSQualifiedName";
  if (key === "label") return true;
  return key === "imported" || (key === "exported" && parent.type === "ExportSpecifier");
}
