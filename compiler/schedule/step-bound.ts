/**
 * How many steps one accumulator takes at most while a statement runs, where that is one number for all sizes: what
 * decides whether a sum is short. Bounds come from constants and from the remainders and minima that cutting loops leaves.
 */
import type { Expr } from "../ir/expr.ts";
import type { Accum, For, Stmt } from "../ir/loops.ts";
import { unreachable } from "../support/invariant.ts";
import { constantValue, extentOf } from "./blocks.ts";

/** Is it a step of the sum in question? */
export type IsStep = (s: Accum) => boolean;

/** The most steps into one element of the accumulator, `Infinity` where sizes decide. */
export function mostSteps(s: Stmt, isStep: IsStep): number {
  switch (s.kind) {
    case "accum":
      return isStep(s) ? 1 : 0;
    case "store":
      return 0;
    case "alloc":
      return mostSteps(s.body, isStep);
    case "seq":
      return s.body.reduce((n, inner) => n + mostSteps(inner, isStep), 0);
    case "if": {
      const otherwise = s.otherwise === null ? 0 : mostSteps(s.otherwise, isStep);
      return Math.max(mostSteps(s.then, isStep), otherwise);
    }
    case "for": {
      const inside = mostSteps(s.body, isStep);
      if (inside === 0 || takesOwnElement(s, isStep)) return inside;
      return mostTrips(s) * inside;
    }
    default:
      return unreachable(s);
  }
}

/** Does each iteration of the loop step an element of its own? So copies and lanes do. */
function takesOwnElement(loop: For, isStep: IsStep): boolean {
  const own = (s: Stmt): boolean => {
    if (s.kind === "accum" && isStep(s))
      return s.targets.every((t) => t.index.some((e) => e.kind === "var" && e.id === loop.variable.id));
    if (s.kind === "for" || s.kind === "alloc") return own(s.body);
    if (s.kind === "seq") return s.body.every(own);
    return s.kind !== "if" || (own(s.then) && (s.otherwise === null || own(s.otherwise)));
  };
  return own(loop.body);
}

function mostTrips(loop: For): number {
  return Math.max(0, atMost(extentOf(loop)));
}

/** A constant that an extent does not exceed. */
function atMost(e: Expr): number {
  const value = constantValue(e);
  if (value !== null) return value;
  if (e.kind !== "apply") return Infinity;
  const [a, b] = e.args;
  if (a === undefined || b === undefined) return Infinity;
  const by = constantValue(b);
  if (e.op === "min") return Math.min(atMost(a), atMost(b));
  if (by === null || by <= 0) return Infinity;
  if (e.op === "floor_mod") return by - 1;
  return e.op === "floor_div" ? Math.floor(atMost(a) / by) : Infinity;
}
