/**
 * How the run time refuses: an EinkornError with one coded diagnostic that has no place in a source text. Text that comes
 * from a file or a command line passes through `quoted` first, so that a hostile name can neither flood nor steer a terminal.
 */
import type { Code } from "../compiler/support/codes.ts";
import { diagnostic, EinkornError } from "../compiler/support/diagnostics.ts";

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

/** The word of a list nearest to a mistyped one, at most a third of its letters away, capitals apart; null if there is none. */
export function nearest(word: string, among: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of among.slice(0, 1000)) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
