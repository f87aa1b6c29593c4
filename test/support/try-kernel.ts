/**
 * One random kernel through everything: the front end, every pass for three imagined targets, devices. A failure is told
 * with seed, sizes and source, and made small.
 */
import type { Kernel } from "../../compiler/ir/equations.ts";
import { specialise } from "../../compiler/passes/specialise.ts";
import type { Device } from "../../runtime/device.ts";
import type { Dims, Inputs, Reference, Seen } from "./agreement.ts";
import { dimsText, imaginedTargets, isRefused, onDevice, passFailure, referenceOf } from "./agreement.ts";
import { drawInputs, drawSizes } from "./random-call.ts";
import type { RandomKernel } from "./random-kernel.ts";
import type { SizeKind } from "./random-kernel/kinds.ts";
import { readKernel } from "./read-kernel.ts";
import { shrink } from "./shrink.ts";

/** Points that one call may have: the interpreters compute about two million a second, and run dozens of states. */
const PASS_BUDGET = 1500;
const DEVICE_BUDGET = 6000;

export type Trial =
  /** The front end refuses the kernel: waste of the generator. */
  | { readonly kind: "refused"; readonly code: string }
  | {
      readonly kind: "fine";
      readonly sizes: ReadonlySet<SizeKind>;
      readonly elements: number;
      readonly excused: number;
      readonly unable: readonly string[];
    }
  | { readonly kind: "wrong"; readonly what: string };

export type TrialOptions = { readonly passes: boolean; readonly devices: readonly Device[] };

type Call = { readonly inputs: Inputs; readonly dims: Dims; readonly reference: Reference };

export async function tryKernel(k: RandomKernel, options: TrialOptions): Promise<Trial> {
  const read = readKernel(k.source);
  if (!("kernel" in read)) return { kind: "refused", code: read.errors[0]?.code ?? "no error" };
  const { kernel } = read;
  const small = callOf(kernel, k, k.seed, PASS_BUDGET);
  if (small === null) return { kind: "refused", code: "no legal sizes" };
  if (typeof small === "string") return { kind: "wrong", what: small };
  if (options.passes) {
    const seen: Seen = new Set();
    for (const [n, target] of imaginedTargets(kernel).entries()) {
      if (isRefused(kernel, target)) continue;
      // One of the three with its dims as constants: loops then vanish, unroll and fill vectors exactly.
      const compiled = k.seed % 3 === n ? specialise(kernel, small.dims) : kernel;
      const what = passFailure(compiled, target, { ...small, seen });
      if (what !== null) return { kind: "wrong", what: `${what} (${dimsText(kernel, small.dims)})` };
    }
  }
  const calls = [small, ...(options.devices.length === 0 ? [] : [callOf(kernel, k, k.seed + 1, DEVICE_BUDGET)])];
  const wrongCall = calls.find((c) => typeof c === "string");
  if (typeof wrongCall === "string") return { kind: "wrong", what: wrongCall };
  const usable = calls.filter((c) => c !== null && typeof c !== "string");
  let [elements, excused] = [0, 0];
  const unable: string[] = [];
  for (const device of options.devices) {
    const isConstant = k.seed % 4 === 0 && !device.target.capabilities.constantDims;
    const verdict = isConstant
      ? await onDevice(specialise(kernel, small.dims), device, [small])
      : await onDevice(kernel, device, usable);
    if (verdict.kind === "differs") return { kind: "wrong", what: `${device.name}: ${verdict.what}` };
    if (verdict.kind === "refused") unable.push(`${device.name} ${verdict.code}`);
    else [elements, excused] = [elements + verdict.elements, excused + verdict.excused];
  }
  return { kind: "fine", sizes: sizeKinds(usable), elements, excused, unable };
}

/** A call with its reference; what the reference itself finds wrong in words; null where no sizes are legal. */
function callOf(kernel: Kernel, k: RandomKernel, seed: number, budget: number): Call | string | null {
  const dims = drawSizes(kernel, seed, budget);
  if (dims === null) return null;
  const inputs = drawInputs(kernel, dims, seed, k.special);
  try {
    return { dims, inputs, reference: referenceOf(kernel, inputs, dims) };
  } catch (error) {
    return `the reference: ${error instanceof Error ? error.message : String(error)} (${dimsText(kernel, dims)})`;
  }
}

const PRIMES: ReadonlySet<bigint> = new Set([2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n]);

function sizeKinds(calls: readonly Call[]): ReadonlySet<SizeKind> {
  const sizes = calls.flatMap((c) => [...c.dims.values()]);
  const kinds = new Set<SizeKind>();
  if (sizes.includes(0n)) kinds.add("a dim of 0");
  if (sizes.includes(1n)) kinds.add("a dim of 1");
  if (sizes.some((n) => PRIMES.has(n))) kinds.add("a prime dim");
  if (sizes.some((n) => n > 2n && (n % 4n === 3n || n % 4n === 1n))) kinds.add("a dim beside a vector width");
  return kinds;
}

/** All that is needed to look into a failure. */
export async function report(
  k: RandomKernel,
  what: string,
  options: TrialOptions,
  milliseconds: number,
): Promise<string> {
  const fails = async (source: string): Promise<boolean> =>
    (await tryKernel({ ...k, source }, options)).kind === "wrong";
  const small = await shrink(k.source, fails, milliseconds);
  const now = await tryKernel({ ...k, source: small }, options);
  const last = now.kind === "wrong" ? now.what : what;
  return [`seed ${k.seed}: ${what}`, k.source, `made small: ${last}`, small].join("\n");
}
