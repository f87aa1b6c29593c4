/**
 * The twelve kernels of the language reference compute what they say: the reference interpreter on their equations
 * against loops written here, in doubles and without the compiler.
 */
import { describe, expect, test } from "vitest";
import { doublingHighMultiply } from "../../compiler/ir/ops.ts";
import type { GivenGeneric } from "../../compiler/lang/check-program.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { programText, run } from "../support/check.ts";
import { array, randomArray } from "../support/nd-array.ts";

const text = programText("twelve-kernels.ein").replace(/export derive.*/, "");

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Reads by subscripts; 0 outside. */
function at(t: NDArray, ...index: readonly number[]): number {
  let offset = 0;
  for (const [d, extent] of t.shape.entries()) {
    const i = index[d] ?? 0;
    if (i < 0 || i >= extent) return 0;
    offset = offset * extent + i;
  }
  return Number(t.data[offset]);
}

/** Values of a function over a box, row-major. */
function table(shape: readonly number[], f: (...index: number[]) => number): readonly number[] {
  const fill = (prefix: number[]): readonly number[] =>
    prefix.length === shape.length
      ? [f(...prefix)]
      : range(shape[prefix.length] ?? 0).flatMap((i) => fill([...prefix, i]));
  return fill([]);
}

type Inputs = Readonly<Record<string, NDArray>>;

function results(
  name: string,
  inputs: Inputs,
  generics: Readonly<Record<string, GivenGeneric>> = {},
  dims: Readonly<Record<string, number>> = {},
) {
  return run(text, inputs, { name, generics, dims });
}

function expectClose(got: readonly unknown[] | undefined, wanted: readonly number[]): void {
  expect(got?.length).toBe(wanted.length);
  got?.forEach((x, n) => expect(Number(x)).toBeCloseTo(wanted[n] ?? 0, 4));
}

describe("convolution and pooling", () => {
  test.each([
    [1, 0],
    [2, 1],
    [3, 2],
  ])("conv2d with stride %i and padding %i", (s, p) => {
    const [X, F, b] = [
      randomArray("f32", [2, 3, 7, 6], 1),
      randomArray("f32", [4, 3, 3, 2], 2),
      randomArray("f32", [4], 3),
    ];
    const [h, w] = [Math.floor((7 + 2 * p - 3) / s) + 1, Math.floor((6 + 2 * p - 2) / s) + 1];
    const wanted = table([2, 4, h, w], (n, o, y, x) => {
      const window = table([3, 3, 2], (c, r, q) => at(X, n, c, y * s + r - p, x * s + q - p) * at(F, o, c, r, q));
      return Math.max(0, total(window) + at(b, o));
    });
    expectClose(results("conv2d", { X, F, b }, { s, p })["Y"], wanted);
  });

  test("max_pool with positions", () => {
    const X = randomArray("f32", [1, 2, 5, 6], 4);
    const { Y, I } = results("max_pool", { X }, { k: 3, s: 2 });
    const windows = (n: number, c: number, y: number, x: number) =>
      table([3, 3], (r, q) => at(X, n, c, y * 2 + r, x * 2 + q));
    expectClose(
      Y,
      table([1, 2, 2, 2], (n = 0, c = 0, y = 0, x = 0) => Math.max(...windows(n, c, y, x))),
    );
    expectClose(
      I,
      table([1, 2, 2, 2], (n, c, y, x) => {
        const window = windows(n, c, y, x);
        return window.indexOf(Math.max(...window));
      }),
    );
  });
});

describe("rows", () => {
  const X = randomArray("f32", [3, 5], 5);
  const row = (i: number): readonly number[] => range(5).map((j) => at(X, i, j));

  test("softmax", () => {
    const wanted = table([3, 5], (i, j) => Math.exp(at(X, i, j)) / total(row(i).map(Math.exp)));
    expectClose(results("softmax", { X })["Y"], wanted);
  });

  test("layer_norm", () => {
    const [g, b] = [randomArray("f32", [5], 6), randomArray("f32", [5], 7)];
    const wanted = table([3, 5], (i, j) => {
      const mean = total(row(i)) / 5;
      const variance = total(row(i).map((x) => (x - mean) ** 2)) / 5;
      return ((at(X, i, j) - mean) / Math.sqrt(variance + 1e-5)) * at(g, j) + at(b, j);
    });
    expectClose(results("layer_norm", { X, g, b })["Y"], wanted);
  });

  test("cross_entropy", () => {
    const y = array("i32", [4, 0, 2]);
    const losses = range(3).map((n) => Math.log(total(row(n).map(Math.exp))) - at(X, n, at(y, n)));
    expectClose(results("cross_entropy", { Z: X, y })["loss"], [total(losses) / 3]);
  });

  test("masked_matmul", () => {
    const [W, P] = [
      randomArray("f32", [5, 2], 8),
      array(
        "u8",
        table([5, 2], (k, j) => (k + j) % 2),
        [5, 2],
      ),
    ];
    const wanted = table([3, 2], (i, j) => total(range(5).map((k) => at(X, i, k) * at(W, k, j) * at(P, k, j))));
    expectClose(results("masked_matmul", { X, W, P })["Y"], wanted);
  });
});

test("rnn", () => {
  const [X, h0] = [randomArray("f32", [4, 2, 3], 9), randomArray("f32", [2, 2], 10)];
  const [Wx, Wh, b] = [randomArray("f32", [3, 2], 11), randomArray("f32", [2, 2], 12), randomArray("f32", [2], 13)];
  let state = (n: number, j: number): number => at(h0, n, j);
  const wanted = range(4).flatMap((t) => {
    const before = state;
    const next = table([2, 2], (n, j) =>
      Math.tanh(
        total(range(3).map((i) => at(X, t, n, i) * at(Wx, i, j))) +
          at(b, j) +
          total(range(2).map((k) => before(n, k) * at(Wh, k, j))),
      ),
    );
    state = (n, j) => next[n * 2 + j] ?? 0;
    return next;
  });
  expectClose(results("rnn", { X, h0, Wx, Wh, b })["Hs"], wanted);
});

test("embedding and its gradient", () => {
  const [E, ids, dY] = [
    randomArray("f32", [4, 3], 14),
    array("i32", [
      [3, 0],
      [3, 1],
    ]),
    randomArray("f32", [2, 2, 3], 15),
  ];
  expectClose(
    results("embedding", { E, ids })["Y"],
    table([2, 2, 3], (n, t, d) => at(E, at(ids, n, t), d)),
  );
  const wanted = table([4, 3], (v, d) => total(table([2, 2], (n, t) => (at(ids, n, t) === v ? at(dY, n, t, d) : 0))));
  expectClose(results("embedding_grad", { dY, ids }, {}, { V: 4 })["dE"], wanted);
});

test("causal attention", () => {
  const shape = [1, 2, 4, 3];
  const [Q, K, V] = [randomArray("f32", shape, 16), randomArray("f32", shape, 17), randomArray("f32", shape, 18)];
  const wanted = table([1, 2, 4, 3], (b, h, i, d) => {
    const seen = range(i + 1);
    const score = (j: number): number =>
      total(range(3).map((e) => at(Q, b, h, i, e) * at(K, b, h, j, e))) / Math.sqrt(3);
    const weights = seen.map((j) => Math.exp(score(j)));
    return total(seen.map((j) => ((weights[j] ?? 0) * at(V, b, h, j, d)) / total(weights)));
  });
  expectClose(results("attention", { Q, K, V })["O"], wanted);
});

test("bn_fold", () => {
  const F = randomArray("f32", [2, 1, 2, 2], 19);
  const [b, g] = [randomArray("f32", [2], 20), randomArray("f32", [2], 21)];
  const [beta, mu] = [randomArray("f32", [2], 22), randomArray("f32", [2], 23)];
  const v = array("f32", [0.5, 2]);
  const k = (o: number): number => at(g, o) / Math.sqrt(at(v, o) + 1e-5);
  const out = results("bn_fold", { F, b, g, beta, mu, v });
  expectClose(
    out["F2"],
    table([2, 1, 2, 2], (o, ...i) => at(F, o, ...i) * k(o)),
  );
  expectClose(
    out["b2"],
    table([2], (o) => (at(b, o) - at(mu, o)) * k(o) + at(beta, o)),
  );
});

/** gemmlowp's RoundingDivideByPOT. */
function shift(x: bigint, p: bigint): bigint {
  const mask = (1n << p) - 1n;
  return (x >> p) + ((x & mask) > (mask >> 1n) + (x < 0n ? 1n : 0n) ? 1n : 0n);
}

test("qmatmul, bit for bit", () => {
  const A = array(
    "i8",
    table([3, 4], (i, k) => ((i * 89 + k * 57) % 256) - 128),
    [3, 4],
  );
  const B = array(
    "i8",
    table([4, 2], (k, j) => ((k * 101 + j * 37) % 255) - 127),
    [4, 2],
  );
  const bias = array("i32", [1000, -2000]);
  const [mult, sh] = [array("i32", [1073741824, 2000000001]), array("i32", [3, 7])];
  const [za, zo] = [array("i32", [-5], []), array("i32", [17], [])];
  const wanted = table([3, 2], (i, j) => {
    const acc = total(range(4).map((k) => (at(A, i, k) + 5) * at(B, k, j))) + at(bias, j);
    const scaled = shift(doublingHighMultiply(BigInt(acc), BigInt(at(mult, j))), BigInt(at(sh, j)));
    return Math.max(-128, Math.min(127, Number(scaled) + 17));
  });
  expect(results("qmatmul", { A, B, bias, za, zo, mult, sh })["C"]).toEqual(wanted);
});
