/**
 * Puts the clauses of a reducer together: `identity`, `lift` and `combine` are there once, `bulk` and `law` at most
 * once, in any order.
 */
import type { Reducer } from "./ast.ts";
import type { ReducerClause, ReducerHead } from "./grammar.ts";
import type { Refuse } from "./subscripted.ts";

type ClauseOf<K extends ReducerClause["kind"]> = Extract<ReducerClause, { readonly kind: K }>;

/** Null where a clause is missing; that is reported. */
export function assembleReducer(
  head: ReducerHead,
  clauses: readonly ReducerClause[],
  refuse: Refuse,
): Omit<Reducer, "doc" | "span"> | null {
  const find = <K extends ReducerClause["kind"]>(kind: K): ClauseOf<K> | undefined => {
    const [first, second] = clauses.filter((clause): clause is ClauseOf<K> => clause.kind === kind);
    if (first !== undefined && second !== undefined) {
      refuse("E1023", {
        message: `the reducer \`${head.name.text}\` has two \`${kind}\` clauses`,
        span: second.span,
        related: [{ span: first.span, message: "the first is here" }],
        help: ["remove one of them"],
      });
    }
    return first;
  };
  const identity = find("identity");
  const lift = find("lift");
  const combine = find("combine");
  const bulk = find("bulk");
  const law = find("law");
  if (identity === undefined || lift === undefined || combine === undefined) {
    const required = { identity: identity, lift: lift, combine: combine };
    const missing = Object.entries(required).flatMap(([kind, clause]) => (clause === undefined ? [kind] : []));
    refuse("E1023", {
      message: `the reducer \`${head.name.text}\` lacks its ${missing.map((kind) => `\`${kind}\``).join(" and ")}`,
      span: head.name.span,
      help: [`add ${missing.map((kind) => EXAMPLE[kind]).join(" ")}`],
    });
    return null;
  }
  return {
    ...head,
    identity: identity.value,
    lift: lift.value,
    combine: combine.value,
    bulk: bulk?.value ?? [],
    laws: law?.value ?? [],
  };
}

const EXAMPLE: Readonly<Record<string, string>> = {
  identity: "identity (-inf, 0.0);",
  lift: "lift (x, 1.0);",
  combine: "combine a, b = (max(a.m, b.m), a.l + b.l);",
};
