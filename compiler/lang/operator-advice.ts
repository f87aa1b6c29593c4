/**
 * Operators that Einkorn does not have, and what takes their place: bit operations are functions (`|` is the bar of a
 * guard), nothing is updated in place, and there is no unary plus.
 */
import type { IToken } from "chevrotain";
import {
  before,
  found,
  foundSpan,
  isOf,
  quote,
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
  const left = simpleText(before(failure));
  const right = simpleText(failure.tokens[failure.at + 1]);
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

/** The operand, where it is a single word. */
function simpleText(token: IToken | undefined): string {
  return isOf(token, T.Identifier, T.NumberText) && token.image.length <= 30 ? token.image : "…";
}
