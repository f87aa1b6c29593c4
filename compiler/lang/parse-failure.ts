/**
 * The place where a rule of the grammar could not go on, with questions that the advice of syntax-advice.ts asks about
 * it, and the plain message for where no advice fits.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Code } from "../support/codes.ts";
import type { DiagnosticInput } from "../support/diagnostics.ts";
import type { Source, Span } from "../support/source.ts";
import * as T from "./tokens.ts";

export type ParseFailure = {
  readonly source: Source;
  /** All tokens of the file. */
  readonly tokens: readonly IToken[];
  /** Index of the first token of the statement. */
  readonly first: number;
  /** Index of the token that does not fit; past the end of the statement where something is missing. */
  readonly at: number;
  /** Names of the grammar's rules, the outermost first. */
  readonly rules: readonly string[];
  /** Kinds of token that would fit. */
  readonly expected: readonly TokenType[];
};

export type Explanation = {
  readonly code: Code;
  readonly input: DiagnosticInput;
  /** The token that does not fit starts the next statement. */
  readonly resumeHere?: boolean;
};

/** The token that does not fit; undefined at the end of the file. */
export function found({ tokens, at }: ParseFailure): IToken | undefined {
  return tokens[at];
}

/** The token `back` places before the one that does not fit, within the statement. */
export function before({ tokens, at, first }: ParseFailure, back = 1): IToken | undefined {
  return at - back >= first ? tokens[at - back] : undefined;
}

export function tokenSpan(source: Source, token: IToken): Span {
  return { source, start: token.startOffset, end: token.startOffset + token.image.length };
}

/** The place of the token that does not fit; just behind the last one at the end of the file. */
export function foundSpan(failure: ParseFailure): Span {
  const token = found(failure);
  return token === undefined ? endSpan(failure) : tokenSpan(failure.source, token);
}

/** The empty place just behind the last token that fits. */
export function endSpan({ source, tokens, at }: ParseFailure): Span {
  const last = tokens[at - 1];
  const end = last === undefined ? 0 : last.startOffset + last.image.length;
  return { source, start: end, end };
}

/** A token that `isOf` has found to be of a kind; the mark keeps the opposite from being concluded where it has not. */
declare const matched: unique symbol;
export type MatchedToken = IToken & { readonly [matched]: true };

/** Whether the token is there and of one of these kinds, or of a kind in one of these categories. */
export function isOf(token: IToken | undefined, ...types: readonly TokenType[]): token is MatchedToken {
  if (token === undefined) return false;
  return types.some((type) => token.tokenType === type || token.tokenType.CATEGORIES?.includes(type) === true);
}

export function wants({ expected }: ParseFailure, type: TokenType): boolean {
  return expected.includes(type);
}

export function wantsExpression(failure: ParseFailure): boolean {
  return (wants(failure, T.NumberText) && wants(failure, T.LeftParen)) || isAfterOpening(failure, "args");
}

/** Just behind the `(` of a list that may be empty, where the grammar only says that it wants `)`. */
export function isAfterOpening(failure: ParseFailure, rule: "args" | "inputs"): boolean {
  return failure.rules.at(-1) === rule && isOf(before(failure), T.LeftParen) && wants(failure, T.RightParen);
}

/** Whether a value may end with this token. */
export function endsOperand(token: IToken | undefined): boolean {
  const ends = [T.Identifier, T.NumberText, T.StringText, T.RightParen, T.RightBracket, T.TrueWord, T.FalseWord];
  return isOf(token, ...ends, T.InfWord, T.NanWord);
}

/** The token's text in backticks, shortened. */
export function quote(token: IToken): string {
  const text = token.image.length > 30 ? `${token.image.slice(0, 29)}…` : token.image;
  return `\`${text}\``;
}

/** "expected …, found …" */
export function plainExplanation(failure: ParseFailure): Explanation {
  const token = found(failure);
  const what = token === undefined ? "the end of the file" : foundWording(token);
  return {
    code: "E1002",
    input: { message: `expected ${expectedWording(failure)}, found ${what}`, span: foundSpan(failure) },
  };
}

function foundWording(token: IToken): string {
  return T.HARD_KEYWORDS.has(token.tokenType) ? `the keyword ${quote(token)}` : quote(token);
}

export function expectedWording(failure: ParseFailure): string {
  if (wantsExpression(failure)) return "an expression";
  const kinds = [...new Set(failure.expected.map((type) => T.describeTokenType(type)))];
  if (wants(failure, T.Semicolon) && endsOperand(before(failure))) kinds.push("an operator");
  if (kinds.length === 0) return "the end of the statement";
  if (kinds.length === 1) return kinds.join("");
  return `${kinds.slice(0, -1).join(", ")} or ${kinds.slice(-1).join("")}`;
}
