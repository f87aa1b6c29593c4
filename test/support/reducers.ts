/** User reducers for tests. */
import type { UserReducer } from "../../compiler/ir/expr.ts";
import { add, apply, constant, letIn, mul, select, sub, variable } from "../../compiler/ir/expr.ts";

const f = (id: string, name: string) => variable("f32", `online.${id}`, name);

/** The streaming softmax of the language reference: (running maximum, sum of exp relative to it). */
export function onlineSoftmax(): UserReducer {
  const [x, am, al, bm, bl, m] = [f("x", "x"), f("am", "m"), f("al", "l"), f("bm", "m"), f("bl", "l"), f("m", "m")];
  const lowest = constant("f32", -Infinity);
  const [zero, one] = [constant("f32", 0), constant("f32", 1)];
  const isLowest = apply("eq", m, lowest);
  const scaled = add(mul(al, apply("exp", sub(am, m))), mul(bl, apply("exp", sub(bm, m))));
  const larger = apply("max", am, bm);
  return {
    kind: "user",
    name: "online",
    params: [x],
    identity: [lowest, zero],
    lift: [x, select(apply("eq", x, lowest), zero, one)],
    left: [am, al],
    right: [bm, bl],
    combine: [letIn(m, larger, m), letIn(m, larger, select(isLowest, zero, scaled))],
    laws: ["associative", "commutative"],
    bulk: null,
  };
}
