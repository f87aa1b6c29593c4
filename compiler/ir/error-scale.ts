/**
 * How far a right program may be from the reference (language reference, §4.20). Beside each float the reference carries
 * an error scale e: 0 for an input, Σ|∂r/∂xᵢ|·eᵢ + u·|r| for an operation (u half an ulp), Σ(eₖ + u·|xₖ|) for a sum. A result
 * passes when |got - ref| <= n·max(2e, smallest subnormal). So cancellation does not fail a right program.
 *
 * A derived operation whose row allows more than 2 ulp counts as several roundings.
 *
 * What is discrete (a comparison, a rounding, a position) either keeps its value or jumps. It carries a doubt: 2e divided by
 * the distance to the nearest jump. Where n · doubt >= 1 the result may differ, and so may all that depends on it.
 */
import { REFERENCE_ULPS, ulpsOf } from "./derived-ops.ts";
import type { FloatDType } from "./dtype.ts";
import { DTYPES } from "./dtype.ts";
import type { Op } from "./expr.ts";
import { isCoreOp } from "./ops.ts";
import type { Value } from "./values.ts";

/** A value with its error scale (0 for what is not a float) and its doubt. */
export type Measured = { readonly value: Value; readonly error: number; readonly doubt: number };

/** A value without error: an input, a constant, an index. */
export function exactly(value: Value): Measured {
  return { value, error: 0, doubt: 0 };
}

export function smallestSubnormal(dtype: FloatDType): number {
  const { minExponent, significandBits } = DTYPES[dtype];
  return 2 ** (minExponent - significandBits + 1);
}

/** Largest error of rounding once to `dtype` near r: half an ulp; none for infinities and NaN. */
export function roundingError(dtype: FloatDType, r: number): number {
  if (!Number.isFinite(r)) return 0;
  // Half the smallest f64 is no number.
  const least = smallestSubnormal(dtype) / 2 || smallestSubnormal(dtype);
  return Math.max(Math.abs(r) * 2 ** -DTYPES[dtype].significandBits, least);
}

/** Their results are values of the operands' dtype already, on every target. */
const EXACT: ReadonlySet<Op> = new Set<Op>(["max", "min", "neg", "abs", "floor", "ceil", "trunc", "round", "fmod"]);

/** Distance from x to the nearest point where a rounding to integers jumps. */
const JUMPS: Readonly<Partial<Record<Op, (x: number) => number>>> = {
  floor: toInteger,
  ceil: toInteger,
  trunc: (x) => (Math.abs(x) < 1 ? 1 - Math.abs(x) : toInteger(x)),
  round: (x) => Math.abs(Math.abs(x - Math.round(x)) - 0.5),
};

function toInteger(x: number): number {
  return Math.abs(x - Math.round(x));
}

/**
 * The doubt of a discrete result whose operands have the errors `error` and lie at `distance` from the nearest jump.
 */
export function doubtOf(error: number, distance: number): number {
  if (error === 0 || distance === Infinity) return 0;
  return distance > 0 ? (2 * error) / distance : Infinity;
}

/** The doubt of comparing a with b; equal infinities are told apart from all else with certainty. */
export function comparisonDoubt(a: Measured, b: Measured): number {
  const [x, y] = [Number(a.value), Number(b.value)];
  const distance = Number.isFinite(x) && Number.isFinite(y) ? Math.abs(x - y) : Infinity;
  return Math.max(a.doubt, b.doubt, doubtOf(a.error + b.error, distance));
}

/**
 * A float operation: `exact` is its meaning on doubles, `result` its rounded result. Derivatives are taken as secants
 * over at least 2^-26 of the operand, so that no operation needs a rule of its own here.
 */
export function measureFloat(
  op: Op,
  dtype: FloatDType,
  exact: (...xs: readonly number[]) => number,
  operands: readonly Measured[],
  result: number,
): Measured {
  let doubt = 0;
  for (const o of operands) doubt = Math.max(doubt, o.doubt);
  const jump = JUMPS[op];
  const [first] = operands;
  if (jump !== undefined && first !== undefined) {
    return { value: result, error: 0, doubt: Math.max(doubt, doubtOf(first.error, jump(Number(first.value)))) };
  }
  if (op === "fmod") doubt = Math.max(doubt, remainderDoubt(operands, result));
  if (mayOverflow(op) && !Number.isFinite(result) && operands.every((o) => Number.isFinite(Number(o.value)))) {
    return { value: result, error: Infinity, doubt };
  }
  if (ADDING.has(op) && operands.some(isOverflow)) return { value: result, error: 0, doubt: Infinity };
  const rounding = EXACT.has(op) ? 0 : roundingError(dtype, result) * allowance(op, dtype);
  // A target may round the product of an fma, or not.
  const product = op === "fma" ? roundingError(dtype, Number(first?.value) * Number(operands[1]?.value)) : 0;
  return { value: result, error: inherited(exact, operands) + bilinear(op, operands) + rounding + product, doubt };
}

/**
 * A product near zero of two numbers near zero has slopes of zero, and may yet be the product of what both may be off by,
 * 4e each within 2 ulp: the squares of a variance of equal numbers.
 */
function bilinear(op: Op, [a, b]: readonly Measured[]): number {
  if ((op !== "mul" && op !== "fma") || a === undefined || b === undefined) return 0;
  return a.error === 0 || b.error === 0 ? 0 : 4 * a.error * b.error;
}

/**
 * How many rounding errors an operation counts as. `within 2 ulp` allows a result four of them, each at least half an ulp, so
 * that every operation up to 2 ulp is one; in f64 the reference itself may be wrong by as much as its row says.
 */
function allowance(op: Op, dtype: FloatDType): number {
  if (isCoreOp(op)) return 1;
  const own = dtype === "f64" ? REFERENCE_ULPS : 0;
  return Math.max(1, (ulpsOf(op, dtype) + own) / 2);
}

/** fmod jumps by its divisor where the dividend is a multiple of it: there the remainder is 0, or as large as it can be. */
function remainderDoubt([dividend, divisor]: readonly Measured[], result: number): number {
  if (dividend === undefined || divisor === undefined || !Number.isFinite(result)) return 0;
  const [x, y] = [Number(dividend.value), Math.abs(Number(divisor.value))];
  const moved = dividend.error + (divisor.error === 0 ? 0 : Math.abs(x / y) * divisor.error);
  // Below the divisor's first multiple nothing jumps at 0.
  const below = Math.abs(x) < y ? Infinity : Math.abs(result);
  return doubtOf(moved, Math.min(below, y - Math.abs(result)));
}

/** What a target may round together with the addition that follows, so that it may overflow here, or not. */
function mayOverflow(op: Op): boolean {
  return op === "mul" || op === "pow";
}

const ADDING: ReadonlySet<Op> = new Set<Op>(["add", "sub", "fma"]);

/** An infinity that is the overflow of a product: it has an infinite error, while it is a right result by itself. */
export function isOverflow({ value, error }: Measured): boolean {
  return error === Infinity && (value === Infinity || value === -Infinity);
}

/** Σ|∂f/∂xᵢ|·eᵢ. */
function inherited(f: (...xs: readonly number[]) => number, operands: readonly Measured[]): number {
  if (operands.every((o) => o.error === 0 || isOverflow(o))) return 0;
  const xs = operands.map((o) => Number(o.value));
  const here = f(...xs);
  if (!Number.isFinite(here)) return 0;
  let total = 0;
  for (const [n, operand] of operands.entries()) {
    const { error } = operand;
    if (error === 0 || isOverflow(operand)) continue;
    const x = xs[n] ?? 0;
    const h = Math.max(error, Math.abs(x) * 2 ** -26);
    const slopes = [x + h, x - h]
      .map((moved) => Math.abs(f(...xs.with(n, moved)) - here) / h)
      .filter((slope) => Number.isFinite(slope));
    total += slopes.length === 0 ? Infinity : Math.max(...slopes) * error;
  }
  return total;
}
