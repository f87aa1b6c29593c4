/**
 * Stages into steps: what is read comes first, and stages that read each other become a recurrence. Its time axis is the
 * position whose `init` subscript is negative, else the leftmost at which every read of the group is of the same step or
 * of an earlier one; within a step the members are ordered by what they read of it.
 */
import { equal, less } from "../../analysis/condition.ts";
import { MINUS_ONE, add } from "../../analysis/polynomial.ts";
import { proveCondition, proveEqual } from "../../analysis/prover.ts";
import type { InitialSlices, Stage, Step, Tensor } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { index } from "../../ir/expr.ts";
import { tensorsRead } from "../../ir/walk.ts";
import { InternalError, known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import { stronglyConnected } from "../../support/strongly-connected.ts";
import type { Context, DraftInit, StageDraft } from "./context.ts";
import { visitReads, withAxes } from "./path-facts.ts";
import { transposed } from "./transpose-members.ts";
import { rangeOf } from "./value.ts";
import type { TensorSymbol } from "./value.ts";

/** Steps in topological order; null after a report. */
export function orderSteps(context: Context): readonly Step[] | null {
  const { drafts } = context;
  const producer = new Map(drafts.flatMap((d, n) => d.outputs.map((o) => [o.symbol.id, n] as const)));
  const reads = drafts.map((d) => {
    const bodies = [...d.outputs.map((o) => o.body), ...d.inits.map((i) => i.body)];
    return new Set(bodies.flatMap((b) => [...tensorsRead(b)].flatMap((t) => producer.get(t) ?? [])));
  });
  const groups = stronglyConnected(drafts.length, (n) => known(reads[n], "reads"));
  const steps: Step[] = [];
  let fine = true;
  for (const group of groups) {
    const members = group.map((n) => known(drafts[n], "a stage"));
    const [first, second] = members;
    if (first === undefined) continue;
    const isCycle = second !== undefined || known(reads[group[0] ?? 0], "reads").has(group[0] ?? 0);
    if (!isCycle) {
      steps.push({ kind: "stage", stage: plainStage(first) });
      continue;
    }
    const found = recurrence(context, members);
    if (found === null) fine = false;
    else steps.push(...found);
  }
  return fine ? steps : null;
}

function plainStage(d: StageDraft): Stage {
  const outputs = d.outputs.map((o) => ({ tensor: finishTensor(o.symbol, 0n, 0), body: o.body, init: [] }));
  return { name: d.name, axes: d.axes, outputs, span: d.span };
}

/** The tensor, with `lag` slices below 0 along `time`. */
export function finishTensor(symbol: TensorSymbol, lag: bigint, time: number): Tensor {
  const { id, name, span, values } = symbol;
  const dtype = symbol.dtype;
  if (dtype === null || dtype === "unknown") throw new InternalError(`${name} was refused, but is built`);
  const dims = symbol.dims.map((d, n) => {
    const range = rangeOf(d);
    return lag > 0n && n === time ? { ...range, lo: index(-lag) } : range;
  });
  return { id, name, dtype, dims, values, span };
}

// ---- recurrences ----

/** Why a position cannot be the time axis. */
type Obstacle = { readonly kind: "rank" | "range" | "read" | "cycle"; readonly span: Span; readonly text: string };
type Plan = { readonly order: readonly StageDraft[] };

function recurrence(context: Context, members: readonly StageDraft[]): readonly Step[] | null {
  const fixed = negativePositions(members);
  if (fixed.length > 1) {
    refuseTwoLags(context, members, fixed);
    return null;
  }
  const rank = Math.min(...members.map((m) => m.axes.length));
  const positions = fixed.length === 1 ? fixed : Array.from({ length: rank }, (_, n) => n);
  const obstacles: Obstacle[] = [];
  const at = (time: number, isOnly: boolean): Plan | Obstacle =>
    planAt(
      context,
      members,
      members.map(() => time),
      isOnly,
    );
  // Where there is no choice, the proof pass says what is wrong with a read, and knows a counterexample.
  const isFixed = fixed.length === 1;
  for (const time of positions) {
    const plan = at(time, isFixed);
    if ("order" in plan) return single(finish(context, plan, time));
    obstacles.push(plan);
  }
  const turned = isFixed ? null : turnedRecurrence(context, members);
  if (turned !== null) return turned;
  const [only, other] = positions;
  const last = only === undefined || other !== undefined || isFixed ? null : at(only, true);
  if (last !== null && "order" in last) return single(finish(context, last, only ?? 0));
  refuseTime(context, members, obstacles);
  return null;
}

function single(step: Step | null): readonly Step[] | null {
  return step === null ? null : [step];
}

/** More choices than this of a position for each member are not tried. */
const MOST_CHOICES = 64;

/**
 * Members whose time stands at different positions, as in `d[j]` and `L[i, j]` that advance with j: all but those at one
 * position are computed transposed, and copied back after the recurrence.
 */
function turnedRecurrence(context: Context, members: readonly StageDraft[]): readonly Step[] | null {
  const choices = members.reduce<readonly (readonly number[])[]>(
    (all, m) => (all.length > MOST_CHOICES ? all : all.flatMap((times) => m.axes.map((_, n) => [...times, n]))),
    [[]],
  );
  if (choices.length > MOST_CHOICES) return null;
  for (const times of choices) {
    if (new Set(times).size < 2) continue; // tried before
    const plan = planAt(context, members, times, false);
    if (!("order" in plan)) continue;
    const rank = Math.min(...members.map((m) => m.axes.length));
    const kept = (position: number): number => times.filter((t) => t === position).length;
    const common = Array.from({ length: rank }, (_, n) => n).toSorted((a, b) => kept(b) - kept(a))[0] ?? 0;
    const moved = transposed(context, plan.order, (m) => known(times[members.indexOf(m)], "a position"), common);
    const step = finish(context, { order: moved.members }, common);
    return step === null ? null : [step, ...moved.copies.map((d): Step => ({ kind: "stage", stage: plainStage(d) }))];
  }
  return null;
}

/** Positions where an `init` has a number below 0 or a range that ends at 0. */
function negativePositions(members: readonly StageDraft[]): readonly number[] {
  const positions = new Set<number>();
  for (const init of members.flatMap((m) => m.inits)) {
    init.places.forEach((p, n) => {
      const hi = constantOf(p.hi);
      if (p.explicit && hi !== null && hi <= 0n) positions.add(n);
    });
  }
  return [...positions].toSorted((a, b) => a - b);
}

function constantOf(e: Expr): bigint | null {
  return e.kind === "const" && typeof e.value === "bigint" ? e.value : null;
}

/** The order of one step if the time of each member stands at its position of `times`, or why it does not. */
function planAt(
  context: Context,
  members: readonly StageDraft[],
  times: readonly number[],
  isOnly: boolean,
): Plan | Obstacle {
  const { polys, facts } = context;
  const first = known(members[0], "a member");
  const timeOf = (n: number): number => known(times[n], "a position");
  const short = members.find((m, n) => m.axes.length <= timeOf(n));
  if (short !== undefined)
    return { kind: "rank", span: short.span, text: `\`${short.name}\` has no index ${timeOf(0) + 1}` };
  const end = polys.poly(known(first.axes[timeOf(0)], "an axis").hi);
  for (const [n, m] of members.entries()) {
    const axis = known(m.axes[timeOf(n)], "an axis");
    const agrees = proveEqual(facts, polys.poly(axis.hi), end).proved && constantOf(axis.lo) === 0n;
    if (!agrees)
      return {
        kind: "range",
        span: m.span,
        text: `\`${axis.variable.name}\` of \`${m.name}\` does not run over 0..${polys.print(end)}`,
      };
  }
  const owner = new Map(members.flatMap((m, n) => m.outputs.map((o) => [o.symbol.id, n] as const)));
  const sameStep = members.map(() => new Set<number>());
  let obstacle: Obstacle | null = null;
  members.forEach((m, n) => {
    const now = polys.poly(known(m.axes[timeOf(n)], "an axis").variable);
    const inside = withAxes(polys, facts, m.axes);
    for (const o of m.outputs)
      visitReads(
        polys,
        o.body,
        inside,
        (r) => owner.has(r.tensor),
        (r, here) => {
          const at = polys.poly(known(r.index[timeOf(known(owner.get(r.tensor), "a member"))], "a subscript"), here);
          const all = polys.withOpaque(here, at);
          // In a branch that is never taken all is proved: what is written as this step is one.
          const isNow = at.key === now.key;
          if (!isNow && proveCondition(all, less(at, now)).proved) return;
          if (isNow || proveCondition(all, equal(at, now)).proved)
            sameStep[n]?.add(known(owner.get(r.tensor), "a member"));
          else if (!isOnly)
            obstacle ??= {
              kind: "read",
              span: context.spans.get(r) ?? m.span,
              text: notBefore(context, m, timeOf(n), at),
            };
        },
      );
  });
  if (obstacle !== null) return obstacle;
  const order = stronglyConnected(members.length, (n) => known(sameStep[n], "reads"));
  const cycle = order.find((c) => c.length > 1 || sameStep[c[0] ?? 0]?.has(c[0] ?? 0) === true);
  if (cycle !== undefined) {
    const names = cycle.map((n) => `\`${members[n]?.name ?? ""}\``).join(", ");
    return {
      kind: "cycle",
      span: known(members[cycle[0] ?? 0], "a member").span,
      text: `within one step ${names} would need itself`,
    };
  }
  return { order: order.flat().map((n) => known(members[n], "a member")) };
}

function notBefore(context: Context, m: StageDraft, time: number, at: ReturnType<Context["polys"]["poly"]>): string {
  const name = known(m.axes[time], "an axis").variable.name;
  return `\`${context.polys.print(at)}\` is not provably \`${name}\` or before it`;
}

function refuseTime(context: Context, members: readonly StageDraft[], obstacles: readonly Obstacle[]): void {
  const first = known(members[0], "a member");
  const [only] = obstacles;
  const isCycle = only?.kind === "cycle" && obstacles.length === 1;
  context.report(isCycle ? "E2034" : "E2032", {
    span: only?.span ?? first.span,
    message: isCycle
      ? only.text
      : `no index of ${members.map((m) => `\`${m.name}\``).join(", ")} can be the time of this recurrence`,
    notes: isCycle ? [] : obstacles.map((o, n) => `index ${n + 1}: ${o.text}`),
    related: members
      .map((m) => ({ span: m.span, message: "part of the recurrence" }))
      .filter(({ span }) => span !== (only?.span ?? first.span))
      .slice(0, 4),
    help: [`read each member at an earlier step, such as ${first.name}[t - 1, …], or at this one without a cycle`],
  });
}

/** Two lag axes: a wavefront has one, the sum of the two. */
function refuseTwoLags(context: Context, members: readonly StageDraft[], positions: readonly number[]): void {
  const first = members.find((m) => m.inits.length > 0) ?? known(members[0], "a member");
  const names = positions.map((p) => first.axes[p]?.variable.name ?? "i");
  const [i, j] = [names[0] ?? "i", names[1] ?? "j"];
  const { polys } = context;
  const [m, n] = positions.map((p) => polys.poly(known(first.axes[p], "an axis").hi));
  const diagonals = polys.print(add(add(known(m, "an end"), known(n, "an end")), MINUS_ONE));
  context.report("E2033", {
    span: first.span,
    message: `\`${first.name}\` lags along \`${i}\` and along \`${j}\`; a recurrence has one time axis`,
    related: first.inits.slice(0, 2).map((x) => ({ span: x.span, message: "an init of this axis" })),
    help: [
      `skew it: with d = ${i} + ${j}, write rec ${first.name}[d in 0..${diagonals}, ${i}] and read [d - 1, ${i} - 1], [d - 1, ${i}] and [d - 2, ${i} - 1]`,
    ],
  });
}

// ---- init ----

function finish(context: Context, { order }: Plan, time: number): Step | null {
  let fine = true;
  const lags = new Map<string, bigint>();
  for (const m of order) {
    for (const o of m.outputs) {
      const inits = m.inits.filter((i) => i.tensor === o.symbol);
      const lag = slicesOf(context, inits, time, m);
      if (lag === null) fine = false;
      else lags.set(o.symbol.id, lag);
    }
  }
  if (!fine) return null;
  const members = order.map((m): Stage => {
    const outputs = m.outputs.map((o) => ({
      tensor: finishTensor(o.symbol, lags.get(o.symbol.id) ?? 0n, time),
      body: o.body,
      init: m.inits.filter((i) => i.tensor === o.symbol).map(initialSlices),
    }));
    return { name: m.name, axes: m.axes, outputs, span: m.span };
  });
  const lag = [...lags.values()].reduce((a, b) => (a > b ? a : b), 0n);
  return { kind: "recurrence", time, members, lag: Number(lag) };
}

function initialSlices(i: DraftInit): InitialSlices {
  return { axes: i.places.map(({ variable, lo, hi }) => ({ variable, lo, hi })), body: i.body };
}

function reportSlices(context: Context, place: DraftInit["places"][number], time: string): void {
  const ends = [place.lo, place.hi].filter((e) => constantOf(e) === null && place.explicit);
  const first = ends[0];
  if (first === undefined) {
    context.report("E2035", {
      span: place.span,
      message: `the time index \`${time}\` of init is a number below 0, or a range such as u in -2..0`,
      help: ["write -1 here"],
    });
    return;
  }
  // How many slices are kept is decided when the kernel is compiled.
  const { polys } = context;
  const poly = polys.poly(first);
  const names = polys.atoms.symbolsOf(poly).map((id) => polys.nameOf(id));
  context.report("E2035", {
    span: place.span,
    message: `how far init reaches back must be known when the kernel is compiled, and ${polys.print(poly)} is not`,
    help: [
      names.length === 1
        ? `declare ${names[0] ?? ""} as a generic of kind int: <${names[0] ?? ""}: int = 4>`
        : "use generics of kind int: <lag: int = 4>",
    ],
  });
}

/** More slices than anyone reads are a slip, and every one is kept in memory. */
const MOST_SLICES = 64n;

/** How many slices below 0 the clauses define: whole numbers that end at 0, each slice once; null after a report. */
function slicesOf(context: Context, inits: readonly DraftInit[], time: number, m: StageDraft): bigint | null {
  const slices: { readonly lo: bigint; readonly hi: bigint; readonly init: DraftInit }[] = [];
  for (const init of inits) {
    const place = known(init.places[time], "the time of init");
    const [lo, hi] = [constantOf(place.lo), constantOf(place.hi)];
    const other = init.places.find((p, n) => n !== time && p.fixed);
    if (!place.explicit || lo === null || hi === null || lo >= hi || hi > 0n || -lo > MOST_SLICES) {
      reportSlices(context, place, m.axes[time]?.variable.name ?? "t");
      return null;
    }
    if (other !== undefined) {
      context.report("E2035", {
        span: other.span,
        message: "a whole slice of time is initialised: the other places are index names",
        help: ["choose inside: init S[-1, j] = j == 0 ? a : b"],
      });
      return null;
    }
    slices.push({ lo, hi, init });
  }
  let end = 0n;
  for (const s of slices.toSorted((a, b) => (a.hi > b.hi ? -1 : 1))) {
    if (s.hi > end) {
      context.report("E2035", { span: s.init.span, message: `two clauses define the slice ${s.hi - 1n}` });
      return null;
    }
    end = s.lo; // a gap is found where it is read
  }
  return -end;
}
