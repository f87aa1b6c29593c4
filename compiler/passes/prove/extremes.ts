/**
 * The ends of a value over fewer symbols: indices and data are eliminated, the latest first, by moving each to the end
 * of its range that makes the value greatest or least. Where a value is not monotone in one, a remainder is first
 * replaced by its own ends (`i - 3*(i div 3)` is at most 2), and at last an interval answers. What comes out bounds the
 * value; it need not be reached.
 */
import type { IndexRange } from "../../analysis/facts.ts";
import { greatestOver, leastOver } from "../../analysis/extreme.ts";
import type { Condition } from "../../analysis/condition.ts";
import { atLeastZero } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import {
  ONE,
  ZERO,
  add,
  atom,
  atomsOf,
  constant,
  equals,
  mentions,
  splitAffine,
  sub,
} from "../../analysis/polynomial.ts";
import type { Interval } from "../../analysis/interval.ts";
import { DTYPES } from "../../ir/dtype.ts";
import type { Bounds } from "./bounds.ts";
import type { Outcome, Scope } from "./scope.ts";

type Side = "upper" | "lower";

/** Each step eliminates a symbol or a remainder; a bound may bring in new ones. */
const MOST_STEPS = 40;

const DTYPE_ENDS: ReadonlySet<bigint> = new Set(
  Object.values(DTYPES).flatMap((row) => (row.kind === "int" ? [row.min, row.max] : [])),
);

/** Longer values are bounded by intervals alone: each term would have to be moved by itself. */
const MOST_TERMS = 24;

function numbers({ lower, upper }: Interval): Bounds {
  return { lower: lower === null ? null : constant(lower), upper: upper === null ? null : constant(upper) };
}

/** Bounds of `p` that hold wherever the scope's facts do and mention only symbols that `keep` allows. */
export function boundsOver(scope: Scope, p: Poly, keep: (symbol: string) => boolean): Bounds {
  const box = scope.interval(p);
  if (p.terms.length > MOST_TERMS) return numbers(box);
  return {
    lower: tighter(scope, "lower", eliminate(scope, p, "lower", keep, MOST_STEPS), box.lower),
    upper: tighter(scope, "upper", eliminate(scope, p, "upper", keep, MOST_STEPS), box.upper),
  };
}

/** One end only, without recourse to intervals; null where it is not found. */
export function extremeOver(scope: Scope, p: Poly, side: Side, keep: (symbol: string) => boolean): Poly | null {
  return eliminate(scope, p, side, keep, MOST_STEPS);
}

function tighter(scope: Scope, side: Side, symbolic: Poly | null, number: bigint | null): Poly | null {
  if (number === null) return symbolic;
  const end = constant(number);
  if (symbolic === null) return end;
  const [low, high] = side === "upper" ? [symbolic, end] : [end, symbolic];
  if (scope.isAtMost(low, high)) return symbolic;
  if (scope.isAtMost(high, low)) return end;
  // That a value fits its dtype is known anyway; `min(H*W, 2147483647)` would only hide H*W.
  if (DTYPE_ENDS.has(number)) return symbolic;
  const { atoms } = scope.shared.polys;
  return side === "upper" ? atoms.min(symbolic, end) : atoms.max(symbolic, end);
}

function eliminate(scope: Scope, p: Poly, side: Side, keep: (symbol: string) => boolean, steps: number): Poly | null {
  const open = new Set(scope.shared.polys.atoms.symbolsOf(p).filter((id) => !keep(id)));
  if (open.size === 0) return p;
  if (steps === 0) return null;
  const latest = scope.met.findLast((id) => open.has(id));
  if (latest === undefined) return null;
  const next = moveToEnd(scope, p, latest, side) ?? boundRemainder(scope, p, latest, side);
  return next === null ? null : eliminate(scope, next, side, keep, steps - 1);
}

/** The symbol at the end of its range; null where the value is not monotone in it, or that end is not known. */
function moveToEnd(scope: Scope, p: Poly, id: string, side: Side): Poly | null {
  const known = scope.boundsOf(id);
  const box = scope.facts.bounds(atom(id));
  const lower = tighter(scope, "lower", known.lower, box.lower);
  const upper = tighter(scope, "upper", known.upper, box.upper);
  // An end that is not known is the symbol itself, so that it is still there if that end was needed.
  const range: IndexRange = { lo: lower ?? atom(id), hi: add(upper ?? atom(id), ONE), label: "" };
  const moved = (side === "upper" ? greatestOver : leastOver)(scope.facts, p, [{ id, range }]);
  return moved === null || scope.shared.polys.atoms.symbolsOf(moved).includes(id) ? null : moved;
}

/** `c*d*(n div d)` by its ends `c*n` and `c*(n - d + 1)`, for one quotient of the symbol. */
function boundRemainder(scope: Scope, p: Poly, id: string, side: Side): Poly | null {
  const { atoms } = scope.shared.polys;
  for (const a of atomsOf(p)) {
    const definition = atoms.definition(a);
    if (definition === null || definition.kind !== "quotient" || !atoms.symbolsOf(atom(a)).includes(id)) continue;
    const { numerator, divisor } = definition;
    const split = splitAffine(p, a);
    if (split === null || mentions(split.coefficient, a) || !scope.isAtMost(ONE, divisor)) continue;
    const factor = atoms.floorDiv(split.coefficient, divisor);
    if (!equals(atoms.product(factor, divisor), split.coefficient)) continue;
    const rises = scope.isAtMost(ZERO, factor);
    if (!rises && !scope.isAtMost(factor, ZERO)) continue;
    const least = add(sub(numerator, divisor), ONE);
    return add(split.rest, atoms.product(factor, rises === (side === "upper") ? numerator : least));
  }
  return null;
}

/**
 * As `scope.prove`, and where that fails: each inequality at the corner of the box that is worst for it. A quotient that
 * is bounded by its greatest numerator (`y*(H - 1) div (W - 1) < H`) is seen there, and too deep for linear reasoning.
 */
export function proveAtCorners(scope: Scope, goal: Condition): Outcome {
  const direct = scope.prove(goal);
  if (direct.verdict.proved) return direct;
  const parts = goal.kind === "all" ? goal.of : [goal];
  let last = direct;
  const facts = new Set<string>();
  for (const part of parts) {
    last = scope.prove(part);
    if (!last.verdict.proved && part.kind === "atLeastZero") {
      const worst = extremeOver(scope, part.poly, "lower", (id) => !scope.hasMet(id));
      if (worst !== null) last = { ...scope.prove(atLeastZero(worst)), guarded: !scope.isBare };
    }
    if (!last.verdict.proved) return direct;
    for (const label of last.verdict.facts) facts.add(label);
  }
  if (!last.verdict.proved) return direct;
  return { verdict: { ...last.verdict, facts: [...facts] }, guarded: !scope.isBare };
}

/**
 * As `proveAtCorners`, and where that fails with the limit that every call is checked against: parameters and outputs
 * have fewer than 2^31 elements. A count over `H*W` pixels then fits i32.
 */
export function proveBySizes(scope: Scope, goal: Condition): Outcome {
  const without = proveAtCorners(scope, goal);
  const { sizes } = scope.shared;
  if (without.verdict.proved || sizes.length === 0) return without;
  let inside = scope;
  for (const { condition, label } of sizes) inside = inside.assumeAlways(condition, label);
  return proveAtCorners(inside, goal);
}
