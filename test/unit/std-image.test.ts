/** std/image against its definitions, written as loops, and cases of ONNX. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { NO_ONNX_CASES, readOnnxCase } from "../support/onnx-case.ts";
import type { Numbers, Results } from "../support/standard.ts";
import { at, expectClose, numbers, random, randomInts, reshaped, runStandard, total } from "../support/standard.ts";

afterAll(close);

type Generics = Readonly<Record<string, number | boolean | string>>;

const run = (
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Generics = {},
): Promise<Results> => runStandard("image", kernel, args, generics);

const clamp = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1);

/** A pixel of a plane, or the nearest one. */
const nearest = (X: Numbers, n: number, y: number, x: number): number =>
  at(X, n, clamp(y, X.shape[1] ?? 0), clamp(x, X.shape[2] ?? 0));

describe("colours", () => {
  test("grayscale, of floats and of bytes", async () => {
    const X = random([2, 3, 4, 5], 1, [0, 1]);
    const Y = (await run("grayscale", { X }))("Y");
    const weights = [0.299, 0.587, 0.114];
    expectClose(
      Y,
      numbers([2, 4, 5], (n, y, x) => total(3, (c) => (weights[c] ?? 0) * at(X, n, c, y, x))),
    );
    const Z = randomInts([3, 6, 7, 3], 2, [0, 256]);
    const bytes = (await run("grayscale_bytes", { X: Z }))("Y");
    // Within one half and the rounding of the factors of the real number, and exact for grey.
    for (const [i, got] of bytes.data.entries()) {
      const exact = total(3, (c) => (weights[c] ?? 0) * (Z.data[3 * i + c] ?? 0));
      expect(Math.abs(got - exact)).toBeLessThanOrEqual(0.51);
    }
    const grey = numbers([1, 1, 256, 3], (_, __, x) => x);
    expect((await run("grayscale_bytes", { X: grey }))("Y").data).toEqual(Array.from({ length: 256 }, (_, v) => v));
  });

  test("normalize", async () => {
    const X = randomInts([2, 3, 4, 3], 1, [0, 256]);
    const [mean, std] = [random([3], 2, [0, 1]), random([3], 3, [0.2, 0.5])];
    const want = numbers([2, 3, 3, 4], (n, c, y, x) => (at(X, n, y, x, c) / 255 - at(mean, c)) / at(std, c));
    expectClose((await run("normalize", { X, mean, std }))("Y"), want);
  });
});

/** Correlation of every plane with a filter of two axes whose middle is at [my, mx]. */
function filtered(X: Numbers, F: Numbers, my: number, mx: number): Numbers {
  const [rows = 0, columns = 0] = F.shape;
  return numbers(X.shape, (n, y, x) =>
    total(rows, (r) => total(columns, (q) => at(F, r, q) * nearest(X, n, y + r - my, x + q - mx))),
  );
}

function blurred(X: Numbers, sigma: number, r: number): Numbers {
  const weight = (k: number): number => Math.exp(-((k - r) ** 2) / (2 * sigma * sigma));
  const z = total(2 * r + 1, weight) ** 2;
  return filtered(
    X,
    numbers([2 * r + 1, 2 * r + 1], (a, b) => (weight(a) * weight(b)) / z),
    r,
    r,
  );
}

describe("filters", () => {
  const X = random([2, 6, 7], 1);

  test("separable_filter with odd and even numbers of taps", async () => {
    const [v, h] = [random([3], 2), random([4], 3)];
    const F = numbers([3, 4], (r, q) => at(v, r) * at(h, q));
    expectClose((await run("separable_filter", { X, v, h }))("Y"), filtered(X, F, 1, 2));
  });

  test.each([
    [1, 3],
    [2.5, 4],
    [0.4, 0],
  ])("gaussian and unsharp with sigma = %d, r = %i", async (sigma, r) => {
    const soft = blurred(X, sigma, r);
    expectClose((await run("gaussian", { X }, { sigma, r }))("Y"), soft);
    const want = numbers(X.shape, (n, y, x) => at(X, n, y, x) + 1.5 * (at(X, n, y, x) - at(soft, n, y, x)));
    expectClose((await run("unsharp", { X }, { sigma, r, amount: 1.5 }))("Y"), want);
  });

  test.each(["gaussian", "unsharp"])("%s refuses a sigma of 0", async (kernel) => {
    await expect(run(kernel, { X }, { sigma: 0 })).rejects.toThrow(/sigma > 0/);
  });

  test("sobel", async () => {
    const across = { shape: [3, 3], data: [-1, 0, 1, -2, 0, 2, -1, 0, 1] };
    const down = { shape: [3, 3], data: [-1, -2, -1, 0, 0, 0, 1, 2, 1] };
    const [gx, gy] = [filtered(X, across, 1, 1), filtered(X, down, 1, 1)];
    const results = await run("sobel", { X });
    expectClose(results("gx"), gx);
    expectClose(results("gy"), gy);
    expectClose(
      results("size"),
      numbers(X.shape, (...i) => Math.hypot(at(gx, ...i), at(gy, ...i))),
    );
  });

  test.each(["f32", "u8", "i16"])("median of %s", async (T) => {
    const Z = T === "f32" ? X : randomInts([2, 9, 8], 4, [0, 40]);
    const want = numbers(Z.shape, (n, y, x) => {
      const around = [-1, 0, 1].flatMap((r) => [-1, 0, 1].map((q) => nearest(Z, n, y + r, x + q)));
      return around.toSorted((a, b) => a - b)[4] ?? 0;
    });
    expectClose((await run("median", { X: Z }, { T }))("Y"), want, 0);
  });
});

/** Keys' cubic convolution. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** Resized by weights of the pixels around the place, `reach` to either side. */
function resized(
  X: Numbers,
  [rows, columns]: readonly [number, number],
  corners: boolean,
  weight: (distance: number) => number,
): Numbers {
  const place = (i: number, from: number, to: number): number => {
    if (corners) return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    return ((i + 0.5) * from) / to - 0.5;
  };
  const [planes = 0, H = 0, W = 0] = X.shape;
  return numbers([planes, rows, columns], (n, y, x) => {
    const [py, px] = [place(y, H, rows), place(x, W, columns)];
    const [fy, fx] = [Math.floor(py), Math.floor(px)];
    return total(4, (r) =>
      total(4, (q) => {
        const [i, j] = [fy + r - 1, fx + q - 1];
        return weight(py - i) * weight(px - j) * nearest(X, n, i, j);
      }),
    );
  });
}

const linear = (distance: number): number => Math.max(1 - Math.abs(distance), 0);

describe("sizes", () => {
  const X = random([2, 5, 6], 1);
  const SIZES: readonly (readonly [number, number])[] = [
    [5, 6],
    [10, 3],
    [3, 17],
    [1, 1],
    [7, 5],
  ];

  test.for(SIZES)("to %o", async ([OH, OW]) => {
    const size = [OH, OW] as const;
    for (const align_corners of [false, true]) {
      const got = (await run("resize_bilinear", { X, OH, OW }, { align_corners }))("Y");
      expectClose(got, resized(X, size, align_corners, linear));
      for (const a of [-0.75, -0.5]) {
        const want = resized(X, size, align_corners, (d) => cubic(d, a));
        expectClose((await run("resize_bicubic", { X, OH, OW }, { align_corners, a }))("Y"), want);
      }
    }
    const before = numbers([2, OH, OW], (n, y, x) => at(X, n, Math.floor((y * 5) / OH), Math.floor((x * 6) / OW)));
    expectClose((await run("resize_nearest", { X, OH, OW }))("Y"), before, 0);
  });
});

describe("histograms", () => {
  const X = numbers([9, 11], (y, x) => 100 + ((y * y + 3 * x) % 60));

  test("histogram", async () => {
    const counts = numbers([256], (v) => X.data.filter((x) => x === v).length);
    expectClose((await run("histogram", { X }))("counts"), counts, 0);
  });

  test("equalize, as OpenCV does it", async () => {
    const least = X.data.filter((x) => x === Math.min(...X.data)).length;
    const scale = Math.fround(255 / (99 - least));
    const want = numbers([9, 11], (y, x) => {
      const below = X.data.filter((v) => v <= at(X, y, x)).length - least;
      return Math.round(Math.fround(below * scale));
    });
    const Y = (await run("equalize", { X }))("Y");
    expectClose(Y, want, 0);
    expect([Math.min(...Y.data), Math.max(...Y.data)]).toEqual([0, 255]);
    const even = numbers([3, 4], () => 77);
    expectClose((await run("equalize", { X: even }))("Y"), even, 0);
  });
});

describe.skipIf(NO_ONNX_CASES !== null)(`cases of ONNX ${NO_ONNX_CASES ?? ""}`, () => {
  // Only cases whose scale is the ratio of the sizes, as it is here.
  test.each([
    ["node/test_resize_upsample_sizes_cubic", "resize_bicubic", {}],
    ["node/test_resize_upsample_scales_cubic_align_corners", "resize_bicubic", { align_corners: true }],
    ["node/test_resize_upsample_scales_linear_align_corners", "resize_bilinear", { align_corners: true }],
  ] as const)("%s: %s", async (name, kernel, generics) => {
    const c = readOnnxCase(name);
    const [X, Y] = [c.input("X"), c.output("Y")];
    const [OH = 0, OW = 0] = Y.shape.slice(2);
    const got = (await run(kernel, { X: reshaped(X, X.shape.slice(1)), OH, OW }, generics))("Y");
    expectClose(reshaped(got, Y.shape), Y, 1e-4);
  });
});
