/**
 * One run of a kernel: its sizes and inputs, what the reference gives for them, and whether a device agrees. Whatever a
 * device does instead of giving a result (a trap, an internal error) is a verdict, so that it can be shrunk like any other.
 */
import type { GivenGeneric } from "../../compiler/compile.ts";
import { emitKernel } from "../../compiler/compile.ts";
import type { Mismatch, Tolerance } from "../../compiler/ir/compare.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import { interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { InternalError, known } from "../../compiler/support/invariant.ts";
import type { Arguments } from "../arguments.ts";
import { checkCall } from "../arguments.ts";
import type { Device, Executable } from "../device.ts";
import { fromArray, toArray } from "../nd-array.ts";
import { specialiseChecked } from "../specialise.ts";
import type { Tensor } from "../tensor.ts";
import type { Sizes } from "./draw-sizes.ts";
import { dimsById } from "./draw-sizes.ts";
import type { Inputs } from "./draw-values.ts";
import { withoutTiny } from "./draw-values.ts";
import { genericsKey } from "./subject.ts";

export type Trial = { readonly seed: number; readonly sizes: Sizes; readonly inputs: Inputs };

export type Verdict =
  /** `largest`: the error in the unit of the tolerance; `excused`: elements that agree only because of a doubt. */
  | { readonly kind: "equal"; readonly largest: number; readonly elements: number; readonly excused: number }
  | {
      readonly kind: "differs";
      readonly output: string;
      readonly first: Mismatch;
      readonly mismatches: number;
      readonly elements: number;
    }
  /** No result at all. */
  | { readonly kind: "crashed"; readonly message: string }
  /** The target says (E4) that it cannot hold the kernel. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  /** The device says (E6) that it cannot hold these sizes. */
  | { readonly kind: "beyond"; readonly code: string; readonly message: string };

export type Failure = Extract<Verdict, { readonly kind: "differs" | "crashed" }>;

export function isFailure(v: Verdict): v is Failure {
  return v.kind === "differs" || v.kind === "crashed";
}

type Reference = ReadonlyMap<string, MeasuredArray>;

const references = new WeakMap<Inputs, Reference>();

/** What the trial's inputs give by the reference; computed once for all targets. */
function referenceOf({ sizes: { kernel, dims } }: Trial, inputs: Inputs): Reference {
  const before = references.get(inputs);
  if (before !== undefined) return before;
  const arrays = new Map(kernel.params.map((p) => [p.id, known(inputs.get(p.name), "input")] as const));
  const reference = interpretWithErrors(kernel, arrays, dimsById(kernel, dims));
  references.set(inputs, reference);
  return reference;
}

/** Executables that a device holds at once. */
const KEPT = 8;

const BEYOND: ReadonlySet<string> = new Set(["E6210", "E6305", "E6307"]);

type Loaded = { readonly kernel: Sizes["kernel"]; readonly executable: Executable };

/** Runs trials on one device, with what was compiled for it. */
export class TrialRunner {
  readonly device: Device;
  readonly #loaded = new Map<string, Loaded>();

  constructor(device: Device) {
    this.device = device;
  }

  /** Does compiling depend on the sizes? Then each trial costs a compilation. */
  get wantsConstantDims(): boolean {
    return this.device.target.capabilities.constantDims;
  }

  async run(trial: Trial, owner: string, tolerance: Tolerance): Promise<Verdict> {
    const { subnormals } = this.device.target.capabilities;
    const inputs = subnormals ? trial.inputs : flushed(trial.inputs);
    try {
      const reference = referenceOf(trial, inputs);
      return await this.#compare(trial, inputs, reference, owner, tolerance);
    } catch (error) {
      return verdictOf(error);
    }
  }

  dispose(): void {
    for (const { executable } of this.#loaded.values()) executable.dispose();
    this.#loaded.clear();
  }

  async #compare(
    { sizes }: Trial,
    inputs: Inputs,
    reference: Reference,
    owner: string,
    tolerance: Tolerance,
  ): Promise<Verdict> {
    const { kernel, executable } = await this.#load(owner, sizes);
    const open = new Set(kernel.dims.map((d) => d.name));
    const dims = [...sizes.dims].filter(([name]) => open.has(name));
    const args = [...inputs].map(([name, a]) => [name, fromArray(a)] as const);
    const given = Object.fromEntries([...args, ...dims]);
    const first = executable.run(checkCall(kernel, given, {}));
    const results = runAgain(executable, kernel, given, first);
    let [largest, elements, excused] = [0, 0, 0];
    let worst: Verdict | null = null;
    for (const [n, o] of kernel.outputs.entries()) {
      const { array, errors } = known(reference.get(o.name), "reference");
      const tensor = known(results[n], "output");
      const got = toArray(await tensor.cpu());
      tensor.dispose();
      const c = compareToReference(got, array, errors, tolerance, this.device.target.capabilities.subnormals);
      largest = Math.max(largest, c.largest);
      elements += got.data.length;
      excused += c.excused;
      if (c.first !== null) {
        worst ??= {
          kind: "differs",
          output: o.name,
          first: c.first,
          mismatches: c.mismatches,
          elements: got.data.length,
        };
      }
    }
    return worst ?? { kind: "equal", largest, elements, excused };
  }

  /** `owner` tells kernels of one name apart. */
  async #load(owner: string, { kernel, generics, dims }: Sizes): Promise<Loaded> {
    const fixed = this.wantsConstantDims ? dims : new Map<string, bigint>();
    const key = JSON.stringify([owner, kernel.name, genericsKey(generics), genericsKey(fixed)]);
    const before = this.#loaded.get(key);
    this.#loaded.delete(key);
    const loaded = before ?? (await this.#compile(kernel, fixed));
    this.#loaded.set(key, loaded);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > KEPT && oldest !== undefined) {
      this.#loaded.get(oldest)?.executable.dispose();
      this.#loaded.delete(oldest);
    }
    return loaded;
  }

  async #compile(kernel: Sizes["kernel"], fixed: ReadonlyMap<string, GivenGeneric & bigint>): Promise<Loaded> {
    const equations = this.wantsConstantDims ? specialiseChecked(kernel, fixed) : kernel;
    const diagnostics = new Diagnostics();
    const artifact = await emitKernel(equations, this.device.target, diagnostics);
    if (artifact === null) throw new EinkornError(diagnostics.list);
    return { kernel: equations, executable: await this.device.load(artifact, equations) };
  }
}

/**
 * Once more into the same memory, where that is at hand, which is filled with nonsense before: an element that nobody writes
 * then shows, and shows each time.
 */
function runAgain(
  executable: Executable,
  kernel: Sizes["kernel"],
  given: Arguments,
  results: readonly Tensor[],
): readonly Tensor[] {
  if (results.some((t) => t.storage.kind !== "cpu")) return results;
  for (const { elements: e } of results) new Uint8Array(e.buffer, e.byteOffset, e.byteLength).fill(NONSENSE);
  const out = Object.fromEntries(kernel.outputs.map((o, n) => [o.name, known(results[n], "output")] as const));
  return executable.run(checkCall(kernel, given, out));
}

/** Bytes of large numbers, of NaN in f16. */
const NONSENSE = 0x7e;

const flushedInputs = new WeakMap<Inputs, Inputs>();

function flushed(inputs: Inputs): Inputs {
  const made = flushedInputs.get(inputs) ?? withoutTiny(inputs);
  flushedInputs.set(inputs, made);
  return made;
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof EinkornError) {
    const first = error.diagnostics.find((d) => d.severity === "error") ?? error.diagnostics[0];
    const [code, message] = [first?.code ?? "", first?.message ?? ""];
    if (code.startsWith("E4")) return { kind: "refused", code, message };
    if (BEYOND.has(code)) return { kind: "beyond", code, message };
    return { kind: "crashed", message: `${code} ${message}` };
  }
  if (error instanceof InternalError) return { kind: "crashed", message: error.message };
  // What generated code does to its machine: a trap, a lost device.
  if (error instanceof Error) return { kind: "crashed", message: `${error.name}: ${error.message}` };
  throw error;
}
