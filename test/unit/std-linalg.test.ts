/** std/linalg against its definitions, systems of equations by what their solutions give back, and cases of ONNX. */
import { afterAll, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import { NO_ONNX_CASES, readOnnxCase } from "../support/onnx-case.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, random, randomInts, reshaped, runStandard, total } from "../support/standard.ts";

afterAll(close);

const run = (
  kernel: string,
  args: Readonly<Record<string, Numbers | number>>,
  generics: Readonly<Record<string, number | boolean | string>> = {},
) => runStandard("linalg", kernel, args, generics);

const product = (A: Numbers, B: Numbers): Numbers =>
  numbers([A.shape[0] ?? 0, B.shape[1] ?? 0], (i, j) => total(A.shape[1] ?? 0, (k) => at(A, i, k) * at(B, k, j)));

const transposed = (A: Numbers): Numbers => numbers(A.shape.toReversed(), (i, j) => at(A, j, i));

/** Lower triangular, with a diagonal from 1 to 2 in size. */
function triangle(size: number, seed: number): Numbers {
  const R = random([size, size], seed);
  return numbers([size, size], (i, j) => (i < j ? 0 : i === j ? Math.sign(at(R, i, i) || 1) * 1.5 : at(R, i, j)));
}

/** What stands on the other side of the diagonal is never read: NaN would be seen. */
const halfUnread = (A: Numbers, isRead: (i: number, j: number) => boolean): Numbers =>
  numbers(A.shape, (i, j) => (isRead(i, j) ? at(A, i, j) : Number.NaN));

const column = (v: Numbers): Numbers => reshaped(v, [v.data.length, 1]);

/** The first two axes as one, of which the first is 1 long. */
const asBatch = (x: Numbers): Numbers => reshaped(x, x.shape.slice(1));

describe("products", () => {
  test("matmul, gemm, gemv, outer, dot, norm and trace", async () => {
    const [A, B, C] = [random([5, 7], 1), random([7, 3], 2), random([5, 3], 3)];
    const AB = product(A, B);
    expectClose((await run("matmul", { A, B }))("C"), AB);
    expectClose(
      (await run("gemm", { A, B, C }, { alpha: 0.5, beta: -2 }))("Y"),
      numbers([5, 3], (i, j) => 0.5 * at(AB, i, j) - 2 * at(C, i, j)),
    );
    const [x, y] = [random([7], 4), random([7], 5)];
    expectClose((await run("gemv", { A, x }))("y"), reshaped(product(A, column(x)), [5]));
    expectClose(
      (await run("outer", { x, y }))("Y"),
      numbers([7, 7], (i, j) => at(x, i) * at(y, j)),
    );
    const [d] = product(transposed(column(x)), column(y)).data;
    expect((await run("dot", { x, y }))("d").data[0]).toBeCloseTo(d ?? 0, 5);
    expect((await run("norm", { x }))("d").data[0]).toBeCloseTo(Math.hypot(...x.data), 5);
    const S = random([6, 6], 6);
    expect((await run("trace", { A: S }))("t").data[0]).toBeCloseTo(
      total(6, (i) => at(S, i, i)),
      5,
    );
  });

  test("batch_matmul", async () => {
    const [X, Y] = [random([3, 2, 4], 1), random([3, 4, 5], 2)];
    const want = numbers([3, 2, 5], (n, i, j) => total(4, (k) => at(X, n, i, k) * at(Y, n, k, j)));
    expectClose((await run("batch_matmul", { X, Y }))("C"), want);
  });

  test("matmul_int of signed and unsigned bytes at their ends", async () => {
    const A = numbers([2, 32_768], (i) => (i === 0 ? -128 : 127));
    const B = numbers([32_768, 2], (_, j) => (j === 0 ? 255 : 0));
    expectClose((await run("matmul_int", { A, B }, { T: "i8", U: "u8" }))("C"), product(A, B), 0);
    const [P, Q] = [randomInts([4, 9], 1, [0, 256]), randomInts([9, 3], 2, [0, 256])];
    expectClose((await run("matmul_int", { A: P, B: Q }, { T: "u8", U: "u8" }))("C"), product(P, Q), 0);
  });
});

describe("triangles", () => {
  test.each([false, true])("triangular_solve, unit = %s", async (unit) => {
    const L = triangle(8, 1);
    const [X, one] = [random([8, 3], 2), numbers([8, 8], (i, j) => (i === j ? 1 : at(L, i, j)))];
    const B = product(unit ? one : L, X);
    const given = halfUnread(L, (i, j) => j < i || (j === i && !unit));
    expectClose((await run("triangular_solve", { L: given, B }, { unit }))("X"), X, 1e-4);
  });

  test("triangular_solve_upper", async () => {
    const [U, X] = [transposed(triangle(8, 3)), random([8, 3], 4)];
    const given = halfUnread(U, (i, j) => j >= i);
    expectClose((await run("triangular_solve_upper", { U: given, B: product(U, X) }))("X"), X, 1e-4);
  });

  test.each([1, 2, 9])("cholesky of %i rows gives back its factor", async (size) => {
    const R = triangle(size, 5);
    const L = numbers(R.shape, (i, j) => at(R, i, j) * Math.sign(at(R, j, j)));
    const A = product(L, transposed(L));
    const given = halfUnread(A, (i, j) => j <= i);
    expectClose((await run("cholesky", { A: given }))("L"), L, 1e-4);
    const X = random([size, 2], 6);
    expectClose((await run("cholesky_solve", { A: given, B: product(A, X) }))("X"), X, 1e-3);
  });

  test("cholesky of what is not positive definite", async () => {
    const A = { shape: [2, 2], data: [1, 2, 2, 1] };
    expectClose((await run("cholesky", { A }))("L"), { shape: [2, 2], data: [1, 0, 2, Number.NaN] });
  });

  test("inverse_3x3", async () => {
    const R = random([4, 3, 3], 7);
    const A = numbers([4, 3, 3], (n, i, j) => at(R, n, i, j) + (i === j ? 2 : 0));
    const Y = (await run("inverse_3x3", { A }))("Y");
    const back = numbers([4, 3, 3], (n, i, j) => total(3, (k) => at(A, n, i, k) * at(Y, n, k, j)));
    expectClose(
      back,
      numbers([4, 3, 3], (_, i, j) => (i === j ? 1 : 0)),
    );
  });
});

describe.skipIf(NO_ONNX_CASES !== null)(`cases of ONNX ${NO_ONNX_CASES ?? ""}`, () => {
  test("matmul, batch_matmul and gemm", async () => {
    const mm = readOnnxCase("pytorch-operator/test_operator_mm");
    const C = (await run("matmul", { A: mm.input("0"), B: mm.input("1") }))("C");
    expectClose(C, mm.output("3"));
    const batch = readOnnxCase("node/test_matmul_4d");
    const given = { X: asBatch(batch.input("a")), Y: asBatch(batch.input("b")) };
    expectClose((await run("batch_matmul", given))("C"), asBatch(batch.output("c")));
    const beta = readOnnxCase("node/test_gemm_beta");
    const [a, b, c] = [beta.input("a"), beta.input("b"), beta.input("c")];
    const bias = numbers([a.shape[0] ?? 0, b.shape[1] ?? 0], (_, j) => at(c, 0, j));
    expectClose((await run("gemm", { A: a, B: b, C: bias }, { beta: 0.5 }))("Y"), beta.output("y"));
  });
});
