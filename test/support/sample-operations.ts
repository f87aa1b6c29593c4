/**
 * Kernels that put every operation, dtype and conversion through a target, each in vectors and alone. See sample-kernels.ts,
 * which lists them with the others.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { CastMode, Expr } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, less, maximum, minimum, mul, select } from "../../compiler/ir/expr.ts";
import type { Handle } from "./build-kernel.ts";
import { KernelBuilder } from "./build-kernel.ts";
import { LENGTHS } from "./sample.ts";
import type { Sample } from "./sample.ts";

const f32 = (v: number): Expr => constant("f32", v);
const i32 = (v: number): Expr => constant("i32", v);
/** Small values spread over the whole of i32, ends included. */
const spread = (e: Expr): Expr => apply("wrapping_mul", e, i32(536870912));
const big = (e: Expr): Expr => mul(cast("i64", "exact", e), constant("i64", 4294967311n));

/** Every float operation, so that NaN, infinities and signed zeros meet each of them. */
export function floats(dtype: "f32" | "f64"): Sample {
  const k = new KernelBuilder("floats");
  const n = k.dim("N");
  const [x, y] = [k.param("X", dtype, [n]), k.param("Y", dtype, [n])];
  const outs: Handle[] = [];
  for (const op of ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "round"] as const) {
    outs.push(k.stage(op, { i: n }, (i) => apply(op, x.at(i))));
  }
  for (const op of ["add", "sub", "mul", "divide", "max", "min", "eq", "ne", "lt", "le"] as const) {
    outs.push(k.stage(op, { i: n }, (i) => apply(op, x.at(i), y.at(i))));
  }
  outs.push(
    k.stage("max0", { i: n }, (i) => maximum(constant(dtype, 0.5), x.at(i))),
    k.stage("min0", { i: n }, (i) => minimum(x.at(i), constant(dtype, 0.5))),
    k.stage("fma", { i: n }, (i) => apply("fma", x.at(i), y.at(i), x.at(i))),
    k.stage("pick", { i: n }, (i) => select(less(x.at(i), y.at(i)), x.at(i), constant(dtype, -1), false)),
    k.stage("larger", { i: n }, (i) => select(less(x.at(i), y.at(i)), y.at(i), x.at(i))),
    k.stage("smaller", { i: n }, (i) => select(less(x.at(i), y.at(i)), x.at(i), y.at(i))),
    k.stage("atLeast", { i: n }, (i) => select(less(x.at(i), constant(dtype, 1)), constant(dtype, 1), x.at(i))),
  );
  k.output(...outs);
  return { name: `${dtype} operations`, kernel: k.build(), sizes: LENGTHS };
}

/** Operations on one integer dtype that cannot overflow for small values. */
function integers(dtype: "i32" | "u32" | "i64" | "u64"): Sample {
  const k = new KernelBuilder("integers");
  const n = k.dim("N");
  const [x, y] = [k.param("X", dtype, [n]), k.param("Y", dtype, [n])];
  const c = (v: number): Expr => constant(dtype, v);
  const small = (e: Expr): Expr => apply("bit_and", e, c(7));
  const outs: Handle[] = [];
  for (const op of [
    ...(["add", "mul", "max", "min", "eq", "ne", "lt", "le", "bit_and", "bit_or", "bit_xor"] as const),
    ...(["wrapping_add", "wrapping_sub", "wrapping_mul"] as const),
  ]) {
    outs.push(k.stage(op, { i: n }, (i) => apply(op, x.at(i), y.at(i))));
  }
  const divisor = (i: Expr): Expr => select(apply("eq", y.at(i), c(0)), c(3), y.at(i));
  for (const op of ["floor_div", "floor_mod"] as const) {
    outs.push(
      k.stage(`${op} by a value`, { i: n }, (i) => apply(op, x.at(i), divisor(i))),
      k.stage(`${op} by 3`, { i: n }, (i) => apply(op, x.at(i), c(3))),
      k.stage(`${op} by 8`, { i: n }, (i) => apply(op, x.at(i), c(8))),
    );
  }
  outs.push(
    k.stage("shl", { i: n }, (i) => apply("shl", x.at(i), small(y.at(i)))),
    k.stage("shr", { i: n }, (i) => apply("shr", x.at(i), small(y.at(i)))),
    k.stage("shr by 2", { i: n }, (i) => apply("shr", x.at(i), c(2))),
    k.stage("bits", { i: n }, (i) => apply("popcount", small(x.at(i)))),
    k.stage("not", { i: n }, (i) => apply("bit_not", x.at(i))),
    k.stage("sum", {}, () => k.reduce("sum", { i: n }, (i) => x.at(i))),
  );
  if (dtype === "i32" || dtype === "i64") {
    outs.push(
      k.stage("neg", { i: n }, (i) => apply("neg", x.at(i))),
      k.stage("abs", { i: n }, (i) => apply("abs", x.at(i))),
      k.stage("sub", { i: n }, (i) => apply("sub", x.at(i), y.at(i))),
      k.stage("div by -1", { i: n }, (i) => apply("floor_div", x.at(i), c(-1))),
      k.stage("mod by -3", { i: n }, (i) => apply("floor_mod", x.at(i), c(-3))),
    );
  }
  k.output(...outs);
  return { name: `${dtype} operations`, kernel: k.build(), sizes: LENGTHS };
}

/** gemmlowp's multiply at full range, in vectors and alone. */
function highMultiply(): Sample {
  const k = new KernelBuilder("high");
  const n = k.dim("N");
  const [x, y] = [k.param("X", "i32", [n]), k.param("Y", "i32", [n])];
  k.output(
    k.stage("V", { i: n }, (i) => apply("doubling_high_multiply", spread(x.at(i)), spread(y.at(i)))),
    k.stage("W", { i: n }, (i) =>
      apply("doubling_high_multiply", apply("wrapping_add", spread(x.at(i)), y.at(i)), i32(1073741825)),
    ),
    k.stage("S", {}, () => k.reduce("max", { i: n }, (i) => apply("doubling_high_multiply", spread(x.at(i)), y.at(i)))),
  );
  return { name: "doubling high multiply", kernel: k.build(), sizes: LENGTHS.slice(1) };
}

/** Loads and stores of a narrow dtype, side by side, strided and gathered. */
function narrow(dtype: "i8" | "u8" | "i16" | "u16" | "bool"): Sample {
  const k = new KernelBuilder("narrow");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const x = k.param("X", dtype, [m, n]);
  const asInt = (e: Expr): Expr => (dtype === "bool" ? select(e, i32(1), i32(0)) : cast("i32", "exact", e));
  k.output(
    k.stage("copy", { i: m, j: n }, (i, j) => x.at(i, j)),
    k.stage("turned", { j: n, i: m }, (j, i) => x.at(i, j)),
    k.stage("wide", { i: m, j: n }, (i, j) => add(asInt(x.at(i, j)), i32(1))),
    k.stage("total", {}, () => k.reduce("sum", { i: m, j: n }, (i, j) => asInt(x.at(i, j)))),
  );
  const sizes = [
    [1, 1],
    [3, 5],
    [4, 8],
    [2, 17],
    [7, 3],
    [0, 4],
  ];
  return { name: `${dtype} in memory`, kernel: k.build(), sizes };
}

/** Casts from a dtype that change the value: saturating to everything, wrapping between integers. */
function casts(from: "f32" | "f64" | "i32" | "u32" | "i64"): Sample {
  const k = new KernelBuilder("casts");
  const n = k.dim("N");
  const x = k.param("X", from, [n]);
  const float = from === "f32" || from === "f64";
  const scaled = (e: Expr): Expr =>
    float ? mul(e, constant(from, 100)) : apply("wrapping_mul", e, constant(from, 1000003));
  const to: readonly DType[] = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"];
  const modes: readonly CastMode[] = float ? ["saturate"] : ["saturate", "wrap"];
  k.output(
    ...to.flatMap((t) =>
      modes
        .filter(() => t !== from)
        .map((mode) => k.stage(`${mode} ${t}`, { i: n }, (i) => cast(t, mode, scaled(x.at(i))))),
    ),
    ...(["f32", "f64"] as const)
      .filter((t) => t !== from)
      .map((t) => k.stage(`exact ${t}`, { i: n }, (i) => cast(t, "exact", x.at(i)))),
  );
  return { name: `casts from ${from}`, kernel: k.build(), sizes: [[1], [5], [8], [37]] };
}

/** Bits of floats and back, and arithmetic on them. */
function reinterpret(): Sample {
  const k = new KernelBuilder("bits");
  const n = k.dim("N");
  const x = k.param("X", "f32", [n]);
  const bits = (i: Expr): Expr => cast("i32", "bits", x.at(i));
  k.output(
    k.stage("exponent", { i: n }, (i) => apply("bit_and", apply("shr", bits(i), i32(23)), i32(255))),
    k.stage("sign", { i: n }, (i) => cast("f32", "bits", apply("bit_or", bits(i), i32(-2147483648)))),
  );
  return { name: "bits of floats", kernel: k.build(), sizes: LENGTHS };
}

function bools(): Sample {
  const k = new KernelBuilder("bools");
  const n = k.dim("N");
  const [x, y] = [k.param("X", "bool", [n]), k.param("Y", "f32", [n])];
  k.output(
    k.stage("both", { i: n }, (i) => apply("and", x.at(i), less(y.at(i), f32(0.5)))),
    k.stage("either", { i: n }, (i) => apply("or", apply("not", x.at(i)), less(f32(0), y.at(i)))),
    k.stage("same", { i: n }, (i) => apply("eq", x.at(i), less(f32(0), y.at(i)))),
    k.stage("differ", { i: n }, (i) => apply("ne", x.at(i), less(f32(0), y.at(i)))),
    k.stage("any", {}, () => k.reduce("any", { i: n }, (i) => x.at(i))),
    k.stage("all", {}, () => k.reduce("all", { i: n }, (i) => less(y.at(i), f32(1.9)))),
    k.stage("some", {}, () =>
      k.reduce(
        "sum",
        { i: n },
        (i) => y.at(i),
        (i) => x.at(i),
      ),
    ),
    k.stage("pick", { i: n }, (i) =>
      select(x.at(i), select(less(y.at(i), f32(0)), x.at(i), constant("bool", false)), x.at(i)),
    ),
  );
  return { name: "bools", kernel: k.build(), sizes: LENGTHS };
}

/** Half-width floats: rounded after each operation, summed in f32. */
function halves(dtype: "f16" | "bf16"): Sample {
  const k = new KernelBuilder("halves");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const [x, y] = [k.param("X", dtype, [m, n]), k.param("Y", dtype, [n])];
  k.output(
    k.stage("copy", { j: n, i: m }, (j, i) => x.at(i, j)),
    k.stage("fma", { i: m, j: n }, (i, j) => add(mul(x.at(i, j), y.at(j)), y.at(j))),
    k.stage("total", { i: m }, (i) => k.reduce("sum", { j: n }, (j) => mul(x.at(i, j), y.at(j)))),
    k.stage("top", { i: m }, (i) => k.reduce("max", { j: n }, (j) => x.at(i, j))),
    k.stage("wide", { i: m, j: n }, (i, j) => cast("f32", "exact", x.at(i, j))),
    k.stage("tight", { i: m, j: n }, (i, j) => cast(dtype, "exact", mul(cast("f32", "exact", x.at(i, j)), f32(1.1)))),
    k.stage("exp", { i: m, j: n }, (i, j) => apply("exp", x.at(i, j))),
  );
  const sizes = [
    [1, 1],
    [3, 5],
    [2, 17],
    [0, 4],
  ];
  return { name: `${dtype} arithmetic`, kernel: k.build(), sizes };
}

/** Every derived operation, over arguments that spread. */
function transcendental(): Sample {
  const k = new KernelBuilder("math");
  const n = k.dim("N");
  const x = k.param("X", "f32", [n]);
  const positive = (i: Expr): Expr => add(apply("abs", x.at(i)), f32(0.01));
  const ops = [
    "exp",
    "exp2",
    "log",
    "log2",
    "log1p",
    "expm1",
    "tanh",
    "sigmoid",
    "erf",
    "rsqrt",
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "asinh",
  ] as const;
  k.output(
    ...ops.map((op) =>
      k.stage(op, { i: n }, (i) =>
        apply(op, op === "log" || op === "log2" || op === "log1p" || op === "rsqrt" ? positive(i) : x.at(i)),
      ),
    ),
    k.stage("pow", { i: n }, (i) => apply("pow", positive(i), x.at(i))),
    k.stage("atan2", { i: n }, (i) => apply("atan2", x.at(i), positive(i))),
  );
  return { name: "transcendental functions", kernel: k.build(), sizes: LENGTHS };
}

/** Totals of i64 and f64, which vectors of 32-bit lanes cannot hold. */
function wideSums(): Sample {
  const k = new KernelBuilder("wide");
  const n = k.dim("N");
  const [x, y, z] = [k.param("X", "i32", [n]), k.param("Y", "f64", [n]), k.param("Z", "u8", [n])];
  k.output(
    k.stage("a", {}, () => k.reduce("sum", { i: n }, (i) => big(x.at(i)))),
    k.stage("b", {}, () => k.reduce("sum", { i: n }, (i) => mul(y.at(i), y.at(i)))),
    k.stage("c", { i: n }, (i) => add(big(x.at(i)), cast("i64", "exact", z.at(i)))),
    k.stage("d", { i: n }, (i) => apply("divide", y.at(i), constant("f64", 3))),
    k.stage("e", {}, () => k.reduce("max", { i: n }, (i) => y.at(i))),
  );
  return { name: "wide totals", kernel: k.build(), sizes: LENGTHS };
}

export function sampleOperations(): readonly Sample[] {
  return [
    ...[highMultiply, reinterpret, bools, wideSums, transcendental].map((make) => make()),
    ...(["f16", "bf16"] as const).map(halves),
    ...(["f32", "f64"] as const).map(floats),
    ...(["i32", "u32", "i64", "u64"] as const).map(integers),
    ...(["i8", "u8", "i16", "u16", "bool"] as const).map(narrow),
    ...(["f32", "f64", "i32", "u32", "i64"] as const).map(casts),
  ];
}
