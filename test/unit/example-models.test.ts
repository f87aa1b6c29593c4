/**
 * The models of dsl-examples/ at the sizes of their texts against plain loops in doubles, its page of curiosities against
 * what is known of gliders, primes, Sierpinski's triangle and the Mandelbrot set, and its list of what there is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { einkorn } from "../support/cli.ts";
import { blocksOf, tableOf } from "../support/markdown.ts";
import type { Numbers, Results } from "../support/standard.ts";
import { at, expectClose, numbers, random, randomInts, runKernel, total } from "../support/standard.ts";

afterAll(close);

const FOLDER = join(import.meta.dirname, "..", "..", "dsl-examples");

function runExample(
  file: string,
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number>> = {},
): Promise<Results> {
  const path = join(FOLDER, `${file}.ein`);
  return runKernel(readFileSync(path, "utf8"), path, kernel, args, generics);
}

/** Weights of a size at which values neither die out nor saturate (He et al. 2015). */
function weights(shape: readonly number[], fanIn: number, seed: number): Numbers {
  const bound = Math.sqrt(6 / fanIn);
  return random(shape, seed, [-bound, bound]);
}

/** Images of one batch, channels first. */
type Image = { readonly channels: number; readonly size: number; readonly data: Float64Array };

/** Correlation with 3 x 3 filters over `pad` zeros on each side, and relu, of one square image. */
function convolve(x: Image, F: Numbers, b: Numbers, pad: number): Image {
  const [channels = 0] = F.shape;
  const size = x.size + 2 * pad - 2;
  const data = new Float64Array(channels * size * size);
  for (let o = 0; o < channels; o++) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = at(b, o);
        for (let c = 0; c < x.channels; c++) {
          for (let tap = 0; tap < 9; tap++) {
            const from = row + Math.floor(tap / 3) - pad;
            const across = column + (tap % 3) - pad;
            if (from < 0 || from >= x.size || across < 0 || across >= x.size) continue;
            sum +=
              (x.data[(c * x.size + from) * x.size + across] ?? NaN) * (F.data[(o * x.channels + c) * 9 + tap] ?? NaN);
          }
        }
        data[(o * size + row) * size + column] = Math.max(sum, 0);
      }
    }
  }
  return { channels, size, data };
}

/** The largest of each 2 x 2 block; an odd last row and column are left out. */
function halve({ channels, size, data }: Image): Image {
  const half = Math.floor(size / 2);
  const value = (c: number, row: number, column: number): number => data[(c * size + row) * size + column] ?? NaN;
  const result = new Float64Array(channels * half * half);
  for (let n = 0; n < result.length; n++) {
    const c = Math.floor(n / half / half);
    const [row, column] = [2 * (Math.floor(n / half) % half), 2 * (n % half)];
    result[n] = Math.max(
      value(c, row, column),
      value(c, row, column + 1),
      value(c, row + 1, column),
      value(c, row + 1, column + 1),
    );
  }
  return { channels, size: half, data: result };
}

const dense = (x: readonly number[], W: Numbers, b: Numbers): number[] =>
  b.data.map((bias, o) => bias + total(x.length, (i) => (x[i] ?? NaN) * at(W, i, o)));

const imageOf = (X: Numbers, n: number): Image => {
  const [, channels = 0, size = 0] = X.shape;
  const length = channels * size * size;
  return { channels, size, data: Float64Array.from(X.data.slice(n * length, (n + 1) * length)) };
};

describe("networks at the sizes of their texts", () => {
  test("cnn_cifar", async () => {
    const X = random([2, 3, 32, 32], 1);
    const [w1, w2, w3] = [
      weights([32, 3, 3, 3], 27, 2),
      weights([64, 32, 3, 3], 288, 3),
      weights([128, 64, 3, 3], 576, 4),
    ];
    const [b1, b2, b3] = [random([32], 5), random([64], 6), random([128], 7)];
    const [wf, bf] = [weights([2048, 10], 2048, 8), random([10], 9)];
    const got = (await runExample("cnn_cifar", "cnn_cifar", { X, w1, b1, w2, b2, w3, b3, wf, bf }))("Y");
    const want = [0, 1].flatMap((n) => {
      const h1 = halve(convolve(imageOf(X, n), w1, b1, 1));
      const h2 = halve(convolve(h1, w2, b2, 1));
      const h3 = halve(convolve(h2, w3, b3, 1));
      expect([h3.channels, h3.size]).toEqual([128, 4]);
      return dense([...h3.data], wf, bf);
    });
    expectClose(got, { shape: [2, 10], data: want });
  });

  test("mnist_cnn", async () => {
    const X = random([2, 1, 28, 28], 1, [0, 1]);
    const [w1, w2, w3] = [
      weights([32, 1, 3, 3], 9, 2),
      weights([64, 32, 3, 3], 288, 3),
      weights([64, 64, 3, 3], 576, 4),
    ];
    const [b1, b2, b3] = [random([32], 5), random([64], 6), random([64], 7)];
    const [w4, b4] = [weights([576, 64], 576, 8), random([64], 9)];
    const [w5, b5] = [weights([64, 10], 64, 10), random([10], 11)];
    const args = { X, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 };
    const got = (await runExample("mnist_cnn", "mnist_cnn", args))("Y");
    const want = [0, 1].flatMap((n) => {
      const h1 = halve(convolve(imageOf(X, n), w1, b1, 0));
      const h2 = halve(convolve(h1, w2, b2, 0));
      const h3 = convolve(h2, w3, b3, 0);
      expect([h3.channels, h3.size]).toEqual([64, 3]);
      // Keras' order: the channels are next to each other.
      const flat = Array.from({ length: 9 }, (_, place) =>
        Array.from({ length: 64 }, (__, c) => h3.data[c * 9 + place] ?? NaN),
      ).flat();
      const logits = dense(
        dense(flat, w4, b4).map((x) => Math.max(x, 0)),
        w5,
        b5,
      );
      const sum = total(10, (k) => Math.exp(logits[k] ?? NaN));
      return logits.map((x) => Math.exp(x) / sum);
    });
    // A test of nothing if one class takes all.
    expect(Math.max(...want)).toBeLessThan(0.9999);
    expectClose(got, { shape: [2, 10], data: want });
  });

  test("cnn_imagenet, with a smaller layer of 8", async () => {
    const X = random([1, 3, 224, 224], 1);
    const [w1, w2] = [weights([4, 3, 3, 3], 27, 2), weights([5, 4, 3, 3], 36, 3)];
    const [b1, b2] = [random([4], 5), random([5], 6)];
    const [w3, b3, w4, b4] = [
      weights([5 * 56 * 56, 8], 5 * 56 * 56, 8),
      random([8], 9),
      weights([8, 10], 8, 10),
      random([10], 11),
    ];
    const sizes = { C1: 4, C2: 5, D: 8 };
    const args = { X, w1, b1, w2, b2, w3, b3, w4, b4 };
    const got = (await runExample("cnn_imagenet", "cnn_imagenet", args, sizes))("Y");
    const h = halve(convolve(halve(convolve(imageOf(X, 0), w1, b1, 1)), w2, b2, 1));
    const hidden = dense([...h.data], w3, b3).map((x) => Math.max(x, 0));
    expectClose(got, { shape: [1, 10], data: dense(hidden, w4, b4) });
  });

  test("sequence_classifier", async () => {
    const [L, B, V, D, H, C] = [7, 3, 11, 5, 6, 4];
    const ids = randomInts([L, B], 1, [0, V]);
    const [E, W, U] = [random([V, D], 2), random([D, H], 3), random([H, H], 4)];
    const [b, wo, bo] = [random([H], 5), random([H, C], 6), random([C], 7)];
    const got = (await runExample("sequence_classifier", "sequence_classifier", { ids, E, W, U, b, wo, bo }))("Y");
    const want = numbers([B, C], (n, c) => {
      let h = Array.from({ length: H }, () => 0);
      for (let t = 0; t < L; t++) {
        const [word, before] = [at(ids, t, n), h];
        h = before.map((_, j) => {
          const input = total(D, (d) => at(E, word, d) * at(W, d, j));
          return Math.tanh(input + total(H, (k) => (before[k] ?? NaN) * at(U, k, j)) + at(b, j));
        });
      }
      return at(bo, c) + total(H, (j) => (h[j] ?? NaN) * at(wo, j, c));
    });
    expectClose(got, want);
  });
});

/** Seven taps of a Gaussian with sigma 1.5. */
const weight = (d: number): number => Math.exp((-d * d) / 4.5) / total(7, (k) => Math.exp((-(k - 3) * (k - 3)) / 4.5));

describe("the image pipeline", () => {
  /** Black to the left of column 8, white from there on. */
  const halves = numbers([12, 16, 3], (_, x) => (x < 8 ? 0 : 255));

  test("grey is BT.601's luma", async () => {
    const X = numbers([1, 4, 3], (_, x, c) => (x === 3 || x === c ? 255 : 0));
    const grey = (await runExample("image_pipeline", "grayscale", { X }))("Y");
    expectClose(grey, { shape: [1, 4], data: [0.299, 0.587, 0.114, 1] });
  });

  test("blurring a point gives the Gaussian, whose sum is 1", async () => {
    const X = numbers([7, 7], (y, x) => (y === 3 && x === 3 ? 1 : 0));
    const Y = (await runExample("image_pipeline", "blur", { X }, { r: 3, sigma: 1.5 }))("Y");
    expectClose(
      Y,
      numbers([7, 7], (y, x) => weight(y - 3) * weight(x - 3)),
    );
    expect(total(49, (n) => Y.data[n] ?? NaN)).toBeCloseTo(1, 6);
  });

  test("sobel of a ramp is 8 times its slope", async () => {
    const X = numbers([5, 6], (y, x) => 0.25 * x + 0.5 * y);
    const Y = (await runExample("image_pipeline", "sobel", { X }))("Y");
    expect(at(Y, 2, 3)).toBeCloseTo(8 * Math.hypot(0.25, 0.5), 6);
  });

  test("the edge between black and white is found where it is, and nowhere else", async () => {
    const run = await runExample("image_pipeline", "edge_mask", { X: halves }, { level: 1.5 });
    const [mask, magnitude] = [run("mask"), run("magnitude")];
    expect(mask).toEqual(numbers([12, 16], (_, x) => (x === 7 || x === 8 ? 255 : 0)));
    expect(mask.data.map((m) => m === 255)).toEqual(magnitude.data.map((m) => m > 1.5));
  });
});

describe("curiosities", () => {
  test("a glider is one further down and right after four generations, around the torus", async () => {
    const cells = ["0,1", "1,2", "2,0", "2,1", "2,2"];
    const glider = (move: number): Numbers =>
      numbers([8, 9], (y, x) => (cells.includes(`${(y - move + 8) % 8},${(x - move + 9) % 9}`) ? 1 : 0));
    const Y = (await runExample("curiosities", "life", { X: glider(6), N: 8 }))("Y");
    const generation = (n: number): Numbers => ({ shape: [8, 9], data: Y.data.slice(n * 72, (n + 1) * 72) });
    expect(generation(3)).toEqual(glider(7));
    expect(generation(7)).toEqual(glider(8));
    expect((await runExample("curiosities", "life_step", { X: glider(6) }))("Y")).toEqual(generation(0));
  });

  test("rule 90 is Pascal's triangle modulo 2; all rules are their tables", async () => {
    const start = numbers([33], (x) => (x === 16 ? 1 : 0));
    const Y = (await runExample("curiosities", "automaton", { X: start, N: 15 }, { rule: 90 }))("Y");
    let row = [1n];
    for (let t = 0; t < 15; t++) {
      row = [...row, 0n].map((v, k) => v + (row[k - 1] ?? 0n));
      const odd = row.flatMap((v, k) => (v % 2n === 1n ? [16 - (t + 1) + 2 * k] : []));
      const line = Y.data.slice(t * 33, (t + 1) * 33).flatMap((v, x) => (v === 1 ? [x] : []));
      expect(line).toEqual(odd);
    }
    const X = randomInts([40], 3, [0, 2]);
    for (const rule of [0, 30, 110, 255]) {
      const next = (await runExample("curiosities", "automaton", { X, N: 1 }, { rule }))("Y");
      const cell = (x: number): number => X.data[(x + 40) % 40] ?? NaN;
      expect(next.data).toEqual(X.data.map((_, x) => (rule >> (4 * cell(x - 1) + 2 * cell(x) + cell(x + 1))) & 1));
    }
  });

  test("primes below 100", async () => {
    const run = await runExample("curiosities", "primes", { N: 100 });
    const found = run("prime").data.flatMap((p, n) => (p === 1 ? [n] : []));
    expect(found).toEqual([
      2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    ]);
    expect(run("count").data).toEqual([25]);
  });

  test("the Mandelbrot set, against the loop that everybody writes", async () => {
    // Numbers that f32 holds; a step loses less than what decides at so few steps.
    const [left, top, side, H, W, steps] = [-2.125, 1.125, 3.25, 9, 13, 12];
    const got = (await runExample("curiosities", "mandelbrot", { left, top, side, H, W }, { steps }))("count");
    const want = numbers([H, W], (y, x) => {
      const [a, b] = [left + ((x + 0.5) * side) / W, top - ((y + 0.5) * side) / W];
      let [u, v, n] = [0, 0, 0];
      while (n < steps) {
        if (u * u + v * v > 4) return n;
        [u, v] = [u * u - v * v + a, 2 * u * v + b];
        n++;
      }
      return steps;
    });
    expect(got).toEqual(want);
    expect(new Set(want.data).size).toBeGreaterThan(4);
  });

  test("heat is kept, and spreads", async () => {
    const X = numbers([6, 7], (y, x) => (y === 1 && x === 2 ? 10 : 0));
    const Y = (await runExample("curiosities", "heat", { X, N: 400 }))("Y");
    const last = { shape: [6, 7], data: Y.data.slice(399 * 42) };
    expect(total(42, (n) => last.data[n] ?? NaN)).toBeCloseTo(10, 3);
    expectClose(
      last,
      numbers([6, 7], () => 10 / 42),
      1e-2,
    );
    expect(at(Y, 0, 1, 2)).toBeCloseTo(10 * (1 - 4 * 0.2), 5);
    expect(at(Y, 0, 0, 2)).toBeCloseTo(10 * 0.2, 5);
  });
});

describe("the list of examples", () => {
  const page = readFileSync(join(FOLDER, "README.md"), "utf8");

  test("has each file once", () => {
    const rows = ["kernels", "models"].flatMap((name) => tableOf(page, name));
    const listed = rows.map(([cell = ""]) => /^\[(.*)\]\(\1\)$/.exec(cell)?.[1] ?? cell);
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ein"));
    expect(listed.toSorted()).toEqual(files.toSorted());
  });

  // The block behind the first one runs the large network.
  const lines = (blocksOf(page)[0]?.text ?? "").split("\n");
  test.each(lines)("%s", async (line) => {
    const argv = line.split(" ").slice(2);
    const paths = argv.map((a) => a.replace(/^dsl-examples/, FOLDER));
    expect(await einkorn(...paths)).toMatchObject({ exit: 0 });
  });
});
