/**
 * Values about which something has been refused: an overflow that was reported is not reported again wherever its result
 * goes, through `let`s and stages.
 */
import type { Expr, Var } from "../../ir/expr.ts";
import { some } from "../../ir/walk.ts";

export class Refused {
  readonly #nodes = new WeakSet<Expr>();
  readonly #variables = new Set<string>();
  readonly #tensors = new Set<string>();

  /** The value of this checked expression is not what it should be. */
  add(e: Expr): void {
    this.#nodes.add(e);
  }

  /** Nor are the elements of this tensor. */
  addTensor(tensor: string): void {
    this.#tensors.add(tensor);
  }

  /** A `let` of a refused value is one itself. */
  bind(variable: Var, value: Expr): void {
    if (this.has(value)) this.#variables.add(variable.id);
  }

  /** So is a stage with one in its body. */
  store(tensor: string, body: Expr): void {
    if (this.has(body)) this.#tensors.add(tensor);
  }

  has(e: Expr): boolean {
    return some(e, (n) => this.#nodes.has(n) || this.#isStored(n));
  }

  #isStored(n: Expr): boolean {
    return (n.kind === "var" && this.#variables.has(n.id)) || (n.kind === "read" && this.#tensors.has(n.tensor));
  }
}
