/**
 * Inputs for one run: each run has a flavour, from plain numbers to one with NaN and infinities, so that what one kind of
 * value excuses (a sum that overflows is in doubt) does not hide what another would show. Range types are kept, both of
 * their ends are drawn often.
 */
import type { FloatDType } from "../../compiler/ir/dtype.ts";
import { DTYPES, isFloat, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { evaluateIndex, evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import type { ConstValue } from "../../compiler/ir/expr.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { countOf, elementOf, canonical } from "../../compiler/ir/values.ts";
import { unreachable } from "../../compiler/support/invariant.ts";
import { RandomStream } from "./random-stream.ts";

/** By the parameter's name. */
export type Inputs = ReadonlyMap<string, NDArray>;

/** What the floats of a run are like; the weights are in percent. */
const FLAVOURS = {
  /** In -1..1. */
  plain: 40,
  /** Whole numbers from -4 to 4: results are exact, and equal numbers meet. */
  whole: 20,
  /** Zeros of both signs, subnormal and normal ones at the ends, among plain ones. */
  edges: 15,
  /** The largest ones, too. */
  large: 10,
  /** Infinities and NaN, too. */
  special: 15,
} as const satisfies Readonly<Record<string, number>>;

type Flavour = keyof typeof FLAVOURS;
const FLAVOUR_NAMES = ["plain", "whole", "edges", "large", "special"] as const satisfies readonly Flavour[];

/** Streams of a seed: 0 is for sizes, 1 for the flavour, then one for each parameter. */
const FLAVOUR_STREAM = 1;
const FIRST_PARAMETER = 2;

/** Inputs of these shapes, within the range types; `dims` by id. The same for the same seed and shapes. */
export function drawValues(kernel: Kernel, dims: ReadonlyMap<string, bigint>, seed: number): Inputs {
  const flavour = drawFlavour(new RandomStream(seed, FLAVOUR_STREAM));
  return new Map(
    kernel.params.map((p, n) => {
      const random = new RandomStream(seed, FIRST_PARAMETER + n);
      const shape = evaluateShape(p.dims, dims);
      const range = rangeOf(p, shape, dims);
      const data = Array.from({ length: countOf(shape) }, () => drawElement(p, range, flavour, random));
      return [p.name, { dtype: p.dtype, shape, data }] as const;
    }),
  );
}

function drawFlavour(random: RandomStream): Flavour {
  let at = random.below(100);
  for (const name of FLAVOUR_NAMES) {
    at -= FLAVOURS[name];
    if (at < 0) return name;
  }
  return "plain";
}

/** Inclusive. */
export type ValueRange = { readonly lo: bigint; readonly hi: bigint };

/** The integers that a parameter takes; null for floats, and where it has no elements. */
export function rangeOf(p: Tensor, shape: readonly number[], dims: ReadonlyMap<string, bigint>): ValueRange | null {
  const row = DTYPES[p.dtype];
  if (row.kind === "float" || shape.includes(0)) return null;
  if (p.values === null) return { lo: row.min, hi: row.max };
  return { lo: evaluateIndex(p.values.lo, dims), hi: evaluateIndex(p.values.hi, dims) - 1n };
}

function drawElement(p: Tensor, range: ValueRange | null, flavour: Flavour, random: RandomStream): ConstValue {
  if (p.dtype === "bool") return random.chance(0.5);
  if (isFloat(p.dtype)) return drawFloat(p.dtype, flavour, random);
  const { lo, hi } = range ?? { lo: 0n, hi: 0n };
  return elementOf(p.dtype, canonical(drawInteger(lo, hi, random)));
}

/** An end, a small number, or any. */
function drawInteger(lo: bigint, hi: bigint, random: RandomStream): bigint {
  if (random.chance(0.15)) return lo;
  if (random.chance(0.18)) return hi;
  const small = random.whole(-4n, 9n);
  if (random.chance(0.3) && small >= lo && small <= hi) return small;
  return random.whole(lo, hi + 1n);
}

function drawFloat(dtype: FloatDType, flavour: Flavour, random: RandomStream): number {
  const plain = roundToDType(dtype, random.unit() * 2 - 1);
  switch (flavour) {
    case "plain":
      return plain;
    case "whole":
      return random.below(9) - 4;
    case "edges":
      return random.chance(0.3) ? random.pick(edgesOf(dtype)) : plain;
    case "large":
      if (random.chance(0.05)) return random.pick(largeOf(dtype));
      return random.chance(0.2) ? random.pick(edgesOf(dtype)) : plain;
    case "special":
      return random.chance(0.1) ? random.pick([Number.NaN, Infinity, -Infinity, -0]) : plain;
    default:
      return unreachable(flavour);
  }
}

function edgesOf(dtype: FloatDType): readonly number[] {
  const { minExponent, significandBits } = DTYPES[dtype];
  const subnormal = 2 ** (minExponent - significandBits + 1);
  const normal = 2 ** minExponent;
  const positive = [0, 1, 1 + 2 ** (1 - significandBits), 0.5, subnormal, normal - subnormal, normal];
  return [...positive, ...positive.map((x) => -x)];
}

function largeOf(dtype: FloatDType): readonly number[] {
  const { maxExponent, significandBits } = DTYPES[dtype];
  const largest = 2 ** maxExponent * (2 - 2 ** (1 - significandBits));
  const root = 2 ** Math.floor(maxExponent / 2);
  return [largest, -largest, root, -root, 4 * root];
}

/** Below this, a target that takes subnormal numbers for zero may give what it likes once numbers are multiplied. */
const FLUSHED = 2 ** -40;

function isTiny(x: ConstValue): boolean {
  return typeof x === "number" && x !== 0 && Math.abs(x) < FLUSHED;
}

/** The inputs for a target without subnormal numbers: what is so small is zero. The same object where nothing is. */
export function withoutTiny(inputs: Inputs): Inputs {
  if (![...inputs.values()].some((a) => a.data.some(isTiny))) return inputs;
  return new Map(
    [...inputs].map(([name, a]) => [name, { ...a, data: a.data.map((x) => (isTiny(x) ? 0 : x)) }] as const),
  );
}
