/**
 * Turns a flat chain `a op b op c …` into a tree by precedence (Dijkstra's shunting yard), so that the grammar needs no
 * rule per level. All operators here associate to the left; `**` and the prefix operators are the grammar's own.
 */
import type { IToken, TokenType } from "chevrotain";
import { known } from "../support/invariant.ts";
import { joinSpans, spanText, type Span } from "../support/source.ts";
import type { BinaryOperator, Expr } from "./ast.ts";
import type { Refuse } from "./subscripted.ts";
import * as T from "./tokens.ts";

/** An expression with the place that it takes, parentheses included. */
export type Operand = { readonly expr: Expr; readonly outer: Span };

const OPERATORS = new Map<TokenType, { readonly text: BinaryOperator; readonly precedence: number }>([
  [T.Or, { text: "||", precedence: 1 }],
  [T.And, { text: "&&", precedence: 2 }],
  [T.Equal, { text: "==", precedence: 3 }],
  [T.NotEqual, { text: "!=", precedence: 3 }],
  [T.Less, { text: "<", precedence: 3 }],
  [T.LessEqual, { text: "<=", precedence: 3 }],
  [T.Greater, { text: ">", precedence: 3 }],
  [T.GreaterEqual, { text: ">=", precedence: 3 }],
  [T.Plus, { text: "+", precedence: 4 }],
  [T.Minus, { text: "-", precedence: 4 }],
  [T.Star, { text: "*", precedence: 5 }],
  [T.Slash, { text: "/", precedence: 5 }],
  [T.DivWord, { text: "div", precedence: 5 }],
  [T.Percent, { text: "%", precedence: 5 }],
]);
const COMPARISON = 3;

/** The loosest operators that a chain may hold. */
export type Lowest = number;

export function lowestOf(operator: "||" | "+"): Lowest {
  return operator === "||" ? 1 : 4;
}

/** Higher binds tighter; 0 for what is no operator of a chain. */
export function precedenceOf(type: TokenType): number {
  return OPERATORS.get(type)?.precedence ?? 0;
}

/** `operators[i]` stands between `operands[i]` and `operands[i + 1]`. */
export function foldOperators(operands: readonly Operand[], operators: readonly IToken[], refuse: Refuse): Expr {
  const values: Operand[] = [known(operands[0], "first operand")];
  const pending: IToken[] = [];
  const reduceOnce = (): void => {
    const right = known(values.pop(), "right operand");
    const left = known(values.pop(), "left operand");
    values.push(binary(left, known(pending.pop(), "operator"), right));
  };
  operators.forEach((operator, i) => {
    const precedence = precedenceOf(operator.tokenType);
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      if (precedenceOf(top.tokenType) < precedence) break;
      const left = values.at(-2);
      const middle = values.at(-1);
      if (precedence === COMPARISON && precedenceOf(top.tokenType) === COMPARISON && left && middle) {
        refuseChain({ left, first: top, middle, second: operator, right: known(operands[i + 1], "operand") }, refuse);
      }
      reduceOnce();
    }
    pending.push(operator);
    values.push(known(operands[i + 1], "operand"));
  });
  while (pending.length > 0) reduceOnce();
  return known(values[0], "folded expression").expr;
}

function binary(left: Operand, token: IToken, right: Operand): Operand {
  const { text } = known(OPERATORS.get(token.tokenType), "operator");
  const source = left.outer.source;
  const operatorSpan: Span = { source, start: token.startOffset, end: token.startOffset + token.image.length };
  const span = joinSpans(left.outer, right.outer);
  const expr: Expr = { kind: "binary", operator: text, operatorSpan, left: left.expr, right: right.expr, span };
  return { expr, outer: span };
}

type Chain = {
  readonly left: Operand;
  readonly first: IToken;
  readonly middle: Operand;
  readonly second: IToken;
  readonly right: Operand;
};

/** `0 <= i < N` would compare a bool with N; `f<2>(x)` looks the same to the grammar. */
function refuseChain({ left, first, middle, second, right }: Chain, refuse: Refuse): void {
  const text = { left: brief(left), middle: brief(middle), right: brief(right) };
  const isGeneric = first.tokenType === T.Less && second.tokenType === T.Greater && text.right.startsWith("(");
  if (isGeneric && left.expr.kind === "path") {
    refuse("E1011", {
      message: "generic arguments do not stand in angle brackets",
      span: joinSpans(left.outer, right.outer),
      label: "this reads as two comparisons",
      help: [`name them among the arguments: ${text.left}(…, NAME = ${text.middle})`],
    });
    return;
  }
  const source = left.outer.source;
  refuse("E1009", {
    message: "comparisons do not chain",
    span: { source, start: second.startOffset, end: second.startOffset + second.image.length },
    label: `this would compare the bool \`${text.left} ${first.image} ${text.middle}\` with \`${text.right}\``,
    help: [`write ${text.left} ${first.image} ${text.middle} && ${text.middle} ${second.image} ${text.right}`],
  });
}

function brief(operand: Operand): string {
  const text = spanText(operand.outer).replaceAll(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}
