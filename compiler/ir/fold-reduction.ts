/**
 * Reductions of the reference interpreter: the points of the domain in lexicographic order, folded from the left. It does
 * not use the expressions of reducers.ts, which lowered programs run, so that each checks the other.
 */
import { invariant, known, unreachable } from "../support/invariant.ts";
import type { DType, FloatDType } from "./dtype.ts";
import { DTYPES, isFloat, roundToDType } from "./dtype.ts";
import type { Measured } from "./error-scale.ts";
import { comparisonDoubt, exactly, isOverflow, measureFloat, roundingError } from "./error-scale.ts";
import type { BuiltinReducer, Expr, Reduce, UserReducer } from "./expr.ts";
import type { Integer, Value } from "./values.ts";
import { canonical, fits } from "./values.ts";

/** How the caller evaluates an expression, and where variables are looked up while it does. */
type Evaluation = { readonly variables: Map<string, Measured>; readonly evaluate: (e: Expr) => Measured };
/** Hears of each point that takes part: the arguments of the step, and its row-major position from the lower bounds. */
type Visit = (args: readonly Measured[], position: number) => void;
/** A left fold under way. It keeps no points, however many there are. */
type Fold = { readonly add: (x: Measured) => void; readonly result: () => Measured };

/** The component that `e` asks for. `doubt` of bounds and guards, which decide who takes part, goes into the result. */
export function foldReduction(e: Reduce, scope: Evaluation): Measured {
  let doubt = 0;
  const walk = (visit: Visit): void => {
    doubt = Math.max(doubt, forEachPoint(e, scope, visit));
  };
  const result = e.reducer.kind === "user" ? foldUser(e.reducer, e, walk, scope) : foldBuiltin(e, walk);
  return doubt === 0 ? result : { ...result, doubt: Math.max(doubt, result.doubt) };
}

/** Gives the doubt of who takes part. */
function forEachPoint(e: Reduce, scope: Evaluation, visit: Visit): number {
  let doubt = 0;
  const index = (bound: Expr): number => {
    const found = scope.evaluate(bound);
    doubt = Math.max(doubt, found.doubt);
    return Number(found.value);
  };
  const enter = (depth: number, before: number): void => {
    const axis = e.axes[depth];
    if (axis === undefined) {
      const taken = e.guard === null ? exactly(true) : scope.evaluate(e.guard);
      doubt = Math.max(doubt, taken.doubt);
      if (taken.value === true) visit(e.args.map(scope.evaluate), before);
      return;
    }
    const [lo, hi] = [index(axis.lo), index(axis.hi)];
    for (let n = lo; n < hi; n++) {
      scope.variables.set(axis.variable.id, exactly(n));
      enter(depth + 1, before * (hi - lo) + (n - lo));
    }
  };
  enter(0, 0);
  return doubt;
}

/** The left fold from the identity. */
function foldUser(r: UserReducer, e: Reduce, walk: (visit: Visit) => void, scope: Evaluation): Measured {
  let left = r.identity.map(scope.evaluate);
  const own = [...r.params, ...r.left, ...r.right].map((v) => v.id);
  walk((args) => {
    // The names of a reducer are its own: a variable around it that is called alike keeps its value.
    const around = own.map((id) => scope.variables.get(id));
    bind(r.params, args, scope);
    const right = r.lift.map(scope.evaluate);
    bind(r.left, left, scope);
    bind(r.right, right, scope);
    left = r.combine.map(scope.evaluate);
    for (const [n, id] of own.entries()) {
      const value = around[n];
      if (value === undefined) scope.variables.delete(id);
      else scope.variables.set(id, value);
    }
  });
  return known(left[e.component], `component ${e.component} of ${r.name}`);
}

function bind(variables: UserReducer["params"], values: readonly Measured[], scope: Evaluation): void {
  for (const [n, v] of variables.entries()) scope.variables.set(v.id, known(values[n], `operand ${n} of a reducer`));
}

function foldBuiltin(e: Reduce, walk: (visit: Visit) => void): Measured {
  invariant(e.reducer.kind === "builtin", "a built-in reducer");
  const { name } = e.reducer;
  const each = (add: (x: Measured, position: number) => void): void =>
    walk((args, position) => add(known(args[0], `the argument of ${name}`), position));
  if ((name === "argmax" || name === "argmin") && e.component > 0) return positionOf(each, name);
  const fold = startFold(name, e.type);
  let doubt = 0;
  each((x) => {
    doubt = Math.max(doubt, x.doubt);
    fold.add(x);
  });
  const result = fold.result();
  return { ...result, doubt: Math.max(doubt, result.doubt) };
}

/** The doubts of the operands are the caller's. */
function startFold(name: BuiltinReducer, type: DType): Fold {
  switch (name) {
    case "sum":
    case "sum_strict":
      return isFloat(type) ? sumFloats(type, name === "sum_strict") : foldIntegers(type, "sum");
    case "prod":
      return isFloat(type) ? multiplyFloats(type) : foldIntegers(type, "prod");
    case "max":
    case "min":
      return extremum(type, name);
    case "any":
    case "all":
      return foldBools(name);
    case "argmax":
    case "argmin":
      return extremum(type, name === "argmax" ? "max" : "min");
    default:
      return unreachable(name);
  }
}

function foldBools(name: "any" | "all"): Fold {
  let value = name === "all";
  return {
    add: (x) => {
      if (x.value === (name === "any")) value = name === "any";
    },
    result: () => exactly(value),
  };
}

/**
 * In f64, with what that rounds away, rounded once; strict: rounded after each step, to f32 where the dtype is narrower.
 * Where some order of the points has a partial sum past the accumulator's largest number, what is left of the sum depends on
 * that order: it is in doubt. So is a product.
 */
function sumFloats(dtype: FloatDType, strict: boolean): Fold {
  const { accumulator, significandBits } = DTYPES[dtype];
  let total = 0;
  let lost = 0;
  let error = 0;
  let overflown = false;
  // What the terms of each sign add up to, infinities left out, and whether there are terms of that sign.
  const above = { sum: 0, some: false };
  const below = { sum: 0, some: false };
  const add = (x: Measured): void => {
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
    overflown ||= isOverflow(x);
    error += (isOverflow(x) ? 0 : x.error) + (Number.isFinite(value) ? Math.abs(value) * 2 ** -significandBits : 0);
  };
  const result = (): Measured => {
    // Terms of one sign overflow in every order or in none.
    const overflows = above.some && below.some && Math.max(above.sum, below.sum) >= overflowFrom(accumulator);
    const doubt = overflown || (!strict && overflows) ? Infinity : 0;
    return { value: roundToDType(dtype, strict ? total : total + lost), error, doubt };
  };
  return { add, result };
}

/** Half of the largest number: what roundings may add up to is far from the other half. */
function overflowFrom(dtype: DType): number {
  const row = DTYPES[dtype];
  invariant(row.kind === "float", "floats accumulate in floats");
  return 2 ** row.maxExponent;
}

function multiplyFloats(dtype: FloatDType): Fold {
  let product: Measured = exactly(1);
  // The largest and the smallest partial product that some order of the points has.
  let [most, least] = [1, 1];
  const add = (x: Measured): void => {
    const [p, y] = [Number(product.value), Number(x.value)];
    if (Number.isFinite(y) && y !== 0)
      [most, least] = [most * Math.max(Math.abs(y), 1), least * Math.min(Math.abs(y), 1)];
    const inherited = finite(Math.abs(p) * x.error) + finite(Math.abs(y) * product.error);
    const error = inherited + roundingError(dtype, p * y);
    product = { value: p * y, error, doubt: 0 };
  };
  const result = (): Measured => {
    const { accumulator } = DTYPES[dtype];
    const extreme = most >= overflowFrom(accumulator) || (most > 1 && least < 1 / overflowFrom(accumulator));
    const value = roundToDType(dtype, Number(product.value));
    return { ...product, value, doubt: extreme ? Infinity : 0 };
  };
  return { add, result };
}

/** ∞·0 is no error: the infinity itself must match. */
function finite(x: number): number {
  return Number.isNaN(x) ? 0 : x;
}

/** Every partial result must fit: the proof covers any order, so it covers this one. */
function foldIntegers(dtype: DType, name: "sum" | "prod"): Fold {
  let total: Integer = name === "sum" ? 0 : 1;
  const add = (x: Measured): void => {
    const [a, b]: [bigint, bigint] = [BigInt(total), BigInt(x.value)];
    const next = canonical(name === "sum" ? a + b : a * b);
    invariant(fits(dtype, next), () => `a ${name} reaches ${next}, which ${dtype} cannot hold`);
    total = next;
  };
  return { add, result: () => exactly(total) };
}

/** What an empty max (min) gives: -inf (+inf), the least (greatest) integer, false (true). */
function emptyExtremum(dtype: DType, least: boolean): Value {
  if (isFloat(dtype)) return least ? -Infinity : Infinity;
  if (dtype === "bool") return !least;
  return canonical(least ? DTYPES[dtype].min : DTYPES[dtype].max);
}

function extremum(dtype: DType, name: "max" | "min"): Fold {
  let best = exactly(emptyExtremum(dtype, name === "max"));
  const result = (): Measured => ({ value: best.value, error: best.error, doubt: 0 });
  if (!isFloat(dtype)) {
    const add = (x: Measured): void => {
      if (isBetter(x.value, best.value, name === "max")) best = { value: x.value, error: 0, doubt: 0 };
    };
    return { add, result };
  }
  const choose = (a = Number.NaN, b = Number.NaN): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
    return name === "max" ? Math.max(a, b) : Math.min(a, b);
  };
  const add = (x: Measured): void => {
    best = measureFloat(name, dtype, choose, [best, x], choose(Number(best.value), Number(x.value)));
  };
  return { add, result };
}

function isBetter(x: Value, than: Value, larger: boolean): boolean {
  return larger ? x > than : x < than;
}

function isNaNValue(x: Measured): boolean {
  return typeof x.value === "number" && Number.isNaN(x.value);
}

/**
 * The position of the first NaN, else of the first extreme value; -1 where there is none. Who might have won instead shows
 * only against the winner: where there are errors at all, the points are gone through a second time.
 */
function positionOf(each: (add: (x: Measured, position: number) => void) => void, name: "argmax" | "argmin"): Measured {
  let best: { readonly x: Measured; readonly position: number } | null = null as typeof best;
  let doubt = 0;
  let isExact = true;
  each((x, position) => {
    doubt = Math.max(doubt, x.doubt);
    isExact &&= x.error === 0;
    if (best !== null && isNaNValue(best.x)) return;
    if (best === null || isNaNValue(x) || isBetter(x.value, best.x.value, name === "argmax")) best = { x, position };
  });
  if (best === null) return exactly(-1);
  const winner = best;
  if (!isExact) {
    each((x, position) => {
      if (x !== winner.x && position !== winner.position) doubt = Math.max(doubt, comparisonDoubt(winner.x, x));
    });
  }
  return { value: winner.position, error: 0, doubt };
}
