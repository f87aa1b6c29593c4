/**
 * The laws of a reducer, tried on values: combining with the identity changes nothing (always), what `law` promises, and
 * that `bulk` gives what the fold gives.
 * The operands are what a reduction can meet: the identity, lifted elements, and combinations of them. Both sides of a law are
 * stages of one small kernel that the reference computes with its error scale, so that rounding alone breaks no law.
 */
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Kernel, Stage, Tensor } from "../../compiler/ir/equations.ts";
import type { Bulk, ConstValue, Expr, UserReducer, Var } from "../../compiler/ir/expr.ts";
import { read } from "../../compiler/ir/expr.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { canonical, elementOf } from "../../compiler/ir/values.ts";
import { substitute } from "../../compiler/ir/walk.ts";
import { InternalError, invariant, known, unreachable } from "../../compiler/support/invariant.ts";
import type { Span } from "../../compiler/support/source.ts";
import { bulkKernel } from "./bulk.ts";
import { DEFAULT_TOLERANCE } from "./subject.ts";
import { RandomStream } from "./random-stream.ts";

export type Law = "identity" | "associative" | "commutative" | "bulk";

export type LawResult = {
  readonly reducer: string;
  /** `bulk`: its bulk equations give what the fold gives. */
  readonly law: Law;
  readonly verdict: "holds" | "broken";
  /** Cases whose values the reducer has; what overflows an integer is not among them. */
  readonly cases: number;
  /** The simplest case found that breaks it, in words. */
  readonly counterexample: string | null;
};

/** The operands of a law: the elements that are lifted, in order; null is the identity. */
type Operand = readonly ConstValue[] | null;
type Shape = { readonly law: Exclude<Law, "bulk">; readonly operands: number };

const LAWS: readonly Shape[] = [
  { law: "identity", operands: 1 },
  { law: "commutative", operands: 2 },
  { law: "associative", operands: 3 },
];

/** Random cases for each law, besides all small combinations of notable values. */
const RANDOM_CASES = 60;

/** Tries the identity and the promised laws of a reducer. `stream` tells the reducers of a file apart. */
export function checkLaws(reducer: UserReducer, span: Span, seed: number, stream: number): readonly LawResult[] {
  const promised = LAWS.filter(({ law }) => law === "identity" || reducer.laws.includes(law));
  const results = promised.map(({ law, operands }): LawResult => {
    const sides = lawKernel(reducer, law, span);
    let cases = 0;
    for (const given of casesOf(reducer, operands, new RandomStream(seed, 2 ** 16 + stream))) {
      const broken = trial(sides, given);
      if (broken === null) continue;
      cases++;
      if (broken === "holds") continue;
      return { reducer: reducer.name, law, verdict: "broken", cases, counterexample: broken };
    }
    return { reducer: reducer.name, law, verdict: "holds", cases, counterexample: null };
  });
  const { bulk } = reducer;
  return bulk === null
    ? results
    : [...results, checkBulk(reducer, bulk, span, new RandomStream(seed, 2 ** 17 + stream))];
}

/** Lengths of blocks: every combination of few notable values is tried in the first ones. */
const BLOCKS = [1, 2, 3, 5, 8, 33];

/** Does a block that is reduced at once give what the fold gives? */
function checkBulk(reducer: UserReducer, bulk: Bulk, span: Span, random: RandomStream): LawResult {
  const base = { reducer: reducer.name, law: "bulk" } as const;
  let cases = 0;
  for (const points of BLOCKS) {
    const kernel = bulkKernel(reducer, bulk, points, span);
    const blocks = points <= 3 ? casesOf(reducer, points, random) : randomBlocks(reducer, points, random);
    for (const block of blocks) {
      const elements = block.filter((x) => x !== null);
      if (elements.length < points) continue;
      const inputs = new Map(
        kernel.params.map((p, n) => {
          const data = elements.map((x) => known(x[n], "an element"));
          return [p.id, { dtype: p.dtype, shape: [points], data }] as const;
        }),
      );
      const results = evaluated(kernel, inputs);
      if (results === null) continue;
      cases++;
      const [fold, atOnce] = [0, 1].map((side) =>
        reducer.identity.map((_, n) => known(results.get(`${side}.${n}`), "a side")),
      );
      const [wanted, got] = [known(fold, "the fold"), known(atOnce, "the bulk")];
      if (wanted.every((w, n) => agree(known(got[n], "a component"), w))) continue;
      const shownBlock = elements.map((x) => (x.length === 1 ? x.map(shown).join("") : `(${x.map(shown).join(", ")})`));
      const counterexample = `the fold of ${shownBlock.join(", ")} is ${stateText(wanted)}, but bulk gives ${stateText(got)}`;
      return { ...base, verdict: "broken", cases, counterexample };
    }
  }
  return { ...base, verdict: "holds", cases, counterexample: null };
}

function* randomBlocks(reducer: UserReducer, points: number, random: RandomStream): Generator<readonly Operand[]> {
  const types = reducer.params.map((p) => {
    invariant(p.type !== "index", "a reducer works on dtypes");
    return p.type;
  });
  for (let n = 0; n < RANDOM_CASES; n++) {
    yield Array.from({ length: points }, () =>
      types.map((t) => (random.chance(0.2) ? random.pick(notableOf(t)) : drawValue(t, random))),
    );
  }
}

// ---- the kernels ----

type State = readonly Tensor[];
/** Kernels of a law by which operands are the identity (`true`); outputs `left.m`, `right.m`, … */
type Sides = {
  readonly reducer: UserReducer;
  readonly law: Shape["law"];
  readonly kernelFor: (identities: readonly boolean[]) => Kernel;
};

function lawKernel(reducer: UserReducer, law: Shape["law"], span: Span): Sides {
  const made = new Map<string, Kernel>();
  return {
    reducer,
    law,
    kernelFor: (identities) => {
      const key = identities.join();
      const kernel = made.get(key) ?? build(reducer, law, identities, span);
      made.set(key, kernel);
      return kernel;
    },
  };
}

function build(reducer: UserReducer, law: Shape["law"], identities: readonly boolean[], span: Span): Kernel {
  const params: Tensor[] = [];
  const stages: Stage[] = [];
  const scalar = (name: string, dtype: DType): Tensor => {
    const id = `t${params.length + stages.length}`;
    return { id, name, dtype, dims: [], values: null, span };
  };
  const define = (name: string, bodies: readonly Expr[]): State =>
    bodies.map((body, n) => {
      invariant(body.type !== "index", "a reducer works on dtypes");
      const tensor = scalar(`${name}.${n}`, body.type);
      stages.push({ name: tensor.name, axes: [], outputs: [{ tensor, body, init: [] }], span });
      return tensor;
    });
  const combine = (name: string, a: State, b: State): State => {
    const bindings = new Map([...bind(reducer.left, a), ...bind(reducer.right, b)]);
    return define(
      name,
      reducer.combine.map((e) => substitute(e, bindings)),
    );
  };
  const operands = identities.map((isIdentity, n): State => {
    if (isIdentity) return define(`e${n}`, reducer.identity);
    const elements = reducer.params.map((p) => {
      invariant(p.type !== "index", "a reducer works on dtypes");
      const element = scalar(`${n}.${p.name}`, p.type);
      params.push(element);
      return element;
    });
    const bindings = new Map(bind(reducer.params, elements));
    return define(
      `x${n}`,
      reducer.lift.map((e) => substitute(e, bindings)),
    );
  });
  const [a, b, c] = operands;
  invariant(a !== undefined, "a law has operands");
  const sides = sidesOf(
    law,
    [a, b ?? a, c ?? a],
    (name, x, y) => combine(name, x, y),
    () => define("e", reducer.identity),
  );
  const outputs = sides.flatMap((side, s) => side.map((t, n) => ({ name: `${s}.${n}`, tensor: t.id, dims: [] })));
  const steps = stages.map((stage) => ({ kind: "stage", stage }) as const);
  return { name: reducer.name, dims: [], params, outputs, steps, where: [], span };
}

/** States that the law wants to be equal. */
function sidesOf(
  law: Shape["law"],
  [a, b, c]: readonly [State, State, State],
  combine: (name: string, x: State, y: State) => State,
  identity: () => State,
): readonly State[] {
  switch (law) {
    case "identity":
      return [a, combine("ea", identity(), a), combine("ae", a, identity())];
    case "commutative":
      return [combine("ab", a, b), combine("ba", b, a)];
    case "associative":
      return [combine("l", combine("ab", a, b), c), combine("r", a, combine("bc", b, c))];
    default:
      return unreachable(law);
  }
}

function bind(variables: readonly Var[], state: State): readonly (readonly [string, Expr])[] {
  return variables.map((v, n) => [v.id, valueOf(known(state[n], "a component"))] as const);
}

function valueOf(t: Tensor): Expr {
  return read(t.dtype, t.id, []);
}

// ---- the cases ----

/** All combinations of notable values as far as they are few, the simplest first, then random ones. */
function* casesOf(reducer: UserReducer, operands: number, random: RandomStream): Generator<readonly Operand[]> {
  const types = reducer.params.map((p) => {
    invariant(p.type !== "index", "a reducer works on dtypes");
    return p.type;
  });
  const notable = types.map(notableOf);
  // Elements with one value for all parameters first: few, and simple.
  const longest = Math.max(1, ...notable.map((l) => l.length));
  const alike = Array.from({ length: longest }, (_, k) => notable.map((l) => l[k % l.length] ?? 0));
  const choices: readonly Operand[] = [null, ...alike];
  for (let total = 0; total <= operands * (choices.length - 1); total++) {
    yield* combinations(choices, operands, total);
  }
  for (let n = 0; n < RANDOM_CASES; n++) {
    yield Array.from({ length: operands }, () =>
      random.chance(0.15)
        ? null
        : types.map((t, k) => (random.chance(0.5) ? random.pick(notable[k] ?? [0]) : drawValue(t, random))),
    );
  }
}

/** Choices whose places in the list add up to `total`: so simple cases come first. */
function* combinations(choices: readonly Operand[], operands: number, total: number): Generator<readonly Operand[]> {
  if (operands === 0) {
    if (total === 0) yield [];
    return;
  }
  for (let k = 0; k <= Math.min(total, choices.length - 1); k++) {
    for (const rest of combinations(choices, operands - 1, total - k)) yield [choices[k] ?? null, ...rest];
  }
}

/**
 * From simple to awkward. NaN is left to the tests of kernels: it differs from itself, so that a reducer which keeps it, as
 * it should, rarely keeps the components beside it.
 */
function notableOf(dtype: DType): readonly ConstValue[] {
  const row = DTYPES[dtype];
  if (row.kind === "bool") return [false, true];
  if (row.kind === "float") return [0, 1, 2, -1, 0.5, Infinity, -Infinity, -0];
  const all = [0n, 1n, 2n, 3n, -1n, row.max, row.min].filter((x) => x >= row.min && x <= row.max);
  return all.map((x) => elementOf(dtype, canonical(x)));
}

function drawValue(dtype: DType, random: RandomStream): ConstValue {
  const row = DTYPES[dtype];
  if (row.kind === "bool") return random.chance(0.5);
  if (row.kind === "float") return roundToDType(dtype, (random.unit() * 2 - 1) * random.pick([1, 1, 8, 64]));
  const lo = row.min < -1000n ? -1000n : row.min;
  const hi = row.max > 1000n ? 1000n : row.max;
  return elementOf(dtype, canonical(random.whole(lo, hi + 1n)));
}

// ---- trying ----

/** Null where the reducer has no value for these operands, else `holds` or what is wrong in words. */
function trial({ reducer, law, kernelFor }: Sides, operands: readonly Operand[]): string | null {
  const kernel = kernelFor(operands.map((o) => o === null));
  const elements = operands.flatMap((o) => o ?? []);
  const inputs = new Map(
    kernel.params.map((p, n) => [p.id, { dtype: p.dtype, shape: [], data: [known(elements[n], "element")] }] as const),
  );
  const results = evaluated(kernel, inputs);
  if (results === null) return null;
  const width = reducer.identity.length;
  const sides = Array.from({ length: kernel.outputs.length / width }, (_, s) =>
    Array.from({ length: width }, (_x, n) => known(results.get(`${s}.${n}`), "a side")),
  );
  const [first = []] = sides;
  for (const [s, other] of sides.entries()) {
    for (const [n, expected] of first.entries()) {
      if (agree(known(other[n], "a component"), expected)) continue;
      return explain(law, operands, first, other, s);
    }
  }
  return "holds";
}

function evaluated(
  kernel: Kernel,
  inputs: Parameters<typeof interpretWithErrors>[1],
): ReturnType<typeof interpretWithErrors> | null {
  try {
    return interpretWithErrors(kernel, inputs, new Map());
  } catch (error) {
    // An integer past its dtype: no reduction that was proved gets there.
    if (error instanceof InternalError) return null;
    throw error;
  }
}

function agree(got: MeasuredArray, expected: MeasuredArray): boolean {
  const errors = {
    error: expected.errors.error.map((e, k) => e + (got.errors.error[k] ?? 0)),
    doubt: expected.errors.doubt.map((d, k) => Math.max(d, got.errors.doubt[k] ?? 0)),
  };
  return compareToReference(got.array, expected.array, errors, DEFAULT_TOLERANCE).equal;
}

function explain(
  law: Shape["law"],
  operands: readonly Operand[],
  left: readonly MeasuredArray[],
  right: readonly MeasuredArray[],
  side: number,
): string {
  const [a = "", b = "", c = ""] = operands.map((o) => (o === null ? "identity" : `lift(${o.map(shown).join(", ")})`));
  const [l, r] = {
    identity: [a, side === 1 ? `identity ∘ ${a}` : `${a} ∘ identity`],
    commutative: [`${a} ∘ ${b}`, `${b} ∘ ${a}`],
    associative: [`(${a} ∘ ${b}) ∘ ${c}`, `${a} ∘ (${b} ∘ ${c})`],
  }[law];
  return `${l} is ${stateText(left)}, but ${r} is ${stateText(right)}`;
}

function stateText(s: readonly MeasuredArray[]): string {
  const parts = s.map((m) => shown(m.array.data[0] ?? 0));
  return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(", ")})`;
}

function shown(x: ConstValue): string {
  return Object.is(x, -0) ? "-0" : String(x);
}
