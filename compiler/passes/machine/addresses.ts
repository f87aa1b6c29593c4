/**
 * Strength-reduced addresses. In an innermost loop every address that grows by a constant step becomes a local that is
 * increased once per iteration; addresses that differ by a constant share one local and keep the difference as offset.
 * What does not depend on the loop is summed from the outermost variable inward, so that invariant motion can carry each
 * partial sum to its own level. Addresses are read as polynomials over registers, so any way of writing them is found.
 */
import type { Inst, MachineFunction, MachineProgram, MachineType, Place, Reg } from "../../ir/machine.ts";
import { blocksOf, defined, mapBlocks, mapPlace } from "../../ir/walk-machine.ts";
import { invariant, known } from "../../support/invariant.ts";
import type { Term } from "./instruction-writer.ts";
import { inRegister, InstructionWriter, number } from "./instruction-writer.ts";

export function reduceAddresses(program: MachineProgram): MachineProgram {
  invariant(program.addressing === "bytes", "addresses come after flattening to bytes");
  return { ...program, functions: program.functions.map((fn) => new AddressReduction(fn).run()) };
}

type Loop = Extract<Inst, { kind: "loop" }>;

/** Sum of constant × product of registers; the key lists the registers, sorted, "" is the constant term. */
type Sum = ReadonlyMap<string, { readonly factors: readonly Reg[]; readonly by: number }>;

class AddressReduction {
  readonly #fn: MachineFunction;
  readonly #types: MachineType[];
  readonly #locals: MachineType[];
  readonly #definition = new Map<Reg, Inst>();
  readonly #depth = new Map<Reg, number>();
  readonly #sums = new Map<Reg, Sum>();

  constructor(fn: MachineFunction) {
    this.#fn = fn;
    this.#types = [...fn.types];
    this.#locals = [...fn.locals];
  }

  run(): MachineFunction {
    this.#note(this.#fn.body, 0);
    return { ...this.#fn, body: this.#block(this.#fn.body), types: this.#types, locals: this.#locals };
  }

  /** Definitions and loop depths of all registers. */
  #note(list: readonly Inst[], depth: number): void {
    for (const inst of list) {
      const dst = defined(inst);
      if (dst !== null) {
        this.#definition.set(dst, inst);
        this.#depth.set(dst, inst.kind === "loop" ? depth + 1 : depth);
      }
      for (const inner of blocksOf(inst)) this.#note(inner, inst.kind === "loop" ? depth + 1 : depth);
    }
  }

  #block(list: readonly Inst[]): readonly Inst[] {
    return list.flatMap((inst): readonly Inst[] => {
      if (inst.kind === "loop" && isInnermost(inst)) return this.#innermost(inst);
      return [mapBlocks(inst, (b) => this.#block(b))];
    });
  }

  #innermost(loop: Loop): readonly Inst[] {
    const inside = new Set<Reg>([loop.variable]);
    noteDefined(loop.body, inside);
    const groups = new Map<string, Group>();
    collect(loop.body, (place) => {
      const split = this.#split(place, loop, inside);
      if (split === null) return;
      const old = groups.get(split.key);
      groups.set(split.key, { ...split, least: Math.min(split.constant, old?.least ?? split.constant) });
    });
    if (groups.size === 0) return [loop];
    const before: Inst[] = [];
    const top: Inst[] = [];
    const bottom: Inst[] = [];
    const pointers = new Map<string, { readonly reg: Reg; readonly least: number }>();
    for (const group of groups.values()) pointers.set(group.key, this.#pointer(group, loop, before, top, bottom));
    const body = mapPlaces(loop.body, (place) => {
      const split = this.#split(place, loop, inside);
      const pointer = split === null ? undefined : pointers.get(split.key);
      if (split === null || pointer === undefined) return place;
      return { ...place, index: [pointer.reg], offset: place.offset + split.constant - pointer.least };
    });
    return [...before, { ...loop, body: [...top, ...body, ...bottom] }];
  }

  /** Address = start + step * variable, both without registers of the loop; null where it is not like that. */
  #split(place: Place, loop: Loop, inside: ReadonlySet<Reg>): Split | null {
    const [address] = place.index;
    if (address === undefined || place.shape === "gather") return null;
    const step = new Map<string, { factors: readonly Reg[]; by: number }>();
    const start = new Map<string, { factors: readonly Reg[]; by: number }>();
    let constant = 0;
    for (const [key, term] of this.#sumOf(address)) {
      const without = term.factors.filter((r) => r !== loop.variable);
      const times = term.factors.length - without.length;
      if (times > 1 || without.some((r) => inside.has(r))) return null;
      if (times === 1) step.set(without.join("*"), { factors: without, by: term.by });
      else if (key === "") constant = term.by;
      else start.set(key, term);
    }
    return { key: `${textOf(start)}|${textOf(step)}`, start, step, constant };
  }

  /** A local that holds the group's least address, set before the loop and increased at the end of its body. */
  #pointer(
    group: Group,
    loop: Loop,
    before: Inst[],
    top: Inst[],
    bottom: Inst[],
  ): { readonly reg: Reg; readonly least: number } {
    const outside = new InstructionWriter(this.#types, before);
    const step = this.#write(group.step, outside);
    const first = outside.add(this.#write(group.start, outside), number(group.least));
    if (step.kind === "number" && step.value === 0) return { reg: outside.materialise(first), least: group.least };
    const init = outside.materialise(outside.add(first, outside.mul(step, inRegister(loop.lo))));
    const increment = outside.materialise(outside.mul(step, number(loop.step)));
    const local = this.#locals.push({ elem: "i32", lanes: 1 }) - 1;
    before.push({ kind: "declare", local, init });
    const reg = outside.register({ elem: "i32", lanes: 1 });
    top.push({ kind: "get", dst: reg, local });
    const next = outside.register({ elem: "i32", lanes: 1 });
    bottom.push({ kind: "apply", dst: next, op: "add", args: [reg, increment] }, { kind: "set", local, value: next });
    return { reg, least: group.least };
  }

  /** Computes the sum, shallow registers first. */
  #write(sum: Sum, writer: InstructionWriter): Term {
    const depth = (r: Reg): number => this.#depth.get(r) ?? 0;
    const terms = [...sum.values()].map((t) => ({ ...t, factors: t.factors.toSorted((a, b) => depth(a) - depth(b)) }));
    const deepest = (t: { readonly factors: readonly Reg[] }): number => Math.max(0, ...t.factors.map(depth));
    let total: Term = number(0);
    for (const t of terms.toSorted((a, b) => deepest(a) - deepest(b))) {
      const product = t.factors.reduce<Term>((p, r) => writer.mul(p, inRegister(r)), number(1));
      total = writer.add(total, writer.mul(product, number(t.by)));
    }
    return total;
  }

  /** The polynomial that a scalar i32 register holds; what is not linear arithmetic is an atom. */
  #sumOf(r: Reg): Sum {
    const old = this.#sums.get(r);
    if (old !== undefined) return old;
    const sum = this.#compute(r);
    // Products of long sums grow fast; such an address stays as it is.
    const result = sum.size > 24 ? atom(r) : sum;
    this.#sums.set(r, result);
    return result;
  }

  #compute(r: Reg): Sum {
    const inst = this.#definition.get(r);
    if (inst?.kind === "const" && typeof inst.value === "number") return constantSum(inst.value);
    if (inst?.kind !== "apply") return atom(r);
    const [a, b] = inst.args;
    if (a === undefined || b === undefined || known(this.#types[r], "type").lanes !== 1) return atom(r);
    if (inst.op === "add") return addSums(this.#sumOf(a), this.#sumOf(b), 1);
    if (inst.op === "sub") return addSums(this.#sumOf(a), this.#sumOf(b), -1);
    if (inst.op === "mul") return multiply(this.#sumOf(a), this.#sumOf(b));
    const amount = inst.op === "shl" ? this.#sumOf(b).get("") : undefined;
    if (amount !== undefined && this.#sumOf(b).size === 1) return multiply(this.#sumOf(a), constantSum(2 ** amount.by));
    return atom(r);
  }
}

type Split = { readonly key: string; readonly start: Sum; readonly step: Sum; readonly constant: number };
type Group = Split & { readonly least: number };

function isInnermost(loop: Loop): boolean {
  const has = (list: readonly Inst[]): boolean => list.some((i) => i.kind === "loop" || blocksOf(i).some(has));
  return !has(loop.body);
}

function noteDefined(list: readonly Inst[], into: Set<Reg>): void {
  for (const inst of list) {
    const dst = defined(inst);
    if (dst !== null) into.add(dst);
    for (const inner of blocksOf(inst)) noteDefined(inner, into);
  }
}

function collect(list: readonly Inst[], f: (place: Place) => void): void {
  for (const inst of list) {
    if (inst.kind === "load" || inst.kind === "store") f(inst.place);
    for (const inner of blocksOf(inst)) collect(inner, f);
  }
}

function mapPlaces(list: readonly Inst[], f: (place: Place) => Place): readonly Inst[] {
  return list.map((inst) => {
    if (inst.kind === "load" || inst.kind === "store") return { ...inst, place: f(mapPlace(inst.place, (r) => r)) };
    return mapBlocks(inst, (b) => mapPlaces(b, f));
  });
}

function textOf(s: Sum): string {
  return [...s]
    .map(([key, t]) => `${t.by}*${key}`)
    .toSorted()
    .join("+");
}

function constantSum(value: number): Sum {
  return value === 0 ? new Map() : new Map([["", { factors: [], by: value }]]);
}

function atom(r: Reg): Sum {
  return new Map([[String(r), { factors: [r], by: 1 }]]);
}

function addSums(a: Sum, b: Sum, sign: 1 | -1): Sum {
  const sum = new Map(a);
  for (const [key, t] of b) {
    const by = (sum.get(key)?.by ?? 0) + sign * t.by;
    if (by === 0) sum.delete(key);
    else sum.set(key, { ...t, by });
  }
  return sum;
}

function multiply(a: Sum, b: Sum): Sum {
  let product: Sum = new Map();
  for (const x of a.values()) {
    for (const y of b.values()) {
      const factors = [...x.factors, ...y.factors].toSorted((p, q) => p - q);
      product = addSums(product, new Map([[factors.join("*"), { factors, by: x.by * y.by }]]), 1);
    }
  }
  return product;
}
