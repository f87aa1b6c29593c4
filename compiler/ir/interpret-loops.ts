/**
 * Runs a program of loops over buffers. Every access is checked against its buffer, an element must be written before it
 * is read, and what is said to be independent (independent, parallel and vector loops) runs in a scrambled order given by
 * a seed. A violation is a compiler bug and throws.
 *
 * Scalar code means what it means in the equations (each float operation rounds once to its dtype), but reductions run by
 * the steps of reducers.ts in their accumulator's dtype, so a float sum may differ from the reference's in its last bits.
 */
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";
import { makeRandom, shuffledRange } from "../support/shuffle.ts";
import { convertValue } from "./convert.ts";
import { DERIVED_OPS } from "./derived-ops.ts";
import { isFloat, roundToDType } from "./dtype.ts";
import type { Apply, Expr, Read, Var } from "./expr.ts";
import { variable } from "./expr.ts";
import type { Accum, Buffer, For, LoopProgram, Stmt } from "./loops.ts";
import { isCoreOp, OPS } from "./ops.ts";
import { merge, step } from "./reducers.ts";
import type { NDArray, Value } from "./values.ts";
import { canonical, countOf, elementOf, integerOp, valueOf } from "./values.ts";

export type LoopOptions = {
  /** Chooses the order of independent iterations. */
  readonly seed?: number;
};

type Stored = {
  readonly buffer: Buffer;
  readonly lo: readonly number[];
  readonly shape: readonly number[];
  readonly data: (Value | undefined)[];
};

/** A reduction step over variables that stand for the accumulator and the arguments. */
type Combination = { readonly accs: readonly Var[]; readonly args: readonly Var[]; readonly results: readonly Expr[] };

type Machine = {
  readonly buffers: Map<string, Stored>;
  readonly variables: Map<string, Value>;
  readonly combinations: Map<Accum, Combination>;
  readonly random: () => number;
};

/**
 * The output buffers by id, in the program's order. `inputs`: one array per input buffer, by id; `dims`: by id of the dim's
 * variable.
 */
export function interpretLoops(
  program: LoopProgram,
  inputs: ReadonlyMap<string, NDArray>,
  dims: ReadonlyMap<string, bigint>,
  options: LoopOptions = {},
): ReadonlyMap<string, NDArray> {
  const m: Machine = {
    buffers: new Map(),
    variables: new Map([...dims].map(([id, n]) => [id, canonical(n)])),
    combinations: new Map(),
    random: makeRandom(options.seed ?? 1),
  };
  for (const b of program.buffers) {
    const stored = allocate(b, m);
    m.buffers.set(b.id, stored);
    if (b.space === "input") fill(stored, known(inputs.get(b.id), `input ${b.name}`));
  }
  for (const nest of program.nests) run(nest.body, m);
  return new Map(
    program.buffers
      .filter((b) => b.space === "output")
      .map((b) => [b.id, contentOf(known(m.buffers.get(b.id), b.name))]),
  );
}

// ---- buffers ----

function allocate(buffer: Buffer, m: Machine): Stored {
  const shape = buffer.extent.map((e) => Math.max(0, indexValue(e, m)));
  const data = Array.from<Value | undefined>({ length: countOf(shape) });
  return { buffer, lo: buffer.lo.map((e) => indexValue(e, m)), shape, data };
}

function fill(stored: Stored, input: NDArray): void {
  const { name, dtype } = stored.buffer;
  invariant(input.dtype === dtype, `${name} is ${dtype}, given ${input.dtype}`);
  invariant(
    input.shape.join() === stored.shape.join(),
    `${name}: [${stored.shape.join()}], given [${input.shape.join()}]`,
  );
  for (const [n, x] of input.data.entries()) stored.data[n] = valueOf(x);
}

function contentOf({ buffer, shape, data }: Stored): NDArray {
  const elements = data.map((x, n) => {
    invariant(x !== undefined, () => `element ${n} of output ${buffer.name} was never written`);
    return elementOf(buffer.dtype, x);
  });
  return { dtype: buffer.dtype, shape, data: elements };
}

/** The buffer and the position in its row-major data; outside is a compiler bug. */
function locate(id: string, index: readonly Expr[], m: Machine): { readonly stored: Stored; readonly offset: number } {
  const stored = known(m.buffers.get(id), `buffer ${id}`);
  invariant(index.length === stored.shape.length, `${index.length} subscripts of ${stored.buffer.name}`);
  let offset = 0;
  for (const [d, e] of index.entries()) {
    const [lo, extent] = [stored.lo[d] ?? 0, stored.shape[d] ?? 0];
    const n = indexValue(e, m) - lo;
    if (n < 0 || n >= extent) {
      throw new InternalError(`${stored.buffer.name}, dim ${d}: ${lo + n} is not in ${lo}..${lo + extent}`);
    }
    offset = offset * extent + n;
  }
  return { stored, offset };
}

// ---- statements ----

function run(s: Stmt, m: Machine): void {
  switch (s.kind) {
    case "for":
      return runLoop(s, m);
    case "seq":
      for (const inner of s.body) run(inner, m);
      return;
    case "if":
      if (evaluate(s.cond, m) === true) run(s.then, m);
      else if (s.otherwise !== null) run(s.otherwise, m);
      return;
    case "alloc":
      m.buffers.set(s.buffer.id, allocate(s.buffer, m));
      run(s.body, m);
      m.buffers.delete(s.buffer.id);
      return;
    case "store": {
      const { stored, offset } = locate(s.buffer, s.index, m);
      invariant(stored.buffer.space !== "input", `a store to input ${stored.buffer.name}`);
      stored.data[offset] = evaluate(s.value, m);
      return;
    }
    case "accum":
      return accumulate(s, m);
    default:
      return unreachable(s);
  }
}

function runLoop(s: For, m: Machine): void {
  const [lo, hi] = [indexValue(s.lo, m), indexValue(s.hi, m)];
  const { loop } = s;
  invariant(loop.kind !== "vector" || hi - lo <= loop.width, () => `${hi - lo} iterations in a vector loop`);
  const inOrder = loop.kind === "serial" || loop.kind === "unroll";
  const times = inOrder ? ascending(lo, hi) : shuffledRange(lo, hi, m.random);
  for (const n of times) {
    m.variables.set(s.variable.id, n);
    run(s.body, m);
  }
}

function* ascending(lo: number, hi: number): Generator<number> {
  for (let n = lo; n < hi; n++) yield n;
}

function accumulate(s: Accum, m: Machine): void {
  if (s.guard !== null && evaluate(s.guard, m) !== true) return;
  const combination = m.combinations.get(s) ?? combinationOf(s, m);
  m.combinations.set(s, combination);
  const places = s.targets.map((t) => locate(t.buffer, t.index, m));
  const args = s.args.map((e) => evaluate(e, m));
  for (const [n, v] of combination.args.entries()) m.variables.set(v.id, known(args[n], `argument ${n} of a step`));
  for (const [n, v] of combination.accs.entries()) m.variables.set(v.id, elementAt(known(places[n], "accumulator")));
  const results = combination.results.map((e) => evaluate(e, m));
  for (const [n, { stored, offset }] of places.entries()) stored.data[offset] = known(results[n], `component ${n}`);
}

/** Names that no program uses: ids of the compiler have no spaces. */
function combinationOf(s: Accum, m: Machine): Combination {
  const accs = s.targets.map((t, n) => {
    const { dtype, name } = known(m.buffers.get(t.buffer), `buffer ${t.buffer}`).buffer;
    return variable(dtype, `accumulator ${n}`, name);
  });
  const args = s.args.map((e, n) => variable(e.type, `argument ${n}`, `argument ${n}`));
  const results = s.merge ? merge(s.reducer, accs, args) : step(s.reducer, accs, args);
  for (const [n, e] of results.entries()) {
    invariant(e.type === accs[n]?.type, `component ${n} of a reduction is ${e.type}, its accumulator ${accs[n]?.type}`);
  }
  return { accs, args, results };
}

// ---- expressions ----

function indexValue(e: Expr, m: Machine): number {
  return Number(evaluate(e, m));
}

function elementAt({ stored, offset }: { readonly stored: Stored; readonly offset: number }): Value {
  const value = stored.data[offset];
  invariant(value !== undefined, () => `element ${offset} of ${stored.buffer.name} is read before it is written`);
  return value;
}

function evaluate(e: Expr, m: Machine): Value {
  switch (e.kind) {
    case "const":
      return valueOf(e.value);
    case "var":
      return known(m.variables.get(e.id), `the value of ${e.name}`);
    case "read":
      return load(e, m);
    case "apply":
      return applyOp(e, m);
    case "select": {
      const cond = evaluate(e.cond, m) === true;
      if (e.lazy) return evaluate(cond ? e.yes : e.no, m);
      const [yes, no] = [evaluate(e.yes, m), evaluate(e.no, m)];
      return cond ? yes : no;
    }
    case "cast": {
      const value = evaluate(e.arg, m);
      const result = convertValue(e.mode, e.arg.type, e.type, value);
      invariant(result !== null, () => `${String(value)} of type ${e.arg.type} has no exact value in ${e.type}`);
      return result;
    }
    case "let":
      m.variables.set(e.variable.id, evaluate(e.value, m));
      return evaluate(e.body, m);
    case "reduce":
      throw new InternalError("a reduction inside an expression of loops");
    default:
      return unreachable(e);
  }
}

function load(e: Read, m: Machine): Value {
  invariant(e.pad === null, `a padded read of ${e.tensor} in loops`);
  return elementAt(locate(e.tensor, e.index, m));
}

function applyOp(e: Apply, m: Machine): Value {
  const [first, second] = e.args;
  const type = known(first, "first operand").type;
  const a = evaluate(known(first, "first operand"), m);
  if (second !== undefined && ((e.op === "and" && a === false) || (e.op === "or" && a === true))) return a;
  const operands = [a, ...e.args.slice(1).map((x) => evaluate(x, m))];
  if (type !== "index" && isFloat(type)) {
    const [x, y, z] = operands.map(Number);
    const meaning = isCoreOp(e.op) ? known(OPS[e.op].float, `${e.op} of floats`) : DERIVED_OPS[e.op].reference;
    const result = meaning(x ?? Number.NaN, y ?? Number.NaN, z ?? Number.NaN);
    return typeof result === "boolean" ? result : roundToDType(type, result);
  }
  invariant(isCoreOp(e.op), `${e.op} of ${type}`);
  if (type === "bool") {
    const [p, q] = operands.map((x) => x === true);
    return known(OPS[e.op].bool, `${e.op} of bools`)(p === true, q === true, false);
  }
  const result = integerOp(
    e.op,
    type,
    operands.map((x) => (typeof x === "boolean" ? Number(x) : x)),
  );
  invariant(result !== null, () => `${e.op}(${operands.join(", ")}) has no value in ${type}`);
  return result;
}
