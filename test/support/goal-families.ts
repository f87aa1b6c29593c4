/**
 * Families of random problems for the prover. Each returns a problem whose goal has no offset yet; the test adds one that
 * makes it just true or just false, where bugs live.
 */
import type { Problem, Random, Test, Tree, Variable } from "./random-goals.ts";
import { compare, num, tree, variable } from "./random-goals.ts";

const range = (id: string, lo: Tree, hi: Tree): Variable => ({ id, lo, hi, dim: false });
const dim = (id: string, lo: number, most: number): Variable => ({ id, lo: num(lo), hi: num(most + 1), dim: true });

/** `c0 + c1*t1 + …` with small coefficients. */
function combination(random: Random, parts: readonly Tree[]): Tree {
  return parts.reduce<Tree>((total, part) => {
    const c = random.int(-4, 5);
    return c === 0 ? total : tree("+", total, c === 1 ? part : tree("*", num(c), part));
  }, num(0));
}

/** Indices with numeric ranges, a quotient and a remainder by numbers: every true goal has a linear proof or nearly so. */
export function affineAndDivision(random: Random): Problem {
  const variables = ["x", "y", "z"].map((id) => range(id, num(0), num(random.int(1, 9))));
  const [x, y, z] = [variable("x"), variable("y"), variable("z")];
  const inner = tree("+", x, tree("*", num(random.int(1, 4)), random.pick([y, z])));
  const q = tree(random.pick(["div", "%"]), inner, num(random.int(2, 6)));
  return { variables, guards: [], goal: combination(random, [x, y, z, q]) };
}

/** Quotients of quotients, by numbers. */
export function nestedDivision(random: Random): Problem {
  const variables = [range("f", num(0), num(random.int(4, 65))), range("g", num(0), num(random.int(1, 6)))];
  const f: Tree = random.pick([
    variable("f"),
    tree("+", variable("f"), variable("g")),
    tree("+", tree("*", num(random.int(2, 5)), variable("f")), variable("g")),
    tree("-", variable("f"), variable("g")),
  ]);
  const once = tree(random.pick(["div", "%"]), f, num(random.int(2, 6)));
  const twice = tree(
    random.pick(["div", "%"]),
    random.pick([once, tree("+", once, num(random.int(-3, 4)))]),
    num(random.int(2, 5)),
  );
  return {
    variables,
    guards: [],
    goal: combination(random, random.pick([[twice], [once, twice], [f, twice], [f, once, twice]])),
  };
}

/** Flattened indices over symbolic dims. */
export function symbolicProducts(random: Random): Problem {
  const [M, N, K] = [variable("M"), variable("N"), variable("K")];
  const variables = [
    dim("M", random.int(0, 2), 4),
    dim("N", random.int(0, 2), 4),
    dim("K", random.int(0, 2), 3),
    range("i", num(0), random.pick([M, tree("*", M, N), tree("-", M, num(1))])),
    range("j", num(0), random.pick([N, K, tree("+", N, num(1))])),
  ];
  const [i, j] = [variable("i"), variable("j")];
  const parts = [i, j, tree("*", i, N), tree("*", j, K), tree("*", M, N), tree("*", M, K), tree("*", i, j), M, N];
  const chosen = parts.filter(() => random.next() < 0.4);
  const signs = chosen.reduce<Tree>((total, part) => tree(random.pick(["+", "-"] as const), total, part), num(0));
  return { variables, guards: [], goal: signs };
}

/** Quotients and remainders by symbolic positive numbers: pooling, tiles, reshapes. */
export function symbolicDivision(random: Random): Problem {
  const [H, s, k] = [variable("H"), variable("s"), variable("k")];
  const outputs = random.pick<Tree>([
    tree("+", tree("div", tree("-", H, k), s), num(random.int(0, 3))),
    tree("div", tree("-", tree("+", H, s), num(1)), s),
    tree("div", H, s),
    tree("*", H, s),
  ]);
  const variables = [
    dim("H", 0, 6),
    dim("s", 1, 3),
    dim("k", 0, 3),
    range("y", num(0), outputs),
    range("r", num(0), random.pick([k, s, num(2)])),
  ];
  const [y, r] = [variable("y"), variable("r")];
  const parts: readonly Tree[] = [
    tree("+", tree("*", y, s), r),
    tree("div", y, s),
    tree("%", y, s),
    tree("div", tree("+", y, r), s),
    tree("*", s, tree("div", y, s)),
  ];
  const limits: readonly Tree[] = [H, tree("*", H, s), s, outputs, k, tree("+", H, k), num(0), y];
  const [small, large] = [random.pick(parts), random.pick(limits)];
  const goal = random.pick([tree("-", large, small), small, tree("-", small, large)]);
  const guards: readonly Test[] = random.next() < 0.6 ? [compare(">=", tree("-", H, k))] : [];
  return { variables, guards, goal };
}

/** Minima, maxima and guards with alternatives, over numeric ranges and one dim. */
export function choices(random: Random): Problem {
  const N = variable("N");
  const variables = [
    dim("N", random.int(0, 3), 5),
    range("i", num(random.int(-2, 2)), random.pick([N, num(4)])),
    range("j", num(0), random.pick([N, num(3), variable("i")])),
  ];
  const [i, j] = [variable("i"), variable("j")];
  const once = tree(
    random.pick(["min", "max"]),
    random.pick([i, tree("+", i, num(random.int(-2, 3)))]),
    random.pick([j, tree("-", N, num(1)), num(1)]),
  );
  const twice = tree(random.pick(["min", "max"]), once, random.pick([num(0), N, j]));
  const guards: Test[] = [];
  if (random.next() < 0.5) guards.push(compare("!=", tree("-", i, random.pick([j, num(0), num(1)]))));
  if (random.next() < 0.3) {
    const parts: readonly Test[] = [compare(">=", tree("-", i, j)), compare(">=", tree("-", num(1), j))];
    guards.push({ kind: random.pick(["or", "and"]), parts });
  }
  return { variables, guards, goal: combination(random, [random.pick([once, twice]), random.pick([i, j, N])]) };
}

/** Divisibility guards and equations. */
export function congruences(random: Random): Problem {
  const [N, d] = [variable("N"), random.pick<Tree>([num(2), num(3), variable("d")])];
  const variables = [
    dim("N", 0, 7),
    dim("d", 1, 3),
    range("v", num(0), random.pick([tree("div", N, d), tree("div", tree("-", tree("+", N, d), num(1)), d)])),
    range("l", num(0), d),
  ];
  const [v, l] = [variable("v"), variable("l")];
  const guards: Test[] = [];
  if (random.next() < 0.7)
    guards.push(compare("==", tree("%", random.pick([N, tree("+", N, num(1)), tree("-", N, l)]), d)));
  const place = tree("+", tree("*", d, v), l);
  const goal = random.pick([
    tree("-", N, place),
    tree("-", tree("div", N, d), v),
    tree("-", place, v),
    tree("-", tree("*", d, tree("div", N, d)), N),
    tree("-", tree("div", place, d), v),
  ]);
  return { variables, guards, goal };
}

/** Products of values of either sign, under equations and bounds on other products. */
export function signedProducts(random: Random): Problem {
  const variables = ["a", "b", "c"].map((id) => range(id, num(random.int(-4, 1)), num(random.int(1, 5))));
  const [a, b, c] = [variable("a"), variable("b"), variable("c")];
  const products = [tree("*", a, b), tree("*", b, c), tree("*", a, a), tree("*", a, tree("*", b, c))];
  const guards: Test[] = [];
  if (random.next() < 0.5) guards.push(compare(">=", combination(random, [random.pick([a, b]), c, num(1)])));
  if (random.next() < 0.3) guards.push(compare(">=", tree("-", random.pick(products), num(random.int(-4, 2)))));
  if (random.next() < 0.3) {
    const sides = [tree("*", num(random.int(1, 4)), a), tree("*", num(random.int(1, 4)), random.pick([b, c]))] as const;
    guards.push(compare("==", tree("-", tree("-", ...sides), num(random.int(-2, 3)))));
  }
  const terms = [random.pick(products), random.pick([...products, a]), random.pick([b, c])];
  return { variables, guards, goal: combination(random, terms) };
}

/** The same problems with the sizes of dims told, so that the least value of the goal is known to be attained. */
function bounded(family: (random: Random) => Problem): (random: Random) => Problem {
  return (random) => {
    const problem = family(random);
    return { ...problem, variables: problem.variables.map((v) => ({ ...v, dim: false })) };
  };
}

export const FAMILIES = {
  affineAndDivision,
  nestedDivision,
  symbolicProducts,
  symbolicDivision,
  choices,
  congruences,
  signedProducts,
  boundedProducts: bounded(symbolicProducts),
  boundedDivision: bounded(symbolicDivision),
  boundedChoices: bounded(choices),
  boundedCongruences: bounded(congruences),
} as const satisfies Record<string, (random: Random) => Problem>;
