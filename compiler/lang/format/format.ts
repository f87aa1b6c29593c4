/**
 * The formatter of `.ein` files. The result has the tokens and comments of the source, all of them, in their order: only
 * the space between them changes, and that is checked before the result is given out. Parentheses stay, needed or not;
 * numbers and strings keep their spelling; of blank lines in a row one is left. Formatting a formatted text changes nothing.
 */
import type { IToken } from "chevrotain";
import { Diagnostics } from "../../support/diagnostics.ts";
import { invariant } from "../../support/invariant.ts";
import type { Source } from "../../support/source.ts";
import { makeSource } from "../../support/source.ts";
import type { Program } from "../ast.ts";
import { parse } from "../parse.ts";
import type { Scan } from "../scan.ts";
import { scan, SOURCE_LIMIT } from "../scan.ts";
import { declaration } from "./declarations.ts";
import { layOut } from "./lay-out.ts";
import type { Piece } from "./piece.ts";
import { SourcePen } from "./source-pen.ts";

/** Columns that a line should keep to. */
export const LINE_WIDTH = 100;

/**
 * The text in the form of the house, with `\n` as line break; "" for a text without tokens and comments. Null where the
 * source has mistakes in its syntax, which are then in `diagnostics`.
 */
export function formatSource(source: Source, diagnostics: Diagnostics): string | null {
  const unix = makeSource(source.name, source.text.replaceAll("\r\n", "\n"));
  const found = new Diagnostics();
  const program = parse(unix, found);
  for (const d of found.list) diagnostics.add(d);
  if (found.hasErrors) return null;
  const scanned = scan(unix, new Diagnostics());
  const text = formatted(unix, program, scanned);
  if (text.length > SOURCE_LIMIT) {
    diagnostics.report("E1004", {
      message: `formatted, the source has ${text.length} characters; the limit is ${SOURCE_LIMIT}`,
      span: { source, start: 0, end: 0 },
      help: ["split the file"],
    });
    return null;
  }
  const again = scan(makeSource(source.name, text), new Diagnostics());
  invariant(isSame(scanned, again), "the formatter changes more than space");
  return text;
}

function formatted(source: Source, { declarations }: Program, { tokens, comments }: Scan): string {
  const pen = new SourcePen(source.text, tokens, comments);
  // One declaration after the other, so that the pieces of only one are there at a time.
  function* pieces(): Generator<Piece> {
    for (const d of declarations) yield declaration(pen, d);
    yield pen.end();
  }
  const text = layOut(pieces(), LINE_WIDTH, (at) => pen.gapBefore(at)).trimEnd();
  return text === "" ? "" : `${text}\n`;
}

function isSame(a: Scan, b: Scan): boolean {
  return images(a.tokens) === images(b.tokens) && words(a) === words(b);
}

function images(tokens: readonly IToken[]): string {
  return tokens.map((t) => t.image).join("\n");
}

function words({ comments }: Scan): string {
  return comments.map((c) => trimmed(c.text)).join("\n\n");
}

/** Without the space at the ends of its lines, which belongs to the form. */
function trimmed(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}
