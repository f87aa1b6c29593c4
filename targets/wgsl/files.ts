/**
 * The files of an ahead-of-time build: the shader module, an ES module around it that needs nothing else, its declarations,
 * and the manifest, which says what programs with a wrapper of their own must know: bindings, launches, limits.
 */
import type { Kernel } from "../../compiler/ir/equations.ts";
import { printExpr, bindNames } from "../../compiler/ir/print-expr.ts";
import { invariant } from "../../compiler/support/invariant.ts";
import type { Artifact, ArtifactFile } from "../../compiler/target.ts";
import { abiOf } from "../shared/abi.ts";
import { declarations } from "../shared/declarations.ts";
import { manifestFile } from "../shared/manifest.ts";
import { layoutOf, uniformBytes } from "./layout.ts";
import { BINDING_TYPES, wrapperModule } from "./wrapper.ts";

const LOAD = `/**
 * Loads the shader that lies beside this file; or its text, a URL of it, or a response. The kernel lives as long as the
 * device, whose limits say how large its tensors may be.
 */
export declare function load(device: GPUDevice, source?: URL | string | Response | Promise<Response>): Promise<Kernel>;`;

export function wgslFiles(artifact: Artifact, kernel: Kernel, stem: string): readonly ArtifactFile[] {
  const { code, program, target } = artifact;
  invariant(typeof code === "string", "a shader is text");
  const files: readonly ArtifactFile[] = [
    { name: `${stem}.wgsl`, content: code },
    { name: `${stem}.mjs`, content: wrapperModule(program, kernel, `${stem}.wgsl`) },
    {
      name: `${stem}.d.mts`,
      content: `/// <reference types="@webgpu/types" />\n${declarations(kernel, { load: LOAD, waits: true })}`,
    },
  ];
  const more = { wgsl: interfaceFacts(artifact, kernel) };
  return [...files, manifestFile({ kernel, target, files, needs: ["webgpu"], more })];
}

/** How to call the module without the wrapper. Extents are texts in the language, made of the names in `dims`. */
function interfaceFacts({ program }: Artifact, kernel: Kernel): Readonly<Record<string, unknown>> {
  const layout = layoutOf(program);
  const names = bindNames(new Map(), kernel.dims);
  const abi = abiOf(program);
  const bindingOf = (id: string): number | undefined => layout.buffers.get(id)?.binding;
  const storageBuffers = layout.launches.map((l) => l.bindings.filter((b) => b.access !== "uniform").length);
  return {
    group: 0,
    bindings: {
      // Words of i32: the dims, then where each scratch buffer starts, in words.
      sizes: layout.words === 0 ? null : 0,
      params: abi.inputs.map((b) => bindingOf(b.id)),
      outputs: abi.outputs.map((b) => bindingOf(b.id)),
      scratch: layout.arena,
    },
    // Two may lie over each other where no launch is within the lifetimes (first and last launch) of both.
    scratch: abi.scratch.map(({ dtype, extent, lifetime: { first, last } }) => ({
      dtype,
      shape: extent.map((e) => printExpr(e, names)),
      launches: [first, last],
    })),
    launches: layout.launches.map((l) => ({
      entry: l.entry,
      workgroup: [l.workgroup, 1, 1],
      // Workgroups: the product of the extents, over elements * workgroup, rounded up; past a row they go to further rows.
      grid: l.grid.map((e) => printExpr(e, names)),
      elements: l.elements,
      bindings: l.bindings.map((b) => ({ binding: b.binding, type: BINDING_TYPES[b.access] })),
    })),
    features: [],
    limits: {
      maxStorageBuffersPerShaderStage: Math.max(0, ...storageBuffers),
      maxUniformBufferBindingSize: uniformBytes(layout),
    },
  };
}
