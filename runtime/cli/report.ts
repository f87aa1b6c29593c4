/**
 * What a command says: diagnostics as text with their place, or one JSON document with `--json`. Results go to standard
 * output, diagnostics and progress to standard error, so that either can be piped.
 */
import process from "node:process";
import { isatty } from "node:tty";
import pc from "picocolors";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Paint, PaintRole } from "../../compiler/support/render-diagnostic.ts";
import { renderDiagnostic } from "../../compiler/support/render-diagnostic.ts";
import { positionOf } from "../../compiler/support/source.ts";
import { counted } from "../refuse.ts";
import type { ExitCode } from "./exit-codes.ts";
import { EXIT, exitCodeOfAll } from "./exit-codes.ts";

/** Nobody reads on behind these, and most of what follows comes from what stands before. */
const MOST_PRINTED = 40;

/** Its file descriptor. */
const STANDARD_ERROR = 2;

type Colors = ReturnType<typeof pc.createColors>;

/** What every command returns: `text` for people, `result` for `--json` (null where the diagnostics stopped it). */
export type Outcome<Result = unknown> = {
  readonly diagnostics: readonly Diagnostic[];
  /** Lines for standard output. */
  readonly text: readonly string[];
  /** Lines for standard error. */
  readonly notes?: readonly string[];
  readonly result: Result | null;
  /** Where the diagnostics alone do not say it. */
  readonly exit?: ExitCode;
};

export function outcomeExit(o: Outcome): ExitCode {
  const own = o.exit ?? 0;
  const theirs = exitCodeOfAll(o.diagnostics);
  return theirs > own ? theirs : own;
}

/** Prints an outcome and returns the exit code. */
export function report(command: string | null, o: Outcome, json: boolean): ExitCode {
  const exit = outcomeExit(o);
  if (json) {
    process.stdout.write(`${jsonReport(command, o)}\n`);
    return exit;
  }
  // Asked of the terminal itself: on a build server picocolors would say yes to a pipe.
  const color = pc.createColors(isatty(STANDARD_ERROR) && pc.isColorSupported);
  const results = (): void => {
    if (o.text.length > 0) process.stdout.write(`${o.text.join("\n")}\n`);
  };
  // What is wrong stands last, where a terminal shows it; a warning comes before the result that it is about.
  const isWrong = exit !== EXIT.fine;
  if (isWrong) results();
  for (const d of o.diagnostics.slice(0, MOST_PRINTED)) {
    process.stderr.write(`${renderDiagnostic(d, painter(color))}\n\n`);
  }
  const rest = o.diagnostics.length - MOST_PRINTED;
  if (rest > 0) process.stderr.write(`… and ${rest} more, which --json has\n`);
  if (!isWrong) results();
  for (const note of o.notes ?? []) process.stderr.write(`${note}\n`);
  return exit;
}

/** The document of `--json`; docs/schemas/ describes it. */
export function jsonReport(command: string | null, o: Outcome): string {
  const diagnostics = o.diagnostics.map(jsonDiagnostic);
  const ok = outcomeExit(o) === EXIT.fine;
  return JSON.stringify({ schema: 1, command, ok, diagnostics, result: o.result }, jsonValue, 2);
}

/** Maps, big integers, infinities and NaN have no JSON of their own. */
function jsonValue(_key: string, v: unknown): unknown {
  if (typeof v === "bigint") return Number.isSafeInteger(Number(v)) ? Number(v) : String(v);
  if (typeof v === "number" && !Number.isFinite(v)) return String(v);
  return v instanceof Map ? Object.fromEntries(v) : v;
}

function painter(color: Colors): Paint {
  const roles: Readonly<Record<PaintRole, (text: string) => string>> = {
    error: (t) => color.bold(color.red(t)),
    warning: (t) => color.bold(color.yellow(t)),
    message: color.bold,
    gutter: color.blue,
    related: color.blue,
    help: color.green,
  };
  return (role, text) => roles[role](text);
}

/** The form of a diagnostic in `--json`; lines and columns from 1. */
function jsonDiagnostic(d: Diagnostic): unknown {
  return {
    code: d.code,
    severity: d.severity,
    message: d.message,
    ...place(d.span),
    label: d.label ?? null,
    related: d.related.map((r) => ({ message: r.message, ...place(r.span) })),
    notes: d.notes,
    help: d.help,
  };
}

function place(span: Diagnostic["span"]): object {
  if (span === null) return { file: null, start: null, end: null };
  const { source, start, end } = span;
  return { file: source.name, start: positionOf(source, start), end: positionOf(source, end) };
}

/** A table with aligned columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((r) => (r[c] ?? "").length)));
  return rows.map((r) =>
    r
      .map((cell, c) => (c === r.length - 1 ? cell : cell.padEnd(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** `2 errors, 1 warning`; nothing where there is neither. */
export function summaryOf(list: readonly Diagnostic[]): readonly string[] {
  const errors = list.filter((d) => d.severity === "error").length;
  const warnings = list.length - errors;
  const parts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return parts.length === 0 ? [] : [parts.join(", ")];
}
