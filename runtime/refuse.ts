/**
 * How the run time refuses: an EinkornError with one coded diagnostic that has no place in a source text. Text that comes
 * from a file or a command line passes through `quoted` first, so that a hostile name can neither flood nor steer a terminal.
 */
import type { Code } from "../compiler/support/codes.ts";
import { diagnostic, EinkornError } from "../compiler/support/diagnostics.ts";
import { didYouMean } from "../compiler/support/typos.ts";

export type WaysOut = { readonly notes?: readonly string[]; readonly help?: readonly string[] };

/** Throws an EinkornError. `message` is one sentence in the user's words, with the values. */
export function refuse(code: Code, message: string, ways: WaysOut = {}): never {
  throw new EinkornError([diagnostic(code, { message, span: null, ...ways })]);
}

const LONGEST = 80;

/** Foreign text in double quotes: control and invisible characters escaped, cut after 80 characters. */
export function quoted(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `"${cut.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped).replaceAll('"', '\\"')}"`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** At most `limit` words for a message, the rest counted. */
export function listed(words: readonly string[], limit = 8): string {
  const rest = words.length - limit;
  return words.slice(0, limit).join(", ") + (rest > 0 ? `, … (${rest} more)` : "");
}

/** `1 element`, `2 elements`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The word of a list that was probably meant; null if none is near. Lists and words of foreign files can be of any length. */
export function nearest(word: string, among: readonly string[]): string | null {
  return word.length > LONGEST ? null : didYouMean(word, among.slice(0, 1000));
}
