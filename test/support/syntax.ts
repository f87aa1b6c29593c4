/** What the tests of the parser share: reading a text, and syntax trees without their places. */
import type { Declaration, Expr, Program } from "../../compiler/lang/ast.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { unreachable } from "../../compiler/support/invariant.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";

/** The program; throws with the rendered messages where there are any. */
export function read(text: string, name = "test.ein"): Program {
  const diagnostics = new Diagnostics();
  const program = parse(makeSource(name, text), diagnostics);
  if (diagnostics.list.length > 0) throw new Error(renderDiagnostics(diagnostics.list));
  return program;
}

/** The only declaration of the text. */
export function readOne<K extends Declaration["kind"]>(kind: K, text: string): Extract<Declaration, { kind: K }> {
  const [first, ...rest] = read(text).declarations;
  const isWanted = (d: Declaration | undefined): d is Extract<Declaration, { kind: K }> => d?.kind === kind;
  if (!isWanted(first) || rest.length > 0) throw new Error(`expected one ${kind}`);
  return first;
}

/** The expression, read as the body of a fn. */
export function readExpr(text: string): Expr {
  return readOne("fn", `fn f(x: f32) -> f32 = ${text};`).body;
}

/** A tree without spans and sources: two texts with equal ones mean the same. */
export function withoutPlaces(node: unknown): unknown {
  if (Array.isArray(node)) return node.map((n) => withoutPlaces(n));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) =>
      /^(?:span|\w+Span|source|comments)$/.test(key) ? [] : [[key, withoutPlaces(value)]],
    ),
  );
}

/** An expression with all its parentheses: `(- (x ** 2))`. */
export function bracketed(e: Expr): string {
  switch (e.kind) {
    case "integer":
    case "float":
      return e.text;
    case "path":
      return e.names.map((name) => name.text).join(".");
    case "unary":
      return `(${e.operator} ${bracketed(e.operand)})`;
    case "binary":
      return `(${bracketed(e.left)} ${e.operator} ${bracketed(e.right)})`;
    case "conditional":
      return `(${bracketed(e.condition)} ? ${bracketed(e.whenTrue)} : ${bracketed(e.whenFalse)})`;
    case "letIn":
      return `(let ${e.names.map((name) => name.text).join(" ")} = ${bracketed(e.value)} in ${bracketed(e.body)})`;
    case "access": {
      const pad = e.pad === null ? "" : ` pad ${e.pad.kind === "padMode" ? e.pad.mode : bracketed(e.pad.value)}`;
      return `${bracketed(e.tensor)}[${e.subscripts.map((s) => bracketed(s)).join(" ")}]${pad}`;
    }
    case "boolean":
    case "constant":
    case "tuple":
    case "reduction":
    case "call":
      return e.kind;
    default:
      return unreachable(e);
  }
}
