/** What is known of an element that is read under a pad: the range of its tensor, or what the pad gives. */
import { describe, expect, test } from "vitest";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { readKernel } from "../support/read-kernel.ts";

const gather = (subscript: string, where = "", range = "0..V"): string =>
  `kernel main(E: f32[V, D], ids: i32[N] in ${range}) -> y: f32[N, D] ${where} { y[n, d] = E[${subscript}, d]; }`;

function codes(text: string): readonly string[] {
  const read = readKernel(text);
  return "kernel" in read ? [] : read.errors.map((e) => e.code);
}

const other = (where: string): string =>
  `kernel main(E: f32[V, D], ids: i32[P] in 0..V, X: f32[N]) -> y: f32[N, D] ${where} { y[n, d] = X[n] * E[ids[n] pad 0, d]; }`;

const own = (range: string): string =>
  `kernel main(A: f32[T, V]) -> s: i32[T] { rec r[t in 0..T]: i32 in ${range} = min(r[t - 1] pad 0, 0) init r[-1] = 0; s[t] = r[t]; }`;

const ids = (...values: readonly number[]): Tensor => Tensor.from(Int32Array.from(values));

describe("a subscript that is read under a pad", () => {
  test.each([
    ["0, since ids with an element give E a row", "ids[n - 1] pad 0", ""],
    ["a value that a where puts inside", "ids[n - 1] pad 5", "where V >= 6"],
    ["the last row", "ids[n - 1] pad (V - 1)", ""],
    ["edge", "ids[n - 1] pad edge", ""],
    ["wrap", "ids[n - 1] pad wrap", ""],
    ["mirror", "ids[n - 1] pad mirror", "where N >= 2"],
  ])("is inside: %s", (_, subscript, where) => {
    expect(codes(gather(subscript, where))).toEqual([]);
  });

  test("and arithmetic on it", () => {
    expect(codes(gather("(ids[n - 1] pad -1) + 1", "where V >= 9", "0..8"))).toEqual([]);
    expect(codes(gather("(ids[n - 1] pad 0) + 2", "where V >= 3", "0..V - 2"))).toEqual([]);
    // One past either end.
    expect(codes(gather("(ids[n - 1] pad -1) + 1", "where V >= 8", "0..8"))).toEqual(["E2003"]);
    expect(codes(gather("(ids[n - 1] pad 0) + 3", "where V >= 3", "0..V - 2"))).toEqual(["E2003"]);
  });

  test.each([
    ["a pad below the range", "ids[n - 1] pad -1", "where V >= 1"],
    ["a pad above it", "ids[n - 1] pad 5", "where V >= 5"],
    ["the end of the range", "ids[n - 1] pad (V)", "where V >= 1"],
    ["0 behind a branch of its own", "n == 0 ? 0 : ids[n - 1]", ""],
  ])("is refused: %s", (_, subscript, where) => {
    expect(codes(gather(subscript, where))).toEqual(["E2003"]);
  });

  test("where the tensor may be empty, so that its range may be too", () => {
    expect(codes(other(""))).toEqual(["E2003"]);
    expect(codes(other("where P >= 1"))).toEqual([]);
  });

  test("where the range is only what a recurrence is to be proved to keep", () => {
    expect(codes(own("0..1"))).not.toContain("E2106");
    expect(codes(own("0..V"))).toContain("E2106");
  });
});

test("the calls that the proof relies on", async () => {
  const { main } = await compile(gather("ids[n - 1] pad 0"), { target: "interp" });
  const E = Tensor.iota([3, 2]);
  expect(main?.({ E, ids: ids(2, 1, 0) })["y"]?.toArray()).toEqual([
    [0, 1],
    [4, 5],
    [2, 3],
  ]);
  expect(() => main?.({ E: Tensor.zeros([0, 2]), ids: ids(0) })).toThrow(/^E6207/);
  expect(main?.({ E: Tensor.zeros([0, 2]), ids: ids() })["y"]?.shape).toEqual([0, 2]);
});
