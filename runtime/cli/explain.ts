/** `einkorn explain FILE:KERNEL`: the equations, proofs, loops and machine code of a kernel, or one level after a pass. */
import type { ProvedKernel } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { printMachine } from "../../compiler/ir/print-machine.ts";
import type { State } from "../../compiler/pass.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { PIPELINE, runPipeline } from "../../compiler/pipeline.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { unreachable } from "../../compiler/support/invariant.ts";
import { positionOf } from "../../compiler/support/source.ts";
import type { Target } from "../../compiler/target.ts";
import { targetNamed } from "../../targets/registry.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import { specialiseChecked } from "../specialise.ts";
import { parseDims, parseGenerics } from "./options.ts";
import { oneKernel, openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";
import { differences } from "./text-diff.ts";

export type ExplainOptions = {
  readonly target: string;
  readonly dim: readonly string[];
  readonly set: readonly string[];
  readonly after?: string;
  /** Two passes, or none. */
  readonly diff?: readonly string[];
};

export type ExplainResult =
  | { readonly after: string; readonly program: string }
  | { readonly from: string; readonly to: string; readonly diff: readonly string[] }
  | { readonly sections: readonly { readonly title: string; readonly text: string }[] };

/** The front end's result, before the first pass. */
const START = "prove";

export async function explain(argument: string, options: ExplainOptions): Promise<Outcome<ExplainResult>> {
  const diagnostics = new Diagnostics();
  const target = targetNamed(options.target);
  const [dims, generics] = [parseDims(options.dim), parseGenerics(options.set)];
  const { after, diff = [] } = options;
  if (diff.length > 0 && diff.length !== 2) {
    refuse("E6402", `--diff wants two passes, and ${diff.length} are given`, { help: ["write FILE --diff P Q"] });
  }
  for (const name of [...(after === undefined ? [] : [after]), ...diff]) checkPass(name);
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const proved = provedOrThrow(file, oneKernel(file), generics, diagnostics);
  const printed = printAll(specialiseChecked(proved.kernel, dims), target);
  const at = (name: string): string => {
    const text = printed.get(name);
    return text ?? refuse("E6402", `target ${target.name} runs the equations: it has no ${name}`);
  };
  const done = (text: string, result: ExplainResult): Outcome<ExplainResult> => ({
    diagnostics: diagnostics.list,
    text: [text.trimEnd()],
    result,
  });
  if (after !== undefined) return done(at(after), { after, program: at(after) });
  const [from, to] = diff;
  if (from !== undefined && to !== undefined) {
    const lines = differences(at(from).split("\n"), at(to).split("\n"));
    return done(lines.join("\n"), { from, to, diff: lines });
  }
  const sections = sectionsOf(proved, printed, target);
  return done(sections.map(({ title, text }) => `== ${title}\n${text}`).join("\n\n"), { sections });
}

/** The kernel before the first pass and after each, as text. */
function printAll(kernel: Kernel, target: Target): ReadonlyMap<string, string> {
  const printed = new Map([[START, printEquations(kernel)]]);
  const refused = new Diagnostics();
  checkTarget(kernel, target, refused);
  if (refused.hasErrors) throw new EinkornError(refused.list);
  if (!target.lowers) return printed;
  runPipeline(kernel, target, { watch: (pass, state) => void printed.set(pass.name, printState(state)) });
  return printed;
}

/** Places in files that the program imports have the file in front. */
function sectionsOf(
  { kernel, proofs }: ProvedKernel,
  printed: ReadonlyMap<string, string>,
  target: Target,
): readonly { readonly title: string; readonly text: string }[] {
  const lines = proofs.map((p) => {
    const { source } = p.span;
    const { line, column } = positionOf(source, p.span.start);
    const file = source === kernel.span.source ? "" : `${source.name}:`;
    const facts = p.facts.length > 0 ? `: ${p.facts.join(", ")}` : "";
    return `${file}${line}:${column}  ${p.goal}  (${p.method}${facts})`;
  });
  const all = [
    { title: "equations", text: printed.get(START) },
    { title: "proofs", text: lines.join("\n") },
    { title: `loops for ${target.name}`, text: printed.get("default-nest") },
    { title: `machine code for ${target.name}`, text: printed.get(PIPELINE.at(-1)?.name ?? START) },
  ];
  return all.flatMap(({ title, text }) => (text === undefined ? [] : [{ title, text: text.trimEnd() }]));
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
    default:
      return unreachable(state);
  }
}
