/**
 * Members of a recurrence whose time stands at another position than that of the others: they are computed with their
 * axes in another order, under a name of their own, and copied back afterwards; the reads inside the recurrence follow.
 */
import type { Expr } from "../../ir/expr.ts";
import { read, variable } from "../../ir/expr.ts";
import { mapChildren } from "../../ir/walk.ts";
import { invariant, known } from "../../support/invariant.ts";
import type { Context, StageDraft } from "./context.ts";
import { uniqueStage } from "./declare-equations.ts";
import type { TensorSymbol } from "./value.ts";

/** Where each place of the new order comes from: the axis `from` goes to `to`, the others keep their order. */
function orderOf(rank: number, from: number, to: number): readonly number[] {
  const others = Array.from({ length: rank }, (_, n) => n).filter((n) => n !== from);
  return [...others.slice(0, to), from, ...others.slice(to)];
}

type Move = { readonly symbol: TensorSymbol; readonly order: readonly number[] };

/** The members with their time at `common`, and the stages that copy the moved ones back. */
export function transposed(
  context: Context,
  members: readonly StageDraft[],
  timeOf: (m: StageDraft) => number,
  common: number,
): { readonly members: readonly StageDraft[]; readonly copies: readonly StageDraft[] } {
  const moves = new Map<string, Move>();
  const isMoved = (m: StageDraft): boolean => timeOf(m) !== common;
  for (const m of members.filter(isMoved)) {
    const order = orderOf(m.axes.length, timeOf(m), common);
    const by = known(m.axes[timeOf(m)], "an axis").variable.name;
    for (const { symbol } of m.outputs)
      moves.set(symbol.id, { symbol: movedSymbol(context, symbol, by, order), order });
  }
  const follow = makeFollow(context, moves);
  return {
    members: members.map((m): StageDraft => {
      const outputs = m.outputs.map((o) => ({
        symbol: moves.get(o.symbol.id)?.symbol ?? o.symbol,
        body: follow(o.body),
      }));
      if (!isMoved(m)) return { ...m, outputs };
      const order = orderOf(m.axes.length, timeOf(m), common);
      const name = uniqueStage(context, known(outputs[0], "an output").symbol.name);
      return { ...m, name, axes: reordered(m.axes, order), outputs };
    }),
    copies: members.filter(isMoved).map((m) => copyOf(context, m, moves)),
  };
}

function reordered<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.map((n) => known(list[n], "a place"));
}

/** What is claimed of the elements is claimed of them wherever they are. */
function movedSymbol(context: Context, symbol: TensorSymbol, by: string, order: readonly number[]): TensorSymbol {
  const id = context.fresh("t");
  const moved = { ...symbol, id, name: `${symbol.name}_by_${by}`, dims: reordered(symbol.dims, order) };
  context.tensors.set(id, moved);
  for (const c of context.claims.filter((x) => x.tensor === symbol.id)) context.claims.push({ ...c, tensor: id });
  return moved;
}

/** Turns the reads of moved tensors; a node that is rebuilt keeps its place in the text. */
function makeFollow(context: Context, moves: ReadonlyMap<string, Move>): (e: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const follow = (e: Expr): Expr => {
    const before = done.get(e);
    if (before !== undefined) return before;
    const rebuilt = mapChildren(e, follow);
    const move = rebuilt.kind === "read" ? moves.get(rebuilt.tensor) : undefined;
    const result =
      rebuilt.kind === "read" && move !== undefined
        ? read(rebuilt.type, move.symbol.id, reordered(rebuilt.index, move.order), {
            pad: rebuilt.pad,
            guarded: rebuilt.guarded,
          })
        : rebuilt;
    const span = context.spans.get(e);
    if (result !== e && span !== undefined) context.at(span, result);
    done.set(e, result);
    return result;
  };
  return follow;
}

function copyOf(context: Context, m: StageDraft, moves: ReadonlyMap<string, Move>): StageDraft {
  const axes = m.axes.map((a) => ({
    ...a,
    variable: context.at(m.span, variable("index", context.fresh("v"), a.variable.name)),
  }));
  const outputs = m.outputs.map(({ symbol, body }) => {
    const move = known(moves.get(symbol.id), "a moved tensor");
    const at = reordered(
      axes.map((a) => a.variable),
      move.order,
    );
    invariant(body.type !== "index", "a stage of indices");
    return { symbol, body: context.at(m.span, read(body.type, move.symbol.id, at)) };
  });
  return { ...m, axes, outputs, inits: [], rec: false };
}
