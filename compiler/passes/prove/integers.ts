/** Integer types and their ranges, as the prover wants them. */
import type { Condition } from "../../analysis/condition.ts";
import { all, atMost } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { constant } from "../../analysis/polynomial.ts";
import type { IntDType } from "../../ir/dtype.ts";
import { dtypeRange, isBool, isFloat } from "../../ir/dtype.ts";
import type { ScalarType } from "../../ir/expr.ts";

/** Does the type have values that the prover speaks of? */
export function isInteger(type: ScalarType): type is IntDType | "index" {
  return type === "index" || isIntDType(type);
}

/** An integer type with an end: not "index". */
export function isIntDType(type: ScalarType): type is IntDType {
  return type !== "index" && !isBool(type) && !isFloat(type);
}

/** Of a dtype. */
export function typeBounds(type: IntDType): { readonly lower: Poly; readonly upper: Poly } {
  const { min, max } = dtypeRange(type);
  return { lower: constant(min), upper: constant(max) };
}

/** Is the value in the range of the type? */
export function fits(p: Poly, type: IntDType): Condition {
  const { lower, upper } = typeBounds(type);
  return all([atMost(lower, p), atMost(p, upper)]);
}
