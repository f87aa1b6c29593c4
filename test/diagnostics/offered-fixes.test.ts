/**
 * The ways out that can be taken by hand of a machine work: each is put into the text of its case, and what it answers is
 * gone. Four forms are tried: `write TEXT` where it replaces what the carets are under, `write X[…] pad VALUE` behind the
 * access, `swap the subscripts: X[…]` for the access, and `add where CONDITION` in the head of the kernel around.
 */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import type { Case } from "./cases.ts";
import { allCases, diagnoseCase } from "./cases.ts";

/** Of these, `write TEXT` replaces what the carets are under. */
const IN_PLACE = new Set("E1005 E2003 E2021 E2024 E2025 E2026 E2027 E2101 E2102 E2103 E2104".split(" "));
/** Of these, the cast that is offered goes around its operand there. */
const WITHIN = new Set(["E2020", "E2023"]);

type Fix = { readonly c: Case; readonly d: Diagnostic; readonly help: string; readonly text: string };

const fixes: Fix[] = [];
for (const c of allCases()) {
  for (const d of await diagnoseCase(c)) {
    for (const help of d.help) {
      const text = d.span === null || d.span.source !== c.source ? null : fixed(c.source.text, d, help);
      if (text !== null) fixes.push({ c, d, help, text });
    }
  }
}

function fixed(text: string, d: Diagnostic, help: string): string | null {
  const { start, end } = d.span ?? { start: 0, end: 0 };
  const [, where] = /(?:write|add) where (.+?)(?: to the kernel(?: around)?)?$/.exec(help) ?? [];
  const [, clamped] = /^write (clamp\(.+\)), and add where/.exec(help) ?? [];
  if (where !== undefined)
    return withCondition(clamped === undefined ? text : text.slice(0, start) + clamped + text.slice(end), start, where);
  const [, access] = /^swap the subscripts.*: (\w+\[.+\])$/.exec(help) ?? [];
  if (access !== undefined) return withAccess(text, start, access);
  const [, value] = /^write \w+\[…\] pad (\S+?)(?:,|$)/.exec(help) ?? [];
  if (value !== undefined) return padded(text, end, value);
  const [, written] = /^write (.+?)(?: (?:to|if|for) .*|, (?:which|or) .*)?$/.exec(help) ?? [];
  if (written === undefined || written.includes("…")) return null;
  if (IN_PLACE.has(d.code)) return text.slice(0, start) + written + text.slice(end);
  const operand = /^\w+\((.+)\)$/.exec(written)?.[1] ?? "";
  const parts = text.slice(start, end).split(operand);
  if (!WITHIN.has(d.code) || operand === "" || parts.length !== 2) return null;
  return text.slice(0, start) + parts.join(written) + text.slice(end);
}

/** In the head of the kernel that the place is in. */
function withCondition(text: string, place: number, condition: string): string {
  const body = text.indexOf("{", text.lastIndexOf("kernel ", place));
  const head = text.slice(text.lastIndexOf("kernel ", place), body);
  return `${text.slice(0, body).trimEnd()}${head.includes(" where ") ? "," : " where"} ${condition} ${text.slice(body)}`;
}

/** In place of the access whose brackets are open at the place. */
function withAccess(text: string, place: number, access: string): string {
  const name = text.slice(0, text.lastIndexOf("[", place)).search(/\w+$/);
  return text.slice(0, name) + access + text.slice(text.indexOf("]", place) + 1);
}

/** Behind the brackets that are open at the place. */
function padded(text: string, place: number, value: string): string {
  let depth = 0;
  let at = place;
  for (; depth > 0 || text[at] !== "]"; at++) depth += text[at] === "[" ? 1 : text[at] === "]" ? -1 : 0;
  return `${text.slice(0, at + 1)} pad ${value}${text.slice(at + 1)}`;
}

function syntaxMistakes(list: readonly Diagnostic[]): number {
  return list.filter((x) => x.code.startsWith("E1")).length;
}

/** How often the same is said. */
function saidAt(list: readonly Diagnostic[], d: Diagnostic): number {
  return list.filter((x) => x.code === d.code && x.message === d.message && x.label === d.label).length;
}

describe("ways out", () => {
  it("are many", () => {
    expect(fixes.length).toBeGreaterThanOrEqual(60);
  });

  it.each(fixes.map((f) => [`${f.c.file} ${f.d.code}: ${f.help}`, f] as const))("%s", async (_, { c, d, text }) => {
    const before = await diagnoseCase(c);
    const after = await diagnoseCase({ ...c, source: makeSource(c.file, text) });
    expect(saidAt(after, d)).toBeLessThan(saidAt(before, d));
    expect(syntaxMistakes(after)).toBeLessThanOrEqual(syntaxMistakes(before));
  });
});
