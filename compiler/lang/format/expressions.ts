/**
 * Expressions as pieces: which operators and lists may go on on another line, and what has spaces around it. In arithmetic
 * of indices and sizes a product of names, numbers and sums that is added to something is written tight: `y*s + r - p`.
 */
import { unreachable } from "../../support/invariant.ts";
import type {
  Argument,
  Binary,
  BinaryOperator,
  Binder,
  Conditional,
  Expr,
  LetIn,
  Name,
  PadRule,
  Path,
  Range,
  StringLiteral,
} from "../ast.ts";
import type { Pen } from "./pen.ts";
import type { Item, Piece } from "./piece.ts";
import { assign, fill, inside, hang, row, SPACE, stack } from "./piece.ts";

/** How tightly a form holds together; a looser one in its place needs parentheses. */
export const LEVEL = {
  expression: 0,
  or: 1,
  and: 2,
  comparison: 3,
  sum: 4,
  product: 5,
  unary: 6,
  primary: 7,
} as const;
export type Level = (typeof LEVEL)[keyof typeof LEVEL] | typeof ABOVE_ALL;

const OPERAND_LEVELS = {
  "||": { own: LEVEL.or, left: LEVEL.or, right: LEVEL.and },
  "&&": { own: LEVEL.and, left: LEVEL.and, right: LEVEL.comparison },
  "==": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  "!=": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  "<": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  "<=": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  ">": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  ">=": { own: LEVEL.comparison, left: LEVEL.sum, right: LEVEL.sum },
  "+": { own: LEVEL.sum, left: LEVEL.sum, right: LEVEL.product },
  "-": { own: LEVEL.sum, left: LEVEL.sum, right: LEVEL.product },
  "*": { own: LEVEL.product, left: LEVEL.product, right: LEVEL.unary },
  "/": { own: LEVEL.product, left: LEVEL.product, right: LEVEL.unary },
  div: { own: LEVEL.product, left: LEVEL.product, right: LEVEL.unary },
  "%": { own: LEVEL.product, left: LEVEL.product, right: LEVEL.unary },
  "**": { own: LEVEL.unary, left: LEVEL.primary, right: LEVEL.unary },
} as const satisfies Record<BinaryOperator, { readonly own: Level; readonly left: Level; readonly right: Level }>;

/** Where an expression stands: `index` is the arithmetic of subscripts, sizes and ranges, `sum` an operand of its + and -. */
export type Place = "value" | "index" | "sum";

function levelOf(e: Expr): Level {
  if (e.kind === "letIn" || e.kind === "conditional") return LEVEL.expression;
  if (e.kind === "binary") return OPERAND_LEVELS[e.operator].own;
  return e.kind === "unary" ? LEVEL.unary : LEVEL.primary;
}

/** `e` in a place that holds nothing looser than `level`, with its parentheses. */
export function expression(pen: Pen, e: Expr, level: Level, place: Place): Piece {
  const count = pen.parentheses(e, levelOf(e) < level);
  if (count === 0) return bare(pen, e, place);
  const opening = Array.from({ length: count }, () => pen.word("("));
  const body = bare(pen, e, place === "value" ? "value" : "index");
  return row(...opening, body, ...Array.from({ length: count }, () => pen.word(")")));
}

function whole(pen: Pen, e: Expr, place: Place): Piece {
  return expression(pen, e, LEVEL.expression, place);
}

function bare(pen: Pen, e: Expr, place: Place): Piece {
  const inner = indexOf(place);
  switch (e.kind) {
    case "integer":
    case "float":
      return pen.word(e.text);
    case "boolean":
      return pen.word(String(e.value));
    case "constant":
      return pen.word(e.name);
    case "path":
      return path(pen, e);
    case "unary":
      return row(pen.word(e.operator), expression(pen, e.operand, LEVEL.unary, inner));
    case "binary":
      return binary(pen, e, place);
    case "conditional":
      return conditional(pen, e, inner);
    case "letIn":
      return letIn(pen, e, inner);
    case "tuple":
      return bracketed(pen, "(", e.elements, ")", (element) => whole(pen, element, inner));
    case "access": {
      const read = row(
        path(pen, e.tensor),
        bracketed(pen, "[", e.subscripts, "]", (s) => whole(pen, s, "index")),
      );
      return e.pad === null ? read : row(read, SPACE, pen.word("pad"), SPACE, pad(pen, e.pad));
    }
    case "reduction": {
      const head = [path(pen, e.reducer), pen.word("["), hang(binderItems(pen, e.binders))];
      const guard = e.guard === null ? [] : [SPACE, pen.word("|"), SPACE, whole(pen, e.guard, "index")];
      return row(...head, hang(row(...guard)), pen.word("]"), callArguments(pen, e.args));
    }
    case "call":
      return row(path(pen, e.callee), callArguments(pen, e.args));
    default:
      return unreachable(e);
  }
}

// Operators

type Link = { readonly operator: BinaryOperator; readonly right: Expr; readonly level: Level };

function binary(pen: Pen, e: Binary, place: Place): Piece {
  if (e.operator === "**") {
    const left = expression(pen, e.left, LEVEL.primary, indexOf(place));
    const power = row(SPACE, pen.word("**"), SPACE);
    return row(left, power, expression(pen, e.right, LEVEL.unary, indexOf(place)));
  }
  const own = OPERAND_LEVELS[e.operator].own;
  const links: Link[] = [];
  let first: Expr = e;
  // The chain of one level, from its end: only what is not in parentheses of its own belongs to it.
  while (first.kind === "binary" && OPERAND_LEVELS[first.operator].own === own) {
    const { operator, left, right }: Binary = first;
    links.push({ operator, right, level: OPERAND_LEVELS[operator].right });
    first = left;
    if (own === LEVEL.comparison || startsLater(left, e)) break;
  }
  links.reverse();
  const inner = own === LEVEL.sum && place !== "value" ? "sum" : indexOf(place);
  const isTight = place === "sum" && isPlainProduct(e);
  const start = expression(pen, first, OPERAND_LEVELS[e.operator].left, inner);
  if (isTight) {
    const rest = links.flatMap((l) => [pen.word(l.operator), expression(pen, l.right, l.level, inner)]);
    return row(start, ...rest);
  }
  const items: Item[] = [{ piece: start, break: "none" }];
  for (const { operator, right, level } of links) {
    const reason = pen.lineBreak("item");
    const link = row(pen.word(operator), SPACE, expression(pen, right, level, inner));
    items.push({ piece: hang(link), break: reason });
  }
  return fill(items);
}

/** In a source: `left` stands in parentheses at the start of `e`. */
function startsLater(left: Expr, e: Expr): boolean {
  return left.span.start > e.span.start;
}

function indexOf(place: Place): Place {
  return place === "value" ? "value" : "index";
}

/** `2*p`, `a*b*c`, `(H - 1)*s` */
function isPlainProduct(e: Expr): boolean {
  if (e.kind !== "binary" || e.operator !== "*") return false;
  return isFactor(e.right) && (isFactor(e.left) || isPlainProduct(e.left));
}

/** A name, a number, or a sum in parentheses. */
function isFactor(e: Expr): boolean {
  if (e.kind === "binary") return OPERAND_LEVELS[e.operator].own === LEVEL.sum;
  return e.kind === "integer" || e.kind === "float" || (e.kind === "path" && e.names.length === 1);
}

/** `a ? b : c ? d : e`: each case on its own line where there is no room. */
function conditional(pen: Pen, e: Conditional, place: Place): Piece {
  const items: Piece[] = [];
  let opening: readonly Piece[] = [];
  let last: Expr = e;
  let isFirst = true;
  do {
    const { condition, whenTrue, whenFalse }: Conditional = last;
    const test = row(...opening, expression(pen, condition, LEVEL.or, place));
    const isOnly = isFirst && whenFalse.kind !== "conditional";
    const yes = row(pen.word("?"), SPACE, hang(whole(pen, whenTrue, place)));
    items.push(...(isOnly ? [test, yes] : [row(test, SPACE, yes)]));
    opening = [pen.word(":"), SPACE];
    last = whenFalse;
    isFirst = false;
    // With parentheses around it, it is no further case.
  } while (last.kind === "conditional" && pen.parentheses(last, false) === 0);
  items.push(row(...opening, hang(whole(pen, last, place))));
  return hang(stack(items));
}

/** `left = e`, where `left` has its sign. */
export function assigned(pen: Pen, left: Piece, e: Expr): Piece {
  return assign(left, whole(pen, e, "value"), e.kind === "conditional");
}

/** `let a = x in let b = y in z` */
function letIn(pen: Pen, e: LetIn, place: Place): Piece {
  const items: Piece[] = [];
  let last: Expr = e;
  do {
    const { names, value, body }: LetIn = last;
    const left = row(pen.word("let"), SPACE, nameOrList(pen, names), SPACE, pen.word("="));
    const bound = hang(assign(left, whole(pen, value, place), value.kind === "conditional"));
    items.push(row(bound, SPACE, pen.word("in")));
    last = body;
  } while (last.kind === "letIn" && pen.parentheses(last, false) === 0);
  return stack([...items, whole(pen, last, place)]);
}

// Names, lists, arguments

export function path(pen: Pen, { names }: Path): Piece {
  return row(...names.flatMap((name, i) => [...(i === 0 ? [] : [pen.word(".")]), pen.word(name.text)]));
}

function nameOrList(pen: Pen, names: readonly Name[]): Piece {
  if (!pen.hasParentheses(names.length > 1)) return nameList(pen, names);
  return row(pen.word("("), nameList(pen, names), pen.word(")"));
}

export function nameList(pen: Pen, names: readonly Name[]): Piece {
  return commaList(pen, names, (name) => pen.word(name.text));
}

/** Items with commas behind all but the last. */
export function commaList<E>(pen: Pen, list: readonly E[], one: (element: E) => Piece): Piece {
  const items = list.map((element, i): Item => {
    const reason = i === 0 ? "none" : pen.lineBreak("item");
    const piece = one(element);
    return { piece: i === list.length - 1 ? piece : row(piece, pen.word(",")), break: reason };
  });
  return items.length === 0 ? row() : fill(items);
}

export function bracketed<E>(
  pen: Pen,
  opening: string,
  list: readonly E[],
  closing: string,
  one: (element: E) => Piece,
): Piece {
  const start = pen.word(opening);
  const items = commaList(pen, list, one);
  return row(start, opening === "(" ? inside(items) : hang(items), pen.word(closing));
}

export function callArguments(pen: Pen, args: readonly Argument[]): Piece {
  return bracketed(pen, "(", args, ")", (a) => argument(pen, a));
}

function argument(pen: Pen, { name, value }: Argument): Piece {
  if (name === null) return argumentValue(pen, value);
  return row(pen.word(name.text), SPACE, pen.word("="), SPACE, argumentValue(pen, value));
}

function argumentValue(pen: Pen, value: Expr | StringLiteral): Piece {
  return value.kind === "string" ? pen.word(`"${value.value}"`) : whole(pen, value, "value");
}

function pad(pen: Pen, rule: PadRule): Piece {
  if (rule.kind === "padMode") return pen.word(rule.mode);
  const { value } = rule;
  const magnitude = value.kind === "unary" && value.operator === "-" ? value.operand : value;
  const isNumber =
    magnitude.kind === "integer" ||
    magnitude.kind === "float" ||
    (magnitude.kind === "constant" && magnitude.name === "inf");
  return expression(pen, value, isNumber ? LEVEL.expression : ABOVE_ALL, "value");
}

/** No form stands here without parentheses. */
const ABOVE_ALL = 8;

// Ranges and binders

export function range(pen: Pen, { low, high }: Range): Piece {
  const from = expression(pen, low, LEVEL.sum, "index");
  return row(from, pen.word(".."), expression(pen, high, LEVEL.sum, "index"));
}

/** ` in low..high`, with the space before it. */
export function inRange(pen: Pen, r: Range | null): Piece {
  return r === null ? row() : row(SPACE, pen.word("in"), SPACE, range(pen, r));
}

export function binderItems(pen: Pen, binders: readonly Binder[]): Piece {
  return commaList(pen, binders, (b) => row(pen.word(b.name.text), inRange(pen, b.range)));
}
