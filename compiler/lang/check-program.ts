/**
 * The public face of the checker. `checkProgram` looks at every declaration of a file and reports all that is wrong;
 * `lowerKernel` gives one kernel as equations (L1), with generics and calls resolved, not yet proved. Each kernel is
 * checked with the defaults of its generics; a kernel without defaults is checked when it is lowered or called.
 */
import type { UserReducer } from "../ir/expr.ts";
import { Diagnostics } from "../support/diagnostics.ts";
import { known } from "../support/invariant.ts";
import { didYouMean } from "../support/typos.ts";
import type * as Ast from "./ast.ts";
import { mentionsOf, pathsOf } from "./check/ast-names.ts";
import { Context } from "./check/context.ts";
import type { Exhausted } from "./check/expansion-size.ts";
import { ExpansionSizes } from "./check/expansion-size.ts";
import { checkFn } from "./check/fns.ts";
import type { GivenGeneric } from "./check/generics.ts";
import { isTypeSort, sortOf } from "./check/generics.ts";
import { emptyInstance, topOf } from "./check/header.ts";
import type { LoweredKernel } from "./check/lower-kernel.ts";
import { LANGUAGE, lower } from "./check/lower-kernel.ts";
import type { Callable } from "./check/needed.ts";
import { calledBy, neededBy, warnOfUnused } from "./check/needed.ts";
import type { ProgramTable } from "./check/program-table.ts";
import { tabulate } from "./check/program-table.ts";
import { Scope } from "./check/scope.ts";
import { checkTestSizes } from "./check/test-sizes.ts";
import { checkReducer } from "./check/user-reducers.ts";
import type { Module } from "./read-modules.ts";

export type { GivenGeneric } from "./check/generics.ts";
export type { LoweredKernel } from "./check/lower-kernel.ts";

export type CheckedProgram = {
  readonly program: Ast.Program;
  readonly table: ProgramTable;
  /** In source order. */
  readonly kernels: readonly CheckedKernel[];
  /** Of other files, needed here by name or through a call. */
  readonly imported: readonly CheckedKernel[];
  readonly tests: readonly Ast.Test[];
  readonly schedules: readonly Ast.Schedule[];
};

export type CheckedKernel = {
  readonly name: string;
  readonly node: Ast.Kernel;
  /** The names of its file. */
  readonly home: ProgramTable;
  /** False after an error in it: it cannot be lowered. */
  readonly fine: boolean;
  /** With the defaults of all generics; null where it is not fine, or not checked. */
  readonly lowered: LoweredKernel | null;
  /** False where a generic without a default keeps it from being checked alone. */
  readonly checked: boolean;
};

/**
 * Checks a file; all mistakes go to `diagnostics`. `modules` are the files that it imports and itself, each behind what it
 * imports (read-modules.ts); of those only what the file needs is checked, each once, and their warnings are their own.
 */
export function checkProgram(
  program: Ast.Program,
  diagnostics: Diagnostics,
  modules: readonly Module[] = [{ program, imports: new Map() }],
): CheckedProgram {
  const tables = new Map<Module, ProgramTable>();
  for (const m of modules) {
    const isRoot = m.program === program;
    const imports = new Map([...m.imports].map(([d, to]) => [d, to === null ? null : (tables.get(to) ?? null)]));
    tables.set(m, tabulate(m.program, imports, isRoot, diagnostics));
  }
  const table = known([...tables.values()].at(-1), "the table of the root");
  const needed = neededBy(table);
  const imported: CheckedKernel[] = [];
  const sizes = new ExpansionSizes();
  for (const [m, t] of tables) {
    if (t === table) continue;
    const found = new Diagnostics();
    imported.push(...checkDeclarations(m.program, t, { needed, sizes }, found));
    for (const d of found.list) if (d.severity === "error") diagnostics.add(d);
  }
  const kernels = checkDeclarations(program, table, { needed, sizes }, diagnostics);
  const tests = program.declarations.filter((d) => d.kind === "test");
  const schedules = program.declarations.filter((d) => d.kind === "schedule");
  for (const t of tests) checkTest(table, t, diagnostics);
  for (const s of schedules) checkSchedule(table, s, diagnostics);
  warnOfUnused(program, table, diagnostics);
  return { program, table, kernels, imported, tests, schedules };
}

/** The needed functions, reducers and kernels of one file; its kernels in source order. */
function checkDeclarations(
  program: Ast.Program,
  table: ProgramTable,
  { needed, sizes }: { readonly needed: ReadonlySet<Callable>; readonly sizes: ExpansionSizes },
  diagnostics: Diagnostics,
): readonly CheckedKernel[] {
  const kernels: CheckedKernel[] = [];
  for (const d of program.declarations) {
    if (d.kind === "fn" && needed.has(d)) checkFunction(table, d, sizes, diagnostics);
    if (d.kind === "reducer" && needed.has(d)) withContext(table, diagnostics, (c, env) => checkReducer(c, env, d));
  }
  const nodes = program.declarations.filter((d) => d.kind === "kernel").filter((d) => needed.has(d));
  // Callees first, so that a mistake inside one is reported there and not at its calls.
  for (const node of calleesFirst(nodes)) kernels.push(checkKernel(table, node, sizes, diagnostics));
  const order = new Map(nodes.map((n, k) => [n.name.text, k]));
  return kernels.toSorted((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
}

function checkFunction(table: ProgramTable, node: Ast.Fn, sizes: ExpansionSizes, diagnostics: Diagnostics): void {
  const refusal = sizes.refusal(node, table);
  const found = new Diagnostics();
  let isExpanded = false;
  withContext(table, found, (c, env) => {
    if (refusal !== null) return c.exhaust(refusal.span, refusal.what, { ...env, calls: refusal.calls });
    isExpanded = !isExhausted(c, sizes.admit(node, table));
    if (isExpanded) checkFn(c, env, node);
  });
  for (const d of found.list) diagnostics.add(d);
  if (!isExpanded) keepWrong(table, node, found);
}

/** Each declaration may be small enough, and all of them together not: the first that is too much is reported. */
function isExhausted(context: Context, by: Exhausted | null): boolean {
  if (by !== null) context.exhaust(by.span, by.what, null);
  return by !== null;
}

function keepWrong(table: ProgramTable, node: Ast.Fn | Ast.Kernel, found: Diagnostics): void {
  table.wrong.set(
    node,
    found.list.filter((d) => d.severity === "error"),
  );
}

function withContext(
  table: ProgramTable,
  diagnostics: Diagnostics,
  check: (context: Context, env: ReturnType<typeof topOf>) => void,
): void {
  const context = new Context(LANGUAGE, diagnostics);
  context.recording = false;
  check(context, topOf(emptyInstance("", new Scope()), table, []));
}

function checkKernel(
  table: ProgramTable,
  node: Ast.Kernel,
  sizes: ExpansionSizes,
  diagnostics: Diagnostics,
): CheckedKernel {
  const name = node.name.text;
  const isOpen = node.generics.some((g) => {
    const sort = sortOf(g);
    return sort !== null && sort !== "dim" && !isTypeSort(sort) && g.defaultValue === null;
  });
  if (isOpen) return { name, node, home: table, fine: true, checked: false, lowered: null };
  const found = new Diagnostics();
  const isAdmitted = !isExhausted(new Context(LANGUAGE, found), sizes.admit(node, table));
  const lowered = isAdmitted ? lower(table, node, new Map(), found) : null;
  for (const d of found.list) diagnostics.add(d);
  const fine = lowered !== null;
  if (!fine) keepWrong(table, node, found);
  return { name, node, home: table, fine, checked: true, lowered };
}

/** Kernels in an order in which what is called comes first, as far as there is one. */
function calleesFirst(nodes: readonly Ast.Kernel[]): readonly Ast.Kernel[] {
  const byName = new Map(nodes.map((n) => [n.name.text, n]));
  const done = new Set<Ast.Kernel>();
  const order: Ast.Kernel[] = [];
  for (const root of nodes) {
    const stack = [root];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const callee = calledBy(node).find((c) => {
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

/** The kernel that the file knows by that name: its own, or an imported one. */
export function kernelCalled({ kernels, imported, table }: CheckedProgram, name: string): CheckedKernel | undefined {
  const own = kernels.find((k) => k.name === name);
  const entity = table.functions.get(name);
  return own ?? (entity?.kind === "kernel" ? imported.find((k) => k.node === entity.node) : undefined);
}

/**
 * One kernel as equations, with these values for its generics (the others take their defaults). Null after an error,
 * which `diagnostics` then has. The name is one of `checked.kernels`, or of
 * what the file imports.
 */
export function lowerKernel(
  checked: CheckedProgram,
  name: string,
  options: { readonly generics?: ReadonlyMap<string, GivenGeneric> },
  diagnostics: Diagnostics,
): LoweredKernel | null {
  const kernel = kernelCalled(checked, name);
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
  return lower(kernel.home, kernel.node, generics, diagnostics);
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
  const dims = node.params.flatMap(({ type: { shape, range } }) => [
    ...mentionsOf(range === null ? shape : [...shape, range.low, range.high]).names,
  ]);
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
