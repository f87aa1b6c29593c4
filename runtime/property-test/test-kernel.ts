/**
 * Runs one `test` declaration: draws sizes and inputs, asks the reference once, and each target whether it agrees; the
 * first failure of a target is shrunk. Everything that is drawn follows from the seed: run n of seed s is run 0 of seed s + n.
 */
import type { GivenGeneric } from "../../compiler/compile.ts";
import type { ConstValue } from "../../compiler/ir/expr.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { unreachable } from "../../compiler/support/invariant.ts";
import { counted } from "../refuse.ts";
import type { Sizes } from "./draw-sizes.ts";
import { dimsById, drawSizes, WORK_BUDGET, workOf } from "./draw-sizes.ts";
import { drawValues } from "./draw-values.ts";
import { RandomStream } from "./random-stream.ts";
import type { Shrunk } from "./shrink.ts";
import { shrink } from "./shrink.ts";
import type { Subject } from "./subject.ts";
import type { Failure, Trial, TrialRunner } from "./trial.ts";
import { isFailure } from "./trial.ts";

export type TestOptions = {
  /** A safe integer, not negative. */
  readonly seed: number;
  readonly runs: number;
  /** Lanes of vectors and how many are in flight: sizes next to them are drawn often. */
  readonly widths: readonly number[];
  /** Hears what is being done. */
  readonly watch?: (what: string) => void;
  /** Called before each run of a target, so that the world outside gets its turn: runs themselves may never wait. */
  readonly pause?: () => Promise<void>;
};

/** What one target makes of a test. */
export type TargetResult =
  | {
      readonly verdict: "passed";
      readonly runs: number;
      /** The largest error, in the unit of the test's tolerance. */
      readonly error: number;
      readonly elements: number;
      /** Of the elements, those that agree only because the reference is in doubt about them. */
      readonly excused: number;
    }
  | { readonly verdict: "failed"; readonly runs: number; readonly failure: FoundFailure }
  | { readonly verdict: "refused"; readonly code: string; readonly reason: string };

/** A failure as small as it could be made. */
export type FoundFailure = {
  /** With these the failure comes back. */
  readonly seed: number;
  readonly dims: ReadonlyMap<string, bigint>;
  readonly generics: ReadonlyMap<string, GivenGeneric>;
  /** Sizes of the run that failed first. */
  readonly foundAt: ReadonlyMap<string, bigint>;
  /** By name, made as simple as they could be. */
  readonly inputs: ReadonlyMap<string, NDArray>;
  /** What is wrong at the first wrong element; null where there was no result at all. */
  readonly wrong: WrongElement | null;
  /** Where there was no result. */
  readonly message: string | null;
};

export type WrongElement = {
  readonly output: string;
  readonly at: readonly number[];
  readonly got: ConstValue;
  readonly expected: ConstValue;
  /** The largest distance that would pass. */
  readonly allowed: number;
  /** The distance, in the unit of the test's tolerance. */
  readonly error: number;
  /** How many elements of the output are wrong, and how many it has. */
  readonly mismatches: number;
  readonly elements: number;
};

export type TestResult = {
  /** In the order of the runners. */
  readonly targets: readonly TargetResult[];
  /** What the draws could not do. */
  readonly notes: readonly string[];
  /** Why nothing could be run, or not all of it: an error of the program for drawn generics, or sizes that do not exist. */
  readonly problem: { readonly message: string; readonly diagnostics: readonly Diagnostic[] } | null;
};

/** Points that the reference computes for one test, per run that was asked for; about a third of a second. */
const WORK_PER_RUN = 3_000_000;

/** How many trials shrinking may run for sizes; fewer where each is compiled anew. */
const SHRINK_ATTEMPTS = { openDims: 240, constantDims: 60 } as const;

/** Runs a test on devices; they stay open. `owner` tells kernels of one name in several files apart. */
export async function testKernel(
  subject: Subject,
  runners: readonly TrialRunner[],
  owner: string,
  options: TestOptions,
): Promise<TestResult> {
  const results = runners.map((): Tally => ({ runs: 0, error: 0, elements: 0, excused: 0, ended: null }));
  const drawn: Sizes[] = [];
  const beyond = new Map<string, number>();
  let problem: TestResult["problem"] = null;
  let work = 0;
  for (let n = 0; n < options.runs && results.some((r) => r.ended === null); n++) {
    if (work > options.runs * WORK_PER_RUN) break;
    const trial = drawTrial(subject, options.widths, options.seed + n);
    if ("problem" in trial) {
      problem = trial.problem;
      break;
    }
    drawn.push(trial.sizes);
    work += workOf(trial.sizes.kernel, trial.sizes.dims);
    for (const [t, runner] of runners.entries()) {
      const tally = results[t];
      if (tally === undefined || tally.ended !== null) continue;
      options.watch?.(`${runner.device.name}: ${subject.kernel}, run ${n + 1} of ${options.runs}`);
      const found = await runOnce(subject, trial, runner, owner, tally, options);
      if (found !== null) beyond.set(found, (beyond.get(found) ?? 0) + 1);
    }
  }
  const stopped = problem === null && drawn.length < options.runs && results.some((r) => r.ended === null);
  const notes = [
    ...(stopped
      ? [`stopped after ${drawn.length} of ${options.runs} runs: the reference has computed ${work} points`]
      : []),
    ...notesOnSizes(subject, drawn),
    ...[...beyond].map(([what, times]) => `${counted(times, "run")} left out on ${what}`),
  ];
  return { targets: results.map(resultOf), notes, problem };
}

type Tally = { runs: number; error: number; elements: number; excused: number; ended: TargetResult | null };

function resultOf({ ended, ...passed }: Tally): TargetResult {
  return ended ?? { verdict: "passed", ...passed };
}

/** Writes the verdict into the tally; returns what kept the device from running these sizes, if anything did. */
async function runOnce(
  subject: Subject,
  trial: Trial,
  runner: TrialRunner,
  owner: string,
  tally: Tally,
  options: TestOptions,
): Promise<string | null> {
  await options.pause?.();
  const verdict = await runner.run(trial, owner, subject.tolerance);
  switch (verdict.kind) {
    case "equal":
      tally.runs++;
      tally.error = Math.max(tally.error, verdict.largest);
      tally.elements += verdict.elements;
      tally.excused += verdict.excused;
      return null;
    case "refused":
      tally.ended = { verdict: "refused", code: verdict.code, reason: verdict.message };
      return null;
    case "beyond":
      return `${runner.device.name}: ${verdict.code} ${verdict.message}`;
    case "differs":
    case "crashed":
      options.watch?.(`${runner.device.name}: ${subject.kernel} fails; looking for a smaller case`);
      tally.ended = {
        verdict: "failed",
        runs: tally.runs + 1,
        failure: await smallest(subject, trial, verdict, runner, owner, options),
      };
      return null;
    default:
      return unreachable(verdict);
  }
}

async function smallest(
  subject: Subject,
  trial: Trial,
  failure: Failure,
  runner: TrialRunner,
  owner: string,
  options: TestOptions,
): Promise<FoundFailure> {
  const attempts = runner.wantsConstantDims ? SHRINK_ATTEMPTS.constantDims : SHRINK_ATTEMPTS.openDims;
  const fails = async (t: Trial): Promise<Failure | null> => {
    await options.pause?.();
    const v = await runner.run(t, owner, subject.tolerance);
    return isFailure(v) ? v : null;
  };
  return failureOf(await shrink(subject, trial, failure, fails, attempts), trial);
}

function failureOf({ trial, failure, drawn }: Shrunk, first: Trial): FoundFailure {
  return {
    seed: drawn.seed,
    dims: drawn.sizes.dims,
    generics: drawn.sizes.generics,
    foundAt: first.sizes.dims,
    inputs: trial.inputs,
    message: failure.kind === "crashed" ? failure.message : null,
    wrong:
      failure.kind === "crashed"
        ? null
        : {
            output: failure.output,
            at: failure.first.at,
            got: failure.first.got,
            expected: failure.first.expected,
            allowed: failure.first.tolerance,
            error: failure.first.distance,
            mismatches: failure.mismatches,
            elements: failure.elements,
          },
  };
}

/** Sizes first, then inputs of a stream of their own: fixing the sizes gives the same inputs again. */
function drawTrial(
  subject: Subject,
  widths: readonly number[],
  seed: number,
): Trial | { readonly problem: NonNullable<TestResult["problem"]> } {
  try {
    const sizes = drawSizes(subject, widths, new RandomStream(seed, 0));
    if (sizes === null) {
      return { problem: { message: "no sizes in these ranges satisfy its where conditions", diagnostics: [] } };
    }
    return { seed, sizes, inputs: drawValues(sizes.kernel, dimsById(sizes.kernel, sizes.dims), seed) };
  } catch (error) {
    if (!(error instanceof EinkornError)) throw error;
    const [first] = error.diagnostics;
    return { problem: { message: first?.message ?? "it cannot be compiled", diagnostics: error.diagnostics } };
  }
}

/** That sizes were made smaller, and which upper ends were never reached because of it. */
function notesOnSizes(subject: Subject, drawn: readonly Sizes[]): readonly string[] {
  const cut = drawn.filter((s) => s.cut);
  if (cut.length === 0) return [];
  const largest = subject.test.sizes.flatMap(({ name: { text } }) => {
    const sizes = drawn.flatMap((s) => s.dims.get(text) ?? []);
    return sizes.length === 0 ? [] : [`${text} = ${sizes.reduce((a, b) => (a > b ? a : b))}`];
  });
  const reached = largest.length === 0 ? "" : `; the largest sizes were ${largest.join(", ")}`;
  return [
    `${cut.length} of ${counted(drawn.length, "draw")} made smaller: the reference computes at most ${WORK_BUDGET} points a run${reached}`,
  ];
}
