/**
 * The words of the language, for chevrotain's lexer. Hard keywords are reserved; soft keywords are also identifiers
 * (their token types belong to the category `Identifier`), so that a tensor may be called `tile`.
 *
 * Spellings that people bring from other languages (`<<`, `+=`, `1.`) are tokens of their own: the grammar admits none
 * of them, and one token is easier to explain than the pieces that it would fall into.
 */
import { createToken, Lexer, type TokenType } from "chevrotain";

const vocabulary: TokenType[] = [];
const words: TokenType[] = [];
const spellings = new Map<TokenType, string>();

/** A category: matched by the grammar, never by the lexer. */
function category(name: string): TokenType {
  const type = createToken({ name, pattern: Lexer.NA });
  vocabulary.push(type);
  return type;
}

function pattern(name: string, regex: RegExp, more: { readonly group?: string; readonly categories?: TokenType } = {}) {
  const type = createToken({ name, pattern: regex, ...more });
  vocabulary.push(type);
  return type;
}

function spelled(text: string, ...categories: readonly TokenType[]): TokenType {
  const isWord = /^[a-z]/.test(text);
  const base = { name: isWord ? `Word_${text}` : `Sign_${text}`, pattern: text, categories: [...categories] };
  const type = createToken(isWord ? { ...base, longer_alt: Identifier } : base);
  (isWord ? words : vocabulary).push(type);
  spellings.set(type, text);
  return type;
}

// Created first, so that words can name it, and listed after them, so that they win. A run of word characters is one
// token, whatever its length: scan.ts refuses the absurd.
export const Identifier = createToken({ name: "Identifier", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

export const BinaryOperator = category("BinaryOperator");
export const PrefixOperator = category("PrefixOperator");
export const Preposition = category("Preposition");
export const PadMode = category("PadMode");
export const ToleranceUnit = category("ToleranceUnit");
export const RefusedOperator = category("RefusedOperator");

pattern("Space", /\s+/, { group: Lexer.SKIPPED });
pattern("LineComment", /\/\/[^\n]*/, { group: "comments" });
pattern("BlockComment", /\/\*[\s\S]*?\*\//, { group: "comments" });
export const UnclosedComment = pattern("UnclosedComment", /\/\*[\s\S]*/, { group: "unclosed" });

// Hard keywords
export const ImportWord = spelled("import");
export const ExportWord = spelled("export");
export const FnWord = spelled("fn");
export const ReducerWord = spelled("reducer");
export const KernelWord = spelled("kernel");
export const DeriveWord = spelled("derive");
export const TestWord = spelled("test");
export const ScheduleWord = spelled("schedule");
export const LetWord = spelled("let");
export const RecWord = spelled("rec");
export const WhereWord = spelled("where");
export const InWord = spelled("in", Preposition);
export const DivWord = spelled("div", BinaryOperator);
export const TrueWord = spelled("true");
export const FalseWord = spelled("false");
export const InfWord = spelled("inf");
export const NanWord = spelled("nan");

/** Words that cannot be names. */
export const HARD_KEYWORDS: ReadonlySet<TokenType> = new Set(
  [...spellings].filter(([, text]) => /^[a-z]/.test(text)).map(([type]) => type),
);

// Soft keywords
export const FromWord = spelled("from", Identifier);
export const InitWord = spelled("init", Identifier);
export const PadWord = spelled("pad", Identifier);
export const EdgeWord = spelled("edge", Identifier, PadMode);
export const WrapWord = spelled("wrap", Identifier, PadMode);
export const MirrorWord = spelled("mirror", Identifier, PadMode);
export const ForWord = spelled("for", Identifier);
export const AllWord = spelled("all", Identifier);
export const WithinWord = spelled("within", Identifier);
export const UlpWord = spelled("ulp", Identifier, ToleranceUnit);
export const RelWord = spelled("rel", Identifier, ToleranceUnit);
export const AbsWord = spelled("abs", Identifier, ToleranceUnit);
export const WhenWord = spelled("when", Identifier);
export const IdentityWord = spelled("identity", Identifier);
export const LiftWord = spelled("lift", Identifier);
export const CombineWord = spelled("combine", Identifier);
export const BulkWord = spelled("bulk", Identifier);
export const LawWord = spelled("law", Identifier);
export const ByWord = spelled("by", Identifier, Preposition);
export const ToWord = spelled("to", Identifier);
export const AtWord = spelled("at", Identifier, Preposition);
export const OverWord = spelled("over", Identifier, Preposition);
export const TailWord = spelled("tail", Identifier, Preposition);

// `init` before `in`: the lexer tries one of them only, and then the identifier.
vocabulary.push(
  ...words.toSorted((a, b) => (spellings.get(b)?.length ?? 0) - (spellings.get(a)?.length ?? 0)),
  Identifier,
);

// Literals. A number ends before `..`, so that `1..67` is a range; it is not followed by a letter or by a lone point.
export const StringText = pattern("StringText", /"[^"\n]*"/);
export const UnclosedString = pattern("UnclosedString", /"[^"\n]*/, { categories: StringText });
export const NumberText = pattern(
  "NumberText",
  /(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![A-Za-z0-9_])(?!\.(?!\.))/,
);
/** `1.`, `2n`, `0x`, `1_000`: the grammar takes it for a number, scan.ts reports it. */
export const MalformedNumber = pattern("MalformedNumber", /\d(?:[eE][+-]|[A-Za-z0-9_]|\.(?!\.))*/, {
  categories: NumberText,
});

// Signs; the longer one first.
export const TripleEqual = spelled("===", RefusedOperator);
export const NotDoubleEqual = spelled("!==", RefusedOperator);
export const TripleAnd = spelled("&&&", RefusedOperator);
export const TripleOr = spelled("|||", RefusedOperator);
export const Ellipsis = spelled("...");
export const RangeDots = spelled("..");
/** `.5`; reported like `1.` */
export const PointNumber = pattern("PointNumber", /\.\d\w*/, { categories: NumberText });
export const Arrow = spelled("->");
export const Equal = spelled("==", BinaryOperator);
export const NotEqual = spelled("!=", BinaryOperator);
export const LessEqual = spelled("<=", BinaryOperator);
export const GreaterEqual = spelled(">=", BinaryOperator);
export const And = spelled("&&", BinaryOperator);
export const Or = spelled("||", BinaryOperator);
export const PowerAssign = spelled("**=", RefusedOperator);
export const Power = spelled("**", BinaryOperator);
export const ShiftLeft = spelled("<<", RefusedOperator);
export const ShiftRight = spelled(">>", RefusedOperator);
export const PlusAssign = spelled("+=", RefusedOperator);
export const MinusAssign = spelled("-=", RefusedOperator);
export const StarAssign = spelled("*=", RefusedOperator);
export const SlashAssign = spelled("/=", RefusedOperator);
export const ColonAssign = spelled(":=", RefusedOperator);
export const BitAnd = spelled("&", RefusedOperator);
export const BitXor = spelled("^", RefusedOperator);
export const BitNot = spelled("~", RefusedOperator);
export const Assign = spelled("=");
export const Less = spelled("<", BinaryOperator);
export const Greater = spelled(">", BinaryOperator);
export const Not = spelled("!", PrefixOperator);
export const Plus = spelled("+", BinaryOperator);
export const Minus = spelled("-", BinaryOperator, PrefixOperator);
export const Star = spelled("*", BinaryOperator);
export const Slash = spelled("/", BinaryOperator);
export const Percent = spelled("%", BinaryOperator);
export const Question = spelled("?");
export const Colon = spelled(":");
export const Semicolon = spelled(";");
export const Comma = spelled(",");
export const Dot = spelled(".");
export const LeftParen = spelled("(");
export const RightParen = spelled(")");
export const LeftBracket = spelled("[");
export const RightBracket = spelled("]");
export const LeftBrace = spelled("{");
export const RightBrace = spelled("}");
export const Bar = spelled("|");

export const TOKENS: readonly TokenType[] = vocabulary;

/** The text of a token type that has only one; undefined for names and literals. */
export function spellingOf(type: TokenType): string | undefined {
  return spellings.get(type);
}

/** `kernel`, `[`: as a message names a kind of token. */
export function describeTokenType(type: TokenType): string {
  if (type === Identifier) return "a name";
  if (type === NumberText) return "a number";
  if (type === StringText) return "a string";
  if (type === ToleranceUnit) return "`ulp`, `rel` or `abs`";
  const text = spellings.get(type);
  return text === undefined ? type.name : `\`${text}\``;
}
