/**
 * Every rewrite rule, on values: both sides give the same bits wherever the left one has a value; and every rule shrinks the
 * expression, so that rewriting ends.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DTYPES, isFloat, roundToDType } from "../../compiler/ir/dtype.ts";
import type { Expr, ScalarType } from "../../compiler/ir/expr.ts";
import { isCoreOp, OPS } from "../../compiler/ir/ops.ts";
import { integerOp, valueOf } from "../../compiler/ir/values.ts";
import type { Value } from "../../compiler/ir/values.ts";
import { visit } from "../../compiler/ir/walk.ts";
import { constant } from "../../compiler/ir/expr.ts";
import { simplifyExpr } from "../../compiler/passes/simplify.ts";
import { RULES } from "../../compiler/passes/rules/all.ts";
import { holesOf } from "../../compiler/passes/rules/rule.ts";

type Environment = ReadonlyMap<string, Value>;

/** Null where an integer operation leaves its type: there the left side has no value. */
function evaluate(e: Expr, env: Environment): Value | null {
  if (e.kind === "const") return valueOf(e.value);
  if (e.kind === "var") return env.get(e.id) ?? null;
  if (e.kind === "select") {
    const cond = evaluate(e.cond, env);
    return cond === null ? null : evaluate(cond === true ? e.yes : e.no, env);
  }
  if (e.kind !== "apply" || !isCoreOp(e.op)) throw new Error(`a rule with ${e.kind}`);
  const args = e.args.map((a) => evaluate(a, env));
  const type = e.args[0]?.type ?? e.type;
  const [a, b] = args;
  if (a === null || a === undefined || b === null) return null;
  if (type === "bool") return OPS[e.op].bool?.(a === true, b === true, false) ?? null;
  if (type !== "index" && isFloat(type)) {
    const result = OPS[e.op].float?.(Number(a), Number(b), 0) ?? null;
    return typeof result === "number" ? roundToDType(type, result) : result;
  }
  const integers = args.filter((x) => typeof x === "number" || typeof x === "bigint");
  return integerOp(e.op, type, integers);
}

function valueArbitrary(type: ScalarType): fc.Arbitrary<Value> {
  if (type === "bool") return fc.boolean();
  if (type === "index") return fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer());
  if (isFloat(type)) {
    const special = fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-45, 3.4e38);
    return fc.oneof(special, fc.double()).map((x) => roundToDType(type, x));
  }
  const row = DTYPES[type];
  if (row.kind !== "int") throw new Error("not an integer");
  const small = fc.integer({ min: row.signed ? -9 : 0, max: 9 });
  const any = fc.bigInt({ min: row.min, max: row.max }).map((v) => valueOf(v));
  return fc.oneof(small, any, fc.constantFrom(valueOf(row.min), valueOf(row.max)));
}

function sizeOf(e: Expr): number {
  let n = 0;
  visit(e, () => n++);
  return n;
}

for (const rule of RULES) {
  describe(rule.name, () => {
    test.each(rule.types)("%s", (type) => {
      const holes = holesOf(type);
      const [from, to] = rule.sides(holes, type);
      expect(sizeOf(to)).toBeLessThan(sizeOf(from));
      const v = valueArbitrary(type);
      fc.assert(
        fc.property(v, v, v, v, fc.boolean(), fc.boolean(), (x, y, z, c, p, q) => {
          const given = { x, y, z, c, p, q };
          const env = new Map<string, Value>(Object.entries(given).map(([n, value]) => [`?${n}`, value]));
          if (type !== "bool") {
            const found = new Map([["?c", constant(type, type === "index" ? BigInt(c) : c)]]);
            if (rule.when !== undefined && !rule.when(found)) return;
          }
          const left = evaluate(from, env);
          if (left !== null) expect(evaluate(to, env)).toStrictEqual(left);
        }),
        { numRuns: 300, seed: 20261120 },
      );
    });
    test.each(rule.types)("%s is applied", (type) => {
      const [from] = rule.sides(holesOf(type), type);
      if (rule.when !== undefined) return;
      expect(sizeOf(simplifyExpr(from))).toBeLessThan(sizeOf(from));
    });
  });
}
