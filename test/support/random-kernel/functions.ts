/** What stands before the kernel: scalar functions, reducers, and kernels to be called. */
import type { DType } from "../../../compiler/ir/dtype.ts";
import type { Writer } from "./sketch.ts";

/** The name of a fn of two f32 in [-2, 2]; its value stays below 40. */
export function floatFn(w: Writer): string {
  const [a, b] = [w.random.pick(["0.5", "1.5", "-0.25"]), w.random.pick(["2.0", "0.75", "-1.0"])];
  const bodies = {
    mix: `x * ${a} + y * ${b}`,
    lean: `x > y ? x * ${a} : y - x`,
    bend: `let d = x - y in d * d * ${a} + ${b}`,
    pick: `let (p, q) = (min(x, y), max(x, y)) in q <= ${a} ? p : q`,
    soft: `tanh(x) * ${a} + exp(clamp(y, -2.0, 1.0))`,
  };
  const name = w.random.pick(["mix", "lean", "bend", "pick", "soft"] as const);
  if (!w.prelude.has(name)) w.prelude.set(name, `fn ${name}(x: f32, y: f32) -> f32 = ${bodies[name]};`);
  if (w.chance(0.5)) return name;
  const outer = `twice_${name}`;
  if (!w.prelude.has(outer))
    w.prelude.set(
      outer,
      `fn ${outer}<c: float = 0.5>(x: f32, y: f32) -> f32 = c * ${name}(x, ${name}(clamp(y, -1.0, 1.0), x) * 0.03);`,
    );
  w.mark("fn in fn");
  return outer;
}

export type ReducerText = {
  readonly name: string;
  readonly arg: DType;
  readonly results: readonly DType[];
  readonly size: number;
};

const REDUCERS = {
  online: {
    arg: "f32",
    results: ["f32", "f32"],
    text: `reducer online(x: f32) -> (m: f32, l: f32) {
  identity (-inf, 0.0);
  lift (x, x == -inf ? 0.0 : 1.0);
  combine a, b = let m = max(a.m, b.m) in (m, m == -inf ? 0.0 : a.l * exp(a.m - m) + b.l * exp(b.m - m));
  law associative commutative;
}
`,
  },
  span: {
    arg: "i32",
    results: ["i32", "i32"],
    text: `reducer span(x: i32) -> (lo: i32, hi: i32) {
  identity (2147483647, -2147483648);
  lift (x, x);
  combine a, b = (min(a.lo, b.lo), max(a.hi, b.hi));
  law associative commutative;
}
`,
  },
  // Neither law: only the left fold gives this.
  hash: {
    arg: "u32",
    results: ["u32"],
    text: `reducer hash(x: u32) -> (h: u32) {
  identity 0;
  lift x;
  combine a, b = wrapping_add(wrapping_mul(a.h, 31), b.h);
}
`,
  },
  decay: {
    arg: "f32",
    results: ["f32"],
    text: `reducer decay(x: f32) -> (v: f32) {
  identity 0.0;
  lift x;
  combine a, b = a.v * 0.5 + b.v;
}
`,
  },
  // Associative, but the order matters.
  last: {
    arg: "i32",
    results: ["i32"],
    text: `reducer last(x: i32) -> (v: i32) {
  identity 0;
  lift x;
  combine a, b = b.v == 0 ? a.v : b.v;
  law associative;
}
`,
  },
} as const satisfies Record<string, { readonly arg: DType; readonly results: readonly DType[]; readonly text: string }>;

/** A user's reducer, declared before the kernel. */
export function userReducer(w: Writer): ReducerText {
  const name = w.random.pick(["online", "online", "span", "hash", "decay", "last"] as const);
  w.prelude.set(name, REDUCERS[name].text);
  w.mark(name === "online" || name === "span" ? "user reducer" : "user reducer in order");
  return { name, arg: REDUCERS[name].arg, results: REDUCERS[name].results, size: 20 };
}

/** Kernels that others call; each says what it takes and gives, so that a caller can be written. */
export const CALLEES = {
  scale: `kernel scale<T: anyfloat = f32, s: int = 2>(X: T[A, B]) -> Y: T[A, B] where s >= 1 {
  Y[i, j] = X[i, j] * 0.5 + s;
}
`,
  rows: `kernel rows(X: f32[A, B]) -> S: f32[A] {
  S[i] = sum[j](X[i, j] * X[i, j]) * 0.125;
}
`,
  extremes: `kernel extremes(X: f32[A, B]) -> lo: f32[A], hi: f32[A] where B >= 1 {
  lo[i] = min[j](X[i, j]);
  hi[i] = max[j](X[i, j]);
}
`,
  smooth: `kernel smooth<r: int = 1>(X: f32[A, B]) -> Y: f32[A, B] where r >= 0, A >= 1 {
  let acc[i, j] = sum[q in -r..r + 1](X[i + q, j] pad edge);
  Y[i, j] = acc[i, j] * 0.25;
}
`,
  every: `kernel every<s: int = 2>(X: f32[A, B]) -> Y: f32[A, (B - 1) div s + 1] where s >= 1, B >= 1 {
  Y[i, j] = X[i, j * s];
}
`,
  net: `kernel net(X: f32[A, B]) -> Y: f32[A, B], S: f32[A] where A >= 1 {
  let h = scale(smooth(X), s = 3);
  let s = rows(h);
  Y[i, j] = relu(h[i, j]) + s[i] * 0.01;
  S = rows(X);
}
`,
} as const satisfies Record<string, string>;

/** Declares the kernel and what it calls, callees first. */
export function declareCallee(w: Writer, name: keyof typeof CALLEES): void {
  if (name === "net") for (const inner of ["scale", "smooth", "rows"] as const) w.prelude.set(inner, CALLEES[inner]);
  w.prelude.set(name, CALLEES[name]);
}
