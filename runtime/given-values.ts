/**
 * Values that callers in JavaScript hand over, in words: types check nothing at run time, so that anything may arrive
 * where a tensor, an object of options or a number is wanted.
 */
import type { Code } from "../compiler/support/codes.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** A value of any kind as a short text: texts in quotes, objects by their kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `[${listed(value.map((v) => (isRecord(v) ? "…" : shown(v))))}]`;
  return isRecord(value) ? "an object" : String(value);
}

/** What kind of value it is: `an array`, `a Float32Array`, `a text`, `null`. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (ArrayBuffer.isView(value)) {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    return `${/^[AEIOU]/.test(tag) && !tag.startsWith("U") ? "an" : "a"} ${tag}`;
  }
  const kind = typeof value;
  if (kind === "bigint") return "a number";
  if (kind === "string") return "a text";
  if (kind === "number" || kind === "boolean" || kind === "function") return `a ${kind}`;
  return isRecord(value) ? "an object" : String(value);
}

/** Refuses what is no object, and keys that nothing reads: a misspelt option would be ignored. `what`: `options of compile`. */
export function refuseUnknownKeys(
  code: Code,
  what: string,
  given: unknown,
  keys: readonly string[],
  example: string,
): void {
  if (!isRecord(given)) {
    return refuse(code, `the ${what} must be an object, not ${shown(given)}`, { help: [`write ${example}`] });
  }
  for (const key of Object.keys(given)) {
    if (keys.includes(key)) continue;
    // `dim` for `dims` is nearer than any distance says.
    const near = keys.find((k) => k === `${key}s` || `${k}s` === key) ?? nearest(key, keys);
    const help =
      near === null
        ? `there ${keys.length === 1 ? "is" : "are"} ${listed(keys, keys.length)}`
        : `did you mean ${near}?`;
    refuse(code, `the ${what} have no ${quoted(key)}`, { help: [help] });
  }
}
