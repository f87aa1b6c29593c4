/**
 * `einkorn conformance`: every kernel on every target against the reference interpreter, at sizes that catch tails: for
 * each kernel small prime dims that satisfy its `where`, random inputs within the range types. A kernel whose generics are
 * so large by default that the reference could not keep up, such as a whole network, takes the sizes of its `test`.
 */
import { emitKernel, proveKernelOf } from "../../compiler/compile.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { kernelCalled } from "../../compiler/lang/check-program.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { InternalError, known, unreachable } from "../../compiler/support/invariant.ts";
import { checkCall } from "../arguments.ts";
import type { Device, DeviceFactory } from "../device.ts";
import { drawDims, drawInputs, pointsOf } from "../draw-inputs.ts";
import { toArray } from "../nd-array.ts";
import { DEVICE_NAMES, deviceFactory } from "../node/devices.ts";
import { exampleFiles } from "../node/examples.ts";
import { dimsById, drawSizes, WORK_BUDGET } from "../property-test/draw-sizes.ts";
import { RandomStream } from "../property-test/random-stream.ts";
import type { Subject } from "../property-test/subject.ts";
import { subjectOf } from "../property-test/subject.ts";
import { quoted, refuse } from "../refuse.ts";
import { specialiseChecked } from "../specialise.ts";
import type { Tensor } from "../tensor.ts";
import { EXIT } from "./exit-codes.ts";
import type { ProgramFile } from "./program-file.ts";
import { openProgram } from "./program-file.ts";
import type { Progress } from "./progress.ts";
import { makeProgress } from "./progress.ts";
import type { Outcome } from "./report.ts";
import { table } from "./report.ts";

export type ConformanceOptions = { readonly target?: string; readonly seed: string };

/** One cell of the matrix. */
export type Cell =
  | { readonly verdict: "equal"; readonly error: number; readonly sizes: number }
  | { readonly verdict: "differs"; readonly error: number; readonly detail: string }
  | { readonly verdict: "refused"; readonly code: string; readonly reason: string }
  | { readonly verdict: "unavailable"; readonly reason: string };

/** Within this many ulp in the language's sense; integers must be equal. */
const TOLERANCE = 2;
/** Dim draws per kernel. */
const DRAWS = 3;

export type ConformanceResult = {
  /** The most ulp, in the language's sense, that counts as equal. */
  readonly tolerance: number;
  readonly kernels: readonly string[];
  /** Cells in the order of the kernels. */
  readonly targets: readonly { readonly target: string; readonly cells: readonly Cell[] }[];
};

type Row = { readonly name: string; readonly trial: (n: number) => Trial };

export async function conformance(
  files: readonly string[],
  options: ConformanceOptions,
): Promise<Outcome<ConformanceResult>> {
  const seed = Number(options.seed);
  if (!/^\d+$/.test(options.seed) || !Number.isSafeInteger(seed)) {
    refuse("E6402", `--seed ${quoted(options.seed)}: a seed is a whole number from 0`);
  }
  const asked = options.target?.split(",");
  const factories = await Promise.all((asked ?? DEVICE_NAMES.filter((n) => n !== "interp")).map(deviceFactory));
  const diagnostics = new Diagnostics();
  const kernels = await readKernels(files, seed, diagnostics);
  const progress = makeProgress();
  const columns: { readonly target: string; readonly cells: readonly Cell[] }[] = [];
  try {
    for (const factory of factories) {
      columns.push({ target: factory.name, cells: await column(factory, kernels, progress) });
    }
  } finally {
    progress.end();
  }
  const rows = kernels.map((k, n) => [k.name, ...columns.map((c) => cellText(known(c.cells[n], "cell")))]);
  const cells = columns.flatMap((c) => c.cells);
  const exit = cells.some((c) => c.verdict === "differs")
    ? EXIT.wrong
    : // A target that was asked for by name and is not here is the machine's fault; all that are here is the default.
      asked !== undefined && cells.some((c) => c.verdict === "unavailable")
      ? EXIT.machine
      : EXIT.fine;
  return {
    diagnostics: diagnostics.list,
    text: [
      ...table([["kernel", ...columns.map((c) => c.target)], ...rows]),
      ...columns.flatMap((c) => reasons(c.target, kernels, c.cells)),
    ],
    result: { tolerance: TOLERANCE, kernels: kernels.map((k) => k.name), targets: columns },
    exit,
  };
}

/** Every kernel that can stand alone, of the files or of the examples. */
async function readKernels(files: readonly string[], seed: number, diagnostics: Diagnostics): Promise<readonly Row[]> {
  const examples = files.length > 0 ? files : await exampleFiles();
  if (examples.length === 0) {
    refuse("E6401", "an installed package has no examples", {
      help: ["name your own files: einkorn conformance FILE"],
    });
  }
  const rows: Row[] = [];
  for (const argument of examples) {
    const file = await openProgram(argument, diagnostics);
    for (const name of file?.kernels ?? []) {
      if (file === null || kernelCalled(file.program, name)?.checked !== true) continue;
      const proved = proveKernelOf(file.program, name, {}, diagnostics);
      if (proved === null) continue;
      rows.push({ name, trial: trialsOf(proved.kernel, testedAs(file, name), seed) });
    }
  }
  return rows;
}

/** The first `test` of a kernel, for its sizes; null where it has none. */
function testedAs({ program }: ProgramFile, kernel: string): Subject | null {
  const test = program.tests.find((t) => t.kernel.text === kernel);
  return test === undefined ? null : subjectOf(program, test, { dims: new Map(), generics: new Map() });
}

async function column(factory: DeviceFactory, kernels: readonly Row[], progress: Progress): Promise<readonly Cell[]> {
  const here = await factory.probe();
  if (!here.available) return kernels.map((): Cell => ({ verdict: "unavailable", reason: here.reason }));
  const device = await factory.open();
  try {
    const cells: Cell[] = [];
    for (const row of kernels) {
      progress.say(`${factory.name}: ${row.name} (${cells.length + 1} of ${kernels.length})`);
      cells.push(await cellOf(row, device));
    }
    return cells;
  } finally {
    await device.close();
  }
}

async function cellOf({ trial }: Row, device: Device): Promise<Cell> {
  let error = 0;
  for (let n = 0; n < DRAWS; n++) {
    try {
      const found = await compareOnce(trial(n), device);
      if (found.detail !== null) return { verdict: "differs", error: found.error, detail: found.detail };
      error = Math.max(error, found.error);
    } catch (thrown) {
      if (thrown instanceof EinkornError) {
        const [first] = thrown.diagnostics;
        return { verdict: "refused", code: first?.code ?? "", reason: first?.message ?? "" };
      }
      if (thrown instanceof InternalError) return { verdict: "differs", error: Infinity, detail: thrown.message };
      throw thrown;
    }
  }
  return { verdict: "equal", error, sizes: DRAWS };
}

/** What one draw of sizes and inputs gives by the reference; the same for every target. */
type Trial = {
  readonly kernel: Kernel;
  readonly seed: number;
  /** By name. */
  readonly dims: ReadonlyMap<string, bigint>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly reference: ReturnType<typeof interpretWithErrors>;
};

function drawTrial(given: Kernel, subject: Subject | null, seed: number): Trial {
  const { kernel, dims } = affordableSizes(given, subject, seed);
  const inputs = drawInputs(kernel, dims, seed);
  const arrays = new Map(kernel.params.map((p) => [p.id, toArray(known(inputs.get(p.name), "input"))] as const));
  const byName = new Map(kernel.dims.map((d) => [d.name, dims.get(d.id) ?? 0n] as const));
  return { kernel, seed, dims: byName, inputs, reference: interpretWithErrors(kernel, arrays, dims) };
}

type SizedKernel = { readonly kernel: Kernel; readonly dims: ReadonlyMap<string, bigint> };

/** The kernel with its default generics, or, where the reference cannot afford those, as its test has it; dims by id. */
function affordableSizes(kernel: Kernel, subject: Subject | null, seed: number): SizedKernel {
  const dims = drawDims(kernel, seed);
  if (subject === null || pointsOf(kernel, dims) <= WORK_BUDGET) return { kernel, dims };
  const sizes = drawSizes(subject, [], new RandomStream(seed, 0));
  return sizes === null ? { kernel, dims } : { kernel: sizes.kernel, dims: dimsById(sizes.kernel, sizes.dims) };
}

/** Trials by number, each computed when it is first asked for. */
function trialsOf(kernel: Kernel, subject: Subject | null, seed: number): (n: number) => Trial {
  const drawn = new Map<number, Trial>();
  return (n) => {
    const trial = drawn.get(n) ?? drawTrial(kernel, subject, seed + n);
    drawn.set(n, trial);
    return trial;
  };
}

async function compareOnce(
  { kernel, seed, dims, inputs, reference }: Trial,
  device: Device,
): Promise<{ readonly error: number; readonly detail: string | null }> {
  const { constantDims, subnormals } = device.target.capabilities;
  const equations = constantDims ? specialiseChecked(kernel, dims) : kernel;
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(equations, device.target, diagnostics);
  if (artifact === null) throw new EinkornError(diagnostics.list);
  const given = constantDims ? [] : dims;
  const executable = await device.load(artifact, equations);
  try {
    const results = executable.run(checkCall(equations, Object.fromEntries([...inputs, ...given]), {}));
    let error = 0;
    for (const [n, o] of kernel.outputs.entries()) {
      const { array, errors } = known(reference.get(o.name), "reference");
      const got = toArray(await known(results[n], "output").cpu());
      const c = compareToReference(got, array, errors, TOLERANCE, subnormals);
      error = Math.max(error, c.largest);
      if (!c.equal && c.first !== null) {
        const at = [...dims].map(([d, v]) => `${d}=${v}`).join(", ");
        const { at: place, got: found, expected } = c.first;
        const detail = `${o.name}[${place.join(", ")}] is ${found}, should be ${expected} (${at}, seed ${seed})`;
        return { error, detail };
      }
    }
    return { error, detail: null };
  } finally {
    executable.dispose();
  }
}

function cellText(cell: Cell): string {
  switch (cell.verdict) {
    case "equal":
      return cell.error === 0 ? "equal" : `${cell.error.toFixed(2)} ulp`;
    case "differs":
      return "DIFFERS";
    case "refused":
      return `refused ${cell.code}`;
    case "unavailable":
      return "not here";
    default:
      return unreachable(cell);
  }
}

/** A line for each cell that is not equal; one for a target that is not here. */
function reasons(target: string, kernels: readonly Row[], cells: readonly Cell[]): readonly string[] {
  const lines = cells.flatMap((c, n): readonly string[] => {
    const where = `${target}: ${known(kernels[n], "kernel").name}`;
    if (c.verdict === "differs") return [`${where}: ${c.detail}`];
    if (c.verdict === "refused") return [`${where}: ${c.code} ${c.reason}`];
    return c.verdict === "unavailable" ? [`${target}: not here: ${c.reason}`] : [];
  });
  return [...new Set(lines)];
}
