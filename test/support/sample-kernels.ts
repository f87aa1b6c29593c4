/**
 * Kernels of equations for tests of targets that start below the front end: each exercises one thing that a printer may
 * get wrong, and says at which sizes it is worth running. Nothing here needs a proof: what they compute is in range.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { CastMode, Expr } from "../../compiler/ir/expr.ts";
import {
  add,
  apply,
  cast,
  constant,
  index,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  select,
  sub,
} from "../../compiler/ir/expr.ts";
import type { Handle } from "./build-kernel.ts";
import { KernelBuilder, readAt } from "./build-kernel.ts";

export type Sample = {
  readonly name: string;
  readonly kernel: Kernel;
  /** Values of the kernel's dims, in its order. */
  readonly sizes: readonly (readonly number[])[];
};

const f32 = (v: number): Expr => constant("f32", v);
const i32 = (v: number): Expr => constant("i32", v);
const shifted = (i: Expr, by: number): readonly [Expr] => [add(i, index(by))];
const half = (e: Expr): Expr => apply("floor_div", e, index(2));
/** Small values spread over the whole of i32, ends included. */
const spread = (e: Expr): Expr => apply("wrapping_mul", e, i32(536870912));
const big = (e: Expr): Expr => mul(cast("i64", "exact", e), constant("i64", 4294967311n));
/** Lengths around the width of vectors and of blocks of them. */
const LENGTHS: readonly (readonly number[])[] = [0, 1, 3, 4, 5, 7, 8, 17, 37].map((n) => [n]);

function matmul(): Sample {
  const k = new KernelBuilder("matmul");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "f32", [m, d]), k.param("B", "f32", [d, n])];
  k.output(k.stage("C", { i: m, j: n }, (i, j) => k.reduce("sum", { k: d }, (x) => mul(a.at(i, x), b.at(x, j)))));
  const sizes = [
    [0, 3, 2],
    [3, 0, 2],
    [1, 1, 1],
    [3, 5, 0],
    [4, 8, 3],
    [5, 7, 8],
    [8, 17, 4],
    [17, 4, 5],
  ];
  return { name: "matmul", kernel: k.build(), sizes };
}

/** Rows against rows: the reduction is what is contiguous. */
function dots(): Sample {
  const k = new KernelBuilder("dots");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "f32", [m, d]), k.param("B", "f32", [n, d])];
  k.output(k.stage("C", { i: m, j: n }, (i, j) => k.reduce("sum", { k: d }, (x) => mul(a.at(i, x), b.at(j, x)))));
  const sizes = [
    [2, 3, 0],
    [1, 2, 1],
    [2, 2, 7],
    [2, 2, 17],
    [1, 3, 40],
  ];
  return { name: "dot products", kernel: k.build(), sizes };
}

function conv(stride: number): Sample {
  const k = new KernelBuilder("window");
  const [h, w, o] = [k.dim("H"), k.dim("W"), k.dim("O")];
  const x = k.param("X", "f32", [2, h, w]);
  const f = k.param("F", "f32", [o, 2, 3, 3]);
  const bias = k.param("b", "f32", [o]);
  const out = (e: Expr): Expr => add(apply("floor_div", sub(e, index(1)), index(stride)), index(1));
  const acc = k.stage("acc", { o, y: out(h), x: out(w) }, (oo, y, xx) =>
    add(
      k.reduce("sum", { c: 2, r: 3, q: 3 }, (c, r, q) =>
        mul(
          readAt(x, [c, sub(add(mul(y, index(stride)), r), index(1)), sub(add(mul(xx, index(stride)), q), index(1))], {
            pad: { kind: "value", value: f32(0) },
          }),
          f.at(oo, c, r, q),
        ),
      ),
      bias.at(oo),
    ),
  );
  k.output(k.stage("Y", { o, y: out(h), x: out(w) }, (oo, y, xx) => maximum(acc.at(oo, y, xx), f32(0))));
  const sizes = [
    [1, 1, 1],
    [3, 7, 5],
    [4, 12, 4],
    [2, 9, 0],
  ];
  return { name: `padded convolution, stride ${stride}, bias and relu`, kernel: k.build(), sizes };
}

/** Every pad rule, read at one point each: predicates per lane. */
function pads(): Sample {
  const k = new KernelBuilder("pads");
  const n = k.dim("N");
  const x = k.param("X", "f32", [n]);
  k.output(
    k.stage("V", { i: n }, (i) => readAt(x, shifted(i, -2), { pad: { kind: "value", value: f32(7) } })),
    k.stage("E", { i: n }, (i) => readAt(x, shifted(i, 3), { pad: { kind: "edge" } })),
    k.stage("W", { i: n }, (i) => readAt(x, shifted(i, -5), { pad: { kind: "wrap" } })),
    k.stage("M", { i: n }, (i) => readAt(x, shifted(i, 2), { pad: { kind: "mirror" } })),
    k.stage("S", { i: n }, (i) => readAt(x, shifted(mul(i, index(2)), -3), { pad: { kind: "value", value: f32(7) } })),
  );
  return { name: "pads", kernel: k.build(), sizes: LENGTHS };
}

function chain(): Sample {
  const k = new KernelBuilder("chain");
  const n = k.dim("N");
  const x = k.param("x", "f32", [n]);
  const [a, b, c] = [k.param("a", "f32", []), k.param("b", "f32", []), k.param("c", "f32", [])];
  k.output(k.stage("y", { i: n }, (i) => mul(maximum(add(mul(a.at(), x.at(i)), b.at()), f32(0)), c.at())));
  return { name: "elementwise chain", kernel: k.build(), sizes: LENGTHS };
}

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

function floatExtremes(): Sample {
  const k = new KernelBuilder("extremes");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const x = k.param("X", "f32", [m, n]);
  k.output(
    k.stage("a", { i: m }, (i) => k.reduce("max", { j: n }, (j) => x.at(i, j))),
    k.stage("b", { i: m }, (i) => k.reduce("min", { j: n }, (j) => x.at(i, j))),
    k.stage("c", { j: n }, (j) => k.reduce("max", { i: m }, (i) => x.at(i, j))),
    k.stage("d", { i: m }, (i) => k.reduce("argmax", { j: n }, (j) => x.at(i, j))),
    k.stage("e", {}, () => k.reduce("prod", { i: m, j: n }, (i, j) => x.at(i, j))),
  );
  const sizes = [
    [1, 1],
    [3, 4],
    [2, 17],
    [5, 37],
    [0, 3],
  ];
  return { name: "float reductions", kernel: k.build(), sizes };
}

/** Row statistics and what is made of them. */
function rows(): Sample {
  const k = new KernelBuilder("rows");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const x = k.param("X", "f32", [m, n]);
  const top = k.stage("m", { i: m }, (i) => k.reduce("max", { j: n }, (j) => x.at(i, j)));
  const e = k.stage("e", { i: m, j: n }, (i, j) => mul(sub(x.at(i, j), top.at(i)), f32(0.5)));
  k.output(
    k.stage("Y", { i: m, j: n }, (i, j) =>
      apply(
        "divide",
        e.at(i, j),
        k.reduce("sum", { k: n }, (q) => sub(e.at(i, q), f32(1))),
      ),
    ),
  );
  const sizes = [
    [1, 1],
    [3, 5],
    [2, 16],
    [2, 21],
    [0, 4],
  ];
  return { name: "row statistics", kernel: k.build(), sizes };
}

function pool(): Sample {
  const k = new KernelBuilder("pool");
  const [h, w] = [k.dim("H"), k.dim("W")];
  const x = k.param("X", "f32", [h, w]);
  const outs = k.tuple(["V", "I"], { y: half(h), x: half(w) }, (y, xx) =>
    k.components("argmax", { r: 2, q: 2 }, (r, q) => x.at(add(mul(y, index(2)), r), add(mul(xx, index(2)), q))),
  );
  k.output(...outs);
  const sizes = [
    [2, 2],
    [4, 11],
    [5, 18],
    [1, 8],
  ];
  return { name: "pooling with positions", kernel: k.build(), sizes };
}

function causal(): Sample {
  const k = new KernelBuilder("causal");
  const n = k.dim("N");
  const x = k.param("X", "f32", [n, n]);
  k.output(
    k.stage("Y", { i: n, j: n }, (i, j) =>
      add(
        x.at(i, j),
        k.reduce(
          "sum",
          { q: n },
          (q) => x.at(q, j),
          (q) => lessEqual(q, i),
        ),
      ),
    ),
  );
  return { name: "guarded sum", kernel: k.build(), sizes: [[0], [1], [3], [6], [9]] };
}

function recurrence(): Sample {
  const k = new KernelBuilder("rnn");
  const [t, h] = [k.dim("T"), k.dim("H")];
  const [x, w, h0] = [k.param("X", "f32", [t, h]), k.param("W", "f32", [h, h]), k.param("h0", "f32", [h])];
  const init = { axes: { t: [-1, 0] as const, j: h }, body: (_t: Expr, j: Expr) => h0.at(j) };
  k.output(
    k.rec("S", "f32", { t, j: h }, { lag: 1, inits: [init] }, (self, at, j) =>
      add(
        mul(x.at(at, j), f32(0.25)),
        k.reduce("sum", { q: h }, (q) => mul(self.at(sub(at, index(1)), q), mul(w.at(q, j), f32(0.125)))),
      ),
    ),
  );
  const sizes = [
    [1, 1],
    [3, 5],
    [0, 2],
    [4, 9],
  ];
  return { name: "recurrence", kernel: k.build(), sizes };
}

/** i8 rows against i8 columns into i32, and the same rescaled to i8. */
function int8(): Sample {
  const k = new KernelBuilder("int8");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "i8", [m, d]), k.param("B", "i8", [d, n])];
  const acc = k.stage("acc", { i: m, j: n }, (i, j) =>
    k.reduce("sum", { k: d }, (x) => mul(cast("i32", "exact", a.at(i, x)), cast("i32", "exact", b.at(x, j)))),
  );
  k.output(
    acc,
    k.stage("C", { i: m, j: n }, (i, j) =>
      cast("i8", "saturate", apply("doubling_high_multiply", mul(acc.at(i, j), i32(1 << 20)), i32(1518500250))),
    ),
  );
  const sizes = [
    [1, 1, 1],
    [3, 5, 0],
    [5, 7, 8],
    [4, 17, 4],
    [0, 4, 4],
  ];
  return { name: "int8 product", kernel: k.build(), sizes };
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

/** Reads at computed and at loaded subscripts. */
function gathers(): Sample {
  const k = new KernelBuilder("gathers");
  const [n, d] = [k.dim("N"), k.dim("D")];
  const table = k.param("E", "f32", [8, d]);
  const small = k.param("S", "u8", [8]);
  const ids = k.param("ids", "u32", [n]);
  const id = (i: Expr): Expr => cast("index", "exact", ids.at(i));
  k.output(
    k.stage("rows", { i: n, j: d }, (i, j) => table.at(id(i), j)),
    k.stage("columns", { j: d, i: n }, (j, i) => table.at(id(i), j)),
    k.stage("back", { i: n, j: d }, (i, j) => table.at(id(i), sub(sub(d, j), index(1)))),
    k.stage("bytes", { i: n }, (i) => small.at(id(i))),
    k.stage("places", { i: n }, (i) => cast("i32", "exact", add(mul(i, index(3)), id(i)))),
    k.stage("sums", { v: 8, j: d }, (v, j) =>
      k.reduce(
        "sum",
        { i: n },
        (i) => table.at(id(i), j),
        (i) => apply("eq", id(i), v),
      ),
    ),
  );
  const sizes = [
    [1, 1],
    [5, 3],
    [7, 8],
    [17, 5],
    [0, 4],
    [3, 0],
  ];
  return { name: "gathers", kernel: k.build(), sizes };
}

/** Subscripts by division and remainder, as reshapes make them. */
function reshapes(): Sample {
  const k = new KernelBuilder("reshape");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const x = k.param("X", "f32", [m, n]);
  const all = mul(m, n);
  k.output(
    k.stage("flat", { i: all }, (i) => x.at(apply("floor_div", i, n), apply("floor_mod", i, n))),
    k.stage("thirds", { i: all, r: 3 }, (i, r) =>
      mul(
        cast("f32", "exact", cast("i32", "exact", apply("floor_mod", sub(r, i), index(3)))),
        x.at(apply("floor_div", i, n), index(0)),
      ),
    ),
  );
  const sizes = [
    [1, 1],
    [3, 5],
    [4, 4],
    [2, 17],
  ];
  return { name: "reshapes", kernel: k.build(), sizes };
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

/** Scratch that takes turns in the arena, outputs that are read again, an output twice. */
function stages(): Sample {
  const k = new KernelBuilder("stages");
  const n = k.dim("N");
  const x = k.param("X", "f32", [n, n]);
  const step = (name: string, from: Handle): Handle =>
    k.stage(name, { i: n, j: n }, (i, j) =>
      k.reduce("sum", { q: n }, (q) => mul(from.at(i, q), mul(from.at(q, j), f32(0.25)))),
    );
  const [a, b] = [step("a", x), step("b", step("x2", x))];
  const c = step("c", step("b2", b));
  k.output(
    a,
    c,
    k.stage("t", { i: n }, (i) => add(a.at(i, i), c.at(i, i))),
  );
  return { name: "stages", kernel: k.build(), sizes: [[0], [1], [3], [5], [8]] };
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
  ] as const;
  k.output(
    ...ops.map((op) =>
      k.stage(op, { i: n }, (i) =>
        apply(op, op === "log" || op === "log2" || op === "log1p" || op === "rsqrt" ? positive(i) : x.at(i)),
      ),
    ),
    k.stage("pow", { i: n }, (i) => apply("pow", positive(i), x.at(i))),
  );
  return { name: "transcendental functions", kernel: k.build(), sizes: LENGTHS };
}

export function sampleKernels(): readonly Sample[] {
  const single = [matmul, dots, pads, chain, floatExtremes, rows, pool, causal, recurrence, int8, highMultiply];
  const more = [reinterpret, bools, gathers, reshapes, wideSums, stages, transcendental];
  return [
    ...[...single, ...more].map((make) => make()),
    ...([1, 2] as const).map(conv),
    ...(["f16", "bf16"] as const).map(halves),
    ...(["f32", "f64"] as const).map(floats),
    ...(["i32", "u32", "i64", "u64"] as const).map(integers),
    ...(["i8", "u8", "i16", "u16", "bool"] as const).map(narrow),
    ...(["f32", "f64", "i32", "u32", "i64"] as const).map(casts),
  ];
}
