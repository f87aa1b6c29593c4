/**
 * Text that knows where it may be broken: the language between the walk over the syntax tree, which says what belongs
 * together, and the printer, which knows how much room is left (after Oppen 1980 and Wadler 2003, with the widths
 * computed while the pieces are made, so that no decision looks ahead).
 *
 * `width` is the length on one line, infinite where there must be several; `lead` is the length up to the first place
 * that may be broken. Comments have no width: they never change how the rest is laid out.
 */

/** Why an item of a list starts a line of its own: not at all, because the author broke there, because of a comment. */
export type Break = "none" | "author" | "comment";

type Measured = { readonly width: number; readonly lead: number; readonly breakable: boolean };

/** `at` is the token's index in the source; -1 where there is no source. */
export type Token = Measured & { readonly kind: "token"; readonly text: string; readonly at: number };

export type Item = { readonly piece: Piece; readonly break: Break };

export type Piece =
  | Token
  | (Measured & { readonly kind: "space" })
  /** Ends the line. `isClosing`: what comes next is a closing brace; the comments before it belong to the inside. */
  | (Measured & { readonly kind: "line"; readonly isClosing: boolean })
  | (Measured & { readonly kind: "row"; readonly parts: readonly Piece[] })
  /** Lines in it start further to the right: of a body than its head, of what goes on than the line that it starts on. */
  | (Measured & { readonly kind: "indent" | "hang"; readonly body: Piece })
  /** Lines in it start where it starts; too far to the right, where they would anyway. */
  | (Measured & { readonly kind: "align"; readonly body: Piece })
  /** What stands in brackets: it starts a line, further to the right, if that keeps it, or its first item, whole. */
  | (Measured & { readonly kind: "inside"; readonly body: Piece })
  /** Items on one line, else as many on a line as fit; lines that the author made are kept if all of them fit. */
  | (Measured & { readonly kind: "fill"; readonly items: readonly Item[] })
  /** Items on one line, else each on a line of its own. */
  | (Measured & { readonly kind: "stack"; readonly items: readonly Piece[] })
  /** `value` starts a line if it fits there as a whole, and not behind `left`; if `isCases`, also where it fits nowhere. */
  | (Measured & { readonly kind: "assign"; readonly left: Piece; readonly value: Piece; readonly isCases: boolean })
  /** Statements on lines of their own, but for those whose break is "none" and that fit behind the one before. */
  | (Measured & { readonly kind: "block"; readonly items: readonly Item[] })
  /** `flat` if it fits, else `full`: the same tokens. */
  | (Measured & { readonly kind: "either"; readonly flat: Piece; readonly full: Piece });

export const SPACE: Piece = { kind: "space", width: 1, lead: 1, breakable: false };
export const LINE: Piece = { kind: "line", isClosing: false, width: Infinity, lead: 0, breakable: true };
export const CLOSING_LINE: Piece = { ...LINE, isClosing: true };

export function token(text: string, at: number): Token {
  return { kind: "token", text, at, width: text.length, lead: text.length, breakable: false };
}

export function row(...parts: readonly Piece[]): Piece {
  let [width, lead, breakable] = [0, 0, false];
  for (const part of parts) {
    width += part.width;
    if (!breakable) lead += part.lead;
    breakable ||= part.breakable;
  }
  return { kind: "row", parts, width, lead, breakable };
}

export function indent(body: Piece): Piece {
  return { kind: "indent", body, width: body.width, lead: body.lead, breakable: body.breakable };
}

export function hang(body: Piece): Piece {
  return { kind: "hang", body, width: body.width, lead: body.lead, breakable: body.breakable };
}

export function align(body: Piece): Piece {
  return { kind: "align", body, width: body.width, lead: body.lead, breakable: body.breakable };
}

export function inside(body: Piece): Piece {
  return { kind: "inside", body, width: body.width, lead: 0, breakable: body.width > 0 };
}

/** One item is itself. */
export function fill(items: readonly Item[]): Piece {
  const [first] = items;
  if (items.length === 1 && first !== undefined) return first.piece;
  return { kind: "fill", items, ...spaced(items.map((item) => item.piece)) };
}

/** One item is itself. */
export function stack(items: readonly Piece[]): Piece {
  const [first] = items;
  if (items.length === 1 && first !== undefined) return first;
  return { kind: "stack", items, ...spaced(items) };
}

export function assign(left: Piece, value: Piece, isCases = false): Piece {
  return { kind: "assign", left, value, isCases, ...spaced([left, value]) };
}

export function block(items: readonly Item[]): Piece {
  return { kind: "block", items, width: Infinity, lead: 0, breakable: true };
}

export function either(flat: Piece, full: Piece): Piece {
  return { kind: "either", flat, full, width: flat.width, lead: full.lead, breakable: true };
}

/** Pieces with spaces between them, each of which may become a line. */
function spaced(items: readonly Piece[]): Measured {
  const width = items.reduce((sum, item) => sum + item.width, items.length - 1);
  return { width, lead: items[0]?.lead ?? 0, breakable: items.length > 1 || items[0]?.breakable === true };
}
