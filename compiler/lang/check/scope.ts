/**
 * Names inside a kernel, fn or reducer. Dims, generics, tensors, indices and `let … in` names share one namespace, and
 * shadowing is an error; functions, kernels and reducers have another (program-table.ts).
 */
import type { Span } from "../../support/source.ts";
import type { TensorSymbol, TensorValue, Value } from "./value.ts";

/** What a name is called in messages. */
export type NameRole = "dim" | "generic" | "index" | "let" | "parameter";

export type Entity =
  | { readonly kind: "value"; readonly role: NameRole; readonly value: Value; readonly span: Span }
  | { readonly kind: "tensor"; readonly symbol: TensorSymbol; readonly span: Span }
  /** The result of a kernel call or of a whole-tensor equation: `c1`, `c1.I`. */
  | {
      readonly kind: "result";
      readonly outputs: readonly { readonly name: string; readonly value: TensorValue }[];
      readonly span: Span;
    }
  /** Declared by an equation that has not been checked yet. */
  | { readonly kind: "pending"; readonly span: Span }
  /** An error, already reported, left it without a meaning. */
  | { readonly kind: "poison"; readonly span: Span };

/** A chain of tables; inner ones see outer ones. */
export class Scope {
  readonly #outer: Scope | null;
  readonly #names = new Map<string, Entity>();

  constructor(outer: Scope | null = null) {
    this.#outer = outer;
  }

  find(name: string): Entity | null {
    return this.#names.get(name) ?? this.#outer?.find(name) ?? null;
  }

  /** Is the name declared in this scope itself? */
  owns(name: string): boolean {
    return this.#names.has(name);
  }

  /** Declares or redefines a name of this scope itself. */
  set(name: string, entity: Entity): void {
    this.#names.set(name, entity);
  }

  /** Every visible name, inner ones first. */
  get names(): readonly string[] {
    return [...this.#names.keys(), ...(this.#outer?.names ?? [])];
  }
}
