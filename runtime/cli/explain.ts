/**
 * `einkorn explain FILE:KERNEL`: the equations, proofs, cost, loops, memory and machine code of a kernel, or the program
 * after one pass, or what changes between two.
 */
import type { ProvedKernel } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { printMachine } from "../../compiler/ir/print-machine.ts";
import { kernelCalled } from "../../compiler/lang/check-program.ts";
import { formatSource } from "../../compiler/lang/format/format.ts";
import type { State } from "../../compiler/pass.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { PIPELINE, runPipeline } from "../../compiler/pipeline.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { known, unreachable } from "../../compiler/support/invariant.ts";
import { makeSource, positionOf, spanText } from "../../compiler/support/source.ts";
import type { Target } from "../../compiler/target.ts";
import { targetNamed } from "../../targets/registry.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import { specialiseChecked } from "../specialise.ts";
import { costText, memoryText, outputLabels } from "./explain-cost.ts";
import { checkGivenSizes } from "./given-sizes.ts";
import { parseDims, parseGenerics } from "./options.ts";
import type { ProgramFile } from "./program-file.ts";
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

/** The kernel as it is written, and the front end's result, before the first pass. */
const [PARSE, START] = ["parse", "prove"] as const;

export async function explain(argument: string, options: ExplainOptions): Promise<Outcome<ExplainResult>> {
  const diagnostics = new Diagnostics();
  const target = targetNamed(options.target);
  const [dims, generics] = [parseDims(options.dim), parseGenerics(options.set)];
  const { after, diff = [] } = options;
  if (diff.length > 0 && diff.length !== 2) {
    const count = diff.length === 1 ? "1 is" : `${diff.length} are`;
    refuse("E6402", `--diff wants two passes, and ${count} given`, { help: ["write FILE --diff P Q"] });
  }
  for (const name of [...(after === undefined ? [] : [after]), ...diff]) checkPass(name);
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const name = oneKernel(file);
  const written = writtenText(file, name);
  // A kernel whose generics have no values yet can be shown as it is written.
  if (after === PARSE) return outcome(diagnostics, written, { after, program: written });
  checkGivenSizes(file, [name], dims, generics);
  const proved = provedOrThrow(file, name, generics, diagnostics);
  const kernel = specialiseChecked(proved.kernel, dims);
  const levels = levelsOf(kernel, target);
  const at = (pass: string): string => {
    const text = pass === PARSE ? written : levels.get(pass)?.text;
    return text ?? refuse("E6402", `target ${target.name} runs the equations: it has no ${pass}`);
  };
  if (after !== undefined) return outcome(diagnostics, at(after), { after, program: at(after) });
  const [from, to] = diff;
  if (from !== undefined && to !== undefined) {
    const lines = differences(at(from).split("\n"), at(to).split("\n"));
    return outcome(diagnostics, lines.join("\n"), { from, to, diff: lines });
  }
  const sections = sectionsOf(kernel, proved.proofs, levels, target);
  const text = sections.map((s) => `== ${s.title}\n${s.text}`).join("\n\n");
  return outcome(diagnostics, text, { sections });
}

function outcome(diagnostics: Diagnostics, text: string, result: ExplainResult): Outcome<ExplainResult> {
  return { diagnostics: diagnostics.list, text: [text.trimEnd()], result };
}

/** The declaration, formatted, with the comment that documents it. */
function writtenText({ program }: ProgramFile, name: string): string {
  const { node } = known(kernelCalled(program, name), "the kernel");
  const { source } = node.span;
  const doc = (node.doc ?? "").split("\n").map((line) => `// ${line}`.trimEnd());
  const formatted = formatSource(makeSource(source.name, spanText(node.span)), new Diagnostics());
  return [...(node.doc === null ? [] : doc), formatted ?? spanText(node.span)].join("\n");
}

type Level = { readonly state: State; readonly text: string };

/** The kernel before the first pass and after each. */
function levelsOf(kernel: Kernel, target: Target): ReadonlyMap<string, Level> {
  const refused = new Diagnostics();
  checkTarget(kernel, target, refused);
  if (refused.hasErrors) throw new EinkornError(refused.list);
  const levels = new Map<string, Level>();
  const note = (name: string, state: State): void => void levels.set(name, { state, text: printState(state) });
  note(START, { level: "equations", kernel });
  if (target.lowers) runPipeline(kernel, target, { watch: (pass, state) => note(pass.name, state) });
  return levels;
}

type Section = { readonly title: string; readonly text: string };

function sectionsOf(
  kernel: Kernel,
  proofs: ProvedKernel["proofs"],
  levels: ReadonlyMap<string, Level>,
  target: Target,
): readonly Section[] {
  const lines = proofs.map((p) => {
    const { source, start } = p.span;
    const { line, column } = positionOf(source, start);
    // A place in a file that the program imports has that file in front.
    const file = source === kernel.span.source ? "" : `${source.name}:`;
    const facts = p.facts.length > 0 ? `: ${p.facts.join(", ")}` : "";
    return `${file}${line}:${column}  ${p.goal}  (${p.method}${facts})`;
  });
  const computed = levels.get("simplify-stages")?.state;
  const all = [
    { title: "equations", text: levels.get(START)?.text },
    { title: "proofs", text: lines.join("\n") },
    { title: `cost for ${target.name}`, text: costText(computed?.level === "equations" ? computed.kernel : kernel) },
    { title: `loops for ${target.name}`, text: levels.get("default-nest")?.text },
    { title: `memory for ${target.name}`, text: memoryOf(levels, outputLabels(kernel)) },
    { title: `machine code for ${target.name}`, text: levels.get(PIPELINE.at(-1)?.name ?? START)?.text },
  ];
  // Without passes there is nothing but equations to be seen at the end of them.
  const shown = target.lowers ? all : all.slice(0, 3);
  return shown.flatMap(({ title, text }) => (text === undefined ? [] : [{ title, text: text.trimEnd() }]));
}

function memoryOf(levels: ReadonlyMap<string, Level>, label: (stage: string) => string): string | undefined {
  const loops = levels.get("simplify-loops")?.state;
  const machine = levels.get("plan-memory")?.state;
  if (loops?.level !== "loops" || machine?.level !== "machine") return undefined;
  return memoryText(
    machine.program,
    loops.program.nests.map((nest) => nest.stage),
    label,
  );
}

function checkPass(name: string): void {
  const names = [PARSE, START, ...PIPELINE.map((p) => p.name)];
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
      return printLoops(state.program, { origins: true });
    case "machine":
      return printMachine(state.program);
    default:
      return unreachable(state);
  }
}
