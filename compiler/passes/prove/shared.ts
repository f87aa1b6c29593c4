/** What the parts of the proof pass share while it walks one kernel. */
import type { Condition } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import type { IndexPolynomials } from "../../analysis/index-polynomial.ts";
import type { Claim } from "../../ir/claims.ts";
import type { Tensor } from "../../ir/equations.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Diagnostics } from "../../support/diagnostics.ts";
import type { Span } from "../../support/source.ts";
import type { Names } from "./names.ts";
import type { AccessProof } from "./proof.ts";
import type { Refused } from "./refused.ts";

/** The recurrence that is being checked. */
export type Group = {
  /** Position of the time axis. */
  readonly time: number;
  /** Tensors of the group's members, by the place of their member in the order of one step. */
  readonly members: ReadonlyMap<string, number>;
  /** The member whose body is checked. */
  readonly member: number;
  /** Its time variable; null in `init`, where only slices below 0 are defined. */
  readonly now: Expr | null;
};

/** The elements along `dim`, none below 0, add up to at most `total`, which is over dims; whatever the other indices. */
export type Partition = { readonly dim: number; readonly total: Poly };

export type Shared = {
  readonly polys: IndexPolynomials;
  readonly names: Names;
  readonly spans: WeakMap<Expr, Span>;
  readonly diagnostics: Diagnostics;
  /** Params, and the tensors of the stages already checked with the ranges found for them. */
  readonly tensors: Map<string, Tensor>;
  readonly proofs: AccessProof[];
  /** Ids of dims and of parameters. */
  readonly dims: ReadonlySet<string>;
  readonly params: ReadonlySet<string>;
  readonly refused: Refused;
  /** What is claimed, by the id of a tensor or variable. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Of sums of values that are not below 0: the most that they come to, over dims. */
  readonly totals: WeakMap<Expr, Poly>;
  /** Of tensors whose elements share the points of such sums. */
  readonly partitions: Map<string, readonly Partition[]>;
  /** Limits on sizes that a call is checked against. */
  readonly sizes: { readonly condition: Condition; readonly label: string }[];
};

/** Where the walk is: the nearest text, and the recurrence around it. */
export type Place = { readonly span: Span; readonly group: Group | null };

/** One subscript and the range that it must lie in. */
export type Subscript = {
  readonly tensor: Tensor;
  readonly dim: number;
  readonly expr: Expr;
  readonly value: Poly;
  readonly lo: Poly;
  readonly hi: Poly;
};

/** Refusals of one kernel. A proof that fails costs the most, for it is searched for to its end. */
const MOST_REFUSALS = 30;

/** Has so much been refused that the rest of the kernel is not looked at? It is refused as it is. */
export function isHopeless({ diagnostics }: Shared): boolean {
  return diagnostics.list.length >= MOST_REFUSALS && diagnostics.hasErrors;
}
