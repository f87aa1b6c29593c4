/**
 * Makes a failing program small: parts are left out and expressions replaced by their own parts, greedily, as long as
 * the program still fails. Works on the syntax tree, so it needs to know nothing of what a program means.
 */
import type { Equation, Expr, Kernel, Program } from "../../compiler/lang/ast.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { printProgram } from "../../compiler/lang/print-ast.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";

/** The smallest variant found within the time for which `fails` holds; it is asked about whole programs. */
export async function shrink(
  text: string,
  fails: (text: string) => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<string> {
  const end = performance.now() + milliseconds;
  let best = text;
  for (let found = true; found;) {
    found = false;
    const program = parse(makeSource("shrink.ein", best), new Diagnostics());
    for (const variant of variants(program)) {
      if (performance.now() > end) return best;
      const shorter = printProgram(variant);
      if (shorter.length >= best.length || !(await fails(shorter))) continue;
      best = shorter;
      found = true;
      break;
    }
  }
  return best;
}

/** Programs with one part less, large parts first. */
function* variants(program: Program): Generator<Program> {
  for (const d of program.declarations) {
    if (d.kind !== "kernel" || d.name.text !== "main")
      yield withDeclarations(
        program,
        program.declarations.filter((x) => x !== d),
      );
  }
  for (const d of program.declarations) {
    if (d.kind !== "kernel") continue;
    for (const smaller of kernelVariants(d)) {
      yield withDeclarations(
        program,
        program.declarations.map((x) => (x === d ? smaller : x)),
      );
    }
  }
}

function withDeclarations(program: Program, declarations: Program["declarations"]): Program {
  return { ...program, declarations };
}

function* kernelVariants(k: Kernel): Generator<Kernel> {
  for (const e of k.equations) {
    const gone = new Set(e.targets.map((t) => t.name.text));
    const equations = k.equations.filter((x) => x !== e);
    const [first, ...rest] = k.outputs.filter((o) => !gone.has(o.name.text));
    if (first !== undefined) yield { ...k, equations, outputs: [first, ...rest] };
  }
  for (const p of k.params) yield { ...k, params: k.params.filter((x) => x !== p) };
  for (const w of k.where) yield { ...k, where: k.where.filter((x) => x !== w) };
  for (const e of k.equations) {
    for (const smaller of equationVariants(e))
      yield { ...k, equations: k.equations.map((x) => (x === e ? smaller : x)) };
  }
}

function* equationVariants(e: Equation): Generator<Equation> {
  for (const value of exprVariants(e.value)) yield { ...e, value };
  for (const init of e.inits) {
    for (const value of exprVariants(init.value))
      yield { ...e, inits: e.inits.map((x) => (x === init ? { ...x, value } : x)) };
  }
}

/** The expression with one node replaced by a part of it, a guard or a pad left out; outer nodes first. */
function* exprVariants(e: Expr): Generator<Expr> {
  for (const part of partsOf(e)) yield part;
  if (e.kind === "reduction" && e.guard !== null) yield { ...e, guard: null };
  if (e.kind === "access" && e.pad !== null) yield { ...e, pad: null };
  for (const part of partsOf(e)) {
    for (const smaller of exprVariants(part)) yield replaceIn(e, part, smaller);
  }
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  "integer",
  "float",
  "boolean",
  "constant",
  "path",
  "unary",
  "binary",
  "conditional",
  "letIn",
  "tuple",
  "access",
  "reduction",
  "call",
]);

function isExpr(node: object): node is Expr {
  return "kind" in node && typeof node.kind === "string" && EXPRESSIONS.has(node.kind);
}

/** The nearest expressions below a node; not the names of tensors, reducers and functions. */
function partsOf(node: object): readonly Expr[] {
  return Object.entries(node).flatMap(([key, child]: [string, unknown]) => {
    if (key === "tensor" || key === "reducer" || key === "callee" || typeof child !== "object" || child === null)
      return [];
    return isExpr(child) ? [child] : partsOf(child);
  });
}

function replaceIn<T extends object>(node: T, old: Expr, by: Expr): T {
  const entries = Object.entries(node).map(([key, child]: [string, unknown]) => {
    if (child === old) return [key, by];
    return [
      key,
      typeof child === "object" && child !== null && key !== "span" && key !== "operatorSpan"
        ? replaceInList(child, old, by)
        : child,
    ];
  });
  return Object.fromEntries(entries);
}

function replaceInList(node: object, old: Expr, by: Expr): unknown {
  if (Array.isArray(node))
    return node.map((x: unknown) =>
      x === old ? by : typeof x === "object" && x !== null ? replaceInList(x, old, by) : x,
    );
  return replaceIn(node, old, by);
}
