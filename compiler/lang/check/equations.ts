/**
 * Equations of one instance. They may be in any order: what an equation mentions is checked first, equations that
 * mention each other form a recurrence, and a whole-tensor equation waits until the shapes of what it mentions are known.
 */
import { known } from "../../support/invariant.ts";
import { stronglyConnected } from "../../support/strongly-connected.ts";
import type * as Ast from "../ast.ts";
import { expressionsOf, mentionsOf } from "./ast-names.ts";
import type { Mentions } from "./ast-names.ts";
import { buildStages } from "./build-stages.ts";
import type { Context, DeclaredOutput, Env, Instance } from "./context.ts";
import type { Declared } from "./declare-equations.ts";
import { declareEquations } from "./declare-equations.ts";
import { checkIndexed, inferTypesOf } from "./indexed-equations.ts";
import { allResolved, inferRanges } from "./ranges.ts";
import type { TensorValue } from "./value.ts";
import { checkWhole } from "./whole-equations.ts";

/** An equation, what it mentions and what it defines. */
type Unit = { readonly declared: Declared; readonly mentions: Mentions };

/** Checks and builds all equations; the tensors of the outputs by name, or null after a report. */
export function checkEquations(
  context: Context,
  env: Env,
  node: Ast.Kernel,
  outputs: ReadonlyMap<string, DeclaredOutput>,
): ReadonlyMap<string, TensorValue> | null {
  const before = context.diagnostics.list.length;
  const declared = declareEquations(context, env, node, outputs);
  const units = declared.map((d): Unit => ({ declared: d, mentions: mentionsIn(d.node) }));
  const definedBy = new Map(units.flatMap((u, n) => u.declared.node.targets.map((t) => [t.name.text, n] as const)));
  const edges = (n: number): readonly number[] =>
    [...known(units[n], "an equation").mentions.names].flatMap((name) => definedBy.get(name) ?? []);
  const groups = stronglyConnected(units.length, edges).map((members) =>
    members.map((n) => known(units[n], "an equation")),
  );
  const selfReading = new Set(units.filter((_, n) => edges(n).includes(n)));
  markRecurrences(context, env.instance, groups, (u) => selfReading.has(u));
  checkInOrder(context, env, groups);
  const isWrong = (): boolean =>
    context.refersElsewhere || context.diagnostics.list.slice(before).some((d) => d.severity === "error");
  // An equation that was refused gives no ranges: what would be missing then is no mistake of its own.
  if (isWrong() || context.exhausted) return null;
  inferRanges(context, env.instance, false);
  if (!allResolved(context, env.instance) || isWrong()) return null;
  return buildStages(context, env.instance, outputs) ? resultsOf(env.instance, outputs) : null;
}

const MENTIONS = new WeakMap<Ast.Equation, Mentions>();

/**
 * What an equation mentions; the indices on its left are its own, even where one has the name of a tensor. In a kernel
 * that is called often it is found once.
 */
function mentionsIn(node: Ast.Equation): Mentions {
  const before = MENTIONS.get(node);
  if (before !== undefined) return before;
  const found = mentionsOf(expressionsOf(node));
  for (const b of node.targets.flatMap((t) => t.binders)) {
    found.names.delete(b.name.text);
    found.bare.delete(b.name.text);
  }
  MENTIONS.set(node, found);
  return found;
}

/** Groups that are ready first; what waits for shapes is tried when the others have been checked. */
function checkInOrder(context: Context, env: Env, groups: readonly (readonly Unit[])[]): void {
  const queue = new ReadyGroups(groups);
  const check = (n: number): void => {
    checkGroup(context, env, known(groups[n], "a group"));
    queue.finish(n);
  };
  const lacksShapes = (n: number): boolean => known(groups[n], "a group").some((u) => needsShapes(env, u));
  let shapeless: number[] = [];
  for (const stage of ["bodies", "readers", "anyway"] as const) {
    for (;;) {
      const ready = queue.take();
      const indexed: number[] = [];
      for (const n of ready) (lacksShapes(n) ? shapeless : indexed).push(n);
      if (indexed.length > 0) {
        indexed.forEach(check);
        continue;
      }
      shapeless.sort((a, b) => a - b);
      const hasAll = (n: number): boolean =>
        known(groups[n], "a group").every((u) => hasShapes(context, env, u, stage));
      const next = new Set(shapeless.filter(hasAll));
      if (next.size === 0) break;
      next.forEach(check);
      queue.give(shapeless.filter((n) => !next.has(n)));
      shapeless = [];
    }
  }
}

/** Which groups mention only what has been checked; each is counted down once for every name that it waits for. */
class ReadyGroups {
  readonly #groups: readonly (readonly Unit[])[];
  readonly #missing: number[] = [];
  readonly #waiting = new Map<string, number[]>();
  #ready: number[] = [];

  constructor(groups: readonly (readonly Unit[])[]) {
    this.#groups = groups;
    const open = new Set(groups.flatMap(namesOf));
    groups.forEach((group, n) => {
      const own = new Set(namesOf(group));
      const needs = new Set(group.flatMap((u) => [...u.mentions.names].filter((name) => open.has(name))));
      const missing = [...needs].filter((name) => !own.has(name));
      this.#missing.push(missing.length);
      if (missing.length === 0) this.#ready.push(n);
      for (const name of missing) this.#wait(name, n);
    });
  }

  #wait(name: string, n: number): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) this.#waiting.set(name, [n]);
    else waiting.push(n);
  }

  /** Those that have become ready since the last call, in order. */
  take(): readonly number[] {
    const ready = this.#ready.toSorted((a, b) => a - b);
    this.#ready = [];
    return ready;
  }

  /** Takes back groups that were not checked. */
  give(groups: readonly number[]): void {
    this.#ready.push(...groups);
  }

  finish(n: number): void {
    for (const name of namesOf(known(this.#groups[n], "a group"))) {
      for (const other of this.#waiting.get(name) ?? []) {
        const missing = known(this.#missing[other], "a group") - 1;
        this.#missing[other] = missing;
        if (missing === 0) this.#ready.push(other);
      }
      this.#waiting.delete(name);
    }
  }
}

function namesOf(group: readonly Unit[]): readonly string[] {
  return group.flatMap((u) => u.declared.node.targets.map((t) => t.name.text));
}

/** Does it mention whole tensors? */
function needsShapes(env: Env, u: Unit): boolean {
  return [...u.mentions.bare].some((name) => {
    const entity = env.instance.scope.find(name);
    return entity?.kind === "tensor" && entity.symbol.dims.some((d) => d.range === null);
  });
}

function hasShapes(context: Context, env: Env, u: Unit, stage: "bodies" | "readers" | "anyway"): boolean {
  if (stage === "anyway" || !needsShapes(env, u)) return true;
  inferRanges(context, env.instance, stage === "bodies");
  return !needsShapes(env, u);
}

function checkGroup(context: Context, env: Env, group: readonly Unit[]): void {
  const [first] = group;
  if (first === undefined) return;
  if (group.some((u) => u.declared.group !== null))
    inferTypesOf(
      context,
      env,
      group.map((u) => u.declared),
    );
  for (const { declared } of group) {
    if (declared.stage === null) checkWhole(context, env, declared);
    else checkIndexed(context, env, declared, declared.stage);
  }
}

/** Numbers the groups that read themselves, and checks that `rec` stands exactly there. */
function markRecurrences(
  context: Context,
  instance: Instance,
  groups: readonly (readonly Unit[])[],
  readsItself: (u: Unit) => boolean,
): void {
  groups.forEach((group, number) => {
    const [first, second] = group;
    if (first === undefined) return;
    const isCycle = second !== undefined || readsItself(first);
    const names = namesOf(group);
    for (const { declared } of group) {
      if (isCycle) {
        declared.group = number;
        if (declared.stage !== null) declared.stage.group = number;
      } else if (declared.node.role === "rec") {
        context.report("E2031", {
          span: declared.node.span,
          message: `\`rec ${names.join(", ")}\` does not read itself`,
          help: ["write let instead of rec, or nothing for an output"],
        });
      }
    }
    if (!isCycle) return;
    if (!group.some((u) => u.declared.node.role === "rec")) {
      context.report("E2030", {
        span: first.declared.node.targets[0].span,
        message:
          second === undefined ? `\`${names[0] ?? ""}\` reads itself` : `\`${names.join("`, `")}\` read each other`,
        related: group.slice(1).map((u) => ({ span: u.declared.node.targets[0].span, message: "part of the cycle" })),
        help: [`if this is a recurrence, write rec ${names[0] ?? ""}[t, …] = … init …`],
      });
    }
    const whole = group.find(
      (u) => u.declared.stage === null && u.declared.node.targets.every((t) => t.binders.length === 0),
    );
    for (const t of whole?.declared.node.targets ?? [])
      instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
    if (whole !== undefined)
      context.report("E2036", {
        span: whole.declared.node.span,
        message: `\`${whole.declared.node.targets[0].name.text}\` is part of a recurrence and needs its time index on the left`,
        notes: ["kernels cannot be called inside a recurrence yet"],
        help: ["write its equation out, with indices"],
      });
  });
}

function resultsOf(
  instance: Instance,
  outputs: ReadonlyMap<string, DeclaredOutput>,
): ReadonlyMap<string, TensorValue> | null {
  const results = new Map<string, TensorValue>();
  for (const [name, output] of outputs) {
    const { result } = output;
    if (result === null) return null;
    results.set(name, result);
  }
  return instance.stages.length === 0 && results.size === 0 ? null : results;
}
