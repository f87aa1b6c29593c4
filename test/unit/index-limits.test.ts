/** Calls whose dims let index arithmetic leave 32 bits are refused before they run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { indexLimits, indexPastLimit } from "../../compiler/analysis/index-limits.ts";
import { emitKernel } from "../../compiler/compile.ts";
import { evaluateIndex } from "../../compiler/ir/evaluate-index.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { apply, cast, index } from "../../compiler/ir/expr.ts";
import { visit } from "../../compiler/ir/walk.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { InternalError, known } from "../../compiler/support/invariant.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { hlsTarget } from "../../targets/hls/target.ts";
import { wasmTarget } from "../../targets/wasm/target.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { kernelOf } from "../support/kernel-of.ts";
import { refusalText } from "../support/refusal.ts";

test("a product of an index past 2^31 is refused, a smaller one runs", async () => {
  const { far } = await compile("export kernel far(A: f32[N]) -> C: f32[N] { C[i] = A[(i * 99999) div 100000]; }");
  const small = far?.({ A: Tensor.iota([500]) })["C"];
  expect(small?.data[499]).toBe(498);
  const text = refusalText(() => far?.({ A: Tensor.iota([50_000]) }));
  expect(text).toContain("E6210");
  expect(text).toContain("4999850001");
});

test.each([
  ["powers", "A[i * i * i] pad wrap", 2003, 1290],
  ["a factor", "A[i * 1000000000 + 7] pad mirror", 4, 3],
  ["a value", "f32(N * N + i) + A[i]", 50_000, 40_000],
])("%s", async (_, body, large, small) => {
  const { k } = await compile(`export kernel k(A: f32[N]) -> C: f32[N] where N >= 2 { C[i] = ${body}; }`, {
    target: "wasm",
  });
  expect(refusalText(() => k?.({ A: Tensor.zeros([large]) }))).toContain("E6210");
  expect(k?.({ A: Tensor.zeros([small]) })["C"]?.size).toBe(small);
});

test.each([
  ["a term", "A[i + 3000000000] pad 0", "3000000000"],
  ["a factor of 0 and more", "A[i * 3000000000] pad wrap", "3000000000"],
  ["a negative one", "A[i - 3000000000] pad edge", "3000000000"],
  ["a value", "f32(i + 3000000000) + A[i]", "3000000000"],
  ["a comparison", "i < 3000000000 ? A[i] : 0.0", "3000000000"],
])("no target makes code for an index that is past 32 bits whatever the dims: %s", async (_, body, value) => {
  const text = `kernel k(A: f32[N]) -> C: f32[N] where N >= 2 { C[i] = ${body}; }`;
  for (const target of [wasmTarget({ relaxed: false }), wgslTarget, hlsTarget]) {
    const found = new Diagnostics();
    expect(await emitKernel(kernelOf(text, { N: 3 }), target, found)).toBe(null);
    expect(found.list.map((d) => d.code)).toEqual(["E4004"]);
    expect(found.list[0]?.message).toBe(`${target.name} computes indices in 32 bits; one of k reaches ${value}`);
    const span = known(found.list[0]?.span, "a place");
    expect(text.slice(span.start, span.end)).toContain("C[i]");
  }
});

test("a call says that no dims would do, where none would", async () => {
  const text = "kernel k(A: f32[N]) -> C: f32[3] { C[i] = A[i + 4000000000] pad 0; }";
  const { k } = await compile(text, { target: "interp" });
  const refused = refusalText(() => k?.({ A: Tensor.zeros([3]) }));
  expect(refused).toMatch(/E4004.*32 bits; one of k reaches 4000000000/);
});

test("the largest i32 may be compared with a dim", async () => {
  const text = `kernel k(A: i32[N]) -> c: i32 { let l = A[0] pad 0 > 0 ? 5 : 2147483647; c = l == N ? 1 : 0; }`;
  const { k } = await compile(text, { target: "wasm" });
  expect(k?.({ A: Tensor.from([1, 1, 1, 1, 1], { dtype: "i32" }) })["c"]?.data[0]).toBe(1);
  expect(k?.({ A: Tensor.from([0, 1, 1, 1, 1], { dtype: "i32" }) })["c"]?.data[0]).toBe(0);
});

test("dims that are constants are counted", async () => {
  const text = "kernel far(A: f32[N]) -> C: f32[N] { C[i] = A[(i * 99999) div 100000]; }";
  const found = new Diagnostics();
  expect(await emitKernel(kernelOf(text, { N: 50_000 }), hlsTarget, found)).toBe(null);
  expect(found.list[0]?.message).toBe("hls computes indices in 32 bits; one of far reaches 4999850001");
  expect(await emitKernel(kernelOf(text, { N: 500 }), hlsTarget, new Diagnostics())).not.toBe(null);
});

test.each(["A[2000000000] pad 0", "A[i - 2147483647] pad edge", "A[2147483647 - i] pad wrap"])(
  "%s is inside",
  async (body) => {
    const text = `export kernel k(A: f32[N]) -> C: f32[N] where N >= 2 { C[i] = ${body}; }`;
    const results = [];
    for (const target of ["interp", "wasm"]) {
      const { k } = await compile(text, { target });
      results.push(k?.({ A: Tensor.iota([3]) })["C"]?.toArray());
    }
    expect(results[1]).toEqual(results[0]);
  },
);

/** `C[i] = f32(e)`, and the variable `i`. */
function kernelWith(make: (n: Expr, m: Expr, i: Expr) => Expr): { readonly kernel: Kernel; readonly i: string } {
  const k = new KernelBuilder("k");
  const [n, m] = [k.dim("N"), k.dim("M")];
  let id = "";
  k.output(
    k.stage("C", { i: n }, (i) => {
      if (i.kind === "var") ({ id } = i);
      return cast("i64", "exact", make(n, m, i));
    }),
  );
  return { kernel: k.build(), i: id };
}

type Recipe = (n: Expr, m: Expr, i: Expr) => Expr;

const recipes = fc.letrec<{ readonly expr: Recipe }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<Recipe>(
      (n) => n,
      (_, m) => m,
      (_, __, i) => i,
    ),
    fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer()).map(
      (v): Recipe =>
        () =>
          index(v),
    ),
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom("add", "sub", "mul", "min", "max", "floor_div", "floor_mod"), tie("expr"), tie("expr"))
        .map(
          ([op, a, b]): Recipe =>
            (n, m, i) =>
              apply(op, a(n, m, i), b(n, m, i)),
        ),
    },
    fc.tuple(fc.constantFrom("neg", "abs"), tie("expr")).map(
      ([op, a]): Recipe =>
        (n, m, i) =>
          apply(op, a(n, m, i)),
    ),
  ),
})).expr;

/** Null where something is divided by 0. */
function valueAt(e: Expr, at: ReadonlyMap<string, bigint>): bigint | null {
  try {
    return evaluateIndex(e, at);
  } catch (error) {
    if (error instanceof InternalError && error.message.includes("division by zero")) return null;
    throw error;
  }
}

/** Does some part leave 32 bits at the point? */
function leaves(e: Expr, at: ReadonlyMap<string, bigint>): boolean {
  let past = false;
  visit(e, (part) => {
    const value = part.type === "index" ? valueAt(part, at) : null;
    past ||= value !== null && (value < -(2n ** 31n) || value >= 2n ** 31n);
  });
  return past;
}

test("what passes the check stays inside, at every point", () => {
  const seed = 20_260;
  let [passed, refused] = [0, 0];
  const sizes = fc.constantFrom(1, 2, 7, 1000, 46_341, 2 ** 30, 2 ** 31 - 1);
  fc.assert(
    fc.property(recipes, sizes, sizes, (make, n, m) => {
      const { kernel, i } = kernelWith(make);
      const [first, second] = kernel.dims;
      const dims = new Map([
        [known(first, "N").id, BigInt(n)],
        [known(second, "M").id, BigInt(m)],
      ]);
      if (indexPastLimit(kernel, dims) !== null) {
        refused++;
        return;
      }
      passed++;
      const [nVar, mVar] = [known(first, "N"), known(second, "M")];
      const body = make(nVar, mVar, { kind: "var", type: "index", id: i, name: "i" });
      const points = [0, 1, Math.floor(n / 2), n - 2, n - 1].filter((p) => p >= 0 && p < n);
      for (const p of points) expect(leaves(body, new Map([...dims, [i, BigInt(p)]])), `i = ${p}`).toBe(false);
    }),
    { seed, numRuns: 2000 },
  );
  expect(Math.min(passed, refused)).toBeGreaterThan(200);
});

test("ends are shared, and only those are kept that may pass", () => {
  const product = kernelWith((n, _, i) => apply("mul", apply("mul", i, i), apply("mul", apply("mul", i, i), n)));
  const { steps, ends } = indexLimits(product.kernel);
  expect(ends.length).toBe(3);
  expect(steps.length).toBeLessThan(8);
  const sum = indexLimits(kernelWith((n, _, i) => apply("min", i, n)).kernel);
  expect(sum).toEqual({ steps: [], ends: [] });
});
