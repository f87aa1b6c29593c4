/**
 * Every error of the front end, at its place, with its words. A case is a `.ein` file in this folder, named after the
 * code that it is about (`E1009.ein`, `E2003-stride.ein`), with a marker on each line where a primary span starts:
 *
 *     B[i] = 0 <= i < N ? A[i] : 0.0; //~ E1009: comparisons do not chain
 *
 * The text behind the code is a part of the message. A line may have several markers. Markers and diagnostics must
 * match one to one: what is not announced fails, too. `//~ fill 1000` fills the text with blank lines up to that
 * length, for limits that no one wants to read.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CODES } from "../../compiler/support/codes.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource, positionOf, type Source } from "../../compiler/support/source.ts";
import { readText } from "../../runtime/node/module-files.ts";
import { readStandard } from "../../runtime/node/standard-library.ts";
import { diagnoseAll } from "./diagnose.ts";

type Marker = { readonly line: number; readonly code: string; readonly part: string };

const folder = import.meta.dirname;
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".ein"))
  .toSorted();

function sourceOf(file: string): Source {
  const text = readFileSync(join(folder, file), "utf8");
  const length = Number(/\/\/~ fill (\d+)/.exec(text)?.[1] ?? 0);
  return makeSource(file, text + "\n".repeat(Math.max(0, length - text.length)));
}

function markersOf(source: Source): readonly Marker[] {
  return source.text.split("\n").flatMap((text, i) =>
    text
      .split("//~ ")
      .slice(1)
      .flatMap((marker) => {
        const match = /^([EW]\d{4}): (.+)$/.exec(marker.trim());
        if (match === null && !/^fill \d+$/.test(marker.trim()))
          throw new Error(`${source.name}:${i + 1}: marker ${marker}`);
        return match === null ? [] : [{ line: i + 1, code: match[1] ?? "", part: match[2] ?? "" }];
      }),
  );
}

/** Files to import lie in modules/; `endless/N.ein` imports the next of its kind. */
async function diagnose(source: Source): Promise<readonly Diagnostic[]> {
  return diagnoseAll(source, async ({ kind, name }) => {
    const endless = /^endless\/(\d+)\.ein$/.exec(name)?.[1];
    const text =
      endless !== undefined
        ? `import { step${Number(endless) + 1} } from "./${Number(endless) + 1}.ein";\nexport fn step${endless}(x: f32) -> f32 = x;`
        : await (kind === "standard" ? readStandard(name) : readText(join(folder, "modules", name)));
    return typeof text === "string" ? makeSource(name, text) : text;
  });
}

/** Pairs each diagnostic with a marker of its line and code whose text it holds; returns what is left of both. */
function compare(file: string, list: readonly Diagnostic[], markers: readonly Marker[]) {
  const left = [...markers];
  const unexpected = list.filter((d) => {
    const line = d.span === null ? 0 : lineIn(file, d);
    const i = left.findIndex((m) => m.line === line && m.code === d.code && d.message.includes(m.part));
    if (i >= 0) left.splice(i, 1);
    return i < 0;
  });
  return { unexpected, missing: left };
}

/** A mistake in an imported file is announced where a call of this file leads to it, else in the first line. */
function lineIn(file: string, d: Diagnostic): number {
  const here = [d.span, ...d.related.map((r) => r.span)].find((s) => s?.source.name === file);
  return here == null ? 1 : positionOf(here.source, here.start).line;
}

describe("cases", () => {
  it.each(files)("%s", async (file) => {
    const source = sourceOf(file);
    const { unexpected, missing } = compare(file, await diagnose(source), markersOf(source));
    const missed = missing.map((m) => `${file}:${m.line}: no ${m.code} with “${m.part}”`).join("\n");
    expect(`${renderDiagnostics(unexpected)}${missed}`).toBe("");
  });

  it("announce the code in their name", () => {
    for (const file of files) {
      const code = /^[EW]\d{4}/.exec(file)?.[0];
      if (code !== undefined) expect(markersOf(sourceOf(file)).map((m) => m.code)).toContain(code);
    }
  });
});

const all = (await Promise.all(files.map((file) => diagnose(sourceOf(file))))).flat();

describe("what every diagnostic has", () => {
  it("a place within its text", () => {
    for (const { span, related } of all) {
      for (const place of [span, ...related.map((r) => r.span)]) {
        if (place === null) continue;
        expect(place.start).toBeGreaterThanOrEqual(0);
        expect(place.end).toBeGreaterThanOrEqual(place.start);
        expect(place.end).toBeLessThanOrEqual(place.source.text.length);
      }
    }
  });

  it("one sentence, and at most two ways out", () => {
    for (const { message, help } of all) {
      expect(message).not.toMatch(/\.$|\n|undefined|NaN|\[object/);
      expect(help.length).toBeLessThanOrEqual(2);
      for (const text of help) expect(text).not.toMatch(/^$|undefined|NaN|\[object/);
    }
  });
});

describe("codes", () => {
  const announced = new Set(files.flatMap((file) => markersOf(sourceOf(file)).map((m) => m.code)));

  it.each(Object.keys(CODES).filter((code) => /^[EW][123]/.test(code)))("%s has a case", (code) => {
    expect(announced.has(code), `no file here has a marker for ${code}`).toBe(true);
  });
});
