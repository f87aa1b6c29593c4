/**
 * A kernel of equations as text, close to the language: one line per stage, all ranges written out, each stage with its
 * dtype. Recurrences are blocks with the lag that they keep.
 */
import type { DimRange, Kernel, Recurrence, Stage, StageOutput, Tensor } from "./equations.ts";
import { stagesOf, tensorsOf } from "./equations.ts";
import type { Expr } from "./expr.ts";
import type { Names } from "./print-expr.ts";
import { bindNames, nameOf, printAxes, printExpr, printRange } from "./print-expr.ts";
import { visit } from "./walk.ts";

export function printEquations(kernel: Kernel): string {
  const names = bindNames(new Map(), [...kernel.dims, ...tensorsOf(kernel).values()]);
  const dims = kernel.dims.length === 0 ? "" : `<${kernel.dims.map((d) => nameOf(names, d.id)).join(", ")}>`;
  const params = kernel.params.map((p) => `${nameOf(names, p.id)}: ${printType(p, p.dims, names)}`);
  const tensors = tensorsOf(kernel);
  const outputs = kernel.outputs.map((out) => {
    const tensor = tensors.get(out.tensor);
    const from = nameOf(names, out.tensor) === out.name ? "" : ` = ${nameOf(names, out.tensor)}`;
    return `${out.name}: ${tensor === undefined ? "?" : printType(tensor, out.dims, names)}${from}`;
  });
  const where = kernel.where.map((w) => printExpr(w.condition, names));
  const lines = [
    ...bulkLines(kernel),
    `kernel ${kernel.name}${dims}(${params.join(", ")}) -> ${outputs.join(", ")}${where.length > 0 ? ` where ${where.join(", ")}` : ""} {`,
    ...kernel.steps.flatMap((s) =>
      s.kind === "stage" ? indent(printStage(s.stage, names)) : indent(printRecurrence(s, names)),
    ),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** How the reducers of the kernel reduce a block at once, where they say it. */
function bulkLines(kernel: Kernel): readonly string[] {
  const lines = new Set<string>();
  const look = (e: Expr): void =>
    visit(e, (node) => {
      if (node.kind !== "reduce" || node.reducer.kind !== "user" || node.reducer.bulk === null) return;
      const { reducer } = node;
      const { size, equations } = node.reducer.bulk;
      const names = bindNames(new Map(), [size, ...reducer.params, ...equations.map((q) => q.variable)]);
      const list = equations.map((q) => `${nameOf(names, q.variable.id)} = ${printExpr(q.value, names)}`);
      lines.add(`reducer ${reducer.name} bulk ${list.join(", ")};`);
    });
  for (const stage of stagesOf(kernel))
    for (const o of stage.outputs) for (const e of [o.body, ...o.init.map((s) => s.body)]) look(e);
  return [...lines];
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** `f32[M, K]`, with `in lo..hi` for the values; a dim that does not start at 0 is a range. */
function printType(tensor: Tensor, dims: readonly DimRange[], names: Names): string {
  const shape = dims.map(({ lo, hi }) =>
    lo.kind === "const" && lo.value === 0n ? printExpr(hi, names) : printRange(lo, hi, names),
  );
  const values = tensor.values === null ? "" : ` in ${printRange(tensor.values.lo, tensor.values.hi, names)}`;
  return `${tensor.dtype}${shape.length > 0 ? `[${shape.join(", ")}]` : ""}${values}`;
}

/** `C[i in 0..M]: f32 = …;`, or with several outputs `(Y, I)[…]: (f32, i32) = (…, …);`. */
function printStage(stage: Stage, names: Names): readonly string[] {
  const { text, inner } = printAxes(stage.axes, names);
  const axes = stage.axes.length > 0 ? `[${text}]` : "";
  const left = stage.outputs.map((o) => nameOf(names, o.tensor.id));
  const types = stage.outputs.map((o) => printElement(o, names));
  const bodies = stage.outputs.map((o) => printExpr(o.body, inner));
  return [
    `${tuple(left)}${axes}: ${tuple(types)} = ${tuple(bodies)};`,
    ...stage.outputs.flatMap((o) => o.init.map((init) => `  ${printInit(o, init, names)}`)),
  ];
}

function printElement(o: StageOutput, names: Names): string {
  return printType({ ...o.tensor, dims: [] }, [], names);
}

function printInit(o: StageOutput, init: StageOutput["init"][number], names: Names): string {
  const { text, inner } = printAxes(init.axes, names);
  return `init ${nameOf(names, o.tensor.id)}[${text}] = ${printExpr(init.body, inner)};`;
}

function tuple(list: readonly string[]): string {
  return list.length === 1 ? list.join("") : `(${list.join(", ")})`;
}

function printRecurrence(r: Recurrence, names: Names): readonly string[] {
  const time = r.members[0]?.axes[r.time]?.variable.name ?? "?";
  return [`rec over ${time}, lag ${r.lag} {`, ...indent(r.members.flatMap((m) => printStage(m, names))), "}"];
}
