/** The proof pass on declared ranges, and on the ranges that it finds for what stages hold. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { apply, cast, constant, letIn, select } from "../../compiler/ir/expr.ts";
import type { Handle } from "../support/build-kernel.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { at, eq, i32, le, lt, max, min, minus, mod, times, to } from "../support/index-math.ts";
import { claim, prove, rangeOf, textOf, withFacts } from "../support/prove.ts";

const claimedRemainder = (hi: number): readonly [Kernel, ReturnType<typeof claim>] => {
  const b = new KernelBuilder("claims");
  const N = b.dim("N");
  const X = b.param("X", "i32", [N]);
  const T = b.param("T", "f32", [8]);
  const c = b.stage("c", { i: N }, (i) => mod(X.at(i), 8));
  b.output(b.stage("y", { i: N }, (i) => T.at(at(c.at(i)))));
  return [b.build(), claim(c, 0, hi)];
};

function never(): never {
  throw new Error("no diagnostic");
}

describe("declared ranges", () => {
  test("claims are proved, and then known", () => {
    const [right, ofRight] = claimedRemainder(8);
    expect(prove(right, [ofRight]).errors).toEqual([]);
    const [wrong, ofWrong] = claimedRemainder(7);
    const outcome = prove(wrong, [ofWrong]);
    expect(outcome.errors).toEqual(["E2106"]);
    expect(textOf(outcome.diagnostics[0] ?? never())).toContain("c is declared");
    const [wide, ofWide] = claimedRemainder(9);
    // A claim that is wider than what is true is what readers may rely on.
    expect(prove(wide, [ofWide]).errors).toEqual(["E2003"]);
  });

  test("a parameter handed to a kernel keeps that kernel's range", () => {
    const b = new KernelBuilder("calls");
    const [N, V, W] = [b.dim("N"), b.dim("V"), b.dim("W")];
    const ids = b.param("ids", "i32", [N]);
    b.output(b.stage("y", { i: N }, (i) => ids.at(i)));
    const ranged = withFacts(b.build(), { ranges: [[ids, [0, V]]] });
    expect(prove(ranged, [claim(ids, 0, V)]).errors).toEqual([]);
    expect(prove(ranged, [claim(ids, 0, W)]).errors).toEqual(["E2106"]);
    expect(prove(withFacts(ranged, { ranges: [[ids, [0, V]]], where: [le(V, W)] }), [claim(ids, 0, W)]).errors).toEqual(
      [],
    );
    expect(prove(b.build(), [claim(ids, 0, V)]).errors).toEqual(["E2106"]);
  });

  test("ranges of stages are found: clamps, minima, remainders, bits, branches, lets, wrapped values", () => {
    const b = new KernelBuilder("ranges");
    const [N, V] = [b.dim("N"), b.dim("V")];
    const X = b.param("X", "i32", [N]);
    const ids = b.param("ids", "i32", [N]);
    const U = b.param("U", "u8", [N]);
    const v = b.variable("v", "i32");
    const stages: Readonly<Record<string, Handle>> = {
      clamped: b.stage("clamped", { i: N }, (i) => min(max(X.at(i), -3), 9)),
      gathered: b.stage("gathered", { i: N }, (i) => ids.at(i)),
      remainder: b.stage("remainder", { i: N }, (i) => mod(X.at(i), 10)),
      bits: b.stage("bits", { i: N }, (i) => apply("bit_and", X.at(i), i32(12))),
      branch: b.stage("branch", { i: N }, (i) => select(lt(X.at(i), 0), i32(-1), ids.at(i))),
      bound: b.stage("bound", { i: N }, (i) => letIn(v, mod(X.at(i), 5), times(v, v))),
      wide: b.stage("wide", { i: N }, (i) => times(to("i32", U.at(i)), to("i32", U.at(i)))),
      wrapped: b.stage("wrapped", { i: N }, (i) => apply("wrapping_add", to("i32", U.at(i)), i32(1))),
      counted: b.stage("counted", { i: N }, (i) => apply("popcount", X.at(i))),
      index: b.stage("index", { i: N }, (i) => to("i32", minus(minus(N, 1), i))),
      shifted: b.stage("shifted", { i: N }, (i) => apply("shr", to("i32", U.at(i)), i32(4))),
      flag: b.stage("flag", { i: N }, (i) => cast("i32", "exact", eq(X.at(i), 3))),
      all: b.stage("all", { i: N }, (i) => X.at(i)),
    };
    b.output(...Object.values(stages));
    const { kernel, diagnostics } = prove(withFacts(b.build(), { ranges: [[ids, [0, V]]] }));
    expect(diagnostics.map(textOf)).toEqual([]);
    const found = Object.fromEntries(
      Object.entries(stages).map(([name, h]) => [name, rangeOf(kernel, h, { N: 6, V: 20 })?.map(Number)]),
    );
    expect(found).toEqual({
      clamped: [-3, 10],
      gathered: [0, 20],
      remainder: [0, 10],
      bits: [0, 13],
      branch: [-1, 20],
      bound: [0, 17],
      wide: [0, 65026],
      wrapped: [1, 257],
      counted: [0, 33],
      index: [0, 6],
      shifted: [0, 16],
      flag: [0, 2],
      all: [-2147483648, 2147483648],
    });
  });

  test("constants of wide types keep their range", () => {
    const b = new KernelBuilder("wide");
    const x = b.param("x", "i64", []);
    b.output(b.stage("z", {}, () => apply("add", x.at(), constant("i64", 1n))));
    expect(prove(b.build()).errors).toEqual(["E2101"]);
    expect(prove(withFacts(b.build(), { ranges: [[x, [0, 10]]] })).errors).toEqual([]);
  });
});
