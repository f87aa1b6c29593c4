/**
 * What is known at a place of a program: inequalities and alternatives over atoms, each with a label that says where it
 * comes from. Facts are immutable: a scope (a loop, a guard, a branch) is the facts around it and some more, so a tree
 * of scopes shares what it has in common. Bounds of atoms are found once per scope, when first asked, by carrying
 * intervals through the inequalities (ranges.ts).
 */
import { unreachable } from "../support/invariant.ts";
import type { Atoms } from "./atoms.ts";
import { intervalOf, operands } from "./definition.ts";
import type { Condition, Fact } from "./condition.ts";
import { atLeastZero, atMost, less } from "./condition.ts";
import type { Known } from "./floor-division.ts";
import type { Interval } from "./interval.ts";
import type { Poly } from "./polynomial.ts";
import {
  ONE,
  ZERO,
  asConstant,
  atom,
  atomsOf,
  constant,
  constantTerm,
  content,
  divideDown,
  gcd,
  negate,
  sub,
  withoutConstant,
} from "./polynomial.ts";
import type { AtomRanges } from "./ranges.ts";
import { EMPTY_RANGES, findRanges } from "./ranges.ts";

/** At least one of the alternatives holds. */
export type Disjunction = { readonly alternatives: readonly Condition[]; readonly label: string };

/** `lo <= id < hi`, and the loop or domain that says so runs at least once. */
export type IndexRange = { readonly lo: Poly; readonly hi: Poly; readonly label: string };

/** Dims are below 2**31: the call checks it. */
export const DIM_LIMIT = 1n << 31n;

/** The best lower bound known for one form (a polynomial without its constant, divided by its content). */
type FormBound = { readonly atLeast: bigint; readonly fact: Fact };

export class Facts implements Known {
  readonly atoms: Atoms;
  /** In the order in which they were assumed. */
  readonly inequalities: readonly Fact[];
  readonly disjunctions: readonly Disjunction[];
  /** The ranges given by `assumeRange`, by the id of the index. */
  readonly indexRanges: ReadonlyMap<string, IndexRange>;
  /** The facts around these; what they have found out about atoms holds here too. */
  readonly #outer: Facts | null;
  #ranges: AtomRanges | null = null;
  #forms: ReadonlyMap<string, FormBound> | null = null;
  readonly #lemmas = new Map<string, readonly Fact[] | null>();

  private constructor(
    atoms: Atoms,
    inequalities: readonly Fact[],
    disjunctions: readonly Disjunction[],
    indexRanges: ReadonlyMap<string, IndexRange>,
    outer: Facts | null,
  ) {
    this.atoms = atoms;
    this.inequalities = inequalities;
    this.disjunctions = disjunctions;
    this.indexRanges = indexRanges;
    this.#outer = outer;
  }

  /** Nothing is known. */
  static none(atoms: Atoms): Facts {
    return new Facts(atoms, [], [], new Map(), null);
  }

  /** These facts and a condition that holds; `label` says why, in the user's words: `where R <= H + 2*p`. */
  assume(condition: Condition, label: string): Facts {
    const taken: Fact[] = [];
    const disjunctions: Disjunction[] = [];
    this.#take(condition, label, taken, disjunctions);
    const inequalities = taken.filter((fact) => !this.#says(fact));
    if (inequalities.length === 0 && disjunctions.length === 0) return this;
    return new Facts(
      this.atoms,
      [...this.inequalities, ...inequalities],
      [...this.disjunctions, ...disjunctions],
      this.indexRanges,
      this,
    );
  }

  /** `poly >= 0`. */
  assumeAtLeastZero(poly: Poly, label: string): Facts {
    return this.assume(atLeastZero(poly), label);
  }

  assumeEqual(a: Poly, b: Poly, label: string): Facts {
    return this.assume({ kind: "zero", poly: sub(a, b) }, label);
  }

  /** At least one alternative holds. */
  assumeAny(alternatives: readonly Condition[], label: string): Facts {
    return this.assume({ kind: "any", of: alternatives }, label);
  }

  /** `lo <= id < hi` for an index of a domain: inside it the domain is not empty, so `hi - lo >= 1` too. */
  assumeRange(id: string, lo: Poly, hi: Poly, label: string): Facts {
    const index = atom(id);
    const inside = this.assume({ kind: "all", of: [atMost(lo, index), less(index, hi), less(lo, hi)] }, label);
    const ranges = new Map(this.indexRanges).set(id, { lo, hi, label });
    return new Facts(this.atoms, inside.inequalities, inside.disjunctions, ranges, this);
  }

  /** `0 <= id < 2**31`. */
  assumeDim(id: string, label = `0 <= ${id} < 2**31`): Facts {
    return this.assume({ kind: "all", of: [atMost(ZERO, atom(id)), less(atom(id), constant(DIM_LIMIT))] }, label);
  }

  #take(condition: Condition, label: string, inequalities: Fact[], disjunctions: Disjunction[]): void {
    switch (condition.kind) {
      case "atLeastZero":
        pushFact(inequalities, condition.poly, label);
        return;
      case "zero":
        for (const poly of integerZero(condition.poly)) pushFact(inequalities, poly, label);
        return;
      case "all":
        for (const part of condition.of) this.#take(part, label, inequalities, disjunctions);
        return;
      case "any":
        this.#takeAny(condition.of, label, inequalities, disjunctions);
        return;
      case "unknown":
        return;
      default:
        unreachable(condition);
    }
  }

  /** Alternatives that cannot hold are dropped; one that is unknown leaves nothing to assume. */
  #takeAny(of: readonly Condition[], label: string, inequalities: Fact[], disjunctions: Disjunction[]): void {
    if (of.some((c) => c.kind === "unknown")) return;
    const open = of.filter((c) => !this.#excludes(c));
    const [only] = open;
    if (only === undefined) pushFact(inequalities, constant(-1), label);
    else if (open.length === 1) this.#take(only, label, inequalities, disjunctions);
    else disjunctions.push({ alternatives: open, label });
  }

  #excludes(c: Condition): boolean {
    if (c.kind === "atLeastZero") return this.holds(sub(constant(-1), c.poly));
    if (c.kind === "zero") return this.holds(sub(c.poly, ONE)) || this.holds(sub(negate(c.poly), ONE));
    if (c.kind === "all") return c.of.some((part) => this.#excludes(part));
    return false;
  }

  /** An interval that holds every value that the polynomial takes where these facts hold. */
  bounds(p: Poly): Interval {
    return intervalOf(p, (id) => this.ranges.of(id).interval);
  }

  /** Whether intervals show that `p >= 0`, or one fact says so; `prove` can do more. */
  holds(p: Poly): boolean {
    const number = asConstant(p);
    if (number !== null) return number >= 0n;
    return this.factFor(p) !== null || (this.bounds(p).lower ?? -1n) >= 0n;
  }

  /** The one fact from which `p >= 0` follows by adding a constant or scaling; null where there is none. */
  factFor(p: Poly): Fact | null {
    const divisor = content(p);
    if (divisor === 0n) return null;
    const bound = this.#formBounds().get(divideDown(withoutConstant(p), divisor).key);
    return bound !== undefined && divisor * bound.atLeast + constantTerm(p) >= 0n ? bound.fact : null;
  }

  /** The bounds of atoms, found on first use. */
  get ranges(): AtomRanges {
    this.#ranges ??= findRanges(this.atoms, this.inequalities, this.#known());
    return this.#ranges;
  }

  #known(): AtomRanges {
    for (let scope = this.#outer; scope !== null; scope = scope.#outer)
      if (scope.#ranges !== null) return scope.#ranges;
    return EMPTY_RANGES;
  }

  /** A lemma's proof, looked for once in this scope; while it is being looked for it counts as not found. */
  lemma(goal: Poly, find: () => readonly Fact[] | null): readonly Fact[] | null {
    const known = this.#lemmas.get(goal.key);
    if (known !== undefined) return known;
    this.#lemmas.set(goal.key, null);
    const found = find();
    this.#lemmas.set(goal.key, found);
    return found;
  }

  /** Is the fact one of these, or weaker than one of them? */
  #says(fact: Fact): boolean {
    const bound = this.#formBounds().get(withoutConstant(fact.poly).key);
    return bound !== undefined && bound.atLeast >= -constantTerm(fact.poly);
  }

  /** Those of the facts around are taken over: they come first in the list. */
  #formBounds(): ReadonlyMap<string, FormBound> {
    if (this.#forms !== null) return this.#forms;
    const outer = this.#outer;
    const forms = new Map(outer === null ? [] : outer.#formBounds());
    for (const fact of this.inequalities.slice(outer === null ? 0 : outer.inequalities.length)) {
      const key = withoutConstant(fact.poly).key; // facts are kept divided by their content
      const atLeast = -constantTerm(fact.poly);
      const best = forms.get(key);
      if (best === undefined || best.atLeast < atLeast) forms.set(key, { atLeast, fact });
    }
    this.#forms = forms;
    return forms;
  }
}

/** `poly >= 0` divided by its content, the constant rounded down; what is trivially true is left out. */
function pushFact(into: Fact[], poly: Poly, label: string): void {
  const number = asConstant(poly);
  if (number !== null && number >= 0n) return;
  into.push({ poly: number === null ? divideDown(poly, content(poly)) : poly, label });
}

/** `poly == 0` as two inequalities; over the integers `2*x + 1 == 0` is false. */
function integerZero(poly: Poly): readonly Poly[] {
  const divisor = content(poly);
  if (divisor !== 0n && gcd(divisor, constantTerm(poly)) !== divisor) return [constant(-1)];
  const reduced = divisor <= 1n ? poly : divideDown(poly, divisor);
  return [reduced, negate(reduced)];
}

/** The facts behind the bounds of a polynomial's atoms. */
export function factsBehind(facts: Facts, p: Poly): readonly Fact[] {
  const used = new Set<Fact>();
  const seen = new Set<string>();
  const visit = (q: Poly): void => {
    for (const id of atomsOf(q)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const { lowerFrom, upperFrom } = facts.ranges.of(id);
      for (const fact of [lowerFrom, upperFrom]) {
        if (fact === null || used.has(fact)) continue;
        used.add(fact);
        visit(fact.poly);
      }
      const definition = facts.atoms.definition(id);
      if (definition !== null) for (const part of operands(definition)) visit(part);
    }
  };
  visit(p);
  return [...used];
}

/** The labels of facts in the order in which these were assumed, each once; what has no label is not the user's. */
export function labelsOf(facts: Facts, used: Iterable<Fact>): readonly string[] {
  const chosen = new Set(used);
  const labels = facts.inequalities.filter((f) => chosen.has(f) && f.label !== "").map((f) => f.label);
  return [...new Set(labels)];
}
