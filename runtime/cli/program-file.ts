/** The FILE[:KERNEL,…] of a command line: reading it, checking it, and proving the kernels it names. */
import { sep } from "node:path";
import type { CheckedProgram, GivenGeneric, ModuleReader, ProvedKernel } from "../../compiler/compile.ts";
import { checkModules, proveKernelOf, readModules } from "../../compiler/compile.ts";
import { kernelCalled } from "../../compiler/lang/check-program.ts";
import { isStandardModule } from "../../compiler/lang/module-names.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import type { Source } from "../../compiler/support/source.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { readSourceText, readText } from "../node/module-files.ts";
import { offerImports } from "../node/offer-imports.ts";
import { readStandard } from "../node/standard-library.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";

export type ProgramFile = {
  readonly path: string;
  readonly program: CheckedProgram;
  /** Those that the argument names; null where it names none. */
  readonly named: readonly string[] | null;
  /** What a command works on: the named kernels, else the exported ones, else all. */
  readonly kernels: readonly string[];
};

/** `net.ein`, `net.ein:layer`, `net.ein:a,b`; `std/NAME:layer` is of the standard library. */
export function splitFileArgument(text: string): { readonly path: string; readonly kernels: readonly string[] | null } {
  const match = /^(.*\.ein|-|std\/[a-z0-9_]+):([A-Za-z0-9_,]*)$/.exec(text);
  if (match === null) return { path: text, kernels: null };
  const kernels = (match[2] ?? "").split(",").filter((k) => k !== "");
  if (kernels.length === 0) refuse("E6401", `${quoted(text)} names no kernel after the colon`);
  return { path: match[1] ?? text, kernels: [...new Set(kernels)] };
}

/** Null after a syntax error; other mistakes of the program are in `diagnostics` as well. */
export async function readProgramFile(argument: string, diagnostics: Diagnostics): Promise<ProgramFile | null> {
  const { path, kernels: named } = splitFileArgument(argument);
  const modules = await readModules(await rootSource(path), readModule, diagnostics);
  if (modules === null) return null;
  const program = checkModules(modules, diagnostics);
  await offerImports(diagnostics);
  const names = program.kernels.map((k) => k.name);
  for (const k of named ?? []) {
    if (kernelCalled(program, k) !== undefined) continue;
    refuseNoKernel(path, program, k);
  }
  const exported = program.kernels.filter((k) => k.node.exported).map((k) => k.name);
  return { path, program, named, kernels: named ?? (exported.length > 0 ? exported : names) };
}

/** So many kernels are named where there are several, or none of a name: all that a module of the standard library has. */
const MOST_NAMED = 60;

function refuseNoKernel(path: string, { program, kernels }: CheckedProgram, name: string): never {
  const names = kernels.map((k) => k.name);
  const other = program.declarations.find((d) => (d.kind === "fn" || d.kind === "reducer") && d.name.text === name);
  if (other !== undefined) {
    const what = other.kind === "fn" ? "a function" : "a reducer";
    refuse("E6211", `${quoted(name)} is ${what} of ${path}, and no kernel`, {
      help: ["write a kernel that calls it, and name that"],
    });
  }
  const near = nearest(name, names);
  const help = near === null ? `its kernels are ${listed(names, MOST_NAMED)}` : `did you mean ${near}?`;
  return refuse("E6211", `${path} has no kernel ${quoted(name)}`, {
    help: [names.length === 0 ? "it has none" : help],
  });
}

/** Names of modules are paths with `/` on every machine, and what stands on standard input imports from here. */
async function rootSource(path: string): Promise<Source> {
  if (!isStandardModule(path))
    return makeSource(path === "-" ? "<stdin>" : path.replaceAll(sep, "/"), await readSourceText(path));
  const text = await readStandard(path);
  return typeof text === "string" ? makeSource(path, text) : refuse(text.code, text.message, text);
}

const readModule: ModuleReader = async ({ kind, name }) => {
  const text = await (kind === "standard" ? readStandard(name) : readText(name));
  return typeof text === "string" ? makeSource(name, text) : text;
};

/** A program without mistakes; null where there are some: `diagnostics` says which. */
export async function openProgram(argument: string, diagnostics: Diagnostics): Promise<ProgramFile | null> {
  const found = new Diagnostics();
  const file = await readProgramFile(argument, found);
  for (const d of found.list) diagnostics.add(d);
  return found.hasErrors ? null : file;
}

/** The one kernel a command works on; throws where there are several or none. */
export function oneKernel(file: ProgramFile): string {
  const [name, second] = file.kernels;
  if (name === undefined) refuse("E6401", `${file.path} has no kernel`);
  if (second !== undefined) {
    refuse("E6401", `${file.path} has several kernels: ${listed(file.kernels, MOST_NAMED)}`, {
      help: [`write ${file.path}:${name}, or another of them`],
    });
  }
  return name;
}

/** A proved kernel; throws an EinkornError with what is wrong in it. */
export function provedOrThrow(
  file: ProgramFile,
  name: string,
  generics: ReadonlyMap<string, GivenGeneric>,
  diagnostics: Diagnostics,
): ProvedKernel {
  const found = new Diagnostics();
  const proved = proveKernelOf(file.program, name, { generics }, found);
  if (proved === null) throw new EinkornError(found.list);
  for (const d of found.list) diagnostics.add(d);
  return proved;
}
