/** Every pass of the pipeline keeps meaning: hand-built kernels, verified and interpreted after each pass, at awkward sizes. */
import { expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, apply, cast, constant, index, lessEqual, maximum, mul, sub } from "../../compiler/ir/expr.ts";
import { specialise } from "../../compiler/passes/specialise.ts";
import type { Target } from "../../compiler/target.ts";
import { imaginedTargets, passFailure, referenceOf } from "../support/agreement.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import { randomArray } from "../support/nd-array.ts";

const f32 = (v: number): Expr => constant("f32", v);

type Case = { readonly name: string; readonly kernel: Kernel; readonly sizes: readonly (readonly number[])[] };

function matmul(): Case {
  const k = new KernelBuilder("matmul");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "f32", [m, d]), k.param("B", "f32", [d, n])];
  k.output(k.stage("C", { i: m, j: n }, (i, j) => k.reduce("sum", { k: d }, (x) => mul(a.at(i, x), b.at(x, j)))));
  const sizes = [
    [0, 3, 2],
    [1, 1, 1],
    [3, 5, 0],
    [4, 8, 3],
    [5, 9, 2],
    [6, 15, 4],
    [9, 19, 1],
  ];
  return { name: "matmul", kernel: k.build(), sizes };
}

/** Rows of one operand against rows of the other: the reduction is what is contiguous. */
function matmulTransposed(): Case {
  const k = new KernelBuilder("nt");
  const [m, n, d] = [k.dim("M"), k.dim("N"), k.dim("K")];
  const [a, b] = [k.param("A", "f32", [m, d]), k.param("B", "f32", [n, d])];
  k.output(k.stage("C", { i: m, j: n }, (i, j) => k.reduce("sum", { k: d }, (x) => mul(a.at(i, x), b.at(j, x)))));
  const sizes = [
    [2, 3, 0],
    [1, 2, 1],
    [2, 2, 7],
    [2, 2, 16],
    [1, 3, 23],
  ];
  return { name: "matmul with transposed B", kernel: k.build(), sizes };
}

function conv(stride: number): Case {
  const k = new KernelBuilder("conv");
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

function softmax(): Case {
  const k = new KernelBuilder("softmax");
  const [m, n] = [k.dim("M"), k.dim("N")];
  const x = k.param("X", "f32", [m, n]);
  const top = k.stage("m", { i: m }, (i) => k.reduce("max", { j: n }, (j) => x.at(i, j)));
  const e = k.stage("e", { i: m, j: n }, (i, j) => mul(sub(x.at(i, j), top.at(i)), f32(0.5)));
  k.output(
    k.stage("Y", { i: m, j: n }, (i, j) =>
      apply(
        "divide",
        e.at(i, j),
        k.reduce("sum", { k: n }, (q) => e.at(i, q)),
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

const half = (e: Expr): Expr => apply("floor_div", e, index(2));

function poolWithIndices(): Case {
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

function totals(): Case {
  const k = new KernelBuilder("totals");
  const n = k.dim("N");
  const x = k.param("X", "f32", [3, n]);
  const b = k.param("B", "i8", [n]);
  k.output(
    k.stage("S", {}, () => k.reduce("sum", { i: 3, j: n }, (i, j) => x.at(i, j))),
    k.stage("P", {}, () => k.reduce("argmin", { j: n }, (j) => x.at(index(1), j))),
    k.stage("T", {}, () =>
      k.reduce(
        "sum",
        { j: n },
        (j) => cast("i32", "exact", b.at(j)),
        (j) => lessEqual(index(2), j),
      ),
    ),
    k.stage("L", {}, () => k.reduce("max", { j: n }, (j) => b.at(j))),
  );
  return { name: "totals", kernel: k.build(), sizes: [[0], [1], [3], [4], [16], [37]] };
}

function causal(): Case {
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

function recurrence(): Case {
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

const CASES = [
  matmul(),
  matmulTransposed(),
  conv(1),
  conv(2),
  softmax(),
  poolWithIndices(),
  totals(),
  causal(),
  recurrence(),
];

/** The kernel keeps its meaning after every pass, and no verifier complains. */
function check(kernel: Kernel, target: Target, dims: ReadonlyMap<string, bigint>): void {
  const inputs = new Map(
    kernel.params.map((p, n) => [p.id, randomArray(p.dtype, evaluateShape(p.dims, dims), 11 + n)] as const),
  );
  const reference = referenceOf(kernel, inputs, dims);
  expect(passFailure(kernel, target, { inputs, dims, reference, seen: new Set() })).toBe(null);
}

for (const c of CASES) {
  for (const target of imaginedTargets(c.kernel)) {
    for (const size of c.sizes) {
      const dims = new Map(c.kernel.dims.map((d, n) => [d.id, BigInt(size[n] ?? 0)] as const));
      test(`${c.name} [${size.join(", ")}] for ${target.name}`, () => {
        check(c.kernel, target, dims);
      });
      test(`${c.name} [${size.join(", ")}] for ${target.name}, specialised`, () => {
        const specialised = specialise(c.kernel, dims);
        check(specialised, target, dims);
      });
    }
  }
}
