/** The FILE[:KERNEL,…] of a command line: reading it, checking it, and proving the kernels it names. */
import type { CheckedProgram, GivenGeneric, ProvedKernel } from "../../compiler/compile.ts";
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { readFileBytes } from "../node/files.ts";
import { listed, nearest, quoted, refuse } from "../refuse.ts";

export type ProgramFile = {
  readonly path: string;
  readonly program: CheckedProgram;
  /** Those that the argument names; null where it names none. */
  readonly named: readonly string[] | null;
  /** What a command works on: the named kernels, else the exported ones, else all. */
  readonly kernels: readonly string[];
};

/** Source files above this are refused by the parser; reading more would be pointless. */
const LARGEST_SOURCE = 2 ** 24;

/** `net.ein`, `net.ein:layer`, `net.ein:a,b`. */
export function splitFileArgument(text: string): { readonly path: string; readonly kernels: readonly string[] | null } {
  const match = /^(.*\.ein|-):([A-Za-z0-9_,]*)$/.exec(text);
  if (match === null) return { path: text, kernels: null };
  const kernels = (match[2] ?? "").split(",").filter((k) => k !== "");
  if (kernels.length === 0) refuse("E6401", `${quoted(text)} names no kernel after the colon`);
  return { path: match[1] ?? text, kernels: [...new Set(kernels)] };
}

/** Null after a syntax error; other mistakes of the program are in `diagnostics` as well. */
export async function readProgramFile(argument: string, diagnostics: Diagnostics): Promise<ProgramFile | null> {
  const { path, kernels: named } = splitFileArgument(argument);
  const bytes = await readFileBytes(path, LARGEST_SOURCE);
  const source = makeSource(path === "-" ? "<stdin>" : path, new TextDecoder().decode(bytes));
  const program = readProgram(source, diagnostics);
  if (program === null) return null;
  const names = program.kernels.map((k) => k.name);
  for (const k of named ?? []) {
    if (names.includes(k)) continue;
    const near = nearest(k, names);
    const help = [near === null ? `its kernels are ${listed(names)}` : `did you mean ${near}?`];
    refuse("E6211", `${path} has no kernel ${quoted(k)}`, { help });
  }
  const exported = program.kernels.filter((k) => k.node.exported).map((k) => k.name);
  return { path, program, named, kernels: named ?? (exported.length > 0 ? exported : names) };
}

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
    refuse("E6401", `${file.path} has several kernels: ${listed(file.kernels)}`, {
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
