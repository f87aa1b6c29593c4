/** std/nn on rows and sequences: activations, recurrent layers, attention against loops written from their definitions. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import type { Numbers } from "../support/standard.ts";
import {
  at,
  expectClose,
  numbers,
  random,
  randomInts,
  reshaped,
  runKernel,
  runStandard,
  total,
} from "../support/standard.ts";

afterAll(close);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe("rows", () => {
  const X = random([4, 9], 1, [-6, 6]);

  test.each([
    ["gelu_tanh(X)", (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
    ["silu(X)", (x: number) => x * sigmoid(x)],
    ["softplus(20.0 * X)", (x: number) => (20 * x > 30 ? 20 * x : Math.log(1 + Math.exp(20 * x)))],
    ["leaky_relu(X)", (x: number) => (x < 0 ? 0.01 * x : x)],
  ])("%s", async (call, f) => {
    const text = `import { ${call.split("(")[0]} } from "std/nn";
      kernel whole(X: f32[M, N]) -> Y: f32[M, N] { Y = ${call}; }`;
    expectClose(
      (await runKernel(text, "test.ein", "whole", { X }))("Y"),
      numbers(X.shape, (i, j) => f(at(X, i, j))),
    );
  });

  test("softmax and log_softmax of rows with -inf and of no columns", async () => {
    const rows = numbers([2, 3], (i, j) => (i === 1 && j !== 1 ? -Infinity : i + j));
    const Y = (await runStandard("nn", "softmax", { X: rows }))("Y");
    const whole = 1 + Math.E + Math.E ** 2;
    expectClose(Y, { shape: [2, 3], data: [1 / whole, Math.E / whole, Math.E ** 2 / whole, 0, 1, 0] });
    const L = (await runStandard("nn", "log_softmax", { X: rows }))("Y");
    const logs = [0, 1, 2].map((x) => x - Math.log(whole));
    expectClose(L, { shape: [2, 3], data: [...logs, -Infinity, 0, -Infinity] });
    for (const kernel of ["softmax", "log_softmax"]) {
      expectClose((await runStandard("nn", kernel, { X: random([2, 0], 1) }))("Y"), random([2, 0], 1));
    }
  });

  test("dynamic_tanh", async () => {
    const [g, b] = [random([9], 2), random([9], 3)];
    const Y = (await runStandard("nn", "dynamic_tanh", { X, a: 0.5, g, b }))("Y");
    expectClose(
      Y,
      numbers(X.shape, (i, j) => Math.tanh(0.5 * at(X, i, j)) * at(g, j) + at(b, j)),
    );
  });

  test("layer_norm in f16 sums in f32", async () => {
    // 4096 ones and a mean of 4: sums of f16 alone would stop at 2048 ones.
    const rows = numbers([1, 4096], (_, j) => (j % 2 === 0 ? 3 : 5));
    const [g, b] = [numbers([4096], () => 1), numbers([4096], () => 0)];
    const Y = (await runStandard("nn", "layer_norm", { X: rows, g, b }, { T: "f16" }))("Y");
    expectClose(
      Y,
      numbers([1, 4096], (_, j) => (j % 2 === 0 ? -1 : 1)),
      1e-3,
    );
  });
});

/** A step of a layer: from the input and the states to the new states, all [batch, features]. */
type Step = (x: Numbers, states: readonly Numbers[]) => readonly Numbers[];

/** x W[…gate] + h U[…gate] at (n, j), W [gates, in, out]. */
const product = (x: Numbers, W: Numbers, g: number, n: number, j: number): number =>
  total(x.shape[1] ?? 0, (i) => at(x, n, i) * at(W, g, i, j));

const rnnStep =
  (W: Numbers, U: Numbers, b: Numbers): Step =>
  (x, [h = x]) => [
    numbers(h.shape, (n, j) => Math.tanh(product(x, W, 0, n, j) + product(h, U, 0, n, j) + at(b, 0, j))),
  ];

const lstmStep =
  (W: Numbers, U: Numbers, b: Numbers): Step =>
  (x, [h = x, c = x]) => {
    const gate = (g: number, n: number, j: number): number =>
      product(x, W, g, n, j) + product(h, U, g, n, j) + at(b, g, j);
    const c2 = numbers(
      c.shape,
      (n, j) => sigmoid(gate(2, n, j)) * at(c, n, j) + sigmoid(gate(0, n, j)) * Math.tanh(gate(3, n, j)),
    );
    return [numbers(h.shape, (n, j) => sigmoid(gate(1, n, j)) * Math.tanh(at(c2, n, j))), c2];
  };

const gruStep =
  (W: Numbers, U: Numbers, b: Numbers, a: Numbers, resetAfter: boolean): Step =>
  (x, [h = x]) => {
    const gate = (g: number, n: number, j: number): number =>
      sigmoid(product(x, W, g, n, j) + at(b, g, j) + product(h, U, g, n, j) + at(a, g, j));
    const r = numbers(h.shape, (n, j) => gate(1, n, j));
    const rh = numbers(h.shape, (n, j) => at(r, n, j) * at(h, n, j));
    const candidate = (n: number, j: number): number => {
      const state = resetAfter
        ? at(r, n, j) * (product(h, U, 2, n, j) + at(a, 2, j))
        : product(rh, U, 2, n, j) + at(a, 2, j);
      return Math.tanh(product(x, W, 2, n, j) + at(b, 2, j) + state);
    };
    return [numbers(h.shape, (n, j) => (1 - gate(0, n, j)) * candidate(n, j) + gate(0, n, j) * at(h, n, j))];
  };

/** The first states after each step, in the order of the steps, and all states after the last. */
function overTime(step: Step, X: Numbers, first: readonly Numbers[], backwards: boolean) {
  const [L = 0, B = 0, I = 0] = X.shape;
  let states = first;
  const outputs = new Map<number, Numbers>();
  for (let k = 0; k < L; k++) {
    const t = backwards ? L - 1 - k : k;
    states = step(
      numbers([B, I], (n, i) => at(X, t, n, i)),
      states,
    );
    outputs.set(t, states[0] ?? X);
  }
  return { output: (t: number): Numbers => outputs.get(t) ?? X, last: states };
}

/** Entry `d` of the first axis. */
const part = (x: Numbers, d: number): Numbers => numbers(x.shape.slice(1), (...i) => at(x, d, ...i));

describe("recurrent layers", () => {
  const [L, B, I, H] = [5, 3, 4, 2];
  const X = random([L, B, I], 1);
  const layers = [
    { name: "rnn", gates: 1, states: 1, generics: {} },
    { name: "lstm", gates: 4, states: 2, generics: {} },
    { name: "gru", gates: 3, states: 1, generics: { reset_after: true } },
    { name: "gru", gates: 3, states: 1, generics: { reset_after: false } },
  ] as const;

  test.each(layers)(
    "$name $generics: a step, a sequence, both directions",
    async ({ name, gates, states, generics }) => {
      const [W, U, b, a] = [
        random([2, gates, I, H], 2),
        random([2, gates, H, H], 3),
        random([2, gates, H], 4),
        random([2, gates, H], 5),
      ];
      const [h0, c0] = [random([2, B, H], 6), random([2, B, H], 7)];
      const steps = [0, 1].map((d) => {
        const [w, u, bias] = [part(W, d), part(U, d), part(b, d)];
        if (name === "rnn") return rnnStep(w, u, bias);
        return name === "lstm" ? lstmStep(w, u, bias) : gruStep(w, u, bias, part(a, d), generics.reset_after);
      });
      const first = (d: number): readonly Numbers[] => [part(h0, d), part(c0, d)].slice(0, states);
      const want = steps.map((step, d) => overTime(step, X, first(d), d === 1));
      const [forward, backward] = want;
      if (forward === undefined || backward === undefined) throw new Error("two directions");

      // A simple layer has one gate, and no axis for it.
      const gated = (x: Numbers, axis: number): Numbers =>
        name === "rnn" ? reshaped(x, x.shape.toSpliced(axis, 1)) : x;
      const both = { W: gated(W, 1), U: gated(U, 1), b: gated(b, 1), ...(name === "gru" ? { a } : {}) };
      const one = {
        W: gated(part(W, 0), 0),
        U: gated(part(U, 0), 0),
        b: gated(part(b, 0), 0),
        ...(name === "gru" ? { a: part(a, 0) } : {}),
      };
      const cells = states === 2 ? { c0 } : {};

      const sequence = await runStandard(
        "nn",
        name,
        { X, h0: part(h0, 0), ...(states === 2 ? { c0: part(c0, 0) } : {}), ...one },
        generics,
      );
      expectClose(
        sequence("Hs"),
        numbers([L, B, H], (t, n, j) => at(forward.output(t), n, j)),
      );
      expectClose(sequence("hn"), forward.last[0] ?? X);
      if (states === 2) expectClose(sequence("cn"), forward.last[1] ?? X);

      const cell = await runStandard(
        "nn",
        `${name}_cell`,
        { X: part(X, 0), h: part(h0, 0), ...(states === 2 ? { c: part(c0, 0) } : {}), ...one },
        generics,
      );
      expectClose(cell("h2"), forward.output(0));

      const twice = await runStandard("nn", `${name}_both`, { X, h0, ...cells, ...both }, generics);
      expectClose(
        twice("Y"),
        numbers([L, 2, B, H], (t, d, n, j) => at((d === 0 ? forward : backward).output(t), n, j)),
      );
      const last = (k: number): Numbers =>
        numbers([2, B, H], (d, n, j) => at((d === 0 ? forward : backward).last[k] ?? X, n, j));
      expectClose(twice("hn"), last(0));
      if (states === 2) expectClose(twice("cn"), last(1));
    },
  );

  test("a sequence without steps ends where it starts", async () => {
    const [W, U, b, h0] = [random([I, H], 2), random([H, H], 3), random([H], 4), random([B, H], 5)];
    const results = await runStandard("nn", "rnn", { X: random([0, B, I], 1), h0, W, U, b });
    expect(results("Hs").shape).toEqual([0, B, H]);
    expectClose(results("hn"), h0);
  });
});

describe("attention", () => {
  const [B, H, L, S, D, E] = [2, 6, 3, 5, 4, 3];

  /** Softmax of the scores of the keys up to `sees(i)`, then the mean of the values by it. */
  function attend(Q: Numbers, K: Numbers, V: Numbers, sees: (i: number) => number): Numbers {
    const shared = H / (K.shape[1] ?? 1);
    return numbers([B, H, L, E], (n, h, i, e) => {
      const g = Math.floor(h / shared);
      const count = Math.min(sees(i) + 1, S);
      const scores = Array.from({ length: count }, (_, j) =>
        Math.exp(total(D, (d) => at(Q, n, h, i, d) * at(K, n, g, j, d)) / Math.sqrt(D)),
      );
      const sum = scores.reduce((x, y) => x + y, 0);
      return total(count, (j) => ((scores[j] ?? 0) / sum) * at(V, n, g, j, e));
    });
  }

  test.each([
    ["attention", 6],
    ["grouped_query_attention", 6],
    ["grouped_query_attention", 3],
    ["grouped_query_attention", 1],
  ])("%s with %i heads of keys", async (kernel, G) => {
    const [Q, K, V] = [random([B, H, L, D], 1), random([B, G, S, D], 2), random([B, G, S, E], 3)];
    const run = async (generics: Readonly<Record<string, boolean>>): Promise<Numbers> =>
      (await runStandard("nn", kernel, { Q, K, V }, generics))("O");
    expectClose(
      await run({}),
      attend(Q, K, V, () => S),
    );
    expectClose(
      await run({ causal: true }),
      attend(Q, K, V, (i) => i),
    );
    expectClose(
      await run({ causal: true, cached: true }),
      attend(Q, K, V, (i) => i + S - L),
    );
  });

  test.each([false, true])("rope, interleaved: %s", async (interleaved) => {
    const X = random([2, 3, 4, 8], 1);
    const pos = randomInts([2, 4], 2, [0, 100]);
    const want = numbers(X.shape, (n, h, t, d) => {
      const pair = interleaved ? Math.floor(d / 2) : d % 4;
      const isFirst = interleaved ? d % 2 === 0 : d < 4;
      const other = interleaved ? (isFirst ? d + 1 : d - 1) : isFirst ? d + 4 : d - 4;
      const angle = at(pos, n, t) / 10000 ** ((2 * pair) / 8);
      const [x, y] = [at(X, n, h, t, d), at(X, n, h, t, other)];
      return isFirst ? x * Math.cos(angle) - y * Math.sin(angle) : x * Math.cos(angle) + y * Math.sin(angle);
    });
    const got = (await runStandard("nn", "rope", { X, pos }, { interleaved }))("Y");
    expectClose(got, want, 3e-5);
  });
});
