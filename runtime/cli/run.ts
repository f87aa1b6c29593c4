/** `einkorn run FILE[:KERNEL] --target T --in NAME=SRC …`: compile for these inputs, run, print or write the outputs. */
import { join } from "node:path";
import { emitKernel, specialiseByName } from "../../compiler/compile.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import { checkCall } from "../arguments.ts";
import { FORMATS, formatOfPath } from "../files/format.ts";
import { makeFolder, writeFileBytes } from "../node/files.ts";
import { openDevice } from "../node/devices.ts";
import { listed, quoted, refuse } from "../refuse.ts";
import type { Tensor } from "../tensor.ts";
import { parseDims, parseGenerics, splitAssignment } from "./options.ts";
import { oneKernel, openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";
import { knownDims, makeInputs, readInputs } from "./run-inputs.ts";

export type RunOptions = {
  readonly target: string;
  readonly in: readonly string[];
  readonly dim: readonly string[];
  readonly set: readonly string[];
  readonly out: readonly string[];
  readonly outDir?: string;
  readonly time?: boolean;
};

export async function run(argument: string, options: RunOptions): Promise<Outcome> {
  const diagnostics = new Diagnostics();
  const clock = new Clock();
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  const proved = provedOrThrow(file, oneKernel(file), parseGenerics(options.set), diagnostics);
  const { kernel } = proved;
  clock.lap("check");
  const writes = plannedWrites(
    options,
    kernel.outputs.map((o) => o.name),
  );
  const inputs = await readInputs(kernel, options.in);
  const dims = knownDims(kernel, inputs.tensors, parseDims(options.dim));
  const tensors = makeInputs(kernel, inputs, dims);
  // Everything is checked before a device is opened, so that a wrong argument costs no start-up.
  const args = {
    ...Object.fromEntries(tensors),
    ...Object.fromEntries([...dims].filter(([n]) => !shapeNames(kernel).has(n))),
  };
  checkCall(kernel, args, {});
  clock.lap("inputs");
  const device = await openDevice(options.target);
  try {
    const equations = specialiseByName(kernel, dims);
    const artifact = await emitKernel(equations, device.target, diagnostics);
    if (artifact === null) throw new EinkornError(diagnostics.list);
    const executable = await device.load(artifact, equations);
    clock.lap("compile");
    const results = executable.run(checkCall(equations, Object.fromEntries(tensors), {}));
    const outputs = await Promise.all(results.map((t) => t.cpu()));
    clock.lap("run");
    const named = equations.outputs.map((o, n) => [o.name, known(outputs[n], "output")] as const);
    await writeAll(writes, new Map(named));
    const shown = named.filter(([name]) => !writes.some((w) => w.outputs.includes(name)));
    const text = shown.map(([name, t]) => `${name}: ${t.toString()}`);
    const result = {
      target: device.name,
      kernel: kernel.name,
      dims: Object.fromEntries(dims),
      outputs: named.map(([name, t]) => describe(name, t, writes)),
      ...(options.time === true ? { milliseconds: clock.laps } : {}),
    };
    const times = options.time === true ? [clock.text()] : [];
    return { diagnostics: diagnostics.list, text: [...text, ...times], result };
  } finally {
    await device.close();
  }
}

/** Dims that stand alone in a parameter's shape: the tensors give them. */
function shapeNames(kernel: Parameters<typeof checkCall>[0]): ReadonlySet<string> {
  return new Set(kernel.params.flatMap((p) => p.dims.flatMap(({ hi }) => (hi.kind === "var" ? [hi.name] : []))));
}

/** More elements than this are not worth printing into JSON. */
const LARGEST_PRINTED = 4096;

function describe(name: string, t: Tensor, writes: readonly Write[]): unknown {
  const written = writes.find((w) => w.outputs.includes(name))?.path ?? null;
  const values = written === null && t.size <= LARGEST_PRINTED ? { values: t.toArray() } : {};
  return { name, dtype: t.dtype, shape: t.shape, file: written, ...values };
}

type Write = { readonly path: string; readonly outputs: readonly string[] };

/** What `--out` and `--out-dir` ask for; refused before anything runs. */
function plannedWrites(options: RunOptions, outputs: readonly string[]): readonly Write[] {
  const writes = options.out.map((text): Write => {
    const assigned = splitAssignment(text);
    const path = assigned?.rest ?? text;
    if (formatOfPath(path) === null) {
      refuse("E6402", `--out ${quoted(text)}: the file must end in .npy, .npz or .safetensors`);
    }
    if (assigned === null) return { path, outputs };
    if (!outputs.includes(assigned.name)) {
      refuse("E6202", `there is no output ${quoted(assigned.name)}`, { help: [`the outputs are ${listed(outputs)}`] });
    }
    return { path, outputs: [assigned.name] };
  });
  const folder = options.outDir;
  return folder === undefined
    ? writes
    : [...writes, ...outputs.map((o) => ({ path: join(folder, `${o}.npy`), outputs: [o] }))];
}

async function writeAll(writes: readonly Write[], outputs: ReadonlyMap<string, Tensor>): Promise<void> {
  for (const { path, outputs: names } of writes) {
    const format = known(formatOfPath(path), "format");
    const chosen = new Map(names.map((n) => [n, known(outputs.get(n), "output")] as const));
    const parts = path.split("/").slice(0, -1).join("/");
    if (parts !== "") await makeFolder(parts);
    await writeFileBytes(path, FORMATS[format].write(chosen));
  }
}

/** Milliseconds per stage. */
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
