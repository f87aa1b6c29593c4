/**
 * Kernels of equations for tests of targets that start below the front end: each exercises one thing that a printer may
 * get wrong, and says at which sizes it is worth running. Nothing here needs a proof: what they compute is in range.
 */
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, index, lessEqual, maximum, mul, sub } from "../../compiler/ir/expr.ts";
import type { Handle } from "./build-kernel.ts";
import { KernelBuilder, readAt } from "./build-kernel.ts";
import { LENGTHS } from "./sample.ts";
import type { Sample } from "./sample.ts";
import { sampleOperations } from "./sample-operations.ts";

const f32 = (v: number): Expr => constant("f32", v);
const i32 = (v: number): Expr => constant("i32", v);
const shifted = (i: Expr, by: number): readonly [Expr] => [add(i, index(by))];
const half = (e: Expr): Expr => apply("floor_div", e, index(2));

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
  const kernel = k.build();
  const values = { lo: index(0), hi: index(8) };
  const params = kernel.params.map((p) => (p.name === "ids" ? { ...p, values } : p));
  return { name: "gathers", kernel: { ...kernel, params }, sizes };
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

export function sampleKernels(): readonly Sample[] {
  const shapes = [matmul, dots, pads, chain, floatExtremes, rows, pool, causal, recurrence, int8];
  return [
    ...[...shapes, gathers, reshapes, stages].map((make) => make()),
    ...([1, 2] as const).map(conv),
    ...sampleOperations(),
  ];
}
