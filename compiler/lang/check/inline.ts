/**
 * Kernels called in kernels. The callee's dims are found by unifying its parameters' shapes with the arguments, its
 * `where` and its shapes are proved from what the caller knows, and its equations are checked anew with the caller's
 * tensors; its stages get dotted names.
 */
import { proveCondition, proveEqual } from "../../analysis/prover.ts";
import type { DType } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import { Diagnostics } from "../../support/diagnostics.ts";
import { known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Context, DeclaredOutput, Env, Instance, StageSymbol } from "./context.ts";
import { LIMITS } from "./context.ts";
import { uniqueStage } from "./declare-equations.ts";
import { asScalar, declare, evaluate } from "./parts.ts";
import { mayExpand } from "./fns.ts";
import type { BoundGenerics } from "./generics.ts";
import { bindGenerics, inferTypes, resolveType, splitArguments } from "./generics.ts";
import type { DeclaredDim } from "./header.ts";
import {
  aloneIn,
  declaredDims,
  declaredRange,
  declaredTensor,
  declareValues,
  emptyInstance,
  genericsOf,
  naturalDims,
  newTensor,
  shapeOf,
  topOf,
  whereConditions,
} from "./header.ts";
import { settle } from "./indexed-equations.ts";
import { inferRanges } from "./ranges.ts";
import { Scope } from "./scope.ts";
import { shortText } from "./types.ts";
import type { Scalar, TensorSymbol, TensorValue, Value, ValueType } from "./value.ts";
import { exprOf, poison, rangeOf, scalar, typeName } from "./value.ts";
import { materialise } from "./whole-equations.ts";

/** One output of a call. */
export type KernelResult = { readonly name: string; readonly value: TensorValue };

/** A call inside an expression: its stages are called after the kernel. */
export function callKernel(context: Context, env: Env, e: Ast.Call, node: Ast.Kernel, name: string | null): Value {
  const results = inlineKernel(context, env, e, node, name);
  if (results === null) return poison(e.span);
  const values = results.map((r): Value => (r.value.dims.length === 0 ? r.value.at([]) : { ...r.value, span: e.span }));
  const [only, other] = values;
  if (only !== undefined && other === undefined) return only;
  return { kind: "tuple", elements: values, names: results.map((r) => r.name), span: e.span };
}

/** Inlines a kernel; its outputs, or null after a report. */
export function inlineKernel(
  context: Context,
  env: Env,
  e: Ast.Call,
  node: Ast.Kernel,
  name: string | null,
): readonly KernelResult[] | null {
  const given = splitArguments(context, node.name.text, e, node.params, genericsOf(node));
  const values = (given?.positional ?? []).map((a) => argument(context, env, a));
  if (given === null || !mayExpand(context, env, node.name.text, e.span)) return null;
  if (!context.recording) return null; // types of a recurrence are being inferred; calls are refused there
  if (context.program.wrong.has(node.name.text)) return null; // its own mistakes have been reported
  const prefix = `${env.instance.prefix}${uniqueCall(context, env, name ?? node.name.text)}.`;
  const symbols = values.map((v, n) =>
    argumentTensor(context, env, v, known(node.params[n], "a parameter"), given.positional[n], prefix),
  );
  const dims = declaredDims(context, node);
  const args: TensorSymbol[] = symbols.filter((s) => s !== null);
  if (dims === null || args.length < symbols.length) return null;
  const inferred = inferTypes(
    genericsOf(node),
    node.params,
    args.map((a): ValueType => a.dtype ?? "unknown"),
  );
  const unified = unifyDims(node, dims, args, given.positional);
  const sources = { args: given.named, env, given: new Map(), inferred, dims: unified, span: e.span };
  const generics = bindGenerics(context, genericsOf(node), sources);
  if (!generics.complete) return null;
  const bound = new Map([...unified, ...generics.values]);
  const missing = dims.find((d) => !bound.has(d.name.text));
  if (missing !== undefined) {
    context.report("E2016", {
      span: e.span,
      message: `nothing gives the dim \`${missing.name.text}\` of \`${node.name.text}\``,
      help: [`write ${missing.name.text} = … in the call`],
    });
    return null;
  }
  return expandKernel(context, env, { e, node, prefix, dims, bound, generics, args, positional: given.positional });
}

type Expansion = {
  readonly e: Ast.Call;
  readonly node: Ast.Kernel;
  readonly prefix: string;
  readonly dims: readonly DeclaredDim[];
  readonly bound: ReadonlyMap<string, Scalar>;
  readonly generics: BoundGenerics;
  readonly args: readonly TensorSymbol[];
  readonly positional: readonly Ast.Argument[];
};

function expandKernel(context: Context, env: Env, x: Expansion): readonly KernelResult[] | null {
  const { node, e } = x;
  const scope = new Scope();
  const instance = emptyInstance(context, node.name.text, scope, {
    prefix: x.prefix,
    call: e.span,
    types: x.generics.types,
  });
  declareValues(context, scope, node, x.dims, x.bound);
  const inside = topOf(instance, [...env.calls, node.name.text]);
  const outer = { diagnostics: context.diagnostics, facts: context.facts };
  context.diagnostics = new Diagnostics();
  const results = expandInside(context, inside, x);
  const reports = context.diagnostics.list;
  context.diagnostics = outer.diagnostics;
  context.facts = outer.facts;
  for (const d of reports) {
    const isHere =
      d.span !== null && d.span.source === e.span.source && d.span.start >= e.span.start && d.span.end <= e.span.end;
    const related = isHere
      ? d.related
      : [...d.related, { span: e.span, message: `in this call of \`${node.name.text}\`` }];
    context.diagnostics.add({ ...d, related });
  }
  return reports.some((d) => d.severity === "error") ? null : results;
}

function expandInside(context: Context, inside: Env, x: Expansion): readonly KernelResult[] | null {
  const { node, args } = x;
  const { scope } = inside.instance;
  let fine = true;
  for (const [n, p] of node.params.entries()) {
    const arg = known(args[n], "an argument");
    const place = known(x.positional[n], "an argument");
    if (!acceptsArgument(context, inside, p, arg, place, node.name.text)) fine = false;
    declare(context, scope, scope, p.name, { kind: "tensor", symbol: arg, span: p.name.span });
  }
  if (!fine || !proveWhere(context, inside, x)) return null;
  const outputs = declareOutputs(context, inside, node);
  if (outputs === null) return null;
  for (const c of naturalDims(
    context,
    node.outputs,
    [...outputs.values()].map((o) => o.symbol),
  )) {
    // What the callee leaves to its call is left to the call of the outermost kernel.
    context.where.push({ condition: c.expr, text: `${c.text} in ${node.name.text}`, span: x.e.span });
    context.facts = context.facts.assume(context.polys.condition(c.expr, context.facts), c.text);
  }
  const results = context.language.checkEquations(context, inside, node, outputs);
  if (results === null) return null;
  return node.outputs.flatMap((o) => {
    const value = results.get(o.name.text);
    return value === undefined ? [] : [{ name: o.name.text, value }];
  });
}

/** Tensors for the declared outputs, in scope; null after a report. */
export function declareOutputs(
  context: Context,
  env: Env,
  node: Ast.Kernel,
): ReadonlyMap<string, DeclaredOutput> | null {
  const outputs = new Map<string, DeclaredOutput>();
  let fine = true;
  for (const p of node.outputs) {
    const symbol = declaredTensor(context, env, p, `${env.instance.prefix}${p.name.text}`);
    if (symbol === null) {
      fine = false;
      continue;
    }
    if (!declare(context, env.scope, env.instance.scope, p.name, { kind: "tensor", symbol, span: p.name.span }))
      fine = false;
    if (symbol.values !== null && p.type.range !== null)
      context.claims.push({
        tensor: symbol.id,
        ...symbol.values,
        span: p.type.range.span,
        why: `the output \`${p.name.text}\` is declared in this range`,
      });
    outputs.set(p.name.text, { name: p.name.text, symbol, param: p, result: null });
  }
  return fine ? outputs : null;
}

// ---- arguments ----

/** Arguments of a kernel call are tensors or numbers of the whole kernel: the indices of an equation are not seen. */
function argument(context: Context, env: Env, a: Ast.Argument): Value {
  if (a.value.kind === "string") {
    context.report("E2013", { span: a.value.span, message: "a text has no meaning here" });
    return poison(a.span);
  }
  return evaluate(context, { ...env, scope: env.instance.scope, depth: 0, subscript: false, equation: null }, a.value);
}

/** The tensor of an argument; a value that is none yet becomes a stage. */
function argumentTensor(
  context: Context,
  env: Env,
  value: Value,
  param: Ast.Param,
  place: Ast.Argument | undefined,
  prefix: string,
): TensorSymbol | null {
  const span = place?.span ?? value.span;
  if (value.kind === "tensor" && value.symbol !== null) {
    if (value.dims.some((d) => d.range === null)) inferRanges(context, env.instance, false);
    if (value.dims.every((d) => d.range !== null)) return value.symbol;
    context.report("E2007", {
      span,
      message: `the shape of \`${value.symbol.name}\` is not known here`,
      help: [`write the range of its indices: ${value.symbol.name}[i in 0..N] = …`],
    });
    return null;
  }
  if (value.kind === "tensor") {
    const name = `${env.instance.prefix}${uniqueCall(context, env, value.hint)}`;
    const symbol = newTensor(context, { name, span: value.span, dtype: "unknown", dims: value.dims, values: null });
    const stage = materialise(context, env, value, name, symbol, value.span);
    return stage.outputs[0]?.value.kind === "poison" ? null : symbol;
  }
  const scalarValue = asScalar(context, value, span);
  return scalarValue === null ? null : numberTensor(context, env, scalarValue, param, prefix);
}

/** A number given to a scalar parameter: a stage without axes, unless it is a scalar tensor already. */
function numberTensor(
  context: Context,
  env: Env,
  value: Scalar,
  param: Ast.Param,
  prefix: string,
): TensorSymbol | null {
  const name = `${prefix}${param.name.text}`;
  const dtype = value.type === "index" || value.type === "real" ? resolveWeak(context, env, param) : null;
  const symbol = newTensor(context, { name, span: value.span, dtype: dtype ?? "unknown", dims: [], values: null });
  const settled = settle(context, value, symbol, { kind: "boolean", value: true, span: value.span });
  if (settled.kind === "poison") return null;
  const stage: StageSymbol = {
    name: uniqueStage(context, name),
    span: value.span,
    axes: [],
    outputs: [{ symbol, value: settled }],
    rec: false,
    inits: [],
    group: null,
  };
  env.instance.stages.push(stage);
  return symbol;
}

/** The dtype that a weak number takes from the parameter, where that is a plain one. */
function resolveWeak(context: Context, env: Env, param: Ast.Param): DType | null {
  return context.quietly(() => resolveType(context, param.type.dtype, env.types));
}

/** A name for an anonymous call or stage: `relu`, then `relu_2`. */
function uniqueCall(context: Context, env: Env, name: string): string {
  const { prefix } = env.instance;
  let unique = name;
  const taken = (n: string): boolean =>
    [...context.stageNames].some((s) => s === `${prefix}${n}` || s.startsWith(`${prefix}${n}.`));
  for (let n = 2; taken(unique); n++) unique = `${name}_${n}`;
  return unique;
}

// ---- unification and proofs ----

/** Dims from where they stand alone in a parameter's shape. */
function unifyDims(
  node: Ast.Kernel,
  dims: readonly DeclaredDim[],
  args: readonly TensorSymbol[],
  places: readonly Ast.Argument[],
): ReadonlyMap<string, Scalar> {
  const names = new Set(dims.map((d) => d.name.text));
  const unified = new Map<string, Scalar>();
  node.params.forEach((p, n) => {
    p.type.shape.forEach((e, k) => {
      const name = aloneIn(e)?.text;
      const range = args[n]?.dims[k]?.range ?? null;
      if (name === undefined || !names.has(name) || unified.has(name) || range === null) return;
      const span = places[n]?.span ?? e.span;
      unified.set(
        name,
        scalar("index", span, () => range.hi, { pure: true }),
      );
    });
  });
  return unified;
}

/** Does an argument fit the parameter's dtype, rank and shape? Its range type becomes a claim. */
function acceptsArgument(
  context: Context,
  inside: Env,
  p: Ast.Param,
  arg: TensorSymbol,
  place: Ast.Argument,
  callee: string,
): boolean {
  const related = [{ span: p.span, message: "the parameter is declared here" }];
  const dtype = resolveType(context, p.type.dtype, inside.types);
  if (dtype === null || arg.dtype === null) return false;
  if (dtype !== arg.dtype) {
    context.report("E2021", {
      span: place.span,
      message: `parameter \`${p.name.text}\` of \`${callee}\` is ${dtype}, and this is ${typeName(arg.dtype)}`,
      related,
      help: [`write ${dtype}(${shortText(place.span)})`],
    });
    return false;
  }
  const shape = shapeOf(context, inside, p.type);
  if (shape === null) return false;
  if (shape.length !== arg.dims.length) {
    context.report("E2012", {
      span: place.span,
      message: `parameter \`${p.name.text}\` of \`${callee}\` has ${shape.length} dims, and this has ${arg.dims.length}`,
      related,
    });
    return false;
  }
  const unequal = shape.findIndex((d, k) => !sameRange(context, d, rangeOf(known(arg.dims[k], "a dim"))));
  if (unequal >= 0) {
    reportUnequal(
      context,
      p,
      place,
      known(shape[unequal], "a dim"),
      rangeOf(known(arg.dims[unequal], "a dim")),
      unequal,
    );
    return false;
  }
  const values = declaredRange(context, inside, p.type.range);
  if (values !== null)
    context.claims.push({
      tensor: arg.id,
      ...values,
      span: place.span,
      why: `parameter \`${p.name.text}\` of \`${callee}\` is declared in ${shortText(p.type.range?.span ?? p.span)}`,
    });
  return true;
}

function sameRange(context: Context, a: DimRange, b: DimRange): boolean {
  const { polys, facts } = context;
  return (
    proveEqual(facts, polys.poly(a.hi), polys.poly(b.hi)).proved &&
    proveEqual(facts, polys.poly(a.lo), polys.poly(b.lo)).proved
  );
}

function reportUnequal(
  context: Context,
  p: Ast.Param,
  place: Ast.Argument,
  want: DimRange,
  has: DimRange,
  k: number,
): void {
  const { polys } = context;
  const [wanted, found] = [polys.print(polys.poly(want.hi)), polys.print(polys.poly(has.hi))];
  const startsAt = polys.print(polys.poly(has.lo));
  context.report("E2012", {
    span: place.span,
    message:
      startsAt === "0"
        ? `dim ${k} of \`${p.name.text}\` is ${wanted} here, and this has ${found}`
        : `dim ${k} of this tensor starts at ${startsAt}, and a parameter starts at 0`,
    notes: startsAt === "0" ? [`${wanted} == ${found} is not provable`] : [],
    related: [{ span: p.span, message: "the parameter is declared here" }],
    help: startsAt === "0" ? [`add where ${wanted} == ${found} to the kernel around`] : [],
  });
}

/** The callee's conditions must follow from the caller's; inside the callee they are facts. */
function proveWhere(context: Context, inside: Env, x: Expansion): boolean {
  const conditions = whereConditions(context, inside, x.node);
  if (conditions === null) return false;
  let fine = true;
  for (const c of conditions) {
    const { polys } = context;
    const condition = polys.condition(c.expr, context.facts);
    if (!proveCondition(context.facts, condition).proved) {
      fine = false;
      const inCaller = printCondition(context, c.expr);
      context.report("E2017", {
        span: x.e.span,
        message: `\`${x.node.name.text}\` needs \`${c.text}\`, which is not proved here`,
        notes: inCaller === null || inCaller === c.text ? [] : [`here that is ${inCaller}`],
        related: [{ span: c.span, message: "required here" }],
        help: [`add where ${inCaller ?? c.text} to the kernel around`],
      });
    }
    context.facts = context.facts.assume(condition, `where ${c.text}`);
  }
  return fine;
}

/** A comparison in the caller's terms; null where it is not a simple one. */
function printCondition(context: Context, e: ReturnType<typeof exprOf>): string | null {
  const words = { lt: "<", le: "<=", eq: "==", ne: "!=" } as const;
  if (e.kind !== "apply" || !Object.hasOwn(words, e.op)) return null;
  const [a, b] = e.args;
  if (a === undefined || b === undefined || a.type !== "index" || b.type !== "index") return null;
  const { polys } = context;
  return `${polys.print(polys.poly(a))} ${words[e.op as keyof typeof words]} ${polys.print(polys.poly(b))}`;
}

/** Is there room for more stages? */
export function withinStageLimit(context: Context, instance: Instance, span: Span, calls: readonly string[]): boolean {
  if (context.stageNames.size <= LIMITS.stages) return true;
  context.exhaust(span, `more than ${LIMITS.stages} stages in \`${instance.kernel}\``, calls);
  return false;
}
