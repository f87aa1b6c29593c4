/** The files of an ahead-of-time build. */
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Artifact, ArtifactFile } from "../../compiler/target.ts";

export function wgslFiles(artifact: Artifact, _kernel: Kernel, stem: string): readonly ArtifactFile[] {
  return [{ name: `${stem}.wgsl`, content: artifact.code }];
}
