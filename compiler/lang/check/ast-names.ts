/**
 * What an expression of the syntax mentions, before anything is resolved: the order of equations and recurrences follow
 * from it.
 */
import type * as Ast from "../ast.ts";

export type Mentions = {
  /** First words of paths and accesses. */
  readonly names: Set<string>;
  /** Of these, the ones that stand without subscripts. */
  readonly bare: Set<string>;
  /** What is called. */
  readonly callees: Set<string>;
  /** What reduces, built in or not. */
  readonly reducers: Set<string>;
  /** The first words of paths, each where it stands. */
  readonly places: Ast.Name[];
  readonly calls: Ast.Call[];
  /** How many expressions there are, inner ones included. */
  expressions: number;
};

/** Everything that these expressions mention, but for the indices and names that are bound inside. */
export function mentionsOf(exprs: readonly Ast.Expr[]): Mentions {
  const [names, bare, callees, reducers] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const found: Mentions = { names, bare, callees, reducers, places: [], calls: [], expressions: 0 };
  for (const e of exprs) visit(e, found);
  return found;
}

/** The names that these expressions mention without subscripts, where they stand. */
export function pathsOf(exprs: readonly Ast.Expr[]): readonly Ast.Name[] {
  return mentionsOf(exprs).places;
}

function visit(e: Ast.Expr, found: Mentions): void {
  const go = (x: Ast.Expr): void => visit(x, found);
  const args = (list: readonly Ast.Argument[]): void => {
    for (const a of list) if (a.value.kind !== "string") go(a.value);
  };
  found.expressions++;
  switch (e.kind) {
    case "integer":
    case "float":
    case "boolean":
    case "constant":
      return;
    case "path":
      found.names.add(e.names[0].text);
      found.bare.add(e.names[0].text);
      found.places.push(e.names[0]);
      return;
    case "unary":
      return go(e.operand);
    case "binary":
      go(e.left);
      return go(e.right);
    case "conditional":
      return [e.condition, e.whenTrue, e.whenFalse].forEach(go);
    case "letIn":
      go(e.value);
      return visitInside([e.body], e.names, found);
    case "tuple":
      return e.elements.forEach(go);
    case "access":
      found.names.add(e.tensor.names[0].text);
      e.subscripts.forEach(go);
      if (e.pad?.kind === "padValue") go(e.pad.value);
      return;
    case "reduction":
      found.reducers.add(e.reducer.names.map((n) => n.text).join("."));
      return visitInside(
        [
          ...e.binders.flatMap((b) => rangeOf(b.range)),
          ...(e.guard === null ? [] : [e.guard]),
          ...e.args.flatMap((a) => (a.value.kind === "string" ? [] : [a.value])),
        ],
        e.binders.map((b) => b.name),
        found,
      );
    case "call":
      found.calls.push(e);
      found.callees.add(e.callee.names.map((n) => n.text).join("."));
      return args(e.args);
    default:
      e satisfies never;
  }
}

/** What is mentioned inside, without the names that are bound there. */
function visitInside(exprs: readonly Ast.Expr[], bound: readonly Ast.Name[], found: Mentions): void {
  const inside = mentionsOf(exprs);
  const own = new Set(bound.map((n) => n.text));
  for (const name of inside.names) if (!own.has(name)) found.names.add(name);
  for (const name of inside.bare) if (!own.has(name)) found.bare.add(name);
  for (const name of inside.callees) found.callees.add(name);
  for (const name of inside.reducers) found.reducers.add(name);
  found.places.push(...inside.places);
}

function rangeOf(range: Ast.Range | null): readonly Ast.Expr[] {
  return range === null ? [] : [range.low, range.high];
}

/** The expressions of an equation: right-hand sides and ranges. */
export function expressionsOf(e: Ast.Equation): readonly Ast.Expr[] {
  const targets = e.targets.flatMap((t) => [...t.binders.flatMap((b) => rangeOf(b.range)), ...rangeOf(t.range)]);
  const inits = e.inits.flatMap((i) => [
    i.value,
    ...i.targets.flatMap((t) => t.subscripts.flatMap((s) => rangeOf(s.range))),
  ]);
  return [e.value, ...targets, ...inits];
}
