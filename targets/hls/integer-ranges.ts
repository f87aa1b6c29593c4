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
import { integerOp } from "../../compiler/ir/values.ts";
import { defined } from "../../compiler/ir/walk-machine.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";

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
    if (inst.kind === "apply") return computed(inst) ?? applied(inst.op, inst.args, inst.args.map(of), elem);
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

  /** The result of integers that are all known. */
  function computed({ op, args }: Extract<Inst, { kind: "apply" }>): Range | null {
    const { elem } = known(fn.types[known(args[0], "operand")], "type");
    const values = args.map(of);
    if (elem === "bool" || values.some((r) => r === null || r.lo !== r.hi)) return null;
    // In a loop that is never entered a divisor may be 0: nothing is known of what is never computed.
    if ((op === "floor_div" || op === "floor_mod") && values.at(-1)?.lo === 0n) return null;
    const result = integerOp(
      op,
      elem,
      values.map((r) => known(r, "range").lo),
    );
    return result === null ? null : one(BigInt(result));
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

/** What a rule may ask besides the ranges of its operands. */
type Asked = {
  /** Both operands are one register. */
  readonly same: boolean;
  readonly bits: number;
  /** The range of the whole type. */
  readonly whole: Range;
};
type RangeRule = (a: Range, b: Range, asked: Asked) => Range;

const sum: RangeRule = (a, b) => ({ lo: a.lo + b.lo, hi: a.hi + b.hi });
const difference: RangeRule = (a, b) => ({ lo: a.lo - b.hi, hi: a.hi - b.lo });
const product: RangeRule = (a, b) => spanned(a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi);
const smaller: RangeRule = (a, b) => ({ lo: smallest(a.lo, b.lo), hi: smallest(a.hi, b.hi) });
const larger: RangeRule = (a, b) => ({ lo: largest(a.lo, b.lo), hi: largest(a.hi, b.hi) });
const eitherBits: RangeRule = (a, b, { whole }) =>
  a.lo >= 0n && b.lo >= 0n ? { lo: 0n, hi: allOnes(largest(a.hi, b.hi)) } : whole;
const isOne = (a: Range, b: Range): boolean => a.lo === a.hi && b.lo === b.hi && a.lo === b.lo;
const isApart = (a: Range, b: Range): boolean => a.hi < b.lo || b.hi < a.lo;

/** Operations whose result lies closer than its type; of all others, floats' among them, nothing more is known. */
const RANGE_RULES: Readonly<Partial<Record<CoreOp, RangeRule>>> = {
  add: sum,
  wrapping_add: sum,
  sub: difference,
  wrapping_sub: difference,
  mul: product,
  wrapping_mul: product,
  neg: (a) => ({ lo: -a.hi, hi: -a.lo }),
  abs: (a) => (a.lo >= 0n ? a : { lo: a.hi < 0n ? -a.hi : 0n, hi: largest(-a.lo, a.hi) }),
  max: larger,
  min: smaller,
  floor_div: (a, b, { whole }) => (b.lo > 0n ? quotients(a, b) : whole),
  floor_mod: (a, b, { whole }) => {
    if (b.lo <= 0n) return whole;
    return a.lo >= 0n && a.hi < b.lo ? a : { lo: 0n, hi: b.hi - 1n };
  },
  eq: (a, b, { same }) => verdict(same || isOne(a, b), isApart(a, b)),
  ne: (a, b, { same }) => verdict(isApart(a, b), same || isOne(a, b)),
  lt: (a, b, { same }) => verdict(a.hi < b.lo, same || a.lo >= b.hi),
  le: (a, b, { same }) => verdict(same || a.hi <= b.lo, a.lo > b.hi),
  and: smaller,
  or: larger,
  not: (a) => ({ lo: 1n - a.hi, hi: 1n - a.lo }),
  bit_and: (a, b, { whole }) => masked(a, b) ?? whole,
  bit_or: eitherBits,
  bit_xor: eitherBits,
  shr: (a, b, { bits, whole }) => (b.lo >= 0n && b.hi < BigInt(bits) ? shifted(a, b) : whole),
  popcount: (_a, _b, { bits }) => ({ lo: 0n, hi: BigInt(bits) }),
};

function applied(op: CoreOp, args: readonly Reg[], ranges: readonly (Range | null)[], elem: Elem): Range {
  const whole = known(wholeRange(elem), "an integer or bool");
  const [a, b = a] = ranges;
  if (a === null || a === undefined || b === null || b === undefined) return whole;
  return RANGE_RULES[op]?.(a, b, { same: args[0] === args[1], bits: DTYPES[elem].bits, whole }) ?? whole;
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
