/**
 * Golden data of a testbench: inputs that C and TypeScript make alike, element by element from a formula, and the outputs
 * that the reference interpreter gives for them, with the tolerance of each float (2 ulp in the language's sense).
 *
 * The formula hashes the element's position with lowbias32 (Chris Wellons, public domain). Floats lie in [-1, 1) on a grid that
 * every step computes exactly, f16 and bf16 take random bits around 1, integers their declared range.
 */
import { bf16FromBits, DTYPES, f16FromBits, isBool, isFloat } from "../../compiler/ir/dtype.ts";
import type { DType, FloatDType } from "../../compiler/ir/dtype.ts";
import { smallestSubnormal } from "../../compiler/ir/error-scale.ts";
import type { Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { evaluateIndex, evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import type { Axis, ConstValue, Expr } from "../../compiler/ir/expr.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { countOf } from "../../compiler/ir/values.ts";
import { some, visit } from "../../compiler/ir/walk.ts";
import { known, unreachable } from "../../compiler/support/invariant.ts";

/** Half-open; the whole dtype where the parameter declares none. */
export type ValueRange = { readonly lo: bigint; readonly hi: bigint };

export type GoldenOutput = {
  /** Elements between two that are compared; 1: all of them. */
  readonly stride: number;
  readonly want: readonly ConstValue[];
  /** Per element of `want`; infinite: any value will do, since rounding errors may turn a decision. Null: must be equal. */
  readonly tolerance: readonly number[] | null;
};

export type Golden =
  | { readonly kind: "data"; readonly outputs: readonly GoldenOutput[] }
  | { readonly kind: "none"; readonly reason: string };

/** Steps of the interpreter that a build may take: a few seconds. */
const MOST_STEPS = 1_000_000;
/** Elements of one output that a testbench holds. */
const MOST_ELEMENTS = 4096;
const ULPS = 2;

/** `kernel` has no open dims. */
export function goldenOf(kernel: Kernel): Golden {
  const steps = stepsOf(kernel);
  if (steps > MOST_STEPS) {
    return {
      kind: "none",
      reason: `the reference interpreter would take ${steps} steps (at most ${MOST_STEPS} are taken); build smaller dims for a test`,
    };
  }
  const empty = kernel.params.findIndex((p) => {
    const { lo, hi } = rangeOf(p);
    return hi <= lo && countOf(evaluateShape(p.dims, new Map())) > 0;
  });
  if (empty >= 0) return { kind: "none", reason: `no value is in the range of argument ${empty}` };
  const inputs = new Map(kernel.params.map((p, n) => [p.id, makeInput(p, n)] as const));
  const results = interpretWithErrors(kernel, inputs, new Map());
  return { kind: "data", outputs: kernel.outputs.map((o) => sampled(known(results.get(o.name), "output"))) };
}

/** The values that an integer argument may have. */
export function rangeOf(p: Tensor): ValueRange {
  const row = DTYPES[p.dtype];
  if (row.kind === "float") return { lo: 0n, hi: 1n };
  if (p.values === null) return { lo: row.min, hi: row.max + 1n };
  return { lo: evaluateIndex(p.values.lo, new Map()), hi: evaluateIndex(p.values.hi, new Map()) };
}

function sampled({ array, errors }: MeasuredArray): GoldenOutput {
  const { dtype } = array;
  const stride = Math.max(1, Math.ceil(array.data.length / MOST_ELEMENTS));
  const want = array.data.filter((_, n) => n % stride === 0);
  if (!isFloat(dtype)) return { stride, want, tolerance: null };
  const tolerance = want.map((_, k) => {
    const n = k * stride;
    if (ULPS * (errors.doubt[n] ?? 0) >= 1) return Infinity;
    return ULPS * Math.max(2 * (errors.error[n] ?? 0), smallestSubnormal(dtype));
  });
  return { stride, want, tolerance };
}

// ---- how long it takes ----

/** Values of axes by id. The bounds of a reduction may depend on axes around it, so both ends of those are tried. */
type Ends = Map<string, bigint>;
const WHICH_END = "";

/** What a range that lies in the data (`ptr[i]..ptr[i + 1]`) is taken for. */
const SOME_ROWS = 16;
const isOpen = (bound: Expr, ends: Ends): boolean =>
  some(bound, (e) => e.kind === "read" || (e.kind === "var" && !ends.has(e.id)));

/** Points of a domain; the values that its axes then have are left in `ends` for the domains inside. */
function volume(axes: readonly Axis[], ends: Ends): number {
  let product = 1;
  for (const a of axes) {
    if (isOpen(a.lo, ends) || isOpen(a.hi, ends)) {
      product *= SOME_ROWS;
      ends.set(a.variable.id, 0n);
      continue;
    }
    const [lo, hi] = [evaluateIndex(a.lo, ends), evaluateIndex(a.hi, ends)];
    product *= Number(hi > lo ? hi - lo : 0n);
    ends.set(a.variable.id, ends.get(WHICH_END) === 0n ? lo : hi - 1n);
  }
  return product;
}

function stepsOf(kernel: Kernel): number {
  let steps = 0;
  for (const stage of stagesOf(kernel)) {
    for (const output of stage.outputs) {
      const most = [0n, 1n].map((end) => {
        const ends: Ends = new Map([[WHICH_END, end]]);
        const points = volume(stage.axes, ends);
        if (points === 0) return 0; // the ranges inside may divide by a size of 0
        let each = 1;
        visit(output.body, (e) => {
          if (e.kind === "reduce") each += volume(e.axes, ends);
        });
        return points * each;
      });
      steps += Math.max(...most);
    }
  }
  return steps;
}

// ---- inputs ----

function mixed(x: number): number {
  let y = x;
  y = Math.imul(y ^ (y >>> 16), 0x7feb352d);
  y = Math.imul(y ^ (y >>> 15), 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}

/** 32 random bits for one element of one argument. */
function draw(argument: number, element: number): number {
  return mixed(mixed(element) + Math.imul(argument, 0x9e3779b9));
}

/** Distinguishes the upper half of a 64-bit draw. */
const UPPER = 0x8000;

/** From wide ranges around zero three values in four are small: a few large ones would hide all others in a sum. */
export function mostlySmall({ lo, hi }: ValueRange): boolean {
  return lo <= 0n && hi >= 2n ** 16n;
}

/** 256 values from -128, or from 0 for what is not negative. */
export function smallPart({ lo }: ValueRange): ValueRange {
  const from = lo > -128n ? lo : -128n;
  return { lo: from, hi: from + 256n };
}

function makeInput(p: Tensor, argument: number): NDArray {
  const shape = evaluateShape(p.dims, new Map());
  const range = rangeOf(p);
  const data = Array.from({ length: countOf(shape) }, (_, n) => elementOf(p.dtype, argument, n, range));
  return { dtype: p.dtype, shape, data };
}

function elementOf(dtype: DType, argument: number, n: number, range: ValueRange): ConstValue {
  const bits = draw(argument, n);
  if (isBool(dtype)) return bits % 2 === 1;
  if (isFloat(dtype)) return floatOf(dtype, bits);
  const upper = draw(argument + UPPER, n);
  const { lo, hi } = mostlySmall(range) && upper % 4 !== 0 ? smallPart(range) : range;
  const value = lo + (((BigInt(upper) << 32n) | BigInt(bits)) % (hi - lo));
  return DTYPES[dtype].bits === 64 ? value : Number(value);
}

function floatOf(dtype: FloatDType, bits: number): number {
  switch (dtype) {
    case "f32":
      return Math.floor(bits / 256) * 2 ** -23 - 1;
    case "f64":
      return bits * 2 ** -31 - 1;
    case "f16":
      return f16FromBits((bits & 0x83ff) | ((11 + ((bits >>> 16) & 3)) << 10));
    case "bf16":
      return bf16FromBits((bits & 0x807f) | ((123 + ((bits >>> 16) & 3)) << 7));
    default:
      return unreachable(dtype);
  }
}
