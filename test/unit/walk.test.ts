/** compiler/ir/walk.ts: scopes, sharing, renaming, equality up to bound names. */
import { describe, expect, test } from "vitest";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, constant, index, less, letIn, mul, read, reduce, select, variable } from "../../compiler/ir/expr.ts";
import {
  children,
  expressionKey,
  freeVariables,
  instantiate,
  mapChildren,
  rewrite,
  sameExpr,
  substitute,
  tensorsRead,
  visit,
} from "../../compiler/ir/walk.ts";

const N = variable("index", "d0", "N");
const i = variable("index", "i0", "i");

/** sum[k in 0..i | k < N](X[k, i]) with the given ids. */
function prefixSum(k: string, id: string): Expr {
  const kv = variable("index", k, "k");
  return reduce({
    id,
    type: "f32",
    reducer: { kind: "builtin", name: "sum" },
    axes: [{ variable: kv, lo: index(0), hi: i }],
    guard: less(kv, N),
    args: [read("f32", "t0", [kv, i])],
    component: 0,
  });
}

describe("walk", () => {
  test("children and mapChildren agree on order, and unchanged nodes are kept", () => {
    const c = read("f32", "t1", [i, N], { pad: { kind: "value", value: constant("f32", 2) } });
    const e = select(less(i, N), prefixSum("k0", "r0"), c);
    for (const node of [e, c, prefixSum("k0", "r0")]) {
      const seen: Expr[] = [];
      expect(mapChildren(node, (x) => (seen.push(x), x))).toBe(node);
      expect(seen).toEqual(children(node));
    }
    expect(rewrite(e, (x) => x)).toBe(e);
  });

  test("rewriting keeps sharing", () => {
    const shared = add(i, index(1));
    const e = rewrite(mul(shared, shared), (x) => (x.kind === "var" ? N : x));
    expect(e.kind === "apply" && e.args[0] === e.args[1]).toBe(true);
  });

  test("free variables respect scopes: axes bind later bounds, guard, arguments; let binds its body only", () => {
    expect([...freeVariables(prefixSum("k0", "r0")).keys()]).toEqual(["i0", "d0"]);
    const x = variable("index", "x0", "x");
    expect([...freeVariables(letIn(x, add(i, index(1)), mul(x, x))).keys()]).toEqual(["i0"]);
    expect([...freeVariables(letIn(x, add(x, i), x)).keys()]).toEqual(["x0", "i0"]);
  });

  test("substitution replaces free variables in bounds and subscripts", () => {
    const e = substitute(prefixSum("k0", "r0"), new Map([["i0", index(4)]]));
    expect([...freeVariables(e).keys()]).toEqual(["d0"]);
    expect(expressionKey(e)).toContain("index:4");
  });

  test("instantiate renames binders and reductions, one id per reduction", () => {
    let n = 0;
    const pair = add(index(0), index(0));
    const r = prefixSum("k0", "r0");
    const e = letIn(variable("f32", "x0", "x"), r, select(less(pair, i), r, variable("f32", "x0", "x")));
    const copy = instantiate(e, new Map([["i0", N]]), (old) => `${old}'${n++}`);
    const ids = new Set<string>();
    const names: string[] = [];
    visit(copy, (x) => {
      if (x.kind === "reduce") ids.add(x.id);
      if (x.kind === "var") names.push(x.id);
    });
    expect(ids.size).toBe(1);
    expect([...ids][0]).not.toBe("r0");
    expect(names.filter((x) => x === "x0" || x === "k0" || x === "i0")).toEqual([]);
    expect([...freeVariables(copy).keys()]).toEqual(["d0"]);
  });

  test("keys ignore the names of bound variables and the ids of reductions, nothing else", () => {
    expect(sameExpr(prefixSum("k0", "r0"), prefixSum("k9", "r9"))).toBe(true);
    const x = variable("index", "x0", "x");
    const y = variable("index", "y0", "y");
    expect(sameExpr(letIn(x, i, add(x, N)), letIn(y, i, add(y, N)))).toBe(true);
    expect(sameExpr(letIn(x, i, add(x, x)), letIn(x, i, add(x, i)))).toBe(false);
    expect(sameExpr(constant("f32", 0), constant("f32", -0))).toBe(false);
    expect(sameExpr(constant("i32", 1), constant("f32", 1))).toBe(false);
    expect(sameExpr(read("f32", "t0", [i]), read("f32", "t0", [i], { guarded: true }))).toBe(false);
    expect(sameExpr(add(i, N), add(N, i))).toBe(false);
  });

  test("tensors read include those of pads", () => {
    const inner = read("f32", "t2", []);
    const e = read("f32", "t1", [i], { pad: { kind: "value", value: inner } });
    expect([...tensorsRead(e)]).toEqual(["t1", "t2"]);
  });
});
