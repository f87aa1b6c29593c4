/**
 * What values integer registers can have, by intervals: loop bounds are constants on this target, so nearly all index
 * arithmetic turns out not to overflow and is printed as plain C; the rest goes through helpers that wrap. Bools count
 * as 0..1, so that a comparison whose outcome is certain has an interval of one number.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES, isFloat } from "../../compiler/ir/dtype.ts";
import type { Elem, Inst, MachineBuffer, MachineFunction, Reg } from "../../compiler/ir/machine.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";
import { floorDiv } from "../../compiler/ir/ops.ts";
import { defined } from "../../compiler/ir/walk-machine.ts";
import { invariant, known, unreachable } from "../../compiler/support/invariant.ts";

/** Both ends inclusive. */
export type Range = { readonly lo: bigint; readonly hi: bigint };

export type IntegerRanges = {
  /** Null for floats. */
  readonly of: (r: Reg) => Range | null;
  /** May the exact result of the operation that defines `r` leave its type? */
  readonly mayWrap: (r: Reg) => boolean;
};

export function integerRanges(fn: MachineFunction, buffers: ReadonlyMap<string, MachineBuffer>): IntegerRanges {
  const ranges = new Map<Reg, Range | null>();
  const wraps = new Set<Reg>();
  const of = (r: Reg): Range | null => {
    const range = ranges.get(r);
    invariant(range !== undefined, () => `%${r} has no range`);
    return range;
  };
  block(fn.body);
  return { of, mayWrap: (r) => wraps.has(r) };

  function block(list: readonly Inst[]): void {
    for (const inst of list) {
      const dst = defined(inst);
      if (dst !== null) {
        const { elem } = known(fn.types[dst], "type");
        const exact = rangeOf(inst, elem);
        const whole = wholeRange(elem);
        if (exact !== null && whole !== null && !within(exact, whole)) wraps.add(dst);
        ranges.set(dst, exact === null || whole === null || within(exact, whole) ? exact : whole);
      }
      if (inst.kind === "loop") block(inst.body);
      if (inst.kind === "if") {
        block(inst.then);
        block(inst.otherwise);
      }
    }
  }

  /** The exact interval of what the instruction defines, which may be wider than its type. */
  function rangeOf(inst: Inst, elem: Elem): Range | null {
    const whole = wholeRange(elem);
    if (whole === null) return null;
    if (inst.kind === "const") return one(BigInt(inst.value));
    if (inst.kind === "apply") return applied(inst.op, inst.args, inst.args.map(of), elem);
    if (inst.kind === "select") return hull(known(of(inst.yes), "range"), known(of(inst.no), "range"));
    if (inst.kind === "load") {
      const stored = storedRange(known(buffers.get(inst.place.buffer), "buffer").dtype);
      return inst.place.when === null ? stored : hull(stored, one(0n));
    }
    if (inst.kind === "loop") {
      const [lo, hi] = [known(of(inst.lo), "range"), known(of(inst.hi), "range")];
      return { lo: lo.lo, hi: largest(lo.lo, hi.hi - 1n) };
    }
    const from = inst.kind === "convert" ? of(inst.arg) : null;
    return from !== null && within(from, whole) ? from : whole;
  }
}

const one = (n: bigint): Range => ({ lo: n, hi: n });
const smallest = (...list: readonly bigint[]): bigint => list.reduce((a, b) => (a < b ? a : b));
const largest = (...list: readonly bigint[]): bigint => list.reduce((a, b) => (a > b ? a : b));
const spanned = (...ends: readonly bigint[]): Range => ({ lo: smallest(...ends), hi: largest(...ends) });
const hull = (a: Range, b: Range): Range => spanned(a.lo, a.hi, b.lo, b.hi);
const within = (a: Range, b: Range): boolean => a.lo >= b.lo && a.hi <= b.hi;

/** All values of an element type; null for floats. */
function wholeRange(elem: Elem): Range | null {
  if (isFloat(elem)) return null;
  const { min, max } = DTYPES[elem];
  return { lo: min, hi: max };
}

/** What loads of the dtype give: half floats come as their bits. */
function storedRange(dtype: DType): Range {
  if (isFloat(dtype)) return { lo: 0n, hi: (1n << BigInt(DTYPES[dtype].bits)) - 1n };
  const { min, max } = DTYPES[dtype];
  return { lo: min, hi: max };
}

const FALSE = one(0n);
const TRUE = one(1n);
const EITHER: Range = { lo: 0n, hi: 1n };
const verdict = (always: boolean, never: boolean): Range => (always ? TRUE : never ? FALSE : EITHER);

function applied(op: CoreOp, args: readonly Reg[], ranges: readonly (Range | null)[], elem: Elem): Range {
  const whole = known(wholeRange(elem), "an integer or bool");
  const [a, b = a] = ranges;
  if (a === null || a === undefined || b === null || b === undefined) return whole;
  const same = args[0] === args[1];
  switch (op) {
    case "add":
    case "wrapping_add":
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case "sub":
    case "wrapping_sub":
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case "mul":
    case "wrapping_mul":
      return spanned(a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi);
    case "neg":
      return { lo: -a.hi, hi: -a.lo };
    case "abs":
      return a.lo >= 0n ? a : { lo: a.hi < 0n ? -a.hi : 0n, hi: largest(-a.lo, a.hi) };
    case "max":
      return { lo: largest(a.lo, b.lo), hi: largest(a.hi, b.hi) };
    case "min":
      return { lo: smallest(a.lo, b.lo), hi: smallest(a.hi, b.hi) };
    case "floor_div":
      return b.lo > 0n ? quotients(a, b) : whole;
    case "floor_mod":
      if (b.lo <= 0n) return whole;
      return a.lo >= 0n && a.hi < b.lo ? a : { lo: 0n, hi: b.hi - 1n };
    case "eq":
      return verdict(same || (a.lo === a.hi && b.lo === b.hi && a.lo === b.lo), a.hi < b.lo || b.hi < a.lo);
    case "ne":
      return verdict(a.hi < b.lo || b.hi < a.lo, same || (a.lo === a.hi && b.lo === b.hi && a.lo === b.lo));
    case "lt":
      return verdict(a.hi < b.lo, same || a.lo >= b.hi);
    case "le":
      return verdict(same || a.hi <= b.lo, a.lo > b.hi);
    case "and":
      return { lo: smallest(a.lo, b.lo), hi: smallest(a.hi, b.hi) };
    case "or":
      return { lo: largest(a.lo, b.lo), hi: largest(a.hi, b.hi) };
    case "not":
      return { lo: 1n - a.hi, hi: 1n - a.lo };
    case "bit_and":
      return masked(a, b) ?? whole;
    case "bit_or":
    case "bit_xor":
      return a.lo >= 0n && b.lo >= 0n ? { lo: 0n, hi: allOnes(largest(a.hi, b.hi)) } : whole;
    case "shr":
      return b.lo >= 0n && b.hi < BigInt(DTYPES[elem].bits) ? shifted(a, b) : whole;
    case "popcount":
      return { lo: 0n, hi: BigInt(DTYPES[elem].bits) };
    case "bit_not":
    case "shl":
    case "doubling_high_multiply":
      return whole;
    case "divide":
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "fma":
      return whole;
    default:
      return unreachable(op);
  }
}

/** Of positive divisors. */
function quotients(a: Range, b: Range): Range {
  return spanned(floorDiv(a.lo, b.lo), floorDiv(a.lo, b.hi), floorDiv(a.hi, b.lo), floorDiv(a.hi, b.hi));
}

function shifted(a: Range, b: Range): Range {
  return spanned(a.lo >> b.lo, a.lo >> b.hi, a.hi >> b.lo, a.hi >> b.hi);
}

function masked(a: Range, b: Range): Range | null {
  if (a.lo >= 0n && b.lo >= 0n) return { lo: 0n, hi: smallest(a.hi, b.hi) };
  if (a.lo >= 0n) return { lo: 0n, hi: a.hi };
  return b.lo >= 0n ? { lo: 0n, hi: b.hi } : null;
}

/** The number of as many one bits as `n` is wide. */
function allOnes(n: bigint): bigint {
  return (1n << BigInt(n.toString(2).length)) - 1n;
}
