/**
 * The reference: what a kernel of equations means. Stage by stage, point by point, each expression by direct recursion;
 * slow, without any cleverness, so that it can be checked by reading. Everything else is tested against it.
 *
 * Each float operation is computed in f64 and rounded once to its dtype; a float sum is added up in f64 and rounded once;
 * integers are exact. What the checker has proved is checked again here: a subscript out of range or an overflow is a
 * compiler bug and throws. `interpretWithErrors` also carries the error scale of error-scale.ts.
 */
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";
import { convertValue } from "./convert.ts";
import { DERIVED_OPS } from "./derived-ops.ts";
import { isFloat, roundToDType } from "./dtype.ts";
import type { Measured } from "./error-scale.ts";
import { comparisonDoubt, doubtOf, exactly, measureFloat, roundingError } from "./error-scale.ts";
import { evaluateShape, evaluateSize } from "./evaluate-index.ts";
import type { Kernel, Recurrence, Stage, StageOutput, Step, Tensor } from "./equations.ts";
import { tensorsOf } from "./equations.ts";
import type { Apply, Axis, Cast, Expr, Pad, Read, Select } from "./expr.ts";
import { foldReduction } from "./fold-reduction.ts";
import { floorMod, isCoreOp, OPS } from "./ops.ts";
import type { NDArray, Value } from "./values.ts";
import { canonical, countOf, elementOf, integerOp, valueOf } from "./values.ts";

/** What accompanies an output: one entry per element; see error-scale.ts. */
export type ErrorScale = { readonly error: Float64Array; readonly doubt: Float64Array };
export type MeasuredArray = { readonly array: NDArray; readonly errors: ErrorScale };

/** A tensor being computed: row-major, element [lo, lo, …] first; `values` are undefined until written. */
type Stored = {
  readonly tensor: Tensor;
  readonly lo: readonly number[];
  readonly shape: readonly number[];
  readonly values: (Value | undefined)[];
  readonly error: Float64Array;
  readonly doubt: Float64Array;
};

/** Everything an expression can mention. */
type Scope = {
  /** Values of dims, axes and `let`s by id. */
  readonly variables: Map<string, Measured>;
  readonly tensors: ReadonlyMap<string, Stored>;
  /** False: errors and doubts mean nothing and are not computed where that costs time. */
  readonly measured: boolean;
};

/**
 * The outputs, by name, in declared order. `inputs`: one array per parameter, by tensor id, of its dtype and shape; `dims`: by
 * id of the dim's variable. `where` conditions and claimed ranges are taken for granted. `done` hears of each step of the
 * kernel once it is computed.
 */
export function interpretEquations(
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  done?: (step: Step) => void,
): ReadonlyMap<string, NDArray> {
  const outputs = run(kernel, inputs, dims, { measured: false, done });
  return new Map([...outputs].map(([name, out]) => [name, out.array]));
}

/** The same with the error scale of every element, for {@link compareToReference}. */
export function interpretWithErrors(
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, MeasuredArray> {
  return run(kernel, inputs, dims, { measured: true });
}

function run(
  kernel: Kernel,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  { measured, done }: { readonly measured: boolean; readonly done?: ((step: Step) => void) | undefined },
): ReadonlyMap<string, MeasuredArray> {
  const tensors = new Map([...tensorsOf(kernel)].map(([id, t]) => [id, allocate(t, dims)]));
  for (const p of kernel.params) fill(known(tensors.get(p.id), p.name), known(inputs.get(p.id), `input ${p.name}`));
  const variables = new Map([...dims].map(([id, n]) => [id, exactly(canonical(n))]));
  const scope: Scope = { variables, tensors, measured };
  for (const s of kernel.steps) {
    if (s.kind === "stage") runStage(s.stage, scope);
    else runRecurrence(s, scope);
    done?.(s);
  }
  return new Map(
    kernel.outputs.map((out) => {
      const stored = known(tensors.get(out.tensor), `output ${out.name}`);
      const lo = out.dims.map((d) => evaluateSize(d.lo, dims));
      return [out.name, extract(stored, lo, evaluateShape(out.dims, dims))];
    }),
  );
}

// ---- storage ----

function allocate(tensor: Tensor, dims: ReadonlyMap<string, bigint>): Stored {
  const shape = evaluateShape(tensor.dims, dims);
  const count = countOf(shape);
  return {
    tensor,
    lo: tensor.dims.map((d) => evaluateSize(d.lo, dims)),
    shape,
    values: Array.from<Value | undefined>({ length: count }),
    error: new Float64Array(count),
    doubt: new Float64Array(count),
  };
}

function fill(stored: Stored, input: NDArray): void {
  const { name, dtype } = stored.tensor;
  invariant(input.dtype === dtype, `${name} is ${dtype}, given ${input.dtype}`);
  invariant(
    input.shape.join() === stored.shape.join(),
    `${name}: [${stored.shape.join()}], given [${input.shape.join()}]`,
  );
  invariant(input.data.length === stored.values.length, `${name}: ${input.data.length} elements`);
  for (const [n, x] of input.data.entries()) stored.values[n] = valueOf(x);
}

/** Position in the row-major data; -1 outside. */
function offsetOf(stored: Stored, at: readonly number[]): number {
  let offset = 0;
  for (const [d, extent] of stored.shape.entries()) {
    const n = (at[d] ?? 0) - (stored.lo[d] ?? 0);
    if (n < 0 || n >= extent) return -1;
    offset = offset * extent + n;
  }
  return offset;
}

function extract(stored: Stored, lo: readonly number[], shape: readonly number[]): MeasuredArray {
  const { dtype, name } = stored.tensor;
  const offsets = countOf(shape) === 0 ? [] : boxOffsets(stored, lo, shape);
  const data = offsets.map((o) => elementOf(dtype, known(stored.values[o], `an element of output ${name}`)));
  const errors = {
    error: Float64Array.from(offsets, (o) => stored.error[o] ?? 0),
    doubt: Float64Array.from(offsets, (o) => stored.doubt[o] ?? 0),
  };
  return { array: { dtype, shape, data }, errors };
}

function boxOffsets(stored: Stored, lo: readonly number[], shape: readonly number[]): readonly number[] {
  let points: readonly (readonly number[])[] = [[]];
  for (const [d, extent] of shape.entries()) {
    const steps = Array.from({ length: extent }, (_, n) => (lo[d] ?? 0) + n);
    points = points.flatMap((p) => steps.map((n) => [...p, n]));
  }
  return points.map((p) => offsetOf(stored, p));
}

// ---- stages ----

function runStage(stage: Stage, scope: Scope): void {
  forEachPoint(stage.axes, scope, () => {
    for (const out of stage.outputs) write(out, out.body, stage.axes, scope);
  });
}

/** Time ascending from the first initial slice; at each time the members in order, initial slices before the body. */
function runRecurrence(group: Recurrence, scope: Scope): void {
  const slices = group.members.flatMap((stage) => [
    ...stage.outputs.flatMap((out) =>
      out.init.map((init) => ({ axes: init.axes, outputs: [{ out, body: init.body }] })),
    ),
    { axes: stage.axes, outputs: stage.outputs.map((out) => ({ out, body: out.body })) },
  ]);
  const times = slices.map(({ axes }) => {
    const axis = known(axes[group.time], "the time axis");
    return { axis, lo: indexValue(axis.lo, scope), hi: indexValue(axis.hi, scope) };
  });
  const first = Math.min(...times.map((t) => t.lo));
  const last = Math.max(...times.map((t) => t.hi));
  for (let t = first; t < last; t++) {
    for (const [n, { axes, outputs }] of slices.entries()) {
      const time = known(times[n], "the time axis");
      if (t < time.lo || t >= time.hi) continue;
      scope.variables.set(time.axis.variable.id, exactly(t));
      forEachPoint(
        axes.filter((a) => a !== time.axis),
        scope,
        () => {
          for (const { out, body } of outputs) write(out, body, axes, scope);
        },
      );
    }
  }
}

function write(out: StageOutput, body: Expr, axes: readonly Axis[], scope: Scope): void {
  const stored = known(scope.tensors.get(out.tensor.id), out.tensor.name);
  const at = axes.map((a) => Number(known(scope.variables.get(a.variable.id), a.variable.name).value));
  const offset = offsetOf(stored, at);
  invariant(offset >= 0, () => `${out.tensor.name} has no element [${at.join(", ")}]`);
  const { value, error, doubt } = evaluate(body, scope);
  stored.values[offset] = value;
  stored.error[offset] = error;
  stored.doubt[offset] = doubt;
}

/** Calls `visit` for each point in lexicographic order, with the axes' variables set. */
function forEachPoint(axes: readonly Axis[], scope: Scope, visit: () => void): void {
  const [axis, ...rest] = axes;
  if (axis === undefined) return visit();
  const hi = indexValue(axis.hi, scope);
  for (let n = indexValue(axis.lo, scope); n < hi; n++) {
    scope.variables.set(axis.variable.id, exactly(n));
    forEachPoint(rest, scope, visit);
  }
}

function indexValue(e: Expr, scope: Scope): number {
  return Number(evaluate(e, scope).value);
}

// ---- expressions ----

function evaluate(e: Expr, scope: Scope): Measured {
  switch (e.kind) {
    case "const":
      return exactly(valueOf(e.value));
    case "var":
      return known(scope.variables.get(e.id), `the value of ${e.name}`);
    case "read":
      return readElement(e, scope);
    case "apply":
      return applyOp(e, scope);
    case "select":
      return choose(e, scope);
    case "cast":
      return castTo(e, scope);
    case "let":
      scope.variables.set(e.variable.id, evaluate(e.value, scope));
      return evaluate(e.body, scope);
    case "reduce":
      return foldReduction(e, { variables: scope.variables, evaluate: (x) => evaluate(x, scope) });
    default:
      return unreachable(e);
  }
}

/** A branch is evaluated only where it is taken; `select` evaluates both, since its operands were proved without it. */
function choose(e: Select, scope: Scope): Measured {
  const cond = evaluate(e.cond, scope);
  const yes = e.lazy && cond.value === false ? null : evaluate(e.yes, scope);
  const no = e.lazy && cond.value === true ? null : evaluate(e.no, scope);
  const taken = known(cond.value === true ? yes : no, "the taken branch");
  return cond.doubt === 0 ? taken : { ...taken, doubt: Math.max(cond.doubt, taken.doubt) };
}

function readElement(e: Read, scope: Scope): Measured {
  const stored = known(scope.tensors.get(e.tensor), `tensor ${e.tensor}`);
  let doubt = 0;
  const at: number[] = [];
  for (const [d, subscript] of e.index.entries()) {
    const found = evaluate(subscript, scope);
    doubt = Math.max(doubt, found.doubt);
    const lo = known(stored.lo[d], `dim ${d} of ${stored.tensor.name}`);
    const extent = known(stored.shape[d], `dim ${d} of ${stored.tensor.name}`);
    const n = Number(found.value) - lo;
    if (n >= 0 && n < extent) at.push(lo + n);
    else if (e.pad?.kind === "value") return evaluate(e.pad.value, scope);
    else if (e.pad !== null && extent > 0) at.push(lo + inside(e.pad.kind, BigInt(found.value) - BigInt(lo), extent));
    else throw new InternalError(`${stored.tensor.name}, dim ${d}: ${lo + n} is not in ${lo}..${lo + extent}`);
  }
  const offset = offsetOf(stored, at);
  const value = stored.values[offset];
  invariant(value !== undefined, () => `${stored.tensor.name}[${at.join(", ")}] is read before it is written`);
  return { value, error: stored.error[offset] ?? 0, doubt: Math.max(doubt, stored.doubt[offset] ?? 0) };
}

/** Where a subscript n outside 0..extent reads, for the pads that move the subscript. n may be past 2^53. */
function inside(kind: Exclude<Pad["kind"], "value">, n: bigint, extent: number): number {
  const modulo = (period: number): number => Number(floorMod(n, BigInt(period)));
  switch (kind) {
    case "edge":
      return n < 0 ? 0 : extent - 1;
    case "wrap":
      return modulo(extent);
    case "mirror": {
      // 0 1 2 3 | 2 1 | 0 1 2 3: the ends are not repeated.
      const m = extent === 1 ? 0 : modulo(2 * extent - 2);
      return m < extent ? m : 2 * extent - 2 - m;
    }
    default:
      return unreachable(kind);
  }
}

function applyOp(e: Apply, scope: Scope): Measured {
  const [first, second] = e.args;
  const a = evaluate(known(first, "first operand"), scope);
  // The right of `&&` and `||` was proved under the left, so it is not evaluated where that fails.
  if (second !== undefined && ((e.op === "and" && a.value === false) || (e.op === "or" && a.value === true))) return a;
  const operands = [a, ...e.args.slice(1).map((x) => evaluate(x, scope))];
  const type = known(first, "first operand").type;
  if (type !== "index" && isFloat(type)) return applyToFloats(e, operands, scope);
  const doubt = Math.max(...operands.map((o) => o.doubt));
  return { value: applyExactly(e, operands), error: 0, doubt };
}

function applyToFloats(e: Apply, operands: readonly Measured[], scope: Scope): Measured {
  const meaning = isCoreOp(e.op) ? known(OPS[e.op].float, `${e.op} of floats`) : DERIVED_OPS[e.op].reference;
  const f = (a = Number.NaN, b = Number.NaN, c = Number.NaN): number | boolean => meaning(a, b, c);
  const result = f(...operands.map((o) => Number(o.value)));
  if (typeof result === "boolean") {
    const [a, b] = operands;
    const doubt = scope.measured && a !== undefined && b !== undefined ? comparisonDoubt(a, b) : 0;
    return { value: result, error: 0, doubt };
  }
  invariant(e.type !== "index" && isFloat(e.type), `${e.op} gives a float, not ${e.type}`);
  const rounded = roundToDType(e.type, result);
  return scope.measured ? measureFloat(e.op, e.type, (...xs) => Number(f(...xs)), operands, rounded) : exactly(rounded);
}

function applyExactly(e: Apply, operands: readonly Measured[]): Value {
  invariant(isCoreOp(e.op), `${e.op} of ${e.args[0]?.type}`);
  const values = operands.map((o) => o.value);
  const [a, b = false] = values;
  if (typeof a === "boolean") {
    invariant(typeof b === "boolean", `${e.op} of mixed operands`);
    return known(OPS[e.op].bool, `${e.op} of bools`)(a, b, false);
  }
  const type = known(e.args[0], "first operand").type;
  const integers = values.map((v) => (typeof v === "boolean" ? Number(v) : v));
  const result = integerOp(e.op, type, integers);
  invariant(result !== null, () => `${e.op}(${values.join(", ")}) has no value in ${type}`);
  return result;
}

function castTo(e: Cast, scope: Scope): Measured {
  const { value, error, doubt } = evaluate(e.arg, scope);
  const result = convertValue(e.mode, e.arg.type, e.type, value);
  invariant(result !== null, () => `${String(value)} of type ${e.arg.type} has no exact value in ${e.type}`);
  if (!scope.measured) return exactly(result);
  if (e.mode === "bits") return { value: result, error: 0, doubt: Math.max(doubt, doubtOf(error, 0)) };
  if (e.type !== "index" && isFloat(e.type)) {
    const inexact = error > 0 || result !== value;
    return { value: result, error: error + (inexact ? roundingError(e.type, Number(result)) : 0), doubt };
  }
  // A float became discrete: it jumps at integers, but not between -1 and 1, and not where it is saturated.
  const x = Number(value);
  const distance = Math.abs(x) < 1 ? 1 - Math.abs(x) : Math.abs(x - Math.round(x));
  return { value: result, error: 0, doubt: Math.max(doubt, Number.isNaN(x) ? 0 : doubtOf(error, distance)) };
}
