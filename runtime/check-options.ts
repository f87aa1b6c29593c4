/** What `compile` is given, before anything is done with it: callers in JavaScript have no types to tell them. */
import { isRecord, refuseUnknownKeys, shown } from "./given-values.ts";
import type { CompileOptions } from "./jit.ts";
import { quoted, refuse } from "./refuse.ts";

const KEYS = {
  target: true,
  kernels: true,
  dims: true,
  generics: true,
  name: true,
  imports: true,
  onWarning: true,
} satisfies Record<keyof CompileOptions, true>;

/** No program is one word with the ending of a file. */
const PATH = /^(?!\/\/)[^(){};"\n]+\.ein$/;

/**
 * Refuses a source that is no text (E6211), options of the wrong kind (E6213), and a target that is neither a name nor a
 * device (E6301).
 */
export function checkCompile(source: unknown, options: unknown): void {
  if (typeof source !== "string") {
    refuse("E6211", `the source is not a text, but ${shown(source)}`, { help: ["pass the text of an .ein file"] });
  }
  if (PATH.test(source.trim())) {
    refuse("E6211", `the source is not the text of a program, but a path: ${shown(source)}`, {
      help: ["read the file first, and pass its text"],
    });
  }
  refuseUnknownKeys("E6213", "options of compile", options, Object.keys(KEYS), 'compile(text, { target: "wasm" })');
  if (!isRecord(options)) return;
  const { target, kernels, name, onWarning } = options;
  checkTarget(target);
  for (const key of ["dims", "generics"] as const) {
    const given = options[key];
    if (given === undefined || (isRecord(given) && !Array.isArray(given))) continue;
    refuse("E6213", `${key} must be values by name, not ${shown(given)}`, { help: [`write ${key}: { NAME: value }`] });
  }
  if (kernels !== undefined && !(Array.isArray(kernels) && kernels.every((k) => typeof k === "string"))) {
    const help = [`write kernels: [${typeof kernels === "string" ? quoted(kernels) : '"name"'}]`];
    refuse("E6213", `kernels must be a list of names, not ${shown(kernels)}`, { help });
  }
  if (name !== undefined && typeof name !== "string") refuse("E6213", `name must be a text, not ${shown(name)}`);
  if (onWarning !== undefined && typeof onWarning !== "function") {
    refuse("E6213", `onWarning must be a function, not ${shown(onWarning)}`);
  }
}

/** A name, or what has the functions of a device. */
function checkTarget(target: unknown): void {
  if (target === undefined || typeof target === "string") return;
  if (isRecord(target) && isRecord(target["target"]) && typeof target["load"] === "function") return;
  refuse("E6301", `target must be a name or an open device, not ${shown(target)}`, {
    help: ['write target: "wasm", or target: await openDevice("wasm")'],
  });
}
