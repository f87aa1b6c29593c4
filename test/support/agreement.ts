/**
 * Does a kernel keep its meaning? The reference interpreter of equations against each state of the pipeline, run by the
 * interpreter of its level and looked through by its verifier, and against devices.
 */
import { emitKernel, specialiseByName } from "../../compiler/compile.ts";
import type { Comparison } from "../../compiler/ir/compare.ts";
import { compareToReference } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { stagesOf, tensorsOf } from "../../compiler/ir/equations.ts";
import type { AnyArray, DType } from "../../compiler/ir/dtype.ts";
import { bf16FromBits, bf16ToBits, DTYPES, f16FromBits, f16ToBits, isStorageDType } from "../../compiler/ir/dtype.ts";
import { some } from "../../compiler/ir/walk.ts";
import type { MeasuredArray } from "../../compiler/ir/interpret-equations.ts";
import { interpretEquations, interpretWithErrors } from "../../compiler/ir/interpret-equations.ts";
import { interpretLoops } from "../../compiler/ir/interpret-loops.ts";
import { interpretMachine } from "../../compiler/ir/interpret-machine.ts";
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import { printLoops } from "../../compiler/ir/print-loops.ts";
import { printMachine } from "../../compiler/ir/print-machine.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import { verifyLoops } from "../../compiler/ir/verify-loops.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import type { State } from "../../compiler/pass.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { PIPELINE } from "../../compiler/pipeline.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { Capabilities, Target } from "../../compiler/target.ts";
import { checkCall } from "../../runtime/arguments.ts";
import type { Device } from "../../runtime/device.ts";
import { fromArray, toArray } from "../../runtime/nd-array.ts";
import { Tensor } from "../../runtime/tensor.ts";

/** Within this many ulp in the language's sense, as the language promises by default; integers must be equal. */
const TOLERANCE = 2;

/** Until its sums are cut into blocks, one accumulator takes all of a sum: some forty equal numbers lose 3 ulp there. */
const BEFORE_BLOCKS = 4;

export type Dims = ReadonlyMap<string, bigint>;
/** By the parameter's id. */
export type Inputs = ReadonlyMap<string, NDArray>;
export type Reference = ReadonlyMap<string, MeasuredArray>;

const vectors: Capabilities = {
  lanes: 4,
  interleave: 4,
  accumulators: 8,
  elems: ["bool", "i32", "u32", "i64", "u64", "f32", "f64"],
  storage: ["bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"],
  lacks: [],
  scalarOnly: ["floor_div", "floor_mod", "popcount", "doubling_high_multiply"],
  addressing: "bytes",
  launch: "calls",
  constantDims: false,
  ieeeNaN: true,
  subnormals: true,
};

const never = (): Promise<never> => Promise.reject(new Error("an imagined target emits nothing"));

function imagined(name: string, capabilities: Capabilities): Target {
  return { name, summary: "for tests", lowers: true, capabilities, emit: never, files: never };
}

/** A target with vectors and byte addresses, as a CPU's; what differs is given. */
export function imaginedTarget(name: string, differing: Partial<Capabilities>): Target {
  return imagined(name, { ...vectors, ...differing });
}

const invocations: Capabilities = { ...vectors, lanes: 1, addressing: "linear", launch: "invocations" };
const EVERYWHERE = [
  imagined("vectors", vectors),
  imagined("scalar", { ...vectors, lanes: 1, addressing: "subscripts" }),
];
const WITH_NAN = imagined("invocations", invocations);
/** As GPUs are: floats are assumed to be finite, and there is no f64. */
const WITHOUT_NAN = imagined("invocations without NaN", { ...invocations, ieeeNaN: false });

/** Three imagined targets that between them take every way through the pipeline. */
export function imaginedTargets(kernel: Kernel): readonly Target[] {
  return [...EVERYWHERE, computesIn(kernel, "f64") ? WITH_NAN : WITHOUT_NAN];
}

function computesIn(kernel: Kernel, dtype: DType): boolean {
  const bodies = stagesOf(kernel).flatMap((s) => s.outputs.flatMap((o) => [o.body, ...o.init.map((i) => i.body)]));
  return bodies.some((b) => some(b, (e) => e.type === dtype)) || kernel.params.some((p) => p.dtype === dtype);
}

export function referenceOf(kernel: Kernel, inputs: Inputs, dims: Dims): Reference {
  return interpretWithErrors(kernel, inputs, dims);
}

/** States that are known to be right, by their text: an unchanged state is not run again. */
export type Seen = Set<string>;

/** A call, what it gives, and what is known to be right. */
type CheckedCall = {
  readonly inputs: Inputs;
  readonly dims: Dims;
  readonly reference: Reference;
  readonly seen: Seen;
};

/** Does the target say (E4) that it cannot hold the kernel? */
export function isRefused(kernel: Kernel, target: Target): boolean {
  const diagnostics = new Diagnostics();
  checkTarget(kernel, target, diagnostics);
  return diagnostics.hasErrors;
}

/** The first pass after which the kernel is malformed or means something else, in words; null where all is well. */
export function passFailure(kernel: Kernel, target: Target, call: CheckedCall): string | null {
  let state: State = { level: "equations", kernel };
  let at = "the front end";
  let tolerance = TOLERANCE;
  try {
    const first = stateFailure(state, call, tolerance);
    if (first !== null) return `after ${at}: ${first}`;
    for (const pass of PIPELINE) {
      at = `${pass.name} (${target.name})`;
      state = pass.run(state, target);
      if (pass.name === "initial-nest") tolerance = BEFORE_BLOCKS;
      if (pass.name === "block-sums") tolerance = TOLERANCE;
      const wrong = stateFailure(state, call, tolerance);
      if (wrong !== null) return `after ${at}: ${wrong}`;
    }
    return null;
  } catch (error) {
    return `in or after ${at}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What the machine code, run by its interpreter, gives wrong, in words; null where all is well. */
export function machineFailure(program: MachineProgram, call: Omit<CheckedCall, "seen">): string | null {
  return stateFailure({ level: "machine", program }, { ...call, seen: new Set() }, TOLERANCE);
}

function stateFailure(state: State, call: CheckedCall, tolerance: number): string | null {
  const [problem] = problemsOf(state);
  if (problem !== undefined) return `the verifier says: ${problem}`;
  const text = printState(state);
  if (call.seen.has(text)) return null;
  const outputs = runState(state, call.inputs, call.dims, call.reference);
  for (const [n, [name, expected]] of [...call.reference].entries()) {
    const wrong = difference(known(outputs[n], `output ${n}`), expected, tolerance);
    if (wrong !== null) return `${name}${wrong}`;
  }
  call.seen.add(text);
  return null;
}

export function problemsOf(state: State): readonly string[] {
  switch (state.level) {
    case "equations":
      return verifyEquations(state.kernel);
    case "loops":
      return verifyLoops(state.program);
    case "machine":
      return verifyMachine(state.program);
    default:
      return state satisfies never;
  }
}

export function printState(state: State): string {
  switch (state.level) {
    case "equations":
      return printEquations(state.kernel);
    case "loops":
      return printLoops(state.program);
    case "machine":
      return printMachine(state.program);
    default:
      return state satisfies never;
  }
}

/** The outputs in declared order, in the dtypes and shapes of the reference. */
function runState(state: State, inputs: Inputs, dims: Dims, reference: Reference): readonly NDArray[] {
  // From some pass on f16 and bf16 are bit patterns, and elements below a byte are bytes.
  const held =
    state.level === "equations"
      ? state.kernel.params.map(({ id, dtype, dims: extents }) => ({ id, dtype, rank: extents.length }))
      : state.program.buffers.map(({ id, dtype, extent }) => ({ id, dtype, rank: extent.length }));
  const given = new Map(
    [...inputs].map(([id, a]) => {
      const { dtype, rank } = known(
        held.find((h) => h.id === id),
        `input ${id}`,
      );
      return [id, dtype === "u16" ? toBits(a) : dtype === "u8" ? toBytes(a, rank) : a];
    }),
  );
  const outputs = runLevel(state, given, dims);
  const wanted = [...reference.values()].map((r) => r.array);
  return outputs.map((a, n) => fromBytes(fromBits(a, wanted[n]?.dtype ?? a.dtype), known(wanted[n], "an output")));
}

function runLevel(state: State, inputs: Inputs, dims: Dims): readonly NDArray[] {
  switch (state.level) {
    case "equations":
      return [...interpretEquations(state.kernel, inputs, dims).values()];
    case "loops":
      return [...interpretLoops(state.program, inputs, dims, { seed: 7 }).values()];
    case "machine":
      return [...interpretMachine(state.program, inputs, dims, { seed: 7 }).values()];
    default:
      return state satisfies never;
  }
}

/** Packed elements as their bytes, in one row or, where rows fill whole bytes, in rows. */
function toBytes(a: NDArray, rank: number): NDArray {
  if (!isStorageDType(a.dtype)) return a;
  const bytes = fromArray(a).elements;
  const last = a.shape.at(-1) ?? 0;
  const shape = rank > 1 ? [...a.shape.slice(0, -1), (last * DTYPES[a.dtype].bits) / 8] : [bytes.length];
  return { dtype: "u8", shape, data: [...bytes] };
}

/** The other way; unused bits must be 0. */
function fromBytes(a: NDArray, { dtype, shape }: NDArray): NDArray {
  if (a.dtype === dtype || !isStorageDType(dtype)) return a;
  const t = Tensor.over(dtype, shape, { kind: "cpu", array: Uint8Array.from(a.data, Number) });
  const array = toArray(t);
  expectSame(fromArray(array).elements, t.elements);
  return array;
}

function expectSame(wanted: AnyArray, got: AnyArray): void {
  if (wanted.join() !== got.join()) throw new Error("bits that belong to no element are not 0");
}

function toBits(a: NDArray): NDArray {
  const encode = a.dtype === "f16" ? f16ToBits : a.dtype === "bf16" ? bf16ToBits : null;
  return encode === null ? a : { dtype: "u16", shape: a.shape, data: a.data.map((x) => encode(Number(x))) };
}

function fromBits(a: NDArray, dtype: DType): NDArray {
  if (a.dtype === dtype || (dtype !== "f16" && dtype !== "bf16")) return a;
  const decode = dtype === "f16" ? f16FromBits : bf16FromBits;
  return { dtype, shape: a.shape, data: a.data.map((x) => decode(Number(x))) };
}

/** `[1, 2] is 3, should be 4`, or null where they agree. */
function difference(got: NDArray, expected: MeasuredArray, tolerance: number): string | null {
  return mismatchText(compareToReference(got, expected.array, expected.errors, tolerance));
}

function mismatchText({ first }: Comparison): string | null {
  return first === null ? null : `[${first.at.join(", ")}] is ${first.got}, should be ${first.expected}`;
}

export type DeviceVerdict =
  /** `excused`: elements that agree only because the reference doubts them. */
  | { readonly kind: "equal"; readonly elements: number; readonly excused: number }
  /** The target says that it cannot hold the kernel (E4). */
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "differs"; readonly what: string };

/** The kernel on a device at some sizes: compiled once where the target takes symbolic dims. */
export async function onDevice(
  kernel: Kernel,
  device: Device,
  calls: readonly { readonly inputs: Inputs; readonly dims: Dims; readonly reference: Reference }[],
): Promise<DeviceVerdict> {
  try {
    let [elements, excused] = [0, 0];
    const open = device.target.capabilities.constantDims ? null : await load(kernel, device);
    if (open !== null && "code" in open) return { kind: "refused", code: open.code };
    for (const call of calls) {
      const byName = new Map(kernel.dims.map((d) => [d.name, call.dims.get(d.id) ?? 0n] as const));
      const equations = open === null ? specialiseByName(kernel, byName) : kernel;
      const ready = open ?? (await load(equations, device));
      if ("code" in ready) return { kind: "refused", code: ready.code };
      const names = tensorsOf(kernel);
      const args = Object.fromEntries([...call.inputs].map(([id, a]) => [known(names.get(id), id).name, fromArray(a)]));
      const dims = Object.fromEntries(equations.dims.map((d) => [d.name, byName.get(d.name) ?? 0n]));
      const results = ready.run(checkCall(equations, { ...args, ...dims }, {}));
      for (const [n, [name, expected]] of [...call.reference].entries()) {
        const tensor = known(results[n], `output ${n}`);
        const got = toArray(await tensor.cpu());
        tensor.dispose();
        const compared = compareToReference(got, expected.array, expected.errors, TOLERANCE);
        [elements, excused] = [elements + got.data.length, excused + compared.excused];
        const wrong = mismatchText(compared);
        if (wrong !== null) return { kind: "differs", what: `${name}${wrong} (${dimsText(kernel, call.dims)})` };
      }
      if (open === null) ready.dispose();
    }
    open?.dispose();
    return { kind: "equal", elements, excused };
  } catch (error) {
    return { kind: "differs", what: error instanceof Error ? error.message : String(error) };
  }
}

async function load(kernel: Kernel, device: Device) {
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(kernel, device.target, diagnostics);
  if (artifact === null) return { code: diagnostics.list.find((d) => d.severity === "error")?.code ?? "?" };
  return device.load(artifact, kernel);
}

export function dimsText(kernel: Kernel, dims: Dims): string {
  return kernel.dims.map((d) => `${d.name} = ${dims.get(d.id) ?? "?"}`).join(", ");
}
