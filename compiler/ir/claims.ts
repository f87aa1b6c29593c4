/**
 * What the checker leaves to the proof pass besides bounds, overflow and casts: that every element of a tensor lies in a
 * range that somebody relies on. A declared range of an output or a `let` is a claim of the stage that defines it; a
 * range type of a called kernel's, function's or reducer's parameter is a claim about the argument.
 */
import type { Span } from "../support/source.ts";
import type { Expr } from "./expr.ts";

/** Every element of `tensor` lies in `lo..hi`, half-open index expressions over the kernel's dims. */
export type Claim = {
  /** Id of a parameter of the kernel or of a stage's tensor; or of the variable of a `let`, or of a reducer's parameter. */
  readonly tensor: string;
  readonly lo: Expr;
  readonly hi: Expr;
  /** Where it is claimed: the range type, or the argument of the call. */
  readonly span: Span;
  /** In the user's words: `parameter ids of embedding is declared in 0..V`. */
  readonly why: string;
};
