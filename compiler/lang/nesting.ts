/**
 * Bounds how deep the syntax tree of a statement can get, on its tokens, before the parser sees it: recursive descent,
 * and every later walk over the tree, would otherwise overflow the stack on text that a user (or a fuzzer) can write.
 *
 * Two things deepen a tree: what nests (brackets, `?:`, `let … in`, `**`, runs of prefix operators), and long chains
 * `a + b + c + …`, which lean to the left and cost the parser nothing. Of what nests a bracket costs the most, some 7 KB of
 * stack where the parser is cold; browsers and Node give about 1 MB, of which a caller may have used a part.
 */
import type { IToken, TokenType } from "chevrotain";
import * as T from "./tokens.ts";

export const NESTING_LIMIT = 200;
/** Open brackets, which count among what nests, too. */
export const BRACKET_LIMIT = 64;
/** Operators on one path from the root of a tree to a leaf. */
export const CHAIN_LIMIT = 500;

export type TooDeep = { readonly token: IToken; readonly kind: "brackets" | "nesting" | "chain" };

/** What one open bracket has gathered since its last `,`. */
type Level = { nested: number; run: number; chain: number };

const OPENING: ReadonlySet<TokenType> = new Set([T.LeftParen, T.LeftBracket, T.LeftBrace]);
const CLOSING: ReadonlySet<TokenType> = new Set([T.RightParen, T.RightBracket, T.RightBrace]);

/** The first token of `tokens[from..to)` that is too deep, or null. */
export function findTooDeep(tokens: readonly IToken[], from: number, to: number): TooDeep | null {
  const levels: Level[] = [{ nested: 0, run: 0, chain: 0 }];
  let nestedBelow = 0;
  let chainBelow = 0;
  let afterOperand = false;
  for (let i = from; i < to; i++) {
    const token = tokens[i];
    const level = levels.at(-1);
    if (token === undefined || level === undefined) break;
    const type = token.tokenType;
    if (OPENING.has(type)) {
      nestedBelow += 1 + level.nested + level.run;
      chainBelow += level.chain;
      levels.push({ nested: 0, run: 0, chain: 0 });
    } else if (CLOSING.has(type)) {
      if (levels.length > 1) levels.pop();
      const outer = levels.at(-1) ?? level;
      nestedBelow = Math.max(0, nestedBelow - (1 + outer.nested + outer.run));
      chainBelow = Math.max(0, chainBelow - outer.chain);
    } else {
      countWord(type, level, afterOperand);
    }
    const here = levels.at(-1) ?? level;
    const nested = nestedBelow + here.nested + here.run;
    if (levels.length - 1 > BRACKET_LIMIT) return { token, kind: "brackets" };
    if (nested > NESTING_LIMIT) return { token, kind: "nesting" };
    if (nested + chainBelow + here.chain > CHAIN_LIMIT) return { token, kind: "chain" };
    afterOperand = endsOperand(type);
  }
  return null;
}

function countWord(type: TokenType, level: Level, afterOperand: boolean): void {
  if (type === T.Comma || type === T.Semicolon) {
    level.nested = 0;
    level.run = 0;
    level.chain = 0;
  } else if (type === T.LetWord || type === T.Question || type === T.Colon || type === T.InWord) {
    if (type === T.LetWord || type === T.Question) level.nested++;
    level.run = 0;
    level.chain = 0;
  } else if (type === T.Power || type === T.Not || (type === T.Minus && !afterOperand)) {
    level.run++;
  } else if (type.CATEGORIES?.includes(T.BinaryOperator) === true) {
    level.run = 0;
    level.chain++;
  }
}

function endsOperand(type: TokenType): boolean {
  return (
    type === T.Identifier ||
    type === T.RightParen ||
    type === T.RightBracket ||
    type === T.TrueWord ||
    type === T.FalseWord ||
    type === T.InfWord ||
    type === T.NanWord ||
    type.CATEGORIES?.includes(T.Identifier) === true ||
    type === T.NumberText ||
    type.CATEGORIES?.includes(T.NumberText) === true
  );
}
