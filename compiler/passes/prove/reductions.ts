/**
 * Reductions: the domain is walked axis by axis, the body knows the guard. An integer sum may leave its dtype at no
 * partial sum, whatever the order: the points that count are between none and all, so `count * greatest` and
 * `count * least`, each taken with 0, must fit. A maximum or minimum of integers has no value over nothing, so a point
 * of the domain is named; the position of argmax is -1 there.
 */
import type { Condition } from "../../analysis/condition.ts";
import { TRUE, all, any, atMost, polysOf, within } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { MINUS_ONE, ONE, ZERO, add, asConstant, constant, sub } from "../../analysis/polynomial.ts";
import type { Expr, Reduce, UserReducer } from "../../ir/expr.ts";
import { reduce } from "../../ir/expr.ts";
import { mapAxis } from "../../ir/walk.ts";
import { known, unreachable } from "../../support/invariant.ts";
import type { Bounds } from "./bounds.ts";
import { UNBOUNDED } from "./bounds.ts";
import { boundsOver, proveBySizes } from "./extremes.ts";
import { noteOrigin } from "./origins.ts";
import { learnTotal, sharedTotal } from "./partitions.ts";
import { refuseEmpty, refusePosition, refuseReduction } from "./refuse-arithmetic.ts";
import type { Scope } from "./scope.ts";
import type { Place } from "./shared.ts";
import { fits, isIntDType, typeBounds } from "./integers.ts";
import { greater, lesser } from "./value-bounds.ts";

type Check = (e: Expr, scope: Scope, place: Place) => Expr;

/** The domain of a checked reduction, seen from around it. */
type Domain = {
  readonly node: Reduce;
  /** Around the reduction, and at its arguments. */
  readonly outer: Scope;
  readonly inner: Scope;
  /** Of each axis, not below 0; over symbols of `outer`, and at least the true extent. */
  readonly extents: readonly Poly[];
  /** The extents are the true ones and no guard leaves points out. */
  readonly exact: boolean;
};

/** A reduction with several results is walked once: its components share axes, guard and arguments. */
type Walked = Pick<Reduce, "axes" | "guard" | "args" | "reducer"> & {
  readonly before: readonly Scope[];
  readonly inside: Scope;
  readonly inner: Scope;
};

const walkedIn = new WeakMap<Scope, Map<string, Walked>>();

export function checkReduce(e: Reduce, scope: Scope, place: Place, check: Check): Reduce {
  const table = walkedIn.get(scope) ?? new Map<string, Walked>();
  walkedIn.set(scope, table);
  const walked = table.get(e.id) ?? walk(e, scope, place, check);
  table.set(e.id, walked);
  const { axes, guard, args, reducer } = walked;
  const same = axes === e.axes && guard === e.guard && args === e.args && reducer === e.reducer;
  const node = same ? e : reduce({ ...e, axes, guard, args, reducer });
  const { spans } = scope.shared;
  const own = spans.get(e);
  if (own !== undefined && !spans.has(node)) spans.set(node, own);
  if (isIntDType(node.type)) checkResult(domainOf(node, scope, walked), place);
  return node;
}

function walk(e: Reduce, scope: Scope, place: Place, check: Check): Walked {
  const before: Scope[] = [];
  let inside = scope;
  const axes = sameOr(
    e.axes,
    e.axes.map((axis) => {
      const checked = mapAxis(axis, (bound) => check(bound, inside, place));
      before.push(inside);
      noteOrigin(checked, e.args, scope);
      inside = inside.enter(checked);
      return checked;
    }),
  );
  const guard = e.guard === null ? null : check(e.guard, inside, place);
  const inner = guard === null ? inside : inside.assume(inside.condition(guard), scope.shared.names.value(guard));
  const args = sameOr(
    e.args,
    e.args.map((a) => check(a, inner, place)),
  );
  const reducer = e.reducer.kind === "user" ? checkReducer(e.reducer, scope, place, check) : e.reducer;
  return { axes, guard, args, reducer, before, inside, inner };
}

/** The old list where nothing changed, so that unchanged nodes stay the same. */
function sameOr<T>(old: readonly T[], list: readonly T[]): readonly T[] {
  return list.every((x, i) => x === old[i]) ? old : list;
}

function domainOf(node: Reduce, outer: Scope, { before, inside, inner }: Walked): Domain {
  const keep = keeps(outer, inside);
  let exact = node.guard === null;
  const extents = node.axes.map((axis, i) => {
    const at = known(before[i], "a scope");
    const extent = sub(at.poly(axis.hi), at.poly(axis.lo));
    const isOuter = at.shared.polys.atoms.symbolsOf(extent).every(keep);
    if (!isOuter) exact = false;
    const most = isOuter ? extent : (boundsOver(at, extent, keep).upper ?? extent);
    return outer.holds(atMost(ZERO, most)) ? most : outer.shared.polys.atoms.max(most, ZERO);
  });
  return { node, outer, inner, extents, exact };
}

/** Symbols that mean something outside the reduction: those met there, and dims. */
function keeps(outer: Scope, inner: Scope): (id: string) => boolean {
  return (id) => outer.hasMet(id) || !inner.hasMet(id);
}

function checkResult(d: Domain, place: Place): void {
  const { node, outer, inner } = d;
  if (outer.knows(node)) return;
  const opaque = outer.shared.polys.opaque(known(outer.symbolOf(node), "the symbol of a reduction"));
  outer.learn(node, opaque?.meaning ?? TRUE, outer.isBare, resultBounds(d, inner, place));
}

function resultBounds(d: Domain, inner: Scope, place: Place): Bounds {
  const { reducer } = d.node;
  if (reducer.kind === "user") return UNBOUNDED;
  const { name } = reducer;
  switch (name) {
    case "sum":
    case "sum_strict":
      return sumBounds(d, elementBounds(d), place);
    case "prod":
      return productBounds(d, elementBounds(d), place);
    case "max":
    case "min": {
      if (!isNonEmpty(d)) refuseEmpty(d.outer, place, d.node, inner);
      return elementBounds(d);
    }
    case "argmax":
    case "argmin":
      return argBounds(d, place);
    case "any":
    case "all":
      return UNBOUNDED;
    default:
      return unreachable(name);
  }
}

/** Of the first argument, over what is known outside. */
function elementBounds({ node, outer, inner }: Domain): Bounds {
  const arg = known(node.args[0], "the argument of a reduction");
  if (arg.type === "bool") return { lower: ZERO, upper: ONE };
  return boundsOver(inner, inner.poly(arg), keeps(outer, inner));
}

function pointsOf({ outer, extents }: Domain): Poly {
  return extents.reduce((n, extent) => outer.shared.polys.atoms.product(n, extent), ONE);
}

function sumBounds(d: Domain, each: Bounds, place: Place): Bounds {
  const { node, outer } = d;
  if (!isIntDType(node.type)) return UNBOUNDED;
  const range = typeBounds(node.type);
  const points = pointsOf(d);
  const times = (p: Poly): Poly => outer.shared.polys.atoms.product(p, points);
  const lower = each.lower ?? range.lower;
  const upper = each.upper ?? range.upper;
  const least = times(lesser(outer, lower, ZERO));
  const apart = times(greater(outer, upper, ZERO));
  const together = sharedTotal(node, d.extents, outer);
  const greatest = together !== null && outer.holds(atMost(together, apart)) ? together : apart;
  const stays = all([atMost(range.lower, least), atMost(greatest, range.upper)]);
  if (!proveBySizes(outer, stays).verdict.proved) {
    refuseReduction(outer, place, node, { lower: least, upper: greatest }, { lower, upper }, points);
    return UNBOUNDED;
  }
  if (outer.isAtMost(ZERO, lower)) learnTotal(node, greatest, outer);
  return d.exact && greatest === apart
    ? { lower: times(lower), upper: times(upper) }
    : { lower: least, upper: greatest };
}

/** Factors between -1 and 1, or a number of points and of factors. */
function productBounds(d: Domain, each: Bounds, place: Place): Bounds {
  const { node, outer } = d;
  if (!isIntDType(node.type)) return UNBOUNDED;
  const lower = each.lower === null ? null : asConstant(each.lower);
  const upper = each.upper === null ? null : asConstant(each.upper);
  const points = asConstant(pointsOf(d));
  if (lower !== null && upper !== null) {
    const size = -lower > upper ? -lower : upper;
    const most = size <= 1n ? 1n : points !== null && points <= 64n ? size ** points : null;
    const result = most === null ? null : { lower: constant(lower >= 0n ? 0n : -most), upper: constant(most) };
    if (result !== null && outer.holds(all([fits(result.lower, node.type), fits(result.upper, node.type)]))) {
      return result;
    }
  }
  refuseReduction(outer, place, node, UNBOUNDED, each, pointsOf(d));
  return UNBOUNDED;
}

function argBounds(d: Domain, place: Place): Bounds {
  const { node, outer } = d;
  const filled = isNonEmpty(d);
  if (node.component === 0) {
    const each = elementBounds(d);
    return filled ? each : UNBOUNDED;
  }
  const points = pointsOf(d);
  if (!proveBySizes(outer, atMost(points, constant(1n << 31n))).verdict.proved)
    refusePosition(outer, place, node, points);
  return { lower: filled ? ZERO : MINUS_ONE, upper: add(points, MINUS_ONE) };
}

/** Is some point of the domain there? One corner of the box is tried, then the opposite one. */
function isNonEmpty({ node, outer, inner }: Domain): boolean {
  const { atoms } = outer.shared.polys;
  return (["lower", "upper"] as const).some((side) => {
    const corner = new Map<string, Poly>();
    const needs: Condition[] = [];
    for (const axis of node.axes) {
      const [lo, hi] = [axis.lo, axis.hi].map((e) => atoms.substitute(inner.poly(e), corner));
      if (lo === undefined || hi === undefined) return false;
      needs.push(atMost(add(lo, ONE), hi));
      corner.set(axis.variable.id, side === "lower" ? lo : add(hi, MINUS_ONE));
    }
    if (node.guard !== null) needs.push(mapPolys(inner.condition(node.guard), (p) => atoms.substitute(p, corner)));
    const isOuter = needs.flatMap(polysOf).every((p) => atoms.symbolsOf(p).every(keeps(outer, inner)));
    return isOuter && outer.holds(all(needs));
  });
}

function mapPolys(c: Condition, f: (p: Poly) => Poly): Condition {
  switch (c.kind) {
    case "atLeastZero":
    case "zero":
      return { kind: c.kind, poly: f(c.poly) };
    case "all":
      return all(c.of.map((part) => mapPolys(part, f)));
    case "any":
      return any(c.of.map((part) => mapPolys(part, f)));
    case "unknown":
      return c;
    default:
      return unreachable(c);
  }
}

/** A reducer's own expressions are closed: its operands may be any values of their dtypes. */
function checkReducer(r: UserReducer, scope: Scope, place: Place, check: Check): UserReducer {
  let inside = scope;
  for (const v of [...r.params, ...r.left, ...r.right]) {
    if (!isIntDType(v.type)) continue;
    inside = inside.assumeAlways(fits(scope.poly(v), v.type), `${v.name}: ${v.type}`);
    const claim = scope.shared.claims.get(v.id);
    if (claim === undefined) continue;
    const range = within(scope.poly(v), scope.poly(claim.lo), scope.poly(claim.hi));
    inside = inside.assumeAlways(range, `the range of ${v.name}`);
  }
  const each = (list: readonly Expr[]): readonly Expr[] =>
    sameOr(
      list,
      list.map((e) => check(e, inside, place)),
    );
  const [identity, lift, combine] = [each(r.identity), each(r.lift), each(r.combine)];
  const same = identity === r.identity && lift === r.lift && combine === r.combine;
  return same ? r : { ...r, identity, lift, combine };
}
