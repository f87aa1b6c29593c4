/**
 * Kernels called in kernels. The callee's dims are found by unifying its parameters' shapes with the arguments, its
 * `where` and its shapes are proved from what the caller knows, and its equations are checked anew with the caller's
 * tensors; its stages get dotted names.
 */
import { proveCondition } from "../../analysis/prover.ts";
import type { DType } from "../../ir/dtype.ts";
import { isDType } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import { Diagnostics } from "../../support/diagnostics.ts";
import { known } from "../../support/invariant.ts";
import type * as Ast from "../ast.ts";
import { acceptsArgument, argumentTensor, callArgument, hasRank, unifyDims, uniqueCall } from "./call-arguments.ts";
import type { Context, DeclaredOutput, Env } from "./context.ts";
import { LIMITS } from "./context.ts";
import { mayExpand } from "./fns.ts";
import type { BoundGenerics } from "./generics.ts";
import { bindGenerics, dtypesOf, inferTypes } from "./generics.ts";
import { splitArguments } from "./split-arguments.ts";
import type { DeclaredDim } from "./header.ts";
import {
  declaredDims,
  declaredTensor,
  declareValues,
  emptyInstance,
  genericsOf,
  naturalDims,
  topOf,
  whereConditions,
} from "./header.ts";
import { declare } from "./parts.ts";
import type { KernelEntity, ProgramTable } from "./program-table.ts";
import { Scope } from "./scope.ts";
import type { Scalar, TensorSymbol, TensorValue, Value, ValueType } from "./value.ts";
import { poison, typeOnly } from "./value.ts";

/** One output of a call. */
export type KernelResult = { readonly name: string; readonly value: TensorValue };

/** A number that has no dtype of its own. */
function isWeak(value: Value): boolean {
  return value.kind === "scalar" && (value.type === "index" || value.type === "real");
}

/** A call inside an expression: its stages are called after the kernel. */
export function callKernel(context: Context, env: Env, e: Ast.Call, callee: KernelEntity, name: string | null): Value {
  const { node } = callee;
  if (env.isFn) {
    context.report("E2014", {
      span: e.callee.span,
      message: `\`${node.name.text}\` is a kernel, and a function works on numbers`,
      help: ["make the caller a kernel, too"],
    });
    return poison(e.span);
  }
  if (!context.recording) return resultTypes(node, e);
  const results = inlineKernel(context, env, e, callee, name);
  if (results === null) return poison(e.span);
  const values = results.map((r): Value => (r.value.dims.length === 0 ? r.value.at([]) : { ...r.value, span: e.span }));
  const [only, other] = values;
  if (only !== undefined && other === undefined) return only;
  return { kind: "tuple", elements: values, names: results.map((r) => r.name), span: e.span };
}

/** While types are inferred a call is not expanded: its declared dtype is what matters. */
function resultTypes(node: Ast.Kernel, e: Ast.Call): Value {
  const [first, second] = node.outputs;
  const word = first.type.dtype.text;
  return second === undefined && first.type.shape.length === 0
    ? typeOnly(isDType(word) ? word : "unknown", e.span)
    : poison(e.span);
}

/** Inlines a kernel; its outputs, or null after a report. */
export function inlineKernel(
  context: Context,
  env: Env,
  e: Ast.Call,
  { node, home }: KernelEntity,
  name: string | null,
): readonly KernelResult[] | null {
  const given = splitArguments(context, node.name.text, e, node.params, genericsOf(node));
  const values = (given?.positional ?? []).map((a) => callArgument(context, env, a));
  if (given === null || !mayExpand(context, env, node, e.span)) return null;
  const mistakes = home.wrong.get(node);
  if (mistakes !== undefined) {
    context.refer(mistakes);
    return null;
  }
  if (context.stageNames.size > LIMITS.stages) {
    context.exhaust(e.span, `more than ${LIMITS.stages} stages after inlining`, env);
    return null;
  }
  const prefix = `${env.instance.prefix}${uniqueCall(context, env, name ?? node.name.text)}.`;
  const argument = (v: Value, n: number, types: ReadonlyMap<string, DType>): TensorSymbol | null =>
    argumentTensor(context, { ...env, types }, v, known(node.params[n], "a parameter"), given.positional[n], prefix);
  const typed = values.map((v, n) => (isWeak(v) ? undefined : argument(v, n, env.types)));
  const inferred = inferTypes(
    genericsOf(node),
    node.params,
    typed.map((s): ValueType => s?.dtype ?? "unknown"),
  );
  const before = { args: given.named, env, given: new Map(), inferred, dims: new Map(), span: e.span, home };
  // A number without a dtype takes the parameter's, which the other arguments may give.
  const types = dtypesOf(context, genericsOf(node), before);
  const symbols = typed.map((s, n) => (s === undefined ? argument(known(values[n], "an argument"), n, types) : s));
  const dims = declaredDims(context, node);
  const args: TensorSymbol[] = symbols.filter((s) => s !== null);
  if (dims === null || args.length < symbols.length) return null;
  const unified = unifyDims(node, dims, args, given.positional);
  const sources = { ...before, dims: unified };
  const generics = bindGenerics(context, genericsOf(node), sources);
  if (!generics.complete) return null;
  const bound = new Map([...unified, ...generics.values]);
  const missing = dims.find((d) => !bound.has(d.name.text));
  // A dim that nothing gives is often one of a tensor with too few.
  const hasRanks = node.params.map((p, n) =>
    hasRank(context, p, known(args[n], "an argument"), known(given.positional[n], "an argument"), node.name.text),
  );
  if (hasRanks.includes(false)) return null;
  if (missing !== undefined) {
    context.report("E2016", {
      span: e.span,
      message: `nothing gives the dim \`${missing.name.text}\` of \`${node.name.text}\``,
      help: [`write ${missing.name.text} = … in the call`],
    });
    return null;
  }
  return expandKernel(context, env, {
    e,
    node,
    home,
    prefix,
    dims,
    bound,
    generics,
    args,
    positional: given.positional,
  });
}

type Expansion = {
  readonly e: Ast.Call;
  readonly node: Ast.Kernel;
  readonly home: ProgramTable;
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
  const instance = emptyInstance(node.name.text, scope, {
    prefix: x.prefix,
    call: e.span,
    types: x.generics.types,
  });
  declareValues(context, scope, node, x.dims, x.bound);
  const inside = { ...topOf(instance, x.home, [...env.calls, node]), origin: env.origin ?? e.span };
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
    const accepted = acceptsArgument(context, inside, p, arg, place, x);
    if (accepted === "transposed") return null; // the dims of the call are not what was meant
    if (!accepted) fine = false;
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
    context.require({ condition: c.expr, text: `${c.text} in ${node.name.text}`, span: x.e.span });
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

// ---- what the caller must prove ----

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
    // Proved, but said once more: what follows from it inside the callee need not be proved in two steps.
    context.require({ condition: c.expr, text: `${c.text} in ${x.node.name.text}`, span: c.span });
  }
  return fine;
}

const COMPARISON_WORDS: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["le", "<="],
  ["eq", "=="],
  ["ne", "!="],
]);

/** A comparison in the caller's terms; null where it is not a simple one. */
function printCondition(context: Context, e: Expr): string | null {
  const word = e.kind === "apply" ? COMPARISON_WORDS.get(e.op) : undefined;
  if (e.kind !== "apply" || word === undefined) return null;
  const [a, b] = e.args;
  if (a === undefined || b === undefined || a.type !== "index" || b.type !== "index") return null;
  const { polys } = context;
  return `${polys.print(polys.poly(a))} ${word} ${polys.print(polys.poly(b))}`;
}
