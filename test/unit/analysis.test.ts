/**
 * The parts under the prover: polynomials are canonical, intervals hold what they must, derived atoms mean what they say,
 * extremes over boxes are the true ones, counterexamples are stable, and no query takes long, whatever it is asked.
 */
import { describe, expect, test } from "vitest";
import { Atoms } from "../../compiler/analysis/atoms.ts";
import { atLeastZero } from "../../compiler/analysis/condition.ts";
import { counterexample } from "../../compiler/analysis/counterexample.ts";
import { boxOf, greatestOver, leastOver } from "../../compiler/analysis/extreme.ts";
import { Facts } from "../../compiler/analysis/facts.ts";
import type { Interval } from "../../compiler/analysis/interval.ts";
import * as intervals from "../../compiler/analysis/interval.ts";
import type { Poly } from "../../compiler/analysis/polynomial.ts";
import * as polynomial from "../../compiler/analysis/polynomial.ts";
import { prove } from "../../compiler/analysis/prover.ts";
import { readCondition, readPoly, readScope } from "../support/index-language.ts";
import { Random } from "../support/random-goals.ts";

const scopeOf = (...lines: readonly string[]): Facts => readScope(Facts.none(new Atoms()), lines);

function show(facts: Facts, p: Poly | null): string | null {
  return p === null ? null : facts.atoms.print(p);
}

/** The members of an interval, from -6 and up to 6 where it has no ends. */
function members(a: Interval): bigint[] {
  const found: bigint[] = [];
  for (let v = a.lower ?? -6n; v <= (a.upper ?? 6n); v++) found.push(v);
  return found;
}

describe("polynomials", () => {
  const atoms = new Atoms();
  const p = (text: string): Poly => readPoly(atoms, text);

  test.each([
    ["(x + 3) - x", "3"],
    ["(x + y)*(x - y)", "x*x - y*y"],
    ["y*x*2 + x*y", "3*x*y"],
    ["(a + b)*(a + b)", "a*a + 2*a*b + b*b"],
    ["0*x", "0"],
  ])("%s equals %s", (a, b) => {
    expect(polynomial.equals(p(a), p(b))).toBe(true);
    expect(p(a).key).toBe(p(b).key);
  });

  test("different polynomials have different keys", () => {
    expect(polynomial.equals(p("x*y"), p("x + y"))).toBe(false);
    expect(polynomial.equals(p("x"), p("y"))).toBe(false);
    expect(polynomial.equals(p("2*x"), p("x*x"))).toBe(false);
  });

  test("substitution replaces all at once, and enters definitions", () => {
    const by = new Map([
      ["x", p("y + 1")],
      ["y", p("x")],
    ]);
    expect(polynomial.equals(atoms.substitute(p("x*y"), by), p("(y + 1)*x"))).toBe(true);
    expect(polynomial.equals(atoms.substitute(p("x div 2 + min(x, y)"), by), p("(y + 1) div 2 + min(y + 1, x)"))).toBe(
      true,
    );
    expect(polynomial.equals(atoms.substitute(p("x div 2"), new Map([["x", p("2*z + 4")]])), p("z + 2"))).toBe(true);
  });

  test("evaluation enters definitions; division by 0 has no value", () => {
    const at = new Map([
      ["x", -7n],
      ["y", 2n],
    ]);
    expect(atoms.evaluate(p("x div y"), at)).toBe(-4n);
    expect(atoms.evaluate(p("x % y"), at)).toBe(1n);
    expect(atoms.evaluate(p("x % (0 - y)"), at)).toBe(-1n);
    expect(atoms.evaluate(p("min(x, y) + max(x, y) + abs(x) + clamp(x, 0, 5)"), at)).toBe(2n);
    expect(atoms.evaluate(p("x div (y - 2)"), at)).toBeNull();
  });

  test.each([
    ["2*p + H - 1", "H + 2*p - 1"],
    ["1 - N", "1 - N"],
    ["r - p + y*s - 1", "s*y + r - p - 1"],
    ["0 - x", "-x"],
    ["x - 3*x*y", "x - 3*x*y"],
    ["(x + 1) div 4", "((x + 1) div 4)"],
    ["x % 4", "(x % 4)"],
    ["3*((x + y) % N) - 1", "3*((x + y) % N) - 1"],
    ["min(u, w + 1)", "min(u, w + 1)"],
    ["0", "0"],
  ])("%s prints as %s", (text, shown) => {
    expect(atoms.print(p(text))).toBe(shown);
  });

  test("names are the caller's", () => {
    expect(atoms.print(p("x + y"), (id) => (id === "x" ? "ids[n, t]" : id))).toBe("ids[n, t] + y");
  });

  test("products too large to expand stay one atom, and still have bounds and values", () => {
    const wide = polynomial.sum(Array.from({ length: 20 }, (_, i) => polynomial.atom(`v${i}`)));
    const huge = atoms.power(wide, 12);
    expect(huge.terms.length).toBeLessThan(300);
    const ones = new Map(Array.from({ length: 20 }, (_, i) => [`v${i}`, 1n]));
    expect(atoms.evaluate(huge, ones)).toBe(20n ** 12n);
    let facts = Facts.none(atoms);
    for (let i = 0; i < 20; i++) facts = facts.assumeRange(`v${i}`, polynomial.ZERO, polynomial.constant(3), "v");
    expect(facts.bounds(huge)).toEqual({ lower: 0n, upper: 40n ** 12n });
  });

  test("powers of two split off numbers only where the exponent is known not to be negative", () => {
    const s = polynomial.atom("s");
    const facts = Facts.none(atoms).assumeAtLeastZero(s, "s >= 0");
    const next = polynomial.add(s, polynomial.ONE);
    const doubled = polynomial.scale(atoms.exponential(2n, s, facts), 2);
    expect(polynomial.equals(atoms.exponential(2n, next, facts), doubled)).toBe(true);
    expect(polynomial.equals(atoms.exponential(2n, next), doubled)).toBe(false);
    expect(facts.bounds(atoms.exponential(2n, s, facts)).lower).toBe(1n);
  });
});

describe("intervals", () => {
  const ends = [null, -3n, -1n, 0n, 1n, 2n, 4n];
  const samples: Interval[] = [];
  for (const lower of ends) {
    for (const upper of ends) if (lower === null || upper === null || lower <= upper) samples.push({ lower, upper });
  }
  const floor = polynomial.floorQuotient;

  const binary: readonly [string, (a: Interval, b: Interval) => Interval, (x: bigint, y: bigint) => bigint | null][] = [
    ["add", intervals.addIntervals, (x, y) => x + y],
    ["subtract", intervals.subtractIntervals, (x, y) => x - y],
    ["multiply", intervals.multiplyIntervals, (x, y) => x * y],
    ["divide", intervals.divideIntervals, (x, y) => (y === 0n ? null : floor(x, y))],
    ["modulo", intervals.moduloIntervals, (x, y) => (y === 0n ? null : x - y * floor(x, y))],
    ["minimum", intervals.minimumInterval, (x, y) => (x < y ? x : y)],
    ["maximum", intervals.maximumInterval, (x, y) => (x > y ? x : y)],
    ["union", intervals.union, (x) => x],
    ["shift left", intervals.shiftLeftInterval, (x, y) => (y < 0n ? null : x << y)],
    ["shift right", intervals.shiftRightInterval, (x, y) => (y < 0n ? null : x >> y)],
  ];

  test.each(binary)("%s holds every value, and only reachable ends", (_, onIntervals, onValues) => {
    for (const a of samples) {
      for (const b of samples) {
        const result = onIntervals(a, b);
        for (const x of members(a)) {
          for (const y of members(b)) {
            const value = onValues(x, y);
            if (value !== null && !intervals.containsValue(result, value)) expect({ a, b, x, y, result }).toBe(value);
          }
        }
      }
    }
  });

  test("finite ends are attained where operands are finite", () => {
    const a = { lower: -3n, upper: 4n };
    const b = { lower: -2n, upper: 5n };
    expect(intervals.multiplyIntervals(a, b)).toEqual({ lower: -15n, upper: 20n });
    expect(intervals.multiplyIntervals(intervals.point(0), intervals.ALL)).toEqual({ lower: 0n, upper: 0n });
    expect(intervals.powerInterval(a, 2)).toEqual({ lower: 0n, upper: 16n });
    expect(intervals.absoluteInterval(a)).toEqual({ lower: 0n, upper: 4n });
    expect(intervals.divideIntervals(a, { lower: 2n, upper: 2n })).toEqual({ lower: -2n, upper: 2n });
    expect(intervals.moduloIntervals({ lower: 5n, upper: 6n }, intervals.point(4))).toEqual({ lower: 1n, upper: 2n });
    expect(intervals.clampInterval(intervals.ALL, intervals.point(0), intervals.point(9))).toEqual({
      lower: 0n,
      upper: 9n,
    });
  });

  test("a square is not negative, though its sides may be", () => {
    const facts = scopeOf("x in -3..4", "y in -2..3");
    expect(facts.bounds(readPoly(facts.atoms, "x*x"))).toEqual({ lower: 0n, upper: 9n });
    expect(facts.bounds(readPoly(facts.atoms, "x*y"))).toEqual({ lower: -6n, upper: 6n });
    expect(facts.bounds(readPoly(facts.atoms, "x*x*y*y"))).toEqual({ lower: 0n, upper: 36n });
  });

  test("the sum of up to 32 768 products of int8 fits in int32", () => {
    const total = intervals.sumOf(intervals.interval(0, 32768), intervals.interval(-16256, 16256));
    expect(intervals.contains(intervals.interval(-(2 ** 31), 2 ** 31 - 1), total)).toBe(true);
    expect(intervals.intersect(intervals.point(1), intervals.point(2))).toBeNull();
  });
});

describe("extremes over a box", () => {
  const conv = scopeOf(
    "dim H R s p",
    "s >= 1",
    "R <= H + 2*p",
    "R >= 1",
    "y in 0..(H + 2*p - R) div s + 1",
    "r in 0..R",
  );
  test("of a convolution's row", () => {
    const row = readPoly(conv.atoms, "y*s + r - p");
    expect(show(conv, leastOver(conv, row, boxOf(conv, ["r", "y"])))).toBe("-p");
    const last = greatestOver(conv, row, boxOf(conv, ["r", "y"]));
    const expected = readPoly(conv.atoms, "((H + 2*p - R) div s)*s + R - 1 - p");
    expect(last?.key).toBe(expected.key);
  });

  test("of a tile: only its inner loops are eliminated", () => {
    const tile = scopeOf("dim M", "io in 0..M div 8", "ii in 0..8");
    const row = readPoly(tile.atoms, "io*8 + ii");
    expect(show(tile, greatestOver(tile, row, boxOf(tile, ["ii"])))).toBe("8*io + 7");
    expect(show(tile, leastOver(tile, row, boxOf(tile, ["ii"])))).toBe("8*io");
  });

  test("through quotients, minima and ranges that depend on outer indices", () => {
    const facts = scopeOf("dim N", "i in 0..N", "j in 0..i + 1");
    const inner = boxOf(facts, ["j", "i"]);
    expect(show(facts, greatestOver(facts, readPoly(facts.atoms, "j div 2"), inner))).toBe("((N + 1) div 2) - 1");
    expect(show(facts, greatestOver(facts, readPoly(facts.atoms, "min(j, 5) - 3"), inner))).toBe("min(N - 1, 5) - 3");
    expect(show(facts, leastOver(facts, readPoly(facts.atoms, "0 - j"), inner))).toBe("1 - N");
  });

  test("null where no corner is proved", () => {
    const facts = scopeOf("dim N", "i in 0..N", "c >= -N");
    const box = boxOf(facts, ["i"]);
    expect(greatestOver(facts, readPoly(facts.atoms, "c*i"), box)).toBeNull();
    expect(greatestOver(facts, readPoly(facts.atoms, "i*i"), box)).toBeNull();
    expect(greatestOver(facts, readPoly(facts.atoms, "i % 4"), box)).toBeNull();
    expect(greatestOver(facts, readPoly(facts.atoms, "7"), box)?.key).toBe(polynomial.constant(7).key);
  });

  test("agree with enumeration", () => {
    const random = new Random(3);
    for (let n = 0; n < 200; n++) {
      const [a, b, c, d] = [random.int(-3, 4), random.int(-3, 4), random.int(1, 5), random.int(1, 6)];
      const facts = scopeOf(`x in 0..${d}`, `y in -1..${c}`);
      const text = `${a}*x + ${b}*y + (x + y) div ${c}`.replaceAll("+ -", "- ").replace(/^-/, "0 - ");
      const p = readPoly(facts.atoms, text);
      const greatest = greatestOver(facts, p, boxOf(facts, ["y", "x"]));
      if (greatest === null) continue;
      let most = -Infinity;
      for (let x = 0n; x < d; x++) {
        for (let y = -1n; y < c; y++)
          most = Math.max(
            most,
            Number(
              facts.atoms.evaluate(
                p,
                new Map([
                  ["x", x],
                  ["y", y],
                ]),
              ),
            ),
          );
      }
      expect(Number(polynomial.asConstant(greatest)), `case ${n}: ${text}`).toBe(most);
    }
  });
});

describe("counterexamples", () => {
  test("are small, and list dims before indices", () => {
    const facts = scopeOf("dim H R s p", "s >= 1", "R <= H + 2*p", "y in 0..(H + 2*p - R) div s + 1", "r in 0..R");
    const found = counterexample(facts, readCondition(facts.atoms, "y*s + r - p >= 0"));
    expect(found?.map(({ id }) => id)).toEqual(["H", "R", "s", "p", "y", "r"]);
    expect(found?.every(({ value }) => value <= 3n)).toBe(true);
    expect(counterexample(facts, readCondition(facts.atoms, "y*s + r - p >= 0"))).toEqual(found);
  });

  test("leave out what plays no part, and find the first value past a limit", () => {
    const facts = scopeOf("dim A B K", "K <= 140000", "B >= 7");
    const found = counterexample(facts, readCondition(facts.atoms, "K*16256 < 2147483648"));
    expect(found).toEqual([{ id: "K", value: 132105n }]);
  });

  test("none where the goal holds", () => {
    const facts = scopeOf("dim N", "i in 0..N");
    expect(counterexample(facts, readCondition(facts.atoms, "i < N"))).toBeNull();
  });

  test("a false statement about numbers needs no symbols", () => {
    expect(counterexample(scopeOf(), readCondition(new Atoms(), "3 < 2"))).toEqual([]);
  });
});

describe("hostile scopes", () => {
  test("thirty atoms, products and quotients: the work of each query is bounded", () => {
    const random = new Random(99);
    const times: number[] = [];
    for (let n = 0; n < 40; n++) {
      const ids = Array.from({ length: random.int(12, 31) }, (_, i) => `v${i}`);
      const atoms = new Atoms();
      const at = new Map(ids.map((id) => [id, BigInt(random.int(0, 12))]));
      const form = (degree: number, terms: number): Poly => {
        let p = polynomial.constant(random.int(-20, 20));
        for (let i = 0; i < terms; i++) {
          const factors = Array.from({ length: degree }, () => random.pick(ids));
          p = polynomial.add(p, polynomial.monomial(BigInt(random.int(-5, 6)), factors));
        }
        return p;
      };
      let facts = Facts.none(atoms);
      for (const id of ids) facts = random.next() < 0.7 ? facts.assumeDim(id) : facts;
      for (let i = random.int(10, 50); i > 0; i--) {
        let p = form(random.int(1, 4), random.int(2, 8));
        if (random.next() < 0.3) p = polynomial.add(p, atoms.floorDiv(form(2, 3), form(1, 2), facts));
        if (random.next() < 0.2) p = polynomial.add(p, atoms.min(form(1, 2), form(1, 2), facts));
        const value = atoms.evaluate(p, at);
        if (value !== null)
          facts = facts.assumeAtLeastZero(polynomial.sub(p, polynomial.constant(value - 1n)), `fact ${i}`);
      }
      const goal = form(2, 6);
      const start = performance.now();
      const verdict = prove(facts, goal);
      times.push(performance.now() - start);
      const value = atoms.evaluate(goal, at);
      if (verdict.proved) expect(value !== null && value >= 0n, `case ${n}`).toBe(true);
      if (n % 10 === 0) counterexample(facts, atLeastZero(goal));
    }
    // Work is counted, so no machine is too slow for this: a query that ran away would take minutes.
    expect(Math.max(...times)).toBeLessThan(5000);
  });
});
