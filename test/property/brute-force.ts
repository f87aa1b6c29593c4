/**
 * Evaluates kernels of equations at small sizes and reports every access outside, division by 0, overflow and empty
 * maximum, in two ways: `language`, where only chosen branches and guarded points are evaluated, and `eager`, where a
 * target evaluates everything and gets garbage from reads marked `guarded`. Its own evaluator on purpose: it shares
 * nothing with the prover but the table of operations.
 */
import type { Kernel, Recurrence, Stage, Tensor } from "../../compiler/ir/equations.ts";
import { tensorsOf } from "../../compiler/ir/equations.ts";
import type { Axis, ConstValue, Expr, Read, Reduce, ScalarType } from "../../compiler/ir/expr.ts";
import { DTYPES, isFloat } from "../../compiler/ir/dtype.ts";
import { OPS, floorMod, isCoreOp } from "../../compiler/ir/ops.ts";
import type { Random } from "./random-equations.ts";

type Value = bigint | number | boolean;
type Env = ReadonlyMap<string, Value>;

/** What went wrong, in words. */
export class Violation extends Error {}

export type Run = {
  readonly kernel: Kernel;
  readonly dims: ReadonlyMap<string, bigint>;
  readonly random: Random;
  readonly eager: boolean;
  readonly data: Map<string, Value>;
  /** Elements of stages by tensor and subscripts; null while it is computed. */
  readonly elements: Map<string, Value>;
};

/** Evaluates every element of every stage; throws a Violation. */
export function evaluateAll(run: Run): void {
  for (const each of run.kernel.steps) {
    if (each.kind === "stage") {
      for (const env of points(run, each.stage.axes, run.dims)) compute(run, each.stage, env);
    } else evaluateRecurrence(run, each);
  }
}

function compute(run: Run, stage: Stage, env: Env): void {
  const at = stage.axes.map((a) => String(env.get(a.variable.id)));
  for (const o of stage.outputs) define(run, o.tensor, at, evaluate(run, o.body, env));
}

function define(run: Run, tensor: Tensor, at: readonly string[], value: Value): void {
  run.elements.set(`${tensor.id}[${at.join(",")}]`, value);
  if (!run.eager) checkDeclared(run, tensor, value);
}

/** Initial slices, then time ascending; within a step the members in their order. */
function evaluateRecurrence(run: Run, { members, time }: Recurrence): void {
  for (const o of members.flatMap((m) => m.outputs)) {
    for (const { axes, body } of o.init) {
      for (const env of points(run, axes, run.dims)) {
        const at = axes.map((a) => String(env.get(a.variable.id)));
        define(run, o.tensor, at, evaluate(run, body, env));
      }
    }
  }
  const axisOf = (m: Stage): Axis => {
    const axis = m.axes[time];
    if (axis === undefined) throw new Error("no time axis");
    return axis;
  };
  const [first] = members;
  if (first === undefined) return;
  for (const at of points(run, [axisOf(first)], run.dims)) {
    const now = at.get(axisOf(first).variable.id) ?? 0n;
    for (const m of members) {
      const others = m.axes.filter((_, i) => i !== time);
      const env = new Map(run.dims).set(axisOf(m).variable.id, BigInt(now));
      for (const point of points(run, others, env)) compute(run, m, point);
    }
  }
}

/** Do the dims satisfy every `where`, and can every parameter hold values of its range? */
export function admits(kernel: Kernel, dims: ReadonlyMap<string, bigint>, random: Random): boolean {
  const run: Run = { kernel, dims, random, eager: false, data: new Map(), elements: new Map() };
  if (!kernel.where.every((w) => evaluate(run, w.condition, dims) === true)) return false;
  return kernel.params.every((t) => {
    const size = t.dims.reduce((n, d) => n * extent(run, d.lo, d.hi), 1n);
    return size === 0n || t.values === null || extent(run, t.values.lo, t.values.hi) > 0n;
  });
}

function checkDeclared(run: Run, t: Tensor, value: Value): void {
  if (t.values === null || typeof value !== "bigint") return;
  const [lo, hi] = [integer(run, t.values.lo, run.dims), integer(run, t.values.hi, run.dims)];
  if (value < lo || value >= hi)
    throw new Violation(`${t.name} holds ${value}, outside the range ${lo}..${hi} found for it`);
}

function extent(run: Run, lo: Expr, hi: Expr): bigint {
  const size = integer(run, hi, run.dims) - integer(run, lo, run.dims);
  return size > 0n ? size : 0n;
}

function* points(run: Run, axes: readonly Axis[], env: Env): Generator<Env> {
  const [axis, ...rest] = axes;
  if (axis === undefined) {
    yield env;
    return;
  }
  const [lo, hi] = [integer(run, axis.lo, env), integer(run, axis.hi, env)];
  // Bounds that are garbage on a path that is not taken may be huge.
  const last = run.eager && hi - lo > 8n ? lo + 8n : hi;
  for (let i = lo; i < last; i++) yield* points(run, rest, new Map(env).set(axis.variable.id, i));
}

function integer(run: Run, e: Expr, env: Env): bigint {
  const v = evaluate(run, e, env);
  if (typeof v !== "bigint") throw new Error(`an integer is wanted of ${e.kind}`);
  return v;
}

function isWhole(type: ScalarType): boolean {
  return type === "index" || (type !== "bool" && !isFloat(type));
}

function wrapped(type: ScalarType, v: bigint): bigint {
  if (type === "index" || type === "bool" || isFloat(type)) return v;
  const { bits, signed } = DTYPES[type];
  return signed ? BigInt.asIntN(bits, v) : BigInt.asUintN(bits, v);
}

function inType(run: Run, type: ScalarType, v: bigint, what: string): bigint {
  const w = wrapped(type, v);
  if (w !== v && !run.eager) throw new Violation(`${what} of ${type} gives ${v}`);
  return w;
}

function literal(type: ScalarType, v: ConstValue): Value {
  return typeof v !== "boolean" && isWhole(type) ? BigInt(v) : v;
}

function evaluate(run: Run, e: Expr, env: Env): Value {
  switch (e.kind) {
    case "const":
      return literal(e.type, e.value);
    case "var": {
      const v = env.get(e.id);
      if (v === undefined) throw new Error(`${e.name} has no value`);
      return v;
    }
    case "let":
      return evaluate(run, e.body, new Map(env).set(e.variable.id, evaluate(run, e.value, env)));
    case "select": {
      const c = evaluate(run, e.cond, env) === true;
      if (run.eager || !e.lazy) {
        const [yes, no] = [evaluate(run, e.yes, env), evaluate(run, e.no, env)];
        return c ? yes : no;
      }
      return evaluate(run, c ? e.yes : e.no, env);
    }
    case "cast":
      return convert(run, e.type, e.mode, e.arg.type, evaluate(run, e.arg, env));
    case "apply":
      return operation(run, e, env);
    case "read":
      return readElement(run, e, env);
    case "reduce":
      return reduction(run, e, env);
    default:
      return e satisfies never;
  }
}

function convert(run: Run, type: ScalarType, mode: string, from: ScalarType, v: Value): Value {
  if (type === "bool") return v;
  if (!isWhole(type)) return Number(v);
  const whole = typeof v === "number" ? BigInt(Math.trunc(v)) : BigInt(v);
  if (type === "index") return whole;
  if (mode === "exact") return inType(run, type, whole, `the cast from ${from}`);
  if (mode === "wrap") return wrapped(type, whole);
  if (isFloat(type)) return whole;
  const { min, max } = DTYPES[type];
  return whole < min ? min : whole > max ? max : whole;
}

function operation(run: Run, e: Expr & { kind: "apply" }, env: Env): Value {
  const [x, y] = e.args;
  if (x === undefined || !isCoreOp(e.op)) throw new Error(`no ${e.op} here`);
  const a = evaluate(run, x, env);
  if (!run.eager && e.op === "and" && a === false) return false;
  if (!run.eager && e.op === "or" && a === true) return true;
  const b = y === undefined ? a : evaluate(run, y, env);
  const row = OPS[e.op];
  if (typeof a === "bigint" && typeof b === "bigint") {
    if ((e.op === "floor_div" || e.op === "floor_mod") && b === 0n) throw new Violation(`${e.op} by 0`);
    const isShift = e.op === "shl" || e.op === "shr";
    const bits = x.type === "index" ? 64n : BigInt(DTYPES[x.type].bits);
    if (isShift && (b < 0n || b >= bits)) {
      if (!run.eager) throw new Violation(`${e.op} by ${b}`);
      return a;
    }
    const operand = e.op === "popcount" ? BigInt.asUintN(Number(bits), a) : a;
    if (row.int === null) throw new Error(`no ${e.op} of integers`);
    const v = row.int(operand, b, 0n);
    if (typeof v === "boolean") return v;
    return row.overflow === "wrap" ? wrapped(e.type, v) : inType(run, e.type, v, e.op);
  }
  if (typeof a === "number" && typeof b === "number" && row.float !== null) return row.float(a, b, 0);
  if (typeof a === "boolean" && typeof b === "boolean" && row.bool !== null) return row.bool(a, b, false);
  throw new Error(`${e.op} of ${typeof a} and ${typeof b}`);
}

/** A value of the dtype, or of the declared range. */
function randomElement(run: Run, t: Tensor): Value {
  if (t.dtype === "bool") return run.random.chance(50);
  if (isFloat(t.dtype)) return run.random.below(3) - 1;
  const { min, max } = DTYPES[t.dtype];
  const lo = t.values === null ? min : integer(run, t.values.lo, run.dims);
  const hi = t.values === null ? max : integer(run, t.values.hi, run.dims) - 1n;
  const low = lo < min ? min : lo;
  const high = hi > max ? max : hi;
  const near = run.random.pick([low, high, low + 1n, high - 1n, 0n, 1n, 2n, 3n, -1n]);
  return near < low ? low : near > high ? high : near;
}

function readElement(run: Run, e: Read, env: Env): Value {
  const t = tensorsOf(run.kernel).get(e.tensor);
  if (t === undefined) throw new Error(`no tensor ${e.tensor}`);
  const at = e.index.map((x) => integer(run, x, env));
  const where: bigint[] = [];
  for (const [d, i] of at.entries()) {
    const range = t.dims[d];
    if (range === undefined) throw new Error("a subscript too many");
    const [lo, hi] = [integer(run, range.lo, run.dims), integer(run, range.hi, run.dims)];
    if (i >= lo && i < hi) {
      where.push(i);
      continue;
    }
    if (e.guarded && run.eager) return garbage(run, e.type);
    if (e.pad?.kind === "value") return evaluate(run, e.pad.value, env);
    if (e.pad === null) throw new Violation(`${t.name} is read at ${i}, outside ${lo}..${hi}`);
    if (hi - lo < (e.pad.kind === "mirror" ? 2n : 1n))
      throw new Violation(`${e.pad.kind} pads ${hi - lo} elements of ${t.name}`);
    where.push(padded(e.pad.kind, i, lo, hi));
  }
  const key = `${e.tensor}[${where.join(",")}]`;
  const stored = run.elements.get(key) ?? run.data.get(key);
  if (stored !== undefined) return stored;
  if (!run.kernel.params.some((p) => p.id === t.id)) {
    if (run.eager) return garbage(run, e.type);
    throw new Violation(`${t.name} is read at ${where.join(", ")}, which is not computed yet`);
  }
  const value = randomElement(run, t);
  run.data.set(key, value);
  return value;
}

function garbage(run: Run, type: ScalarType): Value {
  if (type === "bool") return run.random.chance(50);
  return isWhole(type) ? BigInt(run.random.pick([0, 0, -1, 1, 5, -2147483648])) : 0;
}

function padded(kind: "edge" | "wrap" | "mirror", i: bigint, lo: bigint, hi: bigint): bigint {
  const n = hi - lo;
  if (kind === "edge") return i < lo ? lo : hi - 1n;
  if (kind === "wrap") return lo + floorMod(i - lo, n);
  const m = floorMod(i - lo, 2n * (n - 1n));
  return lo + (m < n ? m : 2n * (n - 1n) - m);
}

function reduction(run: Run, e: Reduce, env: Env): Value {
  if (e.reducer.kind !== "builtin") throw new Error("no user reducers here");
  const { name } = e.reducer;
  const arg = e.args[0];
  if (arg === undefined) throw new Error("a reduction without an argument");
  let total: Value | null = null;
  let position = -1n;
  let n = 0n;
  for (const at of points(run, e.axes, env)) {
    const passes: boolean = e.guard === null || evaluate(run, e.guard, at) === true;
    const value = passes || run.eager ? evaluate(run, arg, at) : null;
    const here = n++;
    if (!passes || value === null) continue;
    const stepped: Step = total === null ? { total: value, wins: true } : step(name, total, value);
    total = stepped.total;
    if (stepped.wins) position = here;
  }
  if (name === "argmax" || name === "argmin")
    return e.component === 1 ? inType(run, "i32", position, name) : (total ?? 0);
  if (total === null) return emptyReduction(run, e, name);
  return typeof total === "bigint" ? inType(run, e.type, total, name) : total;
}

function emptyReduction(run: Run, e: Reduce, name: string): Value {
  const whole = isWhole(e.type);
  if ((name === "max" || name === "min") && whole && !run.eager) throw new Violation(`${name} of nothing`);
  if (e.type === "bool") return name === "all";
  if (name === "prod") return whole ? 1n : 1;
  if (name === "max" || name === "min") return whole ? 0n : name === "max" ? -Infinity : Infinity;
  return whole ? 0n : 0;
}

type Step = { readonly total: Value; readonly wins: boolean };

/** The next total, and whether the new value replaces it. */
function step(name: string, total: Value, value: Value): Step {
  if (typeof total === "boolean" || typeof value === "boolean") {
    const [a, b] = [total === true, value === true];
    return { total: name === "any" ? a || b : a && b, wins: false };
  }
  if (name.startsWith("sum") || name === "prod") {
    const isSum = name !== "prod";
    if (typeof total === "bigint" && typeof value === "bigint") {
      return { total: isSum ? total + value : total * value, wins: false };
    }
    return { total: isSum ? Number(total) + Number(value) : Number(total) * Number(value), wins: false };
  }
  const wins = name === "max" || name === "argmax" ? value > total : value < total;
  return { total: wins ? value : total, wins };
}
