/**
 * The files of an ahead-of-time build: the module, an ES module around it that needs nothing else, its declarations, and
 * the manifest. User's names appear only as JSON strings, which are data.
 */
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Artifact, ArtifactFile } from "../../compiler/target.ts";
import { invariant } from "../../compiler/support/invariant.ts";
import { declarations } from "../shared/declarations.ts";
import { manifestFile } from "../shared/manifest.ts";
import { wrapperModule } from "./wrapper.ts";

const LOAD = `/** Loads the module that lies beside this file; or from bytes, a URL, a response, or a compiled module. */
export declare function load(
  source?: Uint8Array | ArrayBuffer | URL | string | Response | Promise<Response> | WebAssembly.Module,
): Promise<Kernel>;`;

export function wasmFiles(artifact: Artifact, kernel: Kernel, stem: string, relaxed: boolean): readonly ArtifactFile[] {
  invariant(typeof artifact.code !== "string", "a module is bytes");
  const files: readonly ArtifactFile[] = [
    { name: `${stem}.wasm`, content: artifact.code },
    { name: `${stem}.mjs`, content: wrapperModule(artifact.program, kernel, `${stem}.wasm`) },
    { name: `${stem}.d.mts`, content: declarations(kernel, { load: LOAD, waits: false }) },
  ];
  const needs = ["wasm", "simd128", ...(relaxed ? ["relaxed-simd"] : [])];
  return [...files, manifestFile({ kernel, target: artifact.target, files, needs })];
}
