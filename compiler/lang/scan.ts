/**
 * From text to tokens, and everything that can be wrong with a single word: characters of no token, malformed numbers,
 * comments and strings that never end, names and sources beyond all measure. What is reported here is left in the
 * token stream in the nearest valid form, so that the grammar can go on; `faults` says where it must not complain again.
 */
import { Lexer, type IToken } from "chevrotain";
import type { Diagnostics } from "../support/diagnostics.ts";
import type { Source, Span } from "../support/source.ts";
import type { Comment } from "./ast.ts";
import { malformedNumber } from "./malformed-number.ts";
import * as T from "./tokens.ts";

/** In UTF-16 units. */
export const SOURCE_LIMIT = 1_048_576;
/** In characters. */
export const NAME_LIMIT = 255;

export type Scan = {
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  /** Offsets of the words that were reported, in ascending order. */
  readonly faults: readonly number[];
};

let lexer: Lexer | undefined;

export function scan(source: Source, diagnostics: Diagnostics): Scan {
  const { text } = source;
  if (text.length > SOURCE_LIMIT) {
    diagnostics.report("E1004", {
      message: `the source has ${text.length} characters; the limit is ${SOURCE_LIMIT}`,
      span: { source, start: 0, end: 0 },
      help: ["split the file; kernels of other files are used with import { … } from …"],
    });
    return { tokens: [], comments: [], faults: [0] };
  }
  lexer ??= new Lexer([...T.TOKENS], { ensureOptimizations: true, skipValidations: true });
  const { tokens, errors, groups } = lexer.tokenize(text);
  const faults: number[] = [];
  const fault: typeof diagnostics.report = (code, input) => {
    faults.push(input.span?.start ?? 0);
    diagnostics.report(code, input);
  };
  for (const { offset, length } of errors) {
    const span = wholeWord(source, offset, offset + length);
    fault("E1001", unexpectedCharacters(span));
  }
  for (const token of tokens) checkWord(token, source, fault);
  for (const token of groups["unclosed"] ?? []) {
    fault("E1006", {
      message: "this comment is never closed",
      span: { source, start: token.startOffset, end: token.startOffset + 2 },
      help: ["close it with */, or start each of its lines with //"],
    });
  }
  const comments = (groups["comments"] ?? []).map((token): Comment => {
    const start = token.startOffset;
    return { kind: "comment", text: token.image, span: { source, start, end: start + token.image.length } };
  });
  return { tokens, comments, faults: faults.toSorted((a, b) => a - b) };
}

function checkWord(token: IToken, source: Source, fault: Diagnostics["report"]): void {
  const { image, startOffset: start } = token;
  const span: Span = { source, start, end: start + image.length };
  switch (token.tokenType) {
    case T.NumberText:
    case T.MalformedNumber:
    case T.PointNumber: {
      const complaint = malformedNumber(span);
      if (complaint !== null) fault("E1005", complaint);
      return;
    }
    case T.UnclosedString:
      fault("E1007", {
        message: "this string is not closed on its line",
        span,
        help: ['close it with "; a string has no escapes and no line breaks'],
      });
      return;
    case T.Identifier:
      if (image.length > NAME_LIMIT) {
        fault("E1008", {
          message: `this name has ${image.length} characters; the limit is ${NAME_LIMIT}`,
          span,
          help: ["choose a shorter name"],
        });
      }
      return;
    default:
  }
}

/** Widens a run of odd letters to the word that it is part of: `na` `ï` `ve`. */
function wholeWord(source: Source, start: number, end: number): Span {
  const { text } = source;
  if (!/^[\p{L}\p{M}\p{N}$]+$/u.test(text.slice(start, end))) return { source, start, end };
  const isWord = (at: number): boolean => /[\p{L}\p{M}\p{N}_$\uD800-\uDFFF]/u.test(text.charAt(at));
  let from = start;
  let to = end;
  while (from > 0 && isWord(from - 1)) from--;
  while (to < text.length && isWord(to)) to++;
  return { source, start: from, end: to };
}

/** What people type, or paste, and what Einkorn calls it. */
const INSTEAD: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "#": "comments start with //",
    "'": 'strings stand in double quotes: "…"',
    "`": 'strings stand in double quotes: "…"',
    "“": 'strings stand in straight double quotes: "…"',
    "”": 'strings stand in straight double quotes: "…"',
    "@": "a matrix product is written out: C[i, j] = sum[k](A[i, k] * B[k, j])",
    $: "names are made of the letters a-z and A-Z, digits and _",
    "\\": "a statement may go on over several lines; it ends at its ;",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "×": "write *",
    "·": "write *",
    "÷": "write / for floats, div for integers",
    "−": "write -",
    "–": "write -",
    "→": "write ->",
    "∞": "write inf",
    "∑": "write sum[k](…)",
    "∏": "write prod[k](…)",
    "√": "write sqrt(…)",
    "²": "write ** 2",
    "³": "write ** 3",
    "…": "write .. for a range",
  }),
);

function unexpectedCharacters(span: Span): Parameters<Diagnostics["report"]>[1] {
  const found = span.source.text.slice(span.start, span.end);
  const first = String.fromCodePoint(found.codePointAt(0) ?? 0);
  const advice = INSTEAD.get(first);
  if (advice !== undefined) return { message: `\`${first}\` means nothing here`, span, help: [advice] };
  const shown = Array.from(found).slice(0, 20).join("");
  if (/[\p{L}\p{M}\p{N}]/u.test(found)) {
    return {
      message: `\`${shown}\` is not a name`,
      span,
      help: ["names are made of the letters a-z and A-Z, digits and _ (comments may hold any character)"],
    };
  }
  const codes = Array.from(found)
    .slice(0, 4)
    .map((c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  return {
    message: `unexpected character ${codes.join(" ")}`,
    span,
    help: ["remove it; outside of comments and strings a file is plain ASCII"],
  };
}
