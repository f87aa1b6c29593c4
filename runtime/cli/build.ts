/** `einkorn build FILE[:KERNEL,…] --target T[,T] -o DIR`: ahead-of-time artifacts, a folder per target and kernel. */
import { join } from "node:path";
import { emitKernel } from "../../compiler/compile.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import type { Target } from "../../compiler/target.ts";
import { targetNamed } from "../../targets/registry.ts";
import { writeFiles } from "../node/files.ts";
import { quoted, refuse } from "../refuse.ts";
import { specialiseChecked } from "../specialise.ts";
import { checkGivenSizes, genericsOfKernel } from "./given-sizes.ts";
import { parseDims, parseGenerics } from "./options.ts";
import { openProgram, provedOrThrow } from "./program-file.ts";
import type { Outcome } from "./report.ts";
import { table } from "./report.ts";

export type BuildOptions = {
  /** Names with commas between. */
  readonly target: string;
  readonly out: string;
  readonly dim: readonly string[];
  readonly set: readonly string[];
};

export type BuiltFile = {
  readonly target: string;
  readonly kernel: string;
  readonly path: string;
  readonly bytes: number;
};

export type BuildResult = { readonly files: readonly BuiltFile[] };

type Made = BuiltFile & { readonly content: Uint8Array };

export async function build(argument: string, options: BuildOptions): Promise<Outcome<BuildResult>> {
  const diagnostics = new Diagnostics();
  const dims = parseDims(options.dim);
  const generics = parseGenerics(options.set);
  const targets = [...new Set(options.target.split(","))].map((name) => compilable(targetNamed(name)));
  const file = await openProgram(argument, diagnostics);
  if (file === null) return { diagnostics: diagnostics.list, text: [], result: null };
  checkGivenSizes(file, file.kernels, dims, generics);
  const kernels = file.kernels.map((name) => ({
    name,
    kernel: provedOrThrow(file, name, genericsOfKernel(file, name, generics), diagnostics).kernel,
  }));
  refuseNamesOfFiles(file.kernels);
  const made: Made[] = [];
  for (const { name, kernel } of kernels) {
    const own = new Map([...dims].filter(([d]) => kernel.dims.some((k) => k.name === d)));
    const special = specialiseChecked(kernel, own);
    for (const target of targets) made.push(...(await filesOf(special, target, name, options.out)));
  }
  // Nothing is written before everything has been made.
  await writeFiles(made);
  const files = made.map(({ target, kernel, path, bytes }) => ({ target, kernel, path, bytes }));
  const text = table(files.map((f) => [f.path, sizeText(f.bytes)]));
  return { diagnostics: diagnostics.list, text, result: { files } };
}

function compilable(target: Target): Target {
  if (target.lowers) return target;
  return refuse("E6402", `--target ${target.name}: it runs the equations themselves, and there is nothing to build`);
}

/** With what is added to it the name of a file must stay below 256 characters. */
const LONGEST_NAME = 200;
/** What Windows keeps for devices, whatever follows after a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** Kernels name folders and files, which are to be the same on every machine. */
function refuseNamesOfFiles(kernels: readonly string[]): void {
  const help = ["give the kernel another name"];
  const seen = new Map<string, string>();
  for (const name of kernels) {
    if (name.length > LONGEST_NAME)
      refuse(
        "E6402",
        `${quoted(name)} has ${name.length} characters; as the name of a file it has at most ${LONGEST_NAME}`,
        {
          help,
        },
      );
    if (DEVICE.test(name)) refuse("E6402", `${name} cannot be the name of a file: on Windows it is a device`, { help });
    const other = seen.get(name.toLowerCase());
    if (other !== undefined && other !== name) {
      refuse("E6402", `${other} and ${name} would be one folder where names of files do not tell case`, {
        help: [`give one of them another name, or build them into two folders`],
      });
    }
    seen.set(name.toLowerCase(), name);
  }
}

async function filesOf(kernel: Kernel, target: Target, name: string, out: string): Promise<readonly Made[]> {
  const diagnostics = new Diagnostics();
  const artifact = await emitKernel(kernel, target, diagnostics);
  if (artifact === null) throw new EinkornError(diagnostics.list);
  const files = await target.files(artifact, kernel, name);
  return files.map((f) => {
    const content = typeof f.content === "string" ? new TextEncoder().encode(f.content) : f.content;
    const path = join(out, target.name, name, f.name);
    return { target: target.name, kernel: name, path, bytes: content.length, content };
  });
}

function sizeText(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
