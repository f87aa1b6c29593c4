/**
 * Walking and rebuilding scalar expressions: children, bottom-up rewriting, substitution, free variables, equality up to
 * the names of bound variables. Variables are bound by `let` (in its body) and by the axes of a reduction (in the bounds
 * of later axes, the guard and the arguments); since ids are unique in a kernel, substitution captures nothing. A
 * reducer's own expressions are closed (they mention its parameters only), so they are not children: reach them through
 * `reducerExpressions` and `mapReducer`.
 */
import { unreachable } from "../support/invariant.ts";
import type { Axis, Const, Expr, Pad, Reduce, Reducer, Var } from "./expr.ts";
import { apply, cast, letIn, read, reduce, select, variable } from "./expr.ts";

/** The direct subexpressions, in order of evaluation; of a reduction: the bounds of each axis, the guard, the arguments. */
export function children(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "const":
    case "var":
      return [];
    case "read":
      return e.pad?.kind === "value" ? [...e.index, e.pad.value] : e.index;
    case "apply":
      return e.args;
    case "select":
      return [e.cond, e.yes, e.no];
    case "cast":
      return [e.arg];
    case "let":
      return [e.value, e.body];
    case "reduce":
      return [...e.axes.flatMap((a) => [a.lo, a.hi]), ...(e.guard === null ? [] : [e.guard]), ...e.args];
    default:
      return unreachable(e);
  }
}

function mapAll<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  const mapped = list.map(f);
  return mapped.every((item, i) => item === list[i]) ? list : mapped;
}

/** The axis with both bounds mapped; the same object where neither changes. */
export function mapAxis(axis: Axis, f: (e: Expr) => Expr): Axis {
  const lo = f(axis.lo);
  const hi = f(axis.hi);
  return lo === axis.lo && hi === axis.hi ? axis : { ...axis, lo, hi };
}

function mapPad(pad: Pad | null, f: (e: Expr) => Expr): Pad | null {
  if (pad?.kind !== "value") return pad;
  const value = f(pad.value);
  return value === pad.value ? pad : { kind: "value", value };
}

/** `e` with each direct subexpression mapped, in the order of {@link children}; `e` itself where nothing changes. */
export function mapChildren(e: Expr, f: (child: Expr) => Expr): Expr {
  switch (e.kind) {
    case "const":
    case "var":
      return e;
    case "read": {
      const at = mapAll(e.index, f);
      const pad = mapPad(e.pad, f);
      return at === e.index && pad === e.pad ? e : read(e.type, e.tensor, at, { pad, guarded: e.guarded });
    }
    case "apply": {
      const args = mapAll(e.args, f);
      return args === e.args ? e : apply(e.op, ...args);
    }
    case "select": {
      const [cond, yes, no] = [f(e.cond), f(e.yes), f(e.no)];
      return cond === e.cond && yes === e.yes && no === e.no ? e : select(cond, yes, no, e.lazy);
    }
    case "cast": {
      const arg = f(e.arg);
      return arg === e.arg ? e : cast(e.type, e.mode, arg);
    }
    case "let": {
      const value = f(e.value);
      const body = f(e.body);
      return value === e.value && body === e.body ? e : letIn(e.variable, value, body);
    }
    case "reduce": {
      const axes = mapAll(e.axes, (axis) => mapAxis(axis, f));
      const guard = e.guard === null ? null : f(e.guard);
      const args = mapAll(e.args, f);
      return axes === e.axes && guard === e.guard && args === e.args ? e : reduce({ ...e, axes, guard, args });
    }
    default:
      return unreachable(e);
  }
}

/** Rebuilds bottom-up: `f` sees each node after its children were rebuilt. Shared nodes are rebuilt once and stay shared. */
export function rewrite(e: Expr, f: (node: Expr) => Expr): Expr {
  const done = new Map<Expr, Expr>();
  const go = (node: Expr): Expr => {
    const before = done.get(node);
    if (before !== undefined) return before;
    const after = f(mapChildren(node, go));
    done.set(node, after);
    return after;
  };
  return go(e);
}

/** Calls `f` on `e` and everything below it, parents first; a shared node is seen once per place. `false` skips the children. */
export function visit(e: Expr, f: (node: Expr) => unknown): void {
  if (f(e) === false) return;
  for (const child of children(e)) visit(child, f);
}

/** Does some node of `e` satisfy `f`? */
export function some(e: Expr, f: (node: Expr) => boolean): boolean {
  return f(e) || children(e).some((child) => some(child, f));
}

/** A reducer's own expressions: identity, lift, combine. None for the built-in ones. */
export function reducerExpressions(r: Reducer): readonly Expr[] {
  return r.kind === "builtin" ? [] : [...r.identity, ...r.lift, ...r.combine];
}

/** The reducer with its own expressions mapped. */
export function mapReducer(r: Reducer, f: (e: Expr) => Expr): Reducer {
  if (r.kind === "builtin") return r;
  return { ...r, identity: r.identity.map(f), lift: r.lift.map(f), combine: r.combine.map(f) };
}

/**
 * `e` with free variables replaced, by id. Bound variables and the ids of reductions stay as they are: where one
 * expression is put into a kernel twice, use {@link instantiate}.
 */
export function substitute(e: Expr, bindings: ReadonlyMap<string, Expr>): Expr {
  if (bindings.size === 0) return e;
  return rewrite(e, (node) => (node.kind === "var" ? (bindings.get(node.id) ?? node) : node));
}

/**
 * A copy of `e` with free variables replaced and every bound variable and reduction renamed by `fresh`, which must return
 * a new id of the kernel at each call. Components of one reduction keep sharing one id.
 */
export function instantiate(e: Expr, bindings: ReadonlyMap<string, Expr>, fresh: (old: string) => string): Expr {
  const names = new Map(bindings);
  const reductions = new Map<string, string>();
  const rename = (v: Var): Var => {
    const known = names.get(v.id);
    const renamed = known?.kind === "var" ? known : variable(v.type, fresh(v.id), v.name);
    names.set(v.id, renamed);
    return renamed;
  };
  const reductionId = (old: string): string => {
    const id = reductions.get(old) ?? fresh(old);
    reductions.set(old, id);
    return id;
  };
  const go = (node: Expr): Expr => {
    if (node.kind === "var") return names.get(node.id) ?? node;
    if (node.kind === "let") {
      const value = go(node.value);
      return letIn(rename(node.variable), value, go(node.body));
    }
    if (node.kind !== "reduce") return mapChildren(node, go);
    const axes = node.axes.map((axis) => ({ lo: go(axis.lo), hi: go(axis.hi), variable: rename(axis.variable) }));
    const guard = node.guard === null ? null : go(node.guard);
    return reduce({ ...node, id: reductionId(node.id), axes, guard, args: node.args.map(go) });
  };
  return go(e);
}

/** The variables that `e` mentions and does not bind (dims, axes around it), by id, in order of first mention. */
export function freeVariables(e: Expr): ReadonlyMap<string, Var> {
  const free = new Map<string, Var>();
  const go = (node: Expr, bound: ReadonlySet<string>): void => {
    if (node.kind === "var") {
      if (!bound.has(node.id) && !free.has(node.id)) free.set(node.id, node);
    } else if (node.kind === "let") {
      go(node.value, bound);
      go(node.body, new Set([...bound, node.variable.id]));
    } else if (node.kind === "reduce") {
      const inner = new Set(bound);
      for (const axis of node.axes) {
        go(axis.lo, inner);
        go(axis.hi, inner);
        inner.add(axis.variable.id);
      }
      for (const inside of [...(node.guard === null ? [] : [node.guard]), ...node.args]) go(inside, inner);
    } else {
      for (const child of children(node)) go(child, bound);
    }
  };
  go(e, new Set());
  return free;
}

/** All tensors that `e` reads. */
export function tensorsRead(e: Expr): ReadonlySet<string> {
  const tensors = new Set<string>();
  visit(e, (node) => {
    if (node.kind === "read") tensors.add(node.tensor);
  });
  return tensors;
}

function constKey(c: Const): string {
  return `${c.type}:${Object.is(c.value, -0) ? "-0" : String(c.value)}`;
}

/**
 * A text that two expressions share exactly when they are the same up to the names of bound variables and the ids of
 * reductions (user reducers are the same by identity of meaning: name, and the text of their expressions).
 */
export function expressionKey(e: Expr): string {
  return keyIn(e, new Map());
}

/** Equal up to the names of bound variables. */
export function sameExpr(a: Expr, b: Expr): boolean {
  return a === b || (a.kind === b.kind && a.type === b.type && expressionKey(a) === expressionKey(b));
}

type Scope = ReadonlyMap<string, string>;
const bind = (scope: Scope, v: Var): Scope => new Map(scope).set(v.id, `%${scope.size}`);

function keyIn(e: Expr, scope: Scope): string {
  const keys = (list: readonly Expr[]): string => list.map((x) => keyIn(x, scope)).join(",");
  switch (e.kind) {
    case "const":
      return constKey(e);
    case "var":
      return scope.get(e.id) ?? JSON.stringify(e.id);
    case "read": {
      const pad = e.pad?.kind === "value" ? keyIn(e.pad.value, scope) : (e.pad?.kind ?? "");
      return `read(${JSON.stringify(e.tensor)},[${keys(e.index)}],${pad},${e.guarded ? "guarded" : ""})`;
    }
    case "apply":
      return `${e.op}(${keys(e.args)})`;
    case "select":
      return `${e.lazy ? "branch" : "select"}(${keys([e.cond, e.yes, e.no])})`;
    case "cast":
      return `${e.type}.${e.mode}(${keyIn(e.arg, scope)})`;
    case "let":
      return `let(${keyIn(e.value, scope)},${keyIn(e.body, bind(scope, e.variable))})`;
    case "reduce":
      return reduceKey(e, scope);
    default:
      return unreachable(e);
  }
}

function reduceKey(e: Reduce, scope: Scope): string {
  let inner = scope;
  const axes: string[] = [];
  for (const axis of e.axes) {
    axes.push(`${keyIn(axis.lo, inner)}..${keyIn(axis.hi, inner)}`);
    inner = bind(inner, axis.variable);
  }
  const guard = e.guard === null ? "" : keyIn(e.guard, inner);
  const args = e.args.map((x) => keyIn(x, inner)).join(",");
  return `${reducerKey(e.reducer)}.${e.component}:${e.type}[${axes.join(",")}|${guard}](${args})`;
}

function reducerKey(r: Reducer): string {
  if (r.kind === "builtin") return r.name;
  let scope: Scope = new Map();
  for (const v of [...r.params, ...r.left, ...r.right]) scope = bind(scope, v);
  return `${JSON.stringify(r.name)}{${reducerExpressions(r)
    .map((x) => keyIn(x, scope))
    .join(";")}}`;
}
