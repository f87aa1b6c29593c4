/**
 * A schedule as data: blocks of directives, words with operands, nothing resolved. Both ways to write one make this form
 * (a `schedule` block of a file, a call of the library), the primitives of compiler/schedule/ give it meaning. Every part
 * keeps its place in the text, so that a refusal can point at it.
 */
import type { Span } from "../support/source.ts";

/** One word of the schedule's author. */
export type Word = { readonly text: string; readonly span: Span };

/** `C.i`, `io`, `group.y`, `shared`; 16; `2 * lanes`; `tune(4, 8)`, `A(dim = 1)`. */
export type Operand =
  | { readonly kind: "name"; readonly path: readonly Word[]; readonly span: Span }
  | { readonly kind: "integer"; readonly value: bigint; readonly span: Span }
  | { readonly kind: "flag"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "text"; readonly value: string; readonly span: Span }
  | { readonly kind: "call"; readonly callee: Word; readonly args: readonly Setting[]; readonly span: Span }
  | {
      readonly kind: "operation";
      readonly op: "+" | "-" | "*" | "div" | "%";
      readonly left: Operand;
      readonly right: Operand;
      readonly span: Span;
    };

/** One argument: `4`, `panel = 2 * lanes`. */
export type Setting = { readonly name: Word | null; readonly value: Operand; readonly span: Span };

/** `io` or `io to group.y`. */
export type Item = { readonly value: Operand; readonly to: Operand | null; readonly span: Span };

export type Preposition = "by" | "at" | "in" | "over" | "tail";

export type DirectiveClause =
  | { readonly kind: "results"; readonly names: readonly Word[]; readonly span: Span }
  | { readonly kind: "preposition"; readonly word: Preposition; readonly items: readonly Item[]; readonly span: Span }
  | { readonly kind: "option"; readonly word: Word; readonly args: readonly Setting[]; readonly span: Span };

export type Directive = {
  readonly word: Word;
  readonly args: readonly Setting[];
  readonly items: readonly Item[];
  readonly clauses: readonly DirectiveClause[];
  readonly span: Span;
};

export type ScheduleBlock = {
  readonly kernel: Word;
  readonly targets: readonly Word[];
  readonly directives: readonly Directive[];
  readonly span: Span;
};
