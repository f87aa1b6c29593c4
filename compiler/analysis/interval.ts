/**
 * Intervals of integers with exact or infinite ends: the cheap half of the index analysis, and the whole of the overflow
 * proofs. An interval is never empty; an operation's result holds every value that the operation can take on members.
 * Moore's interval arithmetic; an infinite end is null, so that no number stands for infinity.
 */
import { floorQuotient } from "./polynomial.ts";

/** `lower <= x <= upper`, both ends included; null is no bound on that side. */
export type Interval = { readonly lower: bigint | null; readonly upper: bigint | null };

/** Every integer. */
export const ALL: Interval = { lower: null, upper: null };

export function interval(lower: bigint | number | null, upper: bigint | number | null): Interval {
  return { lower: lower === null ? null : BigInt(lower), upper: upper === null ? null : BigInt(upper) };
}

export function point(value: bigint | number): Interval {
  return interval(value, value);
}

export function sameInterval(a: Interval, b: Interval): boolean {
  return a.lower === b.lower && a.upper === b.upper;
}

/** Whether every member of `inner` is in `outer`. */
export function contains(outer: Interval, inner: Interval): boolean {
  const low = outer.lower === null || (inner.lower !== null && inner.lower >= outer.lower);
  const high = outer.upper === null || (inner.upper !== null && inner.upper <= outer.upper);
  return low && high;
}

export function containsValue(a: Interval, value: bigint): boolean {
  return (a.lower === null || a.lower <= value) && (a.upper === null || a.upper >= value);
}

/** The smallest interval that holds both. */
export function union(a: Interval, b: Interval): Interval {
  return {
    lower: a.lower === null || b.lower === null ? null : least(a.lower, b.lower),
    upper: a.upper === null || b.upper === null ? null : greatest(a.upper, b.upper),
  };
}

/** What lies in both; null where nothing does. */
export function intersect(a: Interval, b: Interval): Interval | null {
  const lower = a.lower === null ? b.lower : b.lower === null ? a.lower : greatest(a.lower, b.lower);
  const upper = a.upper === null ? b.upper : b.upper === null ? a.upper : least(a.upper, b.upper);
  return lower !== null && upper !== null && lower > upper ? null : { lower, upper };
}

export function negateInterval(a: Interval): Interval {
  return { lower: a.upper === null ? null : -a.upper, upper: a.lower === null ? null : -a.lower };
}

export function addIntervals(a: Interval, b: Interval): Interval {
  return {
    lower: a.lower === null || b.lower === null ? null : a.lower + b.lower,
    upper: a.upper === null || b.upper === null ? null : a.upper + b.upper,
  };
}

export function subtractIntervals(a: Interval, b: Interval): Interval {
  return addIntervals(a, negateInterval(b));
}

/** `factor * a`. */
export function scaleInterval(a: Interval, factor: bigint): Interval {
  if (factor === 0n) return point(0n);
  const low = a.lower === null ? null : a.lower * factor;
  const high = a.upper === null ? null : a.upper * factor;
  return factor > 0n ? { lower: low, upper: high } : { lower: high, upper: low };
}

/** An end of an interval, with a sign where it is infinite. */
type End = bigint | "-inf" | "+inf";

const lowEnd = (a: Interval): End => a.lower ?? "-inf";
const highEnd = (a: Interval): End => a.upper ?? "+inf";
const isNegative = (e: End): boolean => e === "-inf" || (e !== "+inf" && e < 0n);

function multiplyEnds(a: End, b: End): End {
  if (a === 0n || b === 0n) return 0n; // an infinite end is never reached, so 0 * inf is 0
  if (typeof a === "bigint" && typeof b === "bigint") return a * b;
  return isNegative(a) === isNegative(b) ? "+inf" : "-inf";
}

function hull(ends: readonly End[]): Interval {
  let lower: bigint | null | undefined;
  let upper: bigint | null | undefined;
  for (const e of ends) {
    if (e === "-inf") lower = null;
    else if (e === "+inf") upper = null;
    else {
      lower = lower === undefined ? e : lower === null ? null : least(lower, e);
      upper = upper === undefined ? e : upper === null ? null : greatest(upper, e);
    }
  }
  return { lower: lower ?? null, upper: upper ?? null };
}

export function multiplyIntervals(a: Interval, b: Interval): Interval {
  const [al, ah, bl, bh] = [lowEnd(a), highEnd(a), lowEnd(b), highEnd(b)];
  return hull([multiplyEnds(al, bl), multiplyEnds(al, bh), multiplyEnds(ah, bl), multiplyEnds(ah, bh)]);
}

/** `a ** exponent` for a natural exponent; even powers are never negative. */
export function powerInterval(a: Interval, exponent: number): Interval {
  let result = point(1n);
  for (let i = 0; i < exponent; i++) result = multiplyIntervals(result, a);
  if (exponent % 2 !== 0 || exponent === 0) return result;
  const magnitude = absoluteInterval(a);
  let even = point(1n);
  for (let i = 0; i < exponent; i++) even = multiplyIntervals(even, magnitude);
  return even;
}

/** Floor division. A divisor that may be 0 is taken as though it were not: division by 0 has no value to hold. */
export function divideIntervals(n: Interval, d: Interval): Interval {
  const parts: Interval[] = [];
  const positive = intersect(d, { lower: 1n, upper: null });
  const negative = intersect(d, { lower: null, upper: -1n });
  if (positive !== null) parts.push(divideByPositive(n, positive));
  if (negative !== null) parts.push(divideByPositive(negateInterval(n), negateInterval(negative)));
  const [first, second] = parts;
  if (first === undefined) return ALL;
  return second === undefined ? first : union(first, second);
}

function divideByPositive(n: Interval, d: Interval): Interval {
  const ends: End[] = [];
  for (const a of [lowEnd(n), highEnd(n)]) {
    for (const b of [lowEnd(d), highEnd(d)]) {
      if (typeof a !== "bigint") ends.push(b === "+inf" ? 0n : a);
      else if (b === "+inf") ends.push(a < 0n ? -1n : 0n);
      else if (typeof b === "bigint") ends.push(floorQuotient(a, b));
    }
  }
  return hull(ends);
}

/** The floor remainder `n - d * (n div d)`: it has the sign of the divisor. */
export function moduloIntervals(n: Interval, d: Interval): Interval {
  const parts: Interval[] = [];
  const positive = intersect(d, { lower: 1n, upper: null });
  const negative = intersect(d, { lower: null, upper: -1n });
  if (positive !== null) parts.push(moduloPositive(n, positive));
  if (negative !== null) parts.push(negateInterval(moduloPositive(negateInterval(n), negateInterval(negative))));
  const [first, second] = parts;
  if (first === undefined) return ALL;
  return second === undefined ? first : union(first, second);
}

function moduloPositive(n: Interval, d: Interval): Interval {
  const { lower, upper } = n;
  if (lower !== null && upper !== null && d.lower !== null) {
    if (lower >= 0n && upper < d.lower) return n;
    if (d.lower === d.upper) {
      const q = floorQuotient(lower, d.lower);
      if (floorQuotient(upper, d.lower) === q) return { lower: lower - q * d.lower, upper: upper - q * d.lower };
    }
  }
  const most = d.upper === null ? null : d.upper - 1n;
  const atMostSelf = lower !== null && lower >= 0n ? upper : null;
  if (most === null) return { lower: 0n, upper: atMostSelf };
  return { lower: 0n, upper: atMostSelf === null ? most : least(most, atMostSelf) };
}

export function minimumInterval(a: Interval, b: Interval): Interval {
  return {
    lower: a.lower === null || b.lower === null ? null : least(a.lower, b.lower),
    upper: a.upper === null ? b.upper : b.upper === null ? a.upper : least(a.upper, b.upper),
  };
}

export function maximumInterval(a: Interval, b: Interval): Interval {
  return negateInterval(minimumInterval(negateInterval(a), negateInterval(b)));
}

export function absoluteInterval(a: Interval): Interval {
  const ends = maximumInterval(a, negateInterval(a));
  return containsValue(a, 0n) ? { lower: 0n, upper: ends.upper } : ends;
}

/** `clamp(x, lo, hi)` as the language defines it: `min(max(x, lo), hi)`. */
export function clampInterval(x: Interval, lo: Interval, hi: Interval): Interval {
  return minimumInterval(maximumInterval(x, lo), hi);
}

/** `x * 2**amount` for amounts that are not negative. */
export function shiftLeftInterval(x: Interval, amount: Interval): Interval {
  return multiplyIntervals(x, powerOfTwo(amount));
}

/** `x div 2**amount`: the arithmetic shift. */
export function shiftRightInterval(x: Interval, amount: Interval): Interval {
  return divideIntervals(x, powerOfTwo(amount));
}

/** Past this shift the upper end is taken as infinite: no dtype is that wide. */
const LONGEST_SHIFT = 128n;

function powerOfTwo(amount: Interval): Interval {
  const low = amount.lower === null || amount.lower < 0n ? 0n : amount.lower;
  const high = amount.upper;
  return {
    lower: 1n << (low > LONGEST_SHIFT ? LONGEST_SHIFT : low),
    upper: high === null || high > LONGEST_SHIFT ? null : 1n << (high < 0n ? 0n : high),
  };
}

/** The sum of `count` values, each in `each`: the range of a reduction over a domain of that many points. */
export function sumOf(count: Interval, each: Interval): Interval {
  return multiplyIntervals(intersect(count, { lower: 0n, upper: null }) ?? point(0n), each);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
