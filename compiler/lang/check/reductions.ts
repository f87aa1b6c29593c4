/**
 * Reductions: `sum[k, r in 0..3 | guard](e)`, `argmax[…](e)`, `mean[…](e)`, and a user's `online[j](x)`. The indices are
 * bound here; their ranges are inferred later, so the node is built last.
 */
import type { DType } from "../../ir/dtype.ts";
import { isFloat } from "../../ir/dtype.ts";
import type { Axis, BuiltinReducer, Expr, Reducer } from "../../ir/expr.ts";
import { apply, cast, constant, index, maximum, reduce } from "../../ir/expr.ts";
import { resultTypes } from "../../ir/reducers.ts";
import { instantiate, some } from "../../ir/walk.ts";
import { proveAtMost } from "../../analysis/prover.ts";
import { DIM_LIMIT } from "../../analysis/facts.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, ZERO, constant as constantPoly } from "../../analysis/polynomial.ts";
import { known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import { BUILTINS, REDUCTIONS, builtinReduction } from "../builtins.ts";
import { bindIndex, buildAxis } from "./binders.ts";
import type { Context, Env, IndexSymbol } from "./context.ts";
import { evaluate, evaluateScalar, asScalar } from "./parts.ts";
import { applyIndex } from "./index-arithmetic.ts";
import { insteadOfReduction } from "./foreign-names.ts";
import { refuseText } from "./split-arguments.ts";
import { isCondition } from "./operators.ts";
import type { ReducerEntity } from "./program-table.ts";
import { Scope } from "./scope.ts";
import { computingType, fitConstant, shortText } from "./types.ts";
import { userReducer } from "./user-reducers.ts";
import type { Scalar, Value } from "./value.ts";
import { defaultType, exprOf, isReal, poison, rangeOf, scalar, typeName, typeOnly } from "./value.ts";

/** The domain of one reduction. */
type Domain = { readonly indices: readonly IndexSymbol[]; readonly guard: Scalar | null; readonly span: Span };

export function reduction(context: Context, env: Env, e: Ast.Reduction): Value {
  const name = e.reducer.names.map((n) => n.text).join(".");
  const row = builtinReduction(name);
  const declared = env.module.functions.get(name);
  if (row === null && declared?.kind !== "reducer") {
    if (declared?.kind === "unusable") context.refer(declared.reason === null ? [] : [declared.reason]);
    else reportNoReduction(context, env, name, e);
    return poison(e.span);
  }
  if (env.block !== null && e.binders.length > 1) {
    context.report("E2052", {
      span: e.span,
      message: "a bulk equation reduces over one index, the point of the block",
      help: [`write ${name}[${e.binders[0].name.text}](…)`],
    });
    return poison(e.span);
  }
  const inside = {
    ...env,
    scope: new Scope(env.scope),
    depth: env.depth + (e.guard === null ? 0 : 1),
    subscript: false,
  };
  const indices = e.binders.map((b) =>
    bindIndex(context, { ...inside, depth: env.depth }, b, { kind: "reduction", depth: inside.depth }),
  );
  const guard = e.guard === null ? null : evaluateScalar(context, { ...inside, depth: env.depth }, e.guard);
  const args = e.args.map((a) => argument(context, inside, a));
  if (e.guard !== null && (guard === null || !isCondition(context, guard))) return poison(e.span);
  const domain: Domain = { indices, guard: guard?.constant === true ? null : guard, span: e.span };
  if (row === null) {
    return declared?.kind === "reducer" ? reduceByUser(context, env, declared, e, domain, args) : poison(e.span);
  }
  const [only, other] = args;
  if (only === undefined || other !== undefined) {
    context.report("E2013", { span: e.span, message: `\`${name}\` takes one expression, and here are ${args.length}` });
    return poison(e.span);
  }
  const value = asScalar(context, only, e.args[0]?.span ?? e.span);
  if (value === null) return poison(e.span);
  return row.kind === "mean" ? mean(context, value, domain) : fold(context, row, name, value, domain);
}

function argument(context: Context, env: Env, a: Ast.Argument): Value {
  if (a.value.kind !== "string") return evaluate(context, env, a.value);
  refuseText(context, a.value);
  return poison(a.span);
}

function reportNoReduction(context: Context, env: Env, name: string, e: Ast.Reduction): void {
  const reducers = [...env.module.functions].flatMap(([n, f]) => (f.kind === "reducer" ? [n] : []));
  const isFunction = BUILTINS.has(name) || env.module.functions.has(name);
  const instead = isFunction ? null : insteadOfReduction(name);
  const near = didYouMean(name, [...Object.keys(REDUCTIONS), ...reducers]);
  context.report("E2002", {
    span: e.reducer.span,
    message: isFunction ? `\`${name}\` is not a reduction` : `no reduction is called \`${name}\``,
    ...(isFunction ? {} : { missing: name }),
    help: [
      instead ??
        (near === null
          ? `the reductions are ${[...Object.keys(REDUCTIONS), ...reducers].join(" ")}`
          : `did you mean ${near} ?`),
    ],
  });
}

type FoldRow = { readonly reducer: BuiltinReducer; readonly operands: string };

function fold(context: Context, row: FoldRow, name: string, value: Scalar, domain: Domain): Value {
  const components = row.reducer === "argmax" || row.reducer === "argmin" ? 2 : 1;
  if (value.type === "unknown") {
    const first = row.operands === "bool" ? typeOnly("bool", domain.span) : typeOnly("unknown", domain.span);
    if (components === 1) return first;
    return pair(first, typeOnly("i32", domain.span), domain.span);
  }
  const type = defaultType(computingType(value.type));
  if (type !== "unknown" && value.type === "index" && fitConstant(context, value, type).kind === "poison")
    return poison(domain.span);
  const isBoolValue = type === "bool";
  if ((row.operands === "bool") !== isBoolValue && row.operands !== "number or bool") {
    context.report("E2023", {
      span: value.span,
      message: `\`${name}\` reduces ${row.operands === "bool" ? "conditions" : "numbers"}, and this is ${typeName(value.type)}`,
      help: [
        isBoolValue
          ? `write ${name === "max" ? "any" : name === "min" ? "all" : "sum"}[…](…)`
          : `write ${shortText(value.span)} != 0`,
      ],
    });
    return poison(domain.span);
  }
  const reducer: Reducer = { kind: "builtin", name: row.reducer };
  return components === 1
    ? known(reduceValues(context, reducer, [value], [type], domain)[0], "the sum")
    : pair(...two(reduceValues(context, reducer, [value], [type], domain)), domain.span);
}

function two(values: readonly Scalar[]): readonly [Scalar, Scalar] {
  return [known(values[0], "the value"), known(values[1], "the position")];
}

/** A value and its position: `let (v, p) = argmax[…](…)`. */
function pair(value: Scalar, position: Scalar, span: Span): Value {
  return { kind: "tuple", elements: [value, position], names: null, span };
}

/** The components of one reduction, which share its id, axes, guard and arguments. */
function reduceValues(
  context: Context,
  reducer: Reducer,
  args: readonly Scalar[],
  types: readonly (DType | "unknown")[],
  domain: Domain,
): readonly Scalar[] {
  if (types.includes("unknown")) {
    const count = reducer.kind === "user" ? reducer.identity.length : 1;
    return Array.from({ length: count }, () => typeOnly("unknown", domain.span));
  }
  const dtypes = types.filter((t) => t !== "unknown");
  const id = context.fresh("r");
  let parts: { readonly axes: readonly Axis[]; readonly guard: Expr | null; readonly args: readonly Expr[] } | null =
    null;
  const shared = (): NonNullable<typeof parts> =>
    (parts ??= {
      axes: domain.indices.map((i) => buildAxis(context, i)),
      guard: domain.guard === null ? null : exprOf(domain.guard, "bool"),
      args: args.map((a, n) => exprOf(a, known(dtypes[n], "the type of an argument"))),
    });
  return resultTypes(reducer, dtypes).map((type, component) =>
    scalar(type, domain.span, () => context.at(domain.span, reduce({ id, reducer, type, component, ...shared() }))),
  );
}

/** The sum over the number of points; narrow floats are summed and divided in f32 and rounded once. */
function mean(context: Context, value: Scalar, domain: Domain): Value {
  const { span } = domain;
  if (value.type === "unknown") return typeOnly("unknown", span);
  if (!isReal(value.type) && value.type !== "index") {
    context.report("E2023", {
      span: value.span,
      message: `\`mean\` is for floats, and this is ${typeName(value.type)}`,
      help: [`write f32(${shortText(value.span)})`],
    });
    return poison(span);
  }
  const dtype = value.type === "index" || value.type === "real" ? "f32" : value.type;
  const wide: DType = isFloat(dtype) && dtype !== "f64" ? "f32" : dtype;
  const widened = scalar(wide, value.span, () => cast(wide, "exact", exprOf(value, dtype)));
  const sum = known(reduceValues(context, { kind: "builtin", name: "sum" }, [widened], [wide], domain)[0], "the sum");
  const build = (): Expr => {
    const total = sum.build(wide);
    const quotient = context.at(span, apply("divide", total, cast(wide, "exact", pointCount(context, domain))));
    return context.at(span, cast(dtype, "exact", quotient));
  };
  return scalar(dtype, span, build);
}

/** How many points a domain has: a product of extents, or a count where a guard or an earlier index decides. */
function pointCount(context: Context, domain: Domain): Expr {
  const axes = domain.indices.map((i) => buildAxis(context, i));
  const own = new Set(axes.map((a) => a.variable.id));
  const isFree = (bound: Expr): boolean => !some(bound, (n) => n.kind === "var" && own.has(n.id));
  const isBox = axes.every((a) => isFree(a.lo) && isFree(a.hi));
  if (domain.guard === null && isBox)
    return axes.map((a) => extent(context, a)).reduce((x, y) => applyIndex("mul", x, y), index(1));
  const guard = domain.guard === null ? null : exprOf(domain.guard, "bool");
  const type = isBox && fitsPositions(context, axes) ? "i32" : "i64";
  const ones = reduce({
    id: context.fresh("r"),
    reducer: { kind: "builtin", name: "sum" },
    type,
    component: 0,
    axes,
    guard,
    args: [constant(type, 1)],
  });
  return instantiate(context.at(domain.span, ones), new Map(), (old) => context.fresh(old.replace(/\d+$/, "")));
}

/**
 * Has a box fewer than 2^31 points: along one axis, by what is known of dims, or because a parameter or output has at least as
 * many elements? Then they are counted in i32, which every target has; else in i64.
 */
function fitsPositions(context: Context, axes: readonly Axis[]): boolean {
  if (axes.length === 1) return true;
  const { polys } = context;
  const size = (extents: readonly Expr[]): Poly =>
    extents.map((e) => polys.poly(e)).reduce((a, b) => polys.atoms.product(a, b), ONE);
  const points = size(axes.map((a) => extent(context, a)));
  const limit = constantPoly(DIM_LIMIT - 1n);
  if (proveAtMost(context.facts, points, limit).proved) return true;
  return [...context.limited].some(
    ({ dims }) => dims.length > 1 && proveAtMost(context.facts, points, size(dims.map((d) => rangeOf(d).hi))).proved,
  );
}

/** `hi - lo`, or 0 where that may be negative. */
function extent(context: Context, axis: Axis): Expr {
  const { polys } = context;
  const size = applyIndex("sub", axis.hi, axis.lo);
  return proveAtMost(context.facts, ZERO, polys.poly(size)).proved ? size : maximum(size, index(0));
}

function reduceByUser(
  context: Context,
  env: Env,
  declared: ReducerEntity,
  e: Ast.Reduction,
  domain: Domain,
  args: readonly Value[],
): Value {
  const instance = userReducer(context, env, declared, e, args);
  if (instance === null) return poison(e.span);
  const values = reduceValues(context, instance.reducer, instance.args, instance.types, domain);
  const [only, other] = values;
  if (only !== undefined && other === undefined) return only;
  return { kind: "tuple", elements: values, names: instance.names, span: e.span };
}
