/**
 * What a rewrite rule is: an equation between two expressions, read left to right, built with the ordinary constructors.
 * Variables are holes; a hole whose name starts with `c` takes constants only. One rule stands for every type it names, and
 * the equation holds for all values of that type (NaN, -0 and every bit pattern included) where the left side has a
 * value: integer arithmetic that may overflow is proved not to.
 *
 * The right side has fewer nodes than the left one, so rewriting ends. One test checks every rule on random values and one
 * has z3 prove it.
 */
import type { Expr, ScalarType, Var } from "../../ir/expr.ts";
import { variable } from "../../ir/expr.ts";

/** The holes of a rule, all of its type; `p`, `q` are bool. */
export type Holes = Readonly<Record<"x" | "y" | "z" | "c" | "p" | "q", Var>>;

export type Rule = {
  /** The equation, as people write it. */
  readonly name: string;
  readonly types: readonly ScalarType[];
  readonly sides: (h: Holes, type: ScalarType) => readonly [from: Expr, to: Expr];
  /** Extra condition on the constants that were matched. */
  readonly when?: (found: ReadonlyMap<string, Expr>) => boolean;
};

export const INDEX: readonly ScalarType[] = ["index"];
export const INTEGERS: readonly ScalarType[] = ["i32", "u32", "i64", "u64"];
export const INTEGERS_AND_INDEX: readonly ScalarType[] = ["index", ...INTEGERS];
export const FLOATS: readonly ScalarType[] = ["f32", "f64"];
export const BOOL: readonly ScalarType[] = ["bool"];
/** What values a choice can be between. */
export const ANY: readonly ScalarType[] = ["index", "bool", ...INTEGERS, ...FLOATS];

function hole(name: string, type: ScalarType): Var {
  return variable(type, `?${name}`, name);
}

/** A rule's holes for one of its types. */
export function holesOf(type: ScalarType): Holes {
  return {
    x: hole("x", type),
    y: hole("y", type),
    z: hole("z", type),
    c: hole("c", type),
    p: hole("p", "bool"),
    q: hole("q", "bool"),
  };
}
