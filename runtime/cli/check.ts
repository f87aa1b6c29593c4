/** `einkorn check FILE…`: parse, types, bounds; says how many subscripts were proved, and in JSON how each of them was. */
import { proveKernelOf } from "../../compiler/compile.ts";
import type { AccessProof } from "../../compiler/passes/prove/proof.ts";
import { kernelCalled } from "../../compiler/lang/check-program.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { known, unreachable } from "../../compiler/support/invariant.ts";
import { positionOf } from "../../compiler/support/source.ts";
import { counted, refuse } from "../refuse.ts";
import type { ProgramFile } from "./program-file.ts";
import { readProgramFile } from "./program-file.ts";
import type { Outcome } from "./report.ts";
import { summaryOf } from "./report.ts";

export type CheckedFile = { readonly file: string; readonly kernels: readonly KernelRow[] };

type KernelRow =
  | {
      readonly name: string;
      readonly verdict: "proved";
      readonly dims: readonly string[];
      readonly accesses: readonly AccessRow[];
    }
  /** With diagnostics that say why. */
  | { readonly name: string; readonly verdict: "wrong" }
  /** It has a generic without a default, and is checked where it is called. */
  | { readonly name: string; readonly verdict: "generic" };

type AccessRow = Omit<AccessProof, "span"> & { readonly file: string; readonly line: number; readonly column: number };

/** Errors after which no more kernels are proved: nobody reads further, and proofs that fail take the longest. */
const MOST_ERRORS = 150;

export async function check(files: readonly string[]): Promise<Outcome<readonly CheckedFile[]>> {
  const diagnostics = new Diagnostics();
  const result: CheckedFile[] = [];
  for (const argument of files) {
    const file = await openOrReport(argument, diagnostics);
    result.push({ file: argument, kernels: file === null ? [] : checkFile(file, diagnostics) });
  }
  const text = result.flatMap(({ file, kernels }) =>
    kernels.length === 0 && !diagnostics.hasErrors
      ? [`${file}: there are no kernels`]
      : kernels.flatMap((k) => textOf(file, k)),
  );
  const notes = [
    ...summaryOf(diagnostics.list),
    ...(isEnough(diagnostics) ? ["what is behind them is not proved"] : []),
  ];
  return { diagnostics: diagnostics.list, text, notes, result };
}

function isEnough({ list, hasErrors }: Diagnostics): boolean {
  return hasErrors && list.length >= MOST_ERRORS;
}

/** A file that is not there does not keep the others from being checked. */
async function openOrReport(argument: string, diagnostics: Diagnostics): Promise<ProgramFile | null> {
  try {
    const file = await readProgramFile(argument, diagnostics);
    if (file?.program.program.declarations.length === 0 && !diagnostics.hasErrors) {
      refuse("E6211", `${argument} declares nothing`, { help: ["write a kernel into it, or leave it out"] });
    }
    return file;
  } catch (error) {
    if (!(error instanceof EinkornError)) throw error;
    for (const d of error.diagnostics) diagnostics.add(d);
    return null;
  }
}

function checkFile(file: ProgramFile, diagnostics: Diagnostics): readonly KernelRow[] {
  const wanted =
    file.named === null ? file.program.kernels : file.named.map((n) => known(kernelCalled(file.program, n), "kernel"));
  return wanted.flatMap(({ name, checked, fine }): KernelRow | readonly KernelRow[] => {
    if (!checked) return { name, verdict: "generic" };
    if (fine && isEnough(diagnostics)) return [];
    const proved = fine ? proveKernelOf(file.program, name, {}, diagnostics) : null;
    if (proved === null) return { name, verdict: "wrong" };
    const dims = proved.kernel.dims.map((d) => d.name);
    return { name, verdict: "proved", dims, accesses: proved.proofs.map(accessRow) };
  });
}

function accessRow({ span, ...proof }: AccessProof): AccessRow {
  return { ...proof, file: span.source.name, ...positionOf(span.source, span.start) };
}

function textOf(argument: string, k: KernelRow): readonly string[] {
  const file = argument.endsWith(`:${k.name}`) ? argument.slice(0, -k.name.length - 1) : argument;
  switch (k.verdict) {
    case "proved":
      return [`${file}: ${k.name}: ${counted(k.accesses.length, "subscript")} proved in range`];
    case "generic":
      return [`${file}: ${k.name}: has a generic without a default; it is checked where it is called`];
    case "wrong":
      return [];
    default:
      return unreachable(k);
  }
}
