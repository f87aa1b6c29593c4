/**
 * A `schedule` block of the syntax as data (ir/directives.ts). An operand of a directive is a small language of its own:
 * names, integers, `+ - * div %`, calls with arguments. Whatever else the grammar takes for an expression is refused
 * here; what the words mean is asked by the primitives.
 */
import type { Directive, DirectiveClause, Item, Operand, ScheduleBlock, Setting, Word } from "../ir/directives.ts";
import type { Diagnostics } from "../support/diagnostics.ts";
import { unreachable } from "../support/invariant.ts";
import type * as Ast from "./ast.ts";

/** The block; directives with an operand that cannot be one are left out, and `diagnostics` says so. */
export function lowerSchedule(node: Ast.Schedule, diagnostics: Diagnostics): ScheduleBlock {
  return {
    kernel: wordOf(node.kernel),
    targets: node.targets.map(wordOf),
    directives: node.directives.flatMap((d) => lowerDirective(d, diagnostics) ?? []),
    span: node.span,
  };
}

function wordOf(name: Ast.Name): Word {
  return { text: name.text, span: name.span };
}

/** Thrown and caught in this file only: an operand is deep inside of its directive. */
class NotAnOperand extends Error {
  readonly node: Ast.Expr;

  constructor(node: Ast.Expr) {
    super("not an operand");
    this.node = node;
  }
}

function lowerDirective(node: Ast.Directive, diagnostics: Diagnostics): Directive | null {
  try {
    return {
      word: wordOf(node.word),
      args: node.args.map(settingOf),
      items: node.items.map(itemOf),
      clauses: node.clauses.map(clauseOf),
      span: node.span,
    };
  } catch (e) {
    if (!(e instanceof NotAnOperand)) throw e;
    diagnostics.report("E3002", {
      span: e.node.span,
      message: `\`${node.word.text}\` cannot take this`,
      label: "wanted: a name, a whole number, or `+ - * div %` of them",
    });
    return null;
  }
}

function clauseOf(node: Ast.Clause): DirectiveClause {
  switch (node.kind) {
    case "results":
      return { kind: "results", names: node.names.map(wordOf), span: node.span };
    case "preposition":
      return { kind: "preposition", word: node.word, items: node.items.map(itemOf), span: node.span };
    case "flag":
      return { kind: "option", word: wordOf(node.word), args: node.args.map(settingOf), span: node.span };
    default:
      return unreachable(node);
  }
}

function itemOf(node: Ast.DirectiveItem): Item {
  return { value: operandOf(node.value), to: node.to === null ? null : operandOf(node.to), span: node.span };
}

function settingOf(node: Ast.Argument): Setting {
  const value: Operand =
    node.value.kind === "string"
      ? { kind: "text", value: node.value.value, span: node.value.span }
      : operandOf(node.value);
  return { name: node.name === null ? null : wordOf(node.name), value, span: node.span };
}

function operandOf(node: Ast.Expr): Operand {
  switch (node.kind) {
    case "path":
      return { kind: "name", path: node.names.map(wordOf), span: node.span };
    case "integer":
      return { kind: "integer", value: node.value, span: node.span };
    case "boolean":
      return { kind: "flag", value: node.value, span: node.span };
    case "call": {
      const [callee, ...rest] = node.callee.names;
      if (rest.length > 0) throw new NotAnOperand(node);
      return { kind: "call", callee: wordOf(callee), args: node.args.map(settingOf), span: node.span };
    }
    case "binary": {
      const { operator: op } = node;
      if (op !== "+" && op !== "-" && op !== "*" && op !== "div" && op !== "%") throw new NotAnOperand(node);
      return { kind: "operation", op, left: operandOf(node.left), right: operandOf(node.right), span: node.span };
    }
    case "unary":
    case "float":
    case "constant":
    case "conditional":
    case "letIn":
    case "tuple":
    case "access":
    case "reduction":
      throw new NotAnOperand(node);
    default:
      return unreachable(node);
  }
}
