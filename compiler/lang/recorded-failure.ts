/**
 * Listens where chevrotain would compose an error message, and keeps what the parser wanted there as values. The
 * messages that users read are composed later, by syntax-advice.ts, which sees the tokens around the place as well.
 */
import type { IParserErrorMessageProvider, TokenType } from "chevrotain";

export class RecordedFailure implements IParserErrorMessageProvider {
  /** Kinds of token with which the text could go on. */
  expected: readonly TokenType[] = [];

  buildMismatchTokenMessage({ expected }: { readonly expected: TokenType }): string {
    this.expected = [expected];
    return "mismatch";
  }

  buildNoViableAltMessage({ expectedPathsPerAlt }: { readonly expectedPathsPerAlt: TokenType[][][] }): string {
    this.expected = firstTokens(expectedPathsPerAlt.flat());
    return "no alternative";
  }

  buildEarlyExitMessage({ expectedIterationPaths }: { readonly expectedIterationPaths: TokenType[][] }): string {
    this.expected = firstTokens(expectedIterationPaths);
    return "empty list";
  }

  buildNotAllInputParsedMessage(): string {
    this.expected = [];
    return "rest";
  }
}

function firstTokens(paths: readonly (readonly TokenType[])[]): readonly TokenType[] {
  return [...new Set(paths.flatMap((path) => path.slice(0, 1)))];
}
