/**
 * Where the words of a printed tree come from. The walk over the tree (expressions.ts, declarations.ts) asks a pen for each
 * token in order: the pen of a source (source-pen.ts) gives the token that stands there, with its redundant parentheses
 * and the author's lines; the pen of a tree alone, below, writes what the grammar needs and nothing more.
 */
import type { Argument, Expr } from "../ast.ts";
import type { Break, Piece } from "./piece.ts";
import { token } from "./piece.ts";

export interface Pen {
  /** The next token, which reads `text`. */
  word(text: string): Piece;
  /** How many parentheses stand around `e`; `isNeeded`: the grammar wants one there. */
  parentheses(e: Expr, isNeeded: boolean): number;
  /** Whether a list of names or sides that may stand in parentheses does. */
  hasParentheses(isNeeded: boolean): boolean;
  /** Whether a word of a directive is followed by parentheses of its own; `isNeeded`: what follows has some. */
  hasArguments(args: readonly Argument[], isNeeded: () => boolean): boolean;
  /** Why the next token, the first of an item or of a statement, would start a line. */
  lineBreak(before: "item" | "statement"): Break;
  /** Whether the body that opens with the next token was written on one line. */
  isBodyOnOneLine(end: number): boolean;
  /** The comment that documents a declaration, if the pen does not find it in the source anyway. */
  doc(text: string | null): readonly Piece[];
}

/** Writes a tree that need not have a source. */
export const TREE_PEN: Pen = {
  word: (text) => token(text, -1),
  parentheses: (_e, isNeeded) => (isNeeded ? 1 : 0),
  hasParentheses: (isNeeded) => isNeeded,
  hasArguments: (args, isNeeded) => args.length > 0 || isNeeded(),
  lineBreak: (before) => (before === "statement" ? "author" : "none"),
  isBodyOnOneLine: () => false,
  doc: (text) => (text === null ? [] : text.split("\n").map((line) => token(`// ${line}`.trimEnd(), -1))),
};
