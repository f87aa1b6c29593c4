/**
 * The public face of the checker. `checkProgram` looks at every declaration of a file and reports all that is wrong;
 * `lowerKernel` gives one kernel as equations (L1), with generics and calls resolved, not yet proved. Each kernel is
 * checked with the defaults of its generics; a kernel without defaults is checked when it is lowered or called.
 */
import type { UserReducer } from "../ir/expr.ts";
import { Diagnostics } from "../support/diagnostics.ts";
import { didYouMean } from "../support/typos.ts";
import type * as Ast from "./ast.ts";
import { expressionsOf, mentionsOf, pathsOf } from "./check/ast-names.ts";
import { Context } from "./check/context.ts";
import { checkFn } from "./check/fns.ts";
import type { GivenGeneric } from "./check/generics.ts";
import { isTypeSort, sortOf } from "./check/generics.ts";
import { emptyInstance, topOf } from "./check/header.ts";
import type { LoweredKernel } from "./check/lower-kernel.ts";
import { LANGUAGE, lower } from "./check/lower-kernel.ts";
import type { ProgramTable } from "./check/program-table.ts";
import { tabulate } from "./check/program-table.ts";
import { Scope } from "./check/scope.ts";
import { checkTestSizes } from "./check/test-sizes.ts";
import { checkReducer } from "./check/user-reducers.ts";

export type { GivenGeneric } from "./check/generics.ts";
export type { LoweredKernel } from "./check/lower-kernel.ts";

export type CheckedProgram = {
  readonly program: Ast.Program;
  readonly table: ProgramTable;
  /** In source order. */
  readonly kernels: readonly CheckedKernel[];
  readonly tests: readonly Ast.Test[];
  readonly schedules: readonly Ast.Schedule[];
};

export type CheckedKernel = {
  readonly name: string;
  readonly node: Ast.Kernel;
  /** False after an error in it: it cannot be lowered. */
  readonly fine: boolean;
  /** With the defaults of all generics; null where it is not fine, or not checked. */
  readonly lowered: LoweredKernel | null;
  /** False where a generic without a default keeps it from being checked alone. */
  readonly checked: boolean;
};

/** Checks a file; all mistakes go to `diagnostics`. */
export function checkProgram(program: Ast.Program, diagnostics: Diagnostics): CheckedProgram {
  const table = tabulate(program, diagnostics);
  const kernels: CheckedKernel[] = [];
  const tests: Ast.Test[] = [];
  const schedules: Ast.Schedule[] = [];
  for (const d of program.declarations) {
    if (d.kind === "fn" && isDeclared(table, d)) withContext(table, diagnostics, (c, env) => checkFn(c, env, d));
    if (d.kind === "reducer" && isDeclared(table, d))
      withContext(table, diagnostics, (c, env) => checkReducer(c, env, d));
    if (d.kind === "test") tests.push(d);
    if (d.kind === "schedule") schedules.push(d);
  }
  const nodes = program.declarations.filter((d) => d.kind === "kernel");
  // Callees first, so that a mistake inside one is reported there and not at its calls.
  for (const node of calleesFirst(nodes)) {
    if (!isDeclared(table, node)) continue;
    kernels.push(checkKernel(table, node, diagnostics));
  }
  for (const t of tests) checkTest(table, t, diagnostics);
  for (const s of schedules) checkSchedule(table, s, diagnostics);
  const order = new Map(nodes.map((n, k) => [n.name.text, k]));
  kernels.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
  return { program, table, kernels, tests, schedules };
}

/** A name that was declared twice belongs to its first declaration. */
function isDeclared(table: ProgramTable, d: Ast.Fn | Ast.Reducer | Ast.Kernel): boolean {
  const entity = table.functions.get(d.name.text);
  return entity !== undefined && entity.kind !== "unusable" && entity.node === d;
}

function withContext(
  table: ProgramTable,
  diagnostics: Diagnostics,
  check: (context: Context, env: ReturnType<typeof topOf>) => void,
): void {
  const context = new Context(table, LANGUAGE, diagnostics);
  context.recording = false;
  check(context, topOf(emptyInstance("", new Scope()), []));
}

function checkKernel(table: ProgramTable, node: Ast.Kernel, diagnostics: Diagnostics): CheckedKernel {
  const name = node.name.text;
  const isOpen = node.generics.some((g) => {
    const sort = sortOf(g);
    return sort !== null && sort !== "dim" && !isTypeSort(sort) && g.defaultValue === null;
  });
  if (isOpen) return { name, node, fine: true, checked: false, lowered: null };
  const found = new Diagnostics();
  const lowered = lower(table, node, new Map(), found);
  for (const d of found.list) diagnostics.add(d);
  const fine = lowered !== null;
  if (!fine)
    table.wrong.set(
      name,
      found.list.filter((d) => d.severity === "error"),
    );
  return { name, node, fine, checked: true, lowered };
}

/** Kernels in an order in which what is called comes first, as far as there is one. */
function calleesFirst(nodes: readonly Ast.Kernel[]): readonly Ast.Kernel[] {
  const byName = new Map(nodes.map((n) => [n.name.text, n]));
  const done = new Set<Ast.Kernel>();
  const order: Ast.Kernel[] = [];
  for (const root of nodes) {
    const stack = [root];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const callee = callees(node).find((c) => {
        const n = byName.get(c);
        return n !== undefined && !done.has(n) && !stack.includes(n);
      });
      const next = callee === undefined ? undefined : byName.get(callee);
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      stack.pop();
      if (!done.has(node)) order.push(node);
      done.add(node);
    }
  }
  return order;
}

const calleeCache = new WeakMap<Ast.Kernel, readonly string[]>();

function callees(node: Ast.Kernel): readonly string[] {
  let found = calleeCache.get(node);
  if (found === undefined) {
    found = [...mentionsOf(node.equations.flatMap(expressionsOf)).callees];
    calleeCache.set(node, found);
  }
  return found;
}

/**
 * One kernel as equations, with these values for its generics (the others take their defaults). Null after an error,
 * which `diagnostics` then has. The name must be one of `checked.kernels`.
 */
export function lowerKernel(
  checked: CheckedProgram,
  name: string,
  options: { readonly generics?: ReadonlyMap<string, GivenGeneric> },
  diagnostics: Diagnostics,
): LoweredKernel | null {
  const kernel = checked.kernels.find((k) => k.name === name);
  if (kernel === undefined) {
    const near = didYouMean(
      name,
      checked.kernels.map((k) => k.name),
    );
    diagnostics.report("E2002", {
      span: null,
      message: `no kernel is called \`${name}\``,
      notes: [`the kernels are ${checked.kernels.map((k) => k.name).join(", ")}`],
      help: near === null ? [] : [`did you mean ${near} ?`],
    });
    return null;
  }
  const generics = options.generics ?? new Map<string, GivenGeneric>();
  if (generics.size === 0 && kernel.lowered !== null) return kernel.lowered;
  return lower(checked.table, kernel.node, generics, diagnostics);
}

/** The reducer with the defaults of its generics; null where it has none for some of them, or is wrong. */
export function lowerReducer(checked: CheckedProgram, node: Ast.Reducer): UserReducer | null {
  let reducer: UserReducer | null = null;
  withContext(checked.table, new Diagnostics(), (c, env) => {
    reducer = checkReducer(c, env, node);
  });
  return reducer;
}

// ---- tests and schedules ----

function checkTest(table: ProgramTable, t: Ast.Test, diagnostics: Diagnostics): void {
  const node = kernelNamed(table, t.kernel, "a test", diagnostics);
  if (node !== null) checkTestSizes(t, node, sizeNamesOf(node), diagnostics);
}

/** Its kernel, and the names of its `when`; what its directives say is asked where primitives are known. */
function checkSchedule(table: ProgramTable, s: Ast.Schedule, diagnostics: Diagnostics): void {
  const node = kernelNamed(table, s.kernel, "a schedule", diagnostics);
  if (node === null) return;
  const names = [...sizeNamesOf(node), "lanes"];
  for (const name of pathsOf(s.when)) {
    if (names.includes(name.text)) continue;
    const near = didYouMean(name.text, names);
    diagnostics.report("E2002", {
      span: name.span,
      message: `\`${node.name.text}\` has no dim or generic \`${name.text}\``,
      help: [near === null ? `it has ${names.join(", ")}` : `did you mean ${near} ?`],
    });
  }
}

/** Dims and generics of a kernel, by name. */
export function sizeNamesOf(node: Ast.Kernel): readonly string[] {
  const dims = node.params.flatMap((p) => [...mentionsOf(p.type.shape).names]);
  return [...new Set([...node.generics.map((g) => g.name.text), ...dims])];
}

/** The kernel that a test or schedule is for; reports where there is none. */
function kernelNamed(table: ProgramTable, name: Ast.Name, what: string, diagnostics: Diagnostics): Ast.Kernel | null {
  const entity = table.functions.get(name.text);
  if (entity?.kind === "kernel") return entity.node;
  if (entity?.kind === "unusable") return null;
  const kernels = [...table.functions].flatMap(([n, f]) => (f.kind === "kernel" ? [n] : []));
  const near = didYouMean(name.text, kernels);
  diagnostics.report("E2060", {
    span: name.span,
    message: `${what} is for a kernel, and \`${name.text}\` is ${entity === undefined ? "not declared in this file" : `a ${entity.kind}`}`,
    help: near === null ? [] : [`did you mean ${near} ?`],
  });
  return null;
}
