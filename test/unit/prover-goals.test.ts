/**
 * The goals that index analysis meets in real kernels are proved, quickly; their off-by-one neighbours and what does not
 * follow are not, and come with a counterexample. Which fact proved what is recorded.
 */
import { describe, expect, test } from "vitest";
import { Atoms } from "../../compiler/analysis/atoms.ts";
import { holdsAt, atLeastZero } from "../../compiler/analysis/condition.ts";
import { counterexample } from "../../compiler/analysis/counterexample.ts";
import { Facts } from "../../compiler/analysis/facts.ts";
import type { Poly } from "../../compiler/analysis/polynomial.ts";
import { ONE, ZERO, add, constant, sub } from "../../compiler/analysis/polynomial.ts";
import { proveCondition, proveContradiction, proveNotEqual, proveWithin } from "../../compiler/analysis/prover.ts";
import type { Verdict } from "../../compiler/analysis/prover.ts";
import { TRUE_GOALS, UNPROVABLE_GOALS } from "../support/index-goals.ts";
import { readCondition, readPoly, readScope } from "../support/index-language.ts";

const scopeOf = (...lines: readonly string[]): Facts => readScope(Facts.none(new Atoms()), lines);
const ask = (facts: Facts, goal: string): Verdict => proveCondition(facts, readCondition(facts.atoms, goal, facts));

describe("proved", () => {
  for (const { name, scope, goals } of TRUE_GOALS) {
    test.each(goals)(`${name}: %s`, (goal) => {
      const verdict = ask(scopeOf(...scope), goal);
      expect(verdict.proved).toBe(true);
    });
  }
});

describe("not proved", () => {
  const rows = UNPROVABLE_GOALS.flatMap(({ name, scope, goals }) => goals.map((goal) => ({ name, scope, goal })));

  test("there are enough of them", () => {
    expect(rows.length).toBeGreaterThanOrEqual(45);
  });

  test.each(rows)("$name: $goal", ({ scope, goal }) => {
    const facts = scopeOf(...scope);
    const verdict = ask(facts, goal);
    expect(verdict.proved).toBe(false);
    const point = counterexample(facts, readCondition(facts.atoms, goal, facts));
    expect(point).not.toBeNull();
    const at = facts.atoms.evaluator(new Map(point?.map(({ id, value }) => [id, value])));
    const known = facts.inequalities.filter((f) =>
      facts.atoms.symbolsOf(f.poly).every((id) => point?.some((p) => p.id === id)),
    );
    for (const fact of known) expect(holdsAt(atLeastZero(fact.poly), at), fact.label).toBe(true);
    expect(holdsAt(readCondition(facts.atoms, goal, facts), at)).toBe(false);
  });
});

test("a hundred pooling layers, one over the other: only what is near counts", () => {
  let facts = scopeOf("dim H k s", "k >= 1", "s >= 1");
  const p = (text: string): Poly => readPoly(facts.atoms, text);
  let height = p("H");
  for (let layer = 0; layer < 100; layer++) {
    facts = facts.assumeAtLeastZero(sub(height, p("k")), `k <= the height of layer ${layer}`);
    const next = add(facts.atoms.floorDiv(sub(height, p("k")), p("s"), facts), ONE);
    const inside = facts.assumeRange("y", ZERO, next, "y").assumeRange("r", ZERO, p("k"), "r");
    expect(proveWithin(inside, p("y*s + r"), ZERO, height).proved, `layer ${layer}`).toBe(true);
    expect(proveWithin(inside, p("y*s + r + 1"), ZERO, height).proved, `layer ${layer}`).toBe(false);
    height = next;
  }
});

describe("how it was proved", () => {
  test("a number, a fact, intervals, a linear argument, cases, a contradiction", () => {
    const facts = scopeOf("dim N M", "N >= 4", "i in 0..N", "j in 0..i", "x != 3", "x >= 3", "x <= 4 + 0*N");
    expect(ask(facts, "3 < 4")).toMatchObject({ proved: true, method: "constant", facts: [] });
    expect(ask(facts, "i < N")).toMatchObject({ proved: true, method: "fact", facts: ["i in 0..N"] });
    expect(ask(facts, "2*N + M >= 7")).toMatchObject({ proved: true, method: "interval" });
    expect(ask(facts, "j + 1 < N")).toMatchObject({
      proved: true,
      method: "linear",
      facts: ["i in 0..N", "j in 0..i"],
    });
    expect(ask(facts, "x == 4")).toMatchObject({ proved: true, method: "cases" });
    const nowhere = readScope(facts, ["N < i"]);
    expect(proveContradiction(nowhere)).toMatchObject({ proved: true });
    expect(proveContradiction(facts)).toMatchObject({ proved: false });
  });

  test("only the facts that were used are named, in the order of the program", () => {
    const facts = scopeOf(
      "dim H k s B",
      "k >= 1",
      "s >= 1",
      "k <= H",
      "B >= 7",
      "y in 0..(H - k) div s + 1",
      "r in 0..k",
    );
    const verdict = ask(facts, "y*s + r < H");
    expect(verdict).toMatchObject({ proved: true, method: "linear" });
    const used = verdict.proved ? verdict.facts : [];
    expect(used).not.toContain("B >= 7");
    expect(used).toContain("y in 0..(H - k) div s + 1");
    expect(used).toContain("r in 0..k");
    expect(used).toContain("s >= 1");
  });

  test("a case names the alternative that it distinguished", () => {
    const facts = scopeOf("dim N", "i in 0..N", "i == 0 || i >= 2", "N >= 3");
    expect(ask(facts, "i != 1")).toMatchObject({ proved: true, method: "cases" });
    const verdict = ask(facts, "i*i >= 2*i");
    expect(verdict).toMatchObject({ proved: true, method: "cases" });
    expect(verdict.proved ? verdict.facts : []).toContain("i == 0 || i >= 2");
  });
});

describe("forms of question", () => {
  const facts = scopeOf("dim N", "N >= 1", "i in 0..N");

  test("within and not equal", () => {
    const i = readPoly(facts.atoms, "i");
    expect(proveWithin(facts, i, constant(0), readPoly(facts.atoms, "N")).proved).toBe(true);
    expect(proveNotEqual(facts, readPoly(facts.atoms, "N"), constant(0)).proved).toBe(true);
    expect(proveNotEqual(facts, i, constant(0)).proved).toBe(false);
  });

  test("a disjunction holds if one part does where the others fail", () => {
    expect(ask(facts, "i == 0 || i >= 1").proved).toBe(true);
    expect(ask(facts, "i < 5 || i > 4").proved).toBe(true);
    expect(ask(facts, "i < 5 || i > 5").proved).toBe(false);
  });

  test("what is unknown assumes nothing and is never proved", () => {
    const unknown = { kind: "unknown" } as const;
    expect(facts.assume(unknown, "?")).toBe(facts);
    expect(facts.assume({ kind: "any", of: [unknown, readCondition(facts.atoms, "i >= 3")] }, "?")).toBe(facts);
    expect(proveCondition(facts, unknown).proved).toBe(false);
    expect(proveCondition(facts, { kind: "any", of: [unknown, readCondition(facts.atoms, "i >= 0")] }).proved).toBe(
      true,
    );
  });

  test("alternatives that cannot hold are dropped; where none is left the place is never reached", () => {
    expect(ask(readScope(facts, ["i < 0 || i >= 3"]), "i >= 3")).toMatchObject({ proved: true, method: "fact" });
    const nowhere = readScope(facts, ["i < 0 || i >= N"]);
    expect(proveContradiction(nowhere)).toMatchObject({ proved: true, method: "contradiction" });
  });

  test("a scope does not change the facts around it", () => {
    const inside = readScope(facts, ["i >= 5"]);
    expect(ask(inside, "N >= 6").proved).toBe(true);
    expect(ask(facts, "N >= 6").proved).toBe(false);
  });

  test("bounds carry through definitions: a sum of int8 products fits in 32 bits", () => {
    const sums = scopeOf("dim K", "K <= 32768", "-16256 <= product <= 16256");
    const { lower, upper } = sums.bounds(readPoly(sums.atoms, "K*product"));
    expect(lower).toBe(-532676608n);
    expect(upper).toBe(532676608n);
    expect(ask(sums, "K*product + 1073741823 < 2147483648").proved).toBe(true);
    expect(ask(scopeOf("dim K", "-16256 <= product <= 16256"), "K*product < 2147483648").proved).toBe(false);
  });
});
