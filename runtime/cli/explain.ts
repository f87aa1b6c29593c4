/** `einkorn explain FILE:KERNEL`: the equations, proofs, loops and machine code of a kernel, or one level after a pass. */
import { specialiseByName } from "../../compiler/compile.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { printMachine } from "../../compiler/ir/print-machine.ts";
import type { State } from "../../compiler/pass.ts";
import { PIPELINE, runPipeline } from "../../compiler/pipeline.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { positionOf } from "../../compiler/support/source.ts";
import { targetNamed } from "../../targets/registry.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import { parseDims, parseGenerics } from "./options.ts";
import { oneKernel, openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";

export type ExplainOptions = {
  readonly target: string;
  readonly dim: readonly string[];
  readonly set: readonly string[];
  readonly after?: string;
  readonly diff?: readonly string[];
};

/** The front end's result, before the first pass. */
const START = "prove";

export async function explain(argument: string, options: ExplainOptions): Promise<Outcome> {
  const diagnostics = new Diagnostics();
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const proved = provedOrThrow(file, oneKernel(file), parseGenerics(options.set), diagnostics);
  const kernel = specialiseByName(proved.kernel, parseDims(options.dim));
  const target = targetNamed(options.target);
  const printed = new Map<string, string>([[START, printEquations(kernel)]]);
  const wanted = [...(options.after === undefined ? [] : [options.after]), ...(options.diff ?? [])];
  for (const name of wanted) checkPass(name);
  runPipeline(kernel, target, { watch: (pass, state) => void printed.set(pass.name, printState(state)) });
  const at = (name: string): string => printed.get(name) ?? "";
  if (options.after !== undefined) return done(at(options.after), { after: options.after, program: at(options.after) });
  if (options.diff !== undefined) {
    const [from = START, to = START] = options.diff;
    const lines = differences(at(from).split("\n"), at(to).split("\n"));
    return done(lines.join("\n"), { from, to, diff: lines });
  }
  const proofs = proved.proofs.map((p) => {
    const { line, column } = positionOf(p.span.source, p.span.start);
    return `${line}:${column}  ${p.goal}  (${p.method}${p.facts.length > 0 ? `: ${p.facts.join(", ")}` : ""})`;
  });
  const sections = [
    ["equations", at(START)],
    ["proofs", proofs.join("\n")],
    [`loops for ${target.name}`, at("default-nest")],
    [`machine code for ${target.name}`, at(PIPELINE.at(-1)?.name ?? START)],
  ] as const;
  return done(
    sections.map(([title, body]) => `== ${title}\n${body.trimEnd()}`).join("\n\n"),
    Object.fromEntries(sections),
  );

  function done(text: string, result: unknown): Outcome {
    return { diagnostics: diagnostics.list, text: [text.trimEnd()], result };
  }
}

function checkPass(name: string): void {
  const names = [START, ...PIPELINE.map((p) => p.name)];
  if (names.includes(name)) return;
  const near = nearest(name, names);
  refuse("E6402", `there is no pass ${quoted(name)}`, {
    help: [near === null ? `the passes are ${listed(names, 40)}` : `did you mean ${near}?`],
  });
}

function printState(state: State): string {
  switch (state.level) {
    case "equations":
      return printEquations(state.kernel);
    case "loops":
      return printLoops(state.program);
    case "machine":
      return printMachine(state.program);
  }
}

/** Lines of two texts with `-` and `+`, by their longest common subsequence; large texts are compared by their ends only. */
export function differences(before: readonly string[], after: readonly string[]): readonly string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const middle = a.length * b.length > 4_000_000 ? [...a.map((l) => `- ${l}`), ...b.map((l) => `+ ${l}`)] : align(a, b);
  const same = (lines: readonly string[]): readonly string[] => lines.map((l) => `  ${l}`);
  return [...same(before.slice(0, start)), ...middle, ...same(before.slice(before.length - end))];
}

function align(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++]}`);
    else lines.push(`+ ${b[j++]}`);
  }
  return lines;
}
