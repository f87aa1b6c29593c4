/** The list of targets. A target is a folder and a line here; nothing else knows them all. */
import { diagnostic, EinkornError } from "../compiler/support/diagnostics.ts";
import { didYouMean } from "../compiler/support/typos.ts";
import type { Target } from "../compiler/target.ts";
import { hlsTarget } from "./hls/target.ts";
import { interpTarget } from "./interp/target.ts";
import { wasmTarget } from "./wasm/target.ts";
import { wgslTarget } from "./wgsl/target.ts";

/** In the order of `einkorn targets` and of the conformance matrix. */
export const TARGETS: readonly Target[] = [interpTarget, wasmTarget({ relaxed: false }), wgslTarget, hlsTarget];

/** Builds of a target that ask more of the machine; `build --target` takes them by name. */
const VARIANTS: readonly Target[] = [wasmTarget({ relaxed: true })];

/** The target of that name; throws E6301 for a word that is none. */
export function targetNamed(name: string): Target {
  const all = [...TARGETS, ...VARIANTS];
  const found = all.find((t) => t.name === name);
  if (found !== undefined) return found;
  const names = all.map((t) => t.name);
  const near = didYouMean(name, names);
  const help = [near === null ? `the targets are ${names.join(", ")}` : `did you mean ${near}?`];
  const shown = JSON.stringify(name.slice(0, 40));
  throw new EinkornError([diagnostic("E6301", { message: `there is no target ${shown}`, span: null, help })]);
}
