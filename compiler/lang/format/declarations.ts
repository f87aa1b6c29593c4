/**
 * Declarations and their statements as pieces. A head that is too long goes on before `->` and before `where`, its
 * parameters below each other; a body that was written on one line stays there if it fits.
 */
import { unreachable } from "../../support/invariant.ts";
import type {
  BulkEquation,
  Clause,
  Declaration,
  Directive,
  DirectiveItem,
  Equation,
  Expr,
  GenericParam,
  Init,
  Kernel,
  Param,
  Reducer,
  Target,
  Test,
  TypeRef,
} from "../ast.ts";
import {
  assigned,
  binderItems,
  bracketed,
  callArguments,
  commaList,
  expression,
  inRange,
  LEVEL,
  nameList,
  range,
} from "./expressions.ts";
import { layOut } from "./lay-out.ts";
import type { Pen } from "./pen.ts";
import { TREE_PEN } from "./pen.ts";
import type { Item, Piece } from "./piece.ts";
import { align, block, CLOSING_LINE, either, fill, LINE, hang, indent, row, SPACE, stack } from "./piece.ts";

/** With the comment that documents it, where the pen has to write that. */
export function declaration(pen: Pen, d: Declaration): Piece {
  const doc = pen.doc(d.doc);
  return row(...doc.flatMap((line) => [line, LINE]), bare(pen, d));
}

function bare(pen: Pen, d: Declaration): Piece {
  switch (d.kind) {
    case "import": {
      const names = row(words(pen, "import", "{"), SPACE, hang(nameList(pen, d.names)), SPACE, pen.word("}"));
      return row(names, SPACE, pen.word("from"), SPACE, pen.word(`"${d.from.value}"`), pen.word(";"));
    }
    case "fn": {
      const head = row(
        opening(pen, "fn", d),
        result(pen, () => pen.word(d.result.text)),
        SPACE,
        pen.word("="),
      );
      return row(hang(assigned(pen, head, d.body)), pen.word(";"));
    }
    case "reducer":
      return reducer(pen, d);
    case "kernel":
      return kernel(pen, d);
    case "derive": {
      const left = row(exported(pen, d), words(pen, "derive", d.name.text, "="));
      return row(left, SPACE, pen.word(d.transform.text), callArguments(pen, d.args), pen.word(";"));
    }
    case "test":
      return test(pen, d);
    case "schedule": {
      const head = row(words(pen, "schedule", d.kernel.text, "for"), SPACE, nameList(pen, d.targets));
      const parts = [head, ...(d.when.length === 0 ? [] : [conditions(pen, "when", d.when)])];
      return body(pen, d, hang(fill(parts.map(item))), d.directives, (s) => directive(pen, s));
    }
    default:
      return unreachable(d);
  }
}

function item(piece: Piece): Item {
  return { piece, break: "none" };
}

/** Words with spaces between them. */
function words(pen: Pen, ...list: readonly string[]): Piece {
  return row(...list.flatMap((w, i) => (i === 0 ? [pen.word(w)] : [SPACE, pen.word(w)])));
}

function exported(pen: Pen, d: { readonly exported: boolean }): Piece {
  return d.exported ? row(pen.word("export"), SPACE) : row();
}

// Heads

type Headed = Extract<Declaration, { kind: "fn" | "reducer" | "kernel" }>;

/** `export kernel f<s: int = 1>(A: f32[N])` */
function opening(pen: Pen, word: string, d: Headed): Piece {
  const name = row(exported(pen, d), words(pen, word, d.name.text));
  const generics = d.generics.length === 0 ? row() : genericList(pen, d.generics);
  const paren = pen.word("(");
  return row(name, generics, paren, align(params(pen, d.params)), pen.word(")"));
}

function genericList(pen: Pen, generics: readonly GenericParam[]): Piece {
  const open = pen.word("<");
  const list = commaList(pen, generics, ({ name, sort, defaultValue }) => {
    const declared = row(pen.word(name.text), pen.word(":"), SPACE, pen.word(sort.text));
    if (defaultValue === null) return declared;
    return row(declared, SPACE, pen.word("="), SPACE, expression(pen, defaultValue, LEVEL.unary, "index"));
  });
  return row(open, align(list), pen.word(">"));
}

function params(pen: Pen, list: readonly Param[]): Piece {
  return commaList(pen, list, ({ name, type: t }) => row(pen.word(name.text), pen.word(":"), SPACE, type(pen, t)));
}

/** `i32[N] in 0..V` */
function type(pen: Pen, { dtype, shape, range: r }: TypeRef): Piece {
  const name = pen.word(dtype.text);
  const sizes = shape.length === 0 ? row() : bracketed(pen, "[", shape, "]", (size) => indexExpression(pen, size));
  return row(name, sizes, inRange(pen, r));
}

function indexExpression(pen: Pen, e: Expr): Piece {
  return expression(pen, e, LEVEL.expression, "index");
}

/** ` -> …`, with the space before it. */
function result(pen: Pen, of: () => Piece): Piece {
  return row(SPACE, pen.word("->"), SPACE, of());
}

/** `where a, b` */
function conditions(pen: Pen, word: string, list: readonly Expr[]): Piece {
  const start = row(pen.word(word), SPACE);
  return row(start, align(commaList(pen, list, (c) => indexExpression(pen, c))));
}

// Bodies

type Statement = { readonly span: { readonly start: number } };

/** Equations stand on lines of their own; directives and clauses stay on the line where they are. */
function body<S extends Statement>(
  pen: Pen,
  d: Declaration,
  head: Piece,
  statements: readonly S[],
  one: (statement: S) => Piece,
): Piece {
  const isOneLine = pen.isBodyOnOneLine(d.span.end);
  const open = pen.word("{");
  if (statements.length === 0) return row(head, SPACE, open, pen.word("}"));
  const items = statements.map((s): Item => {
    const reason = pen.lineBreak("statement");
    return { piece: one(s), break: d.kind === "kernel" ? "author" : reason };
  });
  const close = pen.word("}");
  const full = row(head, SPACE, open, indent(block(items)), CLOSING_LINE, close);
  if (!isOneLine) return full;
  const inside = items.flatMap(({ piece }) => [piece, SPACE]);
  return either(row(head, SPACE, open, SPACE, ...inside, close), full);
}

function kernel(pen: Pen, d: Kernel): Piece {
  const first = opening(pen, "kernel", d);
  const arrow = row(pen.word("->"), SPACE);
  const outputs = row(arrow, align(params(pen, d.outputs)));
  const results = stack([outputs, ...(d.where.length === 0 ? [] : [conditions(pen, "where", d.where)])]);
  return body(pen, d, hang(fill([item(first), item(results)])), d.equations, (e) => equation(pen, e));
}

function reducer(pen: Pen, d: Reducer): Piece {
  const head = opening(pen, "reducer", d);
  const results = result(pen, () => bracketed(pen, "(", d.results, ")", (p) => params(pen, [p])));
  return body(pen, d, hang(row(head, results)), clausesOf(d), (c) => row(hang(c.print(pen)), pen.word(";")));
}

type ReducerClause = Statement & { readonly print: (pen: Pen) => Piece };

/** The clauses in the order of the source; of a tree without places, in that of the grammar. */
function clausesOf({ identity, lift, combine, bulk, laws }: Reducer): readonly ReducerClause[] {
  const [firstBulk] = bulk;
  const [firstLaw] = laws;
  const clauses: ReducerClause[] = [
    { span: identity.span, print: (pen) => named(pen, words(pen, "identity"), identity) },
    { span: lift.span, print: (pen) => named(pen, words(pen, "lift"), lift) },
    { span: combine.span, print: (pen) => combination(pen, combine) },
  ];
  if (firstBulk !== undefined) {
    const one = (pen: Pen, b: BulkEquation): Piece => named(pen, words(pen, b.name.text, "="), b.value);
    const print = (pen: Pen): Piece =>
      row(
        pen.word("bulk"),
        SPACE,
        commaList(pen, bulk, (b) => one(pen, b)),
      );
    clauses.push({ span: firstBulk.span, print });
  }
  if (firstLaw !== undefined) {
    clauses.push({ span: firstLaw.span, print: (pen) => words(pen, "law", ...laws.map((law) => law.text)) });
  }
  return clauses.toSorted((a, b) => a.span.start - b.span.start);
}

/** A word or two before a value. */
function named(pen: Pen, before: Piece, value: Expr): Piece {
  return row(before, SPACE, expression(pen, value, LEVEL.expression, "value"));
}

function combination(pen: Pen, { left, right, value }: Reducer["combine"]): Piece {
  const start = row(words(pen, "combine", left.text), pen.word(","), SPACE);
  return assigned(pen, row(start, words(pen, right.text, "=")), value);
}

// Equations

function equation(pen: Pen, { role, targets, value, inits }: Equation): Piece {
  const word = role === "output" ? row() : row(pen.word(role), SPACE);
  const left = row(
    word,
    sides(pen, targets, (t) => target(pen, t)),
    SPACE,
    pen.word("="),
  );
  const first = assigned(pen, left, value);
  const items = inits.map((i, n): Item => {
    const reason = n === 0 ? "none" : pen.lineBreak("item");
    const start = n === 0 ? row(pen.word("init"), SPACE) : row();
    const piece = row(start, init(pen, i));
    return { piece: n === inits.length - 1 ? piece : row(piece, pen.word(",")), break: reason };
  });
  const starts = items.length === 0 ? [] : [hang(fill(items))];
  return row(hang(stack([first, ...starts])), pen.word(";"));
}

/** One side, or several in parentheses. */
function sides<S>(pen: Pen, list: readonly S[], one: (side: S) => Piece): Piece {
  return pen.hasParentheses(list.length > 1) ? bracketed(pen, "(", list, ")", one) : row(...list.map(one));
}

function target(pen: Pen, { name, binders, dtype, range: r }: Target): Piece {
  const start = pen.word(name.text);
  const indices = binders.length === 0 ? row() : inBrackets(pen, () => binderItems(pen, binders));
  return row(start, indices, dtype === null ? row() : row(pen.word(":"), SPACE, pen.word(dtype.text), inRange(pen, r)));
}

function inBrackets(pen: Pen, list: () => Piece): Piece {
  return row(pen.word("["), hang(list()), pen.word("]"));
}

function init(pen: Pen, { targets, value }: Init): Piece {
  const left = sides(pen, targets, ({ name, subscripts }) => {
    const start = pen.word(name.text);
    if (subscripts.length === 0) return start;
    return row(
      start,
      bracketed(pen, "[", subscripts, "]", (s) => row(indexExpression(pen, s.index), inRange(pen, s.range))),
    );
  });
  return assigned(pen, row(left, SPACE, pen.word("=")), value);
}

// Schedules

export function directive(pen: Pen, { word, args, items, clauses }: Directive): Piece {
  const start = pen.word(word.text);
  // `unroll (a)` would give the word an argument
  const isAmbiguous = (): boolean => layOut([directiveItems(TREE_PEN, items)], Infinity).startsWith("(");
  const brackets = pen.hasArguments(args, isAmbiguous) ? callArguments(pen, args) : row();
  const list = items.length === 0 ? [] : [directiveItems(pen, items)];
  const parts = [row(start, brackets), ...list, ...clauses.map((c) => clause(pen, c))];
  return row(hang(fill(parts.map(item))), pen.word(";"));
}

function directiveItems(pen: Pen, items: readonly DirectiveItem[]): Piece {
  return commaList(pen, items, ({ value, to }) => {
    const from = expression(pen, value, LEVEL.sum, "index");
    return to === null ? from : row(from, SPACE, pen.word("to"), SPACE, expression(pen, to, LEVEL.sum, "index"));
  });
}

function clause(pen: Pen, c: Clause): Piece {
  switch (c.kind) {
    case "results":
      return row(pen.word("->"), SPACE, align(nameList(pen, c.names)));
    case "preposition":
      return row(pen.word(c.word), SPACE, align(directiveItems(pen, c.items)));
    case "flag": {
      const word = pen.word(c.word.text);
      return pen.hasArguments(c.args, () => false) ? row(word, callArguments(pen, c.args)) : word;
    }
    default:
      return unreachable(c);
  }
}

// Tests

function test(pen: Pen, { kernel: name, sizes, tolerance }: Test): Piece {
  const parts = [words(pen, "test", name.text)];
  if (sizes.length > 0) {
    const start = row(words(pen, "for", "all"), SPACE);
    const list = commaList(pen, sizes, (s) =>
      row(pen.word(s.name.text), SPACE, pen.word("in"), SPACE, range(pen, s.range)),
    );
    parts.push(row(start, align(list)));
  }
  if (tolerance !== null) parts.push(words(pen, "within", tolerance.amount.text, tolerance.unit));
  return row(hang(fill(parts.map(item))), pen.word(";"));
}
