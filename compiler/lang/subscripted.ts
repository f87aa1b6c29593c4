/**
 * Decides what `ID[…]` is once all of it has been read: with an argument list a reduction, else an access; and refuses
 * what the grammar lets through because it could not know yet: a guard without a reduction, a range in an access, a
 * reduction index that is an expression.
 */
import type { Code } from "../support/codes.ts";
import type { DiagnosticInput } from "../support/diagnostics.ts";
import { spanText, type Span } from "../support/source.ts";
import type { Access, Argument, Binder, Expr, InitSubscript, NonEmpty, PadRule, Path, Reduction } from "./ast.ts";

/** Reports a mistake that does not stop the parser. */
export type Refuse = (code: Code, input: DiagnosticInput) => void;

function mapNonEmpty<A, B>([first, ...rest]: NonEmpty<A>, f: (a: A) => B): NonEmpty<B> {
  return [f(first), ...rest.map((a) => f(a))];
}

export function accessOf(
  tensor: Path,
  subscripts: NonEmpty<InitSubscript>,
  guard: { readonly bar: Span; readonly value: Expr } | null,
  pad: PadRule | null,
  span: Span,
  refuse: Refuse,
): Access {
  const text = spanText(tensor.span);
  if (guard !== null) {
    refuse("E1014", {
      message: `\`${text}[… | …]\` has a guard, but no argument to reduce`,
      span: guard.bar,
      label: "this starts the guard of a reduction",
      help: [
        `give the reduction its argument: ${text}[… | …](…)`,
        "for the bits of two integers write bit_or(a, b); for a bool write a || b",
      ],
    });
  }
  for (const { range } of subscripts) {
    if (range === null) continue;
    refuse("E1021", {
      message: `an access of \`${text}\` reads one element, not a range`,
      span: range.span,
      label: "only a left side or a reduction binds an index with a range",
      help: [`bind the index where it is introduced, as in sum[k in ${spanText(range.span)}](${text}[k])`],
    });
  }
  return { kind: "access", tensor, subscripts: mapNonEmpty(subscripts, (s) => s.index), pad, span };
}

export function reductionOf(
  reducer: Path,
  subscripts: NonEmpty<InitSubscript>,
  guard: Expr | null,
  args: readonly Argument[],
  span: Span,
  refuse: Refuse,
): Reduction {
  const binders = mapNonEmpty(subscripts, (s) => binderOf(s, "a reduction", refuse));
  return { kind: "reduction", reducer, binders, guard, args, span };
}

/** `place` binds plain names: `k`, `k in 0..K`. */
export function binderOf(subscript: InitSubscript, place: string, refuse: Refuse): Binder {
  const { index, range, span } = subscript;
  if (index.kind === "path" && index.names.length === 1) return { kind: "binder", name: index.names[0], range, span };
  const text = spanText(index.span);
  refuse("E1019", {
    message: `${place} binds new index names; \`${text}\` is an expression`,
    span: index.span,
    label: "a plain name is wanted here",
    help:
      place === "a reduction"
        ? ["bind a name and compute with it in the argument; an access has no parentheses after its brackets"]
        : ["name the index, and choose between its values on the right: i == 0 ? … : …"],
  });
  return { kind: "binder", name: { kind: "name", text, span: index.span }, range, span };
}

/** Reductions whose name says that a call without indices is a slip. `max` and `min` also are functions of two. */
const REDUCTION_WORDS: ReadonlySet<string> = new Set(
  ["sum", "sum_strict", "prod", "mean", "any", "all", "argmax", "argmin"], // the built-in reductions
);

/** `sum(A[k])`: which index is summed must be said, or equal texts could mean different sums. */
export function refuseCallWithoutIndex(callee: Path, args: readonly Argument[], span: Span, refuse: Refuse): void {
  const word = callee.names[0].text;
  if (callee.names.length > 1) return;
  if (!REDUCTION_WORDS.has(word) && !((word === "max" || word === "min") && args.length === 1)) return;
  const first = args[0];
  refuse("E1014", {
    message: `\`${word}\` does not say which indices it runs over`,
    span,
    label: "this is a reduction",
    help: [`name them in brackets: ${word}[k](${first === undefined ? "…" : brief(spanText(first.span))})`],
  });
}

function brief(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, " ");
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}…` : oneLine;
}
