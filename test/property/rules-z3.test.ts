/**
 * Every rewrite rule, proved: z3 finds no values for which the left side has a value and the right side has another. Bit
 * vectors for integers (with the condition that nothing overflows where the operation is proved not to), IEEE floats with
 * NaN and signed zeros, mathematical integers for indices. `unknown` is a failure.
 */
import { init } from "z3-solver";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DTYPES, isFloat } from "../../compiler/ir/dtype.ts";
import type { Expr, ScalarType } from "../../compiler/ir/expr.ts";
import type { Op } from "../../compiler/ir/expr.ts";
import { RULES } from "../../compiler/passes/rules/all.ts";
import { holesOf } from "../../compiler/passes/rules/rule.ts";

type Z3 = Awaited<ReturnType<typeof init>>;
let z3: Z3 | null = null;
let solver: ReturnType<typeof makeSolver> | null = null;

/** One for all: z3 gives a solver's memory back only when it is reset. */
function makeSolver(z: Z3) {
  return new (z.Context("rules").Solver)();
}

beforeAll(async () => {
  z3 = await init();
}, 60_000);

afterAll(() => {
  z3?.em.PThread.terminateAllThreads();
});

type Sort = {
  readonly name: string;
  readonly width: number;
  readonly kind: "int" | "bits" | "float" | "bool";
  readonly signed: boolean;
};

function sortOf(type: ScalarType): Sort {
  if (type === "index") return { name: "Int", width: 0, kind: "int", signed: true };
  if (type === "bool") return { name: "Bool", width: 1, kind: "bool", signed: false };
  const row = DTYPES[type];
  if (isFloat(type)) {
    const [exponent, significand] = type === "f32" ? [8, 24] : [11, 53];
    return { name: `(_ FloatingPoint ${exponent} ${significand})`, width: row.bits, kind: "float", signed: true };
  }
  return { name: `(_ BitVec ${row.bits})`, width: row.bits, kind: "bits", signed: row.kind === "int" && row.signed };
}

const INT: Readonly<Partial<Record<Op, string>>> = {
  add: "+",
  sub: "-",
  mul: "*",
  neg: "-",
  floor_div: "div",
  floor_mod: "mod",
  eq: "=",
  lt: "<",
  le: "<=",
};
const FLOAT: Readonly<Partial<Record<Op, string>>> = {
  add: "fp.add RNE",
  sub: "fp.sub RNE",
  mul: "fp.mul RNE",
  divide: "fp.div RNE",
  neg: "fp.neg",
  abs: "fp.abs",
  eq: "fp.eq",
};
const BITS: Readonly<Partial<Record<Op, string>>> = {
  add: "bvadd",
  sub: "bvsub",
  mul: "bvmul",
  neg: "bvneg",
  wrapping_add: "bvadd",
  wrapping_sub: "bvsub",
  wrapping_mul: "bvmul",
  bit_and: "bvand",
  bit_or: "bvor",
  bit_xor: "bvxor",
  bit_not: "bvnot",
  shl: "bvshl",
  eq: "=",
};
const BOOL: Readonly<Partial<Record<Op, string>>> = { and: "and", or: "or", not: "not", eq: "=" };

/** The SMT-LIB text of an expression; conditions under which its left side has a value are collected in `legal`. */
function smt(e: Expr, legal: string[]): string {
  if (e.kind === "var") return e.name;
  if (e.kind === "const") return literal(e.type, e.value);
  if (e.kind === "select") return `(ite ${smt(e.cond, legal)} ${smt(e.yes, legal)} ${smt(e.no, legal)})`;
  if (e.kind !== "apply") throw new Error(`a rule with ${e.kind}`);
  const args = e.args.map((a) => smt(a, legal));
  return application(e.op, sortOf(e.args[0]?.type ?? e.type), args, legal);
}

function application(op: Op, sort: Sort, args: readonly string[], legal: string[]): string {
  const [a = "", b = ""] = args;
  if (op === "ne") return `(not ${application("eq", sort, args, legal)})`;
  if (op === "max" || op === "min") {
    const smaller = compare("lt", sort, a, b);
    return op === "min" ? `(ite ${smaller} ${a} ${b})` : `(ite ${smaller} ${b} ${a})`;
  }
  if (op === "lt" || op === "le") return compare(op, sort, a, b);
  if (sort.kind === "bits" && (op === "add" || op === "sub" || op === "mul")) legal.push(fits(op, sort, a, b));
  if (sort.kind === "bits" && op === "neg") legal.push(`(not (= ${a} ${minimum(sort)}))`);
  if (sort.kind === "bits" && (op === "floor_div" || op === "floor_mod")) return floorDivision(op, sort, a, b, legal);
  if (sort.kind === "bits" && op === "shr") return `(${sort.signed ? "bvashr" : "bvlshr"} ${a} ${b})`;
  if (sort.kind === "int" && (op === "floor_div" || op === "floor_mod")) legal.push(`(> ${b} 0)`);
  const table = { int: INT, float: FLOAT, bits: BITS, bool: BOOL }[sort.kind];
  const name = table[op];
  if (name === undefined) throw new Error(`z3 has no spelling for ${op} of ${sort.name}`);
  return `(${name} ${args.join(" ")})`;
}

function compare(op: "lt" | "le", sort: Sort, a: string, b: string): string {
  if (sort.kind === "int") return `(${op === "lt" ? "<" : "<="} ${a} ${b})`;
  if (sort.kind === "float") return `(${op === "lt" ? "fp.lt" : "fp.leq"} ${a} ${b})`;
  return `(bv${sort.signed ? "s" : "u"}${op} ${a} ${b})`;
}

/** The exact result, in twice the bits, is the result in the type. */
function fits(op: "add" | "sub" | "mul", sort: Sort, a: string, b: string): string {
  const wide = (x: string): string => `((_ ${sort.signed ? "sign" : "zero"}_extend ${sort.width}) ${x})`;
  const name = { add: "bvadd", sub: "bvsub", mul: "bvmul" }[op];
  return `(= (${name} ${wide(a)} ${wide(b)}) ${wide(`(${name} ${a} ${b})`)})`;
}

function minimum(sort: Sort): string {
  return `(_ bv${sort.signed ? 2n ** BigInt(sort.width - 1) : 0n} ${sort.width})`;
}

/** SMT-LIB's signed division truncates. */
function floorDivision(op: "floor_div" | "floor_mod", sort: Sort, a: string, b: string, legal: string[]): string {
  legal.push(`(not (= ${b} (_ bv0 ${sort.width})))`);
  if (!sort.signed) return `(${op === "floor_div" ? "bvudiv" : "bvurem"} ${a} ${b})`;
  // bvsmod has the sign of the divisor, which is the floor remainder; the quotient follows from it.
  return op === "floor_mod" ? `(bvsmod ${a} ${b})` : `(bvsdiv (bvsub ${a} (bvsmod ${a} ${b})) ${b})`;
}

function literal(type: ScalarType, value: number | bigint | boolean): string {
  if (typeof value === "boolean") return String(value);
  const sort = sortOf(type);
  if (sort.kind === "int") return value < 0 ? `(- ${-BigInt(value)})` : String(value);
  if (sort.kind === "bits") return `(_ bv${BigInt.asUintN(sort.width, BigInt(value))} ${sort.width})`;
  const view = new DataView(new ArrayBuffer(8));
  if (sort.width === 32) view.setFloat32(0, Number(value));
  else view.setFloat64(0, Number(value));
  const bits = sort.width === 32 ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
  const [exponent, significand] = sort.width === 32 ? [8, 24] : [11, 53];
  return `((_ to_fp ${exponent} ${significand}) (_ bv${bits} ${sort.width}))`;
}

async function check(script: string): Promise<string> {
  if (z3 === null) throw new Error("z3 did not start");
  solver ??= makeSolver(z3);
  solver.reset();
  solver.set("timeout", 20_000);
  solver.fromString(script);
  return solver.check();
}

function scriptOf(rule: (typeof RULES)[number], type: ScalarType): string {
  const [from, to] = rule.sides(holesOf(type), type);
  const legal: string[] = [];
  const left = smt(from, legal);
  const right = smt(to, []);
  const sort = sortOf(type).name;
  const declared = ["x", "y", "z", "c"].map((n) => `(declare-const ${n} ${sort})`);
  const bools = ["p", "q"].map((n) => `(declare-const ${n} Bool)`);
  return [...declared, ...bools, ...legal.map((l) => `(assert ${l})`), `(assert (not (= ${left} ${right})))`].join(
    "\n",
  );
}

for (const rule of RULES) {
  for (const type of rule.types) {
    test(`${rule.name} of ${type}`, async () => {
      expect(await check(scriptOf(rule, type))).toBe("unsat");
    }, 30_000);
  }
}

test("a wrong rule is not proved", async () => {
  expect(
    await check(
      "(declare-const x (_ FloatingPoint 8 24))\n(assert (not (= (fp.add RNE x ((_ to_fp 8 24) (_ bv0 32))) x)))",
    ),
  ).toBe("sat");
});
