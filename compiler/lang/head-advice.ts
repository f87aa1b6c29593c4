/**
 * Advice on the shape of declarations and statements: heads that miss a part, words that start a statement in other
 * languages, text between declarations, bodies that are never closed.
 */
import type { IToken } from "chevrotain";
import type { Code } from "../support/codes.ts";
import type { DiagnosticInput } from "../support/diagnostics.ts";
import type { Source } from "../support/source.ts";
import { known } from "../support/invariant.ts";
import { didYouMean } from "../support/typos.ts";
import { operatorWord } from "./operator-advice.ts";
import {
  before,
  expectedWording,
  found,
  foundSpan,
  isOf,
  quote,
  tokenSpan,
  wants,
  type Explanation,
  type ParseFailure,
} from "./parse-failure.ts";
import * as T from "./tokens.ts";

export function headAdvice(failure: ParseFailure): Explanation | null {
  return foreignStatement(failure) ?? conditionWord(failure) ?? headShape(failure);
}

const STATEMENT_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    return: "outputs are named after ->, and each has an equation: Y[i] = …;",
    for: "indices make the loops: Y[i] = …; a reduction makes its own: sum[k](…)",
    while: "a loop that carries values is a recurrence: rec S[t] = … init S[-1] = …;",
    if: "choose between values: condition ? value : other",
    else: "choose between values: condition ? value : other",
    var: "write let x[i] = …;",
    const: "write let x[i] = …;",
    float: "a dtype stands behind a name: let x[i]: f32 = …;",
    int: "a dtype stands behind a name: let x[i]: i32 = …;",
  }),
);

/** `return x;`, `for i in 0..N { … }` in the body of a kernel */
function foreignStatement(failure: ParseFailure): Explanation | null {
  const word = failure.tokens[failure.first];
  if (failure.at === failure.first && isOf(word, T.Semicolon)) {
    return {
      code: "E1002",
      input: { message: "nothing stands before this `;`", span: foundSpan(failure), help: ["remove it"] },
    };
  }
  if (failure.rules[0] !== "equation" || failure.at > failure.first + 2 || word === undefined) return null;
  if (!wants(failure, T.Assign)) return null;
  const advice = STATEMENT_WORDS.get(word.image);
  const span = tokenSpan(failure.source, word);
  if (advice !== undefined) {
    return { code: "E1002", input: { message: `there is no \`${word.image}\` statement`, span, help: [advice] } };
  }
  if (isOf(found(failure), T.LeftParen)) {
    const help = [`give the result a name: let y = ${word.image}(…);`];
    return { code: "E1002", input: { message: "a call alone is no equation", span, help } };
  }
  return null;
}

/** `where N > 0 and N < 9` */
function conditionWord(failure: ParseFailure): Explanation | null {
  const isCondition = failure.tokens.slice(failure.first, failure.at).some((token) => isOf(token, T.WhereWord));
  return isCondition && wants(failure, T.LeftBrace) ? operatorWord(failure) : null;
}

function headShape(failure: ParseFailure): Explanation | null {
  const token = found(failure);
  const rule = failure.rules.at(-1);
  const outer = failure.rules[0];
  const help = ((): string | null => {
    if (isOf(token, T.Assign) && failure.rules.includes("inputs")) {
      return "a parameter has no default; a value known at compile time is a generic: <s: int = 1>";
    }
    if (rule === "param" && wants(failure, T.Colon)) {
      const name = before(failure);
      if (isOf(token, T.Identifier) && name !== undefined) return `write ${token.image}: ${name.image}`;
      const isOutput = !failure.rules.includes("inputs") && outer === "kernelHead";
      return isOutput
        ? "an output has a name and a type: C: f32[M, N]"
        : "a parameter has a name and a type: A: f32[M, N]";
    }
    if (outer === "importDeclaration" && wants(failure, T.LeftBrace)) return importHelp(failure);
    if (isOf(before(failure), T.Arrow) && wants(failure, T.LeftParen) && isOf(token, T.Identifier))
      return `put the parts into parentheses: -> (${untilBrace(failure, token)})`;
    if (wants(failure, T.Arrow)) {
      if (outer === "kernelHead") return "a kernel names its outputs: -> C: f32[M, N]";
      return outer === "fnDeclaration"
        ? "a fn says the dtype of its value: -> f32"
        : "name the parts: -> (m: f32, l: f32)";
    }
    if (outer === "fnDeclaration" && isOf(token, T.LeftBrace))
      return "a fn is one expression: fn f(x: f32) -> f32 = …;";
    if (outer === "kernelHead" && rule === "kernelHead" && wants(failure, T.LeftBrace)) {
      const near = isOf(token, T.Identifier) && didYouMean(token.image, ["where"]) !== null;
      return near ? "did you mean `where`?" : "the equations of a kernel stand in { }";
    }
    return null;
  })();
  if (help === null) return null;
  const what = token === undefined ? "the end of the file" : quote(token);
  const message = `expected ${expectedWording(failure)}, found ${what}`;
  return { code: "E1002", input: { message, span: foundSpan(failure), help: [help] } };
}

/** What is left of the head, where that is short. */
function untilBrace({ source, tokens, at }: ParseFailure, token: IToken): string {
  const brace = tokens.slice(at, at + 12).find((t) => isOf(t, T.LeftBrace));
  const text = source.text.slice(token.startOffset, brace?.startOffset ?? token.startOffset).trim();
  return text === "" || text.includes("\n") ? `${token.image}: …` : text;
}

/** `import linear from "std/nn"`, `import "std/nn"` */
function importHelp({ tokens, at }: ParseFailure): string {
  const name = tokens[at];
  const from = tokens.slice(at, at + 5).find((token) => isOf(token, T.StringText));
  return `write import { ${isOf(name, T.Identifier) ? name.image : "name"} } from ${from?.image ?? '"module"'};`;
}

const DECLARATIONS = ["import", "export", "fn", "reducer", "kernel", "derive", "test", "schedule"] as const;

const DECLARATION_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    func: "write fn for a scalar function, kernel for tensors",
    function: "write fn for a scalar function, kernel for tensors",
    def: "write fn for a scalar function, kernel for tensors",
    use: 'write import { name } from "module";',
    using: 'write import { name } from "module";',
    include: 'write import { name } from "module";',
    from: 'write import { name } from "module";',
  }),
);

/** Text between declarations that starts none of them. */
export function explainStray(source: Source, tokens: readonly IToken[], at: number): readonly [Code, DiagnosticInput] {
  const token = known(tokens[at], "a stray token");
  const span = tokenSpan(source, token);
  if (isOf(token, T.RightBrace)) {
    return ["E1022", { message: "`}` closes nothing", span, help: ["remove it, or check the braces above"] }];
  }
  if (isOf(token, T.Semicolon) && isOf(tokens[at - 1], T.RightBrace))
    return [
      "E1002",
      { message: "nothing stands before this `;`", span, help: ["remove it: a body ends with its `}`"] },
    ];
  const next = tokens[at + 1];
  const isEquation = isOf(token, T.Identifier) && isOf(next, T.LeftBracket, T.Assign);
  if (isEquation || isOf(token, T.LetWord, T.RecWord)) {
    const help = ["put it into the braces of a kernel: kernel f(A: f32[N]) -> B: f32[N] { … }"];
    return ["E1002", { message: "an equation stands inside a kernel", span, help }];
  }
  const near = isOf(token, T.Identifier) ? didYouMean(token.image, DECLARATIONS) : null;
  const help =
    DECLARATION_WORDS.get(token.image) ??
    (near === null ? `a file holds declarations: ${DECLARATIONS.join(", ")}` : `did you mean \`${near}\`?`);
  return ["E1002", { message: `expected a declaration, found ${quote(token)}`, span, help: [help] }];
}

/** The body that opens at `brace` goes on up to `at`, where the file ends or the next declaration starts. */
export function unclosedBody(
  source: Source,
  tokens: readonly IToken[],
  brace: number,
  at: number,
): readonly [Code, DiagnosticInput] {
  const open = tokens[brace];
  const next = tokens[at];
  const related =
    next === undefined ? [] : [{ span: tokenSpan(source, next), message: "a new declaration starts here" }];
  const span = open === undefined ? { source, start: 0, end: 0 } : tokenSpan(source, open);
  return ["E1022", { message: "`{` is not closed", span, related, help: ["close the body with }"] }];
}
