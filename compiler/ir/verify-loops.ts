/**
 * What every pass over loops must keep (verify-expr.ts says it for expressions):
 * - ids of dims and buffers are unique; shapes mention dims only; registers are allocated in the tree, with constant
 *   extents, and all other buffers are the program's;
 * - a nest reads inputs, registers in scope, and what an earlier nest or itself stores; every output is stored; buffers
 *   without elements are exempt;
 * - nothing is stored to an input; stores and accumulations have one index-typed subscript per dim and the buffer's dtype;
 * - an accumulation has one target per component, of the accumulator's dtypes, and the arguments of a step, or of a merge;
 * - bounds are index-typed; unrolled loops have constant bounds, vector loops a width of 2 or more that constant bounds
 *   keep, and no vector loop stands inside another;
 * - a nest's independent loops are its outermost ones, one directly in the other.
 * That subscripts are in range and iterations independent is checked by running (interpret-loops.ts), not here.
 */
import { unreachable } from "../support/invariant.ts";
import type { Expr, ScalarType } from "./expr.ts";
import type { Accum, Buffer, For, LoopProgram, Nest, Stmt } from "./loops.ts";
import { accumulatorTypes } from "./reducers.ts";
import type { ExprScope, Report } from "./verify-expr.ts";
import { bindVariable, verifyExpr, verifyTyped } from "./verify-expr.ts";
import { visitStatements } from "./walk-loops.ts";

type Scope = ExprScope & { readonly buffers: ReadonlyMap<string, Buffer>; readonly inVector: boolean };

/** The problems found, each with its place; none in a sound program. */
export function verifyLoops(program: LoopProgram): readonly string[] {
  const problems: string[] = [];
  const at =
    (place: string): Report =>
    (problem) =>
      problems.push(`${place}: ${problem}`);
  const report = at(program.kernel);
  const dims = new Map<string, ScalarType>(program.dims.map((d) => [d.id, d.type]));
  const ids = [...program.dims, ...program.buffers].map((x) => x.id);
  for (const id of new Set(ids.filter((x, n) => ids.indexOf(x) !== n))) report(`the id ${id} is used twice`);
  for (const b of program.buffers) {
    if (b.space === "register") report(`register ${b.name} is not allocated anywhere`);
    verifyBuffer(b, dims, at(b.name));
  }
  const written = new Set(program.buffers.filter((b) => b.space === "input" || isEmpty(b)).map((b) => b.id));
  for (const [n, nest] of program.nests.entries()) {
    for (const id of storedIn(nest.body)) written.add(id);
    const buffers = new Map(program.buffers.filter((b) => written.has(b.id)).map((b) => [b.id, b]));
    const here = at(`nest ${n} (${nest.stage})`);
    verifyNest(nest, here);
    verifyStmt(nest.body, scopeOf(dims, buffers, false), here);
  }
  for (const b of program.buffers) {
    if (b.space === "output" && !written.has(b.id)) report(`output ${b.name} is never stored`);
  }
  return problems;
}

function scopeOf(
  variables: ReadonlyMap<string, ScalarType>,
  buffers: ReadonlyMap<string, Buffer>,
  inVector: boolean,
): Scope {
  const readable = (id: string) => {
    const b = buffers.get(id);
    return b === undefined ? null : { dtype: b.dtype, rank: b.extent.length };
  };
  return { variables, readable, level: "loops", buffers, inVector };
}

/** Nobody stores to it, and what reads it never runs. */
function isEmpty(b: Buffer): boolean {
  return b.extent.some((e) => e.kind === "const" && typeof e.value === "bigint" && e.value <= 0n);
}

function storedIn(body: Stmt): ReadonlySet<string> {
  const stored = new Set<string>();
  visitStatements(body, (s) => {
    if (s.kind === "store") stored.add(s.buffer);
    if (s.kind === "accum") for (const t of s.targets) stored.add(t.buffer);
  });
  return stored;
}

function verifyBuffer(b: Buffer, dims: ReadonlyMap<string, ScalarType>, report: Report): void {
  if (b.lo.length !== b.extent.length) report(`${b.lo.length} lower bounds of ${b.extent.length} dims`);
  const scope = scopeOf(dims, new Map(), false);
  for (const e of [...b.lo, ...b.extent]) verifyTyped(e, "index", "a bound", scope, report);
}

function verifyNest(nest: Nest, report: Report): void {
  let at = nest.body;
  for (let n = 0; n < nest.independent; n++) {
    if (at.kind !== "for") return report(`${nest.independent} loops are independent, only ${n} are nested`);
    at = at.body;
  }
}

function verifyStmt(s: Stmt, scope: Scope, report: Report): void {
  switch (s.kind) {
    case "for":
      return verifyFor(s, scope, report);
    case "seq":
      for (const inner of s.body) verifyStmt(inner, scope, report);
      return;
    case "if":
      verifyTyped(s.cond, "bool", "a condition", scope, report);
      verifyStmt(s.then, scope, report);
      if (s.otherwise !== null) verifyStmt(s.otherwise, scope, report);
      return;
    case "alloc": {
      const { buffer } = s;
      if (buffer.space !== "register") report(`${buffer.name} is allocated in space ${buffer.space}`);
      if (scope.buffers.has(buffer.id)) report(`${buffer.name} (${buffer.id}) is allocated twice`);
      if (![...buffer.lo, ...buffer.extent].every((e) => e.kind === "const"))
        report(`${buffer.name} has no constant extent`);
      if (!storedIn(s.body).has(buffer.id)) report(`register ${buffer.name} is never stored`);
      const inner = scopeOf(scope.variables, new Map(scope.buffers).set(buffer.id, buffer), scope.inVector);
      return verifyStmt(s.body, inner, report);
    }
    case "store":
      verifyTarget(s.buffer, s.index, scope, report);
      return verifyTyped(
        s.value,
        scope.buffers.get(s.buffer)?.dtype ?? s.value.type,
        `what ${s.buffer} gets`,
        scope,
        report,
      );
    case "accum":
      return verifyAccum(s, scope, report);
    default:
      return unreachable(s);
  }
}

function verifyFor(s: For, scope: Scope, report: Report): void {
  const { name } = s.variable;
  verifyTyped(s.lo, "index", `the lower bound of ${name}`, scope, report);
  verifyTyped(s.hi, "index", `the upper bound of ${name}`, scope, report);
  const trips = constantTrips(s);
  if (s.loop.kind === "unroll" && trips === null) report(`unrolled loop ${name} has no constant bounds`);
  if (s.loop.kind === "vector") {
    if (s.loop.width < 2) report(`vector loop ${name} has width ${s.loop.width}`);
    if (trips !== null && trips > s.loop.width)
      report(`vector loop ${name} has ${trips} iterations in ${s.loop.width} lanes`);
    if (scope.inVector) report(`vector loop ${name} stands inside another`);
  }
  if (s.variable.type !== "index") report(`loop variable ${name} has type ${s.variable.type}`);
  const inner = bindVariable(scope, s.variable, report);
  verifyStmt(s.body, scopeOf(inner.variables, scope.buffers, scope.inVector || s.loop.kind === "vector"), report);
}

function constantTrips(s: For): number | null {
  return s.lo.kind === "const" && s.hi.kind === "const" ? Number(s.hi.value) - Number(s.lo.value) : null;
}

function verifyTarget(id: string, index: readonly Expr[], scope: Scope, report: Report): void {
  const buffer = scope.buffers.get(id);
  if (buffer === undefined) return report(`${id} cannot be stored here`);
  if (buffer.space === "input") report(`a store to input ${buffer.name}`);
  if (buffer.extent.length !== index.length) {
    report(`${buffer.name} has ${buffer.extent.length} dims, stored with ${index.length} subscripts`);
  }
  for (const e of index) verifyTyped(e, "index", `a subscript of ${buffer.name}`, scope, report);
}

function verifyAccum(s: Accum, scope: Scope, report: Report): void {
  const { name } = s.reducer;
  for (const t of s.targets) verifyTarget(t.buffer, t.index, scope, report);
  for (const a of s.args) verifyExpr(a, scope, report);
  if (s.guard !== null) verifyTyped(s.guard, "bool", `the guard of ${name}`, scope, report);
  const given = s.args.map((a) => a.type);
  if (given.includes("index")) return report(`${name} of an index`);
  const targets = s.targets.map((t) => scope.buffers.get(t.buffer)?.dtype).join(", ");
  if (s.merge) {
    if (given.join(", ") !== targets) report(`${name} merges (${given.join(", ")}) into (${targets})`);
    return;
  }
  const wanted = stepTypes(s);
  if (given.join(", ") !== wanted.join(", "))
    report(`a step of ${name} takes (${wanted.join(", ")}), not (${given.join(", ")})`);
  const types = given.length === 0 ? "nothing" : accumulatorTypes(s.reducer, given).join(", ");
  if (types !== targets) report(`${name} accumulates in (${types}), not (${targets})`);
}

/** argmax and argmin also take the position, an i32. */
function stepTypes({ reducer, args }: Accum): readonly ScalarType[] {
  if (reducer.kind === "user") return reducer.params.map((p) => p.type);
  const value = args.slice(0, 1).map((a) => a.type);
  return reducer.name === "argmax" || reducer.name === "argmin" ? [...value, "i32"] : value;
}
