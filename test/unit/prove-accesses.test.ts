/** The proof pass accepts kernels whose reads are in range, and says how; one test per way of reasoning. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { select } from "../../compiler/ir/expr.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import {
  and,
  at,
  div,
  eq,
  f32,
  i32,
  le,
  lt,
  max,
  min,
  minus,
  mod,
  or,
  plus,
  times,
  to,
} from "../support/index-math.ts";
import { prove, readsOfName, textOf, withFacts } from "../support/prove.ts";

/** Refusals are shown in full when a kernel that should pass does not. */
function accepted(kernel: Kernel): Kernel {
  const outcome = prove(kernel);
  expect(outcome.diagnostics.map(textOf)).toEqual([]);
  if (outcome.kernel === null) throw new Error("refused without a diagnostic");
  return outcome.kernel;
}

function guardsOf(kernel: Kernel, name: string): readonly boolean[] {
  return readsOfName(kernel, name).map((r) => r.guarded);
}

const zero = { kind: "value", value: f32(0) } as const;

describe("windows", () => {
  test("convolution with symbolic stride and padding needs its pad; without padding it needs none", () => {
    const b = new KernelBuilder("conv");
    const [H, R, s, p] = [b.dim("H"), b.dim("R"), b.dim("s"), b.dim("p")];
    const X = b.param("X", "f32", [H]);
    const F = b.param("F", "f32", [R]);
    const out = plus(div(minus(plus(H, times(2, p)), R), s), 1);
    b.output(
      b.stage("Y", { y: out }, (y) =>
        b.reduce("sum", { r: R }, (r) => times(readAt(X, [minus(plus(times(y, s), r), p)], { pad: zero }), F.at(r))),
      ),
    );
    const kernel = withFacts(b.build(), { where: [le(1, s), le(R, plus(H, times(2, p)))] });
    const outcome = prove(kernel);
    expect(outcome.errors).toEqual([]);
    expect(outcome.proofs.map((x) => [x.tensor, x.method])).toEqual([
      ["X", "pad"],
      ["F", "fact"],
    ]);
    const inside = accepted(withFacts(kernel, { where: [...kernel.where.map((w) => w.condition), eq(p, 0)] }));
    expect(readsOfName(inside, "X")[0]?.pad).toBeNull();
  });

  test("pooling with symbolic window and stride, and the position of its maximum", () => {
    const b = new KernelBuilder("pool");
    const [H, k, s] = [b.dim("H"), b.dim("k"), b.dim("s")];
    const X = b.param("X", "f32", [H]);
    const [Y, I] = b.tuple(["Y", "I"], { y: plus(div(minus(H, k), s), 1) }, (y) =>
      b.components("argmax", { r: k }, (r) => X.at(plus(times(y, s), r))),
    );
    if (Y === undefined || I === undefined) throw new Error("two components");
    const Z = b.stage("Z", { y: plus(div(minus(H, k), s), 1) }, (y) => X.at(plus(times(y, s), at(I.at(y)))));
    b.output(Y, I, Z);
    accepted(withFacts(b.build(), { where: [le(1, k), le(1, s), le(k, H)] }));
  });

  test("dilated grouped convolution", () => {
    const b = new KernelBuilder("grouped");
    const [H, R, O, CG, C] = [b.dim("H"), b.dim("R"), b.dim("O"), b.dim("CG"), b.dim("C")];
    const X = b.param("X", "f32", [C, H]);
    const F = b.param("F", "f32", [O, CG, R]);
    const d = 2;
    const Y = b.stage("Y", { o: O, y: minus(H, times(d, minus(R, 1))) }, (o, y) =>
      b.reduce("sum", { c: CG, r: R }, (c, r) =>
        times(X.at(plus(c, times(CG, div(o, div(O, 2)))), plus(y, times(d, r))), F.at(o, c, r)),
      ),
    );
    b.output(Y);
    accepted(withFacts(b.build(), { where: [eq(C, times(2, CG)), eq(mod(O, 2), 0), le(1, R)] }));
  });

  test("transposed convolution: the guard makes the subscript whole, the pad takes the rest", () => {
    const b = new KernelBuilder("transposed");
    const [H, R] = [b.dim("H"), b.dim("R")];
    const X = b.param("X", "f32", [H]);
    const F = b.param("F", "f32", [R]);
    const Y = b.stage("Y", { y: plus(times(minus(H, 1), 2), R) }, (y) =>
      b.reduce(
        "sum",
        { r: R },
        (r) => times(readAt(X, [div(minus(y, r), 2)], { pad: zero }), F.at(r)),
        (r) => eq(mod(minus(y, r), 2), 0),
      ),
    );
    b.output(Y);
    accepted(withFacts(b.build(), { where: [le(1, H)] }));
  });

  test("every pad that moves the index needs something to read", () => {
    for (const [kind, least] of [
      ["edge", 1],
      ["wrap", 1],
      ["mirror", 2],
    ] as const) {
      const b = new KernelBuilder("shifted");
      const N = b.dim("N");
      const X = b.param("X", "f32", [N]);
      b.output(b.stage("Y", { i: plus(N, 2) }, (i) => readAt(X, [minus(i, 1)], { pad: { kind } })));
      expect(prove(b.build()).errors).toEqual(["E2109"]);
      expect(prove(withFacts(b.build(), { where: [le(least, N)] })).errors).toEqual([]);
      const short = prove(withFacts(b.build(), { where: [le(least - 1, N)] }));
      expect(short.errors).toEqual(["E2109"]);
    }
  });
});

describe("branches, guards and the marks they leave", () => {
  test("concatenation reads each side under its branch", () => {
    const b = new KernelBuilder("concat");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const A = b.param("A", "f32", [N]);
    const B = b.param("B", "f32", [M]);
    b.output(b.stage("C", { i: plus(N, M) }, (i) => select(lt(i, N), A.at(i), B.at(minus(i, N)))));
    const kernel = accepted(b.build());
    expect(guardsOf(kernel, "A")).toEqual([true]);
    expect(guardsOf(kernel, "B")).toEqual([true]);
  });

  test("causal attention reads in range without its guard", () => {
    const b = new KernelBuilder("attention");
    const [L, D] = [b.dim("L"), b.dim("D")];
    const Q = b.param("Q", "f32", [L, D]);
    const K = b.param("K", "f32", [L, D]);
    const s = b.stage("s", { i: L, j: L }, (i, j) => b.reduce("sum", { d: D }, (d) => times(Q.at(i, d), K.at(j, d))));
    const m = b.stage("m", { i: L }, (i) =>
      b.reduce(
        "max",
        { j: L },
        (j) => s.at(i, j),
        (j) => le(j, i),
      ),
    );
    b.output(m);
    const kernel = accepted(b.build());
    expect(guardsOf(kernel, "s")).toEqual([false]);
  });

  test("a guard that the read needs marks it", () => {
    const b = new KernelBuilder("shift");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    b.output(
      b.stage("Y", { i: N }, (i) =>
        b.reduce(
          "sum",
          { k: N },
          (k) => X.at(minus(i, k)),
          (k) => le(k, i),
        ),
      ),
    );
    expect(guardsOf(accepted(b.build()), "X")).toEqual([true]);
  });

  test("the right of && knows the left, the right of || its negation", () => {
    const b = new KernelBuilder("masks");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const X = b.param("X", "i32", [N]);
    const positive = (i: Expr): Expr => lt(0, to("i32", X.at(i)));
    b.output(
      b.stage("Y", { i: M }, (i) => select(and(lt(i, N), positive(i)), f32(1), f32(0))),
      b.stage("Z", { i: M }, (i) => select(or(le(N, i), positive(i)), f32(1), f32(0))),
    );
    const kernel = accepted(b.build());
    expect(guardsOf(kernel, "X")).toEqual([true, true]);
  });

  test("a divisor that is not 0 on its path only is made harmless", () => {
    const b = new KernelBuilder("wrapped");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const X = b.param("X", "f32", [N]);
    b.output(b.stage("Y", { i: M }, (i) => select(lt(0, N), X.at(mod(i, N)), f32(0))));
    const kernel = accepted(b.build());
    const [read] = readsOfName(kernel, "X");
    expect(read?.guarded).toBe(true);
    expect(JSON.stringify(read?.index, (_, v) => (typeof v === "bigint" ? Number(v) : v))).toContain('"max"');
  });

  test("either branch of an index: a reversed direction", () => {
    const b = new KernelBuilder("birnn");
    const T = b.dim("T");
    const X = b.param("X", "f32", [T]);
    b.output(b.stage("Y", { t: T, d: 2 }, (t, d) => X.at(select(eq(d, 0), t, minus(minus(T, 1), t)))));
    expect(guardsOf(accepted(b.build()), "X")).toEqual([false]);
  });
});

describe("geometry", () => {
  test("slices, negative strides, tiles, remainders", () => {
    const b = new KernelBuilder("slices");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    b.output(
      b.stage("A", { i: minus(N, 3) }, (i) => X.at(plus(i, 3))),
      b.stage("B", { i: div(plus(N, 1), 2) }, (i) => X.at(minus(minus(N, 1), times(2, i)))),
      b.stage("C", { i: times(N, 3) }, (i) => X.at(mod(i, N))),
      b.stage("D", { i: times(N, 3) }, (i) => X.at(div(i, 3))),
      b.stage("E", { i: N, j: 4 }, (i, j) => X.at(min(plus(i, j), minus(N, 1)))),
      b.stage("F", { i: N, j: 4 }, (i, j) => X.at(max(minus(i, j), 0))),
    );
    accepted(b.build());
  });

  test("pixel shuffle with a symbolic factor", () => {
    const b = new KernelBuilder("shuffle");
    const [C, H, r] = [b.dim("C"), b.dim("H"), b.dim("r")];
    const X = b.param("X", "f32", [times(C, r), H]);
    b.output(b.stage("Y", { c: C, y: times(H, r) }, (c, y) => X.at(plus(times(c, r), mod(y, r)), div(y, r))));
    accepted(withFacts(b.build(), { where: [le(1, r)] }));
  });

  test("interpolation reads through integer stages", () => {
    const b = new KernelBuilder("resize");
    const [H, Ho] = [b.dim("H"), b.dim("Ho")];
    const X = b.param("X", "f32", [H]);
    const y0 = b.stage("y0", { y: Ho }, (y) => to("i32", div(times(y, minus(H, 1)), minus(Ho, 1))));
    const y1 = b.stage("y1", { y: Ho }, (y) => min(plus(y0.at(y), 1), to("i32", minus(H, 1))));
    b.output(b.stage("Y", { y: Ho }, (y) => plus(X.at(at(y0.at(y))), X.at(at(y1.at(y))))));
    accepted(withFacts(b.build(), { where: [le(2, Ho), le(1, H)] }));
  });

  test("a domain that is not empty proves a constant subscript", () => {
    const b = new KernelBuilder("first");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    b.output(b.stage("Y", { i: N }, (i) => minus(X.at(i), X.at(0))));
    accepted(b.build());
  });
});

describe("values read from data", () => {
  test("embedding: a range type is the dim's range", () => {
    const b = new KernelBuilder("embedding");
    const [V, D, N] = [b.dim("V"), b.dim("D"), b.dim("N")];
    const E = b.param("E", "f32", [V, D]);
    const ids = b.param("ids", "i32", [N]);
    b.output(b.stage("Y", { n: N, d: D }, (n, d) => E.at(at(ids.at(n)), d)));
    const outcome = prove(withFacts(b.build(), { ranges: [[ids, [0, V]]] }));
    expect(outcome.errors).toEqual([]);
    expect(outcome.proofs.find((p) => p.tensor === "E" && p.dim === 0)?.facts).toContain("ids[n] in 0..V");
    expect(prove(b.build()).errors).toEqual(["E2003"]);
  });

  test("negative positions are brought inside by a branch", () => {
    const b = new KernelBuilder("gather");
    const [V, N] = [b.dim("V"), b.dim("N")];
    const X = b.param("X", "f32", [V]);
    const ids = b.param("ids", "i32", [N]);
    b.output(
      b.stage("Y", { n: N }, (n) => {
        const id = at(ids.at(n));
        return X.at(select(lt(id, 0), plus(id, V), id));
      }),
    );
    accepted(withFacts(b.build(), { ranges: [[ids, [minus(0, V), V]]] }));
  });

  test("compressed rows: the bounds of a reduction are data", () => {
    const b = new KernelBuilder("spmv");
    const [M1, Z, N] = [b.dim("M1"), b.dim("Z"), b.dim("N")];
    const ptr = b.param("ptr", "i32", [M1]);
    const col = b.param("col", "i32", [Z]);
    const val = b.param("val", "f32", [Z]);
    const x = b.param("x", "f32", [N]);
    b.output(
      b.stage("y", { i: minus(M1, 1) }, (i) =>
        b.reduce("sum", { p: [at(ptr.at(i)), at(ptr.at(plus(i, 1)))] }, (p) => times(val.at(p), x.at(at(col.at(p))))),
      ),
    );
    const ranges = [
      [ptr, [0, plus(Z, 1)]],
      [col, [0, N]],
    ] as const;
    accepted(withFacts(b.build(), { ranges }));
    expect(prove(withFacts(b.build(), { ranges: [ranges[1]] })).errors).toContain("E2003");
  });

  test("argmin's position indexes; a clamp makes any value an index", () => {
    const b = new KernelBuilder("nearest");
    const [N, K] = [b.dim("N"), b.dim("K")];
    const d = b.param("d", "f32", [N, K]);
    const C = b.param("C", "f32", [K]);
    const free = b.param("free", "i32", [N]);
    const [, w] = b.tuple(["best", "w"], { n: N }, (n) => b.components("argmin", { k: K }, (k) => d.at(n, k)));
    if (w === undefined) throw new Error("two components");
    const a = b.stage("a", { n: N }, (n) => C.at(at(w.at(n))));
    const c = b.stage("c", { n: N }, (n) => C.at(at(min(max(free.at(n), 0), to("i32", minus(K, 1))))));
    b.output(a, c);
    accepted(withFacts(b.build(), { where: [le(1, K)] }));
    expect(prove(b.build()).errors).toContain("E2003");
  });

  test("a scatter by guarded maximum: -1 where nothing was written", () => {
    const b = new KernelBuilder("scatter");
    const [V, N] = [b.dim("V"), b.dim("N")];
    const ids = b.param("ids", "i32", [N]);
    const U = b.param("U", "f32", [N]);
    const X = b.param("X", "f32", [V]);
    const w = b.stage("w", { v: V }, (v) =>
      b.reduce("max", { n: N }, (n) => select(eq(at(ids.at(n)), v), to("i32", n), i32(-1))),
    );
    b.output(b.stage("Y", { v: V }, (v) => select(le(0, w.at(v)), U.at(at(w.at(v))), X.at(v))));
    const kernel = accepted(withFacts(b.build(), { ranges: [[ids, [0, V]]], where: [le(1, N)] }));
    expect(guardsOf(kernel, "U")).toEqual([true]);
  });

  test("a branch around a read teaches nothing outside: an empty table proves no gather", () => {
    const b = new KernelBuilder("empty");
    const [N, V, M] = [b.dim("N"), b.dim("V"), b.dim("M")];
    const A = b.param("A", "i32", [N]);
    const E = b.param("E", "f32", [V]);
    // With N = 0 and V = 0 the index is 0, and E has no element.
    b.output(b.stage("Y", { i: M }, (i) => E.at(at(select(lt(i, N), A.at(i), i32(0))))));
    expect(prove(withFacts(b.build(), { ranges: [[A, [0, V]]] })).errors).toEqual(["E2003"]);
    accepted(withFacts(b.build(), { ranges: [[A, [0, V]]], where: [le(1, V)] }));
  });
});
