/** `einkorn run FILE[:KERNEL] --target T --in NAME=SRC …`: compile for these inputs, run, print or write the outputs. */
import { join } from "node:path";
import { emitKernel } from "../../compiler/compile.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { checkCall } from "../arguments.ts";
import { ON_A_COMMAND_LINE } from "../call-words.ts";
import type { Device } from "../device.ts";
import { refuseUnknownTarget } from "../device-list.ts";
import { FORMATS, formatOfPath } from "../files/format.ts";
import { NODE_DEVICES, openDevice } from "../node/devices.ts";
import { realPlace, writeFiles } from "../node/files.ts";
import { quoted, refuse } from "../refuse.ts";
import type { Shape } from "../shape.ts";
import { specialiseChecked } from "../specialise.ts";
import type { Nested } from "../tensor-values.ts";
import type { Tensor } from "../tensor.ts";
import { withStageOutputs } from "./dump-stages.ts";
import { checkGivenSizes } from "./given-sizes.ts";
import { parseDims, parseGenerics, splitAssignment, splitStage } from "./options.ts";
import { oneKernel, openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";
import { knownDims, makeInputs, readInputs, refuseUnknown } from "./run-inputs.ts";
import type { StageTime } from "./stage-times.ts";
import { stageTimes, stageTimesText } from "./stage-times.ts";

export type RunOptions = {
  readonly target: string;
  readonly in: readonly string[];
  readonly dim: readonly string[];
  readonly set: readonly string[];
  readonly out: readonly string[];
  /** `STAGE=FILE` */
  readonly dump: readonly string[];
  readonly outDir?: string;
  readonly time?: boolean;
};

export type RunResult = {
  readonly target: string;
  readonly device: string;
  readonly kernel: string;
  readonly dims: Readonly<Record<string, bigint>>;
  readonly outputs: readonly OutputRow[];
  /** Of check, inputs, compile and run, with `--time`. */
  readonly milliseconds?: Readonly<Record<string, number>>;
  /** Of each stage, in the order of the run, with `--time` where the target can tell. */
  readonly stages?: readonly StageTime[];
};

type OutputRow = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Where it was written; null if it was printed. */
  readonly file: string | null;
  /** Only of what was not written, and is small. */
  readonly values?: Nested;
};

export async function run(argument: string, options: RunOptions): Promise<Outcome<RunResult>> {
  const diagnostics = new Diagnostics();
  const clock = new Clock();
  refuseUnknownTarget(NODE_DEVICES, options.target);
  const generics = parseGenerics(options.set);
  const asked = parseDims(options.dim);
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const chosen = oneKernel(file);
  checkGivenSizes(file, [chosen], asked, generics);
  const proved = provedOrThrow(file, chosen, generics, diagnostics);
  clock.lap("check");
  const dumps = options.dump.map(plannedDump);
  const writes = [
    ...plannedWrites(
      options,
      proved.kernel.outputs.map((o) => o.name),
    ),
    ...dumps,
  ];
  await refuseSamePlace(writes);
  const kernel = withStageOutputs(
    proved.kernel,
    dumps.flatMap((d) => d.outputs),
  );
  const outputs = kernel.outputs.map((o) => o.name);
  const inputs = await readInputs(kernel, options.in);
  const dims = knownDims(kernel, inputs.tensors, asked);
  const tensors = Object.fromEntries(makeInputs(kernel, inputs, dims));
  // Everything is checked before a device is opened, so that a wrong argument costs no start-up.
  checkCall(kernel, { ...tensors, ...Object.fromEntries(dims) }, {}, undefined, ON_A_COMMAND_LINE);
  clock.lap("inputs");
  const device = await openDevice(options.target);
  try {
    const special = specialiseChecked(kernel, dims);
    const { results, stages } = await runOn(
      device,
      special,
      { tensors, isTimed: options.time === true },
      diagnostics,
      clock,
    );
    const named = new Map(outputs.map((name, n) => [name, known(results[n], "output")] as const));
    const folders = await writeAll(writes, named);
    const rows = [...named].map(([name, t]) => describe(name, t, writes));
    const text = rows.filter((r) => r.file === null).map(({ name }) => `${name}: ${String(named.get(name))}`);
    const written = rows.filter((r) => r.file !== null).map((r) => `${r.name} is in ${r.file}`);
    const result = {
      target: options.target,
      device: device.description,
      kernel: kernel.name,
      dims: Object.fromEntries(dims),
      outputs: rows,
      ...(options.time === true ? { milliseconds: clock.laps } : {}),
      ...(stages === null ? {} : { stages }),
    };
    const times = options.time === true ? [clock.text(), ...stageTimesText(stages ?? [])] : [];
    const notes = [...folders.map((f) => `made the folder ${f}`), ...written, ...times];
    return { diagnostics: diagnostics.list, text, notes, result };
  } finally {
    await device.close();
  }
}

type Results = { readonly results: readonly Tensor[]; readonly stages: readonly StageTime[] | null };

/** The outputs, on the CPU, and how long each stage took, if that was asked for and the device can tell. */
async function runOn(
  device: Device,
  kernel: Kernel,
  { tensors, isTimed }: { readonly tensors: Readonly<Record<string, Tensor>>; readonly isTimed: boolean },
  diagnostics: Diagnostics,
  clock: Clock,
): Promise<Results> {
  const found = new Diagnostics();
  const artifact = await emitKernel(kernel, device.target, found);
  if (artifact === null) throw new EinkornError(found.list);
  for (const d of found.list) diagnostics.add(d);
  const timed = isTimed ? await device.loadTimed?.(artifact, kernel) : undefined;
  const executable = timed ?? (await device.load(artifact, kernel));
  clock.lap("compile");
  const started = executable.run(checkCall(kernel, tensors, {}));
  const results = await Promise.all(started.map((t) => t.cpu()));
  clock.lap("run");
  return { results, stages: timed === undefined ? null : stageTimes(kernel, device.target, timed.times()) };
}

/** More elements than this are not worth printing into JSON. */
const LARGEST_PRINTED = 4096;

function describe(name: string, t: Tensor, writes: readonly Write[]): OutputRow {
  const file = writes.find((w) => w.outputs.includes(name))?.path ?? null;
  const values = file === null && t.size <= LARGEST_PRINTED ? { values: t.toArray() } : {};
  return { name, dtype: t.dtype, shape: t.shape, file, ...values };
}

type Write = { readonly path: string; readonly outputs: readonly string[] };

/** What `--out` and `--out-dir` ask for; refused before anything runs. */
function plannedWrites(options: RunOptions, outputs: readonly string[]): readonly Write[] {
  const writes = options.out.map((text): Write => {
    const assigned = splitAssignment(text);
    const path = assigned?.rest ?? text;
    const format = formatOfPath(path);
    if (format === null) {
      refuse("E6402", `--out ${quoted(text)}: the file must end in .npy, .npz or .safetensors`);
    }
    if (assigned !== null) {
      refuseUnknown("there is no output", assigned.name, outputs);
      return { path, outputs: [assigned.name] };
    }
    if (format === "npy" && outputs.length > 1) {
      refuse("E6402", `--out ${quoted(text)}: an .npy file holds one tensor, and there are ${outputs.length}`, {
        help: [`write --out ${outputs[0]}=${path}, or name an .npz file`],
      });
    }
    return { path, outputs };
  });
  const folder = options.outDir;
  return folder === undefined
    ? writes
    : [...writes, ...outputs.map((o) => ({ path: join(folder, `${o}.npy`), outputs: [o] }))];
}

/** `--dump STAGE=FILE` */
function plannedDump(text: string): Write {
  const assigned = splitStage(text);
  if (assigned === null) refuse("E6402", `--dump ${quoted(text)} is not of the form STAGE=FILE.npy`);
  const { name, rest } = assigned;
  if (formatOfPath(rest) === null) {
    refuse("E6402", `--dump ${quoted(text)}: the file must end in .npy, .npz or .safetensors`);
  }
  return { path: rest, outputs: [name] };
}

/** Of two files in one place the last would win. */
async function refuseSamePlace(writes: readonly Write[]): Promise<void> {
  const places = await Promise.all(writes.map((w) => realPlace(w.path)));
  const twice = writes.find((_, n) => places.indexOf(places[n] ?? "") < n);
  if (twice === undefined) return;
  refuse("E6402", `${quoted(twice.path)} is to be written twice`, { help: ["name a file for each"] });
}

/** Every file is made before the first is written. Gives the folders that were missing. */
async function writeAll(writes: readonly Write[], outputs: ReadonlyMap<string, Tensor>): Promise<readonly string[]> {
  const made = writes.map(({ path, outputs: names }) => {
    const chosen = new Map(names.map((n) => [n, known(outputs.get(n), "output")] as const));
    return { path, content: FORMATS[known(formatOfPath(path), "format")].write(chosen) };
  });
  return writeFiles(made);
}

/** Milliseconds of each lap. */
class Clock {
  readonly #laps: [string, number][] = [];
  #last = performance.now();

  lap(name: string): void {
    const now = performance.now();
    this.#laps.push([name, now - this.#last]);
    this.#last = now;
  }

  get laps(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#laps.map(([n, ms]) => [n, Math.round(ms * 100) / 100]));
  }

  text(): string {
    return this.#laps.map(([n, ms]) => `${n} ${ms.toFixed(1)} ms`).join(", ");
  }
}
