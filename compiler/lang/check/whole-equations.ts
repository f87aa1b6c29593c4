/**
 * Equations without indices: numbers (`let lo = min[i](X[i])`), whole tensors (`let h = X + g`), and calls of kernels
 * (`let c1 = conv2d(…)`), whose stages get the name on the left as a prefix.
 */
import { proveEqual } from "../../analysis/prover.ts";
import { known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Context, DeclaredOutput, Env, StageSymbol } from "./context.ts";
import type { Declared } from "./declare-equations.ts";
import { someSubscripts, uniqueStage, wholeTensor } from "./declare-equations.ts";
import { evaluate, takeApart } from "./parts.ts";
import { resolveType } from "./generics.ts";
import { declaredRange, newTensor } from "./header.ts";
import { settle } from "./indexed-equations.ts";
import type { KernelResult } from "./inline.ts";
import { inlineKernel } from "./inline.ts";
import { materialise } from "./materialise.ts";
import type { TensorSymbol, TensorValue, Value } from "./value.ts";

export function checkWhole(context: Context, env: Env, declared: Declared): void {
  const { node } = declared;
  const { instance } = env;
  const fail = (): void => {
    for (const t of node.targets) instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
  };
  if (declared.broken || declared.group !== null) return fail();
  if (node.inits.length > 0 && node.role !== "rec")
    context.report("E2035", {
      span: node.inits[0]?.span ?? node.span,
      message: "`init` belongs to a recurrence",
      help: [`give the equation its time index: rec ${node.targets[0].name.text}[t] = … init …`],
    });
  const direct = directCall(context, env, node);
  if (direct !== "none") return direct === null ? fail() : bindResults(context, env, declared, direct);
  const stage = openStage(env, node);
  const value = evaluate(context, { ...env, scope: declared.scope, stage, equation: node.value.span }, node.value);
  const values = node.targets.length === 1 ? [value] : takeApart(context, value, node.targets.length, node.value.span);
  if (values.every((v) => v.kind === "scalar")) return bindNumbers(context, env, declared, stage, values);
  node.targets.forEach((t, n) => {
    const v = known(values[n], "a value");
    if (v.kind === "scalar") bindNumbers(context, env, onlyTarget(declared, n), stage, [v]);
    else if (v.kind === "tensor") bindTensor(context, env, t, declared.outputs[n] ?? null, v, node);
    else if (v.kind === "tuple" && v.names !== null) bindTuple(env, t, v);
    else {
      if (v.kind === "tuple") settle(context, v, newTarget(context, env, t), node.value);
      instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
    }
  });
}

/** The part of an equation with several names on the left that defines the n-th. */
function onlyTarget(declared: Declared, n: number): Declared {
  const { node, outputs } = declared;
  return {
    ...declared,
    node: { ...node, targets: [known(node.targets[n], "a target")] },
    outputs: [outputs[n] ?? null],
  };
}

/** A stage without axes, to read from; it is kept only if the value turns out to be a number. */
function openStage(env: Env, node: Ast.Equation): StageSymbol {
  const name = `${env.instance.prefix}${node.targets[0].name.text}`;
  return { name, span: node.span, axes: [], outputs: [], rec: false, inits: [], group: null };
}

/** The results where the right-hand side is a call of a kernel; "none" where it is something else. */
function directCall(context: Context, env: Env, node: Ast.Equation): readonly KernelResult[] | null | "none" {
  const { value, targets } = node;
  if (value.kind !== "call") return "none";
  const callee = env.module.functions.get(value.callee.names.map((n) => n.text).join("."));
  if (callee?.kind !== "kernel") return "none";
  const name = targets.length === 1 ? targets[0].name.text : null;
  return inlineKernel(context, { ...env, stage: openStage(env, node) }, value, callee, name);
}

/** Gives names to what a kernel returned: one for all of it, or one for each output. */
function bindResults(context: Context, env: Env, declared: Declared, results: readonly KernelResult[]): void {
  const { node, outputs } = declared;
  const [only, other] = node.targets;
  if (other === undefined && (results.length > 1 || outputs[0] === null) && declared.node.role !== "output") {
    bindLetResult(context, env, only, results);
    return;
  }
  if (node.targets.length !== results.length) {
    context.report("E2028", {
      span: node.value.span,
      message: `${node.targets.length === 1 ? "one name" : `${node.targets.length} names`} on the left, but this gives ${results.map((r) => r.name).join(", ")}`,
      help: [`write (${results.map((r) => r.name).join(", ")}) = …`],
    });
    for (const t of node.targets) env.instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
    return;
  }
  node.targets.forEach((t, n) => {
    const result = known(results[n], "a result");
    const output = outputs[n] ?? null;
    if (output === null) return bindLetResult(context, env, t, [result]);
    if (!agrees(context, output, result.value, node.value.span))
      return env.instance.scope.set(t.name.text, { kind: "poison", span: t.span });
    const symbol = known(result.value.symbol, "the tensor of a result");
    env.instance.scope.set(t.name.text, { kind: "tensor", symbol, span: t.name.span });
    output.result = result.value;
    claimRange(context, output, symbol);
    checkAnnotation(context, env, t, symbol);
  });
}

function bindLetResult(context: Context, env: Env, t: Ast.Target, results: readonly KernelResult[]): void {
  const [only, other] = results;
  const symbol = other === undefined ? (only?.value.symbol ?? null) : null;
  if (symbol !== null) checkAnnotation(context, env, t, symbol);
  else if (t.range !== null || t.dtype !== null)
    context.report("E2028", {
      span: t.span,
      message: `\`${t.name.text}\` names ${results.length} tensors, and one dtype or range is declared for it`,
      help: [`write (${results.map((r) => r.name).join(", ")}) = … with a dtype and range behind each name`],
    });
  env.instance.scope.set(t.name.text, { kind: "result", outputs: results, span: t.name.span });
}

/** `let a: i32 in 0..V = f(X)`: what is declared of a result must agree with it. */
function checkAnnotation(context: Context, env: Env, t: Ast.Target, symbol: TensorSymbol): void {
  const dtype = t.dtype === null ? null : resolveType(context, t.dtype, env.types);
  if (dtype !== null && dtype !== symbol.dtype)
    context.report("E2021", {
      span: t.span,
      message: `\`${t.name.text}\` is declared ${dtype}, but this is ${String(symbol.dtype)}`,
      help: ["remove the dtype, or cast in an equation with indices"],
    });
  const range = declaredRange(context, env, t.range);
  if (range !== null) {
    context.claims.push({
      tensor: symbol.id,
      ...range,
      span: t.span,
      why: `\`${t.name.text}\` is declared in this range`,
    });
    symbol.values ??= range;
  }
}

function bindTuple(env: Env, t: Ast.Target, v: Value & { kind: "tuple" }): void {
  if (v.elements.some((e) => e.kind === "scalar")) {
    env.instance.scope.set(t.name.text, { kind: "value", role: "let", value: v, span: t.name.span });
    return;
  }
  const outputs = v.elements.flatMap((e, n) =>
    e.kind === "tensor" ? [{ name: v.names?.[n] ?? `${n}`, value: e }] : [],
  );
  env.instance.scope.set(t.name.text, { kind: "result", outputs, span: t.name.span });
}

/** Numbers become a stage without axes. */
function bindNumbers(
  context: Context,
  env: Env,
  declared: Declared,
  draft: StageSymbol,
  values: readonly Value[],
): void {
  const { node, outputs } = declared;
  const wrongRank = outputs.find((o) => o !== null && o.symbol.dims.length > 0);
  if (wrongRank !== null && wrongRank !== undefined) {
    context.report("E2029", {
      span: node.span,
      message: `the output \`${wrongRank.name}\` has ${wrongRank.symbol.dims.length === 1 ? "1 dim" : `${wrongRank.symbol.dims.length} dims`}, and this is one number`,
      help: [`write ${wrongRank.name}${someSubscripts(wrongRank.symbol.dims.length)} = …`],
    });
    for (const t of node.targets) env.instance.scope.set(t.name.text, { kind: "poison", span: t.name.span });
    return;
  }
  const symbols = node.targets.map((t, n) => outputs[n]?.symbol ?? newTarget(context, env, t));
  node.targets.forEach((t, n) => {
    const output = outputs[n]?.symbol;
    if (output !== undefined) checkAnnotation(context, env, t, output);
  });
  const stage = {
    ...draft,
    name: uniqueStage(context, `${env.instance.prefix}${node.targets[0].name.text}`),
    outputs: symbols.map((symbol, n) => ({
      symbol,
      value: settle(context, known(values[n], "a value"), symbol, node.value),
    })),
  };
  replaceReader(env, draft, stage);
  env.instance.stages.push(stage);
  node.targets.forEach((t, n) => announce(context, env, t, known(symbols[n], "a tensor"), outputs[n] ?? null));
}

/** Accesses were recorded before the stage was known to stay. */
function replaceReader(env: Env, draft: StageSymbol, stage: StageSymbol): void {
  const { accesses } = env.instance;
  accesses.forEach((a, n) => {
    if (a.reader === draft) accesses[n] = { ...a, reader: stage };
  });
}

function announce(
  context: Context,
  env: Env,
  t: Ast.Target,
  symbol: TensorSymbol,
  output: DeclaredOutput | null,
): void {
  env.instance.scope.set(t.name.text, { kind: "tensor", symbol, span: t.name.span });
  if (output !== null) output.result = wholeTensor(context, symbol, t.name.span);
}

function newTarget(context: Context, env: Env, t: Ast.Target): TensorSymbol {
  const dtype = t.dtype === null ? null : resolveType(context, t.dtype, env.types);
  const values = declaredRange(context, env, t.range);
  const name = `${env.instance.prefix}${t.name.text}`;
  const symbol = newTensor(context, { name, span: t.name.span, dtype: dtype ?? "unknown", dims: [], values });
  if (values !== null)
    context.claims.push({
      tensor: symbol.id,
      ...values,
      span: t.span,
      why: `\`${t.name.text}\` is declared in this range`,
    });
  return symbol;
}

/** A whole tensor becomes a stage that computes each element. */
function bindTensor(
  context: Context,
  env: Env,
  t: Ast.Target,
  output: DeclaredOutput | null,
  value: TensorValue,
  node: Ast.Equation,
): void {
  if (output !== null && !agrees(context, output, value, node.value.span)) {
    env.instance.scope.set(t.name.text, { kind: "poison", span: t.span });
    return;
  }
  const target = output?.symbol ?? { ...newTarget(context, env, t), dims: value.dims };
  if (output !== null) checkAnnotation(context, env, t, target);
  context.tensors.set(target.id, target);
  const stage = materialise(context, env, value, `${env.instance.prefix}${t.name.text}`, target, node.span);
  announce(context, env, t, known(stage.outputs[0], "the output").symbol, output);
}

/** Does a tensor have the declared dtype and shape of an output? Reports if not. */
function agrees(context: Context, output: DeclaredOutput, value: TensorValue, span: Span): boolean {
  const { polys, facts } = context;
  const declared = output.symbol;
  const shape = (v: TensorSymbol | TensorValue): string =>
    v.dims.map((d) => (d.range === null ? "?" : polys.print(polys.poly(d.range.hi)))).join(", ");
  const same =
    declared.dims.length === value.dims.length &&
    declared.dims.every((d, n) => {
      const other = value.dims[n]?.range ?? null;
      if (d.range === null || other === null) return false;
      return (
        proveEqual(facts, polys.poly(d.range.hi), polys.poly(other.hi)).proved &&
        proveEqual(facts, polys.poly(d.range.lo), polys.poly(other.lo)).proved
      );
    });
  const related = [{ span: output.param.span, message: "declared here" }];
  if (!same) {
    context.report("E2012", {
      span,
      message: `the output \`${output.name}\` has the shape [${shape(declared)}], and this has [${shape(value)}]`,
      notes: ["the shapes are not provably equal"],
      related,
    });
    return false;
  }
  const dtype = value.symbol?.dtype ?? null;
  if (dtype === null || dtype === declared.dtype || value.symbol === null) return true;
  if (dtype !== "unknown") {
    context.report("E2021", {
      span,
      message: `the output \`${output.name}\` is ${String(declared.dtype)}, and this is ${dtype}`,
      related,
    });
    return false;
  }
  return true;
}

function claimRange(context: Context, output: DeclaredOutput, symbol: TensorSymbol): void {
  const { values } = output.symbol;
  const span = output.param.type.range?.span ?? output.param.span;
  if (values !== null)
    context.claims.push({
      tensor: symbol.id,
      ...values,
      span,
      why: `the output \`${output.name}\` is declared in this range`,
    });
}
