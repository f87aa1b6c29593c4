/** What errors advise: forms of other languages get the one that is meant here, and unknown names a list of what there is. */
import { expect, test } from "vitest";
import { makeSource } from "../../compiler/support/source.ts";
import { diagnose } from "../diagnostics/diagnose.ts";

/** The code and the ways out of the first error. */
function advice(text: string): readonly string[] {
  const [first] = diagnose(makeSource("test.ein", text)).filter((d) => d.severity === "error");
  return first === undefined ? [] : [first.code, ...first.help];
}

const inKernel = (equations: string): string =>
  `kernel k(A: f32[N], I: i32[N], n: i32, c: bool) -> Y: f32[N] { ${equations} }`;

test.each([
  ["Y[i] = maximum(A[i], 0.0);", ["E2002", "write max(a, b)"]],
  ["Y[i] = np.exp(A[i]);", ["E2002", "write exp(…)"]],
  ["Y[i] = sqrtf(A[i]);", ["E2002", "write sqrt(…)"]],
  ["Y[i] = fmaxf(A[i], 0.0);", ["E2002", "write max(a, b)"]],
  ["Y[i] = square(A[i]);", ["E2002", "write x ** 2"]],
  ["Y[i] = float(n);", ["E2002", "write f32(x)"]],
  ["Y[i] = A[i] / len(A);", ["E2002", "sizes have names: write a dim of the shape of A, such as N in A: f32[N]"]],
  ["Y[i] = A[i] / A.shape;", ["E2002", "sizes have names: write the dim in the declared shape of A"]],
  ["Y[i] = A[i] / A.shape[0];", ["E2014", "sizes have names: write the dim in the declared shape of A"]],
  ["Y[i] = average[j](A[j]);", ["E2002", "write mean[k](x)"]],
  ["Y[i] = zebra[j](A[j]);", ["E2002", "the reductions are sum sum_strict prod max min any all argmax argmin mean"]],
  ["Y[i] = zebra;", ["E2002", "the names here are i, N, A, I, n, c, Y"]],
  ["Y[i] = pi;", ["E2002", "write 3.141592653589793"]],
  ["Y[i] = where(c, A[i], 0.0);", ["E1002", "write c ? a : b, or select(c, a, b)"]],
  ["Y[i] = if (c) then A[i] else 0.0;", ["E1002", "write condition ? value : other"]],
  ["Y[i] = if c { A[i] };", ["E1002", "write condition ? value : other"]],
  [
    "let t[i in 0..n] = A[i]; Y[i] = A[i];",
    ["E2011", "a size is no parameter: declare it as a generic, <n: dim>", "guard the value instead: i < j ? a : b"],
  ],
  ["Y[i] = A[N];", ["E2003", "it is always outside: the last index of this dim of A is N - 1"]],
  ["Y[i] = A[-1];", ["E2003", "it is always outside: the first index of this dim of A is 0"]],
  ["let t[i]: i32 = floor(A[i]); Y[i] = f32(t[i]);", ["E2021", "write sat_i32(floor(A[i]))"]],
  [
    "let t[i]: i32 = i * N; Y[i] = f32(t[i]);",
    ["E2103", "add where N <= 46341 to the kernel", "clamp the value, or keep it in i64"],
  ],
  ["Y[i] = I[i];", ["E2021", "write f32(I[i])"]],
  [
    "let t[i]: i8 = I[i]; Y[i] = f32(t[i]);",
    [
      "E2021",
      "write i8(I[i]) if it always fits, which is proved",
      "write sat_i8(I[i]) to saturate, wrap_i8(I[i]) to keep the low bits",
    ],
  ],
  [
    "let t[i]: i32 = A[i]; Y[i] = f32(t[i]);",
    ["E2021", "write sat_i32(round(A[i])) to round, sat_i32(A[i]) to cut off"],
  ],
  [
    "rec Y[t] = A[t] + Y[t - N] init Y[u in -N..0] = 0.0;",
    ["E2035", "declare N as a generic of kind int: <N: int = 4>"],
  ],
  [
    "let I2[i]: i32 in 0..10 = I[i]; Y[i] = f32(I2[i]);",
    ["E2106", "declare the values of the parameter: I: i32[…] in 0..10", "widen the range, or clamp the value"],
  ],
])("%s", (equations, expected) => {
  expect(advice(inKernel(equations))).toEqual(expected);
});

test("an argument of another dtype is cast in the way that exists", () => {
  const text = `kernel g(X: i32[N]) -> Y: i32[N] { Y = X; }
    kernel k(X: f32[N]) -> Y: i32[N] { Y = g(X); }`;
  expect(advice(text)).toEqual(["E2021", "write sat_i32(round(X)) to round, sat_i32(X) to cut off"]);
});

test("a stage that nothing reads has no range, and may go", () => {
  expect(advice(inKernel("let t[j] = f32(j); Y[i] = A[i];"))).toEqual([
    "E2007",
    "give it one, such as j in 0..3",
    "remove `t` if it is not needed",
  ]);
});

test("2^64 is no literal, but the end of a range", () => {
  const text = `kernel k(A: u64[N] in 0..END) -> Y: u64[N] in 0..END { Y[i] = A[i]; }`;
  expect(advice(text.replaceAll("END", "18446744073709551616"))).toEqual([
    "E1005",
    "write 2 ** 64 for the end of a range of u64",
  ]);
  expect(advice(text.replaceAll("END", "2 ** 64"))).toEqual([]);
});

test.each([
  "mean[i, j | i != j](A[i] * A[j])",
  "mean[i, j in 0..i](A[i] * A[j])",
  "mean[i, j | A[i] > B[j, 0] pad 0](A[i])",
  "mean[j, k | B[j, k] > 0.0](B[j, k])",
])("the points of a mean are counted in a dtype that holds them: %s", (e) => {
  expect(advice(`kernel k(A: f32[N], B: f32[M, K]) -> y: f32 { y = ${e}; }`)).toEqual([]);
});

test("an unknown function lists the file's and the built-in ones", () => {
  const [code, own, builtin] = advice(`fn g(x: f32) -> f32 = x; ${inKernel("Y[i] = zebra(A[i]);")}`);
  expect([code, own]).toEqual(["E2002", "this file has g k"]);
  expect(builtin).toMatch(/^the built-in functions are .*\bmax min\b.*\btanh\b/);
});

test.each([
  [
    "kernel k(A: f32[N]) -> Y: f32[N] {\n  Y[i] = A[i // 2];\n}",
    [
      "E1022",
      "write `]` where the list ends",
      "`//` starts a comment, which hides the rest of the line: write i div 2",
    ],
  ],
  [
    "kernel k(A: i32[N]) -> Y: i32[N] {\n  Y[i] = A[i] // 2;\n}",
    [
      "E1017",
      "end the statement with ;",
      "`//` starts a comment, which hides the rest of the line: write A[i] div 2 for integers, floor(A[i] / 2) for floats",
    ],
  ],
  ["kernel k(A: i32[N]) -> Y: i32[N] {\n  Y[i] = A[i] // the same\n}", ["E1017", "end the statement with ;"]],
  ["kernel k(A: f32[N]) -> Y: f32[N] { Y[i] = A[i]; };", ["E1002", "remove it: a body ends with its `}`"]],
  [
    "kernel k(A: f32[N], n: i32) -> Y: f32[n] { Y[i] = A[i]; }",
    ["E2011", "a size is no parameter: declare it as a generic, <n: dim>"],
  ],
  [
    "kernel k(A: f32[N], n: i32) -> Y: f32[N] where n >= 1 { Y[i] = A[i]; }",
    ["E2015", "a size is no parameter: declare it as a generic, <n: dim>"],
  ],
  ["kernel k(A: float32[N]) -> Y: f32[N] { Y[i] = A[i]; }", ["E2027", "write f32"]],
  [
    "kernel k(A: f32[M], B: f32[L]) -> y: f32 { y = sum[k](A[k] * B[k]); }",
    ["E2008", "if they are equal, write where M == L", "if not, say what is meant: k in 0..M"],
  ],
])("%s", (text, expected) => {
  expect(advice(text)).toEqual(expected);
});

test.each([
  "kernel k(A: f32[N]) -> b: f32 { b = sum[b](A[b]); }",
  "kernel k(A: f32[N]) -> b: f32[N] { b[b] = A[b]; }",
  "kernel k(A: f32[N]) -> y: f32 { let b = sum[b](A[b]); y = b; }",
])("an index with the name of what its equation defines is a clash, and no recurrence: %s", (text) => {
  expect(diagnose(makeSource("test.ein", text)).map((d) => d.code)).toEqual(["E2004"]);
});
