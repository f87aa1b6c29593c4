/** Calls: kernels inlined in kernels, fns, generics, lifting, names of stages, what is left to prove. */
import { describe, expect, test } from "vitest";
import type { Expr } from "../../compiler/ir/expr.ts";
import { check, complaints, equationsOf, lowered, run, stageNames } from "../support/check.ts";
import { array } from "../support/nd-array.ts";

const f32 = (...values: number[]) => array("f32", values, [values.length]);

const nameIn = (e: Expr): string => (e.kind === "var" ? e.name : e.kind);

const LIBRARY = `
kernel scale<s: float = 2.0>(A: f32[N]) -> B: f32[N] { let t[i] = A[i] * s; B[i] = t[i]; }
kernel both(A: f32[N]) -> P: f32[N], Q: f32[N] { P[i] = A[i] + 1.0; Q[i] = A[i] - 1.0; }
kernel total(A: f32[N]) -> t: f32 { t = sum[i](A[i]); }
kernel pick(A: f32[V], ids: i32[N] in 0..V) -> B: f32[N] { B[i] = A[ids[i]]; }
kernel any_sum<T: anyfloat>(A: T[N]) -> t: T { t = sum[i](A[i]); }
fn affine<w: float = 2.0>(x: f32, y: f32) -> f32 = w * x + y;
`;

const outer = (equations: string) => `${LIBRARY}
  kernel ends(A: f32[N]) -> first: f32, sum: f32, T: f32[N] { first = sum[i | i == 0](A[i]); sum = total(A); T = A * 2.0; }
  kernel k(X: f32[N], W: f32[N]) -> Y: f32[N] { ${equations} }`;

describe("stages of a call", () => {
  test("take the name on the left", () => {
    const { kernel } = lowered(`${LIBRARY} kernel k(X: f32[N]) -> Y: f32[N] {
      let c1 = scale(X);
      let c2 = both(c1);
      Y[i] = c2.P[i] * c2.Q[i] + c1[i];
    }`);
    expect(stageNames(kernel)).toEqual(["c1.t", "c1.B", "c2.P", "c2.Q", "Y"]);
  });

  test("are numbered where nobody names them", () => {
    const { kernel } = lowered(`${LIBRARY} kernel k(X: f32[N]) -> Y: f32[N] { Y = scale(scale(relu(X), s = 0.5)); }`);
    expect(stageNames(kernel)).toEqual(["relu", "scale.t", "scale.B", "Y.t", "Y.B"]);
  });

  test("an output is the callee's tensor, not a copy", () => {
    const { kernel } = lowered(`${LIBRARY} kernel k(X: f32[N]) -> P2: f32[N], Q2: f32[N] { (P2, Q2) = both(X); }`);
    expect(stageNames(kernel)).toEqual(["both.P", "both.Q"]);
    expect(kernel.outputs.map((o) => o.name)).toEqual(["P2", "Q2"]);
  });
});

describe("lifting", () => {
  const x = { X: f32(1, -2, 3), W: f32(10, 20, 30) };

  test("operators, built-ins and fns work on whole tensors", () => {
    const text = `${LIBRARY} kernel k(X: f32[N], W: f32[N]) -> Y: f32[N] {
      let h = relu(X) + 0.5 * W;
      Y = affine(h, W, w = 3.0);
    }`;
    expect(run(text, x)["Y"]).toEqual([28, 50, 84]);
  });

  test("a kernel with one number is a number", () => {
    expect(run(`${LIBRARY} kernel k(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] / total(X); }`, x)["Y"]).toEqual([
      0.5, -1, 1.5,
    ]);
  });

  test.each([
    ["let s = total(X); Y[i] = X[i] + s;", [3, 0, 5]],
    ["let s = total(X); let t = s * 2.0; Y[i] = max(X[i] > s ? s : t, W[i] - s);", [8, 18, 28]],
    ["let s = total(X); Y[i] = sum[j | X[j] > s](W[j]) + s;", [32, 32, 32]],
    ["let s = total(X); Y = s > 0.0 ? X * s : X;", [2, -4, 6]],
    ["let s = total(X); rec Y[t] = s + Y[t - 1] init Y[-1] = s;", [4, 6, 8]],
    ["let r = ends(X); Y[i] = r.sum / r.first + r.T[i];", [4, -2, 8]],
    ["let (a, b, T) = ends(X); Y[i] = b / a + T[i];", [4, -2, 8]],
    ["let r = let z = 1.0 in ends(X); Y[i] = r.sum + r.T[i];", [4, -2, 8]],
    ["let (a, b, T) = let z = 1.0 in ends(X); Y[i] = b + T[i];", [4, -2, 8]],
  ])("a number that a kernel gives is an operand: %s", (equations, expected) => {
    expect(run(outer(equations), x, { name: "k" })["Y"]).toEqual(expected);
  });

  test("a copy of a parameter is a stage", () => {
    expect(run(`kernel k(X: f32[N]) -> Y: f32[N] { let g = X; Y = g; }`, x)["Y"]).toEqual([1, -2, 3]);
  });

  test("a number is an argument", () => {
    const text = `kernel add(A: f32[N], c: f32) -> B: f32[N] { B[i] = A[i] + c; }
      kernel k(X: f32[N]) -> Y: f32[N] { Y = add(X, 2 * 3); }`;
    expect(run(text, x)["Y"]).toEqual([7, 4, 9]);
  });
});

describe("generics", () => {
  test("a number without a dtype takes the one that the other arguments give", () => {
    const clip = `kernel clip<T: dtype = f32>(X: T[N], most: T) -> Y: T[N] { Y[i] = X[i] > most ? most : X[i]; }`;
    const text = `${clip} kernel k(X: u8[N]) -> Y: u8[N] { Y = clip(X, 200); }`;
    expect(run(text, { X: array("u8", [7, 255], [2]) }, { name: "k" })["Y"]).toEqual([7, 200]);
    expect(complaints(`${clip} kernel k(X: f16[N]) -> Y: f16[N] { Y = clip(X, 7); }`)).toEqual([]);
    expect(complaints(`${clip} kernel k(X: u8[N]) -> Y: u8[N] { Y = clip(X, 300); }`)[0]).toContain("E2024");
  });

  test("a number alone takes the dtype that is given, or the default", () => {
    const twice = `kernel twice<T: anyfloat = f32>(v: T) -> y: T { y = v * 2.0; }`;
    expect(complaints(`${twice} kernel k() -> y: f16 { y = twice(1.5, T = f16); }`)).toEqual([]);
    expect(complaints(`${twice} kernel k() -> y: f32 { y = twice(3); }`)).toEqual([]);
  });

  test("are given by name, from outside, or by the arguments' dtype", () => {
    const text = `${LIBRARY} kernel k(X: f32[N], H: f16[N]) -> Y: f32[N], t: f16 {
      Y = scale(X, s = 4.0);
      t = any_sum(H);
    }`;
    expect(equationsOf(text)).toContain("X[i] * 4.0");
    expect(equationsOf(text)).toContain("f16 = sum[i in 0..N](H[i])");
    expect(equationsOf(LIBRARY, "scale", { s: 8 })).toContain("A[i] * 8.0");
    expect(equationsOf(LIBRARY, "scale", { s: "1e-3" })).toContain("A[i] * 0.001");
    expect(equationsOf(LIBRARY, "any_sum", { T: "f64" })).toContain("t: f64");
  });

  test("wrong ones are refused", () => {
    expect(() => lowered(LIBRARY, "scale", { z: 8 })).toThrow("has no generic `z`");
    expect(() => lowered(LIBRARY, "scale", { s: "x" })).toThrow("`s` is float, and x is not");
    expect(() => lowered(LIBRARY, "any_sum", { T: "i32" })).toThrow("`T` is a float dtype");
  });

  test("a dim that stands only in a range is given by name", () => {
    const text = `kernel one(ids: i32[N] in 0..V) -> C: f32[V] { C[v] = sum[n | ids[n] == v](1.0); }
      kernel k(ids: i32[N] in 0..7) -> C: f32[7] { C = one(ids, V = 7); }`;
    expect(equationsOf(text)).toContain("v in 0..7");
    expect(lowered(text, "one").kernel.dims.map((d) => d.name)).toEqual(["N", "V"]);
  });
});

describe("what is left to prove", () => {
  test("ranges of parameters are claims about arguments", () => {
    const { claims } = lowered(`${LIBRARY} kernel k(A: f32[V], X: i32[N] in 0..V) -> B: f32[N] {
      let j[i]: i32 in 0..V = X[i];
      B = pick(A, j);
    }`);
    expect(claims.map((c) => `${nameIn(c.hi)}: ${c.why}`)).toEqual([
      "V: `j` is declared in this range",
      "V: parameter `ids` of `pick` is declared in 0..V",
    ]);
  });

  test("shapes that may be negative become conditions of the call", () => {
    const text = `kernel valid(X: f32[N], W: f32[K]) -> Y: f32[N - K + 1] { Y[i] = sum[k](X[i + k] * W[k]); }
      kernel k(X: f32[N], W: f32[K]) -> Z: f32[N - K + 1] { Z = valid(X, W); }`;
    expect(lowered(text, "valid").kernel.where.map((w) => w.text)).toEqual(["0 <= N - K + 1"]);
    expect(lowered(text, "k").kernel.where.map((w) => w.text)).toEqual(["0 <= N - K + 1"]);
  });
});

describe("refusals", () => {
  test("say the call when the callee is wrong only there", () => {
    const { diagnostics } = check(`kernel f<s: int = 1>(X: f32[N]) -> Y: f32[N] { Y[i] = s == 1 ? X[i] : i8(X[i]); }
      kernel k(X: f32[N]) -> Y: f32[N] { Y = f(X, s = 2); }`);
    expect(diagnostics.map((d) => d.code)).toEqual(["E2025"]);
  });

  test("a mistake inside a kernel is said once, not at its calls", () => {
    expect(
      complaints(`kernel f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + Z[i]; }
        kernel k(X: f32[N]) -> Y: f32[N] { Y = f(f(X)); }`),
    ).toEqual(["E2002: nothing here is called `Z`"]);
  });

  test("indices of an equation are not seen by a called kernel", () => {
    expect(
      complaints(`${LIBRARY} kernel k(X: f32[N]) -> Y: f32[N] { Y[i] = total(scale(X)) + total(X[i]); }`).map((c) =>
        c.slice(0, 5),
      ),
    ).toEqual(["E2014"]);
  });
});
