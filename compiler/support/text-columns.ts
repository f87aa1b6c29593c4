/**
 * How a line of source looks in a terminal: which columns its characters take, so that carets stand under what they mean.
 * Tabs become spaces up to the next stop, East Asian wide characters and emoji take two columns, and whatever could
 * drive the terminal (escape sequences) or turn the reading direction is shown as U+FFFD.
 */

/** One visible unit: a grapheme. `offset` is its place in the line in UTF-16 units; `column` and `width` count columns from 0. */
export type Cell = { readonly text: string; readonly offset: number; readonly column: number; readonly width: number };

const TAB_STOP = 4;
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;
/** Controls, format characters (direction marks among them), lone surrogates, line separators. */
const UNSAFE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

let segmenter: Intl.Segmenter | undefined;

/** `line` holds no newline. */
export function cellsOf(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  let column = 0;
  for (const [offset, grapheme] of graphemesOf(line)) {
    const isTab = grapheme === "\t";
    const isUnsafe = !isTab && UNSAFE.test(grapheme);
    const width = isTab ? TAB_STOP - (column % TAB_STOP) : !isUnsafe && WIDE.test(grapheme) ? 2 : 1;
    const text = isTab ? " ".repeat(width) : isUnsafe ? "\uFFFD" : grapheme;
    cells.push({ text, offset, column, width });
    column += width;
  }
  return cells;
}

/** Text that a terminal can be trusted with; newlines stay. */
export function printable(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\u202A-\u202E\u2066-\u2069\u2028\u2029]/gu, "\uFFFD");
}

function* graphemesOf(line: string): Generator<readonly [number, string]> {
  // ASCII is its own segmentation, and nearly all there is.
  if (/^[\t\x20-\x7E]*$/.test(line)) {
    for (let i = 0; i < line.length; i++) yield [i, line.charAt(i)];
    return;
  }
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { index, segment } of segmenter.segment(line)) yield [index, segment];
}
