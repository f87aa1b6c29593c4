/**
 * THE table of built-in reductions, and the same questions answered for a user's `reducer`: what the accumulator is, how
 * it starts, how one point enters it and how two partial results meet. Lowering writes these expressions into loops, and
 * the interpreter of loops evaluates them; the interpreter of equations has its own fold, so that each checks the other.
 *
 * Operands are used several times in the results: hand in variables, constants or reads, not large expressions. Steps of
 * argmax and argmin take (value, position as i32) and keep the better pair in any order of arrival: the first NaN wins,
 * then the larger (smaller) value, then the smaller position; position -1 marks an accumulator that saw nothing.
 */
import { invariant, known } from "../support/invariant.ts";
import { DTYPES, isBool, isFloat, isInt } from "./dtype.ts";
import type { DType } from "./dtype.ts";
import type { BuiltinReducer, Expr, Reducer, ScalarType, UserReducer } from "./expr.ts";
import { apply, cast, constant, select } from "./expr.ts";
import { substitute } from "./walk.ts";

type Row = {
  /** dtypes of the accumulator's components, from the dtypes of the step's arguments. */
  readonly accumulators: (args: readonly DType[]) => readonly DType[];
  /** dtypes that a reader of each component sees. */
  readonly results: (args: readonly DType[]) => readonly DType[];
  /** The value of an empty reduction; its arguments are the accumulator's dtypes. */
  readonly identity: (types: readonly DType[]) => readonly Expr[];
  readonly step: (accs: readonly Expr[], args: readonly Expr[]) => readonly Expr[];
  /** Partial results meet; null: as one step. */
  readonly merge: ((accs: readonly Expr[], others: readonly Expr[]) => readonly Expr[]) | null;
  /** True for floats too where the language allows reassociation (sum, prod). */
  readonly associative: boolean;
  readonly commutative: boolean;
  /** Does a step take the point's position as a second argument? */
  readonly positional: boolean;
};

const accumulator = (args: readonly DType[]): readonly DType[] => args.map((t) => DTYPES[t].accumulator);
const same = (args: readonly DType[]): readonly DType[] => args;
const reassociable = { associative: true, commutative: true, positional: false, merge: null } as const;

/** A narrow float accumulates in f32 and is read as itself; a narrow int or bool accumulates in i32 and stays there. */
const summed = (args: readonly DType[]): readonly DType[] => args.map((t) => (isFloat(t) ? t : DTYPES[t].accumulator));

/** `acc op x`, with the argument widened to the accumulator's type. */
const folding =
  (op: "add" | "mul" | "max" | "min" | "and" | "or"): Row["step"] =>
  (accs, args) => {
    const [acc, x] = [at(accs, 0), at(args, 0)];
    return [apply(op, acc, cast(acc.type, "exact", x))];
  };

const start =
  (value: number | boolean): Row["identity"] =>
  (types) => [constant(known(types[0], "accumulator type"), value)];

/** The least value of a dtype: what a maximum starts from. */
function leastOf(dtype: DType): Expr {
  if (isFloat(dtype)) return constant(dtype, -Infinity);
  return isBool(dtype) ? constant(dtype, false) : constant(dtype, DTYPES[dtype].min);
}

function greatestOf(dtype: DType): Expr {
  if (isFloat(dtype)) return constant(dtype, Infinity);
  return isBool(dtype) ? constant(dtype, true) : constant(dtype, DTYPES[dtype].max);
}

const nothing = constant("i32", -1);
const position = (args: readonly DType[]): readonly DType[] => [known(args[0], "value of argmax"), "i32"];

/** `larger`: argmax; else argmin. `mayBeEmpty`: the incoming pair may itself have seen nothing. */
const better =
  (larger: boolean, mayBeEmpty: boolean): Row["step"] =>
  (accs, args) => {
    const [value, place] = [at(accs, 0), at(accs, 1)];
    const [x, where] = [at(args, 0), at(args, 1)];
    const float = value.type !== "index" && isFloat(value.type);
    const zero = constant("i32", 0);
    const beaten = apply("lt", larger ? value : x, larger ? x : value);
    const equal = apply("eq", value, x);
    const isNaN = apply("ne", value, value);
    const newNaN = apply("ne", x, x);
    const wins = float ? apply("or", beaten, apply("and", newNaN, apply("not", isNaN))) : beaten;
    const ties = float ? apply("or", equal, apply("and", newNaN, isNaN)) : equal;
    const earlier = apply("and", ties, apply("lt", where, place));
    const empty = apply("lt", place, zero);
    const replaces = apply("or", apply("or", empty, wins), earlier);
    const takes = mayBeEmpty ? apply("and", apply("le", zero, where), replaces) : replaces;
    return [select(takes, x, value, false), select(takes, where, place, false)];
  };

const positional = (larger: boolean): Row => ({
  accumulators: position,
  results: position,
  identity: (types) => [(larger ? leastOf : greatestOf)(known(types[0], "value of argmax")), nothing],
  step: better(larger, false),
  merge: better(larger, true),
  associative: true,
  commutative: true,
  positional: true,
});

const sum: Row = {
  accumulators: accumulator,
  results: summed,
  identity: start(0),
  step: folding("add"),
  ...reassociable,
};

const REDUCERS = {
  sum,
  sum_strict: { ...sum, associative: false, commutative: false },
  prod: { ...sum, identity: start(1), step: folding("mul") },
  max: {
    accumulators: same,
    results: same,
    identity: (types) => [leastOf(known(types[0], "accumulator type"))],
    step: folding("max"),
    ...reassociable,
  },
  min: {
    accumulators: same,
    results: same,
    identity: (types) => [greatestOf(known(types[0], "accumulator type"))],
    step: folding("min"),
    ...reassociable,
  },
  any: { accumulators: same, results: same, identity: start(false), step: folding("or"), ...reassociable },
  all: { accumulators: same, results: same, identity: start(true), step: folding("and"), ...reassociable },
  argmax: positional(true),
  argmin: positional(false),
} as const satisfies Record<BuiltinReducer, Row>;

function rowOf(name: BuiltinReducer): Row {
  return REDUCERS[name];
}

function at(list: readonly Expr[], n: number): Expr {
  return known(list[n], `operand ${n} of a reduction step`);
}

function asDType(type: ScalarType): DType {
  invariant(type !== "index", "a reduction cannot hold an index");
  return type;
}

/** Does a step of it take (value, position) although the equations give it only the value? True for argmax and argmin. */
export function isPositional(reducer: Reducer): boolean {
  return reducer.kind === "builtin" && rowOf(reducer.name).positional;
}

/**
 * dtypes of the accumulator, one per component, for a step whose arguments have these types (with or without the
 * position of argmax). A sum of f16 accumulates in f32.
 */
export function accumulatorTypes(reducer: Reducer, args: readonly ScalarType[]): readonly DType[] {
  if (reducer.kind === "user") return reducer.identity.map((e) => asDType(e.type));
  return rowOf(reducer.name).accumulators(args.map(asDType));
}

/** dtypes in which a reduction's components are read; a sum of f16 is rounded once to f16, a sum of i8 stays i32. */
export function resultTypes(reducer: Reducer, args: readonly ScalarType[]): readonly DType[] {
  if (reducer.kind === "user") return reducer.identity.map((e) => asDType(e.type));
  return rowOf(reducer.name).results(args.map(asDType));
}

/** What an accumulator of these dtypes starts from; also the result where no point takes part. */
export function identity(reducer: Reducer, accumulators: readonly DType[]): readonly Expr[] {
  return reducer.kind === "user" ? reducer.identity : rowOf(reducer.name).identity(accumulators);
}

/** The accumulator after one point; `accs` and the results have the types of {@link accumulatorTypes}. */
export function step(reducer: Reducer, accs: readonly Expr[], args: readonly Expr[]): readonly Expr[] {
  if (reducer.kind === "builtin") return rowOf(reducer.name).step(accs, args);
  const bindings = new Map(reducer.params.map((p, n) => [p.id, at(args, n)]));
  return combine(
    reducer,
    accs,
    reducer.lift.map((e) => substitute(e, bindings)),
  );
}

/** Two partial results as one; `accs` holds what came earlier. */
export function merge(reducer: Reducer, accs: readonly Expr[], others: readonly Expr[]): readonly Expr[] {
  if (reducer.kind === "user") return combine(reducer, accs, others);
  const row = rowOf(reducer.name);
  return (row.merge ?? row.step)(accs, others);
}

function combine(reducer: UserReducer, left: readonly Expr[], right: readonly Expr[]): readonly Expr[] {
  const bindings = new Map([
    ...reducer.left.map((v, n) => [v.id, at(left, n)] as const),
    ...reducer.right.map((v, n) => [v.id, at(right, n)] as const),
  ]);
  return reducer.combine.map((e) => substitute(e, bindings));
}

/** May partial results be formed over consecutive points and merged? Float sums say yes: the language frees their order. */
export function isAssociative(reducer: Reducer): boolean {
  return reducer.kind === "user" ? reducer.laws.includes("associative") : rowOf(reducer.name).associative;
}

/** May the points arrive in any order? */
export function isCommutative(reducer: Reducer): boolean {
  return reducer.kind === "user" ? reducer.laws.includes("commutative") : rowOf(reducer.name).commutative;
}

/** Are all arguments integers or bools? Then arithmetic is exact, and even a strict sum may be reordered. */
export function isExact(args: readonly ScalarType[]): boolean {
  return args.every((t) => t !== "index" && (isInt(t) || isBool(t)));
}
