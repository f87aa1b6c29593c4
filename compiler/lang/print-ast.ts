/**
 * The syntax tree as text that parses back to the same tree: one statement a line, no more parentheses than the grammar
 * needs. Comments are not part of the tree, but for those that document a declaration.
 */
import { unreachable } from "../support/invariant.ts";
import type {
  Argument,
  Binary,
  BinaryOperator,
  Binder,
  Clause,
  Declaration,
  Directive,
  DirectiveItem,
  Equation,
  Expr,
  GenericParam,
  Init,
  Name,
  PadRule,
  Param,
  Path,
  Program,
  Range,
  Reducer,
  StringLiteral,
  Target,
  Test,
  TypeRef,
} from "./ast.ts";

/** How tightly a form holds together; a looser one in its place needs parentheses. */
const LEVEL = { expression: 0, or: 1, and: 2, comparison: 3, sum: 4, product: 5, unary: 6, primary: 7 } as const;
type Level = (typeof LEVEL)[keyof typeof LEVEL];

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

/** Ends with a newline; "" for an empty program. */
export function printProgram(program: Program): string {
  return program.declarations.map((d) => `${printDeclaration(d)}\n`).join("\n");
}

// Expressions

/** On one line. */
export function printExpr(e: Expr): string {
  return exprAt(e, LEVEL.expression);
}

function exprAt(e: Expr, level: Level): string {
  const text = bareExpr(e);
  return levelOf(e) < level ? `(${text})` : text;
}

function levelOf(e: Expr): Level {
  if (e.kind === "letIn" || e.kind === "conditional") return LEVEL.expression;
  if (e.kind === "binary") return OPERAND_LEVELS[e.operator].own;
  return e.kind === "unary" ? LEVEL.unary : LEVEL.primary;
}

function bareExpr(e: Expr): string {
  switch (e.kind) {
    case "integer":
    case "float":
      return e.text;
    case "boolean":
      return String(e.value);
    case "constant":
      return e.name;
    case "path":
      return printPath(e);
    case "unary":
      return `${e.operator}${exprAt(e.operand, LEVEL.unary)}`;
    case "binary":
      return printBinary(e);
    case "conditional":
      return `${exprAt(e.condition, LEVEL.or)} ? ${printExpr(e.whenTrue)} : ${printExpr(e.whenFalse)}`;
    case "letIn": {
      const names = e.names.length === 1 ? e.names[0].text : `(${printNames(e.names)})`;
      return `let ${names} = ${printExpr(e.value)} in ${printExpr(e.body)}`;
    }
    case "tuple":
      return `(${e.elements.map((element) => printExpr(element)).join(", ")})`;
    case "access": {
      const subscripts = e.subscripts.map((s) => printExpr(s)).join(", ");
      return `${printPath(e.tensor)}[${subscripts}]${e.pad === null ? "" : ` pad ${printPad(e.pad)}`}`;
    }
    case "reduction": {
      const guard = e.guard === null ? "" : ` | ${printExpr(e.guard)}`;
      return `${printPath(e.reducer)}[${printBinders(e.binders)}${guard}](${printArguments(e.args)})`;
    }
    case "call":
      return `${printPath(e.callee)}(${printArguments(e.args)})`;
    default:
      return unreachable(e);
  }
}

function printBinary({ operator, left, right }: Binary): string {
  const levels = OPERAND_LEVELS[operator];
  return `${exprAt(left, levels.left)} ${operator} ${exprAt(right, levels.right)}`;
}

function printPad(pad: PadRule): string {
  if (pad.kind === "padMode") return pad.mode;
  const { value } = pad;
  const magnitude = value.kind === "unary" && value.operator === "-" ? value.operand : value;
  const isPlain =
    magnitude.kind === "integer" ||
    magnitude.kind === "float" ||
    (magnitude.kind === "constant" && magnitude.name === "inf");
  return isPlain ? printExpr(value) : `(${printExpr(value)})`;
}

function printPath(path: Path): string {
  return path.names.map((name) => name.text).join(".");
}

function printNames(names: readonly Name[]): string {
  return names.map((name) => name.text).join(", ");
}

function printRange({ low, high }: Range): string {
  return `${exprAt(low, LEVEL.sum)}..${exprAt(high, LEVEL.sum)}`;
}

function printIn(range: Range | null): string {
  return range === null ? "" : ` in ${printRange(range)}`;
}

function printBinders(binders: readonly Binder[]): string {
  return binders.map(({ name, range }) => name.text + printIn(range)).join(", ");
}

function printArguments(args: readonly Argument[]): string {
  return args.map(({ name, value }) => (name === null ? "" : `${name.text} = `) + printValue(value)).join(", ");
}

function printValue(value: Expr | StringLiteral): string {
  return value.kind === "string" ? `"${value.value}"` : printExpr(value);
}

// Parts of declarations

/** `i32[N] in 0..V` */
export function printType({ dtype, shape, range }: TypeRef): string {
  const sizes = shape.length === 0 ? "" : `[${shape.map((size) => printExpr(size)).join(", ")}]`;
  return `${dtype.text}${sizes}${printIn(range)}`;
}

function printParams(params: readonly Param[]): string {
  return params.map(({ name, type }) => `${name.text}: ${printType(type)}`).join(", ");
}

function printGenerics(generics: readonly GenericParam[]): string {
  if (generics.length === 0) return "";
  const list = generics.map(({ name, sort, defaultValue }) => {
    const value = defaultValue === null ? "" : ` = ${exprAt(defaultValue, LEVEL.unary)}`;
    return `${name.text}: ${sort.text}${value}`;
  });
  return `<${list.join(", ")}>`;
}

function printConditions(word: string, conditions: readonly Expr[]): string {
  return conditions.length === 0 ? "" : ` ${word} ${conditions.map((c) => printExpr(c)).join(", ")}`;
}

function inParentheses(list: readonly string[]): string {
  return list.length === 1 ? list.join("") : `(${list.join(", ")})`;
}

// Equations

export function printEquation({ role, targets, value, inits }: Equation): string {
  const word = role === "output" ? "" : `${role} `;
  const left = inParentheses(targets.map((target) => printTarget(target)));
  const starts = inits.length === 0 ? "" : ` init ${inits.map((init) => printInit(init)).join(", ")}`;
  return `${word}${left} = ${printExpr(value)}${starts};`;
}

function printTarget({ name, binders, dtype, range }: Target): string {
  const indices = binders.length === 0 ? "" : `[${printBinders(binders)}]`;
  return `${name.text}${indices}${dtype === null ? "" : `: ${dtype.text}${printIn(range)}`}`;
}

function printInit({ targets, value }: Init): string {
  const left = targets.map(({ name, subscripts }) => {
    const places = subscripts.map(({ index, range }) => printExpr(index) + printIn(range));
    return name.text + (places.length === 0 ? "" : `[${places.join(", ")}]`);
  });
  return `${inParentheses(left)} = ${printExpr(value)}`;
}

// Schedules

export function printDirective({ word, args, items, clauses }: Directive): string {
  const list = printItems(items);
  // `unroll (a)` would give the word an argument
  const brackets = args.length > 0 || list.startsWith("(") ? `(${printArguments(args)})` : "";
  return `${[`${word.text}${brackets}`, ...(list === "" ? [] : [list]), ...clauses.map((c) => printClause(c))].join(" ")};`;
}

function printItems(items: readonly DirectiveItem[]): string {
  return items
    .map(({ value, to }) => exprAt(value, LEVEL.sum) + (to === null ? "" : ` to ${exprAt(to, LEVEL.sum)}`))
    .join(", ");
}

function printClause(clause: Clause): string {
  switch (clause.kind) {
    case "results":
      return `-> ${printNames(clause.names)}`;
    case "preposition":
      return `${clause.word} ${printItems(clause.items)}`;
    case "flag":
      return clause.word.text + (clause.args.length === 0 ? "" : `(${printArguments(clause.args)})`);
    default:
      return unreachable(clause);
  }
}

// Declarations

/** Without a newline at the end. */
export function printDeclaration(d: Declaration): string {
  const doc =
    d.doc === null
      ? ""
      : d.doc
          .split("\n")
          .map((line) => `${`// ${line}`.trimEnd()}\n`)
          .join("");
  return doc + bareDeclaration(d);
}

function bareDeclaration(d: Declaration): string {
  switch (d.kind) {
    case "import":
      return `import { ${printNames(d.names)} } from "${d.from.value}";`;
    case "fn": {
      const head = `${exportWord(d)}fn ${d.name.text}${printGenerics(d.generics)}(${printParams(d.params)})`;
      return `${head} -> ${d.result.text} = ${printExpr(d.body)};`;
    }
    case "reducer":
      return printReducer(d);
    case "kernel": {
      const head = `${exportWord(d)}kernel ${d.name.text}${printGenerics(d.generics)}(${printParams(d.params)})`;
      const outputs = ` -> ${printParams(d.outputs)}${printConditions("where", d.where)}`;
      return `${head}${outputs} ${printBody(d.equations.map((e) => printEquation(e)))}`;
    }
    case "derive":
      return `${exportWord(d)}derive ${d.name.text} = ${d.transform.text}(${printArguments(d.args)});`;
    case "test":
      return printTest(d);
    case "schedule": {
      const head = `schedule ${d.kernel.text} for ${printNames(d.targets)}${printConditions("when", d.when)}`;
      return `${head} ${printBody(d.directives.map((directive) => printDirective(directive)))}`;
    }
    default:
      return unreachable(d);
  }
}

function exportWord({ exported }: { readonly exported: boolean }): string {
  return exported ? "export " : "";
}

function printBody(statements: readonly string[]): string {
  return statements.length === 0 ? "{}" : `{\n${statements.map((s) => `  ${s}\n`).join("")}}`;
}

function printReducer(d: Reducer): string {
  const head = `${exportWord(d)}reducer ${d.name.text}${printGenerics(d.generics)}(${printParams(d.params)})`;
  const { left, right, value } = d.combine;
  const bulk = d.bulk.map((b) => `${b.name.text} = ${printExpr(b.value)}`).join(", ");
  const body = printBody([
    `identity ${printExpr(d.identity)};`,
    `lift ${printExpr(d.lift)};`,
    `combine ${left.text}, ${right.text} = ${printExpr(value)};`,
    ...(bulk === "" ? [] : [`bulk ${bulk};`]),
    ...(d.laws.length === 0 ? [] : [`law ${d.laws.map((law) => law.text).join(" ")};`]),
  ]);
  return `${head} -> (${printParams(d.results)}) ${body}`;
}

function printTest({ kernel, sizes, tolerance }: Test): string {
  const all = sizes.length === 0 ? "" : ` for all ${printBinders(sizes)}`;
  const within = tolerance === null ? "" : ` within ${tolerance.amount.text} ${tolerance.unit}`;
  return `test ${kernel.text}${all}${within};`;
}
