/** std/loss, std/metrics and std/optim against loops written from their definitions. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, random, randomInts, runStandard, total } from "../support/standard.ts";

afterAll(close);

const one = (x: number): Numbers => ({ shape: [], data: [x] });

/** The mean of `f` over a whole array's places. */
function mean(shape: readonly number[], f: (...index: number[]) => number): number {
  const { data } = numbers(shape, f);
  return data.reduce((a, x) => a + x, 0) / data.length;
}

/** Softmax of each row of seven. */
const softmaxOf = (x: Numbers): Numbers =>
  numbers(x.shape, (n, c) => Math.exp(at(x, n, c)) / total(7, (k) => Math.exp(at(x, n, k))));

/** The divergence of one row whose second probability is 0.5. */
async function divergence(first: number, logarithm: number): Promise<Numbers> {
  const LQ = { shape: [1, 2], data: [logarithm, -1] };
  return (await runStandard("loss", "kl_divergence", { LQ, P: { shape: [1, 2], data: [first, 0.5] } }))("loss");
}

describe("losses", () => {
  const [P, Y] = [random([5, 7], 1, [-3, 3]), random([5, 7], 2, [-3, 3])];

  test("mse", async () => {
    const want = mean([5, 7], (n, d) => (at(P, n, d) - at(Y, n, d)) ** 2);
    expectClose((await runStandard("loss", "mse", { P, Y }))("loss"), one(want));
  });

  test.each([0.5, 1, 2])("huber with delta %d", async (delta) => {
    const want = mean([5, 7], (n, d) => {
      const e = Math.abs(at(P, n, d) - at(Y, n, d));
      return e <= delta ? (e * e) / 2 : delta * (e - delta / 2);
    });
    expectClose((await runStandard("loss", "huber", { P, Y }, { delta }))("loss"), one(want));
  });

  test.each([0, 0.1, 1])("cross_entropy with smoothing %d", async (smoothing) => {
    const y = randomInts([5], 3, [0, 7]);
    // The cross-entropy of the smoothed distribution: -Σ q log p.
    const want = mean([5], (n) => {
      const sum = total(7, (c) => Math.exp(at(P, n, c)));
      const wanted = (c: number): number => (c === at(y, n) ? 1 - smoothing : 0) + smoothing / 7;
      return -total(7, (c) => wanted(c) * Math.log(Math.exp(at(P, n, c)) / sum));
    });
    expectClose((await runStandard("loss", "cross_entropy", { Z: P, y }, { smoothing }))("loss"), one(want));
  });

  test("cross_entropy of logits that overflow, and with a class that is out of the question", async () => {
    const Z = { shape: [2, 3], data: [1000, 0, -1000, 5, -Infinity, 5] };
    const loss = (await runStandard("loss", "cross_entropy", { Z, y: { shape: [2], data: [1, 2] } }))("loss");
    expectClose(loss, one((1000 + Math.log(2)) / 2));
  });

  test("binary_cross_entropy", async () => {
    const wanted = random([5, 7], 4, [0, 1]);
    const want = mean([5, 7], (n, d) => {
      const [p, y] = [1 / (1 + Math.exp(-at(P, n, d))), at(wanted, n, d)];
      return -(y * Math.log(p) + (1 - y) * Math.log(1 - p));
    });
    expectClose((await runStandard("loss", "binary_cross_entropy", { Z: P, Y: wanted }))("loss"), one(want));
    const far = await runStandard("loss", "binary_cross_entropy", {
      Z: { shape: [1, 2], data: [500, -500] },
      Y: { shape: [1, 2], data: [1, 1] },
    });
    expectClose(far("loss"), one(250));
  });

  test("kl_divergence", async () => {
    const [p, q] = [softmaxOf(P), softmaxOf(Y)];
    const wanted = numbers([5, 7], (n, c) => (c === 0 ? 0 : at(p, n, c)));
    const want = total(5, (n) => total(7, (c) => (c === 0 ? 0 : at(p, n, c) * Math.log(at(p, n, c) / at(q, n, c)))));
    const LQ = numbers([5, 7], (n, c) => Math.log(at(q, n, c)));
    expectClose((await runStandard("loss", "kl_divergence", { LQ, P: wanted }))("loss"), one(want / 5));
  });

  test("kl_divergence leaves out P = 0 and nothing else", async () => {
    const rest = 0.5 * (Math.log(0.5) + 1);
    expectClose(await divergence(0, -1), one(rest));
    expectClose(await divergence(0, -Infinity), one(rest));
    expectClose(await divergence(NaN, -1), one(NaN));
    expectClose(await divergence(-0.5, -1), one(NaN));
  });
});

describe("metrics", () => {
  // Class 3 has no samples, class 4 no predictions, class 5 neither.
  const Y = { shape: [10], data: [0, 0, 0, 1, 1, 2, 2, 2, 4, 0] };
  const P = { shape: [10], data: [0, 0, 1, 1, 0, 2, 2, 3, 3, 0] };
  const C = 6;

  test("accuracy", async () => {
    expectClose((await runStandard("metrics", "accuracy", { P, Y }))("share"), one(0.6));
    const none = { shape: [0], data: [] };
    expectClose((await runStandard("metrics", "accuracy", { P: none, Y: none }))("share"), one(NaN));
  });

  test("confusion_matrix", async () => {
    const M = (await runStandard("metrics", "confusion_matrix", { P, Y, C }))("M");
    const rows = [
      [3, 1, 0, 0, 0, 0],
      [1, 1, 0, 0, 0, 0],
      [0, 0, 2, 1, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ];
    expect(M).toEqual({ shape: [6, 6], data: rows.flat() });
  });

  test.each([
    ["precision", [3 / 4, 1 / 2, 1, 0, 0, 0]],
    ["recall", [3 / 4, 1 / 2, 2 / 3, 0, 0, 0]],
    ["f1_score", [3 / 4, 1 / 2, 4 / 5, 0, 0, 0]],
  ])("%s", async (kernel, want) => {
    const results = await runStandard("metrics", kernel, { P, Y, C });
    expectClose(results("by_class"), { shape: [6], data: want });
    expectClose(results("macro"), one(want.reduce((a, x) => a + x, 0) / 6));
  });
});

describe("optimizers", () => {
  const N = 6;
  const W = random([N], 1);
  const grad = (step: number): Numbers => random([N], 10 + step);
  const zeros = numbers([N], () => 0);

  test.each([0, 0.1])("sgd with weight_decay %d", async (weight_decay) => {
    const G = grad(0);
    const W2 = (await runStandard("optim", "sgd", { W, G, lr: 0.5 }, { weight_decay }))("W2");
    expectClose(
      W2,
      numbers([N], (i) => at(W, i) - 0.5 * (at(G, i) + weight_decay * at(W, i))),
    );
  });

  test.each([
    { nesterov: false, weight_decay: 0 },
    { nesterov: true, weight_decay: 0.1 },
  ])("three steps of momentum with %o", async ({ nesterov, weight_decay }) => {
    let [w, v, wantW, wantV] = [W, zeros, W, zeros];
    for (let t = 0; t < 3; t++) {
      const [w0, v0] = [wantW, wantV];
      const g = numbers([N], (i) => at(grad(t), i) + weight_decay * at(w0, i));
      wantV = numbers([N], (i) => 0.9 * at(v0, i) + at(g, i));
      const v1 = wantV;
      wantW = numbers([N], (i) => at(w0, i) - 0.1 * (nesterov ? at(g, i) + 0.9 * at(v1, i) : at(v1, i)));
      const results = await runStandard(
        "optim",
        "momentum",
        { W: w, G: grad(t), V: v, lr: 0.1 },
        { nesterov, weight_decay },
      );
      [w, v] = [results("W2"), results("V2")];
      expectClose(w, wantW);
      expectClose(v, wantV);
    }
  });

  test.each([
    { kernel: "adam", weight_decay: 0 },
    { kernel: "adam", weight_decay: 0.1 },
    { kernel: "adamw", weight_decay: 0.1 },
  ])("three steps of $kernel with weight_decay $weight_decay", async ({ kernel, weight_decay }) => {
    const [b1, b2, lr] = [0.9, 0.999, 0.01];
    let [w, m, v] = [W, zeros, zeros];
    let [wantW, wantM, wantV] = [W, zeros, zeros];
    for (let t = 1; t <= 3; t++) {
      const [w0, m0, v0] = [wantW, wantM, wantV];
      const decay = kernel === "adam" ? weight_decay : 0;
      const g = numbers([N], (i) => at(grad(t), i) + decay * at(w0, i));
      const m1 = numbers([N], (i) => b1 * at(m0, i) + (1 - b1) * at(g, i));
      const v1 = numbers([N], (i) => b2 * at(v0, i) + (1 - b2) * at(g, i) ** 2);
      const shrunk = kernel === "adamw" ? 1 - lr * weight_decay : 1;
      wantW = numbers([N], (i) => {
        const step = at(m1, i) / (1 - b1 ** t) / (Math.sqrt(at(v1, i) / (1 - b2 ** t)) + 1e-8);
        return shrunk * at(w0, i) - lr * step;
      });
      [wantM, wantV] = [m1, v1];
      const results = await runStandard("optim", kernel, { W: w, G: grad(t), M: m, V: v, lr, t }, { weight_decay });
      [w, m, v] = [results("W2"), results("M2"), results("V2")];
      expectClose(w, wantW, 1e-6);
      expectClose(m, wantM, 1e-6);
      expectClose(v, wantV, 1e-6);
    }
  });

  test("adam's first step is precise for a b2 near 1", async () => {
    const G = { shape: [1], data: [0.25] };
    const zero = { shape: [1], data: [0] };
    const args = { W: zero, G, M: zero, V: zero, lr: 1, t: 1 };
    const W2 = (await runStandard("optim", "adam", args, { b2: 0.99999, eps: 0 }))("W2");
    expectClose(W2, { shape: [1], data: [-1] }, 1e-6);
  });
});
