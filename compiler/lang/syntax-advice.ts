/**
 * What to say where the grammar cannot go on. The rules below know the forms that people bring from other languages
 * and the usual slips; each looks at the tokens around the place and either explains it or passes. The first that
 * explains wins; where none does, the plain "expected …, found …" stands.
 */
import type { IToken } from "chevrotain";
import { didYouMean } from "../support/typos.ts";
import { REDUCTIONS } from "./builtins.ts";
import { headAdvice } from "./head-advice.ts";
import { missingOperator, operandAfter, operandBefore, operatorAdvice } from "./operator-advice.ts";
import {
  before,
  isAfterOpening,
  endsOperand,
  endSpan,
  expectedWording,
  found,
  foundSpan,
  isOf,
  plainExplanation,
  quote,
  tokenSpan,
  wants,
  wantsExpression,
  type Explanation,
  type ParseFailure,
} from "./parse-failure.ts";
import { isFirstOfLine, startsDeclaration } from "./statements.ts";
import * as T from "./tokens.ts";

type Advice = (failure: ParseFailure) => Explanation | null;

export function explainFailure(failure: ParseFailure): Explanation {
  for (const advise of ADVICE) {
    const explanation = advise(failure);
    if (explanation !== null) return explanation;
  }
  return plainExplanation(failure);
}

const ADVICE: readonly Advice[] = [
  operatorAdvice,
  trailingComma,
  emptyBrackets,
  guardFirst,
  padRule,
  letOperand,
  choice,
  keywordAsName,
  genericArguments,
  assignment,
  headAdvice,
  rangeAsSubscript,
  missingSemicolon,
  partOfResult,
  unmatchedBracket,
  misplacedString,
  misspelledWord,
  missingOperator,
];

function trailingComma(failure: ParseFailure): Explanation | null {
  const comma = before(failure);
  const token = found(failure);
  if (!isOf(comma, T.Comma)) return null;
  const closers = [T.RightParen, T.RightBracket, T.RightBrace, T.LeftBrace, T.Semicolon, T.Greater, T.Arrow];
  if (token !== undefined && !isOf(token, ...closers)) return null;
  const help = ["remove it, or write what should follow"];
  return {
    code: "E1013",
    input: { message: "a list does not end with a comma", span: tokenSpan(failure.source, comma), help },
  };
}

/** `f32[]`, `x[]`, `sum[](…)`, `sum[| g](…)` */
function emptyBrackets(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  if (!isOf(before(failure), T.LeftBracket) || !isOf(token, T.RightBracket, T.Bar)) return null;
  const owner = before(failure, 2);
  const word = owner === undefined ? "…" : owner.image;
  const span = foundSpan(failure);
  if (isOf(token, T.Bar) || isOf(failure.tokens[failure.at + 1], T.LeftParen)) {
    const help = [`name them: ${word}[k](…), ${word}[k in 0..K | k <= i](…)`];
    return { code: "E1014", input: { message: `\`${word}\` does not say which indices it runs over`, span, help } };
  }
  const help = [`write \`${word}\` without brackets`];
  return { code: "E1002", input: { message: "a scalar has no brackets", span, help } };
}

/** `A[i | 3, 0]` */
function guardFirst(failure: ParseFailure): Explanation | null {
  if (!isOf(found(failure), T.Comma) || failure.rules.at(-1) !== "subscripted") return null;
  const help = ["write the guard last: sum[i, j | j <= i](…)", "for the bits of two integers write bit_or(a, b)"];
  return {
    code: "E1014",
    input: { message: "indices come before the guard of a reduction", span: foundSpan(failure), help },
  };
}

const PAD_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    reflect: "mirror",
    symmetric: "mirror",
    replicate: "edge",
    nearest: "edge",
    clamp: "edge",
    clamped: "edge",
    circular: "wrap",
    periodic: "wrap",
    zero: "0",
    zeros: "0",
    constant: "0",
    none: "0",
  }),
);

function padRule(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const span = foundSpan(failure);
  if (failure.rules.at(-1) === "padRule") {
    const meant = token === undefined ? undefined : PAD_WORDS.get(token.image);
    const near = token === undefined ? null : didYouMean(token.image, ["edge", "wrap", "mirror"]);
    const help =
      meant !== undefined || near !== null
        ? [`write pad ${meant ?? near ?? ""}`]
        : isOf(token, T.Identifier, T.NanWord)
          ? [`a value that is not a plain number stands in parentheses: pad (${token.image})`]
          : ["write a number, an expression in parentheses, edge, wrap or mirror"];
    const what = token === undefined ? "nothing" : quote(token);
    return { code: "E1012", input: { message: `${what} is no pad rule`, span, help } };
  }
  if (!isOf(token, T.PadWord) || !endsOperand(before(failure)) || wants(failure, T.Identifier)) return null;
  const help = ["put it behind the access itself: X[i - 1] pad 0"];
  return { code: "E1012", input: { message: "`pad` follows the brackets of an access", span, help } };
}

function letOperand(failure: ParseFailure): Explanation | null {
  if (!isOf(found(failure), T.LetWord) || !wantsExpression(failure)) return null;
  return {
    code: "E1015",
    input: {
      message: "`let … in …` as an operand stands in parentheses",
      span: foundSpan(failure),
      help: ["write (let x = … in …)"],
    },
  };
}

function keywordAsName(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const wantsName =
    wants(failure, T.Identifier) || isAfterOpening(failure, "inputs") || isAfterOpening(failure, "args");
  if (token === undefined || !T.HARD_KEYWORDS.has(token.tokenType) || !wantsName) return null;
  // Between values these are words of the language in the wrong place, not names; with brackets they are read as one.
  const isRead = isOf(failure.tokens[failure.at + 1], T.LeftBracket);
  if (!isRead && wantsExpression(failure) && isOf(token, T.InWord, T.DivWord, T.WhereWord, T.LetWord)) return null;
  if (startsDeclaration(failure.tokens, failure.at)) return null;
  return {
    code: "E1016",
    input: {
      message: `${quote(token)} is a keyword, and no name`,
      span: foundSpan(failure),
      help: [`choose another name, such as \`${token.image}_\``],
    },
  };
}

/** `kernel f<s = 2>(…)`, and in calls `f<s = 2>(x)`; without the name, `f<2>(x)`, it reads as a chained comparison: see fold-operators.ts. */
function genericArguments(failure: ParseFailure): Explanation | null {
  const name = before(failure);
  const less = before(failure, 2);
  const callee = before(failure, 3);
  if (!isOf(found(failure), T.Assign) || !isOf(name, T.Identifier)) return null;
  if (!isOf(less, T.Less) || !isOf(callee, T.Identifier)) return null;
  if (isOf(before(failure, 4), T.KernelWord, T.FnWord, T.ReducerWord)) {
    const value = operandAfter(failure) ?? "…";
    const help = [`write <${name.image}: ${genericKind(value)} = ${value}>`];
    return { code: "E1002", input: { message: "a generic says what it is", span: foundSpan(failure), help } };
  }
  return {
    code: "E1011",
    input: {
      message: "generic arguments do not stand in angle brackets",
      span: tokenSpan(failure.source, less),
      help: [`name them among the arguments: ${callee.image}(…, ${name.image} = ${operandAfter(failure) ?? "…"})`],
    },
  };
}

function genericKind(value: string): string {
  if (value === "true" || value === "false") return "bool";
  return /^[\d.]*[.e]/.test(value) ? "float" : "int";
}

function assignment(failure: ParseFailure): Explanation | null {
  if (!isOf(found(failure), T.Assign) || !endsOperand(before(failure)) || wants(failure, T.Arrow)) return null;
  if (failure.rules.includes("inputs")) return null; // a default: see head-advice.ts
  const isEquation = failure.rules.at(-1) === "equation";
  const help = ["write == to compare", ...(isEquation ? ["give each name an equation of its own: a = …; b = a;"] : [])];
  const message = isEquation ? "an equation has one `=`" : "`=` gives a name a value; it does not compare";
  return { code: "E1018", input: { message, span: foundSpan(failure), help } };
}

/** `A[0..3]`, `A[i, :]`, `sum[0..3](…)` */
function rangeAsSubscript(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  if (isOf(token, T.Ellipsis)) {
    const help = ["write .. : 0..3 holds 0, 1 and 2"];
    return { code: "E1002", input: { message: "`...` means nothing here", span: foundSpan(failure), help } };
  }
  if (!isOf(token, T.RangeDots, T.Colon)) return null;
  const innermost = openBrackets(failure).at(-1);
  if (!isOf(innermost, T.LeftBracket) || failure.rules.includes("type")) return null;
  const owner = failure.tokens[failure.tokens.indexOf(innermost, failure.first) - 1]?.image ?? "X";
  const isReduction = failure.rules.at(-1) === "subscripted" && Object.hasOwn(REDUCTIONS, owner);
  return {
    code: "E1021",
    input: {
      message: "there are no slices; brackets hold one index for each axis",
      span: foundSpan(failure),
      help: [
        isReduction
          ? `give the index a name: ${owner}[k in 0..K](…)`
          : `give the index a name: ${owner}[k in 0..K] where it is bound, ${owner}[k] where it is read`,
      ],
    },
  };
}

function missingSemicolon(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  if (!wants(failure, T.Semicolon)) return null;
  const endsHere =
    token === undefined ||
    isOf(token, T.RightBrace, T.LetWord, T.RecWord) ||
    startsDeclaration(failure.tokens, failure.at) ||
    (isFirstOfLine(failure.tokens, failure.at) && isOf(token, T.Identifier, T.LeftParen)) ||
    looksLikeEquation(failure);
  if (!endsHere) return null;
  const what = token === undefined ? "the end of the file" : quote(token);
  return {
    code: "E1017",
    input: {
      message: `\`;\` is missing before ${what}`,
      span: endSpan(failure),
      help: ["end the statement with ;", ...commentHelp(failure, ";")],
    },
    resumeHere: true,
  };
}

/** `B[i] =` after a complete expression. */
function looksLikeEquation({ tokens, at }: ParseFailure): boolean {
  if (!isOf(tokens[at], T.Identifier)) return false;
  if (isOf(tokens[at + 1], T.Assign)) return true;
  if (!isOf(tokens[at + 1], T.LeftBracket)) return false;
  const close = tokens.findIndex((token, i) => i > at && isOf(token, T.RightBracket, T.Semicolon));
  return isOf(tokens[close], T.RightBracket) && isOf(tokens[close + 1], T.Assign);
}

/** `argmax[j](A[j]).v`, `f(x)[i]`, `A[i][j]` */
function partOfResult(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const last = before(failure);
  if (!isOf(token, T.Dot, T.LeftBracket, T.LeftParen) || !isOf(last, T.RightParen, T.RightBracket)) return null;
  const span = foundSpan(failure);
  if (isOf(token, T.LeftBracket) && isOf(last, T.RightBracket)) {
    const help = ["write all indices in one pair of brackets: A[i, j]"];
    return { code: "E1020", input: { message: "a second pair of brackets after the first", span, help } };
  }
  if (isOf(token, T.LeftParen)) {
    const help = ["write * for a product"];
    return { code: "E1020", input: { message: "the result of a call is no function", span, help } };
  }
  const value = operandBefore(failure);
  const call = value !== null && /^[A-Za-z_]/.test(value) ? value : "f(X)";
  const isReduction = call !== value;
  const part = failure.tokens[failure.at + 1];
  const help = [
    isOf(token, T.LeftBracket)
      ? `name the result first: let r = ${call}; then read r[i]`
      : isReduction
        ? "name the result first: let (v[i], p[i]) = argmax[j](…); then use v[i]"
        : `name the result first: let r = ${call}; then use r.${isOf(part, T.Identifier) ? part.image : "…"}`,
  ];
  return { code: "E1020", input: { message: "a part of a result can only be taken by its name", span, help } };
}

/** The brackets that are open where the failure is, the outermost first. */
function openBrackets({ tokens, first, at }: ParseFailure): readonly IToken[] {
  const open: IToken[] = [];
  for (const token of tokens.slice(first, at)) {
    if (isOf(token, T.LeftParen, T.LeftBracket, T.LeftBrace)) open.push(token);
    else if (isOf(token, T.RightParen, T.RightBracket, T.RightBrace)) open.pop();
  }
  return open;
}

function unmatchedBracket(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const innermost = openBrackets(failure).at(-1);
  const span = foundSpan(failure);
  if (isOf(token, T.RightParen, T.RightBracket) && !wantsExpression(failure)) {
    if (innermost === undefined) {
      const help = ["remove it, or open it earlier"];
      return { code: "E1022", input: { message: `${quote(token)} closes nothing`, span, help } };
    }
    const isPair = isOf(innermost, T.LeftParen) === isOf(token, T.RightParen);
    if (isPair) return null;
    const related = [{ span: tokenSpan(failure.source, innermost), message: "opened here" }];
    const message = `${quote(token)} does not close ${quote(innermost)}`;
    return { code: "E1022", input: { message, span, related, help: [`write ${expectedWording(failure)} before it`] } };
  }
  const [closer, closing] = isOf(innermost, T.LeftParen) ? [T.RightParen, ")"] : [T.RightBracket, "]"];
  if (innermost === undefined || isOf(innermost, T.LeftBrace) || !wants(failure, closer)) return null;
  if (token !== undefined && !isOf(token, T.Semicolon, T.LeftBrace, T.RightBrace)) {
    if (!startsDeclaration(failure.tokens, failure.at)) return null;
  }
  return {
    code: "E1022",
    input: {
      message: `${quote(innermost)} is not closed`,
      span: tokenSpan(failure.source, innermost),
      related: [{ span: foundSpan(failure), message: `${expectedWording(failure)} is missing before this` }],
      help: [`write ${expectedWording(failure)} where the list ends`, ...commentHelp(failure, closing)],
    },
  };
}

/** `A[i // 2]`: what is missing stands in a comment. */
function commentHelp(failure: ParseFailure, missing: string): readonly string[] {
  const { text } = failure.source;
  const from = endSpan(failure).end;
  const skipped = /^[ \t]*\/\/(.*)/.exec(text.slice(from))?.[1];
  if (skipped === undefined || !skipped.includes(missing)) return [];
  const line = text.slice(text.lastIndexOf("\n", from - 1) + 1, from);
  const dividend = /[\w.]+(\[[^[\]]*\])?$/.exec(line.trimEnd())?.[0] ?? "a";
  const divisor = /^\s*([\w.]+)/.exec(skipped)?.[1] ?? "b";
  const floats = missing === "]" ? "" : ` for integers, floor(${dividend} / ${divisor}) for floats`;
  return [`\`//\` starts a comment, which hides the rest of the line: write ${dividend} div ${divisor}${floats}`];
}

function misplacedString(failure: ParseFailure): Explanation | null {
  if (!isOf(found(failure), T.StringText)) return null;
  const help = ['strings name files and modules: import { … } from "…", quantize(…, ranges = "…")'];
  return {
    code: "E1002",
    input: { message: "a string stands only as an argument, or after `from`", span: foundSpan(failure), help },
  };
}

/** A soft keyword is wanted, and something near it is there. */
function misspelledWord(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  if (!isOf(token, T.Identifier)) return null;
  const units = wants(failure, T.ToleranceUnit) ? ["ulp", "rel", "abs"] : [];
  const words = failure.expected.flatMap((type) => T.spellingOf(type) ?? []).filter((text) => /^[a-z]/.test(text));
  const meant = didYouMean(token.image, [...words, ...units]);
  if (meant === null) return null;
  const { code, input } = plainExplanation(failure);
  return { code, input: { ...input, help: [`did you mean \`${meant}\`?`] } };
}

/** `where(c, a, b)`, `if c { a } else { b }` */
function choice(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const last = before(failure);
  if (isOf(token, T.WhereWord) && wantsExpression(failure) && isOf(failure.tokens[failure.at + 1], T.LeftParen)) {
    const help = ["write c ? a : b, or select(c, a, b)"];
    return {
      code: "E1002",
      input: { message: "`where` stands in the head of a kernel, and is no function", span: foundSpan(failure), help },
    };
  }
  if (!isOf(last, T.Identifier) || last.image !== "if" || isOf(token, T.LeftParen)) return null;
  const span = tokenSpan(failure.source, last);
  return {
    code: "E1002",
    input: { message: "there is no `if` expression", span, help: ["write condition ? value : other"] },
  };
}
