/** New variables for passes that bind values in the expressions of loops (ids of one program share one name space). */
import type { Expr, ScalarType, Var } from "./expr.ts";
import { variable } from "./expr.ts";
import type { LoopProgram } from "./loops.ts";
import { reducerExpressions, visit } from "./walk.ts";
import { statementExpressions, visitStatements } from "./walk-loops.ts";

/** A variable of this type with an id that the program has not; `name` is for people. */
export type FreshValue = (type: ScalarType, name: string) => Var;

/** A source of variables for values in `program`: v0, v1, … less those that it contains. */
export function freshValues(program: LoopProgram): FreshValue {
  const used = new Set<string>([...program.dims.map((d) => d.id), ...program.buffers.map((b) => b.id)]);
  const note = (e: Expr): void =>
    visit(e, (node) => {
      if (node.kind === "let") used.add(node.variable.id);
      else if (node.kind === "var") used.add(node.id);
    });
  for (const nest of program.nests) {
    visitStatements(nest.body, (s) => {
      if (s.kind === "for") used.add(s.variable.id);
      if (s.kind === "alloc") used.add(s.buffer.id);
      for (const e of statementExpressions(s)) note(e);
      if (s.kind !== "accum" || s.reducer.kind !== "user") return;
      for (const v of [...s.reducer.params, ...s.reducer.left, ...s.reducer.right]) used.add(v.id);
      for (const e of reducerExpressions(s.reducer)) note(e);
    });
  }
  let count = 0;
  return (type, name) => {
    while (used.has(`v${count}`)) count++;
    return variable(type, `v${count++}`, name);
  };
}
