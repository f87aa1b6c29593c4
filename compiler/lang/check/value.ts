/**
 * What an expression of the language stands for while it is being checked. A scalar knows its type at once and is built
 * into an expression of the equations later, when the ranges of indices are known and, for weak values (literals, dims,
 * indices), when the dtype that they take is known. Building twice gives the same node, so that work and size stay
 * linear in the source text however often a name is used.
 */
import type { DType } from "../../ir/dtype.ts";
import { isFloat, isInt } from "../../ir/dtype.ts";
import type { DimRange } from "../../ir/equations.ts";
import type { ConstValue, Expr, ScalarType } from "../../ir/expr.ts";
import { cast, constant, index } from "../../ir/expr.ts";
import { InternalError, invariant, known } from "../../support/invariant.ts";
import type { Span } from "../../support/source.ts";

/**
 * `index`: a weak integer; `real`: a weak float; `unknown`: an element of a recurrence whose dtype is still being
 * inferred (such a value is never built).
 */
export type ValueType = DType | "index" | "real" | "unknown";

export type Scalar = {
  readonly kind: "scalar";
  readonly type: ValueType;
  /** The value, where the text alone gives it: bigint for integers, number for floats. */
  readonly constant: ConstValue | null;
  /** Depends on dims and indices only, so it can be built before any range is known. */
  readonly pure: boolean;
  readonly span: Span;
  /** The weak integers that it may be, each built in the dtype asked for, instead of one that is cast to it. */
  readonly choices: readonly Scalar[] | null;
  /** An expression of exactly `type`; for a weak float, of the float dtype asked for. Memoised. */
  readonly build: (type: ScalarType) => Expr;
};

/** Several values: a tuple, or what `argmax` and kernels with several outputs give. */
export type TupleValue = {
  readonly kind: "tuple";
  readonly elements: readonly Value[];
  /** Names of the elements, where they have some (`c1.I`). */
  readonly names: readonly string[] | null;
  readonly span: Span;
};

/** A dim of a tensor; its range is null while it has not been inferred. */
export type DimSlot = { readonly range: DimRange | null };

/** A tensor without subscripts; `at` gives one element. */
export type TensorValue = {
  readonly kind: "tensor";
  readonly dims: readonly DimSlot[];
  readonly at: (indices: readonly Scalar[]) => Value;
  /** The tensor itself where the value is one that exists; null for `relu(c1)`. */
  readonly symbol: TensorSymbol | null;
  /** What a stage that computes it is called when nobody names it. */
  readonly hint: string;
  /** The use of a named tensor in it that makes it a whole tensor, for messages; null where no name stands for one. */
  readonly operand: { readonly name: string; readonly span: Span } | null;
  readonly span: Span;
};

/** Stands for what an error, already reported, left without a value. */
export type Poison = { readonly kind: "poison"; readonly span: Span };

export type Value = Scalar | TupleValue | TensorValue | Poison;

/** A parameter, or what an equation defines. Filled in as the kernel is checked. */
export type TensorSymbol = {
  readonly id: string;
  /** The user's path. */
  readonly name: string;
  readonly span: Span;
  /** `unknown` while a recurrence is being inferred; null after an error. */
  dtype: DType | "unknown" | null;
  readonly dims: readonly DimSlot[];
  values: DimRange | null;
};

export function poison(span: Span): Poison {
  return { kind: "poison", span };
}

type Details = { readonly constant?: ConstValue | null; readonly pure?: boolean; readonly choices?: Scalar["choices"] };

/** A scalar of one dtype or a weak one; `build` is called at most once for each type. */
export function scalar(type: ValueType, span: Span, build: Scalar["build"], details: Details = {}): Scalar {
  const built = new Map<ScalarType, Expr>();
  const memoised = (t: ScalarType): Expr => {
    invariant(type !== "unknown", "a value of unknown type is built");
    let expr = built.get(t);
    if (expr === undefined) {
      expr = build(t);
      invariant(expr.type === t, () => `${expr?.type} was built for ${t}`);
      built.set(t, expr);
    }
    return expr;
  };
  return {
    kind: "scalar",
    type,
    span,
    constant: details.constant ?? null,
    pure: details.pure ?? false,
    choices: details.choices ?? null,
    build: memoised,
  };
}

/** A value of which only the type matters, while types are inferred: it is never built. */
export function typeOnly(type: ValueType, span: Span): Scalar {
  return scalar(type, span, () => {
    throw new InternalError("a value without meaning is built");
  });
}

export function indexConstant(value: bigint, span: Span): Scalar {
  return scalar("index", span, () => index(value), { constant: value, pure: true });
}

export function realConstant(value: number, span: Span): Scalar {
  return scalar("real", span, (t) => constant(t, value), { constant: value, pure: true });
}

export function boolConstant(value: boolean, span: Span): Scalar {
  return scalar("bool", span, () => constant("bool", value), { constant: value, pure: true });
}

/** An expression of type `to`, which the value is known to convert to. */
export function exprOf(value: Scalar, to: ScalarType): Expr {
  const { type } = value;
  if (type === to) return value.build(to);
  if (type === "real") {
    invariant(to !== "index" && isFloat(to), () => `a weak float as ${to}`);
    return value.build(to);
  }
  if (type === "index") {
    const v = value.constant;
    if (v !== null) return constant(to, typeof v === "bigint" && to !== "index" && isFloat(to) ? Number(v) : v);
    return value.choices !== null ? value.build(to) : cast(to, "exact", value.build("index"));
  }
  invariant(type !== "unknown", "a value of unknown type is built");
  return cast(to, "exact", value.build(type));
}

/** The dtype of a value on its own: weak integers are i32, weak floats f32. */
export function defaultType(type: ValueType): DType | "unknown" {
  return type === "index" ? "i32" : type === "real" ? "f32" : type;
}

/** Applies `f` to every scalar of a value; tensors element by element. */
export function mapScalars(value: Value, f: (s: Scalar) => Value): Value {
  switch (value.kind) {
    case "scalar":
      return f(value);
    case "tuple":
      return { ...value, elements: value.elements.map((e) => mapScalars(e, f)) };
    case "tensor":
      return { ...value, symbol: null, at: (indices) => mapScalars(value.at(indices), f) };
    case "poison":
      return value;
    default:
      return value satisfies never;
  }
}

/** How a type is called in messages. */
export function typeName(type: ValueType): string {
  if (type === "index") return "an integer";
  if (type === "real") return "a float";
  return type === "unknown" ? "not yet known" : type;
}

export function isWhole(type: ValueType): boolean {
  return type === "index" || (type !== "real" && type !== "unknown" && isInt(type));
}

export function isReal(type: ValueType): boolean {
  return type === "real" || (type !== "index" && type !== "unknown" && isFloat(type));
}

/** The range of a dim that has been resolved. */
export function rangeOf(slot: DimSlot): DimRange {
  return known(slot.range, "the range of a dim");
}
