/**
 * The cases of this folder: programs with mistakes, each a `.ein` file that is named after the code it is about
 * (`E1009.ein`, `E2003-stride.ein`), with a marker on each line where a primary span starts:
 *
 *     B[i] = 0 <= i < N ? A[i] : 0.0; //~ E1009: comparisons do not chain
 *
 * The text behind the code is a part of the message. A line may have several markers; no compiler sees them. Markers
 * without a code say how the text is judged: `//~ fill 1000` fills it with blank lines up to that length, for limits
 * that no one wants to read; `//~ alone` refuses imports; `//~ prove f k=3` proves the kernel f with that generic,
 * as the command line asks for it; `//~ target wgsl` asks whether that target can hold the kernels.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { GivenGeneric, ModuleReader } from "../../compiler/compile.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { makeSource, positionOf, type Source } from "../../compiler/support/source.ts";
import { readText } from "../../runtime/node/module-files.ts";
import { readStandard } from "../../runtime/node/standard-library.ts";
import type { Target } from "../../compiler/target.ts";
import { targetNamed } from "../../targets/registry.ts";
import type { Asked } from "./diagnose.ts";
import { diagnose, diagnoseAll } from "./diagnose.ts";

export type Marker = { readonly line: number; readonly code: string; readonly part: string };

export type Case = {
  readonly file: string;
  readonly source: Source;
  readonly markers: readonly Marker[];
  readonly isAlone: boolean;
  readonly asked: Asked | null;
  readonly target: Target | null;
};

const FOLDER = import.meta.dirname;

/** All of them, by name. */
export function allCases(): readonly Case[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".ein"))
    .toSorted()
    .map(readCase);
}

function readCase(file: string): Case {
  const written = readFileSync(join(FOLDER, file), "utf8");
  const found: Marker[] = [];
  let [length, isAlone] = [0, false];
  let asked: Asked | null = null;
  let target: Target | null = null;
  for (const [n, line] of written.split("\n").entries()) {
    for (const marker of line.split("//~ ").slice(1)) {
      const text = marker.trim();
      const [, code, part] = /^([EW]\d{4}): (.+)$/.exec(text) ?? [];
      const [, fill] = /^fill (\d+)$/.exec(text) ?? [];
      const [, kernel, name, value] = /^prove (\w+)(?: (\w+)=(\S+))?$/.exec(text) ?? [];
      if (code !== undefined && part !== undefined) found.push({ line: n + 1, code, part });
      else if (fill !== undefined) length = Number(fill);
      else if (text === "alone") isAlone = true;
      else if (text.startsWith("target ")) target = targetNamed(text.slice("target ".length));
      else if (kernel !== undefined)
        asked = { kernel, generics: name === undefined ? [] : [[name, valueOf(value ?? "")]] };
      else throw new Error(`${file}:${n + 1}: marker ${text}`);
    }
  }
  const text = written.replaceAll(/[ \t]*\/\/~ .*/g, "");
  const source = makeSource(file, text + "\n".repeat(Math.max(0, length - text.length)));
  return { file, source, markers: found, isAlone, asked, target };
}

function valueOf(text: string): GivenGeneric {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return /^-?[\d.]+$/.test(text) ? Number(text) : text;
}

/** What is said about the case. */
export async function diagnoseCase({ source, isAlone, asked, target }: Case): Promise<readonly Diagnostic[]> {
  return isAlone ? diagnose(source, asked) : diagnoseAll(source, readModule, { asked, target });
}

/** Files to import lie in modules/; `endless/N.ein` imports the next of its kind. */
const readModule: ModuleReader = async ({ kind, name }) => {
  const endless = /^endless\/(\d+)\.ein$/.exec(name)?.[1];
  const text =
    endless !== undefined
      ? `import { step${Number(endless) + 1} } from "./${Number(endless) + 1}.ein";\nexport fn step${endless}(x: f32) -> f32 = x;`
      : await (kind === "standard" ? readStandard(name) : readText(join(FOLDER, "modules", name)));
  if (typeof text === "string") return makeSource(name, text);
  // Where this checkout lies is no part of a golden.
  return { ...text, message: text.message.replace(`${join(FOLDER, "modules")}${sep}`, "") };
};

/** Pairs each diagnostic with a marker of its line and code whose text it holds; gives what is left of both. */
export function compareCase({ file, markers }: Case, list: readonly Diagnostic[]) {
  const left = [...markers];
  const unexpected = list.filter((d) => {
    const line = lineIn(file, d);
    const i = left.findIndex((m) => m.line === line && m.code === d.code && d.message.includes(m.part));
    if (i >= 0) left.splice(i, 1);
    return i < 0;
  });
  return { unexpected, missing: left };
}

/** A mistake without a place here is announced where a call of this file leads to it, else in the first line. */
function lineIn(file: string, d: Diagnostic): number {
  const here = [d.span, ...d.related.map((r) => r.span)].find((s) => s?.source.name === file);
  return here == null ? 1 : positionOf(here.source, here.start).line;
}
