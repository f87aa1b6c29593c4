/** std/signal against sums from the definitions, transforms against their inverses, and cases of ONNX. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { NO_ONNX_CASES, readOnnxCase } from "../support/onnx-case.ts";
import type { Numbers, Results } from "../support/standard.ts";
import { at, expectClose, numbers, padded, random, runKernel, runStandard, total } from "../support/standard.ts";

afterAll(close);

const run = (
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number | boolean | string>> = {},
): Promise<Results> => runStandard("signal", kernel, args, generics);

describe("filters", () => {
  test("fir and convolve", async () => {
    const [X, h] = [random([2, 9], 1), random([4], 2)];
    const one = numbers([9], (n) => at(X, 0, n));
    const want = (row: number, n: number): number => total(4, (k) => at(h, k) * padded(X, 0, row, n - k));
    expectClose((await run("fir", { X, h }))("Y"), numbers([2, 9], want));
    expectClose(
      (await run("convolve", { X: one, h }))("Y"),
      numbers([12], (n) => want(0, n)),
    );
  });

  test.each([1, 2, 4])("iir of order %i", async (order) => {
    const [X, b] = [random([3, 30], 1), random([order + 1], 2)];
    const a = numbers([order], (k) => at(random([order], 3), k) / order);
    const rows = [0, 1, 2].map((row) => {
      const y: number[] = [];
      for (let n = 0; n < 30; n++) {
        const forward = total(order + 1, (k) => at(b, k) * padded(X, 0, row, n - k));
        y.push(forward - total(order, (k) => at(a, k) * (y[n - 1 - k] ?? 0)));
      }
      return y;
    });
    expectClose((await run("iir", { X, b, a }, { order }))("Y"), { shape: [3, 30], data: rows.flat() });
  });
});

/** Σ (re + i im) e^(sign 2πi n k / N). */
function transformed(re: Numbers, im: Numbers, sign: number): { readonly Re: Numbers; readonly Im: Numbers } {
  const N = re.shape[1] ?? 0;
  const angle = (n: number, k: number): number => (sign * 2 * Math.PI * n * k) / N;
  const part = (f: (c: number, n: number, angle: number) => number): Numbers =>
    numbers(re.shape, (c, k) => total(N, (n) => f(c, n, angle(n, k))));
  return {
    Re: part((c, n, w) => at(re, c, n) * Math.cos(w) - at(im, c, n) * Math.sin(w)),
    Im: part((c, n, w) => at(re, c, n) * Math.sin(w) + at(im, c, n) * Math.cos(w)),
  };
}

const expectBoth = (got: Results, want: { readonly Re: Numbers; readonly Im: Numbers }): void => {
  expectClose(got("Re"), want.Re);
  expectClose(got("Im"), want.Im);
};

describe("windows", () => {
  test("hann", async () => {
    const W = (await run("hann", { N: 10 }))("W");
    const want = numbers([10], (n) => Math.sin((Math.PI * n) / 10) ** 2);
    expectClose(W, want);
  });
});

describe("transforms", () => {
  test.each([1, 2, 7, 16])("dct of %i samples, and back", async (N) => {
    const X = random([3, N], 1);
    const want = numbers([3, N], (c, k) => {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / N);
      return scale * total(N, (n) => at(X, c, n) * Math.cos((Math.PI * (2 * n + 1) * k) / (2 * N)));
    });
    const Y = (await run("dct", { X }))("Y");
    expectClose(Y, want);
    expectClose((await run("idct", { Y }))("X"), X);
  });

  test.each([1, 3, 8, 15])("dft of %i samples, and back", async (N) => {
    const [re, im] = [random([2, N], 1), random([2, N], 2)];
    const results = await run("dft", { re, im });
    expectBoth(results, transformed(re, im, -1));
    expectBoth(await run("dft", { re: results("Re"), im: results("Im") }, { inverse: true }), { Re: re, Im: im });
  });

  test.each([1, 2, 3, 6, 9])("fft of 2^%i samples, and back", async (L) => {
    const [re, im] = [random([2, 2 ** L], 1), random([2, 2 ** L], 2)];
    const results = await run("fft", { re, im }, { L });
    expectBoth(results, transformed(re, im, -1));
    expectBoth(await run("fft", { re: results("Re"), im: results("Im") }, { L, inverse: true }), { Re: re, Im: im });
  });

  test("stages of fft_stage are the transform, either way", async () => {
    const [re, im] = [random([2, 8], 1), random([2, 8], 2)];
    for (const inverse of [false, true]) {
      const text = `import { fft_stage } from "std/signal";
        kernel eight(re: f32[C, 8], im: f32[C, 8]) -> Re: f32[C, 8], Im: f32[C, 8] {
          let a = fft_stage(re, im, s = 0, inverse = ${inverse});
          let b = fft_stage(a.Re, a.Im, s = 1, inverse = ${inverse});
          (Re, Im) = fft_stage(b.Re, b.Im, s = 2, inverse = ${inverse});
        }`;
      expectBoth(await runKernel(text, "eight.ein", "eight", { re, im }), transformed(re, im, inverse ? 1 : -1));
    }
  });
});

/** Lines of an axis of [1, 10, 10, 1 or 2], and one of the two parts of their numbers. */
const lines = (x: Numbers, axis: 1 | 2, part: number): Numbers =>
  numbers([10, 10], (c, n) => (part < (x.shape[3] ?? 0) ? at(x, 0, ...(axis === 1 ? [n, c] : [c, n]), part) : 0));

describe.skipIf(NO_ONNX_CASES !== null)(`cases of ONNX ${NO_ONNX_CASES ?? ""}`, () => {
  test.each([
    ["node/test_dft_axis", 2, false],
    ["node/test_dft_inverse", 1, true],
  ] as const)("%s", async (name, axis, inverse) => {
    const c = readOnnxCase(name);
    const [x, y] = [c.input("x"), c.output("y")];
    const results = await run("dft", { re: lines(x, axis, 0), im: lines(x, axis, 1) }, { inverse });
    expectClose(results("Re"), lines(y, axis, 0), 1e-4);
    expectClose(results("Im"), lines(y, axis, 1), 1e-4);
    expect(x.shape.slice(0, 3)).toEqual([1, 10, 10]);
  });
});
