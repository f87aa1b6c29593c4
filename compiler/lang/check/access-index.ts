/**
 * What the accesses of one instance say, arranged by what is asked of them: which accesses mention an index, which read
 * along a dim, which stage writes a tensor. Accesses, indices and stages are only ever added to an instance, so each is
 * looked at once, however often ranges are inferred.
 */
import type { Poly } from "../../analysis/polynomial.ts";
import type { Expr } from "../../ir/expr.ts";
import type { AccessRecord, Context, IndexSymbol, Instance, StageSymbol } from "./context.ts";
import type { DimSlot } from "./value.ts";

/** An access with the polynomials of its subscript, one for each branch, and the indices in each of them. */
export type IndexedAccess = AccessRecord & {
  readonly polys: readonly Poly[];
  readonly indices: readonly (readonly IndexSymbol[])[];
};

const NONE: readonly IndexedAccess[] = [];

const INDEXES = new WeakMap<Instance, AccessIndex>();

export class AccessIndex {
  readonly #context: Context;
  readonly #instance: Instance;
  readonly #byId = new Map<string, IndexSymbol>();
  readonly #writers = new Map<string, StageSymbol>();
  readonly #mentions = new Map<IndexSymbol, IndexedAccess[]>();
  readonly #readers = new Map<DimSlot, IndexedAccess[]>();
  #accesses = 0;
  #indices = 0;
  #stages = 0;

  private constructor(context: Context, instance: Instance) {
    this.#context = context;
    this.#instance = instance;
  }

  /** That of an instance, with all that has been added since it was asked for last. */
  static of(context: Context, instance: Instance): AccessIndex {
    let found = INDEXES.get(instance);
    if (found === undefined) {
      found = new AccessIndex(context, instance);
      INDEXES.set(instance, found);
    }
    found.#takeIn();
    return found;
  }

  /** The accesses whose subscript mentions the index, in source order. */
  mentioning(i: IndexSymbol): readonly IndexedAccess[] {
    return this.#mentions.get(i) ?? NONE;
  }

  /** The accesses that read along the dim, in source order. */
  reading(dim: DimSlot): readonly IndexedAccess[] {
    return this.#readers.get(dim) ?? NONE;
  }

  /** The stage of this instance that computes a tensor. */
  writerOf(tensor: string): StageSymbol | undefined {
    return this.#writers.get(tensor);
  }

  /** The index of this instance that has an id. */
  byId(id: string): IndexSymbol | undefined {
    return this.#byId.get(id);
  }

  indicesIn(p: Poly): readonly IndexSymbol[] {
    return this.#context.polys.atoms.symbolsOf(p).flatMap((id) => this.#byId.get(id) ?? []);
  }

  #takeIn(): void {
    const { indices, stages, accesses } = this.#instance;
    for (const i of indices.slice(this.#indices)) this.#byId.set(i.variable.id, i);
    for (const s of stages.slice(this.#stages)) for (const o of s.outputs) this.#writers.set(o.symbol.id, s);
    for (const a of accesses.slice(this.#accesses)) this.#add(a);
    [this.#indices, this.#stages, this.#accesses] = [indices.length, stages.length, accesses.length];
  }

  #add(a: AccessRecord): void {
    const { polys: all, facts } = this.#context;
    const polys = alternatives(a.subscript.build("index")).map((e) => all.poly(e, facts));
    const indices = polys.map((p) => this.indicesIn(p));
    const access = { ...a, polys, indices };
    for (const i of new Set(indices.flat())) append(this.#mentions, i, access);
    const dim = a.tensor.dims[a.dim];
    if (dim !== undefined) append(this.#readers, dim, access);
  }
}

function append<K>(lists: Map<K, IndexedAccess[]>, key: K, access: IndexedAccess): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [access]);
  else list.push(access);
}

/** The branches of a subscript, each of which must fit. */
function alternatives(e: Expr): readonly Expr[] {
  return e.kind === "select" ? [...alternatives(e.yes), ...alternatives(e.no)] : [e];
}
