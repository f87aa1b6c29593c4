/**
 * The arguments of a call, told apart: parameters are given by position, generics by name. What does not fit is refused
 * with the generic that it can be meant for.
 */
import { isDType } from "../../ir/dtype.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import type { Context } from "./context.ts";
import type { Sort } from "./generics.ts";
import { sortOf, typeWord } from "./generics.ts";
import { shortText } from "./types.ts";

/** A text where a value is wanted: strings name modules and files. */
export function refuseText(context: Context, text: Ast.StringLiteral): void {
  context.report("E2013", {
    span: text.span,
    message: "a text has no meaning here",
    help: /^[\w.]+$/.test(text.value) ? [`write ${text.value} without quotes`] : [],
  });
}

/** `here is 1`, `here are 3` */
export function hereAre(count: number): string {
  return count === 1 ? "here is 1" : `here are ${count}`;
}

/** For an argument too many: the generic that it can be meant for, a number before a dtype. */
function genericHelp(
  surplus: Ast.Argument | undefined,
  generics: readonly Ast.GenericParam[],
  named: ReadonlyMap<string, Ast.Argument>,
): readonly string[] {
  const free = generics.filter((g) => !named.has(g.name.text));
  for (const sort of surplus === undefined ? [] : sortsFor(surplus.value)) {
    const meant = free.find((g) => sortOf(g) === sort);
    if (surplus !== undefined && meant !== undefined)
      return [`name the generic: ${meant.name.text} = ${shortText(surplus.value.span)}`];
  }
  return [];
}

const VALUES: readonly Sort[] = ["float", "int", "dim", "bool"];

/** The kinds of generics that an argument can be meant for, likelier ones first. */
function sortsFor(e: Ast.Argument["value"]): readonly Sort[] {
  switch (e.kind) {
    case "integer":
      return ["int", "dim", "float"];
    case "float":
      return ["float"];
    case "boolean":
      return ["bool"];
    case "string":
      return [];
    case "path":
      return isDType(typeWord(e) ?? "") ? ["dtype", "anyfloat", "anyint"] : VALUES;
    case "constant":
    case "unary":
    case "binary":
    case "conditional":
    case "letIn":
    case "tuple":
    case "access":
    case "reduction":
    case "call":
      return VALUES;
    default:
      return e satisfies never;
  }
}

/** Separates the arguments of a call; generics are named, parameters are positional. */
export function splitArguments(
  context: Context,
  what: string,
  e: { readonly args: readonly Ast.Argument[]; readonly span: Span },
  params: readonly Ast.Param[],
  generics: readonly Ast.GenericParam[],
): { readonly positional: readonly Ast.Argument[]; readonly named: ReadonlyMap<string, Ast.Argument> } | null {
  const positional: Ast.Argument[] = [];
  const named = new Map<string, Ast.Argument>();
  const genericNames = generics.map((g) => g.name.text);
  for (const a of e.args) {
    if (a.name === null && a.value.kind === "string") {
      refuseText(context, a.value);
      return null;
    }
    if (a.name === null) positional.push(a);
    else if (!genericNames.includes(a.name.text)) {
      const isParam = params.some((p) => p.name.text === a.name?.text);
      const near = didYouMean(a.name.text, genericNames);
      context.report("E2013", {
        span: a.name.span,
        message: isParam
          ? `\`${a.name.text}\` is a parameter of \`${what}\`: parameters are given by position`
          : `\`${what}\` has no generic \`${a.name.text}\``,
        notes: genericNames.length === 0 ? [] : [`its generics are ${genericNames.join(", ")}`],
        help: near === null ? [] : [`did you mean ${near} ?`],
      });
      return null;
    } else if (named.has(a.name.text)) {
      context.report("E2013", { span: a.name.span, message: `\`${a.name.text}\` is given twice` });
      return null;
    } else named.set(a.name.text, a);
  }
  if (positional.length === params.length) return { positional, named };
  context.report("E2013", {
    span: e.span,
    message: `\`${what}\` takes ${params.length} ${params.length === 1 ? "argument" : "arguments"} (${params.map((p) => p.name.text).join(", ")}), and ${hereAre(positional.length)}`,
    help: genericHelp(positional[params.length], generics, named),
  });
  return null;
}
