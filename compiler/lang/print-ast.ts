/**
 * The syntax tree as text that parses back to the same tree: one statement a line, however long, and no more parentheses
 * than the grammar needs. Comments are not part of the tree, but for those that document a declaration. The walk is that
 * of the formatter (format/), with a pen that has no source.
 */
import type { Declaration, Expr, Program } from "./ast.ts";
import { declaration } from "./format/declarations.ts";
import { expression, LEVEL } from "./format/expressions.ts";
import { layOut } from "./format/lay-out.ts";
import { TREE_PEN } from "./format/pen.ts";

/** Ends with a newline; "" for an empty program. */
export function printProgram(program: Program): string {
  return program.declarations.map((d) => `${printDeclaration(d)}\n`).join("\n");
}

/** Without a newline at the end. */
export function printDeclaration(d: Declaration): string {
  return layOut([declaration(TREE_PEN, d)], Infinity);
}

/** On one line. */
export function printExpr(e: Expr): string {
  return layOut([expression(TREE_PEN, e, LEVEL.expression, "value")], Infinity);
}
