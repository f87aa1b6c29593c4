/**
 * Drops what intervals make certain: comparisons with one outcome, branches and loads under them, loops that never run; and
 * sums with several constants get one. Specialised kernels are full of these, and C compilers warn about the first kind
 * (-Wextra: "comparison is always true").
 */
import type { Elem, Inst, MachineBuffer, MachineFunction, MachineType, Reg } from "../../compiler/ir/machine.ts";
import { defined, mapBlocks, mapOperands } from "../../compiler/ir/walk-machine.ts";
import { known } from "../../compiler/support/invariant.ts";
import { integerRanges } from "./integer-ranges.ts";

/** A register plus a constant. */
type Sum = { readonly base: Reg; readonly constant: bigint };

/** The function with certain values as constants; what is then unused is left for removeDeadCode. */
export function foldCertain(fn: MachineFunction, buffers: ReadonlyMap<string, MachineBuffer>): MachineFunction {
  const ranges = integerRanges(fn, buffers);
  const replaced = new Map<Reg, Reg>();
  const current = (r: Reg): Reg => replaced.get(r) ?? r;
  const sums = new Map<Reg, Sum>();
  const facts = new Map<Reg, Inst>();
  const types: MachineType[] = [...fn.types];
  return { ...fn, body: block(fn.body), types };

  /** The only value that the register can have. */
  function certain(r: Reg): bigint | null {
    const range = ranges.of(r);
    return range !== null && range.lo === range.hi ? range.lo : null;
  }

  function block(list: readonly Inst[]): readonly Inst[] {
    return list.flatMap((old): readonly Inst[] => {
      const dst = defined(old);
      if (dst !== null) facts.set(dst, old);
      if (old.kind === "loop") return neverRuns(old) ? [] : [mapBlocks(mapOperands(old, current), block)];
      const value = dst === null || old.kind === "const" ? null : certain(dst);
      if (dst !== null && value !== null) {
        return [{ kind: "const", dst, value: ofElem(value, known(fn.types[dst], "type").elem) }];
      }
      const same = alias(old);
      if (dst !== null && same !== null) {
        replaced.set(dst, current(same));
        return [];
      }
      if (old.kind === "if") {
        const taken = certain(old.cond);
        if (taken !== null) return block(taken === 1n ? old.then : old.otherwise);
      }
      const sum = asSum(old);
      if (dst !== null && sum !== null) return writeSum(dst, sum);
      return [load(mapBlocks(mapOperands(old, current), block))];
    });
  }

  /** `x + c` and `x - c` that cannot overflow, with the constants of x taken in. */
  function asSum(inst: Inst): Sum | null {
    if (inst.kind !== "apply" || (inst.op !== "add" && inst.op !== "sub") || ranges.mayWrap(inst.dst)) return null;
    const [a, b] = inst.args;
    if (a === undefined || b === undefined || ranges.of(a) === null) return null;
    const [left, right] = [certain(a), certain(b)];
    const constant = right ?? (inst.op === "add" ? left : null);
    if (constant === null) return null;
    const rest = current(right === null ? b : a);
    const inner = sums.get(rest) ?? { base: rest, constant: 0n };
    const sum = inner.constant + (inst.op === "add" ? constant : -constant);
    // Two sums that both fit may be further apart than the type is wide.
    return sum < 2n ** 31n && sum > -(2n ** 31n) ? { base: inner.base, constant: sum } : null;
  }

  function writeSum(dst: Reg, sum: Sum): readonly Inst[] {
    if (sum.constant === 0n) {
      replaced.set(dst, sum.base);
      return [];
    }
    sums.set(dst, sum);
    const { elem } = known(fn.types[dst], "type");
    const magnitude = types.push({ elem, lanes: 1 }) - 1;
    const positive = sum.constant > 0n;
    return [
      { kind: "const", dst: magnitude, value: ofElem(positive ? sum.constant : -sum.constant, elem) },
      { kind: "apply", dst, op: positive ? "add" : "sub", args: [sum.base, magnitude] },
    ];
  }

  function neverRuns(loop: Extract<Inst, { kind: "loop" }>): boolean {
    const [lo, hi] = [known(ranges.of(loop.lo), "range"), known(ranges.of(loop.hi), "range")];
    return hi.hi <= lo.lo;
  }

  /** The operand that the result certainly equals. */
  function alias(inst: Inst): Reg | null {
    if (inst.kind === "select") {
      const taken = certain(inst.cond);
      if (taken !== null) return taken === 1n ? inst.yes : inst.no;
      return isGuardedTwice(inst) ? inst.yes : null;
    }
    const [a, b] = inst.kind === "apply" ? inst.args : [];
    if (inst.kind !== "apply" || a === undefined || b === undefined) return null;
    if (inst.op === "and" || inst.op === "or") {
      const neutral = inst.op === "and" ? 1n : 0n;
      return certain(a) === neutral ? b : certain(b) === neutral ? a : null;
    }
    if (inst.op !== "max" && inst.op !== "min") return null;
    const [x, y] = [ranges.of(a), ranges.of(b)];
    if (x === null || y === null) return null;
    if (x.lo >= y.hi) return inst.op === "max" ? a : b;
    return y.lo >= x.hi ? (inst.op === "max" ? b : a) : null;
  }

  /** `c ? (load when c) : 0` is that load, which gives 0 by itself. */
  function isGuardedTwice({ cond, yes, no }: Extract<Inst, { kind: "select" }>): boolean {
    const [loaded, zero] = [facts.get(yes), facts.get(no)];
    if (loaded?.kind !== "load" || loaded.place.when === null || zero?.kind !== "const") return false;
    if (!Object.is(Number(zero.value), 0)) return false;
    const [a, b] = [conjuncts(cond), conjuncts(loaded.place.when)];
    return a.size === b.size && [...a].every((r) => b.has(r));
  }

  /** What is and-ed together in a condition. */
  function conjuncts(r: Reg): ReadonlySet<Reg> {
    const inst = facts.get(current(r));
    const both = inst?.kind === "apply" && inst.op === "and";
    return both ? new Set(inst.args.flatMap((a) => [...conjuncts(a)])) : new Set([current(r)]);
  }

  /** A load whose predicate certainly holds. */
  function load(inst: Inst): Inst {
    if (inst.kind !== "load" || inst.place.when === null) return inst;
    const when = certain(inst.place.when);
    if (when === null) return inst;
    if (when === 1n) return { ...inst, place: { ...inst.place, when: null } };
    const { elem } = known(fn.types[inst.dst], "type");
    return { kind: "const", dst: inst.dst, value: ofElem(0n, elem) };
  }
}

function ofElem(value: bigint, elem: Elem): number | bigint | boolean {
  if (elem === "bool") return value === 1n;
  return elem === "i64" || elem === "u64" ? value : Number(value);
}
