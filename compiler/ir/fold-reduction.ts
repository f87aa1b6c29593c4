/**
 * Reductions of the reference interpreter: the points of the domain in lexicographic order, folded from the left. It does
 * not use the expressions of reducers.ts, which lowered programs run, so that each checks the other.
 */
import { invariant, known, unreachable } from "../support/invariant.ts";
import type { DType } from "./dtype.ts";
import { DTYPES, isFloat, roundToDType } from "./dtype.ts";
import type { Measured } from "./error-scale.ts";
import { comparisonDoubt, exactly, isOverflow, measureFloat, roundingError } from "./error-scale.ts";
import type { Axis, Expr, Reduce, UserReducer } from "./expr.ts";
import type { Integer, Value } from "./values.ts";
import { canonical, fits } from "./values.ts";

/** How the caller evaluates an expression, and where variables are looked up while it does. */
type Evaluation = { readonly variables: Map<string, Measured>; readonly evaluate: (e: Expr) => Measured };
/** What one point brings: the arguments of the step, and its row-major position from the lower bounds of the axes. */
type Point = { readonly args: readonly Measured[]; readonly position: number };

/** The component that `e` asks for. `doubt` of bounds and guards, which decide who takes part, goes into the result. */
export function foldReduction(e: Reduce, scope: Evaluation): Measured {
  const points: Point[] = [];
  let doubt = 0;
  const index = (bound: Expr): number => {
    const found = scope.evaluate(bound);
    doubt = Math.max(doubt, found.doubt);
    return Number(found.value);
  };
  const enter = (axes: readonly Axis[], before: number): void => {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      const taken = e.guard === null ? exactly(true) : scope.evaluate(e.guard);
      doubt = Math.max(doubt, taken.doubt);
      if (taken.value === true) points.push({ args: e.args.map(scope.evaluate), position: before });
      return;
    }
    const [lo, hi] = [index(axis.lo), index(axis.hi)];
    for (let n = lo; n < hi; n++) {
      scope.variables.set(axis.variable.id, exactly(n));
      enter(rest, before * (hi - lo) + (n - lo));
    }
  };
  enter(e.axes, 0);
  const result = e.reducer.kind === "user" ? foldUser(e.reducer, e, points, scope) : foldBuiltin(e, points);
  return doubt === 0 ? result : { ...result, doubt: Math.max(doubt, result.doubt) };
}

/** The left fold from the identity. */
function foldUser(r: UserReducer, e: Reduce, points: readonly Point[], scope: Evaluation): Measured {
  let left = r.identity.map(scope.evaluate);
  for (const { args } of points) {
    bind(r.params, args, scope);
    const right = r.lift.map(scope.evaluate);
    bind(r.left, left, scope);
    bind(r.right, right, scope);
    left = r.combine.map(scope.evaluate);
  }
  return known(left[e.component], `component ${e.component} of ${r.name}`);
}

function bind(variables: UserReducer["params"], values: readonly Measured[], scope: Evaluation): void {
  for (const [n, v] of variables.entries()) scope.variables.set(v.id, known(values[n], `operand ${n} of a reducer`));
}

function foldBuiltin(e: Reduce, points: readonly Point[]): Measured {
  invariant(e.reducer.kind === "builtin", "a built-in reducer");
  const { name } = e.reducer;
  const xs = points.map((p) => known(p.args[0], `the argument of ${name}`));
  switch (name) {
    case "sum":
    case "sum_strict":
      return isFloat(e.type) ? sumFloats(xs, e.type, name === "sum_strict") : foldIntegers(xs, e.type, "sum");
    case "prod":
      return isFloat(e.type) ? multiplyFloats(xs, e.type) : foldIntegers(xs, e.type, "prod");
    case "max":
    case "min":
      return extremum(xs, e.type, name);
    case "any":
      return { value: xs.some((x) => x.value === true), error: 0, doubt: largest(xs, (x) => x.doubt) };
    case "all":
      return { value: xs.every((x) => x.value === true), error: 0, doubt: largest(xs, (x) => x.doubt) };
    case "argmax":
    case "argmin":
      return e.component === 0 ? extremum(xs, e.type, name === "argmax" ? "max" : "min") : positionOf(xs, points, name);
    default:
      return unreachable(name);
  }
}

function largest(xs: readonly Measured[], of: (x: Measured) => number): number {
  return xs.reduce((most, x) => Math.max(most, of(x)), 0);
}

/**
 * In f64, with what that rounds away, rounded once; strict: rounded after each step, to f32 where the dtype is narrower.
 * Where some order of the points has a partial sum past the accumulator's largest number, what is left of the sum depends on
 * that order: it is in doubt. So is a product.
 */
function sumFloats(xs: readonly Measured[], dtype: DType, strict: boolean): Measured {
  invariant(isFloat(dtype), "a float sum");
  const { accumulator } = DTYPES[dtype];
  let total = 0;
  let lost = 0;
  let error = 0;
  // What the terms of each sign add up to, infinities left out, and whether there are terms of that sign.
  const above = { sum: 0, some: false };
  const below = { sum: 0, some: false };
  for (const x of xs) {
    const value = Number(x.value);
    if (value !== 0) {
      const side = value > 0 ? above : below;
      side.some = true;
      if (Number.isFinite(value)) side.sum += Math.abs(value);
    }
    const next = total + value;
    // What f64 rounds away (Neumaier 1974): a sum of f64 has no wider dtype to be right in.
    if (Number.isFinite(next)) lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = strict ? Number(roundToDType(accumulator, next)) : next;
    error +=
      (isOverflow(x) ? 0 : x.error) +
      (Number.isFinite(value) ? Math.abs(value) * 2 ** -DTYPES[dtype].significandBits : 0);
  }
  // Terms of one sign overflow in every order or in none.
  const overflows = above.some && below.some && Math.max(above.sum, below.sum) >= overflowFrom(accumulator);
  const doubt = xs.some(isOverflow) || (!strict && overflows) ? Infinity : largest(xs, (x) => x.doubt);
  return { value: roundToDType(dtype, strict ? total : total + lost), error, doubt };
}

/** Half of the largest number: what roundings may add up to is far from the other half. */
function overflowFrom(dtype: DType): number {
  const row = DTYPES[dtype];
  invariant(row.kind === "float", "floats accumulate in floats");
  return 2 ** row.maxExponent;
}

function multiplyFloats(xs: readonly Measured[], dtype: DType): Measured {
  invariant(isFloat(dtype), "a float product");
  let product: Measured = exactly(1);
  // The largest and the smallest partial product that some order of the points has.
  let [most, least] = [1, 1];
  for (const x of xs) {
    const [p, y] = [Number(product.value), Number(x.value)];
    if (Number.isFinite(y) && y !== 0)
      [most, least] = [most * Math.max(Math.abs(y), 1), least * Math.min(Math.abs(y), 1)];
    const inherited = finite(Math.abs(p) * x.error) + finite(Math.abs(y) * product.error);
    const error = inherited + roundingError(dtype, p * y);
    product = { value: p * y, error, doubt: Math.max(product.doubt, x.doubt) };
  }
  const { accumulator } = DTYPES[dtype];
  const extreme = most >= overflowFrom(accumulator) || (most > 1 && least < 1 / overflowFrom(accumulator));
  const value = roundToDType(dtype, Number(product.value));
  return { ...product, value, doubt: extreme ? Infinity : product.doubt };
}

/** ∞·0 is no error: the infinity itself must match. */
function finite(x: number): number {
  return Number.isNaN(x) ? 0 : x;
}

/** Every partial result must fit: the proof covers any order, so it covers this one. */
function foldIntegers(xs: readonly Measured[], dtype: DType, name: "sum" | "prod"): Measured {
  let total: Integer = name === "sum" ? 0 : 1;
  for (const x of xs) {
    const [a, b]: [bigint, bigint] = [BigInt(total), BigInt(x.value)];
    total = canonical(name === "sum" ? a + b : a * b);
    invariant(fits(dtype, total), () => `a ${name} reaches ${total}, which ${dtype} cannot hold`);
  }
  return { value: total, error: 0, doubt: largest(xs, (x) => x.doubt) };
}

/** What an empty max (min) gives: -inf (+inf), the least (greatest) integer, false (true). */
function emptyExtremum(dtype: DType, least: boolean): Value {
  if (isFloat(dtype)) return least ? -Infinity : Infinity;
  if (dtype === "bool") return !least;
  return canonical(least ? DTYPES[dtype].min : DTYPES[dtype].max);
}

function extremum(xs: readonly Measured[], dtype: DType, name: "max" | "min"): Measured {
  const doubt = largest(xs, (x) => x.doubt);
  const start = exactly(emptyExtremum(dtype, name === "max"));
  if (!isFloat(dtype)) {
    const best = xs.reduce((a, x) => (isBetter(x.value, a.value, name === "max") ? x : a), start);
    return { value: best.value, error: 0, doubt };
  }
  const choose = (a = Number.NaN, b = Number.NaN): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
    return name === "max" ? Math.max(a, b) : Math.min(a, b);
  };
  const best = xs.reduce(
    (a, x) => measureFloat(name, dtype, choose, [a, x], choose(Number(a.value), Number(x.value))),
    start,
  );
  return { ...best, doubt };
}

function isBetter(x: Value, than: Value, larger: boolean): boolean {
  return larger ? x > than : x < than;
}

function isNaNValue(x: Measured): boolean {
  return typeof x.value === "number" && Number.isNaN(x.value);
}

/** The position of the first NaN, else of the first extreme value; -1 where there is none. */
function positionOf(xs: readonly Measured[], points: readonly Point[], name: "argmax" | "argmin"): Measured {
  let best = xs.findIndex(isNaNValue);
  if (best < 0) {
    for (const [n, x] of xs.entries()) {
      const than = xs[best];
      if (than === undefined || isBetter(x.value, than.value, name === "argmax")) best = n;
    }
  }
  const winner = xs[best];
  if (winner === undefined) return exactly(-1);
  const rivals = xs.filter((x) => x !== winner);
  const doubt = largest(rivals, (x) => comparisonDoubt(winner, x));
  return { value: known(points[best], "the best point").position, error: 0, doubt: Math.max(winner.doubt, doubt) };
}
