/**
 * The pen of a source: it gives the tokens of a file one after the other, and with each what stands before it: comments,
 * line breaks, parentheses that the tree does not know. That the walk asks for just these tokens in just this order is
 * checked at each of them: nothing can be lost, added or moved.
 */
import type { IToken } from "chevrotain";
import { invariant } from "../../support/invariant.ts";
import type { Comment, Expr } from "../ast.ts";
import * as T from "../tokens.ts";
import type { Gap, GapComment } from "./lay-out.ts";
import type { Pen } from "./pen.ts";
import type { Break, Piece, Token } from "./piece.ts";
import { token } from "./piece.ts";

export class SourcePen implements Pen {
  readonly #text: string;
  readonly #tokens: readonly IToken[];
  readonly #comments: readonly Comment[];
  /** The first comment behind each token: `#firstComment[i]` stands before token `i`. */
  readonly #firstComment: readonly number[];
  #at = 0;

  constructor(text: string, tokens: readonly IToken[], comments: readonly Comment[]) {
    this.#text = text;
    this.#tokens = tokens;
    this.#comments = comments;
    this.#firstComment = firstComments(tokens, comments);
  }

  word(text: string): Piece {
    const found = this.#tokens[this.#at]?.image ?? "the end";
    invariant(found === text, `the formatter writes ${text} where the source has ${found}`);
    return token(text, this.#at++);
  }

  parentheses(e: Expr): number {
    let count = 0;
    for (let at = this.#at; (this.#tokens[at]?.startOffset ?? Infinity) < e.span.start; at++) count++;
    return count;
  }

  hasParentheses(): boolean {
    return this.#tokens[this.#at]?.tokenType === T.LeftParen;
  }

  hasArguments(args: readonly unknown[]): boolean {
    const isEmptyPair =
      this.#tokens[this.#at]?.tokenType === T.LeftParen && this.#tokens[this.#at + 1]?.tokenType === T.RightParen;
    return args.length > 0 || isEmptyPair;
  }

  lineBreak(): Break {
    const { comments, lines } = this.gapBefore(this.#at);
    if (lines === 0 && comments.every((c) => c.lines === 0)) return "none";
    return comments.length > 0 ? "comment" : "author";
  }

  isBodyOnOneLine(end: number): boolean {
    const start = this.#tokens[this.#at]?.startOffset ?? 0;
    return !this.#text.slice(start, end).includes("\n");
  }

  doc(): readonly Piece[] {
    return [];
  }

  /** Stands for the end of the file: behind all tokens, without a text. */
  end(): Token {
    invariant(this.#at === this.#tokens.length, "the formatter has not come to the end of the source");
    return token("", this.#at);
  }

  /** What stands before a token of the source. */
  gapBefore(at: number): Gap {
    const before = this.#tokens[at - 1];
    let place = before === undefined ? 0 : before.startOffset + before.image.length;
    const comments: GapComment[] = [];
    for (let i = this.#firstComment[at] ?? 0; i < (this.#firstComment[at + 1] ?? this.#comments.length); i++) {
      const comment = this.#comments[i];
      if (comment === undefined) break;
      comments.push({ text: comment.text, lines: this.#lines(place, comment.span.start) });
      place = comment.span.end;
    }
    return { comments, lines: this.#lines(place, this.#tokens[at]?.startOffset ?? this.#text.length) };
  }

  /** Line breaks from one place to another. */
  #lines(from: number, to: number): number {
    return this.#text.slice(from, to).split("\n").length - 1;
  }
}

/** For each token, and the end, the index of the first comment that is not before the token in front of it. */
function firstComments(tokens: readonly IToken[], comments: readonly Comment[]): readonly number[] {
  const firsts: number[] = [];
  let next = 0;
  for (const { startOffset } of tokens) {
    firsts.push(next);
    while ((comments[next]?.span.start ?? Infinity) < startOffset) next++;
  }
  return [...firsts, next];
}
