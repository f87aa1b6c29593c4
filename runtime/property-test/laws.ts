/**
 * The laws of a reducer, tried on values: combining with the identity changes nothing (always), and what `law` promises.
 * The operands are what a reduction can meet: the identity, lifted elements, and combinations of them. Both sides of a law are
 * stages of one small kernel that the reference computes with its error scale, so that rounding alone breaks no law.
 */
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { DTYPES, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Kernel, Stage, Tensor } from "../../compiler/ir/equations.ts";
import type { ConstValue, Expr, UserReducer, Var } from "../../compiler/ir/expr.ts";
import { read } from "../../compiler/ir/expr.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { canonical, elementOf } from "../../compiler/ir/values.ts";
import { substitute } from "../../compiler/ir/walk.ts";
import { InternalError, invariant, known, unreachable } from "../../compiler/support/invariant.ts";
import type { Span } from "../../compiler/support/source.ts";
import { DEFAULT_TOLERANCE } from "./subject.ts";
import { RandomStream } from "./random-stream.ts";

export type Law = "identity" | "associative" | "commutative";

export type LawResult = {
  readonly reducer: string;
  readonly law: Law;
  readonly verdict: "holds" | "broken";
  /** Cases whose values the reducer has; what overflows an integer is not among them. */
  readonly cases: number;
  /** The simplest case found that breaks it, in words. */
  readonly counterexample: string | null;
};

/** The operands of a law: the elements that are lifted, in order; null is the identity. */
type Operand = readonly ConstValue[] | null;
type Shape = { readonly law: Law; readonly operands: number };

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
  return promised.map(({ law, operands }) => {
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
}

// ---- the kernels ----

type State = readonly Tensor[];
/** Kernels of a law by which operands are the identity (`true`); outputs `left.m`, `right.m`, … */
type Sides = {
  readonly reducer: UserReducer;
  readonly law: Law;
  readonly kernelFor: (identities: readonly boolean[]) => Kernel;
};

function lawKernel(reducer: UserReducer, law: Law, span: Span): Sides {
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

function build(reducer: UserReducer, law: Law, identities: readonly boolean[], span: Span): Kernel {
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
  law: Law,
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
  law: Law,
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
