/**
 * `einkorn conformance`: every kernel on every target against the reference interpreter, at sizes that catch tails: for
 * each kernel small prime dims that satisfy its `where`, random inputs within the range types.
 */
import { emitKernel, proveKernelOf, specialiseByName } from "../../compiler/compile.ts";
import type { ProvedKernel } from "../../compiler/compile.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { InternalError, known } from "../../compiler/support/invariant.ts";
import { checkCall } from "../arguments.ts";
import type { Device } from "../device.ts";
import { drawDims, drawInputs } from "../draw-inputs.ts";
import { toArray } from "../nd-array.ts";
import { DEVICE_NAMES, deviceFactory } from "../node/devices.ts";
import { exampleFiles } from "../node/examples.ts";
import { refuse } from "../refuse.ts";
import { EXIT } from "./exit-codes.ts";
import { openProgram } from "./program-file.ts";
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

export async function conformance(files: readonly string[], options: ConformanceOptions): Promise<Outcome> {
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) refuse("E6402", `--seed ${options.seed}: a seed is a whole number`);
  const names = options.target?.split(",") ?? DEVICE_NAMES.filter((n) => n !== "interp");
  const diagnostics = new Diagnostics();
  const kernels: { readonly name: string; readonly proved: ProvedKernel }[] = [];
  for (const argument of files.length > 0 ? files : await exampleFiles()) {
    const file = await openProgram(argument, diagnostics);
    for (const name of file?.kernels ?? []) {
      const proved = file === null ? null : proveKernelOf(file.program, name, {}, diagnostics);
      if (proved !== null) kernels.push({ name, proved });
    }
  }
  const columns: { readonly target: string; readonly cells: readonly Cell[] }[] = [];
  for (const name of names) columns.push({ target: name, cells: await column(name, kernels, seed) });
  const rows = kernels.map((k, n) => [k.name, ...columns.map((c) => cellText(known(c.cells[n], "cell")))]);
  const notes = columns.flatMap((c) => reasons(c.target, c.cells));
  const wrong = columns.some((c) => c.cells.some((cell) => cell.verdict === "differs"));
  return {
    diagnostics: diagnostics.list,
    text: [...table([["kernel", ...names], ...rows]), ...notes],
    result: { tolerance: TOLERANCE, kernels: kernels.map((k) => k.name), targets: columns },
    ...(wrong ? { exit: EXIT.wrong } : {}),
  };
}

async function column(
  name: string,
  kernels: readonly { readonly proved: ProvedKernel }[],
  seed: number,
): Promise<readonly Cell[]> {
  const factory = await deviceFactory(name);
  const here = await factory.probe();
  if (!here.available) return kernels.map((): Cell => ({ verdict: "unavailable", reason: here.reason }));
  const device = await factory.open();
  try {
    const cells: Cell[] = [];
    for (const { proved } of kernels) cells.push(await cellOf(proved.kernel, device, seed));
    return cells;
  } finally {
    await device.close();
  }
}

async function cellOf(kernel: Kernel, device: Device, seed: number): Promise<Cell> {
  let error = 0;
  for (let n = 0; n < DRAWS; n++) {
    const dims = drawDims(kernel, seed + n);
    try {
      const found = await compareOnce(kernel, dims, device, seed + n);
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

async function compareOnce(
  kernel: Kernel,
  dims: ReadonlyMap<string, bigint>,
  device: Device,
  seed: number,
): Promise<{ readonly error: number; readonly detail: string | null }> {
  const byName = new Map(kernel.dims.map((d) => [d.name, dims.get(d.id) ?? 0n] as const));
  const equations = device.target.capabilities.constantDims ? specialiseByName(kernel, byName) : kernel;
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(equations, device.target, diagnostics);
  if (artifact === null) throw new EinkornError(diagnostics.list);
  const inputs = drawInputs(kernel, dims, seed);
  const args = { ...Object.fromEntries(inputs), ...byNameGiven(equations, byName) };
  const executable = await device.load(artifact, equations);
  try {
    const results = executable.run(checkCall(equations, args, {}));
    const arrays = new Map(kernel.params.map((p) => [p.id, toArray(known(inputs.get(p.name), "input"))] as const));
    const reference = interpretWithErrors(kernel, arrays, dims);
    let error = 0;
    for (const [n, o] of kernel.outputs.entries()) {
      const { array, errors } = known(reference.get(o.name), "reference");
      const got = toArray(await known(results[n], "output").cpu());
      const c = compareToReference(got, array, errors, TOLERANCE, device.target.capabilities.subnormals);
      error = Math.max(error, c.largest);
      if (!c.equal && c.first !== null) {
        const at = [...byName].map(([d, v]) => `${d}=${v}`).join(", ");
        return {
          error,
          detail: `${o.name}[${c.first.at.join(", ")}] is ${c.first.got}, should be ${c.first.expected} (${at}, seed ${seed})`,
        };
      }
    }
    return { error, detail: null };
  } finally {
    executable.dispose();
  }
}

function byNameGiven(kernel: Kernel, dims: ReadonlyMap<string, bigint>): Readonly<Record<string, bigint>> {
  return Object.fromEntries(kernel.dims.map((d) => [d.name, dims.get(d.name) ?? 0n]));
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
  }
}

function reasons(target: string, cells: readonly Cell[]): readonly string[] {
  const lines = cells.flatMap((c): readonly string[] => {
    if (c.verdict === "differs") return [`${target}: ${c.detail}`];
    if (c.verdict === "refused") return [`${target}: ${c.code} ${c.reason}`];
    return c.verdict === "unavailable" ? [`${target}: not here: ${c.reason}`] : [];
  });
  return [...new Set(lines)];
}
