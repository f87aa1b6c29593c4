/**
 * New ids for passes over equations. Ids of tensors, variables and reductions share one name space; a fresh one is a
 * letter and a number that the kernel does not use yet, so printed programs stay readable and runs are reproducible.
 */
import type { Kernel } from "./equations.ts";
import { stagesOf, tensorsOf } from "./equations.ts";
import type { Expr } from "./expr.ts";
import { visit } from "./walk.ts";

export type Fresh = (prefix: string) => string;

/** A source of ids that are unique in `kernel`, whatever it contains. */
export function freshIds(kernel: Kernel): Fresh {
  const used = new Set<string>([...tensorsOf(kernel).keys(), ...kernel.dims.map((d) => d.id)]);
  const note = (e: Expr): void =>
    visit(e, (node) => {
      if (node.kind === "let") used.add(node.variable.id);
      if (node.kind === "reduce") {
        used.add(node.id);
        for (const axis of node.axes) used.add(axis.variable.id);
      }
    });
  for (const stage of stagesOf(kernel)) {
    for (const axis of stage.axes) used.add(axis.variable.id);
    for (const output of stage.outputs) {
      note(output.body);
      for (const slices of output.init) {
        for (const axis of slices.axes) used.add(axis.variable.id);
        note(slices.body);
      }
    }
  }
  const counts = new Map<string, number>();
  return (prefix) => {
    const letters = prefix.replace(/\d+$/, "");
    for (let n = counts.get(letters) ?? 0; ; n++) {
      const id = `${letters}${n}`;
      if (used.has(id)) continue;
      used.add(id);
      counts.set(letters, n + 1);
      return id;
    }
  };
}
