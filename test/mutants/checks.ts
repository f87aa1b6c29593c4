/**
 * `npm run mutants:checks [-- --only TEXT] [--reach]`: is every check of the front end guarded by a case of
 * test/diagnostics? Each place that reports a diagnostic (report-sites.ts) is hushed, one at a time, and the cases that
 * reach it are judged again: what a user would read must change in at least one of them, or the place is listed as a
 * survivor. Everything happens in this process. `--reach` stops after the question which places are reached at all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Case } from "../diagnostics/cases.ts";
import { ALLOWED } from "./checks-allowed.ts";
import type { Site } from "./report-sites.ts";
import { markSites } from "./report-sites.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const ROOMS = ["compiler/lang", "compiler/passes/prove", "compiler/schedule"];

const { values } = parseArgs({ options: { only: { type: "string" }, reach: { type: "boolean", default: false } } });
const started = performance.now();
const { sites, marked } = markSites(
  new Map(ROOMS.flatMap(sourcesIn).map((f) => [f, readFileSync(join(ROOT, f), "utf8")])),
);

/** Whoever collects diagnostics asks first. */
const COLLECTOR = { file: "compiler/support/diagnostics.ts", head: "add(d: Diagnostic): void {" };

/** Places that the program is in, and the one that is hushed. */
const entered: number[] = [];
let hushed: number | null = null;
let reached = new Set<number>();
Object.assign(globalThis, { __within: within, __heard: heard });
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const file = url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)).split(sep).join("/") : "";
    const source = file === COLLECTOR.file ? listening() : marked.get(file);
    return source === undefined ? loaded : { ...loaded, source };
  },
});
// Loaded after the hook is there.
const { allCases, diagnoseCase } = await import("../diagnostics/cases.ts");
const { CODES } = await import("../../compiler/support/codes.ts");
const { renderDiagnostics } = await import("../../compiler/support/render-diagnostic.ts");
const rows: Readonly<Record<string, unknown>> = CODES;
for (const s of sites) if (s.kind === "code") Object.assign(CODES, { [`${s.what}#${s.id}`]: rows[s.what] });

type Judged = { readonly c: Case; readonly said: string; readonly reached: ReadonlySet<number>; readonly ms: number };
const judged: Judged[] = [];
for (const c of allCases()) {
  reached = new Set();
  const from = performance.now();
  judged.push({ c, said: await said(c), reached, ms: performance.now() - from });
}
judged.sort((a, b) => a.ms - b.ms);

const chosen = sites.filter((s) => values.only === undefined || nameOf(s).includes(values.only));
const unreached = chosen.filter((s) => !judged.some((j) => j.reached.has(s.id)));
const survivors: Site[] = [];
if (!values.reach) {
  for (const s of chosen) if (!unreached.includes(s) && !(await isCaught(s))) survivors.push(s);
}
printTable();

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? sourcesIn(`${folder}/${e.name}`) : [`${folder}/${e.name}`]))
    .filter((name) => name.endsWith(".ts"));
}

function listening(): string {
  const [before, after, ...more] = readFileSync(join(ROOT, COLLECTOR.file), "utf8").split(COLLECTOR.head);
  if (after === undefined || more.length > 0) throw new Error(`${COLLECTOR.file} has changed: ${COLLECTOR.head}`);
  return `${before}${COLLECTOR.head} d = __heard(d); if (d === null) return; ${after}`;
}

function within<T>(site: number, run: () => T): T {
  entered.push(site);
  try {
    return run();
  } finally {
    entered.pop();
  }
}

/** What is collected: notes where it comes from, and drops what the hushed place says. */
function heard(d: Diagnostic): Diagnostic | null {
  const [code = "", id] = d.code.split("#");
  const places = id === undefined ? entered : [...entered, Number(id)];
  for (const place of places) reached.add(place);
  return hushed !== null && places.includes(hushed) ? null : Object.assign({}, d, { code });
}

/** What a user would read about the case, or how the compiler fails. */
async function said(c: Case): Promise<string> {
  try {
    // A text of its own: what is parsed once is kept.
    const source = { ...c.source };
    return renderDiagnostics(await diagnoseCase({ ...c, source }));
  } catch (error) {
    return `fails: ${String(error)}`;
  }
}

async function isCaught(s: Site): Promise<boolean> {
  hushed = s.id;
  try {
    for (const j of judged) if (j.reached.has(s.id) && (await said(j.c)) !== j.said) return true;
    return false;
  } finally {
    hushed = null;
  }
}

function nameOf({ file, line, what }: Site): string {
  return `${file}:${line} ${what}`;
}

/** Why the place is on the list of those that no case guards; undefined where it is not. */
function reasonOf(s: Site): string | undefined {
  return ALLOWED.find((u) => u.file === s.file && u.what === s.what)?.reason;
}

function printTable(): void {
  const open = unreached.filter((s) => reasonOf(s) === undefined);
  const alive = survivors.filter((s) => reasonOf(s) === undefined);
  for (const s of open) console.log(`not reached  ${nameOf(s)}`);
  for (const s of alive) console.log(`survives     ${nameOf(s)}`);
  const allowed = [...unreached, ...survivors].filter((s) => reasonOf(s) !== undefined);
  for (const s of allowed) console.log(`allowed      ${nameOf(s)}: ${reasonOf(s)}`);
  const count = (kind: Site["kind"]): number => chosen.filter((s) => s.kind === kind).length;
  console.log(`\ncases      ${judged.length}`);
  console.log(`sites      ${chosen.length} (${count("code")} codes, ${count("call")} calls of what reports)`);
  console.log(`reached    ${chosen.length - unreached.length}`);
  if (!values.reach) console.log(`caught     ${chosen.length - unreached.length - survivors.length}`);
  console.log(`allowed    ${allowed.length}`);
  console.log(`survivors  ${open.length + alive.length}`);
  console.log(`seconds    ${((performance.now() - started) / 1000).toFixed(1)}`);
  process.exitCode = open.length + alive.length > 0 ? 1 : 0;
}
