/**
 * The arguments of a kernel call: each becomes a tensor of the caller, which must have the dtype, rank and shape that the
 * callee's parameter declares once its dims are unified with the arguments'.
 */
import { proveEqual } from "../../analysis/prover.ts";
import type { DType } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import { known } from "../../support/invariant.ts";
import type * as Ast from "../ast.ts";
import { pathsOf } from "./ast-names.ts";
import type { Context, Env, StageSymbol } from "./context.ts";
import { uniqueStage } from "./declare-equations.ts";
import { resolveType } from "./generics.ts";
import type { DeclaredDim } from "./header.ts";
import { aloneIn, declaredRange, newTensor, shapeOf } from "./header.ts";
import { settle } from "./indexed-equations.ts";
import { materialise } from "./materialise.ts";
import { asScalar, evaluate } from "./parts.ts";
import { inferRanges } from "./ranges.ts";
import { conversionHelp, shortText } from "./types.ts";
import type { Scalar, TensorSymbol, Value } from "./value.ts";
import { exprOf, indexConstant, poison, rangeOf, scalar, typeName } from "./value.ts";

/** Arguments of a kernel call are tensors or numbers of the whole kernel: the indices of an equation are not seen. */
export function callArgument(context: Context, env: Env, a: Ast.Argument): Value {
  if (a.value.kind === "string") return poison(a.span); // splitArguments refuses it
  const outside = { scope: env.instance.scope, depth: 0, subscript: false, equation: null };
  return evaluate(context, { ...env, ...outside, hidden: env.hidden ?? env.scope }, a.value);
}

/** The tensor of an argument; a value that is none yet becomes a stage. */
export function argumentTensor(
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
      help: [`write the range of its indices, such as ${value.symbol.name}[i in 0..3] = …`],
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
export function uniqueCall(context: Context, env: Env, name: string): string {
  const { prefix } = env.instance;
  let unique = name;
  const taken = (n: string): boolean =>
    [...context.stageNames].some((s) => s === `${prefix}${n}` || s.startsWith(`${prefix}${n}.`));
  for (let n = 2; taken(unique); n++) unique = `${name}_${n}`;
  return unique;
}

// ---- unification and proofs ----

/** Dims from where they stand alone in a parameter's shape. */
export function unifyDims(
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
      const { hi } = range;
      const size = hi.kind === "const" && typeof hi.value === "bigint" ? indexConstant(hi.value, span) : null;
      unified.set(name, size ?? scalar("index", span, () => hi, { pure: true }));
    });
  });
  return unified;
}

/** Has an argument as many dims as the parameter? */
export function hasRank(
  context: Context,
  p: Ast.Param,
  arg: TensorSymbol,
  place: Ast.Argument,
  callee: string,
): boolean {
  const [wanted, given] = [p.type.shape.length, arg.dims.length];
  if (wanted === given) return true;
  const dims = wanted === 0 ? "is one number" : wanted === 1 ? "has 1 dim" : `has ${wanted} dims`;
  context.report("E2012", {
    span: place.span,
    message: `parameter \`${p.name.text}\` of \`${callee}\` ${dims}, and this ${given === 0 ? "is one number" : `has ${given}`}`,
    related: [{ span: p.span, message: "the parameter is declared here" }],
    help: [rankHelp(wanted, given, shortText(place.span))],
  });
  return false;
}

function rankHelp(wanted: number, given: number, argument: string): string {
  if (given > wanted)
    return `write the equation with indices here, or a kernel with ${given} ${given === 1 ? "dim" : "dims"}: a call takes whole tensors, not their rows`;
  const places = "ijklmnop".split("").slice(0, wanted);
  const added = places.slice(0, wanted - given).map((i) => `${i} in 0..1`);
  const kept = places.slice(wanted - given);
  const element = kept.length === 0 ? argument : `${argument}[${kept.join(", ")}]`;
  return `give it the dims that are missing: let t[${[...added, ...kept].join(", ")}] = ${element}`;
}

/** A call whose dims are known. */
export type BoundCall = {
  readonly node: Ast.Kernel;
  readonly e: Ast.Call;
  readonly bound: ReadonlyMap<string, Scalar>;
};

/**
 * Does an argument fit the parameter's dtype and shape? Its rank does. Its range type becomes a claim. "transposed": it
 * is refused, and what it says of the callee's dims is not to be believed.
 */
export function acceptsArgument(
  context: Context,
  inside: Env,
  p: Ast.Param,
  arg: TensorSymbol,
  place: Ast.Argument,
  call: BoundCall,
): boolean | "transposed" {
  const callee = call.node.name.text;
  const related = [{ span: p.span, message: "the parameter is declared here" }];
  const dtype = resolveType(context, p.type.dtype, inside.types);
  if (dtype === null || arg.dtype === null) return false;
  if (dtype !== arg.dtype) {
    context.report("E2021", {
      span: place.span,
      message: `parameter \`${p.name.text}\` of \`${callee}\` is ${dtype}, and this is ${typeName(arg.dtype)}`,
      related,
      help: conversionHelp(arg.dtype, dtype, shortText(place.span)),
    });
    return false;
  }
  const shape = shapeOf(context, inside, p.type);
  if (shape === null) return false;
  const unequal = shape.findIndex((d, k) => !sameRange(context, d, rangeOf(known(arg.dims[k], "a dim"))));
  if (unequal >= 0) return reportUnequal(context, p, place, { call, shape, has: arg.dims.map(rangeOf), unequal });
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

type Mismatch = {
  readonly call: BoundCall;
  readonly shape: readonly DimRange[];
  readonly has: readonly DimRange[];
  /** The first dim that differs. */
  readonly unequal: number;
};

function reportUnequal(context: Context, p: Ast.Param, place: Ast.Argument, m: Mismatch): false | "transposed" {
  const { polys } = context;
  const callee = m.call.node.name.text;
  const shapeText = (ranges: readonly DimRange[]): string =>
    `[${ranges.map((r) => polys.print(polys.poly(r.hi))).join(", ")}]`;
  const [want, has] = [known(m.shape[m.unequal], "a dim"), known(m.has[m.unequal], "a dim")];
  const [wanted, found] = [polys.print(polys.poly(want.hi)), polys.print(polys.poly(has.hi))];
  const startsAt = polys.print(polys.poly(has.lo));
  const related = [{ span: p.span, message: "the parameter is declared here" }];
  if (startsAt !== "0") {
    const message = `dim ${m.unequal} of this tensor starts at ${startsAt}, and a parameter starts at 0`;
    context.report("E2012", { span: place.span, message, related });
    return false;
  }
  const transposed = transposeHelp(context, p, place, m);
  context.report("E2012", {
    span: place.span,
    message: `\`${p.name.text}\` of \`${callee}\` must be ${shapeText(m.shape)} in this call, and this is ${shapeText(m.has)}`,
    notes: [...boundDims(context, p, m.call), `dim ${m.unequal}: ${wanted} == ${found} is not provable`],
    related,
    help: [...(transposed === null ? [] : [transposed]), `add where ${wanted} == ${found} to the kernel around`],
  });
  return transposed === null ? false : "transposed";
}

/** What the callee's dims in the shape of a parameter stand for, and which argument says so; nothing where none are named. */
function boundDims(context: Context, p: Ast.Param, { node, e, bound }: BoundCall): readonly string[] {
  const { polys } = context;
  const names = new Set(pathsOf(p.type.shape).map((n) => n.text));
  const texts = [...bound].flatMap(([name, value]) => {
    if (!names.has(name)) return [];
    const giver = e.args.some((a) => a.name?.text === name) ? null : firstWith(node, name);
    const from = giver === null ? "" : ` (from ${giver.name.text})`;
    return [`${name} is ${polys.print(polys.poly(exprOf(value, "index")))}${from}`];
  });
  return texts.length === 0 ? [] : [`the dims of \`${node.name.text}\` in this call: ${texts.join(", ")}`];
}

/** The parameter that gives a dim: the first that has it alone in a place of its shape. */
function firstWith(node: Ast.Kernel, dim: string): Ast.Param | null {
  return node.params.find((p) => p.type.shape.some((e) => aloneIn(e)?.text === dim)) ?? null;
}

/** Where two dims that change places make the argument fit: how it is given transposed. */
function transposeHelp(context: Context, p: Ast.Param, place: Ast.Argument, m: Mismatch): string | null {
  const { shape, has, unequal } = m;
  const same = (want: number, other: number): boolean =>
    sameRange(context, known(shape[want], "a dim"), known(has[other], "a dim"));
  const own = (k: number): boolean => {
    const name = aloneIn(known(p.type.shape[k], "a dim"))?.text;
    return name !== undefined && firstWith(m.call.node, name) === p;
  };
  // A dim that this argument gives is what the argument has there, transposed or not.
  const swapped = shape.findIndex(
    (_, k) =>
      k > unequal &&
      same(unequal, k) &&
      (same(k, unequal) || own(k)) &&
      shape.every((__, n) => n === unequal || n === k || same(n, n)),
  );
  const text = shortText(place.span);
  if (swapped < 0 || !/^\w+$/.test(text)) return null;
  const given = shape.map((_, n) => "ijklmnop"[n] ?? "i");
  const turned = given.map((x, n) => (n === unequal ? given[swapped] : n === swapped ? given[unequal] : x));
  return `give it transposed, for its axes look mixed up: let t[${turned.join(", ")}] = ${text}[${given.join(", ")}]`;
}
