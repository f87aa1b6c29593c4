/** std/nn on images: convolutions, pools and norms against loops written from their definitions. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, padded, random, reshaped, runStandard, total } from "../support/standard.ts";

afterAll(close);

/** How a window moves. */
type Window = { readonly s: number; readonly p: number; readonly d: number; readonly g: number };

/** Output positions of a window of `taps` along `size`. */
const steps = (size: number, taps: number, { s, p, d }: Window): number =>
  Math.floor((size + 2 * p - d * (taps - 1) - 1) / s) + 1;

/** Cross-correlation, zeros outside; `before` zeros come first. */
function correlate(X: Numbers, F: Numbers, b: Numbers, w: Window, out: readonly number[], before: readonly number[]) {
  const [B = 0] = X.shape;
  const [O = 0, CG = 0, R = 0, S = 0] = F.shape;
  const [top = 0, left = 0] = before;
  return numbers([B, O, ...out], (n, o, y, x) => {
    const group = Math.floor(o / (O / w.g));
    const sum = total(CG, (c) =>
      total(R, (r) =>
        total(S, (q) => {
          const value = padded(X, 0, n, group * CG + c, y * w.s + r * w.d - top, x * w.s + q * w.d - left);
          return value * at(F, o, c, r, q);
        }),
      ),
    );
    return sum + at(b, o);
  });
}

const WINDOWS: readonly Window[] = [
  { s: 1, p: 0, d: 1, g: 1 },
  { s: 2, p: 1, d: 1, g: 1 },
  { s: 1, p: 2, d: 2, g: 2 },
  { s: 3, p: 1, d: 2, g: 3 },
  { s: 2, p: 3, d: 3, g: 6 },
];

/** Sequences as images of one row. */
const asImage = (x: Numbers): Numbers => reshaped(x, [x.shape[0] ?? 0, x.shape[1] ?? 0, 1, x.shape[2] ?? 0]);

describe("convolution", () => {
  test.each(WINDOWS)("conv2d and conv1d with %o", async (w) => {
    const X = random([2, 6, 9, 8], 1);
    const F = random([6, 6 / w.g, 3, 2], 2);
    const b = random([6], 3);
    const out = [steps(9, 3, w), steps(8, 2, w)];
    const Y = (await runStandard("nn", "conv2d", { X, F, b }, w))("Y");
    expectClose(Y, correlate(X, F, b, w, out, [w.p, w.p]));
    // A row of one pixel is what conv1d takes, where no rows of zeros are added to it.
    const [X1, F1] = [random([2, 6, 11], 4), random([6, 6 / w.g, 3], 5)];
    const want = correlate(asImage(X1), asImage(F1), b, w, [1, steps(11, 3, w)], [0, w.p]);
    const Y1 = (await runStandard("nn", "conv1d", { X: X1, F: F1, b }, w))("Y");
    expectClose(asImage(Y1), want);
  });

  test.each([
    { s: 1, d: 1, g: 1, H: 5, W: 4 },
    { s: 2, d: 1, g: 2, H: 5, W: 6 },
    { s: 3, d: 2, g: 1, H: 7, W: 8 },
    { s: 4, d: 1, g: 1, H: 9, W: 3 },
    { s: 2, d: 1, g: 1, H: 6, W: 7 },
  ])("conv2d_same with %o", async ({ s, d, g, H, W }) => {
    const X = random([2, 4, H, W], 1);
    const F = random([4, 4 / g, 3, 2], 2);
    const b = random([4], 3);
    // TensorFlow's rule: as few zeros as give ⌈size / s⌉ positions, the odd one at the end.
    const [rows, columns] = [Math.ceil(H / s), Math.ceil(W / s)];
    const before = (size: number, count: number, taps: number): number =>
      Math.floor(Math.max((count - 1) * s + d * (taps - 1) + 1 - size, 0) / 2);
    const want = correlate(X, F, b, { s, p: 0, d, g }, [rows, columns], [before(H, rows, 3), before(W, columns, 2)]);
    expectClose((await runStandard("nn", "conv2d_same", { X, F, b }, { s, d, g }))("Y"), want);
  });

  test.each([
    { s: 1, d: 1, g: 1, L: 5 },
    { s: 2, d: 1, g: 2, L: 6 },
    { s: 3, d: 2, g: 1, L: 7 },
    { s: 4, d: 1, g: 4, L: 3 },
  ])("conv1d_same with %o", async ({ s, d, g, L }) => {
    const [X, F, b] = [random([2, 4, L], 1), random([4, 4 / g, 3], 2), random([4], 3)];
    const count = Math.ceil(L / s);
    const left = Math.floor(Math.max((count - 1) * s + d * 2 + 1 - L, 0) / 2);
    const want = correlate(asImage(X), asImage(F), b, { s, p: 0, d, g }, [1, count], [0, left]);
    expectClose(asImage((await runStandard("nn", "conv1d_same", { X, F, b }, { s, d, g }))("Y")), want);
  });

  test.each(WINDOWS)("depthwise_conv2d with %o", async ({ s, p, d }) => {
    const X = random([2, 3, 9, 8], 1);
    const F = random([3, 2, 3, 2], 2);
    const b = random([3, 2], 3);
    const w = { s, p, d, g: 3 };
    const want = correlate(X, reshaped(F, [6, 1, 3, 2]), reshaped(b, [6]), w, [steps(9, 3, w), steps(8, 2, w)], [p, p]);
    expectClose((await runStandard("nn", "depthwise_conv2d", { X, F, b }, { s, p, d }))("Y"), want);
  });

  test.each([
    { s: 1, p: 0, e: 0, d: 1, g: 1 },
    { s: 2, p: 1, e: 1, d: 1, g: 2 },
    { s: 3, p: 2, e: 0, d: 2, g: 1 },
    { s: 2, p: 0, e: 1, d: 3, g: 4 },
  ])("conv_transpose2d adds each pixel's filters into the output, with %o", async ({ s, p, e, d, g }) => {
    const [B, C, H, W, OG, R, S] = [2, 4, 4, 3, 3, 3, 2];
    const X = random([B, C, H, W], 1);
    const F = random([C, OG, R, S], 2);
    const b = random([g * OG], 3);
    const out = [(H - 1) * s - 2 * p + d * (R - 1) + e + 1, (W - 1) * s - 2 * p + d * (S - 1) + e + 1];
    const sums = new Map<string, number>();
    const pixels = numbers([C, H, W, OG, R, S], () => 0);
    for (let n = 0; n < B; n++) {
      numbers(pixels.shape, (c, y, x, o, r, q) => {
        const place = [n, Math.floor(c / (C / g)) * OG + o, y * s + r * d - p, x * s + q * d - p].join();
        sums.set(place, (sums.get(place) ?? 0) + at(X, n, c, y, x) * at(F, c, o, r, q));
        return 0;
      });
    }
    const want = numbers([B, g * OG, ...out], (...i) => (sums.get(i.join()) ?? 0) + at(b, i[1] ?? 0));
    expectClose((await runStandard("nn", "conv_transpose2d", { X, F, b }, { s, p, e, d, g }))("Y"), want);
  });

  test.each([
    { s: 1, p: 0, e: 0, d: 1, g: 1 },
    { s: 2, p: 1, e: 1, d: 1, g: 2 },
    { s: 3, p: 2, e: 0, d: 2, g: 1 },
    { s: 2, p: 0, e: 1, d: 3, g: 4 },
  ])("conv_transpose1d adds each element's filters into the output, with %o", async ({ s, p, e, d, g }) => {
    const [B, C, L, OG, K] = [2, 4, 5, 3, 3];
    const [X, F, b] = [random([B, C, L], 1), random([C, OG, K], 2), random([g * OG], 3)];
    const length = (L - 1) * s - 2 * p + d * (K - 1) + e + 1;
    const sums = new Map<string, number>();
    numbers([B, C, L, OG, K], (n, c, x, o, k) => {
      const place = [n, Math.floor(c / (C / g)) * OG + o, x * s + k * d - p].join();
      sums.set(place, (sums.get(place) ?? 0) + at(X, n, c, x) * at(F, c, o, k));
      return 0;
    });
    const want = numbers([B, g * OG, length], (...i) => (sums.get(i.join()) ?? 0) + at(b, i[1] ?? 0));
    expectClose((await runStandard("nn", "conv_transpose1d", { X, F, b }, { s, p, e, d, g }))("Y"), want);
  });

  test("without pixels, channels or taps", async () => {
    const shapes = [
      { X: [0, 2, 3, 3], F: [2, 2, 2, 2], Y: [0, 2, 2, 2] },
      { X: [1, 0, 3, 3], F: [2, 0, 2, 2], Y: [1, 2, 2, 2] },
      { X: [1, 2, 3, 3], F: [0, 2, 2, 2], Y: [1, 0, 2, 2] },
      { X: [1, 2, 1, 3], F: [2, 2, 2, 2], Y: [1, 2, 0, 2] },
    ];
    for (const shape of shapes) {
      const b = random([shape.F[0] ?? 0], 3);
      const [X, F] = [random(shape.X, 1), random(shape.F, 2)];
      const want = correlate(X, F, b, { s: 1, p: 0, d: 1, g: 1 }, shape.Y.slice(2), [0, 0]);
      expectClose((await runStandard("nn", "conv2d", { X, F, b }))("Y"), want);
    }
    const [X, F, b] = [random([1, 2, 1, 3], 1), random([2, 2, 3, 2], 2), random([2], 3)];
    await expect(runStandard("nn", "conv2d", { X, F, b })).rejects.toThrow(/E6206/);
  });
});

const globalMax = async (X: Numbers): Promise<Numbers> => (await runStandard("nn", "global_max_pool", { X }))("Y");

describe("pooling", () => {
  const X = random([2, 3, 9, 7], 7);

  test.each([
    { k: 2, s: 2, p: 0, d: 1 },
    { k: 3, s: 2, p: 1, d: 1 },
    { k: 3, s: 1, p: 1, d: 2 },
    { k: 2, s: 3, p: 2, d: 1 },
  ])("max_pool2d with %o", async ({ k, s, p, d }) => {
    const w = { s, p, d, g: 1 };
    const want = numbers([2, 3, steps(9, k, w), steps(7, k, w)], (n, c, y, x) => {
      let largest = -Infinity;
      for (let r = 0; r < k; r++) {
        for (let q = 0; q < k; q++) {
          largest = Math.max(largest, padded(X, -Infinity, n, c, y * s + d * r - p, x * s + d * q - p));
        }
      }
      return largest;
    });
    expectClose((await runStandard("nn", "max_pool2d", { X }, { k, s, p, d }))("Y"), want, 0);
  });

  test.each([
    { k: 2, s: 2, p: 0 },
    { k: 3, s: 2, p: 1 },
    { k: 4, s: 3, p: 2 },
  ])("avg_pool2d with %o", async ({ k, s, p }) => {
    const w = { s, p, d: 1, g: 1 };
    for (const count_pad of [true, false]) {
      const want = numbers([2, 3, steps(9, k, w), steps(7, k, w)], (n, c, y, x) => {
        const seen = numbers([k, k], (r, q) => padded(X, NaN, n, c, y * s + r - p, x * s + q - p)).data;
        const inside = seen.filter((v) => !Number.isNaN(v));
        return inside.reduce((a, v) => a + v, 0) / (count_pad ? k * k : inside.length);
      });
      expectClose((await runStandard("nn", "avg_pool2d", { X }, { k, s, p, count_pad }))("Y"), want);
    }
  });

  test.each([
    [1, 1],
    [3, 7],
    [4, 2],
    [9, 5],
    [12, 10],
    [0, 3],
  ])("adaptive_avg_pool2d to %i x %i", async (OH, OW) => {
    const want = numbers([2, 3, OH, OW], (n, c, y, x) => {
      const [top, bottom] = [Math.floor((y * 9) / OH), Math.ceil(((y + 1) * 9) / OH)];
      const [left, right] = [Math.floor((x * 7) / OW), Math.ceil(((x + 1) * 7) / OW)];
      const [rows, columns] = [bottom - top, right - left];
      return total(rows, (r) => total(columns, (q) => at(X, n, c, top + r, left + q))) / rows / columns;
    });
    expectClose((await runStandard("nn", "adaptive_avg_pool2d", { X, OH, OW }))("Y"), want);
  });

  test.each([
    [1, 1],
    [3, 7],
    [4, 2],
    [12, 10],
    [0, 3],
  ])("adaptive_max_pool2d to %i x %i", async (OH, OW) => {
    const want = numbers([2, 3, OH, OW], (n, c, y, x) => {
      let largest = -Infinity;
      for (let r = Math.floor((y * 9) / OH); r < ((y + 1) * 9) / OH; r++) {
        for (let q = Math.floor((x * 7) / OW); q < ((x + 1) * 7) / OW; q++)
          largest = Math.max(largest, at(X, n, c, r, q));
      }
      return largest;
    });
    expectClose((await runStandard("nn", "adaptive_max_pool2d", { X, OH, OW }))("Y"), want, 0);
  });

  test("global_max_pool, also of images without pixels", async () => {
    const want = numbers([2, 3], (n, c) => Math.max(...numbers([9, 7], (y, x) => at(X, n, c, y, x)).data));
    expectClose(await globalMax(X), want, 0);
    expectClose(await globalMax({ shape: [1, 2, 0, 3], data: [] }), { shape: [1, 2], data: [-Infinity, -Infinity] }, 0);
  });

  test("avg_pool2d has no mean of windows outside of the image", async () => {
    const generics = { k: 2, s: 1, p: 2 };
    const refused = runStandard("nn", "avg_pool2d", { X }, { ...generics, count_pad: false });
    await expect(refused).rejects.toThrow(/count_pad \|\| p < k/);
    const Y = (await runStandard("nn", "avg_pool2d", { X }, { ...generics, count_pad: true }))("Y");
    expect(at(Y, 0, 0, 0, 0)).toBe(0);
  });
});

function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((a, x) => a + x, 0) / values.length;
  return { mean, variance: values.reduce((a, x) => a + (x - mean) ** 2, 0) / values.length };
}

describe("norms of images", () => {
  const X = random([3, 6, 4, 5], 11);
  const [g, b, mu] = [random([6], 12), random([6], 13), random([6], 14)];
  const v = random([6], 15, [0.1, 2]);

  /** X to mean 0 and variance 1 over the elements that share a key, times g, plus b. */
  function normalised(key: (n: number, c: number) => string, eps: number): Numbers {
    const groups = new Map<string, number[]>();
    numbers(X.shape, (n, c, y, x) => {
      groups.set(key(n, c), [...(groups.get(key(n, c)) ?? []), at(X, n, c, y, x)]);
      return 0;
    });
    return numbers(X.shape, (n, c, y, x) => {
      const { mean, variance } = moments(groups.get(key(n, c)) ?? []);
      return ((at(X, n, c, y, x) - mean) / Math.sqrt(variance + eps)) * at(g, c) + at(b, c);
    });
  }

  test.each([1, 2, 3, 6])("group_norm in %i groups", async (groups) => {
    const Y = (await runStandard("nn", "group_norm", { X, g, b }, { groups, eps: 1e-3 }))("Y");
    expectClose(
      Y,
      normalised((n, c) => `${n} ${Math.floor(c / (6 / groups))}`, 1e-3),
    );
  });

  test("instance_norm", async () => {
    const Y = (await runStandard("nn", "instance_norm", { X, g, b }))("Y");
    expectClose(
      Y,
      normalised((n, c) => `${n} ${c}`, 1e-5),
    );
  });

  test("batch_norm_train, its running variance unbiased", async () => {
    const results = await runStandard("nn", "batch_norm_train", { X, g, b, mu, v }, { momentum: 0.25 });
    expectClose(
      results("Y"),
      normalised((_, c) => `${c}`, 1e-5),
    );
    const ofChannel = (c: number) => moments(numbers([3, 4, 5], (n, y, x) => at(X, n, c, y, x)).data);
    expectClose(
      results("mu2"),
      numbers([6], (c) => 0.75 * at(mu, c) + 0.25 * ofChannel(c).mean),
    );
    expectClose(
      results("v2"),
      numbers([6], (c) => 0.75 * at(v, c) + (0.25 * ofChannel(c).variance * 60) / 59),
    );
  });

  test("bn_fold gives what batch_norm of the convolution gives", async () => {
    const [F, bias] = [random([6, 6, 3, 3], 16), random([6], 17)];
    const first = (await runStandard("nn", "conv2d", { X, F, b: bias }))("Y");
    const want = (await runStandard("nn", "batch_norm", { X: first, g, b, mu, v }))("Y");
    const folded = await runStandard("nn", "bn_fold", { F, b: bias, g, beta: b, mu, v });
    const got = (await runStandard("nn", "conv2d", { X, F: folded("F2"), b: folded("b2") }))("Y");
    expectClose(got, want, 1e-4);
  });
});
