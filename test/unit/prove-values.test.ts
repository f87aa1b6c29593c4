/** The proof pass on values: overflow, casts, shifts, divisors, empty reductions, declared ranges, what stages hold. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { apply, cast, select } from "../../compiler/ir/expr.ts";
import type { Handle } from "../support/build-kernel.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { div, f32, i32, le, lt, max, min, minus, mod, ne, plus, times, to } from "../support/index-math.ts";
import { prove, rangeOf, textOf, withFacts } from "../support/prove.ts";

/** The accumulator of a quantised matrix product, with `where K <= most`. */
function qmatmul(most: number): Kernel {
  const b = new KernelBuilder("qmatmul");
  const [M, N, K] = [b.dim("M"), b.dim("N"), b.dim("K")];
  const A = b.param("A", "i8", [M, K]);
  const B = b.param("B", "i8", [K, N]);
  const bias = b.param("bias", "i32", [N]);
  const za = b.param("za", "i32", []);
  const zo = b.param("zo", "i32", []);
  const mult = b.param("mult", "i32", [N]);
  const colsum = b.stage("colsum", { j: N }, (j) => b.reduce("sum", { k: K }, (k) => to("i32", B.at(k, j))));
  const acc = b.stage("acc", { i: M, j: N }, (i, j) =>
    plus(
      minus(
        b.reduce("sum", { k: K }, (k) => times(to("i32", A.at(i, k)), to("i32", B.at(k, j)))),
        times(za.at(), colsum.at(j)),
      ),
      bias.at(j),
    ),
  );
  const C = b.stage("C", { i: M, j: N }, (i, j) => {
    const scaled = apply("doubling_high_multiply", acc.at(i, j), mult.at(j));
    return to("i8", min(max(plus(scaled, zo.at()), -128), 127));
  });
  b.output(C);
  return withFacts(b.build(), {
    ranges: [
      [B, [-127, 128]],
      [bias, [-1073741824, 1073741824]],
      [za, [-128, 128]],
      [zo, [-128, 128]],
      [mult, [1073741824, 2147483648]],
    ],
    where: [le(K, most)],
  });
}

const scalarKernel = (
  f: (x: Handle, y: Handle) => ReturnType<typeof plus>,
): KernelBuilder & { x: Handle; y: Handle } => {
  const b = new KernelBuilder("scalar");
  const [x, y] = [b.param("x", "i32", []), b.param("y", "i32", [])];
  b.output(b.stage("z", {}, () => f(x, y)));
  return Object.assign(b, { x, y });
};

const prefixMaximum = (first: number): Kernel => {
  const c = new KernelBuilder("prefix");
  const L = c.dim("L");
  const Y = c.param("Y", "i32", [L]);
  c.output(
    c.stage("m", { i: L }, (i) =>
      c.reduce(
        "max",
        { n: L },
        (n) => Y.at(n),
        (n) => le(plus(n, first), i),
      ),
    ),
  );
  return c.build();
};

const positions = (where: boolean, guard: boolean): readonly bigint[] | null => {
  const b = new KernelBuilder("arg");
  const N = b.dim("N");
  const X = b.param("X", "f32", [N]);
  const [value, place] = b.tuple(["v", "p"], {}, () =>
    b.components("argmax", { n: N }, (n) => X.at(n), guard ? (n) => lt(f32(0), X.at(n)) : null),
  );
  if (value === undefined || place === undefined) return never();
  b.output(value, place);
  const kernel = withFacts(b.build(), { where: where ? [le(1, N)] : [] });
  return rangeOf(prove(kernel).kernel, place, { N: 7 });
};

describe("overflow", () => {
  test("range types and a bound of K keep the accumulator in i32", () => {
    expect(prove(qmatmul(32768)).diagnostics.map(textOf)).toEqual([]);
    // 2^30 of bias and 2*16256 per step: one more step than 33026 leaves i32.
    expect(prove(qmatmul(33026)).errors).toEqual([]);
    expect(prove(qmatmul(33027)).errors).toContain("E2101");
  });

  test("without a bound the sum is refused, with the bound that would do", () => {
    const b = new KernelBuilder("dot");
    const K = b.dim("K");
    const A = b.param("A", "i8", [K]);
    const B = b.param("B", "i8", [K]);
    b.output(b.stage("s", {}, () => b.reduce("sum", { k: K }, (k) => times(to("i32", A.at(k)), to("i32", B.at(k))))));
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual(["E2101"]);
    const [text] = outcome.diagnostics.map(textOf);
    expect(text).toContain("this sum of i32 may overflow");
    expect(text).toContain("adds up to K values in -16256..16385");
    expect(text).toContain("help: add where K <= 131071 to the kernel");
    expect(prove(withFacts(b.build(), { where: [le(K, 131071)] })).errors).toEqual([]);
    expect(prove(withFacts(b.build(), { where: [le(K, 131073)] })).errors).toEqual(["E2101"]);
  });

  test("a window's area is bounded as a product", () => {
    const b = new KernelBuilder("box");
    const [C, R, S] = [b.dim("C"), b.dim("R"), b.dim("S")];
    const X = b.param("X", "u8", [C, R, S]);
    b.output(b.stage("s", {}, () => b.reduce("sum", { c: C, r: R, q: S }, (c, r, q) => to("i32", X.at(c, r, q)))));
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual(["E2101"]);
    expect(outcome.diagnostics[0]?.help[0]).toBe("add where C*R*S <= 8421504 to the kernel");
    expect(prove(withFacts(b.build(), { where: [le(times(times(C, R), S), 8421504)] })).errors).toEqual([]);
  });

  test("a count fits: at most one per point of one dim", () => {
    const b = new KernelBuilder("count");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const X = b.param("X", "f32", [N]);
    const one = b.stage("one", {}, () => b.reduce("sum", { n: N }, (n) => select(lt(X.at(n), f32(0)), i32(1), i32(0))));
    b.output(one);
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual([]);
    expect(rangeOf(outcome.kernel, one, { N: 9 })).toEqual([0n, 10n]);
    b.output(b.stage("two", {}, () => b.reduce("sum", { n: N, m: M }, () => i32(1))));
    expect(prove(b.build()).errors).toEqual(["E2101"]);
  });

  test("operations: refused with the operands' values, accepted where ranges exclude it, or where they wrap", () => {
    const sum = scalarKernel((x, y) => plus(x.at(), y.at()));
    const refused = prove(sum.build());
    expect(refused.errors).toEqual(["E2101"]);
    expect(textOf(refused.diagnostics[0] ?? never())).toContain("this `+` of i32 may overflow");
    expect(textOf(refused.diagnostics[0] ?? never())).toContain("wrapping_add(x, y)");
    const small = { ranges: [[sum.x, [-1000, 1000]] as const, [sum.y, [0, 5]] as const] };
    expect(prove(withFacts(sum.build(), small)).errors).toEqual([]);
    expect(prove(scalarKernel((x, y) => times(x.at(), y.at())).build()).errors).toEqual(["E2101"]);
    expect(prove(scalarKernel((x) => apply("neg", x.at())).build()).errors).toEqual(["E2101"]);
    expect(prove(scalarKernel((x) => apply("abs", x.at())).build()).errors).toEqual(["E2101"]);
    expect(prove(scalarKernel((x) => div(x.at(), -1)).build()).errors).toEqual(["E2101"]);
    expect(prove(scalarKernel((x) => div(x.at(), 3)).build()).errors).toEqual([]);
    expect(prove(scalarKernel((x) => mod(x.at(), -1)).build()).errors).toEqual([]);
    expect(prove(scalarKernel((x, y) => apply("wrapping_mul", x.at(), y.at())).build()).errors).toEqual([]);
    expect(prove(scalarKernel((x) => times(times(x.at(), i32(0)), x.at())).build()).errors).toEqual([]);
  });

  test("a branch excludes what its condition does; select does not", () => {
    for (const lazy of [true, false]) {
      const b = new KernelBuilder("halve");
      const x = b.param("x", "i32", []);
      b.output(
        b.stage("z", {}, () =>
          select(lt(x.at(), 1000), select(lt(-1000, x.at()), times(x.at(), 3), i32(0), lazy), i32(0), lazy),
        ),
      );
      expect(prove(b.build()).errors).toEqual(lazy ? [] : ["E2101"]);
    }
  });

  test("a product of many points is refused, of signs and of a few it is not", () => {
    const b = new KernelBuilder("prod");
    const N = b.dim("N");
    const X = b.param("X", "i32", [N]);
    b.output(b.stage("p", {}, () => b.reduce("prod", { n: N }, (n) => X.at(n))));
    expect(prove(b.build()).errors).toEqual(["E2101"]);
    expect(prove(withFacts(b.build(), { ranges: [[X, [-1, 2]]] })).errors).toEqual([]);
    const c = new KernelBuilder("prod4");
    const Y = c.param("Y", "i32", [4]);
    c.output(c.stage("p", {}, () => c.reduce("prod", { n: 4 }, (n) => Y.at(n))));
    expect(prove(withFacts(c.build(), { ranges: [[Y, [-200, 201]]] })).errors).toEqual([]);
    expect(prove(withFacts(c.build(), { ranges: [[Y, [-300, 301]]] })).errors).toEqual(["E2101"]);
  });

  test("partial sums count: terms that cancel may still overflow on the way", () => {
    const b = new KernelBuilder("cancel");
    const K = b.dim("K");
    const X = b.param("X", "i32", [K]);
    b.output(b.stage("s", {}, () => b.reduce("sum", { k: K }, (k) => X.at(k))));
    const kernel = (lo: number, hi: number): Kernel =>
      withFacts(b.build(), { ranges: [[X, [lo, hi]]], where: [le(K, 4)] });
    expect(prove(kernel(-536870912, 536870912)).errors).toEqual([]);
    expect(prove(kernel(0, 536870913)).errors).toEqual(["E2101"]);
  });
});

function never(): never {
  throw new Error("no diagnostic");
}

describe("casts, shifts, divisors", () => {
  test("an index of a dim fits i32, twice an index does not", () => {
    const b = new KernelBuilder("positions");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    b.output(b.stage("a", { i: N }, (i) => select(lt(X.at(i), f32(0)), to("i32", i), i32(-1))));
    expect(prove(b.build()).errors).toEqual([]);
    b.output(b.stage("b", { i: N }, (i) => to("i32", times(2, i))));
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual(["E2103"]);
    expect(outcome.diagnostics[0]?.help[0]).toBe("add where N <= 1073741824 to the kernel");
    expect(prove(withFacts(b.build(), { where: [le(N, 1073741824)] })).errors).toEqual([]);
    expect(prove(withFacts(b.build(), { where: [le(N, 1073741825)] })).errors).toEqual(["E2103"]);
  });

  test("narrowing needs a range; ssizes and wrap_ do not", () => {
    const b = new KernelBuilder("narrow");
    const x = b.param("x", "i32", []);
    const body = (mode: "exact" | "saturate" | "wrap") => (): ReturnType<typeof cast> => cast("i8", mode, x.at());
    for (const mode of ["exact", "saturate", "wrap"] as const) {
      const k = new KernelBuilder("narrow");
      const y = k.param("x", "i32", []);
      k.output(k.stage("z", {}, () => cast("i8", mode, y.at())));
      expect(prove(k.build()).errors).toEqual(mode === "exact" ? ["E2103"] : []);
    }
    b.output(b.stage("z", {}, body("exact")));
    expect(prove(withFacts(b.build(), { ranges: [[x, [-128, 128]]] })).errors).toEqual([]);
    const outcome = prove(withFacts(b.build(), { ranges: [[x, [-128, 129]]] }));
    expect(outcome.errors).toEqual(["E2103"]);
    expect(textOf(outcome.diagnostics[0] ?? never())).toContain("counterexample: x=128 gives the value 128");
  });

  test("shift amounts lie below the width", () => {
    const b = new KernelBuilder("shift");
    const [x, s] = [b.param("x", "i32", []), b.param("s", "i32", [])];
    b.output(b.stage("z", {}, () => apply("shr", x.at(), s.at())));
    expect(prove(withFacts(b.build(), { ranges: [[s, [0, 32]]] })).errors).toEqual([]);
    expect(prove(withFacts(b.build(), { ranges: [[s, [0, 33]]] })).errors).toEqual(["E2104"]);
    expect(prove(withFacts(b.build(), { ranges: [[s, [-1, 32]]] })).errors).toEqual(["E2104"]);
    const masked = new KernelBuilder("masked");
    const [y, t] = [masked.param("x", "i32", []), masked.param("s", "i32", [])];
    masked.output(masked.stage("z", {}, () => apply("shl", y.at(), apply("bit_and", t.at(), i32(31)))));
    expect(prove(masked.build()).errors).toEqual([]);
  });

  test("a rounding shift by a symbolic amount stays in range", () => {
    const b = new KernelBuilder("rounding");
    const [x, s] = [b.param("x", "i32", []), b.param("s", "i32", [])];
    b.output(b.stage("z", {}, () => plus(x.at(), apply("shl", i32(1), minus(s.at(), 1)))));
    expect(
      prove(
        withFacts(b.build(), {
          ranges: [
            [x, [-1000, 1000]],
            [s, [1, 31]],
          ],
        }),
      ).diagnostics.map(textOf),
    ).toEqual([]);
    expect(
      prove(
        withFacts(b.build(), {
          ranges: [
            [x, [-1000, 2000000000]],
            [s, [1, 31]],
          ],
        }),
      ).errors,
    ).toEqual(["E2101"]);
  });

  test("divisors: dims may be 0, their guards say when not", () => {
    const b = new KernelBuilder("average");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const X = b.param("X", "i32", [M]);
    b.output(b.stage("z", { i: M }, (i) => div(X.at(i), to("i32", N))));
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual(["E2102"]);
    expect(outcome.diagnostics[0]?.help[0]).toBe("add where N >= 1 to the kernel");
    expect(textOf(outcome.diagnostics[0] ?? never())).toContain("counterexample: N=0");
    expect(prove(withFacts(b.build(), { where: [le(1, N)] })).errors).toEqual([]);
    expect(prove(withFacts(b.build(), { where: [ne(N, 0)] })).errors).toEqual([]);
  });
});

describe("reductions over nothing", () => {
  test("an integer maximum needs a point, also under a guard", () => {
    const b = new KernelBuilder("most");
    const N = b.dim("N");
    const X = b.param("X", "i32", [N]);
    b.output(b.stage("m", {}, () => b.reduce("max", { n: N }, (n) => X.at(n))));
    const outcome = prove(b.build());
    expect(outcome.errors).toEqual(["E2105"]);
    expect(outcome.diagnostics[0]?.help[0]).toBe("add where N >= 1 to the kernel");
    expect(prove(withFacts(b.build(), { where: [le(1, N)] })).errors).toEqual([]);
    expect(prove(prefixMaximum(0)).errors).toEqual([]);
    expect(prove(prefixMaximum(1)).errors).toEqual(["E2105"]);
  });

  test("a maximum of floats needs none", () => {
    const b = new KernelBuilder("most");
    const N = b.dim("N");
    const X = b.param("X", "f32", [N]);
    b.output(b.stage("m", {}, () => b.reduce("max", { n: N }, (n) => X.at(n))));
    expect(prove(b.build()).errors).toEqual([]);
  });

  test("the position of argmax: 0..n where there is a point, else -1..n", () => {
    expect(positions(true, false)).toEqual([0n, 7n]);
    expect(positions(false, false)).toEqual([-1n, 7n]);
    expect(positions(true, true)).toEqual([-1n, 7n]);
  });

  test("positions of a large domain must fit i32", () => {
    const b = new KernelBuilder("arg");
    const [N, M] = [b.dim("N"), b.dim("M")];
    const X = b.param("X", "f32", [N]);
    const made = b.tuple(["v", "p"], {}, () => b.components("argmax", { n: N, m: M }, (n) => X.at(n)));
    b.output(...made);
    expect(prove(b.build()).errors).toEqual(["E2101"]);
    expect(prove(withFacts(b.build(), { where: [le(times(N, M), 2147483648)] })).errors).toEqual([]);
  });
});
