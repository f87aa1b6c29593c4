/**
 * Source texts and places in them. Offsets count UTF-16 units from 0; lines and columns, which only people and the
 * `--json` output see, count from 1.
 */

/** One text that the user wrote. `name` is a path or a label such as `<source>`. */
export type Source = { readonly name: string; readonly text: string };

/** A half-open range of offsets in one source. */
export type Span = { readonly source: Source; readonly start: number; readonly end: number };

/** 1-based. */
export type Position = { readonly line: number; readonly column: number };

export function makeSource(name: string, text: string): Source {
  return { name, text };
}

/** The smallest span that holds both; they must lie in one source. */
export function joinSpans(a: Span, b: Span): Span {
  return { source: a.source, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

export function positionOf(source: Source, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let next = source.text.indexOf("\n"); next >= 0 && next < offset; next = source.text.indexOf("\n", next + 1)) {
    line++;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

export function spanText(span: Span): string {
  return span.source.text.slice(span.start, span.end);
}
