/** std/tensor against its definitions, and against cases of the ONNX project where they lie beside the checkout. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { NO_ONNX_CASES, readOnnxCase } from "../support/onnx-case.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, padded, random, randomInts, reshaped, runStandard } from "../support/standard.ts";

afterAll(close);

type Generics = Readonly<Record<string, number | boolean | string>>;

/** Moved elements are the same bits. */
const expectSame = (got: Numbers, want: Numbers): void => expectClose(got, want, 0);

const run = (kernel: string, args: Readonly<Record<string, Numbers | number>>, generics: Generics = {}) =>
  runStandard("tensor", kernel, args, generics);

describe("putting together and taking apart", () => {
  test("concat along either axis is undone by split", async () => {
    const [A, B] = [random([3, 4], 1), random([5, 4], 2)];
    const C = (await run("concat", { A, B }))("C");
    expectSame(C, { shape: [8, 4], data: [...A.data, ...B.data] });
    const parts = await run("split", { X: C }, { n: 3 });
    expectSame(parts("A"), A);
    expectSame(parts("B"), B);
    const [P, Q] = [randomInts([2, 3, 2], 3, [-128, 128]), randomInts([2, 1, 2], 4, [-128, 128])];
    const R = (await run("concat_middle", { A: P, B: Q }, { T: "i8" }))("C");
    expectSame(
      R,
      numbers([2, 4, 2], (p, i, d) => (i < 3 ? at(P, p, i, d) : at(Q, p, i - 3, d))),
    );
    const halves = await run("split_middle", { X: R }, { T: "i8", n: 3 });
    expectSame(halves("A"), P);
    expectSame(halves("B"), Q);
  });

  test.each([
    { start: 0, step: 1, count: 6 },
    { start: 2, step: 2, count: 2 },
    { start: 5, step: -1, count: 6 },
    { start: 4, step: -3, count: 2 },
    { start: 3, step: 0, count: 4 },
    { start: 1, step: 9, count: 0 },
  ])("slice %o", async ({ start, step, count }) => {
    const X = random([6, 3], 1);
    const Y = (await run("slice", { X, count }, { start, step }))("Y");
    expectSame(
      Y,
      numbers([count, 3], (i, d) => at(X, start + step * i, d)),
    );
  });

  test("take and take_along", async () => {
    const X = random([4, 3], 1);
    const ids = { shape: [5], data: [3, 0, 0, 2, 1] };
    expectSame(
      (await run("take", { X, ids }))("Y"),
      numbers([5, 3], (i, d) => at(X, at(ids, i), d)),
    );
    const columns = randomInts([4, 6], 2, [0, 3]);
    expectSame(
      (await run("take_along", { X, ids: columns }))("Y"),
      numbers([4, 6], (i, j) => at(X, i, at(columns, i, j))),
    );
  });
});

describe("around and along", () => {
  const sides = { top: 4, bottom: 1, left: 0, right: 7 };
  /** What lies outside of 0 to n - 1, by the names of NumPy. */
  const MODES: Readonly<Record<string, (i: number, n: number) => number>> = {
    pad_edge: (i, n) => Math.min(Math.max(i, 0), n - 1),
    pad_wrap: (i, n) => ((i % n) + n) % n,
    pad_mirror: (i, n) => n - 1 - Math.abs(n - 1 - (((i % (2 * n - 2)) + 2 * n - 2) % (2 * n - 2))),
  };

  test.each(Object.entries(MODES))("%s", async (kernel, inside) => {
    const X = randomInts([2, 3, 4], 1, [0, 256]);
    const want = numbers([2, 8, 11], (n, y, x) => at(X, n, inside(y - 4, 3), inside(x, 4)));
    expectSame((await run(kernel, { X }, { T: "u8", ...sides }))("Y"), want);
  });

  test("pad_constant", async () => {
    const X = random([2, 3, 4], 1);
    const want = numbers([2, 8, 11], (n, y, x) => padded(X, -2.5, n, y - 4, x));
    expectSame((await run("pad_constant", { X, v: reshaped({ shape: [1], data: [-2.5] }, []) }, sides))("Y"), want);
  });

  test("tile, repeat, transpose, flip and roll", async () => {
    const X = random([3, 4], 1);
    const moved: readonly (readonly [string, Generics, readonly number[], (i: number, j: number) => number])[] = [
      ["tile", { r: 2, s: 3 }, [6, 12], (i, j) => at(X, i % 3, j % 4)],
      ["repeat", { r: 3 }, [9, 4], (i, j) => at(X, Math.floor(i / 3), j)],
      ["transpose", {}, [4, 3], (i, j) => at(X, j, i)],
      ["flip", {}, [3, 4], (i, j) => at(X, 2 - i, j)],
      ["flip_columns", {}, [3, 4], (i, j) => at(X, i, 3 - j)],
      ["roll", { shift: 5 }, [3, 4], (i, j) => at(X, (i + 1) % 3, j)],
      ["roll", { shift: -4 }, [3, 4], (i, j) => at(X, (i + 1) % 3, j)],
    ];
    for (const [kernel, generics, shape, want] of moved) {
      expectSame((await run(kernel, { X }, generics))("Y"), numbers(shape, want));
    }
    const Z = random([2, 3, 4, 2], 2);
    const want = numbers([2, 4, 3, 2], (b, j, i, d) => at(Z, b, i, j, d));
    expectSame((await run("transpose_middle", { X: Z }))("Y"), want);
  });
});

/** Columns of a row in the order in which they are taken: NaN, then by value, then the first. */
const ranked = (row: readonly number[], sign: number): number[] => {
  const key = (x: number): number => (Number.isNaN(x) ? -Infinity : -sign * x);
  return row.map((_, j) => j).toSorted((a, b) => key(row[a] ?? 0) - key(row[b] ?? 0) || a - b);
};

describe("choosing", () => {
  test("one_hot, choose and lower_triangle", async () => {
    const ids = { shape: [3], data: [2, 0, 2] };
    const want = { shape: [3, 4], data: [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0] };
    expectSame((await run("one_hot", { ids, C: 4 }))("Y"), want);
    expectSame((await run("one_hot", { ids, C: 4 }, { T: "u8" }))("Y"), want);
    const [c, A, B] = [randomInts([9], 1, [0, 2]), random([9], 2), random([9], 3)];
    expectSame(
      (await run("choose", { c, A, B }))("Y"),
      numbers([9], (i) => at(at(c, i) === 1 ? A : B, i)),
    );
    const X = random([4, 3], 4);
    for (const k of [-2, 0, 1]) {
      const lower = numbers([4, 3], (i, j) => (j <= i + k ? at(X, i, j) : 0));
      expectSame((await run("lower_triangle", { X }, { k }))("Y"), lower);
    }
  });

  test.each([true, false])("top_k with largest = %s, ties and NaN", async (largest) => {
    const data = [3, 1, 3, 2, 1, 0, Number.NaN, 5, Number.NaN, 5, -1, 5, 0, 0, 0, 0, 0, 0];
    const X = { shape: [3, 6], data };
    const results = await run("top_k", { X }, { k: 4, largest });
    const P = numbers([3, 4], (i, r) => ranked(data.slice(6 * i, 6 * i + 6), largest ? 1 : -1)[r] ?? -1);
    expectSame(results("P"), P);
    expectSame(
      results("V"),
      numbers([3, 4], (i, r) => at(X, i, at(P, i, r))),
    );
  });

  test("top_k of integers", async () => {
    const X = randomInts([5, 20], 1, [-8, 8]);
    const results = await run("top_k", { X }, { T: "i8", k: 20 });
    const P = numbers([5, 20], (i, r) => ranked(X.data.slice(20 * i, 20 * i + 20), 1)[r] ?? -1);
    expectSame(results("P"), P);
  });
});

describe("running", () => {
  test.each([
    { exclusive: false, reverse: false },
    { exclusive: true, reverse: false },
    { exclusive: false, reverse: true },
    { exclusive: true, reverse: true },
  ])("sums and products with %o", async (generics) => {
    const { exclusive, reverse } = generics;
    const fold = (X: Numbers, first: number, join: (a: number, b: number) => number): Numbers =>
      numbers(X.shape, (i, j) => {
        const row = Array.from({ length: X.shape[1] ?? 0 }, (_, q) => at(X, i, q));
        const some = reverse ? row.slice(j + (exclusive ? 1 : 0)) : row.slice(0, j + (exclusive ? 0 : 1));
        return some.reduce(join, first);
      });
    const X = random([3, 11], 1);
    expectClose(
      (await run("cumsum", { X }, generics))("Y"),
      fold(X, 0, (a, b) => a + b),
      1e-6,
    );
    expectClose(
      (await run("cumprod", { X }, generics))("Y"),
      fold(X, 1, (a, b) => a * b),
      1e-6,
    );
    const Z = randomInts([3, 11], 2, [-128, 128]);
    const sums = fold(Z, 0, (a, b) => ((a + b) << 24) >> 24);
    expectSame((await run("cumsum_int", { X: Z }, { T: "i8", ...generics }))("Y"), sums);
    const products = fold(Z, 1, (a, b) => Math.imul(a, b));
    expectSame((await run("cumprod_int", { X: Z }, generics))("Y"), products);
  });
});

describe("space and depth", () => {
  test.each([false, true])("pixel_unshuffle undoes pixel_shuffle, blocks_first = %s", async (blocks_first) => {
    const X = random([2, 18, 2, 3], 1);
    const Y = (await run("pixel_shuffle", { X }, { r: 3, blocks_first }))("Y");
    const want = numbers([2, 2, 6, 9], (n, c, y, x) => {
      const place = (y % 3) * 3 + (x % 3);
      return at(X, n, blocks_first ? place * 2 + c : c * 9 + place, Math.floor(y / 3), Math.floor(x / 3));
    });
    expectSame(Y, want);
    expectSame((await run("pixel_unshuffle", { X: Y }, { r: 3, blocks_first }))("Y"), X);
  });
});

describe.skipIf(NO_ONNX_CASES !== null)(`cases of ONNX and PyTorch ${NO_ONNX_CASES ?? ""}`, () => {
  const CASES: readonly (readonly [
    name: string,
    kernel: string,
    generics: Generics,
    inputs: Readonly<Record<string, string>>,
    outputs: Readonly<Record<string, string>>,
    shaped?: (x: Numbers) => Numbers,
  ])[] = [
    ["node/test_concat_3d_axis_0", "concat", {}, { A: "value0", B: "value1" }, { C: "output" }, (x) => joined(x, 1)],
    ["node/test_concat_3d_axis_1", "concat_middle", {}, { A: "value0", B: "value1" }, { C: "output" }],
    ["node/test_edge_pad", "pad_edge", {}, { X: "x" }, { Y: "y" }, inOne],
    ["node/test_reflect_pad", "pad_mirror", { T: "i32" }, { X: "x" }, { Y: "y" }, inOne],
    ["node/test_cumsum_2d_axis_1", "cumsum", {}, { X: "x" }, { Y: "y" }],
    ["node/test_cumprod_2d_axis_1", "cumprod", {}, { X: "x" }, { Y: "y" }],
    ["node/test_cumsum_1d_exclusive", "cumsum", { exclusive: true }, { X: "x" }, { Y: "y" }],
    ["node/test_cumsum_1d_int32_exclusive", "cumsum_int", { exclusive: true }, { X: "x" }, { Y: "y" }],
    ["node/test_cumprod_1d_reverse_exclusive", "cumprod", { exclusive: true, reverse: true }, { X: "x" }, { Y: "y" }],
    ["node/test_top_k", "top_k", { k: 3 }, { X: "x" }, { V: "values", P: "indices" }],
    ["node/test_top_k_same_values", "top_k", { k: 3, T: "i64" }, { X: "x" }, { V: "values", P: "indices" }],
    ["node/test_top_k_smallest", "top_k", { k: 3, largest: false }, { X: "x" }, { V: "values", P: "indices" }],
    ["node/test_depthtospace_example", "pixel_shuffle", { blocks_first: true }, { X: "x" }, { Y: "y" }],
    ["pytorch-converted/test_PixelShuffle", "pixel_shuffle", { r: 3 }, { X: "0" }, { Y: "5" }],
    ["node/test_tile_precomputed", "tile", { r: 2, s: 2 }, { X: "x" }, { Y: "z" }],
    ["node/test_tril_pos", "lower_triangle", { k: 2, T: "i32" }, { X: "x" }, { Y: "y" }],
    ["node/test_tril_neg", "lower_triangle", { k: -1, T: "i32" }, { X: "x" }, { Y: "y" }],
    ["node/test_where_long_example", "choose", { T: "i32" }, { c: "condition", A: "x", B: "y" }, { Y: "z" }, flat],
  ];

  test.for(CASES)("%s: %s %o", async ([name, kernel, generics, inputs, outputs, shaped = fitted]) => {
    const c = readOnnxCase(name);
    const args = Object.fromEntries(Object.entries(inputs).map(([ours, theirs]) => [ours, shaped(c.input(theirs))]));
    const results = await run(kernel, args, generics);
    for (const [ours, theirs] of Object.entries(outputs)) {
      const want = shaped(c.output(theirs));
      const got = results(ours);
      expect(got.data.length).toBeGreaterThan(0);
      expectClose(reshaped(got, want.shape), want, 1e-6);
    }
  });
});

const flat = (x: Numbers): Numbers => reshaped(x, [x.data.length]);

/** One row for a list. */
const fitted = (x: Numbers): Numbers => (x.shape.length === 1 ? reshaped(x, [1, ...x.shape]) : x);

/** Without the first axis, which is 1 long. */
const inOne = (x: Numbers): Numbers => reshaped(x, x.shape.slice(1));

/** Axes `from` and later as one. */
const joined = (x: Numbers, from: number): Numbers =>
  reshaped(x, [...x.shape.slice(0, from), x.shape.slice(from).reduce((a, b) => a * b, 1)]);
