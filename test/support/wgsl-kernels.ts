/** Kernels for what only a GPU may get wrong: ends of ranges, constants that are no numbers, elements that share a word. */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, index, less, mul, select, sub } from "../../compiler/ir/expr.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import type { Handle } from "./build-kernel.ts";
import { KernelBuilder } from "./build-kernel.ts";
import { array } from "./nd-array.ts";

/** A kernel with the inputs, in the order of its parameters, that are worth running. */
export type Edge = {
  readonly name: string;
  readonly kernel: Kernel;
  readonly inputs: readonly NDArray[];
  readonly dims: readonly number[];
};

const f32 = (v: number): Expr => constant("f32", v);
const i32 = (v: number): Expr => constant("i32", v);

/** Normal numbers only: an implementation may flush the others. */
const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  1e-30,
  -3e38,
  3.4028234663852886e38,
  8388609,
  Number.NaN,
  Infinity,
  -Infinity,
];
const INTS = [0, 1, -1, 2, 3, -3, 7, -8, 65535, -65536, 1 << 30, 2147483647, -2147483647, -2147483648];

function pairs(values: readonly number[], dtype: DType): readonly [NDArray, NDArray] {
  const all = values.flatMap((a) => values.map((b) => [a, b] as const));
  return [
    array(
      dtype,
      all.map(([a]) => a),
    ),
    array(
      dtype,
      all.map(([, b]) => b),
    ),
  ];
}

/** Comparisons, extremes and tests of NaN over all pairs of special values. */
function specialFloats(): Edge {
  const k = new KernelBuilder("special");
  const n = FLOATS.length ** 2;
  const [x, y] = [k.param("X", "f32", [n]), k.param("Y", "f32", [n])];
  const ops = ["eq", "ne", "lt", "le", "max", "min", "add", "sub", "mul", "divide"] as const;
  k.output(
    ...ops.map((op) => k.stage(op, { i: n }, (i) => apply(op, x.at(i), y.at(i)))),
    k.stage("isnan", { i: n }, (i) => apply("ne", x.at(i), x.at(i))),
    k.stage("isnumber", { i: n }, (i) => apply("eq", x.at(i), x.at(i))),
    k.stage("relu", { i: n }, (i) => apply("max", x.at(i), f32(0))),
    k.stage("clamp", { i: n }, (i) => apply("min", apply("max", x.at(i), f32(-2)), f32(1))),
    k.stage("unless", { i: n }, (i) => select(apply("not", less(x.at(i), y.at(i))), x.at(i), y.at(i))),
    k.stage("infinite", { i: n }, (i) => apply("eq", apply("abs", x.at(i)), f32(Infinity))),
    ...(["sqrt", "abs", "floor", "ceil", "trunc", "round", "neg"] as const).map((op) =>
      k.stage(op, { i: n }, (i) => apply(op, x.at(i))),
    ),
  );
  return { name: "special floats", kernel: k.build(), inputs: pairs(FLOATS, "f32"), dims: [] };
}

/** Constants that WGSL has no literals for, by their bits. */
function constants(): Edge {
  const k = new KernelBuilder("constants");
  const x = k.param("X", "i32", [7]);
  const list = [Infinity, -Infinity, Number.NaN, -0, 2 ** -149, 3.4028234663852886e38, 0.1];
  const pick = (i: Expr): Expr =>
    list.reduceRight<Expr>((rest, v, n) => select(apply("eq", x.at(i), i32(n)), f32(v), rest), f32(0));
  k.output(
    k.stage("V", { i: 7 }, (i) => cast("i32", "bits", pick(i))),
    k.stage("L", { i: 7 }, (i) => select(apply("eq", x.at(i), i32(1)), i32(-2147483648), i32(2147483647))),
  );
  return { name: "constants", kernel: k.build(), inputs: [array("i32", [0, 1, 2, 3, 4, 5, 6])], dims: [] };
}

function casts(): Edge {
  const k = new KernelBuilder("casts");
  const values = [
    ...FLOATS,
    2147483648,
    4294967296,
    -2147483648,
    2147483520,
    4294967040,
    127.5,
    -128.9,
    255.9,
    -0.9,
    70000,
    -70000,
  ];
  const n = values.length;
  const x = k.param("X", "f32", [n]);
  const to = ["i8", "u8", "i16", "u16", "i32", "u32"] as const;
  k.output(...to.map((t) => k.stage(t, { i: n }, (i) => cast(t, "saturate", x.at(i)))));
  return { name: "saturating casts of floats", kernel: k.build(), inputs: [array("f32", values)], dims: [] };
}

function integerCasts(): Edge {
  const k = new KernelBuilder("integer_casts");
  const n = INTS.length;
  const [x, y] = [k.param("X", "i32", [n]), k.param("Y", "u32", [n])];
  const to = ["i8", "u8", "i16", "u16"] as const;
  const both = (["saturate", "wrap"] as const).flatMap((mode) => [
    ...to.flatMap((t) => [
      k.stage(`${mode} ${t}`, { i: n }, (i) => cast(t, mode, x.at(i))),
      k.stage(`${mode} ${t} of u32`, { i: n }, (i) => cast(t, mode, y.at(i))),
    ]),
    k.stage(`${mode} u32`, { i: n }, (i) => cast("u32", mode, x.at(i))),
    k.stage(`${mode} i32`, { i: n }, (i) => cast("i32", mode, y.at(i))),
  ]);
  k.output(
    ...both,
    k.stage("f32 of i32", { i: n }, (i) => cast("f32", "exact", x.at(i))),
    k.stage("f32 of u32", { i: n }, (i) => cast("f32", "exact", y.at(i))),
  );
  const unsigned = INTS.map((v) => v >>> 0);
  return {
    name: "casts of integers",
    kernel: k.build(),
    inputs: [array("i32", INTS), array("u32", unsigned)],
    dims: [],
  };
}

/** Everything that is defined at the ends of i32: wrapping arithmetic, gemmlowp's multiply, division that does not overflow. */
function extremeInts(): Edge {
  const k = new KernelBuilder("extremes");
  const n = INTS.length ** 2;
  const [x, y] = [k.param("X", "i32", [n]), k.param("Y", "i32", [n])];
  const divisor = (i: Expr): Expr =>
    select(apply("or", apply("eq", y.at(i), i32(0)), apply("eq", y.at(i), i32(-1))), i32(5), y.at(i));
  const amount = (i: Expr): Expr => apply("bit_and", y.at(i), i32(31));
  const ops = ["wrapping_add", "wrapping_sub", "wrapping_mul", "doubling_high_multiply", "lt", "max"] as const;
  k.output(
    ...ops.map((op) => k.stage(op, { i: n }, (i) => apply(op, x.at(i), y.at(i)))),
    ...(["floor_div", "floor_mod"] as const).map((op) => k.stage(op, { i: n }, (i) => apply(op, x.at(i), divisor(i)))),
    ...(["shl", "shr"] as const).map((op) => k.stage(op, { i: n }, (i) => apply(op, x.at(i), amount(i)))),
    k.stage("bits", { i: n }, (i) => apply("popcount", apply("bit_and", x.at(i), i32(2147483647)))),
    // Evaluated where it is not defined too, and then not chosen.
    k.stage("guarded", { i: n }, (i) =>
      select(apply("eq", y.at(i), i32(0)), i32(-7), apply("floor_div", apply("shr", x.at(i), i32(1)), y.at(i))),
    ),
  );
  return { name: "ends of i32", kernel: k.build(), inputs: pairs(INTS, "i32"), dims: [] };
}

/** The first NaN wins; ties go to the first. */
function positions(): Edge {
  const k = new KernelBuilder("positions");
  const rows = [
    [1, Number.NaN, 3, Number.NaN, 9],
    [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
    [2, 5, 5, -0, 0],
    [Infinity, 1, Infinity, Number.NaN, 0],
  ];
  const x = k.param("X", "f32", [4, 5]);
  k.output(
    ...k.tuple(["V", "P"], { i: 4 }, (i) => k.components("argmax", { j: 5 }, (j) => x.at(i, j))),
    ...k.tuple(["W", "Q"], { i: 4 }, (i) => k.components("argmin", { j: 5 }, (j) => x.at(i, j))),
    k.stage("M", { i: 4 }, (i) => k.reduce("max", { j: 5 }, (j) => x.at(i, j))),
  );
  return { name: "positions", kernel: k.build(), inputs: [array("f32", rows)], dims: [] };
}

/** Outputs of one stage whose elements have 8, 16 and 32 bits. */
function mixedWidths(n: number): Edge {
  const k = new KernelBuilder("widths");
  const d = k.dim("N");
  const x = k.param("X", "i32", [d]);
  k.output(
    ...k.tuple(["A", "B", "C", "D", "E"], { i: d }, (i) => [
      cast("i8", "wrap", x.at(i)),
      cast("i16", "wrap", x.at(i)),
      mul(x.at(i), i32(3)),
      less(x.at(i), i32(2)),
      cast("u16", "wrap", x.at(i)),
    ]),
  );
  const values = Array.from({ length: n }, (_, i) => i * 257 - 700);
  return { name: `mixed widths, ${n}`, kernel: k.build(), inputs: [array("i32", values, [n])], dims: [n] };
}

/** A narrow recurrence reads back elements that share a word with those it writes. */
function narrowRecurrence(n: number): Edge {
  const k = new KernelBuilder("narrow_rec");
  const d = k.dim("T");
  const x = k.param("X", "u8", [d, 3]);
  const state = (name: string, dtype: "u8" | "i16", by: number): Handle => {
    const init = { axes: { t: [-1, 0] as const, j: 3 }, body: () => constant(dtype, 1) };
    return k.rec(name, dtype, { t: d, j: 3 }, { lag: 1, inits: [init] }, (self, t, j) =>
      cast(
        dtype,
        "wrap",
        add(
          mul(cast("i32", "exact", self.at(sub(t, index(1)), sub(index(2), j))), i32(by)),
          cast("i32", "exact", x.at(t, j)),
        ),
      ),
    );
  };
  const flag = k.rec(
    "F",
    "bool",
    { t: d, j: 3 },
    { lag: 1, inits: [{ axes: { t: [-1, 0] as const, j: 3 }, body: (_t, j) => apply("eq", j, index(1)) }] },
    (self, t, j) => apply("ne", self.at(sub(t, index(1)), sub(index(2), j)), less(x.at(t, j), constant("u8", 128))),
  );
  k.output(state("A", "u8", 3), state("B", "i16", -5), flag);
  const values = Array.from({ length: n * 3 }, (_, i) => (i * 37) % 256);
  const rows = Array.from({ length: n }, (_, t) => values.slice(3 * t, 3 * t + 3));
  return { name: `narrow recurrence, ${n}`, kernel: k.build(), inputs: [array("u8", rows, [n, 3])], dims: [n] };
}

/** Transcendentals where they leave the ordinary: signs, infinities, NaN, overflow, and underflow that is flushed. */
function transcendentals(): Edge {
  const k = new KernelBuilder("transcendentals");
  const values = [...FLOATS, 0.1, -0.1, 88, 89, -87, -103, -104, 1e-5, 3.25, 100, -100, 1e5, 0.9999999, 1.0000001];
  const n = values.length;
  const x = k.param("X", "f32", [n]);
  const one = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log1p",
    "tanh",
    "sigmoid",
    "erf",
    "rsqrt",
    "sin",
    "cos",
  ] as const;
  const whole = (i: Expr, by: Expr): Expr => x.at(add(mul(i, index(0)), by));
  k.output(
    ...one.map((op) => k.stage(op, { i: n }, (i) => apply(op, x.at(i)))),
    k.stage("pow", { i: n, j: n }, (i, j) => apply("pow", whole(j, i), x.at(j))),
  );
  return { name: "transcendentals", kernel: k.build(), inputs: [array("f32", values)], dims: [] };
}

/** Halves: packed two to a word, computed in f32, rounded after each operation. */
function halves(dtype: "f16" | "bf16", n: number): Edge {
  const k = new KernelBuilder("halves");
  const d = k.dim("N");
  const [x, y] = [k.param("X", dtype, [d]), k.param("Y", dtype, [d])];
  const sum = k.reduce("sum", { j: d }, (j) => mul(x.at(j), y.at(j)));
  k.output(
    k.stage("copy", { i: d }, (i) => x.at(i)),
    k.stage("product", { i: d }, (i) => add(mul(x.at(i), y.at(i)), x.at(i))),
    k.stage("quotient", { i: d }, (i) => apply("divide", x.at(i), y.at(i))),
    k.stage("larger", { i: d }, (i) => apply("max", x.at(i), y.at(i))),
    k.stage("exp", { i: d }, (i) => apply("exp", x.at(i))),
    k.stage("wide", { i: d }, (i) => cast("f32", "exact", x.at(i))),
    k.stage("narrow", { i: d }, (i) => cast(dtype, "exact", mul(cast("f32", "exact", y.at(i)), f32(1.001)))),
    k.stage("bytes", { i: d }, (i) => cast("u8", "saturate", x.at(i))),
    k.stage("dot", {}, () => sum),
  );
  const pool = [1, -2, 0.5, 3.25, 65504, 2 ** -14, 0.1, -0, 7, 255.5, -1.5, 1000];
  const special = n > 8 ? [Infinity, Number.NaN] : [];
  const values = (shift: number): readonly number[] =>
    Array.from({ length: n }, (_, i) => [...pool, ...special][(i * 5 + shift) % (pool.length + special.length)] ?? 0);
  const inputs = [array(dtype, values(0), [n]), array(dtype, values(3), [n])];
  return { name: `${dtype}, ${n}`, kernel: k.build(), inputs, dims: [n] };
}

export function edgeKernels(): readonly Edge[] {
  return [
    specialFloats(),
    constants(),
    casts(),
    integerCasts(),
    extremeInts(),
    positions(),
    transcendentals(),
    ...[0, 1, 3, 17].flatMap((n) => [halves("f16", n), halves("bf16", n)]),
    ...[0, 1, 2, 3, 4, 7, 66].map(mixedWidths),
    ...[0, 1, 5].map(narrowRecurrence),
  ];
}
