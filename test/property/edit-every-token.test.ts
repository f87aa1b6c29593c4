/**
 * Every token of every program in the tree deleted, doubled, and exchanged with the one behind it. Nothing throws, nothing
 * takes long, and what is refused is refused with a code, in words, at a place inside a text. An edited declaration stands
 * among those that it mentions, not among the whole file, and every now and then what is still accepted goes through the
 * prover. Which part of the edits is made is drawn by the number of the token, so that a run makes some of each;
 * `EINKORN_EVERY_EDIT=1` makes all of them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { checkModules, proveKernelOf, readModules } from "../../compiler/compile.ts";
import type { Declaration } from "../../compiler/lang/ast.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { scan } from "../../compiler/lang/scan.ts";
import { CODES } from "../../compiler/support/codes.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { moduleReader } from "../../runtime/modules.ts";
import { readStandard } from "../../runtime/node/standard-library.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FILES = ["dsl-examples", "std", "test/programs"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".ein"))
    .map((name) => `${folder}/${name}`),
);
const ALL = process.env["EINKORN_EVERY_EDIT"] === "1";
/** One edit of a token of `std/` in so many is made; the three edits take turns. */
const STRIDE = ALL ? 1 : 3;
/** One program in so many is proved, if it is still right. */
const PROVED = ALL ? 1 : 4;
/** Milliseconds for one program; machines are shared. */
const LONGEST = 5000;

const EDITS = ["deleted", "doubled", "swapped"] as const;
type Edit = (typeof EDITS)[number];
type Verdict = "syntax" | "refused" | "fine";

/** A declaration with the others of its file that it leads to, as text, and where its own tokens stand in it. */
type Specimen = { readonly name: string; readonly text: string; readonly from: number; readonly to: number };

const readStandardOnly = moduleReader("edited.ein", {}, readStandard);

function specimens(file: string): readonly Specimen[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const { declarations } = parse(makeSource(file, text), new Diagnostics());
  const textOf = (d: Declaration): string => text.slice(d.span.start, d.span.end);
  const words = new Map(declarations.map((d) => [d, new Set(textOf(d).match(/\w+/g))] as const));
  const declared = new Map<string, Declaration[]>();
  for (const d of declarations) {
    for (const name of namesOf(d)) declared.set(name, [...(declared.get(name) ?? []), d]);
  }
  return declarations.map((own) => {
    const mentioned = new Set([own]);
    for (const d of mentioned) {
      for (const word of words.get(d) ?? []) for (const other of declared.get(word) ?? []) mentioned.add(other);
    }
    const before = declarations.filter((d) => d !== own && mentioned.has(d)).map((d) => `${textOf(d)}\n`);
    const from = before.join("").length;
    const name = namesOf(own).join(", ") || own.kind;
    return {
      name: `${file}: ${own.kind} ${name}`,
      text: before.join("") + textOf(own),
      from,
      to: from + textOf(own).length,
    };
  });
}

function namesOf(d: Declaration): readonly string[] {
  switch (d.kind) {
    case "fn":
    case "reducer":
    case "kernel":
    case "derive":
      return [d.name.text];
    case "import":
      return d.names.map((n) => n.text);
    case "test":
    case "schedule":
      return [];
    default:
      return d satisfies never;
  }
}

/** The text with one token edited; null where there is nothing to edit. */
function edited(
  text: string,
  tokens: readonly { readonly start: number; readonly end: number }[],
  n: number,
  edit: Edit,
) {
  const [token, next] = [tokens[n], tokens[n + 1]];
  if (token === undefined) return null;
  const [own, before, after] = [text.slice(token.start, token.end), text.slice(0, token.start), text.slice(token.end)];
  if (edit === "deleted") return before + after;
  if (edit === "doubled") return `${before}${own} ${own}${after}`;
  if (next === undefined) return null;
  const between = text.slice(token.end, next.start);
  return `${before}${text.slice(next.start, next.end)}${between === "" ? " " : between}${own}${text.slice(next.end)}`;
}

async function judge(text: string, isProved: boolean): Promise<Verdict> {
  const found = new Diagnostics();
  const modules = await readModules(makeSource("edited.ein", text), readStandardOnly, found);
  const program = modules === null ? null : checkModules(modules, found);
  if (program === null) expect(found.hasErrors).toBe(true);
  const isRight = !found.hasErrors;
  for (const k of program?.kernels ?? []) {
    if (!k.fine && !found.hasErrors) throw new Error(`${k.name} is not fine, and nothing says so`);
    if (program === null || !isProved || !isRight || !k.checked) continue;
    if (proveKernelOf(program, k.name, {}, found) === null) expect(found.hasErrors).toBe(true);
  }
  for (const { code, message, help, notes, span, related } of found.list) {
    expect(Object.hasOwn(CODES, code)).toBe(true);
    for (const words of [message, ...help, ...notes]) expect(words).not.toMatch(/^$|undefined|\[object|\.$/);
    for (const place of [span, ...related.map((r) => r.span)]) {
      const end = place?.source.text.length ?? 0;
      const isInside = place !== null && 0 <= place.start && place.start <= place.end && place.end <= end;
      if (!isInside) throw new Error(`${code} ${message}: at ${place?.start}..${place?.end} of ${end}`);
    }
  }
  if (found.list.length > 0) expect(renderDiagnostics(found.list.slice(0, 5))).toContain(found.list[0]?.code);
  return modules === null ? "syntax" : found.hasErrors ? "refused" : "fine";
}

const counts: Record<Verdict, number> = { syntax: 0, refused: 0, fine: 0 };

describe.each(FILES)("%s", (file) => {
  test("each token deleted, doubled, swapped", async () => {
    let number = 0;
    for (const { name, text, from, to } of specimens(file)) {
      const tokens = scan(makeSource(file, text), new Diagnostics()).tokens.flatMap((t) => {
        const place = { start: t.startOffset, end: t.startOffset + t.image.length };
        return from <= place.start && place.end <= to ? [place] : [];
      });
      for (const [n] of tokens.entries()) {
        for (const edit of EDITS) {
          number++;
          if (file.startsWith("std/") && (n + EDITS.indexOf(edit)) % STRIDE !== 0) continue;
          const changed = edited(text, tokens, n, edit);
          if (changed === null) continue;
          const started = performance.now();
          const verdict = await judge(changed, number % PROVED === 0).catch((error: unknown) => {
            throw new Error(`${name}, token ${n} ${edit}:\n${changed}`, { cause: error });
          });
          const took = performance.now() - started;
          if (took > LONGEST) throw new Error(`${took} ms: ${name}, token ${n} ${edit}:\n${changed}`);
          counts[verdict]++;
        }
      }
    }
  }, 280_000);
});

afterAll(() => {
  const all = counts.syntax + counts.refused + counts.fine;
  expect(all).toBeGreaterThanOrEqual(20_000);
  // Most tokens are needed; some edits leave a right program, as exchanging the operands of a sum does.
  expect(counts.fine).toBeLessThan(all / 10);
  // And some edits are no matter of syntax.
  expect(counts.refused).toBeGreaterThan(all / 100);
});
