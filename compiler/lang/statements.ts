/**
 * Cuts the tokens of a file into statements without understanding them: at `;`, at the `}` of a body, and at words that
 * clearly start a declaration. The parser reads one statement at a time, so that an error in one, whatever it is,
 * cannot spread into the next.
 */
import type { IToken, TokenType } from "chevrotain";
import * as T from "./tokens.ts";

const EXPORTABLE: ReadonlySet<TokenType> = new Set([T.FnWord, T.ReducerWord, T.KernelWord, T.DeriveWord]);
export const DECLARATION_WORDS: ReadonlySet<TokenType> = new Set([
  T.ImportWord,
  T.ExportWord,
  ...EXPORTABLE,
  T.TestWord,
  T.ScheduleWord,
]);

/**
 * Whether a declaration starts at `at`. A keyword used as a name (`let test[i] = …`) does not start one: the tokens
 * that follow must fit, or the word must be the first of its line and not be followed as a name would be.
 */
export function startsDeclaration(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || !DECLARATION_WORDS.has(token.tokenType) || followsExport(tokens, at)) return false;
  const second = tokens[at + 1]?.tokenType;
  const third = tokens[at + 2]?.tokenType;
  const isLikely = isFirstOfLine(tokens, at) && (isWord(second) || BEHIND_KEYWORD.has(second));
  switch (token.tokenType) {
    case T.ImportWord:
      return second === T.LeftBrace || isLikely;
    case T.ExportWord:
      return (second !== undefined && EXPORTABLE.has(second)) || isLikely;
    case T.DeriveWord:
      return isWord(second) && (third === T.Assign || isLikely);
    case T.TestWord:
      return isWord(second) && (third === T.ForWord || third === T.WithinWord || isLikely);
    case T.ScheduleWord:
      return isWord(second) && (third === T.ForWord || isLikely);
    default:
      return (isWord(second) && (third === T.LeftParen || third === T.Less)) || isLikely;
  }
}

/** `kernel (A: …)`: a head without its name. */
const BEHIND_KEYWORD: ReadonlySet<TokenType | undefined> = new Set([T.LeftParen, T.LeftBrace, T.Less, T.StringText]);

/** `export` already started it. */
function followsExport(tokens: readonly IToken[], at: number): boolean {
  return tokens[at - 1]?.tokenType === T.ExportWord;
}

function isWord(type: TokenType | undefined): boolean {
  if (type === undefined) return false;
  return type === T.Identifier || type.CATEGORIES?.includes(T.Identifier) === true || T.HARD_KEYWORDS.has(type);
}

export function isFirstOfLine(tokens: readonly IToken[], at: number): boolean {
  const line = tokens[at]?.startLine;
  const before = tokens[at - 1];
  return before === undefined || (line !== undefined && (before.endLine ?? line) < line);
}

/** Past the next `;` from `at` on, or at the declaration that starts before it. */
export function endOfDeclaration(tokens: readonly IToken[], at: number): number {
  for (let i = at; i < tokens.length; i++) {
    if (tokens[i]?.tokenType === T.Semicolon) return i + 1;
    if (i > at && startsDeclaration(tokens, i)) return i;
  }
  return tokens.length;
}

/** Past the `{` that opens the body of the declaration at `at`, or at whatever shows that there is none. */
export function endOfHead(tokens: readonly IToken[], at: number): number {
  for (let i = at; i < tokens.length; i++) {
    const type = tokens[i]?.tokenType;
    if (type === T.LeftBrace) return i + 1;
    if (type === T.Semicolon || type === T.RightBrace || (i > at && startsDeclaration(tokens, i))) return i;
  }
  return tokens.length;
}

/** Past the `;` of the statement at `at` in a body; or at the `}`, the declaration, or the `rec` line that follows it. */
export function endOfStatement(tokens: readonly IToken[], at: number): number {
  let braces = 0;
  for (let i = at; i < tokens.length; i++) {
    const type = tokens[i]?.tokenType;
    if (type === T.LeftBrace) braces++;
    else if (type === T.RightBrace && braces === 0) return i;
    else if (type === T.RightBrace && --braces === 0) {
      // `if c { … } else { … };` of other languages is one mistake.
      const next = tokens[i + 1];
      if (next?.image !== "else") return next?.tokenType === T.Semicolon ? i + 2 : i + 1;
    } else if (type === T.Semicolon && braces === 0) return i + 1;
    else if (i > at && (startsDeclaration(tokens, i) || (type === T.RecWord && isFirstOfLine(tokens, i)))) return i;
  }
  return tokens.length;
}

/** The next place from `at` on where a declaration starts. */
export function nextDeclaration(tokens: readonly IToken[], at: number): number {
  for (let i = at; i < tokens.length; i++) if (startsDeclaration(tokens, i)) return i;
  return tokens.length;
}
