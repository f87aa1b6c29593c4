/** Diagnostics of reads: E2003 in the form of the language reference, §7, pads of what may be empty, pads that hide a bug. */
import { all, atLeastZero, atMost, less } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, asAtom, asConstant, constant, sub } from "../../analysis/polynomial.ts";
import { isFloat } from "../../ir/dtype.ts";
import type { Pad } from "../../ir/expr.ts";
import { addWhere, failure, rangesNote, whereFor } from "./explain.ts";
import { rangeHelp, report } from "./refuse-arithmetic.ts";
import type { Scope } from "./scope.ts";
import type { Place, Subscript } from "./shared.ts";

/** `subscripts`: those of the access, of which `s` is one. */
export function refuseAccess(s: Subscript, subscripts: readonly Subscript[], scope: Scope, place: Place): void {
  const { names, refused } = scope.shared;
  if (refused.has(s.expr)) return;
  const isAbove = scope.holds(atMost(s.lo, s.value));
  const isBelow = scope.holds(less(s.value, s.hi));
  const text = names.operand(s.expr);
  const lowSide = isAbove ? "" : `${names.poly(s.lo)} <= `;
  const highSide = isBelow ? "" : ` < ${names.poly(s.hi)}`;
  const goals = [...(isAbove ? [] : [sub(s.value, s.lo)]), ...(isBelow ? [] : [sub(sub(s.hi, s.value), ONE)])];
  const found = failure(scope, all(goals.map(atLeastZero)), s.value);
  const where = whereFor(scope, goals);
  const note = rangesNote(scope, [s.value]);
  report(scope, { ...place, span: names.spanOf(s.expr) ?? place.span }, "E2003", {
    message: `this read may be outside ${s.tensor.name}`,
    label: `needs ${lowSide}${text}${highSide}`,
    notes: [note, found === null ? null : `counterexample: ${found.at} gives index ${found.value}`],
    help: isOwnTime(s, place)
      ? startHelp(s)
      : (neverInside(s, scope) ?? [swapped(s, subscripts, scope), ...waysOut(s, scope, where, goals)]),
  });
}

/** Where the subscript is past an end for every call: `X[N]`. */
function neverInside(s: Subscript, scope: Scope): readonly string[] | null {
  const [above, below] = [asConstant(sub(s.hi, s.value)), asConstant(sub(s.value, s.lo))];
  if ((above === null || above > 0n) && (below === null || below >= 0n)) return null;
  const { names } = scope.shared;
  const { name } = s.tensor;
  return above !== null && above <= 0n
    ? [`it is always outside: the last index of this dim of ${name} is ${names.poly(sub(s.hi, ONE))}`]
    : [`it is always outside: the first index of this dim of ${name} is ${names.poly(s.lo)}`];
}

/** The access with two subscripts exchanged, where both are inside then; null where none are. */
function swapped(s: Subscript, subscripts: readonly Subscript[], scope: Scope): string | null {
  const fits = (value: Poly, { lo, hi }: Subscript): boolean => scope.holds(all([atMost(lo, value), less(value, hi)]));
  const other = subscripts.find((o) => o !== s && fits(s.value, o) && fits(o.value, s));
  if (other === undefined) return null;
  const texts = subscripts.map((x) => scope.shared.names.value((x === s ? other : x === other ? s : x).expr));
  return `swap the subscripts, which look mixed up: ${s.tensor.name}[${texts.join(", ")}]`;
}

/** Is it the time subscript of a recurrence's own read? */
function isOwnTime(s: Subscript, place: Place): boolean {
  return place.group !== null && place.group.time === s.dim && place.group.members.has(s.tensor.id);
}

function startHelp(s: Subscript): readonly string[] {
  return [`say what ${s.tensor.name} starts from: … init ${s.tensor.name}[…] = …`];
}

/** Data needs a range; geometry needs a pad or a condition on dims. */
function waysOut(s: Subscript, scope: Scope, where: string | null, goals: readonly Poly[]): readonly (string | null)[] {
  const { dtype } = s.tensor;
  const zero = isFloat(dtype) ? "0" : dtype === "bool" ? "(false)" : "0";
  const padded = `write ${s.tensor.name}[…] pad ${zero}`;
  const reached = withEnds(goals, scope);
  const isData = goals.some((p) =>
    scope.shared.polys.atoms.symbolsOf(p).some((id) => scope.shared.polys.opaque(id) !== null),
  );
  const ranges = rangeHelp(scope, reached);
  if (!isData && ranges !== null) return [ranges, padded];
  if (isData) {
    const { names } = scope.shared;
    const isFilled = less(s.lo, s.hi);
    const filled = scope.holds(isFilled) ? null : whereFor(scope, [sub(sub(s.hi, s.lo), ONE)]);
    // A value that is clamped already lacks no more than an element to be clamped to.
    if (filled !== null && scope.holdsWith(isFilled, goals.map(atLeastZero))) return [addWhere(filled)];
    const clamp = `write clamp(${names.value(s.expr)}, ${names.poly(s.lo)}, ${names.poly(sub(s.hi, ONE))})`;
    return [dataRange(s, scope) ?? ranges, filled === null ? clamp : `${clamp}, and ${addWhere(filled)}`];
  }
  return [where === null ? padded : `${padded}, or ${addWhere(where)}`];
}

/** The polynomials, and the ends of the ranges of their indices, transitively: `p in ptr[i]..ptr[i + 1]` depends on data. */
function withEnds(polys: readonly Poly[], scope: Scope): readonly Poly[] {
  const reached = [...polys];
  const seen = new Set<string>();
  for (let i = 0; i < reached.length; i++) {
    for (const id of scope.shared.polys.atoms.symbolsOf(reached[i] ?? ONE)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const { lower, upper } = scope.boundsOf(id);
      for (const end of [lower, upper]) if (end !== null) reached.push(end);
    }
  }
  return reached;
}

/** The subscript is one element of a parameter: its range type is the dim's range. */
function dataRange(s: Subscript, scope: Scope): string | null {
  const { polys, params, tensors, names } = scope.shared;
  const id = asAtom(s.value);
  const expr = id === null ? undefined : polys.opaque(id)?.expr;
  if (expr?.kind !== "read" || !params.has(expr.tensor)) return null;
  const tensor = tensors.get(expr.tensor);
  if (tensor === undefined) return null;
  const shape = tensor.dims.length > 0 ? "[…]" : "";
  return `declare ${tensor.name}: ${tensor.dtype}${shape} in ${names.poly(s.lo)}..${names.poly(s.hi)}`;
}

export function refuseEmptyPad(s: Subscript, pad: Pad["kind"], least: bigint, scope: Scope, place: Place): void {
  const size = sub(s.hi, s.lo);
  const goal = sub(size, constant(least));
  const found = failure(scope, atLeastZero(goal), size);
  const where = whereFor(scope, [goal]);
  const elements = least === 1n ? "an element" : `${least} elements`;
  report(scope, place, "E2109", {
    message: `\`pad ${pad}\` needs ${elements} of ${s.tensor.name} along its dim ${s.dim}`,
    label: `needs ${scope.shared.names.condition(atLeastZero(goal))}`,
    notes: [found === null ? null : `counterexample: ${found.at} gives size ${found.value}`],
    help: [where === null ? null : addWhere(where), `write a value for what is outside: ${s.tensor.name}[…] pad 0`],
  });
}

/** A bare index that is not proved inside a padded dim: the pad hides that the sizes differ. */
export function warnNoHalo(s: Subscript, scope: Scope, place: Place): void {
  const id = asAtom(s.value);
  const range = id === null ? undefined : scope.facts.indexRanges.get(id);
  // An axis that starts before the dim was given its halo on purpose.
  if (range === undefined || !scope.holds(atMost(s.lo, s.value))) return;
  const { names } = scope.shared;
  const where = whereFor(scope, [sub(sub(s.hi, s.value), ONE)]);
  report(scope, place, "W2101", {
    message: `the pad hides that \`${names.value(s.expr)}\` may pass the end of ${s.tensor.name}'s dim ${s.dim}`,
    label: `${names.poly(s.value)} in ${names.poly(range.lo)}..${names.poly(range.hi)}, the dim is ${names.poly(s.lo)}..${names.poly(s.hi)}`,
    help: [where === null ? "make the sizes equal" : `make the sizes equal, or ${addWhere(where)}`],
  });
}
