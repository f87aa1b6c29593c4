/**
 * The head of a kernel: dims, generics, parameters, outputs, `where`. For the outermost kernel every dim is a run-time
 * variable; for a called one dims and tensors are the caller's.
 */
import type { DType } from "../../ir/dtype.ts";
import { DTYPES, isFloat, isInt } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import { RANK_LIMIT } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import { index, lessEqual, variable } from "../../ir/expr.ts";
import { proveAtMost } from "../../analysis/prover.ts";
import { DIM_LIMIT } from "../../analysis/facts.ts";
import { MINUS_ONE, ZERO, asConstant, constant } from "../../analysis/polynomial.ts";
import { spanText } from "../../support/source.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import { mentionsOf } from "./ast-names.ts";
import { rangeBounds } from "./binders.ts";
import type { Context, Env, Instance } from "./context.ts";
import { declare, evaluateScalar } from "./parts.ts";
import { resolveType, sortOf } from "./generics.ts";
import { isCondition } from "./operators.ts";
import type { ProgramTable } from "./program-table.ts";
import type { Scope } from "./scope.ts";
import { shortText } from "./types.ts";
import type { Scalar, TensorSymbol } from "./value.ts";
import { exprOf, isWhole, scalar, typeName } from "./value.ts";

/** A dim that a parameter's shape declares: the places where it stands alone. */
export type DeclaredDim = { readonly name: Ast.Name; readonly isGeneric: boolean };

/**
 * The generics of a kernel, and with them names that stand only in a range type (`ids: i32[N] in 0..V`): no shape gives
 * such a dim, so it is a run-time size given by name, like a generic of kind `dim`.
 */
export function genericsOf(node: Ast.Kernel): readonly Ast.GenericParam[] {
  const declared = new Set([...node.generics, ...node.params].map((g) => g.name.text));
  for (const e of node.params.flatMap((p) => p.type.shape)) {
    const name = aloneIn(e);
    if (name !== null) declared.add(name.text);
  }
  const implied: Ast.GenericParam[] = [];
  for (const { type } of node.params) {
    for (const e of type.range === null ? [] : [type.range.low, type.range.high]) {
      const name = aloneIn(e);
      if (name === null || declared.has(name.text)) continue;
      declared.add(name.text);
      implied.push({ kind: "genericParam", name, sort: { ...name, text: "dim" }, defaultValue: null, span: name.span });
    }
  }
  return [...node.generics, ...implied];
}

/** Dims in order of first mention, `dim` generics among them; reports names that never stand alone. */
export function declaredDims(context: Context, node: Ast.Kernel): readonly DeclaredDim[] | null {
  const all = genericsOf(node);
  const generics = new Set(all.map((g) => g.name.text));
  const dims = new Map<string, DeclaredDim>();
  const explicit = new Set(node.generics.map((g) => g.name.text));
  for (const g of node.generics) if (sortOf(g) === "dim") dims.set(g.name.text, { name: g.name, isGeneric: true });
  for (const { type } of node.params) {
    for (const e of [...type.shape, ...(type.range === null ? [] : [type.range.low, type.range.high])]) {
      const name = aloneIn(e);
      if (name === null || dims.has(name.text) || explicit.has(name.text)) continue;
      if (generics.has(name.text)) dims.set(name.text, { name, isGeneric: true });
      else if (type.shape.includes(e)) dims.set(name.text, { name, isGeneric: false });
    }
  }
  const missing = new Set<string>();
  const params = new Set(node.params.map((p) => p.name.text));
  const numbers = new Set(node.params.flatMap((p) => (p.type.shape.length === 0 ? [p.name.text] : [])));
  const isGiven = (name: string): boolean => dims.has(name) || generics.has(name) || params.has(name);
  for (const p of [...node.params, ...node.outputs]) {
    const { shape, range } = p.type;
    for (const e of [...shape, ...(range === null ? [] : [range.low, range.high])]) {
      for (const name of mentionsOf([e]).names) {
        if (numbers.has(name) && !dims.has(name) && !missing.has(name) && node.params.includes(p)) {
          missing.add(name);
          context.report("E2011", {
            span: e.span,
            message: `a type is made of dims and generics, and \`${name}\` is a parameter`,
            help: [`a size is no parameter: declare it as a generic, <${name}: dim>`],
          });
        }
        if (isGiven(name) || missing.has(name)) continue;
        missing.add(name);
        context.report("E2011", {
          span: e.span,
          message: `the dim \`${name}\` does not stand alone in any parameter's shape, so nothing gives it a value`,
          help: [`declare it as a generic: <${name}: dim>`],
        });
      }
    }
  }
  return missing.size === 0 ? [...dims.values()] : null;
}

/** The name where a shape's expression is one. */
export function aloneIn(e: Ast.Expr): Ast.Name | null {
  return e.kind === "path" && e.names.length === 1 ? e.names[0] : null;
}

/** A run-time variable for each dim; `defaults` are the sizes of those that a call may leave out. */
export function freshDims(
  context: Context,
  dims: readonly DeclaredDim[],
  defaults: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, Scalar> {
  const values = new Map<string, Scalar>();
  for (const { name } of dims) {
    const v = variable("index", context.fresh("d"), name.text);
    const byDefault = defaults.get(name.text);
    context.dims.push(byDefault === undefined ? v : { ...v, byDefault });
    context.facts = context.facts.assumeDim(v.id, `0 <= ${name.text}`);
    context.polys.poly(v); // so that messages know its name
    values.set(
      name.text,
      scalar("index", name.span, () => v, { pure: true }),
    );
  }
  return values;
}

/** Declares dims and generics in the scope of an instance. */
export function declareValues(
  context: Context,
  scope: Scope,
  node: Ast.Kernel,
  dims: readonly DeclaredDim[],
  values: ReadonlyMap<string, Scalar>,
): void {
  for (const { name, isGeneric } of dims) {
    const value = values.get(name.text);
    if (value !== undefined && !isGeneric)
      declare(context, scope, scope, name, { kind: "value", role: "dim", value, span: name.span });
  }
  for (const g of genericsOf(node)) {
    const value = values.get(g.name.text);
    if (value !== undefined)
      declare(context, scope, scope, g.name, { kind: "value", role: "generic", value, span: g.name.span });
  }
}

/** The shape of a parameter or output, each dim from 0; null after a report. */
export function shapeOf(context: Context, env: Env, type: Ast.TypeRef): readonly DimRange[] | null {
  if (!mayHaveRank(context, type)) return null;
  const shape: DimRange[] = [];
  for (const e of type.shape) {
    const hi = dimExpression(context, env, e);
    if (hi === null || !mayBeSize(context, e, exprOf(hi, "index"))) return null;
    shape.push({ lo: index(0), hi: exprOf(hi, "index") });
  }
  return mayHoldElements(context, type, shape) ? shape : null;
}

/** No call has a tensor with more dims than the runtime's tensors have. */
function mayHaveRank(context: Context, type: Ast.TypeRef): boolean {
  if (type.shape.length <= RANK_LIMIT) return true;
  context.report("E2018", {
    span: type.span,
    message: `${type.shape.length} dims are too many for a tensor: there are at most ${RANK_LIMIT}`,
  });
  return false;
}

/** A size that is below 0 or past the greatest for every call is a mistake here; others are checked at the call. */
function mayBeSize(context: Context, e: Ast.Expr, hi: Expr): boolean {
  const { facts, polys } = context;
  const p = polys.poly(hi);
  // A dim by itself lies between the two: nothing is left to prove.
  const { lower, upper } = facts.bounds(p);
  const isNegative = (lower === null || lower < 0n) && proveAtMost(facts, p, MINUS_ONE).proved;
  const isGreat = (): boolean =>
    (upper === null || upper >= DIM_LIMIT) && proveAtMost(facts, constant(DIM_LIMIT), p).proved;
  if (!isNegative && !isGreat()) return true;
  const [text, value] = [shortText(e.span), polys.print(p)];
  context.report("E2018", {
    span: e.span,
    message: `${text === value ? `\`${text}\`` : `\`${text}\`, which is ${value},`} is no size`,
    label: isNegative ? "below 0" : "a dim is below 2**31",
    help: isNegative ? ["write a size that is at least 0"] : [],
  });
  return false;
}

/** So is a tensor whose sizes are numbers and multiply to more elements than any call may have. */
function mayHoldElements(context: Context, type: Ast.TypeRef, shape: readonly DimRange[]): boolean {
  const sizes = shape.map((d) => asConstant(context.polys.poly(d.hi)));
  const elements = sizes.reduce((all, n) => (all === null || n === null ? null : all * n), 1n);
  if (elements === null || elements < DIM_LIMIT) return true;
  context.report("E2018", {
    span: type.span,
    message: `${elements} elements are too many for a tensor: there are fewer than 2**31`,
  });
  return false;
}

/** An integer over dims and generics. */
function dimExpression(context: Context, env: Env, e: Ast.Expr): Scalar | null {
  const value = evaluateScalar(context, env, e);
  if (value === null) return null;
  if (value.type === "index" && value.pure) return value;
  context.report("E2011", {
    span: e.span,
    message: `a shape is made of dims and generics, and this is ${value.type === "index" ? "read from data" : typeName(value.type)}`,
    help: sizeHelp(env, [e]),
  });
  return null;
}

/** A number parameter that is used as a size is a generic: sizes are known before the data. */
export function sizeHelp(env: Env, exprs: readonly Ast.Expr[]): readonly string[] {
  for (const name of mentionsOf(exprs).names) {
    const entity = env.scope.find(name);
    if (entity?.kind !== "tensor" || entity.symbol.dims.length > 0) continue;
    const { dtype } = entity.symbol;
    return [
      dtype !== null && dtype !== "unknown" && isFloat(dtype)
        ? `declare \`${name}\` as a generic, which is known before the data: <${name}: float>`
        : `a size is no parameter: declare it as a generic, <${name}: dim>`,
    ];
  }
  return [];
}

/** A range type over dims and generics. */
export function declaredRange(context: Context, env: Env, range: Ast.Range | null): DimRange | null {
  if (range === null) return null;
  const bounds = rangeBounds(context, env, range);
  if (bounds === null) return null;
  if (bounds.low.pure && bounds.high.pure) return { lo: exprOf(bounds.low, "index"), hi: exprOf(bounds.high, "index") };
  context.report("E2011", {
    span: range.span,
    message: "a range type is made of dims and generics, not of data",
    help: sizeHelp(env, [range.low, range.high]),
  });
  return null;
}

/** A tensor as its declaration says; null after a report. */
export function declaredTensor(context: Context, env: Env, p: Ast.Param, name: string): TensorSymbol | null {
  const dtype = resolveType(context, p.type.dtype, env.types);
  const shape = shapeOf(context, env, p.type);
  const values = declaredRange(context, env, p.type.range);
  if (dtype === null || shape === null || (p.type.range !== null && values === null)) return null;
  if (values !== null && !isWhole(dtype)) {
    context.report("E2023", {
      span: p.type.span,
      message: `a range is for integers, and \`${p.name.text}\` is ${dtype}`,
      help: ["remove the range"],
    });
  }
  if (values !== null && p.type.range !== null && !env.types.has(p.type.dtype.text)) {
    refuseWideRange(context, p.type.range, values, dtype);
  }
  return newTensor(context, { name, span: p.name.span, dtype, dims: shape.map((range) => ({ range })), values });
}

function isPast(e: Expr, least: bigint, most: bigint): boolean {
  return e.kind === "const" && typeof e.value === "bigint" && (e.value < least || e.value > most);
}

/** A range with an end that no value of the dtype can reach says something else than was meant. */
function refuseWideRange(context: Context, range: Ast.Range, { lo, hi }: DimRange, dtype: DType): void {
  if (!isInt(dtype)) return;
  const { min, max } = DTYPES[dtype];
  const isLow = isPast(lo, min, max);
  if (!isLow && !isPast(hi, min, max + 1n)) return;
  context.report("E2024", {
    span: (isLow ? range.low : range.high).span,
    message: `the range \`${spanText(range.span)}\` is wider than ${dtype}: ${dtype} holds ${min} to ${max}`,
    help: [`write ${isLow ? min : max + 1n}`, "take a wider dtype"],
  });
}

export function newTensor(context: Context, t: Omit<TensorSymbol, "id">): TensorSymbol {
  const symbol = { ...t, id: context.fresh("t") };
  context.tensors.set(symbol.id, symbol);
  return symbol;
}

/** One `where` condition: the expression, or whether it is decided already; null after a report. */
export type Condition = { readonly expr: Expr; readonly text: string; readonly span: Span };

export function whereConditions(context: Context, env: Env, node: Ast.Kernel): readonly Condition[] | null {
  const conditions: Condition[] = [];
  let fine = true;
  for (const e of node.where) {
    const value = evaluateScalar(context, env, e);
    if (value === null || !isCondition(context, value)) fine = false;
    else if (value.constant === true) continue;
    else if (value.constant === false) {
      fine = false;
      reportFalse(context, env, e);
    } else if (!value.pure) {
      fine = false;
      context.report("E2015", {
        span: e.span,
        message: "a `where` condition is over dims and generics, not over data",
        help: sizeHelp(env, [e]),
      });
    } else conditions.push({ expr: exprOf(value, "bool"), text: spanText(e.span), span: e.span });
  }
  return fine ? conditions : null;
}

function reportFalse(context: Context, env: Env, e: Ast.Expr): void {
  const known = [...mentionsOf([e]).names].flatMap((name) => {
    const entity = env.scope.find(name);
    const value = entity?.kind === "value" && entity.value.kind === "scalar" ? entity.value.constant : null;
    return value === null ? [] : [`${name} = ${String(value)}`];
  });
  const { call } = env.instance;
  context.report("E2015", {
    span: call ?? e.span,
    message: `\`where ${shortText(e.span)}\` does not hold${known.length === 0 ? "" : ` for ${known.join(", ")}`}`,
    related: call === null ? [] : [{ span: e.span, message: `required by \`${env.instance.kernel}\` here` }],
  });
}

/** Dims of declared shapes that may be negative become conditions of the call. */
export function naturalDims(
  context: Context,
  params: readonly Ast.Param[],
  symbols: readonly TensorSymbol[],
): readonly Condition[] {
  const conditions: Condition[] = [];
  const seen = new Set<string>();
  symbols.forEach((t, n) => {
    t.dims.forEach((d, k) => {
      const shape = params[n]?.type.shape[k];
      if (d.range === null || shape === undefined) return;
      const p = context.polys.poly(d.range.hi);
      if (seen.has(p.key) || proveAtMost(context.facts, ZERO, p).proved) return;
      seen.add(p.key);
      conditions.push({
        expr: lessEqual(index(0), d.range.hi),
        text: `0 <= ${spanText(shape.span)}`,
        span: shape.span,
      });
    });
  });
  return conditions;
}

/** A place at the top of an instance. */
export function topOf(instance: Instance, module: ProgramTable, calls: Env["calls"]): Env {
  return {
    instance,
    module,
    scope: instance.scope,
    types: instance.types,
    stage: null,
    depth: 0,
    nesting: 0,
    calls,
    origin: null,
    subscript: false,
    hidden: null,
    isFn: false,
    equation: null,
    block: null,
  };
}

export function emptyInstance(kernel: string, scope: Scope, more: Partial<Instance> = {}): Instance {
  const types: ReadonlyMap<string, DType> = new Map();
  return {
    kernel,
    scope,
    types,

    prefix: "",
    call: null,
    stages: [],
    accesses: [],
    indices: [],
    ...more,
  };
}
