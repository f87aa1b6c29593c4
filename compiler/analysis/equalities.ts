/**
 * Uses up equalities among rows by substitution, before any linear reasoning: `C == g*CG` takes C out of every product,
 * `N - 4*q == 0` turns N into `4*q`. Over the integers this is exact as long as the atom that goes has coefficient 1 or
 * -1 and stands in no product of the equality.
 */
import type { Fact } from "./condition.ts";
import type { Row } from "./constraints.ts";
import type { Poly } from "./polynomial.ts";
import { asConstant, content, divideDown, mentions, negate, splitAffine, substituteAtoms } from "./polynomial.ts";
import type { WorkBudget } from "./work-budget.ts";

/** `poly == 0`. */
type Equality = { readonly poly: Poly; readonly because: () => readonly Fact[] };

/** Rows that substitution would make longer than this are given up. */
const LONGEST_ROW = 48;
/** Units of work for a term that is rewritten. */
const TERM_UNITS = 60;

/** Rows without the atoms that equalities (a row and its opposite) determine. */
export function useEqualities(rows: readonly Row[], budget: WorkBudget): readonly Row[] {
  let { equalities, others } = findEqualities(distinct(rows));
  const kept: Equality[] = [];
  for (let next = equalities[0]; next !== undefined; next = equalities[0]) {
    const equality = next;
    equalities = equalities.slice(1);
    const solution = solve(equality.poly);
    const touched = solution === null ? 0 : termsWith(solution.id, [...equalities, ...kept, ...others]);
    if (solution === null || !budget.spend(touched * TERM_UNITS)) {
      kept.push(equality);
      continue;
    }
    const replace = <R extends Row | Equality>(row: R): readonly R[] => {
      if (!mentions(row.poly, solution.id)) return [row];
      const poly = substituteAtoms(row.poly, (id) => (id === solution.id ? solution.value : undefined));
      if (poly.terms.length > LONGEST_ROW) return [];
      return [{ ...row, poly, because: () => [...row.because(), ...equality.because()] }];
    };
    equalities = equalities.flatMap(replace);
    kept.splice(0, kept.length, ...kept.flatMap(replace));
    others = others.flatMap(replace);
  }
  const unsolved = kept.flatMap(({ poly, because }) => [
    { poly, because },
    { poly: negate(poly), because },
  ]);
  return distinct([...others, ...unsolved]);
}

function findEqualities(rows: readonly Row[]): {
  readonly equalities: readonly Equality[];
  readonly others: readonly Row[];
} {
  const byKey = new Map(rows.map((r) => [r.poly.key, r]));
  const equalities: Equality[] = [];
  const others: Row[] = [];
  for (const row of rows) {
    const opposite = byKey.get(negate(row.poly).key);
    if (opposite === undefined) others.push(row);
    else if (row.poly.key < opposite.poly.key) {
      equalities.push({ poly: row.poly, because: () => [...row.because(), ...opposite.because()] });
    }
  }
  return { equalities, others };
}

/** An atom of the polynomial, and its value where the polynomial is 0; the first that there is, in the order of terms. */
function solve(poly: Poly): { readonly id: string; readonly value: Poly } | null {
  for (const t of poly.terms) {
    const [id] = t.factors;
    if (id === undefined || t.factors.length !== 1 || (t.coefficient !== 1n && t.coefficient !== -1n)) continue;
    const split = splitAffine(poly, id);
    if (split === null || asConstant(split.coefficient) === null) continue;
    return { id, value: t.coefficient === 1n ? negate(split.rest) : split.rest };
  }
  return null;
}

function termsWith(id: string, rows: readonly (Row | Equality)[]): number {
  return rows.reduce((count, r) => (mentions(r.poly, id) ? count + r.poly.terms.length : count), 0);
}

/** Each row once, in its strongest integer form; those that say nothing are left out. */
export function distinct(rows: readonly Row[]): readonly Row[] {
  const kept = new Map<string, Row>();
  for (const row of rows) {
    const number = asConstant(row.poly);
    if (number !== null && number >= 0n) continue;
    const divisor = content(row.poly);
    const strongest = divisor <= 1n ? row : { poly: divideDown(row.poly, divisor), because: row.because };
    if (!kept.has(strongest.poly.key)) kept.set(strongest.poly.key, strongest);
  }
  return [...kept.values()];
}
