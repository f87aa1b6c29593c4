/** What `check --json` says of every access: that it was proved in range, and how. Nothing is proved by enumeration. */
import type { Method } from "../../analysis/prover.ts";
import type { Span } from "../../support/source.ts";

/** `pad`: nothing is to be proved, the read is defined outside; else how the prover found it. */
export type AccessMethod = Method | "pad";

export type AccessProof = {
  /** The user's name of the tensor. */
  readonly tensor: string;
  readonly span: Span;
  /** Counted from 0. */
  readonly dim: number;
  /** `0 <= y*s + r - p < H`. */
  readonly goal: string;
  readonly method: AccessMethod;
  /** Labels of the facts that were used. */
  readonly facts: readonly string[];
  /** It needs the conditions around it (branches, guards). */
  readonly guarded: boolean;
};
