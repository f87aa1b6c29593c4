/**
 * Operators that Einkorn does not have, and what takes their place: bit operations are functions (`|` is the bar of a
 * guard), nothing is updated in place, and there is no unary plus. And operands with no operator between them.
 */
import type { IToken } from "chevrotain";
import type { Source } from "../support/source.ts";
import { REDUCTIONS } from "./builtins.ts";
import {
  before,
  endsOperand,
  expectedWording,
  found,
  foundSpan,
  isOf,
  quote,
  tokenSpan,
  wants,
  wantsExpression,
  type Explanation,
  type ParseFailure,
} from "./parse-failure.ts";
import * as T from "./tokens.ts";

export function operatorAdvice(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const span = foundSpan(failure);
  if (isOf(token, T.Plus) && wantsExpression(failure)) {
    const isIncrement = isOf(before(failure), T.Plus);
    const message = isIncrement ? "there is no `++`: nothing is updated in place" : "there is no unary `+`";
    const help = [isIncrement ? "give the new value a name: let y[i] = x[i] + 1" : "remove it"];
    return { code: "E1010", input: { message, span, help } };
  }
  if (!isOf(token, T.RefusedOperator, T.Bar)) return null;
  // `sum[| g](x)` has a guard and no index
  if (isOf(token, T.Bar) && isOf(before(failure), T.LeftBracket)) return null;
  return {
    code: "E1010",
    input: { message: `there is no operator ${quote(token)}`, span, help: instead(failure, token) },
  };
}

/** At most two ways to write what is meant. */
function instead(failure: ParseFailure, token: IToken): readonly string[] {
  const left = operandBefore(failure) ?? "…";
  const right = operandAfter(failure) ?? "…";
  switch (token.tokenType) {
    case T.ShiftLeft:
      return [`write shl(${left}, ${right})`];
    case T.ShiftRight:
      return [`write shr(${left}, ${right})`];
    case T.BitAnd:
      return [`write bit_and(${left}, ${right}) for the bits of integers`, "write && for bools"];
    case T.Bar:
      return [`write bit_or(${left}, ${right}) for the bits of integers`, "write || for bools"];
    case T.BitXor:
      return [`write ${left} ** ${right} for a power`, `write bit_xor(${left}, ${right}) for the bits of integers`];
    case T.BitNot:
      return [`write bit_not(${right})`];
    case T.TripleAnd:
      return ["write &&"];
    case T.TripleOr:
      return ["write ||"];
    case T.TripleEqual:
      return ["write =="];
    case T.NotDoubleEqual:
      return ["write !="];
    case T.ColonAssign:
      return ["write ="];
    default:
      // The compound assignments.
      return [
        "nothing is updated in place: give the new value a name",
        "to accumulate write sum[k](…), or rec … init …",
      ];
  }
}

/** The text of the value that ends before the failure: a word, or an access or a call; null for more than that. */
export function operandBefore({ source, tokens, first, at }: ParseFailure): string | null {
  let start = at - 1;
  if (isOf(tokens[start], T.RightBracket, T.RightParen)) {
    for (let depth = 0; start > first; start--) {
      if (isOf(tokens[start], T.RightBracket, T.RightParen)) depth++;
      else if (isOf(tokens[start], T.LeftBracket, T.LeftParen) && --depth === 0) break;
    }
    if (isOf(tokens[start - 1], T.Identifier)) start--;
  } else if (!isOf(tokens[start], T.Identifier, T.NumberText)) return null;
  return textBetween(source, tokens[start], tokens[at - 1]);
}

/** The text of the value behind the token that does not fit, likewise. */
export function operandAfter({ source, tokens, at }: ParseFailure): string | null {
  let end = at + 1;
  if (!isOf(tokens[end], T.Identifier, T.NumberText)) return null;
  if (isOf(tokens[end], T.Identifier) && isOf(tokens[end + 1], T.LeftBracket, T.LeftParen)) {
    for (let depth = 0; end < tokens.length; end++) {
      if (isOf(tokens[end], T.Semicolon, T.LeftBrace)) return null;
      if (isOf(tokens[end], T.LeftBracket, T.LeftParen)) depth++;
      else if (isOf(tokens[end], T.RightBracket, T.RightParen) && --depth === 0) break;
    }
  }
  return textBetween(source, tokens[at + 1], tokens[end]);
}

/** Null where there is nothing, or too much to repeat in a message. */
function textBetween(source: Source, from: IToken | undefined, to: IToken | undefined): string | null {
  if (from === undefined || to === undefined) return null;
  const text = source.text.slice(from.startOffset, to.startOffset + to.image.length);
  return text.length > 40 || text.includes("\n") ? null : text;
}

/** `2 x`, `a and b`, `x if c` */
export function missingOperator(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const last = before(failure);
  if (last === undefined || !endsOperand(last) || !isOf(token, T.Identifier, T.NumberText, T.LeftParen)) return null;
  if (!wants(failure, T.Semicolon) && !wants(failure, T.RightParen) && !wants(failure, T.RightBracket)) return null;
  const word = operatorWord(failure);
  if (word !== null) return word;
  const span = foundSpan(failure);
  if (isOf(last, T.NumberText)) {
    const right = operandAfter({ ...failure, at: failure.at - 1 }) ?? token.image;
    const help = [`write ${last.image} * ${right}`];
    return { code: "E1002", input: { message: "a product is written with `*`", span, help } };
  }
  const message = `expected ${expectedWording(failure)}, found ${quote(token)}`;
  const reduced = reductionBefore(failure);
  if (reduced !== null) {
    const body = operandAfter({ ...failure, at: failure.at - 1 }) ?? "…";
    const help = [`put what it reduces into parentheses: ${reduced}(${body})`];
    return { code: "E1002", input: { message: `expected \`(\`, found ${quote(token)}`, span, help } };
  }
  return { code: "E1002", input: { message, span, label: "an operator, a comma or an end is missing before this" } };
}

/** `a and b`, `not a`: a word of another language, behind a value or as a value itself */
export function operatorWord(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const last = before(failure);
  const written = token === undefined ? undefined : OPERATOR_WORDS.get(token.image);
  const [word, help] = isOf(last, T.Identifier) && last.image === "not" ? [last, "write !(…)"] : [token, written];
  if (word === undefined || help === undefined) return null;
  const span = tokenSpan(failure.source, word);
  return { code: "E1002", input: { message: `${quote(word)} is no operator`, span, help: [help] } };
}

/** `sum[i]` in `sum[i] X[i]`; null where no reduction of the language ends before the failure. */
function reductionBefore({ source, tokens, first, at }: ParseFailure): string | null {
  const last = tokens[at - 1];
  if (!isOf(last, T.RightBracket)) return null;
  const open = tokens.findLastIndex((token, i) => i >= first && i < at && isOf(token, T.LeftBracket));
  const word = tokens[open - 1];
  if (word === undefined || !Object.hasOwn(REDUCTIONS, word.image)) return null;
  return source.text.slice(word.startOffset, last.startOffset + 1);
}

const OPERATOR_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    and: "write &&",
    or: "write ||",
    mod: "write % (it is floor)",
    xor: "write != for bools, bit_xor(a, b) for integers",
    is: "write ==",
    if: "write condition ? value : other",
    then: "write condition ? value : other",
    else: "write condition ? value : other",
  }),
);
