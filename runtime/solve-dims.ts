/**
 * Sizes that satisfy conditions which blind draws miss, such as `N >= 100`, `M == 2 * N`, `N % 64 == 0`: a local search.
 * The first condition that does not hold is repaired by changing one of its dims to a value at which it may begin to
 * hold: near the root of a comparison that is linear there, a multiple that a remainder asks for, a number of the text,
 * a power of two. Of the values with which most conditions hold, one of the least is taken.
 */
import { evaluateCondition, evaluateIndex } from "../compiler/ir/evaluate-index.ts";
import type { Dims } from "../compiler/ir/evaluate-index.ts";
import type { Apply, Expr } from "../compiler/ir/expr.ts";
import { some, visit } from "../compiler/ir/walk.ts";
import { known } from "../compiler/support/invariant.ts";

/** Fresh starts, and repairs in each. */
const STARTS = 40;
const REPAIRS = 30;

/** Larger sizes are of no use to the reference interpreter. */
const LARGEST = 1n << 24n;

/** Values next to the present one that are tried, for remainders of any form. */
const NEIGHBOURS = 130n;

/** Up to `wanted` different solutions of the conditions. `random` gives numbers in [0, 1). */
export function solveDims(
  conditions: readonly Expr[],
  ids: readonly string[],
  wanted: number,
  random: () => number,
): readonly Dims[] {
  const numbers = numbersIn(conditions);
  const found = new Map<string, Dims>();
  for (let start = 0; start < STARTS && found.size < wanted; start++) {
    const dims = repaired(
      conditions,
      new Map(ids.map((id) => [id, BigInt(1 + Math.floor(random() * 12))])),
      numbers,
      random,
    );
    if (dims !== null) found.set([...dims.values()].join(), dims);
  }
  return [...found.values()];
}

function repaired(
  conditions: readonly Expr[],
  start: Dims,
  numbers: readonly bigint[],
  random: () => number,
): Dims | null {
  let dims = start;
  for (let n = 0; n < REPAIRS; n++) {
    const now = dims;
    const broken = conditions.find((c) => !holds(c, now));
    if (broken === undefined) return dims;
    const mentioned = dimsOf(broken, dims);
    const id = mentioned[Math.floor(random() * mentioned.length)];
    if (id === undefined) return null;
    dims = repair(conditions, broken, candidates(broken, dims, id, numbers), random);
  }
  return null;
}

/** Of the points where the broken condition holds, those where most others do; one of the first three of these. */
function repair(conditions: readonly Expr[], broken: Expr, points: readonly Dims[], random: () => number): Dims {
  let most = -1;
  let best: Dims[] = [];
  for (const dims of points) {
    const count = holds(broken, dims) ? conditions.filter((c) => holds(c, dims)).length : 0;
    if (count > most) [most, best] = [count, []];
    if (count === most) best.push(dims);
  }
  // Nothing repairs it: any point may lead on.
  const choice = most === 0 ? best.length : Math.min(3, best.length);
  return known(best[Math.floor(random() * choice)], "a candidate");
}

/** Does a condition hold? One that divides by 0 does not. */
function holds(c: Expr, dims: Dims): boolean {
  if (c.kind === "apply" && (c.op === "and" || c.op === "or")) {
    const [left, right] = c.args.map((part) => () => holds(part, dims));
    return c.op === "and" ? left?.() === true && right?.() === true : left?.() === true || right?.() === true;
  }
  return isDefined(c, dims) && evaluateCondition(c, dims);
}

/** Points that differ in one dim, the least values first. */
function candidates(condition: Expr, dims: Dims, id: string, numbers: readonly bigint[]): readonly Dims[] {
  const now = dims.get(id) ?? 1n;
  const values = new Set<bigint>(numbers.flatMap((v) => [v - 1n, v, v + 1n, 2n * v, 3n * v]));
  for (let n = -2n; n < NEIGHBOURS; n++) values.add(now + n);
  for (let power = 1n; power <= LARGEST; power *= 2n) values.add(power);
  visit(condition, (e) => {
    if (e.kind !== "apply" || e.args[0]?.type !== "index") return;
    for (const v of e.op === "floor_mod" ? multiples(e, dims, now) : roots(e, dims, id)) values.add(v);
  });
  return [...values]
    .filter((v) => v >= 0n && v <= LARGEST)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((v) => new Map([...dims, [id, v] as const]));
}

/** Around the value at which both sides of a comparison are equal, if it is linear in the dim. */
function roots(e: Apply, dims: Dims, id: string): readonly bigint[] {
  if (e.type !== "bool") return [];
  const gap = (at: bigint): bigint | null => {
    const [a, b] = e.args.map((x) => valueAt(x, new Map([...dims, [id, at] as const])));
    return a === null || a === undefined || b === null || b === undefined ? null : a - b;
  };
  const [first, second, third] = [gap(1n), gap(2n), gap(3n)];
  if (first === null || second === null || third === null) return [];
  const slope = second - first;
  if (slope === 0n || third - second !== slope) return [];
  const root = 1n - first / slope;
  return [-2n, -1n, 0n, 1n, 2n].map((n) => root + n);
}

/** The next values with which the dividend is a multiple, where it grows with the dim. */
function multiples(e: Apply, dims: Dims, now: bigint): readonly bigint[] {
  const [a, m] = e.args.map((x) => valueAt(x, dims));
  if (a === null || a === undefined || m === null || m === undefined || m <= 0n) return [];
  const next = now + m - (((a % m) + m) % m);
  return [next, next + 1n, next + m, next + 2n * m, m, 2n * m];
}

/** Null where a divisor is 0 at this point. */
function valueAt(e: Expr, dims: Dims): bigint | null {
  return isDefined(e, dims) ? evaluateIndex(e, dims) : null;
}

function isDefined(e: Expr, dims: Dims): boolean {
  return !some(e, (n) => {
    const divisor = n.kind === "apply" && (n.op === "floor_div" || n.op === "floor_mod") ? n.args[1] : undefined;
    return divisor !== undefined && valueAt(divisor, dims) === 0n;
  });
}

function dimsOf(e: Expr, dims: Dims): readonly string[] {
  const ids = new Set<string>();
  visit(e, (n) => {
    if (n.kind === "var" && dims.has(n.id)) ids.add(n.id);
  });
  return [...ids];
}

function numbersIn(conditions: readonly Expr[]): readonly bigint[] {
  const numbers = new Set<bigint>();
  for (const c of conditions)
    visit(c, (n) => {
      if (n.kind === "const" && typeof n.value === "bigint") numbers.add(n.value);
    });
  return [...numbers];
}
