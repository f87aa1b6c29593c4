/**
 * The printer: pieces become lines of at most `width` columns where they can. It goes from left to right once and decides
 * at each place from the column that it has reached. Between any two tokens stand the comments that stand there in the
 * source: one behind code stays behind it, one on its own line gets its own line, and a line ends where a comment needs it.
 *
 * Laying the result out again gives the same text: every decision rests on widths, which do not change, and on lines that
 * the author made, which the result then has.
 */
import { unreachable } from "../../support/invariant.ts";
import type { Item, Piece, Token } from "./piece.ts";

/** A comment before a token; `lines` counts the line breaks between it and what stands before it. */
export type GapComment = { readonly text: string; readonly lines: number };

/** What stands between two tokens; `lines` counts the line breaks at its end, behind the comments. */
export type Gap = { readonly comments: readonly GapComment[]; readonly lines: number };

const NO_GAP: Gap = { comments: [], lines: 0 };

/** Of statements in a body. */
const INDENT = 2;
/** Of what goes on on another line. */
const CONTINUED = 4;

/**
 * The text of `pieces`, each from the start of a line; the next is asked for when the one before is printed. `gapBefore` is
 * asked for each token of the source once, in order. No line break at the end.
 */
export function layOut(pieces: Iterable<Piece>, width: number, gapBefore: (at: number) => Gap = () => NO_GAP): string {
  const printer = new Printer(width, gapBefore);
  for (const piece of pieces) printer.printStatement(piece);
  return printer.text();
}

type Wanted =
  | { readonly kind: "nothing" | "space" }
  | { readonly kind: "line"; readonly indent: number; readonly isStatement: boolean; readonly isClosing: boolean };

const NOTHING: Wanted = { kind: "nothing" };

class Printer {
  readonly #width: number;
  readonly #gapBefore: (at: number) => Gap;
  readonly #out: string[] = [];
  /** Of the next character, were nothing wanted. */
  #column = 0;
  #lineStart = 0;
  /** What shall stand before the next token; nothing is written before that is known. */
  #wanted: Wanted = NOTHING;
  #isLineStart = true;
  #afterOpening = false;
  /** Within what was found to fit nothing is broken, whatever room its comments take. */
  #isFlat = false;

  constructor(width: number, gapBefore: (at: number) => Gap) {
    this.#width = width;
    this.#gapBefore = gapBefore;
  }

  text(): string {
    return this.#out.join("");
  }

  printStatement(piece: Piece): void {
    this.#line(0, true);
    this.print(piece, 0, 0);
  }

  /** Lines start at `indent`; `tail` columns must be left for what cannot leave the last line. */
  print(piece: Piece, indent: number, tail: number): void {
    switch (piece.kind) {
      case "token":
        this.#token(piece, indent);
        return;
      case "space":
        if (this.#wanted.kind === "nothing") this.#wanted = { kind: "space" };
        return;
      case "line":
        this.#line(indent, true, piece.isClosing);
        return;
      case "row":
        this.#row(piece.parts, indent, tail);
        return;
      case "indent":
        this.print(piece.body, indent + INDENT, tail);
        return;
      case "hang":
        this.print(piece.body, this.#lineIndent() + CONTINUED, tail);
        return;
      case "align":
        this.#align(piece.body, indent, tail);
        return;
      case "inside":
        this.#inside(piece.body, this.#lineIndent() + CONTINUED, tail);
        return;
      case "fill":
        this.#fill(piece.items, piece.width, indent, tail);
        return;
      case "stack":
        this.#stack(piece.items, piece.width, indent, tail);
        return;
      case "assign":
        this.#assign(piece, indent, tail);
        return;
      case "block":
        this.#block(piece.items, indent);
        return;
      case "either":
        if (this.#fits(piece.width + tail)) this.#flat([piece.flat], indent, tail);
        else this.print(piece.full, indent, tail);
        return;
      default:
        unreachable(piece);
    }
  }

  // Room

  #nextColumn(): number {
    if (this.#wanted.kind === "line") return this.#wanted.indent;
    return this.#column + (this.#wanted.kind === "space" ? 1 : 0);
  }

  /** Where the line starts that the next token stands on. */
  #lineIndent(): number {
    return this.#wanted.kind === "line" ? this.#wanted.indent : this.#lineStart;
  }

  #fits(columns: number): boolean {
    return this.#isFlat || this.#nextColumn() + columns <= this.#width;
  }

  #line(indent: number, isStatement: boolean, isClosing = false): void {
    this.#wanted = { kind: "line", indent, isStatement, isClosing };
  }

  // Groups

  #row(parts: readonly Piece[], indent: number, tail: number): void {
    const tails: number[] = [];
    let behind = tail;
    for (const part of parts.toReversed()) {
      tails.push(behind);
      behind = part.breakable ? part.lead : behind + part.width;
    }
    parts.forEach((part, i) => this.print(part, indent, tails[parts.length - 1 - i] ?? tail));
  }

  #flat(items: readonly Piece[], indent: number, tail: number): void {
    const before = this.#isFlat;
    this.#isFlat = true;
    items.forEach((item, i) => {
      if (i > 0) this.print(FLAT_SPACE, indent, 0);
      this.print(item, indent, tail);
    });
    this.#isFlat = before;
  }

  #fill(items: readonly Item[], width: number, indent: number, tail: number): void {
    const pieces = items.map((item) => item.piece);
    if (this.#fits(width + tail)) {
      this.#flat(pieces, indent, tail);
      return;
    }
    const asWritten = this.#fitAsWritten(items, indent, tail);
    items.forEach((item, i) => {
      const isLast = i === items.length - 1;
      const isBroken = asWritten
        ? item.break !== "none"
        : item.break === "comment" || !this.#fits(1 + item.piece.width + (isLast ? tail : 0));
      if (i > 0 && isBroken) this.#line(indent, false);
      else if (i > 0) this.print(FLAT_SPACE, indent, 0);
      this.print(item.piece, indent, isLast ? tail : 0);
    });
  }

  /** Whether the author broke the list somewhere, and all the lines that this made fit. */
  #fitAsWritten(items: readonly Item[], indent: number, tail: number): boolean {
    let column = this.#nextColumn();
    let isBroken = false;
    for (const [i, item] of items.entries()) {
      const breaks = i > 0 && item.break !== "none";
      isBroken ||= breaks;
      column = breaks ? indent : column + (i > 0 ? 1 : 0);
      column += item.piece.width;
      if (column + (i === items.length - 1 ? tail : 0) > this.#width) return false;
    }
    return isBroken;
  }

  #stack(items: readonly Piece[], width: number, indent: number, tail: number): void {
    if (this.#fits(width + tail)) {
      this.#flat(items, indent, tail);
      return;
    }
    items.forEach((item, i) => {
      if (i > 0) this.#line(indent, false);
      this.print(item, indent, i === items.length - 1 ? tail : 0);
    });
  }

  #align(body: Piece, indent: number, tail: number): void {
    const column = this.#nextColumn();
    const isNear = column <= this.#width / 2 && this.#lineIndent() <= indent;
    if (isNear) this.print(body, column, tail);
    else this.#inside(body, indent, tail);
  }

  #inside(body: Piece, inner: number, tail: number): void {
    const [first, rest] = body.kind === "fill" ? [body.items[0]?.piece ?? body, 0] : [body, tail];
    const isBetterBelow = (piece: Piece, behind: number): boolean =>
      !this.#fits(piece.width + behind) && inner + piece.width + behind <= this.#width;
    if (isBetterBelow(body, tail) || isBetterBelow(first, rest)) this.#line(inner, false);
    this.print(body, inner, tail);
  }

  #assign({ left, value, isCases }: Extract<Piece, { kind: "assign" }>, indent: number, tail: number): void {
    this.print(left, indent, 0);
    const fitsHere = this.#fits(1 + value.width + tail);
    const fitsBelow = indent + value.width + tail <= this.#width;
    if (!fitsHere && (isCases || fitsBelow)) this.#line(indent, false);
    else this.print(FLAT_SPACE, indent, 0);
    if (fitsHere || fitsBelow) this.#flat([value], indent, tail);
    else this.print(value, indent, tail);
  }

  #block(items: readonly Item[], indent: number): void {
    items.forEach(({ piece, break: reason }, i) => {
      if (i === 0 || reason !== "none" || !this.#fits(1 + piece.width)) this.#line(indent, true);
      else this.print(FLAT_SPACE, indent, 0);
      this.print(piece, indent, 0);
    });
  }

  // Tokens and comments

  #token({ text, at }: Token, indent: number): void {
    const gap = at < 0 ? NO_GAP : this.#gapBefore(at);
    const wanted = this.#wanted;
    this.#wanted = NOTHING;
    if (gap.comments.length > 0) this.#comments(gap, wanted, text, indent);
    else if (wanted.kind === "line") this.#newLine(wanted.indent, this.#keepsBlank(wanted, gap.lines, true));
    else if (wanted.kind === "space") this.#write(" ");
    if (text === "") return;
    this.#write(text);
    this.#isLineStart = false;
    this.#afterOpening = text === "{";
  }

  #comments(gap: Gap, wanted: Wanted, next: string, indent: number): void {
    const isClosing = wanted.kind === "line" ? wanted.isClosing : next === "}";
    const base = wanted.kind === "line" ? wanted.indent : indent;
    const inner = base + (isClosing ? INDENT : 0);
    let onOwnLine = false;
    for (const { text, lines } of gap.comments) {
      if (lines > 0 || this.#isLineStart) {
        if (!onOwnLine || lines > 0) this.#newLine(inner, this.#keepsBlank(wanted, lines, false));
        onOwnLine = true;
      }
      if (!this.#isLineStart && !/[([ ]$/.test(this.#out.at(-1) ?? "")) this.#write(" ");
      this.#write(reindented(text, inner));
      this.#isLineStart = false;
      this.#afterOpening = false;
    }
    if (next === "") return;
    const mustBreak = gap.comments.at(-1)?.text.startsWith("//") === true || gap.lines > 0;
    if (mustBreak || (wanted.kind === "line" && (!onOwnLine || isClosing))) {
      this.#newLine(base, this.#keepsBlank(wanted, gap.lines, true));
    } else if (!/^[)\],;.]$/.test(next)) {
      this.#write(" ");
    }
  }

  /** Whether a blank line of the source stays: between statements, not behind an opening brace or before a closing one. */
  #keepsBlank(wanted: Wanted, lines: number, isBeforeToken: boolean): boolean {
    if (wanted.kind !== "line" || !wanted.isStatement || lines < 2 || this.#afterOpening) return false;
    return !(wanted.isClosing && isBeforeToken);
  }

  #newLine(indent: number, isBlankAbove: boolean): void {
    if (this.#out.length > 0) this.#out.push(isBlankAbove ? "\n\n" : "\n");
    this.#out.push(" ".repeat(indent));
    this.#column = indent;
    this.#lineStart = indent;
    this.#isLineStart = true;
  }

  #write(text: string): void {
    this.#out.push(text);
    const lineStart = text.lastIndexOf("\n") + 1;
    this.#column = lineStart === 0 ? this.#column + text.length : text.length - lineStart;
  }
}

/** Between items on one line. */
const FLAT_SPACE: Piece = { kind: "space", width: 1, lead: 1, breakable: false };

/** A comment of several lines whose other lines start with stars moves with the first; any other keeps its lines. */
function reindented(text: string, indent: number): string {
  const [first = "", ...rest] = text.split("\n").map((line) => line.trimEnd());
  if (rest.length === 0) return first;
  const isStarred = rest.every((line) => line.trimStart().startsWith("*"));
  return [first, ...rest.map((line) => (isStarred ? `${" ".repeat(indent + 1)}${line.trimStart()}` : line))].join("\n");
}
