/**
 * `einkorn test FILE…`: the `test` declarations and the laws of reducers, on every target that is here, against the
 * reference. A target that is not here is passed over, and said; one that was asked for by name has to be here, and has to
 * hold the kernel. Nothing is written before all has been run.
 */
import { env } from "node:process";
import { kernelCalled, lowerReducer, sizeNamesOf } from "../../compiler/lang/check-program.ts";
import { printDeclaration } from "../../compiler/lang/print-ast.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { positionOf } from "../../compiler/support/source.ts";
import { TARGETS } from "../../targets/registry.ts";
import type { Availability } from "../device.ts";
import { hearSignals } from "../node/clean-up.ts";
import { DEVICE_NAMES, deviceFactory } from "../node/devices.ts";
import { writeFileBytes } from "../node/files.ts";
import { checkLaws } from "../property-test/laws.ts";
import type { FixedSizes, Subject } from "../property-test/subject.ts";
import { subjectOf } from "../property-test/subject.ts";
import type { TestResult } from "../property-test/test-kernel.ts";
import { testKernel } from "../property-test/test-kernel.ts";
import { TrialRunner } from "../property-test/trial.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";
import type { ExitCode } from "./exit-codes.ts";
import { EXIT } from "./exit-codes.ts";
import { junitXml } from "./junit.ts";
import { parseDims, parseGenerics } from "./options.ts";
import type { ProgramFile } from "./program-file.ts";
import { openProgram } from "./program-file.ts";
import type { Progress } from "./progress.ts";
import { makeProgress } from "./progress.ts";
import type { Outcome } from "./report.ts";
import type { TestedDeclaration, TestedLaw, TestReport } from "./test-report.ts";
import { annotationsOf, testText } from "./test-text.ts";

export type TestCommandOptions = {
  readonly target?: string;
  readonly runs: string;
  readonly seed: string;
  readonly dim: readonly string[];
  readonly set: readonly string[];
  readonly junit?: string;
};

export async function test(files: readonly string[], options: TestCommandOptions): Promise<Outcome<TestReport>> {
  const seed = wholeNumber("--seed", options.seed, 0);
  const runs = wholeNumber("--runs", options.runs, 1);
  if (!Number.isSafeInteger(seed + runs)) refuse("E6402", `--seed ${seed}: the last of ${runs} runs has no seed`);
  const fixed = { dims: parseDims(options.dim), generics: parseGenerics(options.set) };
  const asked = options.target?.split(",");
  const names = asked ?? DEVICE_NAMES.filter((n) => n !== "interp");
  // An unknown target is refused before anything is read.
  await Promise.all(names.map(deviceFactory));
  const diagnostics = new Diagnostics();
  const opened: ProgramFile[] = [];
  for (const file of files) {
    const program = await openProgram(file, diagnostics);
    if (program !== null) opened.push(program);
  }
  const subjects = opened.flatMap((file) => subjectsOf(file, fixed));
  refuseStraySizes(subjects, fixed);
  if (diagnostics.hasErrors) return { diagnostics: diagnostics.list, text: [], result: null };

  const progress = makeProgress();
  const started = await openRunners(subjects.length === 0 ? [] : names);
  try {
    const given = { seed, runs, widths: widthsOfVectors(), watch: progress.say, pause: hearSignals };
    const tests: TestedDeclaration[] = [];
    for (const { file, subject } of subjects) {
      const before = performance.now();
      const found = await testKernel(subject, started.runners, file.path, given);
      for (const d of found.problem?.diagnostics ?? []) diagnostics.add(d);
      tests.push(tested(file, subject, found, started.runners, (performance.now() - before) / 1000));
    }
    const laws = opened.flatMap((file) => lawsOf(file, seed, progress));
    const result: TestReport = {
      seed,
      runs,
      tests,
      laws,
      unavailable: started.unavailable,
      named: asked !== undefined,
    };
    if (options.junit !== undefined) await writeFileBytes(options.junit, junitXml(result));
    progress.end();
    return {
      diagnostics: diagnostics.list,
      text: testText(result),
      notes: env["GITHUB_ACTIONS"] === "true" ? annotationsOf(result) : [],
      result,
      exit: exitOf(result),
    };
  } finally {
    progress.end();
    for (const runner of started.runners) {
      runner.dispose();
      await runner.device.close();
    }
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    refuse("E6402", `${option} ${quoted(text)}: a whole number from ${least} is wanted`);
  }
  return value;
}

type FileSubject = { readonly file: ProgramFile; readonly subject: Subject };

function subjectsOf(file: ProgramFile, fixed: FixedSizes): readonly FileSubject[] {
  return file.program.tests.flatMap((t) => {
    if (file.named !== null && !file.named.includes(t.kernel.text)) return [];
    const subject = subjectOf(file.program, t, fixed);
    return subject === null ? [] : [{ file, subject }];
  });
}

/** A dim or generic of the command line that no tested kernel has. */
function refuseStraySizes(subjects: readonly FileSubject[], { dims, generics }: FixedSizes): void {
  if (subjects.length === 0) return;
  const kernels = subjects.map(({ file, subject }) => {
    return known(kernelCalled(file.program, subject.kernel), "kernel");
  });
  const declared = kernels.flatMap((k) => k.node.generics);
  const constants = declared.filter((g) => g.sort.text !== "dim").map((g) => g.name.text);
  const sizes = kernels.flatMap((k) => sizeNamesOf(k.node)).filter((name) => !constants.includes(name));
  refuseStray("--dim", dims.keys(), sizes);
  refuseStray("--set", generics.keys(), constants);
}

function refuseStray(option: string, names: Iterable<string>, there: readonly string[]): void {
  for (const name of names) {
    if (there.includes(name)) continue;
    const near = nearest(name, there);
    const all = there.length === 0 ? [] : [`they have ${listed([...new Set(there)])}`];
    const help = near === null ? all : [`did you mean ${near}?`];
    refuse("E6202", `no tested kernel has what ${option} ${quoted(name)} names`, { help });
  }
}

type Started = { readonly runners: readonly TrialRunner[]; readonly unavailable: TestReport["unavailable"] };

async function openRunners(names: readonly string[]): Promise<Started> {
  const runners: TrialRunner[] = [];
  const unavailable: { readonly target: string; readonly reason: string }[] = [];
  try {
    for (const name of names) {
      const factory = await deviceFactory(name);
      const here: Availability = await factory.probe();
      if (here.available) runners.push(new TrialRunner(await factory.open()));
      else unavailable.push({ target: name, reason: here.reason });
    }
  } catch (error) {
    await Promise.allSettled(runners.map((r) => r.device.close()));
    throw error;
  }
  return { runners, unavailable };
}

/** Of all targets, whether they are here or not: draws are to be the same everywhere. */
function widthsOfVectors(): readonly number[] {
  const widths = TARGETS.flatMap(({ capabilities: c }) => [c.lanes / 2, c.lanes, 2 * c.lanes, c.lanes * c.interleave]);
  return [...new Set(widths)].filter((w) => Number.isInteger(w) && w > 1).toSorted((a, b) => a - b);
}

function tested(
  file: ProgramFile,
  subject: Subject,
  { targets, problem, notes }: TestResult,
  runners: readonly TrialRunner[],
  seconds: number,
): TestedDeclaration {
  const { span } = subject.test;
  return {
    file: file.path,
    line: positionOf(span.source, span.start).line,
    kernel: subject.kernel,
    test: printDeclaration({ ...subject.test, doc: null }).trim(),
    tolerance: subject.tolerance,
    notes,
    problem: problem?.message ?? null,
    seconds,
    targets: targets.map((t, n) => ({ target: known(runners[n], "runner").device.name, ...t })),
  };
}

/** Laws belong to the file, not to one of its kernels: they are tried where no kernel is named. */
function lawsOf(file: ProgramFile, seed: number, progress: Progress): readonly TestedLaw[] {
  if (file.named !== null) return [];
  const nodes = file.program.program.declarations.filter((d) => d.kind === "reducer");
  return nodes.flatMap((node, n) => {
    const reducer = lowerReducer(file.program, node);
    if (reducer === null) return [];
    progress.say(`laws of ${node.name.text}`);
    const { line } = positionOf(node.span.source, node.span.start);
    return checkLaws(reducer, node.span, seed, n).map((law) => ({ file: file.path, line, ...law }));
  });
}

function exitOf({ tests, laws, unavailable, named }: TestReport): ExitCode {
  const wrong =
    laws.some((l) => l.verdict === "broken") ||
    tests.some((t) => t.problem !== null || t.targets.some((c) => c.verdict === "failed")) ||
    (named && tests.some((t) => t.targets.some((c) => c.verdict === "refused")));
  if (wrong) return EXIT.wrong;
  return named && unavailable.length > 0 ? EXIT.machine : EXIT.fine;
}
