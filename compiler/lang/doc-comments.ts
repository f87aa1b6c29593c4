/**
 * Finds the comment that documents a declaration: the block that ends on the line just above it, either one comment in
 * slashes and stars or a run of `//` lines. A comment behind code on its line documents nothing.
 */
import type { Source } from "../support/source.ts";
import type { Comment } from "./ast.ts";

/** The text of the block above `start`, without its marks; null where there is none. `comments` is in source order. */
export function docAbove(source: Source, comments: readonly Comment[], start: number): string | null {
  let index = lastBefore(comments, start);
  const nearest = comments[index];
  if (nearest === undefined || !standsAbove(source, nearest, start)) return null;
  if (nearest.text.startsWith("/*")) return unmarkBlock(nearest.text);
  const lines: string[] = [];
  for (let below = start; index >= 0; index--) {
    const comment = comments[index];
    if (comment === undefined || !comment.text.startsWith("//") || !standsAbove(source, comment, below)) break;
    lines.push(comment.text.replace(/^\/\/ ?/, "").trimEnd());
    below = comment.span.start;
  }
  return lines.toReversed().join("\n");
}

/** The index of the last comment that ends at or before `offset`; -1 where there is none. */
function lastBefore(comments: readonly Comment[], offset: number): number {
  let low = 0;
  let high = comments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((comments[middle]?.span.end ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function standsAbove(source: Source, comment: Comment, below: number): boolean {
  const between = source.text.slice(comment.span.end, below);
  if (!/^[^\S\n]*\n?[^\S\n]*$/.test(between)) return false;
  const lineStart = source.text.lastIndexOf("\n", comment.span.start - 1) + 1;
  return source.text.slice(lineStart, comment.span.start).trim() === "";
}

function unmarkBlock(text: string): string {
  const lines = text
    .slice(2, -2)
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim());
  while (lines[0] === "") lines.shift();
  while (lines.at(-1) === "") lines.pop();
  return lines.join("\n");
}
