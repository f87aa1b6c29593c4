/**
 * The places that report a diagnostic, found in the text of a source file, and that text with each place marked, so that
 * a run can tell which place spoke and hush one of them. Two kinds of place:
 *
 *   code   `"E2003"` where it is a value: it becomes `"E2003#17"`, and whoever collects diagnostics takes the number off;
 *   call   of a function that does nothing but report, `this.#misused(…)`, where more than one place calls it: each is a
 *          check of its own. It becomes `__within(18, () => this.#misused(…))`.
 *
 * Edits keep the lines, so that a stack trace still fits.
 */
import { parseSync } from "oxc-parser";

export type Site = {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /** A code, or the name of the function that reports. */
  readonly what: string;
  readonly kind: "code" | "call";
};

type Edit = { readonly start: number; readonly end: number; readonly before: string; readonly after: string };
type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<Record<string, unknown>>;
type File = { readonly name: string; readonly text: string; readonly root: Node };

/** `#local` where only its own file can call it. */
type Reporter = { readonly name: string; readonly file: string | null };

const CODE = /^[EW]\d{4}$/;
/** These are handed a code, which marks the place better. */
const CARRIERS = new Set(["refuse", "fault", "add"]);

/** All places of these files, and the marked texts by file. */
export function markSites(texts: ReadonlyMap<string, string>): {
  readonly sites: readonly Site[];
  readonly marked: ReadonlyMap<string, string>;
} {
  const files = [...texts].map(([name, text]): File => ({ name, text, root: rootOf(name, text) }));
  const reporters = reportersOf(files);
  const sites: Site[] = [];
  const marked = new Map<string, string>();
  for (const f of files) {
    const edits: Edit[] = [];
    for (const node of valuesIn(f.root)) {
      const what = codeOf(node) ?? reporterCalled(node, f.name, reporters);
      if (what === null) continue;
      const id = sites.length;
      const kind = node.type === "Literal" ? "code" : "call";
      sites.push({ id, file: f.name, line: f.text.slice(0, node.start).split("\n").length, what, kind });
      edits.push(
        kind === "code"
          ? { start: node.end - 1, end: node.end, before: `#${id}`, after: "" }
          : { start: node.start, end: node.end, before: `__within(${id}, () => `, after: ")" },
      );
    }
    marked.set(f.name, applied(f.text, edits));
  }
  return { sites, marked };
}

function rootOf(name: string, text: string): Node {
  const { program, errors } = parseSync(name, text);
  if (errors.length > 0) throw new Error(`${name} does not parse`);
  return asNode(program);
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new Error("not a node of a syntax tree");
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flatMap((value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

/** Every node that is evaluated for its value: no types, no keys, no operands of a comparison. */
function* valuesIn(node: Node): Generator<Node> {
  if (node.type.startsWith("TS") && !/^TS(As|Satisfies|NonNull)Expression$/.test(node.type)) return;
  yield node;
  const skipped =
    node.type === "BinaryExpression"
      ? [node["left"], node["right"]].filter((e) => isNode(e) && e.type === "Literal")
      : node.type === "Property" || node.type === "SwitchCase"
        ? [node["key"], node["test"]]
        : [];
  for (const child of childrenOf(node)) if (!skipped.includes(child)) yield* valuesIn(child);
}

function codeOf(node: Node): string | null {
  const { value } = node;
  return node.type === "Literal" && typeof value === "string" && CODE.test(value) ? value : null;
}

/** The name that a call calls: `report`, `#misused`. */
function calledName(node: Node): string | null {
  if (node.type !== "CallExpression" || !isNode(node["callee"])) return null;
  const callee = node["callee"];
  return nameOf(callee.type === "MemberExpression" ? callee["property"] : callee);
}

function nameOf(node: unknown): string | null {
  if (!isNode(node) || typeof node["name"] !== "string") return null;
  return node.type === "PrivateIdentifier" ? `#${node["name"]}` : node["name"];
}

function reporterCalled(node: Node, file: string, reporters: readonly Reporter[]): string | null {
  const name = calledName(node);
  return reporters.some((r) => r.name === name && (r.file === null || r.file === file)) ? name : null;
}

type Body = Reporter & { readonly statements: readonly Node[] };

/** Functions that report whatever happens, and that more than one place calls. */
function reportersOf(files: readonly File[]): readonly Reporter[] {
  const functions = files.flatMap((f) => [...everyNode(f.root)].flatMap((n) => functionIn(n, f)));
  let found: readonly Body[] = [];
  for (let before = -1; found.length > before;) {
    before = found.length;
    found = functions.filter((f) => f.statements.some((s) => reports(s, f.file, found)));
  }
  const calls = files.flatMap((f) => [...valuesIn(f.root)].map((n) => reporterCalled(n, f.name, found)));
  return found.filter((f) => calls.filter((name) => name === f.name).length > 1);
}

function* everyNode(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* everyNode(child);
}

function functionIn(node: Node, file: File): readonly Body[] {
  const holder =
    node.type === "MethodDefinition" ? node["value"] : node.type === "VariableDeclarator" ? node["init"] : node;
  if (!isNode(holder) || !/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(holder.type))
    return [];
  const name = nameOf(node.type === "MethodDefinition" ? node["key"] : node["id"]);
  if (name === null || CARRIERS.has(name.replace("#", "")) || !isNode(holder["body"])) return [];
  const statements = holder["body"].type === "BlockStatement" ? childrenOf(holder["body"]) : [holder["body"]];
  const isShared = node.type === "MethodDefinition" ? !name.startsWith("#") : isExported(node, file);
  return [{ name, file: isShared ? null : file.name, statements }];
}

function isExported(node: Node, { root }: File): boolean {
  return childrenOf(root).some((n) => n.type === "ExportNamedDeclaration" && n["declaration"] === node);
}

/** Whether the statement reports, whatever happens before it. */
function reports(s: Node, file: string | null, reporters: readonly Reporter[]): boolean {
  if (s.type === "IfStatement")
    return [s["consequent"], s["alternate"]].every((b) => isNode(b) && reports(b, file, reporters));
  if (s.type === "BlockStatement") return childrenOf(s).some((c) => reports(c, file, reporters));
  if (!/^(ExpressionStatement|ReturnStatement|VariableDeclaration)$|Expression$/.test(s.type)) return false;
  return withoutFunctions(s).some((n) => {
    const args = n.type === "CallExpression" && Array.isArray(n["arguments"]) ? n["arguments"].filter(isNode) : [];
    const isReport = args.some((a) =>
      [...valuesIn(a)].some((v) => a.type !== "ObjectExpression" && codeOf(v) !== null),
    );
    return isReport || reporterCalled(n, file ?? "", reporters) !== null;
  });
}

function withoutFunctions(node: Node): readonly Node[] {
  if (/Function/.test(node.type)) return [];
  return [node, ...childrenOf(node).flatMap(withoutFunctions)];
}

/** Inner edits lie within outer ones, or beside them. */
function applied(text: string, edits: readonly Edit[]): string {
  const insertions = edits.flatMap((e, n) => [
    { at: e.after === "" ? e.end - 1 : e.start, text: e.before, order: n },
    { at: e.end, text: e.after, order: -n },
  ]);
  let result = text;
  for (const i of insertions.toSorted((a, b) => b.at - a.at || b.order - a.order))
    result = result.slice(0, i.at) + i.text + result.slice(i.at);
  return result;
}
