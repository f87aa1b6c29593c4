/**
 * Scalar expressions as text, close to the language. Names are the user's; where two meet in one scope the inner one gets
 * a suffix (`k_2`). The text is for people and golden files: it leaves out types that the surroundings tell.
 */
import { unreachable } from "../support/invariant.ts";
import type { DType } from "./dtype.ts";
import { isFloat, roundToDType } from "./dtype.ts";
import type { Apply, Axis, Cast, Const, Expr, Pad, Read, Reduce } from "./expr.ts";
import { resultTypes } from "./reducers.ts";

/** What each id in scope is called in the text. */
export type Names = ReadonlyMap<string, string>;

/** The scope with one more name, made unique. */
export function bindName(names: Names, id: string, name: string): Names {
  const taken = new Set(names.values());
  let unique = name;
  for (let n = 2; taken.has(unique); n++) unique = `${name}_${n}`;
  return new Map(names).set(id, unique);
}

/** The scope with a list of names. */
export function bindNames(names: Names, list: readonly { readonly id: string; readonly name: string }[]): Names {
  return list.reduce((scope, { id, name }) => bindName(scope, id, name), names);
}

export function nameOf(names: Names, id: string): string {
  return names.get(id) ?? `?${id}`;
}

/** How tightly a form binds, from a choice to a name. */
const LEVEL = { choice: 0, or: 1, and: 2, comparison: 3, sum: 4, product: 5, unary: 6, primary: 7 } as const;

const INFIX: Readonly<Partial<Record<string, { readonly sign: string; readonly level: number }>>> = {
  or: { sign: "||", level: LEVEL.or },
  and: { sign: "&&", level: LEVEL.and },
  eq: { sign: "==", level: LEVEL.comparison },
  ne: { sign: "!=", level: LEVEL.comparison },
  lt: { sign: "<", level: LEVEL.comparison },
  le: { sign: "<=", level: LEVEL.comparison },
  add: { sign: "+", level: LEVEL.sum },
  sub: { sign: "-", level: LEVEL.sum },
  mul: { sign: "*", level: LEVEL.product },
  divide: { sign: "/", level: LEVEL.product },
  floor_div: { sign: "div", level: LEVEL.product },
  floor_mod: { sign: "%", level: LEVEL.product },
};

const PREFIX: Readonly<Partial<Record<string, string>>> = { neg: "-", not: "!" };

/** `e` as text; `level`: how tightly the place where it stands binds, else parentheses are put around. */
export function printExpr(e: Expr, names: Names, level: number = LEVEL.choice): string {
  const { text, own } = print(e, names);
  return own < level ? `(${text})` : text;
}

type Printed = { readonly text: string; readonly own: number };

function print(e: Expr, names: Names): Printed {
  switch (e.kind) {
    case "const": {
      const text = printConst(e);
      return { text, own: text.startsWith("-") ? LEVEL.unary : LEVEL.primary };
    }
    case "var":
      return { text: nameOf(names, e.id), own: LEVEL.primary };
    case "read":
      return { text: printRead(e, names), own: LEVEL.primary };
    case "apply":
      return printApply(e, names);
    case "select": {
      const parts = [e.cond, e.yes, e.no];
      if (!e.lazy) return call("select", parts, names);
      const [cond, yes, no] = parts.map((p, n) => printExpr(p, names, n === 2 ? LEVEL.choice : LEVEL.or));
      return { text: `${cond} ? ${yes} : ${no}`, own: LEVEL.choice };
    }
    case "cast":
      return call(castName(e), [e.arg], names);
    case "let": {
      const inner = bindName(names, e.variable.id, e.variable.name);
      const value = printExpr(e.value, names, LEVEL.or);
      return {
        text: `let ${nameOf(inner, e.variable.id)} = ${value} in ${printExpr(e.body, inner)}`,
        own: LEVEL.choice,
      };
    }
    case "reduce":
      return { text: printReduce(e, names), own: LEVEL.primary };
    default:
      return unreachable(e);
  }
}

function call(name: string, args: readonly Expr[], names: Names): Printed {
  return { text: `${name}(${args.map((a) => printExpr(a, names)).join(", ")})`, own: LEVEL.primary };
}

function printApply(e: Apply, names: Names): Printed {
  const infix = INFIX[e.op];
  const prefix = PREFIX[e.op];
  const [a, b] = e.args;
  if (infix !== undefined && a !== undefined && b !== undefined) {
    const { sign, level } = infix;
    const left = printExpr(a, names, level === LEVEL.comparison ? level + 1 : level);
    return { text: `${left} ${sign} ${printExpr(b, names, level + 1)}`, own: level };
  }
  if (prefix !== undefined && a !== undefined) {
    return { text: `${prefix}${printExpr(a, names, LEVEL.primary)}`, own: LEVEL.unary };
  }
  return call(e.op, e.args, names);
}

function castName(e: Cast): string {
  const prefix = { exact: "", saturate: "sat_", wrap: "wrap_", bits: "bits_" }[e.mode];
  return `${prefix}${e.type}`;
}

/** `X[i, j + 1] pad 0.0`; `X?[i]` where the access is in range only under the conditions around it. */
function printRead(e: Read, names: Names): string {
  const subscripts = e.index.length > 0 ? `[${e.index.map((s) => printExpr(s, names)).join(", ")}]` : "";
  const pad = e.pad === null ? "" : ` pad ${printPad(e.pad, names)}`;
  return `${nameOf(names, e.tensor)}${e.guarded ? "?" : ""}${subscripts}${pad}`;
}

function printPad(pad: Pad, names: Names): string {
  if (pad.kind !== "value") return pad.kind;
  return pad.value.kind === "const" ? printConst(pad.value) : `(${printExpr(pad.value, names)})`;
}

function printReduce(e: Reduce, names: Names): string {
  const { text, inner } = printAxes(e.axes, names);
  const guard = e.guard === null ? "" : ` | ${printExpr(e.guard, inner)}`;
  const args = e.args.map((a) => printExpr(a, inner)).join(", ");
  const types = resultTypes(
    e.reducer,
    e.args.map((a) => a.type),
  );
  return `${e.reducer.name}[${text}${guard}](${args})${types.length > 1 ? `.${e.component}` : ""}`;
}

/** `i in 0..M, j in 0..i`, and the scope in which the axes are known. */
export function printAxes(axes: readonly Axis[], names: Names): { readonly text: string; readonly inner: Names } {
  let inner = names;
  const parts: string[] = [];
  for (const { variable, lo, hi } of axes) {
    const range = printRange(lo, hi, inner);
    inner = bindName(inner, variable.id, variable.name);
    parts.push(`${nameOf(inner, variable.id)} in ${range}`);
  }
  return { text: parts.join(", "), inner };
}

export function printRange(lo: Expr, hi: Expr, names: Names): string {
  return `${printExpr(lo, names, LEVEL.sum)}..${printExpr(hi, names, LEVEL.sum)}`;
}

function printConst(e: Const): string {
  if (typeof e.value !== "number" || e.type === "index" || !isFloat(e.type)) return String(e.value);
  return printFloat(e.value, e.type);
}

/** The shortest decimal that rounds to the value in its dtype; always with a point, an exponent or a word. */
export function printFloat(x: number, dtype: DType): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
  if (Object.is(x, -0)) return "-0.0";
  let text = String(x);
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(x.toPrecision(digits));
    if (roundToDType(dtype, short) !== x) continue;
    text = String(short);
    break;
  }
  return /[.e]/.test(text) ? text : `${text}.0`;
}
