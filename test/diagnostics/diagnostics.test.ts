/**
 * Every error of the front end, at its place, with its words. A case is a program with mistakes (cases.ts says how it is
 * written). Its markers state what is meant: they and the diagnostics match one to one, what is not announced fails, too.
 * The `.txt` beside it is what a user reads, to the byte; `vitest -u` writes it, and the author reads it.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CODES } from "../../compiler/support/codes.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { allCases, compareCase, diagnoseCase } from "./cases.ts";

const cases = allCases();
const goldenOf = (file: string): string => file.replace(/\.ein$/, ".txt");

describe("cases", () => {
  it.each(cases)("$file", async (c) => {
    const list = await diagnoseCase(c);
    const { unexpected, missing } = compareCase(c, list);
    const missed = missing.map((m) => `${c.file}:${m.line}: no ${m.code} with “${m.part}”`).join("\n");
    expect(`${renderDiagnostics(unexpected)}${missed}`).toBe("");
    await expect(`${renderDiagnostics(list)}\n`).toMatchFileSnapshot(join(import.meta.dirname, goldenOf(c.file)));
  });

  it("announce the code in their name", () => {
    for (const { file, markers } of cases) {
      const code = /^[EW]\d{4}/.exec(file)?.[0];
      if (code !== undefined) expect(markers.map((m) => m.code)).toContain(code);
    }
  });

  it("are at least 120, and no text is left of one that is gone", () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
    const goldens = new Set(cases.map((c) => goldenOf(c.file)));
    const texts = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"));
    expect(texts.filter((name) => !goldens.has(name))).toEqual([]);
  });
});

const all = (await Promise.all(cases.map(diagnoseCase))).flat();

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
  const announced = new Set(cases.flatMap((c) => c.markers.map((m) => m.code)));

  it.each(Object.keys(CODES).filter((code) => /^[EW][1234]/.test(code)))("%s has a case", (code) => {
    expect(announced.has(code), `no file here has a marker for ${code}`).toBe(true);
  });
});
