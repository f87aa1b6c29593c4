/**
 * Reads a documentation page the way its tests need it: fenced blocks with the words behind the fence, the tables and
 * paragraphs that a comment `<!-- checked: NAME -->` announces, headings and links.
 */

/** A fenced block; `line` is that of its fence, from 1. */
type Block = { readonly words: readonly string[]; readonly text: string; readonly line: number };

/** Blocks in order of the page. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = page.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const fence = /^```(.*)$/.exec(lines[i] ?? "");
    if (fence === null) continue;
    const end = lines.indexOf("```", i + 1);
    if (end < 0) throw new Error(`line ${i + 1}: this block is never closed`);
    const words = (fence[1] ?? "").split(" ").filter((w) => w !== "");
    blocks.push({ words, text: lines.slice(i + 1, end).join("\n"), line: i + 1 });
    i = end;
  }
  return blocks;
}

/** The lines behind the comment, up to the next empty one; the empty line behind the comment does not count. */
function checkedLines(page: string, name: string): readonly string[] {
  const lines = page.split("\n");
  const start = lines.indexOf(`<!-- checked: ${name} -->`) + 1;
  if (start === 0) throw new Error(`nothing is marked as checked: ${name}`);
  const end = lines.indexOf("", start + 1);
  return lines.slice(start, end < 0 ? lines.length : end).filter((line) => line !== "");
}

/** The cells of a checked table, without its head; a bar in a cell is written `\|`. */
export function tableOf(page: string, name: string): readonly (readonly string[])[] {
  const rows = checkedLines(page, name).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
  if (rows.length < 3) throw new Error(`the table ${name} has no rows`);
  return rows.slice(2);
}

/** What stands in backticks in a checked paragraph. */
export function codeWordsOf(page: string, name: string): readonly string[] {
  return codeIn(checkedLines(page, name).join(" "));
}

/** What stands in backticks in a text. */
export function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? "");
}

/** The targets that links within the page can have: `## Special values` is `special-values`. */
export function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map((m) => (m[1] ?? "").toLowerCase().replaceAll(" ", "-"));
}
