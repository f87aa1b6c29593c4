/**
 * Ranges of indices: an explicit `in` and a declared output's dim are set where the index is bound; here
 * follow, in order of strength, unpadded accesses whose subscript is monotone in one open index, bare subscripts under
 * `pad`, for an axis of a `let` what its readers ask, and at last accesses under branches, guards or inside a recurrence.
 * Each step settles what it can for all indices at once, and then the strongest is tried again, so that the result does
 * not depend on the order of equations. Within a step one lower and one upper bound must be provably extreme.
 */
import type { BoxAxis } from "../../analysis/extreme.ts";
import { atMost, less } from "../../analysis/condition.ts";
import { greatestOver, leastOver } from "../../analysis/extreme.ts";
import { proveAtMost, proveLess } from "../../analysis/prover.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import {
  ONE,
  ZERO,
  add,
  asAtom,
  atom as atomOf,
  negate,
  filterTerms,
  splitAffine,
  sub,
} from "../../analysis/polynomial.ts";
import type { Expr } from "../../ir/expr.ts";
import { index } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import type { IndexedAccess } from "./access-index.ts";
import { AccessIndex } from "./access-index.ts";
import { reportNoRange } from "./binders.ts";
import type { Context, IndexSymbol, Instance } from "./context.ts";
import type { DimSlot } from "./value.ts";

/** One end of a range and where it comes from. */
type Candidate = {
  readonly poly: Poly;
  readonly expr: Expr | null;
  readonly from: string;
  readonly span: Span;
  /** Does the access stay inside where its index stays below `end`? Asked where the ends do not compare as they stand. */
  readonly admits: (end: Poly) => boolean;
};
type Interval = { readonly low: Candidate; readonly high: Candidate };

type AccessMode = "complete" | "partial" | "bare" | "weak";
type ReaderMode = "strong" | "bare" | "weak";

/** One source of ranges; `stale` holds the open indices for which it may give something that it did not give before. */
type Step = {
  readonly find: (i: IndexSymbol) => readonly Interval[];
  /** Whether what all allow counts, or what covers them all. */
  readonly upper: "least" | "greatest";
  stale: Set<IndexSymbol>;
};

/** Infers all ranges; with `bodiesOnly`, only what equations say by themselves, not what is asked of them. */
export function inferRanges(context: Context, instance: Instance, bodiesOnly: boolean): void {
  if (instance.indices.some(isOpen)) new RangeSearch(context, instance).run(bodiesOnly);
}

/** Reports every index without a range; true where there is none. */
export function allResolved(context: Context, instance: Instance): boolean {
  let fine = true;
  for (const i of instance.indices) {
    if (i.kind === "init" || isSettled(i)) continue;
    fine = false;
    if (i.broken) continue;
    reportNoRange(context, instance, i);
  }
  return fine && instance.indices.every((i) => i.kind === "init" || !i.broken);
}

function isSettled(i: IndexSymbol): boolean {
  return i.range !== null || i.explicit !== null;
}

class RangeSearch {
  readonly #context: Context;
  readonly #instance: Instance;
  readonly #accesses: AccessIndex;
  /** Who asked for the range of a dim before it had one: these are asked again once it has. */
  readonly #waiting = new Map<DimSlot, { readonly step: Step; readonly i: IndexSymbol }[]>();
  #asking: { readonly step: Step; readonly i: IndexSymbol } | null = null;

  constructor(context: Context, instance: Instance) {
    this.#context = context;
    this.#instance = instance;
    this.#accesses = AccessIndex.of(context, instance);
  }

  run(bodiesOnly: boolean): void {
    const open = this.#instance.indices.filter(isOpen);
    const step = (find: Step["find"], upper: Step["upper"] = "least"): Step => ({ find, upper, stale: new Set(open) });
    const accesses = (mode: AccessMode): Step => step((i) => this.#fromAccesses(i, mode));
    const readers = (mode: ReaderMode): Step => step((i) => this.#fromReaders(i, mode), "greatest");
    const steps = [accesses("complete"), accesses("partial"), step((i) => this.#fromPads(i))];
    // Of the weak sources bare subscripts come first: S[t - 1] inside a recurrence would let t run past the end.
    if (!bodiesOnly)
      steps.push(readers("strong"), readers("bare"), accesses("bare"), readers("weak"), accesses("weak"));
    while (steps.some((s) => this.#settle(s)));
  }

  /**
   * Unpadded accesses. `complete`: only where all of an index's accesses can be judged; `weak`: conditional ones and
   * those inside a recurrence; `bare`: of these, the ones where the index stands alone.
   */
  #fromAccesses(i: IndexSymbol, mode: AccessMode): readonly Interval[] {
    const ready: IndexedAccess[] = [];
    for (const a of this.#accesses.mentioning(i)) {
      if (a.padded || !this.#counts(a, i, mode) || !mayBound(a, i)) continue;
      if (this.#isReady(a, i)) ready.push(a);
      else if (mode === "complete") return [];
    }
    return ready.flatMap((a) => this.#intervalsOf(a, i));
  }

  /** Padded accesses where the index stands alone. */
  #fromPads(i: IndexSymbol): readonly Interval[] {
    return this.#accesses
      .mentioning(i)
      .filter((a) => a.padded && isBare(a, i) && this.#isStrongFor(a, i) && this.#isReady(a, i))
      .flatMap((a) => this.#intervalsOf(a, i));
  }

  /** What the readers of an axis ask of it. */
  #fromReaders(i: IndexSymbol, mode: ReaderMode): readonly Interval[] {
    if (i.kind !== "axis") return [];
    return this.#accesses
      .reading(i)
      .filter((a) => (mode === "strong" ? this.#isStrongReader(a) : mode === "weak" || isBareReader(a)))
      .flatMap((a) => this.#askedBy(a));
  }

  /**
   * Finds intervals for the open indices that may have some, then sets the ranges that they give: what all of them allow
   * (`least` upper end), or what covers them all.
   */
  #settle(step: Step): boolean {
    const due = [...step.stale].filter(isOpen).toSorted((a, b) => a.order - b.order);
    step.stale = new Set();
    const found = due.map((i) => ({ i, intervals: this.#ask(step, i, () => step.find(i)) }));
    const given = found.filter((f) => f.intervals.length > 0);
    return given
      .map(({ i, intervals }) => this.#ask(step, i, () => this.#set(i, intervals, step.upper)))
      .includes(true);
  }

  /** Notes for whom ranges are asked. */
  #ask<T>(step: Step, i: IndexSymbol, run: () => T): T {
    this.#asking = { step, i };
    const result = run();
    this.#asking = null;
    return result;
  }

  /** The range of a dim, which comes later where there is none yet. */
  #rangeOf(dim: DimSlot): DimSlot["range"] {
    if (dim.range === null) this.#await(dim);
    return dim.range;
  }

  #isSettled(i: IndexSymbol): boolean {
    if (isSettled(i)) return true;
    this.#await(i);
    return false;
  }

  #await(dim: DimSlot): void {
    if (this.#asking === null) return;
    const waiting = this.#waiting.get(dim);
    if (waiting === undefined) this.#waiting.set(dim, [this.#asking]);
    else if (waiting.at(-1) !== this.#asking) waiting.push(this.#asking);
  }

  #set(i: IndexSymbol, intervals: readonly Interval[], upper: "least" | "greatest"): boolean {
    const zero: Candidate = { poly: ZERO, expr: index(0), from: "", span: i.span, admits: () => false };
    const low = i.startsAtZero
      ? zero
      : this.#extreme(
          i,
          intervals.map((x) => x.low),
          "greatest",
        );
    const high = this.#extreme(
      i,
      intervals.map((x) => x.high),
      upper,
    );
    if (low === null || high === null) {
      i.broken = true;
      return true;
    }
    const lo = low.expr ?? this.#context.polys.expr(low.poly);
    const hi = high.expr ?? this.#context.polys.expr(high.poly);
    if (lo === null || hi === null) return false;
    i.range = { lo, hi };
    for (const { step, i: other } of this.#waiting.get(i) ?? []) step.stale.add(other);
    this.#waiting.delete(i);
    return true;
  }

  /** The candidate that is provably the least or greatest of all; reports where there is none. */
  #extreme(i: IndexSymbol, all: readonly Candidate[], which: "least" | "greatest"): Candidate | null {
    const distinct = [...new Map(all.map((c) => [c.poly.key, c])).values()];
    const { facts, polys } = this.#context;
    const beats = (a: Poly, b: Poly): boolean =>
      (which === "least" ? proveAtMost(facts, a, b) : proveAtMost(facts, b, a)).proved;
    const wins = (c: Candidate, o: Candidate): boolean =>
      o === c || beats(c.poly, o.poly) || (which === "least" && o.admits(c.poly));
    // One walk leaves one that may beat all; each is tried only where that fails, as it may where some do not compare.
    let strongest = distinct[0];
    for (const o of distinct) if (strongest !== undefined && !wins(strongest, o)) strongest = o;
    const wonBy = (c: Candidate): boolean => distinct.every((o) => wins(c, o));
    const winner = strongest !== undefined && wonBy(strongest) ? strongest : distinct.find(wonBy);
    if (winner !== undefined) return winner;
    const [a, b] = [distinct[0], distinct.find((o) => distinct[0] !== undefined && o !== distinct[0])];
    if (a === undefined || b === undefined) return null;
    const [x, y] = [polys.print(a.poly), polys.print(b.poly)];
    const shorter = x.length <= y.length ? x : y;
    const range = which === "least" ? `0..${shorter}` : `${shorter}..…`;
    this.#context.report("E2008", {
      span: i.span,
      message: `the range of \`${i.name}\` is not clear: ${which === "least" ? "its upper end" : "its lower end"} is \`${x}\` from ${a.from} and \`${y}\` from ${b.from}`,
      related: [
        { span: a.span, message: `${x}, from this access` },
        { span: b.span, message: `${y}, from this access` },
      ],
      help: [`if they are equal, write where ${x} == ${y}`, `if not, say what is meant: ${i.name} in ${range}`],
    });
    return null;
  }

  // ---- accesses ----

  /** No branch or guard stands between the index and the access, and it is not a read inside a recurrence. */
  #isStrongFor(a: IndexedAccess, i: IndexSymbol): boolean {
    return a.depth <= i.depth && !this.#isInternal(a);
  }

  #counts(a: IndexedAccess, i: IndexSymbol, mode: AccessMode): boolean {
    if (mode === "weak") return true;
    return mode === "bare" ? isBare(a, i) : this.#isStrongFor(a, i);
  }

  #isStrongReader(a: IndexedAccess): boolean {
    const depth = Math.min(...a.indices.flat().map((i) => i.depth));
    return a.depth <= (a.indices.some((of) => of.length > 0) ? depth : 0) && !this.#isInternal(a);
  }

  #isInternal(a: IndexedAccess): boolean {
    return a.reader.group !== null && this.#accesses.writerOf(a.tensor.id)?.group === a.reader.group;
  }

  /** The dim is resolved, and so is every other index of the subscript. */
  #isReady(a: IndexedAccess, i: IndexSymbol): boolean {
    const dim = a.tensor.dims[a.dim];
    if (dim === undefined || this.#rangeOf(dim) === null) return false;
    return a.indices.every((of) => of.every((o) => o === i || this.#isSettled(o)));
  }

  #intervalsOf(a: IndexedAccess, i: IndexSymbol): readonly Interval[] {
    const range = a.tensor.dims[a.dim]?.range ?? null;
    const [p, other] = a.polys;
    if (range === null || p === undefined || other !== undefined) return [];
    const { polys } = this.#context;
    const about = {
      from: a.tensor.name,
      span: a.span,
      admits: (e: Poly) => this.#stays(p, i, e, polys.poly(range.hi)),
    };
    if (asAtom(p) === i.variable.id) {
      const end = (expr: Expr): Candidate => ({ poly: polys.poly(expr), expr, ...about });
      return [{ low: end(range.lo), high: end(range.hi) }];
    }
    const solved = this.#solve(p, i, polys.poly(range.lo), polys.poly(range.hi));
    if (solved === null) return [];
    return [{ low: { poly: solved.lo, expr: null, ...about }, high: { poly: solved.hi, expr: null, ...about } }];
  }

  /** The values of i for which `lo <= p < hi` whatever the other indices are; null where p is not monotone in i. */
  #solve(p: Poly, i: IndexSymbol, lo: Poly, hi: Poly): { readonly lo: Poly; readonly hi: Poly } | null {
    const { polys, facts } = this.#context;
    const { atoms } = polys;
    const id = i.variable.id;
    const moving = p.terms.flatMap((t) => t.factors).filter((f) => f === id || this.#dependsOn(f, i));
    const [only, ...more] = new Set(moving);
    if (only === undefined || more.length > 0) return null;
    const split = splitAffine(p, only);
    if (split === null) return null;
    const { coefficient, rest } = split;
    const axes = this.#axesOf(rest);
    const least = axes === null ? null : leastOver(facts, rest, axes);
    const greatest = axes === null ? null : greatestOver(facts, rest, axes);
    if (least === null || greatest === null || this.#accesses.indicesIn(coefficient).length > 0) return null;
    if (only !== id) {
      const d = atoms.definition(only);
      if (d?.kind !== "quotient" || coefficient.key !== ONE.key || !this.#isPositive(d.divisor)) return null;
      const [from, to] = [atoms.product(sub(lo, least), d.divisor), atoms.product(sub(hi, greatest), d.divisor)];
      return this.#solve(d.numerator, i, from, to);
    }
    // lo <= c*i + rest <= hi - 1
    const [bottom, top] = [sub(lo, least), sub(sub(hi, greatest), ONE)];
    const ceil = (n: Poly, d: Poly): Poly => negate(atoms.floorDiv(negate(n), d, facts));
    if (this.#isPositive(coefficient))
      return { lo: ceil(bottom, coefficient), hi: add(atoms.floorDiv(top, coefficient, facts), ONE) };
    const c = negate(coefficient);
    if (!this.#isPositive(c)) return null;
    return { lo: ceil(negate(top), c), hi: add(atoms.floorDiv(negate(bottom), c, facts), ONE) };
  }

  /** Is `p < hi` proved for i below `end` and all other indices in their ranges? */
  #stays(p: Poly, i: IndexSymbol, end: Poly, hi: Poly): boolean {
    const others = this.#axesOf(withoutIndex(p, i));
    if (others === null) return false;
    let facts = this.#context.facts;
    for (const { id, range } of others.toReversed()) facts = facts.assumeRange(id, range.lo, range.hi, range.label);
    facts = facts.assume(less(atomOf(i.variable.id), end), i.name);
    if (i.startsAtZero || i.kind === "reduction") facts = facts.assume(atMost(ZERO, atomOf(i.variable.id)), i.name);
    return proveLess(facts, p, hi).proved;
  }

  #dependsOn(atom: string, i: IndexSymbol): boolean {
    const { atoms } = this.#context.polys;
    return atoms.definition(atom) !== null && atoms.symbolsOf(atomOf(atom)).includes(i.variable.id);
  }

  #isPositive(p: Poly): boolean {
    return proveAtMost(this.#context.facts, ONE, p).proved;
  }

  /** The ranges of the indices that a polynomial depends on, inner ones first; null where one is read from data. */
  #axesOf(p: Poly): readonly BoxAxis[] | null {
    const found = new Map<IndexSymbol, BoxAxis>();
    const visit = (q: Poly): boolean =>
      this.#accesses.indicesIn(q).every((i) => {
        if (found.has(i)) return true;
        if (this.#rangeOf(i) === null || i.range === null) return false;
        const [lo, hi] = [this.#context.polys.poly(i.range.lo), this.#context.polys.poly(i.range.hi)];
        found.set(i, { id: i.variable.id, range: { lo, hi, label: i.name } });
        return visit(lo) && visit(hi);
      });
    if (!visit(p)) return null;
    return [...found].toSorted(([a], [b]) => b.order - a.order).map(([, axis]) => axis);
  }

  /** How far a reader reaches: as both ends of an interval, as only the upper one counts for a `let`. */
  #askedBy(a: IndexedAccess): readonly Interval[] {
    if (a.padded && (a.polys.length > 1 || a.polys.some((p) => asAtom(p) === null))) return [];
    const uppers: Interval[] = [];
    for (const p of a.polys) {
      const axes = this.#axesOf(p);
      const greatest = axes === null ? null : greatestOver(this.#context.facts, p, axes);
      if (greatest === null) return [];
      const end = {
        poly: add(greatest, ONE),
        expr: this.#bareEnd(p),
        from: `the reader ${a.reader.name}`,
        span: a.span,
        admits: () => false,
      };
      uppers.push({ low: end, high: end });
    }
    return uppers;
  }

  #bareEnd(p: Poly): Expr | null {
    const id = asAtom(p);
    return id === null ? null : (this.#accesses.byId(id)?.range?.hi ?? null);
  }
}

/** The terms that do not mention the index itself. */
function withoutIndex(p: Poly, i: IndexSymbol): Poly {
  return filterTerms(p, (t) => !t.factors.includes(i.variable.id));
}

function isOpen(i: IndexSymbol): boolean {
  return i.kind !== "init" && !isSettled(i) && !i.broken;
}

function isBare({ polys: [p, other] }: IndexedAccess, i: IndexSymbol): boolean {
  return p !== undefined && other === undefined && asAtom(p) === i.variable.id;
}

function isBareReader(a: IndexedAccess): boolean {
  return a.polys.every((p) => asAtom(p) !== null);
}

/**
 * A window `X[y + r]` says nothing about r: what it allows for every y at once would drop taps without a word. The axis
 * of a `let` may be cut short by one, since then a reader sees it.
 */
function mayBound(a: IndexedAccess, i: IndexSymbol): boolean {
  return i.kind !== "reduction" || a.indices.every((of) => of.every((o) => o === i));
}
