/**
 * What holds for every scalar expression, at the equations and at the loops:
 * - a variable is bound around it, with its type; no binder hides another;
 * - operations have their number of operands, of one type for which they exist, and the result type that follows;
 * - no operation computes in a storage type;
 * - conditions and guards are bool, branches and `let`s agree in type, casts make sense for their types;
 * - a read names a known tensor of its dtype, with one index-typed subscript per dim;
 * - constants are values of their type;
 * - a reduction has the arguments and component types of its reducer, bounds of type index, and is bound by its own axes;
 * - a user's reducer mentions its parameters only;
 * - pads and reductions stand only where the level allows them, and a pad's value reads nothing that is padded.
 */
import { unreachable } from "../support/invariant.ts";
import { DERIVED_OPS } from "./derived-ops.ts";
import type { DType } from "./dtype.ts";
import { DTYPES, holds, isFloat, isInt, isStorageDType, roundToDType } from "./dtype.ts";
import type { Apply, Axis, Cast, Const, Expr, Read, Reduce, ScalarType, UserReducer, Var } from "./expr.ts";
import { isCoreOp, OPS } from "./ops.ts";
import { resultTypes } from "./reducers.ts";
import { some } from "./walk.ts";

/** What a read may name. */
export type Readable = { readonly dtype: DType; readonly rank: number };

export type ExprScope = {
  /** Types of the variables that are bound here, by id. */
  readonly variables: ReadonlyMap<string, ScalarType>;
  /** Null where nothing of this id can be read here. */
  readonly readable: (id: string) => Readable | null;
  /** Equations have reductions and pads, loops have neither. */
  readonly level: "equations" | "loops";
};

export type Report = (problem: string) => void;

/** The scope with one more variable; `report` hears of an id that is bound already. */
export function bindVariable(scope: ExprScope, v: Var, report: Report): ExprScope {
  if (scope.variables.has(v.id)) report(`${v.name} (${v.id}) is bound twice`);
  return { ...scope, variables: new Map(scope.variables).set(v.id, v.type) };
}

/** The scope inside axes; their bounds are verified on the way. */
export function bindAxes(axes: readonly Axis[], scope: ExprScope, report: Report): ExprScope {
  let inner = scope;
  for (const axis of axes) {
    verifyTyped(axis.lo, "index", `lower bound of ${axis.variable.name}`, inner, report);
    verifyTyped(axis.hi, "index", `upper bound of ${axis.variable.name}`, inner, report);
    if (axis.variable.type !== "index") report(`axis ${axis.variable.name} has type ${axis.variable.type}`);
    inner = bindVariable(inner, axis.variable, report);
  }
  return inner;
}

/** Verifies `e` and that it has this type; `role` names it in problems. */
export function verifyTyped(e: Expr, type: ScalarType, role: string, scope: ExprScope, report: Report): void {
  if (e.type !== type) report(`${role} has type ${e.type}, not ${type}`);
  verifyExpr(e, scope, report);
}

export function verifyExpr(e: Expr, scope: ExprScope, report: Report): void {
  switch (e.kind) {
    case "const":
      return verifyConst(e, report);
    case "var": {
      const type = scope.variables.get(e.id);
      if (type === undefined) report(`${e.name} (${e.id}) is not bound`);
      else if (type !== e.type) report(`${e.name} is ${type}, used as ${e.type}`);
      return;
    }
    case "read":
      return verifyRead(e, scope, report);
    case "apply":
      return verifyApply(e, scope, report);
    case "select":
      verifyTyped(e.cond, "bool", "a condition", scope, report);
      verifyTyped(e.yes, e.type, "a branch", scope, report);
      verifyTyped(e.no, e.type, "a branch", scope, report);
      return;
    case "cast":
      verifyCast(e, report);
      return verifyExpr(e.arg, scope, report);
    case "let":
      verifyTyped(e.value, e.variable.type, `the value of ${e.variable.name}`, scope, report);
      return verifyTyped(e.body, e.type, "the body of a let", bindVariable(scope, e.variable, report), report);
    case "reduce":
      if (scope.level === "loops") return report("a reduction among loops");
      return verifyReduce(e, scope, report);
    default:
      return unreachable(e);
  }
}

function verifyConst({ type, value }: Const, report: Report): void {
  const wide = type === "index" || type === "i64" || type === "u64";
  const expected = type === "bool" ? "boolean" : wide ? "bigint" : "number";
  if (typeof value !== expected) return report(`a constant of type ${type} is a ${typeof value}`);
  if (type === "index" || typeof value === "boolean") return;
  const exact = isFloat(type) ? Object.is(roundToDType(type, Number(value)), value) : holds(type, value);
  if (!exact) report(`${value} is not a value of ${type}`);
}

function verifyRead(e: Read, scope: ExprScope, report: Report): void {
  const tensor = scope.readable(e.tensor);
  if (tensor === null) return report(`${e.tensor} cannot be read here`);
  if (tensor.dtype !== e.type) report(`${e.tensor} is ${tensor.dtype}, read as ${e.type}`);
  if (tensor.rank !== e.index.length)
    report(`${e.tensor} has ${tensor.rank} dims, read with ${e.index.length} subscripts`);
  for (const s of e.index) verifyTyped(s, "index", `a subscript of ${e.tensor}`, scope, report);
  if (e.pad === null) return;
  if (scope.level === "loops") report(`a padded read of ${e.tensor} among loops`);
  if (e.pad.kind !== "value") return;
  verifyTyped(e.pad.value, e.type, `the pad of ${e.tensor}`, scope, report);
  if (some(e.pad.value, (n) => n.kind === "read" && n.pad !== null)) report(`the pad of ${e.tensor} is padded itself`);
}

function verifyApply(e: Apply, scope: ExprScope, report: Report): void {
  for (const a of e.args) verifyExpr(a, scope, report);
  const [first] = e.args;
  const arity = isCoreOp(e.op) ? OPS[e.op].arity : DERIVED_OPS[e.op].arity;
  if (first === undefined || e.args.length !== arity) return report(`${e.op} of ${e.args.length} operands`);
  const types = e.args.map((a) => a.type);
  if (types.some((t) => t !== first.type)) report(`${e.op} of ${types.join(", ")}`);
  const exists = isCoreOp(e.op) ? OPS[e.op][classOf(first.type)] !== null : classOf(first.type) === "float";
  if (!exists) report(`${e.op} does not exist for ${first.type}`);
  if (isStorageDType(first.type)) report(`${e.op} computes in ${first.type}, which is for storage`);
  const result = isCoreOp(e.op) && OPS[e.op].result === "bool" ? "bool" : first.type;
  if (e.type !== result) report(`${e.op} of ${first.type} has type ${e.type}, not ${result}`);
}

function classOf(type: ScalarType): "float" | "int" | "bool" {
  if (type === "index") return "int";
  return DTYPES[type].kind;
}

function verifyCast(e: Cast, report: Report): void {
  const [from, to] = [e.arg.type, e.type];
  const bad = (why: string): void => report(`${e.mode} cast from ${from} to ${to}: ${why}`);
  if (from === to) bad("the types are the same");
  switch (e.mode) {
    case "exact":
      if (to === "bool") bad("compare with zero instead");
      return;
    case "saturate":
      if (to === "index" || !isInt(to)) bad("not an integer type");
      return;
    case "wrap":
      if (to === "index" || !isInt(to) || classOf(from) === "float") bad("integers only");
      return;
    case "bits":
      if (to === "index" || from === "index" || DTYPES[to].bits !== DTYPES[from].bits) bad("widths differ");
      return;
    default:
      return unreachable(e.mode);
  }
}

function verifyReduce(e: Reduce, scope: ExprScope, report: Report): void {
  const name = e.reducer.name;
  const inner = bindAxes(e.axes, scope, report);
  if (e.axes.length === 0) report(`${name} without axes`);
  if (e.guard !== null) verifyTyped(e.guard, "bool", `the guard of ${name}`, inner, report);
  for (const a of e.args) verifyExpr(a, inner, report);
  if (e.reducer.kind === "user") verifyReducer(e.reducer, report);
  const wanted =
    e.reducer.kind === "user" ? e.reducer.params.map((p) => p.type) : e.args.slice(0, 1).map((a) => a.type);
  const given = e.args.map((a) => a.type);
  if (given.length === 0 || given.join() !== wanted.join()) return report(`${name} of (${given.join(", ")})`);
  if (given.includes("index")) return report(`${name} of an index`);
  if ((name === "any" || name === "all") && e.reducer.kind === "builtin" && given[0] !== "bool")
    report(`${name} of ${given[0]}`);
  const type = resultTypes(e.reducer, given)[e.component];
  if (type === undefined) report(`${name} has no component ${e.component}`);
  else if (type !== e.type) report(`${name} of ${given.join(", ")} has type ${type}, not ${e.type}`);
}

/** Its expressions are closed over the parameters, and all components keep their types. */
function verifyReducer(r: UserReducer, report: Report): void {
  const types = r.identity.map((e) => e.type);
  const lists: readonly (readonly [string, readonly { readonly type: ScalarType }[]])[] = [
    ["lift", r.lift],
    ["left", r.left],
    ["right", r.right],
    ["combine", r.combine],
  ];
  for (const [part, list] of lists) {
    const found = list.map((x) => x.type).join(", ");
    if (found !== types.join(", ")) report(`${r.name}: ${part} is (${found}), the identity (${types.join(", ")})`);
  }
  const scopes: readonly (readonly [readonly Expr[], readonly Var[]])[] = [
    [r.identity, []],
    [r.lift, r.params],
    [r.combine, [...r.left, ...r.right]],
  ];
  for (const [expressions, parameters] of scopes) {
    const variables = new Map(parameters.map((p) => [p.id, p.type]));
    const scope: ExprScope = { variables, readable: () => null, level: "equations" };
    for (const e of expressions) verifyExpr(e, scope, (problem) => report(`${r.name}: ${problem}`));
  }
}
