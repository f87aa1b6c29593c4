/** What `einkorn test` draws: the same from one seed everywhere, legal, at the ends, and with awkward values. */
import { describe, expect, test } from "vitest";
import { readProgram } from "../../compiler/compile.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { makeSource } from "../../compiler/support/source.ts";
import type { Sizes } from "../../runtime/property-test/draw-sizes.ts";
import { dimsById, drawSizes, WORK_BUDGET, workOf } from "../../runtime/property-test/draw-sizes.ts";
import { drawValues, withoutTiny } from "../../runtime/property-test/draw-values.ts";
import { RandomStream } from "../../runtime/property-test/random-stream.ts";
import type { FixedSizes, Subject } from "../../runtime/property-test/subject.ts";
import { subjectOf } from "../../runtime/property-test/subject.ts";

function subject(text: string, dims: Readonly<Record<string, bigint>> = {}): Subject {
  const diagnostics = new Diagnostics();
  const program = known(readProgram(makeSource("<test>", text), diagnostics), "the program");
  expect(diagnostics.list.filter((d) => d.severity === "error")).toStrictEqual([]);
  const fixed: FixedSizes = { dims: new Map(Object.entries(dims)), generics: new Map() };
  return known(subjectOf(program, known(program.tests[0], "a test"), fixed), "a subject");
}

function draw(of: Subject, seed: number): Sizes {
  return known(drawSizes(of, [4, 16], new RandomStream(seed, 0)), `sizes for seed ${seed}`);
}

function draws(of: Subject, count: number): readonly Sizes[] {
  return Array.from({ length: count }, (_, n) => draw(of, n));
}

const sizesText = ({ dims, generics }: Sizes): string =>
  [...dims, ...generics].map(([n, v]) => `${n}=${String(v)}`).join(" ");

describe("sizes", () => {
  const matmul = `kernel k(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum[k](A[i, k] * B[k, j]); }
    test k for all M in 0..67, N in 0..67, K in 0..130;`;

  test("follow from the seed alone; these are the draws of every machine", () => {
    expect(draws(subject(matmul), 5).map(sizesText)).toMatchInlineSnapshot(`
      [
        "M=0 K=5 N=21",
        "M=66 K=7 N=66",
        "M=13 K=129 N=5",
        "M=3 K=129 N=13",
        "M=1 K=1 N=34",
      ]
    `);
  });

  test("lie at the ends of their ranges half of the time, and inside always", () => {
    const all = draws(subject(matmul), 300);
    const of = (name: string): readonly number[] => all.map((s) => Number(s.dims.get(name)));
    for (const [name, hi] of [
      ["M", 67],
      ["K", 130],
    ] as const) {
      const ends = of(name).filter((n) => n <= 1 || n === hi - 1).length;
      expect(ends).toBeGreaterThan(120);
      expect(ends).toBeLessThan(210);
      expect(of(name).every((n) => n >= 0 && n < hi)).toBe(true);
      for (const wanted of [0, 1, 2, 3, 4, 5, 15, 16, 17]) expect(of(name)).toContain(wanted);
    }
    expect(all.filter((s) => s.dims.get("M") !== 0n && s.dims.get("N") !== 0n).length).toBeGreaterThan(220);
  });

  test("satisfy where, whatever it asks for", () => {
    const of = subject(`kernel k<s: int = 1>(X: f32[N], Y: f32[M]) -> Z: f32[N]
      where s >= 1, N % 64 == 0, N >= 1, M == N div 64 + s { Z[i] = X[i]; }
      test k for all N in 1..1000, s in 0..4;`);
    for (const { dims, generics } of draws(of, 40)) {
      const [n = 0n, m = 0n] = [dims.get("N"), dims.get("M")];
      const s = BigInt(Number(generics.get("s")));
      expect([n % 64n, m - n / 64n - s, s >= 1n]).toStrictEqual([0n, 0n, true]);
    }
  });

  test("ranges may hang on sizes before them, and generics may be floats", () => {
    const of = subject(`kernel k<e: float = 0.5>(X: f32[N, M]) -> Y: f32[N, M] { Y[i, j] = X[i, j] * e; }
      test k for all M in 2..9, N in M div 2..M + 1, e in 0.25..1.5;`);
    for (const { dims, generics } of draws(of, 60)) {
      const [m, n, e] = [Number(dims.get("M")), Number(dims.get("N")), Number(generics.get("e"))];
      expect(n >= Math.floor(m / 2) && n <= m && e >= 0.25 && e < 1.5).toBe(true);
    }
  });

  test("numbers of a schedule are among them", () => {
    const of = subject(`kernel k(X: f32[N]) -> Y: f32[N] { Y[i] = X[i]; }
      test k for all N in 0..1000;
      schedule k for wasm when N >= 451 { vectorize Y.i; }`);
    const sizes = new Set(draws(of, 300).map((s) => Number(s.dims.get("N"))));
    for (const near of [450, 451, 452]) expect(sizes).toContain(near);
  });

  test("what the reference cannot afford is made smaller and marked; what is fixed stays", () => {
    const cube = "kernel k(X: f32[N]) -> y: f32 { y = sum[a, b, c](X[a] * X[b] * X[c]); } test k for all N in 1..2000;";
    const all = draws(subject(cube), 30);
    expect(all.every((s) => workOf(s.kernel, s.dims) <= WORK_BUDGET)).toBe(true);
    expect(all.some((s) => s.cut)).toBe(true);
    expect(draw(subject(cube, { N: 900n }), 3)).toMatchObject({ cut: false, dims: new Map([["N", 900n]]) });
  });
});

describe("inputs", () => {
  const of = subject(`kernel k(E: f32[V], ids: i32[N] in 0..V, q: i8[N], h: f16[N]) -> Y: f32[N] { Y[i] = E[ids[i]]; }
    test k for all V in 1..40, N in 0..200;`);
  const { kernel } = draw(of, 1);
  const dims = dimsById(
    kernel,
    new Map([
      ["V", 39n],
      ["N", 60n],
    ]),
  );
  const inputs = Array.from({ length: 60 }, (_, seed) => drawValues(kernel, dims, seed));
  const values = (name: string) => inputs.flatMap((i) => known(i.get(name), name).data.map(Number));

  test("follow from seed and shapes", () => {
    expect(drawValues(kernel, dims, 3)).toStrictEqual(drawValues(kernel, dims, 3));
    expect(drawValues(kernel, dims, 3)).not.toStrictEqual(drawValues(kernel, dims, 4));
  });

  test("integers keep their ranges and reach both ends", () => {
    expect([Math.min(...values("ids")), Math.max(...values("ids"))]).toStrictEqual([0, 38]);
    expect([Math.min(...values("q")), Math.max(...values("q"))]).toStrictEqual([-128, 127]);
  });

  test("some runs have NaN and infinities, some the ends of what is finite, most have neither", () => {
    const odd = inputs.filter((i) => known(i.get("h"), "h").data.some((x) => !Number.isFinite(x)));
    expect(odd.length).toBeGreaterThan(2);
    expect(odd.length).toBeLessThan(25);
    const all = values("E");
    for (const wanted of [Number.NaN, Infinity, -Infinity, -0, 2 ** -149, 3.4028234663852886e38]) {
      expect(all.some((x) => Object.is(x, wanted))).toBe(true);
    }
    expect(Math.max(...values("h").filter((x) => Number.isFinite(x)))).toBe(65504);
  });

  test("targets without subnormal numbers get none", () => {
    const tiny = inputs.find((i) => known(i.get("E"), "E").data.some((x) => Math.abs(Number(x)) === 2 ** -149));
    const spared = withoutTiny(known(tiny, "a run with a subnormal number"));
    expect(spared.get("E")?.data.every((x) => x === 0 || !(Math.abs(Number(x)) < 2 ** -40))).toBe(true);
    const plain = new Map([["a", { dtype: "f32", shape: [1], data: [1] } as const]]);
    expect(withoutTiny(plain)).toBe(plain);
  });
});
