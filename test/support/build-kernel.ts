/**
 * Builds kernels of equations (L1) in a few lines, for tests that start below the front end. It gives ids, spans and
 * recurrence groups, and checks nothing: verify-equations.ts does, so tests can build wrong kernels too.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { DimRange, InitialSlices, Kernel, Stage, Step, Tensor } from "../../compiler/ir/equations.ts";
import type {
  Axis,
  BuiltinReducer,
  Expr,
  Pad,
  Read,
  Reduce,
  Reducer,
  ScalarType,
  Var,
} from "../../compiler/ir/expr.ts";
import { index, read, reduce, variable } from "../../compiler/ir/expr.ts";
import { resultTypes } from "../../compiler/ir/reducers.ts";
import { makeSource } from "../../compiler/support/source.ts";

const span = { source: makeSource("<test>", ""), start: 0, end: 0 };

/** A subscript or bound: a plain number is an index constant. */
export type Index = Expr | number;
/** Axes as `name: hi` or `name: [lo, hi]`, first outermost. */
export type AxisSpec = Readonly<Record<string, Index | readonly [Index, Index]>>;
type ReadOptions = { readonly pad?: Pad; readonly guarded?: boolean };
type Body<T> = (...axes: readonly Var[]) => T;
type Initial = { readonly axes: AxisSpec; readonly body: Body<Expr> };

const toIndex = (x: Index): Expr => (typeof x === "number" ? index(x) : x);

/** A tensor and how to read it: `A.at(i, k)`. */
export type Handle = { readonly tensor: Tensor; readonly at: (...subscripts: readonly Index[]) => Read };

/** A read with a pad or a `guarded` mark. */
export function readAt(t: Handle, subscripts: readonly Index[], options: ReadOptions = {}): Read {
  return read(t.tensor.dtype, t.tensor.id, subscripts.map(toIndex), options);
}

function handleOf(tensor: Tensor): Handle {
  return { tensor, at: (...subscripts) => read(tensor.dtype, tensor.id, subscripts.map(toIndex)) };
}

function bounds(b: Index | readonly [Index, Index]): readonly [Expr, Expr] {
  return typeof b === "object" && !("kind" in b) ? [toIndex(b[0]), toIndex(b[1])] : [index(0), toIndex(b)];
}

function rangesOf(axes: readonly Axis[]): readonly DimRange[] {
  return axes.map(({ lo, hi }) => ({ lo, hi }));
}

function variablesOf(axes: readonly Axis[]): readonly Var[] {
  return axes.map((a) => a.variable);
}

/** A stage's dtype is its body's. */
function asDType(type: ScalarType): DType {
  if (type === "index") throw new Error("a tensor cannot hold indices: cast");
  return type;
}

function stageOf(name: string, axes: readonly Axis[], defined: readonly { tensor: Tensor; body: Expr }[]): Stage {
  return { name, axes, span, outputs: defined.map((d) => ({ ...d, init: [] })) };
}

/** Collects a kernel; the order of calls is the order of parameters, steps and outputs. */
export class KernelBuilder {
  readonly #name: string;
  readonly #dims: Var[] = [];
  readonly #params: Tensor[] = [];
  readonly #steps: Step[] = [];
  readonly #outputs: { name: string; tensor: string; dims: readonly DimRange[] }[] = [];
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }

  #axes(spec: AxisSpec): readonly Axis[] {
    return Object.entries(spec).map(([name, b]) => {
      const [lo, hi] = bounds(b);
      return { variable: variable("index", this.#fresh("x"), name), lo, hi };
    });
  }

  #tensor(name: string, dtype: DType, dims: readonly DimRange[]): Tensor {
    return { id: this.#fresh("t"), name, dtype, dims, values: null, span };
  }

  dim(name: string): Var {
    const v = variable("index", this.#fresh("d"), name);
    this.#dims.push(v);
    return v;
  }

  param(name: string, dtype: DType, shape: readonly Index[]): Handle {
    const dims = shape.map((hi) => ({ lo: index(0), hi: toIndex(hi) }));
    const t = this.#tensor(name, dtype, dims);
    this.#params.push(t);
    return handleOf(t);
  }

  /** A variable for a `let` or a reducer. */
  variable(name: string, type: ScalarType): Var {
    return variable(type, this.#fresh("v"), name);
  }

  stage(name: string, spec: AxisSpec, body: Body<Expr>): Handle {
    const axes = this.#axes(spec);
    const e = body(...variablesOf(axes));
    const tensor = this.#tensor(name, asDType(e.type), rangesOf(axes));
    this.#steps.push({ kind: "stage", stage: stageOf(name, axes, [{ tensor, body: e }]) });
    return handleOf(tensor);
  }

  /** A stage with several outputs. */
  tuple(names: readonly string[], spec: AxisSpec, bodies: Body<readonly Expr[]>): readonly Handle[] {
    const axes = this.#axes(spec);
    const defined = bodies(...variablesOf(axes)).map((body, n) => {
      return { tensor: this.#tensor(names[n] ?? "", asDType(body.type), rangesOf(axes)), body };
    });
    this.#steps.push({ kind: "stage", stage: stageOf(names.join("_"), axes, defined) });
    return defined.map((d) => handleOf(d.tensor));
  }

  /** A recurrence of one member over the first axis of `spec`; `inits` define the slices -lag..0. */
  rec(
    name: string,
    dtype: DType,
    spec: AxisSpec,
    options: { readonly lag: number; readonly inits: readonly Initial[] },
    body: (self: Handle, ...axes: readonly Var[]) => Expr,
  ): Handle {
    const axes = this.#axes(spec);
    const ranges = rangesOf(axes).map((r, d) => (d === 0 ? { lo: index(-options.lag), hi: r.hi } : r));
    const tensor = this.#tensor(name, dtype, ranges);
    const init = options.inits.map((i): InitialSlices => {
      const own = this.#axes(i.axes);
      return { axes: own, body: i.body(...variablesOf(own)) };
    });
    const output = { tensor, body: body(handleOf(tensor), ...variablesOf(axes)), init };
    const member: Stage = { name, axes, span, outputs: [output] };
    this.#steps.push({ kind: "recurrence", time: 0, members: [member], lag: options.lag });
    return handleOf(tensor);
  }

  /** All components of a reduction, with one id. The arguments of argmax and argmin are the value alone. */
  components(
    reducer: BuiltinReducer | Reducer,
    spec: AxisSpec,
    body: Body<readonly Expr[] | Expr>,
    guard: Body<Expr> | null = null,
  ): readonly Reduce[] {
    const axes = this.#axes(spec);
    const made = body(...variablesOf(axes));
    const args: readonly Expr[] = "kind" in made ? [made] : made;
    const r: Reducer = typeof reducer === "string" ? { kind: "builtin", name: reducer } : reducer;
    const types = resultTypes(
      r,
      args.map((e) => e.type),
    );
    const id = this.#fresh("r");
    const condition = guard?.(...variablesOf(axes)) ?? null;
    return types.map((type, component) => reduce({ id, type, reducer: r, axes, guard: condition, args, component }));
  }

  /** The first component of a reduction. */
  reduce(
    reducer: BuiltinReducer | Reducer,
    spec: AxisSpec,
    body: Body<readonly Expr[] | Expr>,
    guard: Body<Expr> | null = null,
  ): Reduce {
    const [first] = this.components(reducer, spec, body, guard);
    if (first === undefined) throw new Error("a reducer without components");
    return first;
  }

  /** Declares outputs; slices below 0 are not part of them. */
  output(...tensors: readonly Handle[]): void {
    for (const { tensor } of tensors) {
      const dims = tensor.dims.map((d) => ({ lo: index(0), hi: d.hi }));
      this.#outputs.push({ name: tensor.name, tensor: tensor.id, dims });
    }
  }

  build(): Kernel {
    const [name, dims, params, outputs, steps] = [this.#name, this.#dims, this.#params, this.#outputs, this.#steps];
    return { name, dims, params, outputs, steps, where: [], span };
  }
}
