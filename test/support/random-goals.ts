/**
 * Random integer goals with their truth by brute force: the oracle of the prover's property tests. An expression is
 * built twice from one tree, as a polynomial for the prover and as plain number arithmetic for the enumeration, so that
 * nothing of the code under test judges itself.
 */
import { Atoms } from "../../compiler/analysis/atoms.ts";
import type { Condition } from "../../compiler/analysis/condition.ts";
import { all, any, atLeastZero, equal, notEqual } from "../../compiler/analysis/condition.ts";
import { Facts } from "../../compiler/analysis/facts.ts";
import type { Poly } from "../../compiler/analysis/polynomial.ts";
import { ZERO, add, atom, constant, sub } from "../../compiler/analysis/polynomial.ts";
import { unreachable } from "../../compiler/support/invariant.ts";

export type Operator = "+" | "-" | "*" | "div" | "%" | "min" | "max";

export type Tree =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "variable"; readonly id: string }
  | { readonly kind: "operation"; readonly op: Operator; readonly left: Tree; readonly right: Tree };

export type Test =
  | { readonly kind: "comparison"; readonly op: ">=" | "==" | "!="; readonly left: Tree }
  | { readonly kind: "and" | "or"; readonly parts: readonly Test[] };

/** `lo <= id < hi`; where `dim` is set the prover is told only that `id >= 0`, and values below `hi` are tried. */
export type Variable = { readonly id: string; readonly lo: Tree; readonly hi: Tree; readonly dim: boolean };

export type Problem = {
  readonly variables: readonly Variable[];
  readonly guards: readonly Test[];
  readonly goal: Tree;
};

export type Point = Map<string, number>;

export const num = (value: number): Tree => ({ kind: "number", value });
export const variable = (id: string): Tree => ({ kind: "variable", id });
export const tree = (op: Operator, left: Tree, right: Tree): Tree => ({ kind: "operation", op, left, right });
/** `left op 0`. */
export const compare = (op: ">=" | "==" | "!=", left: Tree): Test => ({ kind: "comparison", op, left });

const ARITHMETIC = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  div: (a, b) => (b === 0 ? Number.NaN : Math.floor(a / b)),
  "%": (a, b) => (b === 0 ? Number.NaN : a - b * Math.floor(a / b)),
  min: Math.min,
  max: Math.max,
} as const satisfies Record<Operator, (a: number, b: number) => number>;

const POLYNOMIALS = {
  "+": (_, a, b) => add(a, b),
  "-": (_, a, b) => sub(a, b),
  "*": (facts, a, b) => facts.atoms.product(a, b),
  div: (facts, a, b) => facts.atoms.floorDiv(a, b, facts),
  "%": (facts, a, b) => facts.atoms.mod(a, b, facts),
  min: (facts, a, b) => facts.atoms.min(a, b, facts),
  max: (facts, a, b) => facts.atoms.max(a, b, facts),
} as const satisfies Record<Operator, (facts: Facts, a: Poly, b: Poly) => Poly>;

/** mulberry32 (Tommy Ettinger): small, fast, the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in lo..hi. */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo));
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[this.int(0, from.length)];
    if (chosen === undefined) throw new Error("nothing to pick from");
    return chosen;
  }
}

/** NaN stands for "no value" (division by 0), and every comparison with it is false. */
export function valueOf(t: Tree, point: Point): number {
  switch (t.kind) {
    case "number":
      return t.value;
    case "variable":
      return point.get(t.id) ?? Number.NaN;
    case "operation":
      return ARITHMETIC[t.op](valueOf(t.left, point), valueOf(t.right, point));
    default:
      return unreachable(t);
  }
}

export function holds(t: Test, point: Point): boolean {
  switch (t.kind) {
    case "comparison": {
      const value = valueOf(t.left, point);
      return t.op === ">=" ? value >= 0 : t.op === "==" ? value === 0 : Math.abs(value) > 0;
    }
    case "and":
      return t.parts.every((p) => holds(p, point));
    case "or":
      return t.parts.some((p) => holds(p, point));
    default:
      return unreachable(t);
  }
}

export function polyOf(t: Tree, facts: Facts): Poly {
  switch (t.kind) {
    case "number":
      return constant(t.value);
    case "variable":
      return atom(t.id);
    case "operation":
      return POLYNOMIALS[t.op](facts, polyOf(t.left, facts), polyOf(t.right, facts));
    default:
      return unreachable(t);
  }
}

export function conditionOf(t: Test, facts: Facts): Condition {
  switch (t.kind) {
    case "comparison": {
      const p = polyOf(t.left, facts);
      return t.op === ">=" ? atLeastZero(p) : t.op === "==" ? equal(p, ZERO) : notEqual(p, ZERO);
    }
    case "and":
      return all(t.parts.map((p) => conditionOf(p, facts)));
    case "or":
      return any(t.parts.map((p) => conditionOf(p, facts)));
    default:
      return unreachable(t);
  }
}

/** The scope of a problem as the prover sees it. */
export function factsOf({ variables, guards }: Problem): Facts {
  let facts = Facts.none(new Atoms());
  for (const v of variables) {
    if (v.dim) facts = facts.assumeAtLeastZero(sub(atom(v.id), polyOf(v.lo, facts)), `${v.id} is a dim`);
    else facts = facts.assumeRange(v.id, polyOf(v.lo, facts), polyOf(v.hi, facts), `range of ${v.id}`);
  }
  for (const [i, guard] of guards.entries()) facts = facts.assume(conditionOf(guard, facts), `guard ${i}`);
  return facts;
}

/** Every point of the domain where the guards hold. */
export function forEachPoint({ variables, guards }: Problem, visit: (point: Point) => void): void {
  const point: Point = new Map();
  const fill = (at: number): void => {
    const v = variables[at];
    if (v === undefined) {
      if (guards.every((g) => holds(g, point))) visit(point);
      return;
    }
    const hi = valueOf(v.hi, point);
    for (let value = valueOf(v.lo, point); value < hi; value++) {
      point.set(v.id, value);
      fill(at + 1);
    }
    point.delete(v.id);
  };
  fill(0);
}

/** The least value of the goal over the domain; null where the domain is empty or the goal has no value somewhere. */
export function leastValue(problem: Problem): number | null {
  let least = Infinity;
  forEachPoint(problem, (point) => {
    const value = valueOf(problem.goal, point);
    least = Number.isNaN(value) ? Number.NaN : Math.min(least, value);
  });
  return Number.isFinite(least) ? least : null;
}

export function print(t: Tree): string {
  switch (t.kind) {
    case "number":
      return `${t.value}`;
    case "variable":
      return t.id;
    case "operation": {
      const [a, b] = [print(t.left), print(t.right)];
      return t.op === "min" || t.op === "max" ? `${t.op}(${a}, ${b})` : `(${a} ${t.op} ${b})`;
    }
    default:
      return unreachable(t);
  }
}

export function printTest(t: Test): string {
  if (t.kind === "comparison") return `${print(t.left)} ${t.op} 0`;
  return `(${t.parts.map(printTest).join(t.kind === "and" ? " && " : " || ")})`;
}

export function printProblem(p: Problem): string {
  const scope = p.variables.map((v) => `${v.id}${v.dim ? " dim" : ""} in ${print(v.lo)}..${print(v.hi)}`);
  return [...scope, ...p.guards.map(printTest), `goal ${print(p.goal)} >= 0`].join("; ");
}
