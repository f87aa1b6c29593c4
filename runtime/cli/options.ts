/** Values of repeated options: `--dim M=64`, `--set r=3`, `--in A=a.npy`. */
import type { GivenGeneric } from "../../compiler/compile.ts";
import { quoted, refuse } from "../refuse.ts";

/** `NAME=REST`; null where there is no name before the first `=`. */
export function splitAssignment(text: string): { readonly name: string; readonly rest: string } | null {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text);
  return match === null ? null : { name: match[1] ?? "", rest: match[2] ?? "" };
}

/** `STAGE=REST`, where a stage of a called kernel has points in its name: `c1.acc`. */
export function splitStage(text: string): { readonly name: string; readonly rest: string } | null {
  const match = /^([A-Za-z_][A-Za-z0-9_.]*)=(.*)$/s.exec(text);
  return match === null ? null : { name: match[1] ?? "", rest: match[2] ?? "" };
}

function assignment(option: string, text: string, form: string): { readonly name: string; readonly rest: string } {
  return splitAssignment(text) ?? refuse("E6402", `${option} ${quoted(text)} is not of the form ${form}`);
}

/** Sizes by the dim's name. */
export function parseDims(list: readonly string[]): ReadonlyMap<string, bigint> {
  const dims = new Map<string, bigint>();
  for (const text of list) {
    const { name, rest } = assignment("--dim", text, "NAME=SIZE");
    if (!/^\d{1,10}$/.test(rest) || Number(rest) >= 2 ** 31) {
      refuse("E6402", `--dim ${name}=${quoted(rest)}: a size is a whole number from 0 to 2^31 - 1`);
    }
    if (dims.has(name)) refuse("E6402", `--dim ${name} is given twice`);
    dims.set(name, BigInt(rest));
  }
  return dims;
}

/** Generics by name: whole numbers, other numbers, true and false, or a dtype's name. */
export function parseGenerics(list: readonly string[]): ReadonlyMap<string, GivenGeneric> {
  const generics = new Map<string, GivenGeneric>();
  for (const text of list) {
    const { name, rest } = assignment("--set", text, "NAME=VALUE");
    if (generics.has(name)) refuse("E6402", `--set ${name} is given twice`);
    generics.set(name, genericValue(name, rest));
  }
  return generics;
}

function genericValue(name: string, text: string): GivenGeneric {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+$/.test(text)) return BigInt(text);
  if (/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (/^[a-z][a-z0-9]*$/.test(text)) return text;
  return refuse("E6402", `--set ${name}=${quoted(text)}: a generic is a number, true, false or a dtype`);
}
