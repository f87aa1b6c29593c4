/** The proof pass on recurrences: which slices may be read, and which must be defined before the first step. */
import { describe, expect, test } from "vitest";
import type { Kernel, Recurrence, Stage } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { cast, select } from "../../compiler/ir/expr.ts";
import type { Handle, Index } from "../support/build-kernel.ts";
import { KernelBuilder, readAt } from "../support/build-kernel.ts";
import { and, at, eq, f32, i32, le, lt, max, min, minus, plus, times, to } from "../support/index-math.ts";
import { claim, prove, readsOfName, textOf, withFacts } from "../support/prove.ts";

/** `rec S[t] = f(S, t)` with `lag` slices of 0 before the first. */
function recurrence(lag: number, f: (S: Handle, t: Expr, X: Handle, T: Expr) => Expr): Kernel {
  const b = new KernelBuilder("rec");
  const T = b.dim("T");
  const X = b.param("X", "f32", [T]);
  const inits = lag === 0 ? [] : [{ axes: { u: [-lag, 0] as const }, body: () => f32(0) }];
  b.output(b.rec("S", "f32", { t: T }, { lag, inits }, (S, t) => f(S, t ?? T, X, T)));
  return b.build();
}

const triangular = (strict: boolean): Kernel => {
  const c = new KernelBuilder("trisolve");
  const M = c.dim("N");
  const A = c.param("L", "f32", [M, M]);
  c.output(
    c.rec("x", "f32", { i: M }, { lag: 0, inits: [] }, (x, i) =>
      c.reduce(
        "sum",
        { j: M },
        (j) => times(A.at(i ?? M, j ?? M), x.at(j ?? M)),
        (j) => (strict ? lt : le)(j ?? M, i ?? M),
      ),
    ),
  );
  return c.build();
};

const started = (u: readonly [Index, Index], cut: number): Kernel => {
  const b = new KernelBuilder("init");
  const [T, J] = [b.dim("T"), b.dim("J")];
  const h0 = b.param("h0", "f32", [J]);
  const inits = [{ axes: { u, j: minus(J, cut) }, body: (...x: readonly Expr[]) => h0.at(x[1] ?? J) }];
  b.output(
    b.rec("S", "f32", { t: T, j: J }, { lag: 2, inits }, (S, t, j) =>
      plus(S.at(minus(t ?? T, 1), j ?? J), S.at(minus(t ?? T, 2), j ?? J)),
    ),
  );
  return b.build();
};

describe("recurrences", () => {
  test("the last slice, earlier slices, all slices before", () => {
    expect(prove(recurrence(1, (S, t, X) => plus(S.at(minus(t, 1)), X.at(t)))).diagnostics.map(textOf)).toEqual([]);
    expect(prove(recurrence(2, (S, t) => plus(S.at(minus(t, 1)), S.at(minus(t, 2))))).errors).toEqual([]);
  });

  test("reads of the group before init begins, at the step itself, and after it are refused", () => {
    expect(prove(recurrence(1, (S, t) => S.at(minus(t, 2)))).errors).toEqual(["E2003"]);
    expect(prove(recurrence(0, (S, t) => S.at(minus(t, 1)))).errors).toEqual(["E2003"]);
    expect(prove(recurrence(1, (S, t) => S.at(t))).errors).toEqual(["E2032"]);
    expect(prove(recurrence(1, (S, t) => S.at(plus(t, 1)))).errors[0]).toBe("E2032");
    expect(prove(recurrence(1, (S, _t, _X, T) => S.at(minus(T, 1)))).errors).toEqual(["E2032"]);
  });

  test("a pad does not make what is not computed yet readable", () => {
    const pad = { kind: "value", value: f32(0) } as const;
    expect(prove(recurrence(1, (S, t) => readAt(S, [minus(t, 2)], { pad }))).errors).toEqual(["E2003"]);
    expect(prove(recurrence(1, (S, t) => readAt(S, [plus(t, 1)], { pad }))).errors[0]).toBe("E2032");
  });

  test("triangular solve: the guard keeps to earlier slices, and no init is needed", () => {
    const b = new KernelBuilder("trisolve");
    const N = b.dim("N");
    const L = b.param("L", "f32", [N, N]);
    const r = b.param("b", "f32", [N]);
    b.output(b.stage("y", { i: N }, (i) => times(L.at(i, i), r.at(i))));
    const { kernel, diagnostics } = prove(triangular(true));
    expect(diagnostics.map(textOf)).toEqual([]);
    if (kernel === null) throw new Error("refused");
    expect(readsOfName(kernel, "x").map((x) => x.guarded)).toEqual([false]);
    expect(prove(triangular(false)).errors).toEqual(["E2032"]);
  });

  test("readers outside may use every slice, the initial ones too", () => {
    const b = new KernelBuilder("last");
    const T = b.dim("T");
    const zero = [{ axes: { u: [-1, 0] as const }, body: () => f32(0) }];
    const S = b.rec("S", "f32", { t: T }, { lag: 1, inits: zero }, (s, t) => plus(s.at(minus(t ?? T, 1)), f32(1)));
    b.output(b.stage("y", {}, () => S.at(minus(T, 1))));
    // With T = 0 this is the initial slice.
    expect(prove(b.build()).errors).toEqual([]);
    b.output(b.stage("z", {}, () => S.at(T)));
    expect(prove(b.build()).errors).toEqual(["E2003"]);
  });

  test("init must define every slice below 0, over the whole of the other dims", () => {
    expect(prove(started([-2, 0], 0)).errors).toEqual([]);
    expect(prove(started([-1, 0], 0)).errors).toEqual(["E2035"]);
    expect(prove(started([-2, 0], 1)).errors).toEqual(["E2035"]);
  });

  test("init may not read what it starts", () => {
    const b = new KernelBuilder("self");
    const T = b.dim("T");
    const made: Handle[] = [];
    const S = b.rec("S", "f32", { t: T }, { lag: 1, inits: [{ axes: { u: [-1, 0] }, body: () => f32(0) }] }, (s, t) => {
      made.push(s);
      return s.at(minus(t ?? T, 1));
    });
    b.output(S);
    const kernel = b.build();
    const step = kernel.steps[0];
    if (step?.kind !== "recurrence") throw new Error("a recurrence");
    const steps = [
      {
        ...step,
        members: step.members.map((m) => ({
          ...m,
          outputs: m.outputs.map((o) => ({ ...o, init: o.init.map((i) => ({ ...i, body: S.at(-1) })) })),
        })),
      },
    ];
    expect(prove({ ...kernel, steps }).errors).toEqual(["E2032"]);
  });

  test("members of one step read each other forwards only", () => {
    const b = new KernelBuilder("gru");
    const T = b.dim("T");
    const zero = [{ axes: { u: [-1, 0] as const }, body: () => f32(0) }];
    const first = b.rec("r", "f32", { t: T }, { lag: 0, inits: [] }, () => f32(1));
    const second = b.rec("S", "f32", { t: T }, { lag: 1, inits: zero }, (S, t) =>
      times(first.at(t ?? T), S.at(minus(t ?? T, 1))),
    );
    b.output(first, second);
    const kernel = b.build();
    const [r, S] = kernel.steps.flatMap((s) => (s.kind === "recurrence" ? s.members : []));
    if (r === undefined || S === undefined) throw new Error("two members");
    const group = (members: readonly Stage[]): Kernel => {
      const step: Recurrence = { kind: "recurrence", time: 0, members, lag: 1 };
      return { ...kernel, steps: [step] };
    };
    expect(prove(group([r, S])).errors).toEqual([]);
    // In the other order S needs an r that this step has not computed; the read knows no such tensor yet.
    const stage = {
      ...r,
      outputs: r.outputs.map((o) => ({ ...o, body: second.at(minus(r.axes[0]?.variable ?? T, 1)) })),
    };
    expect(prove(group([stage, S])).errors).toEqual([]);
    const cyclic = { ...r, outputs: r.outputs.map((o) => ({ ...o, body: second.at(r.axes[0]?.variable ?? T) })) };
    expect(prove(group([cyclic, S])).errors).toEqual(["E2032"]);
  });

  test("chosen positions: values of the recurrence itself index", () => {
    const b = new KernelBuilder("topk");
    const [N, k] = [b.dim("N"), b.dim("k")];
    const X = b.param("X", "f32", [N]);
    const I = b.rec("I", "i32", { r: k }, { lag: 0, inits: [] }, (self, r) => {
      const [, place] = b.components(
        "argmax",
        { j: N },
        (j) => X.at(j ?? N),
        (j) => b.reduce("all", { q: r ?? k }, (q) => ({ ...eq(at(self.at(q ?? k)), j ?? N), op: "ne" })),
      );
      return place ?? i32(0);
    });
    const V = b.stage("V", { r: k }, (r) => select(le(0, I.at(r)), X.at(at(I.at(r))), f32(0)));
    b.output(V);
    expect(prove(b.build()).diagnostics.map(textOf)).toEqual([]);
  });

  test("life: a mask of the neighbours, periodic in space, one slice back in time", () => {
    const b = new KernelBuilder("life");
    const [N, H, W] = [b.dim("N"), b.dim("H"), b.dim("W")];
    const G = b.param("G", "u8", [H, W]);
    const inits = [
      { axes: { u: [-1, 0] as const, y: H, x: W }, body: (...a: readonly Expr[]) => G.at(a[1] ?? H, a[2] ?? W) },
    ];
    const S = b.rec("S", "u8", { t: N, y: H, x: W }, { lag: 1, inits }, (s, t = N, y = H, x = W) => {
      const n = b.reduce("sum", { r: 3, q: 3 }, (r = N, q = N) =>
        to("i32", readAt(s, [minus(t, 1), minus(plus(y, r), 1), minus(plus(x, q), 1)], { pad: { kind: "wrap" } })),
      );
      const alive = eq(to("i32", s.at(minus(t, 1), y, x)), 1);
      return select(and(eq(n, 3), alive), cast("u8", "exact", i32(1)), cast("u8", "exact", i32(0)));
    });
    b.output(b.stage("R", { y: H, x: W }, (y, x) => S.at(minus(N, 1), y, x)));
    const { kernel, diagnostics } = prove(withFacts(b.build(), { ranges: [[G, [0, 2]]], where: [le(3, H), le(3, W)] }));
    expect(diagnostics.map(textOf)).toEqual([]);
    if (kernel === null) throw new Error("refused");
    expect(readsOfName(kernel, "S")[0]?.pad).toEqual({ kind: "wrap" });
  });

  test("a claim is its own hypothesis: a saturating counter", () => {
    const b = new KernelBuilder("counter");
    const T = b.dim("T");
    const inits = [{ axes: { u: [-1, 0] as const }, body: () => i32(0) }];
    const S = b.rec("S", "i32", { t: T }, { lag: 1, inits }, (s, t) => min(plus(s.at(minus(t ?? T, 1)), 1), 100));
    b.output(S);
    expect(prove(b.build(), [claim(S, 0, 101)]).diagnostics.map(textOf)).toEqual([]);
    expect(prove(b.build(), [claim(S, 0, 100)]).errors).toEqual(["E2106"]);
    const down = new KernelBuilder("counter");
    const D = down.dim("T");
    const R = down.rec("S", "i32", { t: D }, { lag: 1, inits }, (s, t) => max(plus(s.at(minus(t ?? D, 1)), -1), 0));
    down.output(R);
    expect(prove(down.build(), [claim(R, 0, 1)]).errors).toEqual([]);
  });
});
