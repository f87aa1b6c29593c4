/**
 * A diagnostic as people read it: the place, the source line with carets under the span, related lines,
 * facts, ways out.
 *
 *     error[E1018]: `=` gives a name a value; it does not compare
 *       --> conv.ein:4:33
 *        4 |   Y[i] = X[i] = 0 ? 1 : 2;
 *          |               ^
 *        = help: write == to compare
 *
 * Colours are the caller's: `paint` gets each part of a line by its role.
 */
import type { Diagnostic } from "./diagnostics.ts";
import { positionOf, type Span } from "./source.ts";
import { cellsOf, printable } from "./text-columns.ts";

/** What a part of the text is. */
export type PaintRole = "error" | "warning" | "message" | "gutter" | "related" | "help";

/** Dresses a text, without changing its width. */
export type Paint = (role: PaintRole, text: string) => string;

const PLAIN: Paint = (_role, text) => text;

/** Columns of source text that are shown at most; a longer line is cut around the span. */
const WINDOW = 140;
/** Characters before and behind the span that are looked at. */
const FAR = 1000;

/** Diagnostics in their order, with a blank line between them; "" for none. */
export function renderDiagnostics(list: readonly Diagnostic[], paint: Paint = PLAIN): string {
  return list.map((d) => renderDiagnostic(d, paint)).join("\n\n");
}

/** Several lines, without a newline at the end. */
export function renderDiagnostic(d: Diagnostic, paint: Paint = PLAIN): string {
  const head = paint(d.severity, `${d.severity}[${d.code}]`) + paint("message", `: ${printable(d.message)}`);
  const lines = [head, ...(d.span === null ? [] : renderPlaces(d, d.span, paint))];
  if (d.span === null) for (const { span, message } of d.related) lines.push(...renderElsewhere(span, message, paint));
  for (const note of d.notes) lines.push(...renderNote(note, "", paint));
  for (const help of d.help) lines.push(...renderNote(help, "help: ", paint));
  return lines.join("\n");
}

function renderNote(text: string, label: string, paint: Paint): readonly string[] {
  const [first = "", ...rest] = printable(text).split("\n");
  const mark = label === "" ? "" : paint("help", label);
  return [
    `   ${paint("gutter", "=")} ${mark}${first}`,
    ...rest.map((line) => `     ${" ".repeat(label.length)}${line}`),
  ];
}

type Mark = { readonly span: Span; readonly text: string; readonly role: PaintRole; readonly sign: "^" | "-" };

/** The primary place and the related ones of the same file in the order of their lines, then other files. */
function renderPlaces(d: Diagnostic, primary: Span, paint: Paint): readonly string[] {
  const { line, column } = positionOf(primary.source, primary.start);
  const lines = [`  ${paint("gutter", "-->")} ${printable(primary.source.name)}:${line}:${column}`];
  const byLine = new Map<number, Mark[]>([
    [line, [{ span: primary, text: d.label ?? "", role: d.severity, sign: "^" }]],
  ]);
  for (const { span, message } of d.related) {
    if (span.source !== primary.source) continue;
    const at = positionOf(span.source, span.start).line;
    byLine.set(at, [...(byLine.get(at) ?? []), { span, text: message, role: "related", sign: "-" }]);
  }
  const ordered = [...byLine].toSorted(([a], [b]) => a - b);
  const width = gutterWidth(ordered.at(-1)?.[0] ?? line);
  let previous: number | undefined;
  for (const [at, marks] of ordered) {
    if (previous !== undefined && at > previous + 1) lines.push(paint("gutter", `${" ".repeat(width - 2)}...`));
    lines.push(...renderLine(at, marks, width, paint));
    previous = at;
  }
  for (const { span, message } of d.related) {
    if (span.source !== primary.source) lines.push(...renderElsewhere(span, message, paint));
  }
  return lines;
}

function renderElsewhere(span: Span, message: string, paint: Paint): readonly string[] {
  const { line, column } = positionOf(span.source, span.start);
  const mark: Mark = { span, text: message, role: "related", sign: "-" };
  return [
    `  ${paint("gutter", ":::")} ${printable(span.source.name)}:${line}:${column}`,
    ...renderLine(line, [mark], gutterWidth(line), paint),
  ];
}

function gutterWidth(largestLine: number): number {
  return Math.max(4, String(largestLine).length);
}

/** A source line and, below it, a line for each mark on it. */
function renderLine(line: number, marks: readonly Mark[], width: number, paint: Paint): readonly string[] {
  const first = marks[0];
  if (first === undefined) return [];
  const { text, offset: lineStart, isCut } = excerpt(first.span);
  const cells = cellsOf(text);
  const end = (cells.at(-1)?.column ?? 0) + (cells.at(-1)?.width ?? 0);
  const columnAt = (offset: number): number => {
    const within = offset - lineStart;
    if (within >= text.length) return end;
    return cells.findLast((cell) => cell.offset <= within)?.column ?? 0;
  };
  const start = clamp(columnAt(first.span.start) - WINDOW / 2, 0, Math.max(0, end - WINDOW));
  const stop = Math.min(end, start + WINDOW);
  const visible = cells.filter((cell) => cell.column >= start && cell.column + cell.width <= stop);
  const prefix = start > 0 || isCut ? "…" : "";
  const shift = prefix.length - (visible[0]?.column ?? 0);
  const shown = `${prefix}${visible.map((cell) => cell.text).join("")}${stop < end ? "…" : ""}`.trimEnd();
  const lines = [`${paint("gutter", `${String(line).padStart(width)} |`)} ${shown}`.trimEnd()];
  for (const { span, text: label, role, sign } of marks) {
    const from = clamp(columnAt(span.start), start, stop);
    const to = clamp(columnAt(span.end), from, stop);
    const carets = sign.repeat(Math.max(1, to - from)) + (label === "" ? "" : ` ${printable(label)}`);
    lines.push(`${paint("gutter", `${" ".repeat(width)} |`)} ${" ".repeat(from + shift)}${paint(role, carets)}`);
  }
  return lines;
}

/** The line that the span starts on; of a line beyond all measure, the part around the span. */
function excerpt({ source, start }: Span): { readonly text: string; readonly offset: number; readonly isCut: boolean } {
  const lineStart = start === 0 ? 0 : source.text.lastIndexOf("\n", start - 1) + 1;
  const newline = source.text.indexOf("\n", start);
  const lineEnd = newline < 0 ? source.text.length : newline;
  const offset = Math.max(lineStart, start - FAR);
  const text = source.text.slice(offset, Math.min(lineEnd, start + FAR)).replace(/\r$/, "");
  return { text, offset, isCut: offset > lineStart };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
