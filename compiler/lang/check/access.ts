/**
 * Accesses: `X[n, c, y*s + r - p] pad 0`. The subscripts are checked and remembered, because ranges of indices are
 * inferred from them; that they stay inside the tensor is proved by a later pass.
 */
import type { Pad } from "../../ir/expr.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env } from "./context.ts";
import { element } from "./element.ts";
import { newTensor } from "./header.ts";
import { materialise } from "./materialise.ts";
import { evaluateScalar, reportPending, reportUnknown } from "./parts.ts";
import { SIZE_WORDS } from "./foreign-names.ts";
import { inferRanges } from "./ranges.ts";
import type { Entity } from "./scope.ts";
import { convert, shortText } from "./types.ts";
import type { Scalar, TensorSymbol, TensorValue, Value } from "./value.ts";
import { exprOf, isWhole, poison, typeName } from "./value.ts";

export function access(context: Context, env: Env, e: Ast.Access): Value {
  const subscripts = e.subscripts.map((s) => subscript(context, env, s));
  const target = accessed(context, env, e.tensor);
  if (target === null) return poison(e.span);
  if (!hasRank(context, target, e)) return poison(e.span);
  const given: Scalar[] = [];
  for (const [n, s] of subscripts.entries()) {
    if (s === null) return poison(e.span);
    given.push({ ...s, span: e.subscripts[n]?.span ?? s.span });
  }
  // Without a pad, an element of `relu(A)` is computed where it is read; a pad needs the shape of a tensor that is there.
  if (target.symbol === null && (e.pad === null || !context.recording)) return target.at(given);
  const symbol = target.symbol ?? paddedStage(context, env, target, e);
  if (symbol === null) return poison(e.span);
  const pad = e.pad === null ? null : padRule(context, env, e.pad, symbol);
  if (pad === "wrong") return poison(e.span);
  record(context, env, symbol, given, e);
  return element(context, symbol, given, { pad, span: e.span });
}

/** A stage for a value that is read with a pad, one for all its reads; null after a report. */
function paddedStage(context: Context, env: Env, target: TensorValue, e: Ast.Access): TensorSymbol | null {
  const before = context.padded.get(target.at);
  if (before !== undefined) return before;
  if (target.dims.some((d) => d.range === null)) inferRanges(context, env.instance, false);
  const name = e.tensor.names.map((n) => n.text).join(".");
  if (target.dims.some((d) => d.range === null)) {
    context.report("E2007", {
      span: e.tensor.span,
      message: `the shape of \`${name}\` is not known here`,
      help: [
        `write the range of its indices where it is defined, such as ${target.operand?.name ?? name}[i in 0..3] = …`,
      ],
    });
    return null;
  }
  const path = `${env.instance.prefix}${name}`;
  const symbol = newTensor(context, {
    name: path,
    span: e.tensor.span,
    dtype: "unknown",
    dims: target.dims,
    values: null,
  });
  const stage = materialise(context, env, target, path, symbol, e.tensor.span);
  context.padded.set(target.at, symbol);
  return stage.outputs[0]?.value.kind === "poison" ? null : symbol;
}

/** An integer, read as a free index where nothing has its name. */
function subscript(context: Context, env: Env, e: Ast.Expr): Scalar | null {
  const value = evaluateScalar(context, { ...env, subscript: true }, e);
  if (value === null || value.type === "unknown" || isWhole(value.type)) return value;
  context.report("E2023", {
    span: e.span,
    message: `a subscript must be an integer, and this is ${typeName(value.type)}`,
    help: value.type === "bool" ? [] : [`write sat_i32(floor(${shortText(e.span)}))`],
  });
  return null;
}

/** The tensor that an access names; reports where it names something else. */
function accessed(context: Context, env: Env, path: Ast.Path): TensorValue | null {
  const [first, second] = path.names;
  const entity = env.scope.find(first.text);
  if (entity === null) {
    reportUnknown(context, { ...env, subscript: false }, first);
    return null;
  }
  const found = tensorOf(entity, second?.text ?? null, path.span);
  if (found !== null) return found;
  if (entity.kind === "pending") reportPending(context, path);
  if (entity.kind === "poison" || entity.kind === "pending") return null;
  if (entity.kind === "value" && entity.value.kind === "poison") return null;
  const outputs = entity.kind === "result" ? entity.outputs.map((o) => `${first.text}.${o.name}`) : [];
  context.report("E2014", {
    span: path.span,
    message:
      second !== undefined && outputs.length === 0
        ? `\`${first.text}\` has no parts, and so no \`${second.text}\``
        : entity.kind === "result" && second !== undefined
          ? `\`${first.text}\` has no output \`${second.text}\``
          : `\`${path.names.map((n) => n.text).join(".")}\` is ${whatIs(entity)}, not a tensor`,
    help:
      second !== undefined && SIZE_WORDS.has(second.text)
        ? [`sizes have names: write the dim in the declared shape of ${first.text}`]
        : outputs.slice(0, 2).map((o) => `write ${o}[…]`),
  });
  return null;
}

function tensorOf(entity: Entity, field: string | null, span: Span): TensorValue | null {
  if (entity.kind === "tensor" && field === null) {
    const { symbol } = entity;
    return {
      kind: "tensor",
      dims: symbol.dims,
      at: () => poison(span),
      symbol,
      hint: symbol.name,
      operand: null,
      span,
    };
  }
  if (entity.kind === "result") {
    const [only, other] = entity.outputs;
    if (field === null) return other === undefined ? (only?.value ?? null) : null;
    return entity.outputs.find((o) => o.name === field)?.value ?? null;
  }
  if (entity.kind !== "value") return null;
  const { value } = entity;
  if (field === null) return value.kind === "tensor" ? value : null;
  const part = value.kind === "tuple" ? value.elements[value.names?.indexOf(field) ?? -1] : undefined;
  return part?.kind === "tensor" ? part : null;
}

function whatIs(entity: Entity): string {
  switch (entity.kind) {
    case "value":
      return entity.role === "index" ? "an index" : `a ${entity.role}`;
    case "tensor":
      return "a tensor without such an output";
    case "result":
      return "a result with several outputs";
    case "pending":
    case "poison":
      return "wrong";
    default:
      return entity satisfies never;
  }
}

function hasRank(context: Context, target: TensorValue, e: Ast.Access): boolean {
  const rank = target.dims.length;
  const count = e.subscripts.length;
  if (rank === count) return true;
  const name = e.tensor.names.map((n) => n.text).join(".");
  const shape = target.dims.map((d) => (d.range === null ? "?" : context.polys.print(context.polys.poly(d.range.hi))));
  context.report("E2005", {
    span: e.span,
    message: `\`${name}\` ${rank === 0 ? "is one number" : `has ${rank} ${rank === 1 ? "dim" : "dims"}`}, and here ${count === 1 ? "is 1 subscript" : `are ${count} subscripts`}`,
    notes: rank === 0 ? [] : [`its shape is [${shape.join(", ")}]`],
    help: rank === 0 ? [`write ${name} alone`] : [],
    related: target.symbol === null ? [] : [{ span: target.symbol.span, message: "declared here" }],
  });
  return false;
}

function padRule(context: Context, env: Env, rule: Ast.PadRule, symbol: TensorSymbol): (() => Pad) | null | "wrong" {
  if (rule.kind === "padMode") return () => ({ kind: rule.mode });
  const value = evaluateScalar(context, env, rule.value);
  if (value === null) return "wrong";
  const { dtype } = symbol;
  if (dtype === null || dtype === "unknown") return null;
  const converted = convert(context, value, dtype, `an element of \`${symbol.name}\``);
  return converted.kind === "poison" ? "wrong" : () => ({ kind: "value", value: exprOf(converted, dtype) });
}

function record(context: Context, env: Env, tensor: TensorSymbol, subscripts: readonly Scalar[], e: Ast.Access): void {
  const { stage } = env;
  if (!context.recording || stage === null) return;
  subscripts.forEach((at, dim) => {
    if (!at.pure) return;
    env.instance.accesses.push({
      tensor,
      dim,
      subscript: at,
      padded: e.pad !== null,
      depth: env.depth,
      reader: stage,
      span: e.subscripts[dim]?.span ?? e.span,
    });
  });
}
